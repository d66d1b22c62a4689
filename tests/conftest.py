"""Fixtures for all tests: the datasets of the measured verdicts, a check for leaked resources, and the summary of figures."""

from __future__ import annotations

import os
import resource
import signal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests import leftovers
from tests.client import matrix
from tests.corpus import datasets
from tql import Schema
from tql_grammar.completion.samples import with_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

# A loaded machine is slow, and the first example builds the parser; both are no failures of the tested code.
# `make test` draws the same examples in each run, so that it fails for a change and not by chance; `make differential` draws new ones.
settings.register_profile("same examples", deadline=None, derandomize=True)
settings.register_profile("new examples", deadline=None)
settings.load_profile(os.environ.get("TQL_EXAMPLES", "same") + " examples")

# Values of the JSON column of the measured verdicts.
KEYS = {"js": [{"k": 0, "s": "s0", "n": {"a": [0, 1]}, "f": 0.0}]}
# Limit of open files for each process of the tests: ordinary users have 1024, which other programs share.
MOST_OPEN = 512
WATCH = pytest.StashKey[leftovers.Watch]()


def pytest_configure(config: pytest.Config) -> None:
    """Lower the limit of open files for the process and its children, let Ctrl-C end them, and watch the number of open files in the main process."""
    # A shell makes what it runs in the background ignore Ctrl-C, and children inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft if 0 <= soft < MOST_OPEN else MOST_OPEN, hard))
    if not hasattr(config, "workerinput"):
        config.stash[WATCH] = leftovers.Watch()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the watch."""
    if WATCH in config.stash:
        config.stash[WATCH].close()


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    """Fail a test that leaks an open file, a thread or a child process."""
    before = leftovers.held()
    yield
    found = leftovers.left_behind(before)
    assert not found, f"the test leaves behind: {', '.join(found)}"


@pytest.fixture(scope="session")
def measured() -> dict[str, Any]:
    """Return the datasets of the measured verdicts by name; a process can hold only one dataset of a name, so they are built once."""
    return datasets.build()


@pytest.fixture(scope="session")
def schemas(measured: dict[str, Any]) -> dict[str, Schema]:
    """Return the schema of each dataset by URL, with keys of JSON, as `tql schema` writes them."""
    return {f"mem://{name}": with_keys(Schema.from_dataset(made), KEYS) for name, made in measured.items()}


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the figures of the tests, and the fault matrix of the client if its tests ran."""
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
