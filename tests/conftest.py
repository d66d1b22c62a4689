"""The data that the measured verdicts were made on, built once, since a process can hold one dataset of a name; and what holds for every test."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests import leftovers
from tests.client import matrix
from tests.corpus import datasets
from tql import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator

# A machine under load is slow, and a first example builds the parser: neither is a fault of what is tested.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# No process of the tests may have as many open files: an ordinary user has 1024, and programs have others to open.
MOST_OPEN = 512
WATCH = pytest.StashKey[leftovers.Watch]()


def pytest_configure(config: pytest.Config) -> None:
    """Let no process of the tests open more files than that; the one that starts them all watches how many there are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft if 0 <= soft < MOST_OPEN else MOST_OPEN, hard))
    if not hasattr(config, "workerinput"):
        config.stash[WATCH] = leftovers.Watch()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the watch."""
    if WATCH in config.stash:
        config.stash[WATCH].close()


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    """Fail a test that leaves an open file, a thread or a child process behind."""
    before = leftovers.held()
    yield
    found = leftovers.left_behind(before)
    assert not found, f"the test leaves behind: {', '.join(found)}"


@pytest.fixture(scope="session")
def measured() -> dict[str, Any]:
    """Return the datasets by their names."""
    return datasets.build()


@pytest.fixture(scope="session")
def schemas(measured: dict[str, Any]) -> dict[str, Schema]:
    """Return the columns of each dataset by its url."""
    return {f"mem://{name}": Schema.from_dataset(made) for name, made in measured.items()}


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the figures of the tests, and the fault matrix of the client, where its tests ran."""
    stats = terminalreporter.stats
    reports = [*stats.get("passed", []), *stats.get("failed", [])]
    figures = [value for report in reports for name, value in report.user_properties if name == "figure"]
    highest = config.stash[WATCH].highest
    figures.append(f"open files: {highest} at most in one process, of the {MOST_OPEN} that it may have")
    terminalreporter.section("figures")
    for figure in figures:
        terminalreporter.write_line(figure)
    lines = matrix.table(reports)
    if lines:
        terminalreporter.section("fault matrix of the client: row, seconds, expected | seen")
        for line in lines:
            terminalreporter.write_line(line)
