"""
Pytest plugin: fixtures for tests of programs that send queries. Pytest loads it by its entry point.

`tql_recorder` is a client that checks and records queries; `assert_tql` compares a query with a text or a snapshot;
`tql_fingerprint` returns a digest of a query that does not depend on the numbers in its vectors;
`tql_explore` builds and checks every query of a function, and shrinks a failure;
`tql_server` is a local server with the real engine and the rows of `tql_data`; `tql_cassette` records and replays HTTP exchanges.
"""

from tql_client.testing.plugin import (
    assert_tql,
    pytest_addoption,
    tql_cassette,
    tql_data,
    tql_explore,
    tql_fingerprint,
    tql_recorder,
    tql_server,
)

__all__ = [
    "assert_tql",
    "pytest_addoption",
    "tql_cassette",
    "tql_data",
    "tql_explore",
    "tql_fingerprint",
    "tql_recorder",
    "tql_server",
]
