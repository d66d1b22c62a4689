"""Fixtures and options of the pytest plugin; pytest loads them from `tql_client.pytest_plugin`."""

from __future__ import annotations

import re
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tql_client.connection import connect
from tql_client.server.local import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tql import Query
    from tql.exploration import Exploration
    from tql_client.client import Client
    from tql_client.server.local import Server
    from tql_client.testing.recording import Recorder

SNAPSHOTS, CASSETTES = "tql_snapshots", "tql_cassettes"
TOKEN = "token-of-the-test-server"  # noqa: S105 - the token of a server of the test run

# The example for a test that has no data.
DATA = """\
@pytest.fixture(scope="session")
def tql_data():
    return {"hub://org/books": {"id": [1, 2]}}
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that write snapshots and cassettes."""
    group = parser.getgroup("tql", "queries in TQL")
    group.addoption("--tql-update", action="store_true", help="write the snapshots of assert_tql")
    group.addoption(
        "--tql-record", action="store_true", help="send the queries of tql_cassette, and record the responses"
    )


@pytest.fixture
def tql_recorder() -> Iterator[Recorder]:
    """
    Yield a client that checks each query, records it in `.queries`, and answers without sending it.

    ``tql_recorder.answer({"id": 1})`` sets the rows of the next query, ``tql_recorder.answer(ServerError(500, "boom"))`` the error that it raises; the last answer repeats.
    With ``tql_recorder.engine({"id": [1, 2]})`` or ``tql_recorder.engine("./data")`` the real engine computes the rows. Without either there are no rows.
    """
    from tql_client.testing.recording import Recorder

    with Recorder() as client:
        yield client


@pytest.fixture
def tql_fingerprint() -> Callable[[Query | str], str]:
    """Return the function that computes a digest of a query, 16 hexadecimal digits, which does not depend on the numbers in its vectors."""
    from tql_client.testing.snapshots import fingerprint

    return fingerprint


@pytest.fixture
def assert_tql(request: pytest.FixtureRequest) -> Callable[..., None]:
    """
    Return the function that compares a query with an expected query, or with its snapshot if none is given.

    ``assert_tql(query, "select id where id > 3")`` fails with a diff of the method calls; white space and the case of keywords are ignored.
    The expected query is a text or a query of the builder. If `check` finds errors or warnings in a text, the message begins with them.
    ``assert_tql(query)`` compares the query with the file that ``pytest --tql-update`` writes, where long vectors are abbreviated to digests.
    """
    from tql_client.testing.snapshots import require_same, require_snapshot

    path = _file(request, SNAPSHOTS, ".tql")
    update = bool(request.config.getoption("--tql-update"))
    count = 0

    def compare(query: Query | str, expected: Query | str | None = None) -> None:
        nonlocal count
        __tracebackhide__ = True
        if expected is None:
            count += 1
            require_snapshot(query, path if count == 1 else path.with_stem(f"{path.stem}-{count}"), update=update)
        else:
            require_same(query, expected)

    return compare


@pytest.fixture
def tql_explore() -> Callable[..., Exploration]:
    """
    Return the function that builds every query of a function, and fails the test with the failing path that has the fewest decisions.

    ``tql_explore(lambda: search(year=choice([None, 2020])), schema)`` has the parameters of `tql.explore`, and returns its result.
    """
    from tql import explore
    from tql.exploration import count_of_paths

    def run(function: Callable[[], Query | str], *arguments: Any, **options: Any) -> Exploration:  # noqa: ANN401 - those of `explore`
        __tracebackhide__ = True
        found = explore(function, *arguments, **{"until_failure": True, **options})
        if found.failures:
            pytest.fail(f"a path fails, after {count_of_paths(len(found))}\n{found.failures[0]}", pytrace=False)
        return found

    return run


@pytest.fixture(scope="session")
def tql_data() -> dict[str, Any]:
    """Return the data of `tql_server`: a path, or lists of values by column, for each name in FROM. Override this fixture in conftest.py."""
    return {}


@pytest.fixture(scope="session")
def tql_server(tql_data: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield a local server with the real engine and the data of `tql_data`; pass its `.url` and `.token` to `connect`. Requires the `embedded` extra."""
    from tql_client.testing.datasets import write

    if not tql_data:
        message = f"tql_server has no data: override the fixture tql_data in conftest.py\n\n{DATA}"
        pytest.fail(message, pytrace=False)
    paths = {
        name: str(fspath(data))
        if isinstance(data, (str, PathLike))
        else write(data, str(tmp_path_factory.mktemp("tql") / "data"))
        for name, data in tql_data.items()
    }
    with serve(paths, token=TOKEN) as server:
        yield server


@pytest.fixture
def tql_cassette(request: pytest.FixtureRequest) -> Iterator[Callable[..., Client]]:
    """
    Yield the function that creates a client whose HTTP exchanges are recorded; it has the parameters of `connect`: ``tql_cassette("https://..", token=..)``.

    With ``pytest --tql-record`` queries are sent, and the responses are written to a file next to the test; otherwise they are replayed from it, and nothing is sent.
    The file does not contain the token, and replaying needs none. The clients are closed after the test.
    """
    clients: list[Client] = []
    recording = bool(request.config.getoption("--tql-record"))
    path = _file(request, CASSETTES, ".json")

    def create(url: str, dataset: str | None = None, **options: Any) -> Client:  # noqa: ANN401 - the options of `connect`
        from tql_client.testing.recording import Cassette

        if not recording:
            options = {**options, "token": None, "token_file": None, "anonymous": True}
        clients.append(connect(url, dataset, **options, cassette=Cassette(path, recording=recording)))
        return clients[-1]

    yield create
    for client in clients:
        client.close()


def _file(request: pytest.FixtureRequest, folder: str, suffix: str) -> Path:
    """Return the path of the file of a test, in a folder next to its module."""
    name = re.sub(r"[^\w.=-]+", "-", request.node.name).strip("-")
    return Path(request.path).parent / folder / Path(request.path).stem / f"{name}{suffix}"
