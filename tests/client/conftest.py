"""Fixtures with the demo's data: a dataset on disk, a local server, and the engine in this process."""

from __future__ import annotations

import pickle
import re
from typing import TYPE_CHECKING

import pytest

from tests.client import matrix, reach
from tql_client import connect, serve
from tql_client.cli import demo
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from tql_client import Client
    from tql_client.server.local import Server

TOKEN = "canary-7f3a9d"  # noqa: S105 - the token of a server of this test run


@pytest.fixture(scope="session")
def data() -> demo.Data:
    """Return the docstrings, their embeddings and the questions."""
    return demo.read_data()


@pytest.fixture(scope="session")
def path(data: demo.Data, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a dataset with the docstrings."""
    folder = tmp_path_factory.mktemp("pydocs") / "pydocs"
    demo.write_dataset(str(folder), data, lambda _done, _total: None)
    return folder


@pytest.fixture
def server(path: Path) -> Iterator[Server]:
    """Serve the docstrings over HTTP; each test has its own server, because connections and threads belong to it."""
    with serve({demo.NAME: str(path)}, token=TOKEN) as running:
        yield running


@pytest.fixture
def http(server: Server) -> Iterator[Client]:
    """Return a client of the server."""
    with connect(server.url, dataset=demo.NAME, token=TOKEN) as client:
        yield client


@pytest.fixture(scope="session")
def embedded(path: Path) -> Iterator[Client]:
    """Return a client of the engine in this process."""
    with connect(str(path), dataset=demo.NAME) as client:
        yield client


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark of a row of the fault matrix."""
    config.addinivalue_line("markers", "fault(row, expected): a row of the fault matrix")


@pytest.fixture(autouse=True)
def _in_the_table(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    """Record the row of a test of the fault matrix in its report."""
    mark = request.node.get_closest_marker("fault")
    if mark is not None:
        record_property(matrix.ROW, mark.args)


@pytest.fixture
def see(record_property: Callable[[str, object], None]) -> Callable[[matrix.Outcome], matrix.Outcome]:
    """Return the function that records the outcome for the table."""

    def note(found: matrix.Outcome) -> matrix.Outcome:
        record_property(matrix.SEEN, found.seen)
        return found

    return note


CANARY = re.compile(r"canary-[\w-]+")


@pytest.fixture(autouse=True)
def _no_token_in_errors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    Verify that no `TqlError` of a test leads to a token: its repr, str and pickle, and all that attributes lead to, with its causes and the frames of its traceback.

    The tokens of these tests share a prefix.
    """
    made: list[TqlError] = []

    def init(self: TqlError, *arguments: object) -> None:
        made.append(self)
        super(TqlError, self).__init__(*arguments)

    monkeypatch.setattr(TqlError, "__init__", init, raising=False)
    yield
    monkeypatch.undo()
    shown = [f"{error!r} {error} {error.__dict__} {pickle.dumps(error)!r}" for error in made]
    assert not [text for text in shown if CANARY.search(text)]
    assert not [path for error in made for path in reach.find(error, CANARY)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test whose logs or output contain a token."""
    report = yield
    leaks = [name for name, text in report.sections if CANARY.search(text)]
    if leaks and report.outcome == "passed":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: a token stands in {', '.join(leaks)}"
    return report
