"""Fixtures and options of the pytest plugin, which `tql_client.pytest_plugin` describes and pytest finds there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tql_client.client import connect
from tql_client.server.local import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tql import Query
    from tql_client.client import Client
    from tql_client.server.local import Server
    from tql_client.testing.recording import Recorder

SNAPSHOTS, CASSETTES = "tql_snapshots", "tql_cassettes"
TOKEN = "token-of-the-test-server"  # noqa: S105 - it guards a server of a test run


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that write what tests compare with."""
    group = parser.getgroup("tql", "queries in TQL")
    group.addoption("--tql-update", action="store_true", help="write the snapshots of assert_tql anew")
    group.addoption("--tql-record", action="store_true", help="send the queries of tql_cassette, and keep the answers")


@pytest.fixture
def tql_recorder() -> Iterator[Recorder]:
    """
    Return a client that checks each query, keeps it in `.queries`, and answers.

    ``tql_recorder.answer({"id": 1})`` gives the rows of the next answers, ``tql_recorder.engine("./data")`` has the real engine find them.
    """
    from tql_client.testing.recording import Recorder

    with Recorder() as client:
        yield client


@pytest.fixture
def tql_fingerprint() -> Callable[[Query | str], str]:
    """Return what gives a query a short name that is the same whatever the numbers in its vectors are: sixteen hexadecimal digits."""
    from tql_client.testing.snapshots import fingerprint

    return fingerprint


@pytest.fixture
def assert_tql(request: pytest.FixtureRequest) -> Callable[..., None]:
    """
    Return what compares a query with a text, or with its snapshot where no text is given.

    ``assert_tql(query, "select id where id > 3")`` fails with the difference in the builder's words; blanks and the case of keywords do not count.
    ``assert_tql(query)`` compares with the file that ``pytest --tql-update`` wrote, in which long vectors are fingerprints.
    """
    from tql_client.testing.snapshots import require_same, require_snapshot

    path = _file(request, SNAPSHOTS, ".tql")
    update = bool(request.config.getoption("--tql-update"))
    count = 0

    def compare(query: Query | str, text: str | None = None) -> None:
        nonlocal count
        __tracebackhide__ = True
        if text is None:
            count += 1
            require_snapshot(query, path if count == 1 else path.with_stem(f"{path.stem}-{count}"), update=update)
        else:
            require_same(query, text)

    return compare


@pytest.fixture(scope="session")
def tql_data() -> dict[str, Any]:
    """Return the data of `tql_server`: for each name in FROM the path of a dataset, or its columns as lists. Override it in conftest.py."""
    return {}


@pytest.fixture(scope="session")
def tql_server(tql_data: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a local server over the real engine with the data of `tql_data`, which requires the `embedded` extra; `.url` and `.token` are for `connect`."""
    from tql_client.testing.datasets import write

    paths = {
        name: data if isinstance(data, str) else write(data, str(tmp_path_factory.mktemp("tql") / "data"))
        for name, data in tql_data.items()
    }
    with serve(paths, token=TOKEN) as server:
        yield server


@pytest.fixture
def tql_cassette(request: pytest.FixtureRequest) -> Iterator[Callable[..., Client]]:
    """
    Give what makes a client whose exchanges are kept: ``tql_cassette("https://..", token=..)`` takes what `connect` takes for a service.

    With ``pytest --tql-record`` queries are sent, and the answers written beside the test; else they come from there, and nothing is sent.
    The token is not kept, and none is needed for replaying. The clients are closed after the test.
    """
    made: list[Client] = []
    recording = bool(request.config.getoption("--tql-record"))
    path = _file(request, CASSETTES, ".json")

    def opened(url: str, dataset: str | None = None, **options: Any) -> Client:  # noqa: ANN401 - what `connect` takes
        from tql_client.testing.recording import Cassette

        if not recording:
            options = {**options, "token": None, "token_file": None, "anonymous": True}
        made.append(connect(url, dataset, **options, kept=Cassette(path, recording=recording)))
        return made[-1]

    yield opened
    for client in made:
        client.close()


def _file(request: pytest.FixtureRequest, folder: str, suffix: str) -> Path:
    """Return the file of a test, beside its module."""
    name = re.sub(r"[^\w.=-]+", "-", request.node.name).strip("-")
    return Path(request.path).parent / folder / Path(request.path).stem / f"{name}{suffix}"
