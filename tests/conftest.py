"""Know the data that the measured verdicts were made on: built once, since a process can hold one dataset of a name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

from tests.client import matrix
from tests.corpus import datasets
from tql import Schema

# A machine under load is slow, and a first example builds the parser: neither is a fault of what is tested.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def measured() -> dict[str, Any]:
    """Return the datasets by their names."""
    return datasets.build()


@pytest.fixture(scope="session")
def schemas(measured: dict[str, Any]) -> dict[str, Schema]:
    """Return the columns of each dataset by its url."""
    return {f"mem://{name}": Schema.from_dataset(made) for name, made in measured.items()}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the fault matrix of the client, where its tests ran."""
    stats = terminalreporter.stats
    reports = [*stats.get("passed", []), *stats.get("failed", [])]
    figures = [value for report in reports for name, value in report.user_properties if name == "figure"]
    if figures:
        terminalreporter.section("figures")
        for figure in figures:
            terminalreporter.write_line(figure)
    lines = matrix.table(reports)
    if lines:
        terminalreporter.section("fault matrix of the client: row, seconds, expected | seen")
        for line in lines:
            terminalreporter.write_line(line)
