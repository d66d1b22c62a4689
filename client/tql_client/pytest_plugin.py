"""
Fixtures for tests of programs that send queries: the pytest plugin, which pytest finds by itself.

`tql_recorder` a client that checks and keeps queries; `assert_tql` a comparison in the builder's words, and snapshots;
`tql_fingerprint` a short name of a query whatever its vectors hold; `tql_server` a local server over the real engine with the rows of `tql_data`;
`tql_cassette` a client whose exchanges are kept and replayed.
"""

from tql_client.testing.plugin import (
    assert_tql,
    pytest_addoption,
    tql_cassette,
    tql_data,
    tql_fingerprint,
    tql_recorder,
    tql_server,
)

__all__ = [
    "assert_tql",
    "pytest_addoption",
    "tql_cassette",
    "tql_data",
    "tql_fingerprint",
    "tql_recorder",
    "tql_server",
]
