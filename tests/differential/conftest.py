"""Summary of the compared texts; the seeds repeat a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

COMPARED = re.compile(r"test_reader_and_engine_agree\[(\d+)\]")
EACH = 1000


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the seeds, the number of texts, and the number of disagreements between parser and engine."""
    seeds = {
        outcome: sorted(
            int(found[1])
            for report in terminalreporter.stats.get(outcome, [])
            if (found := COMPARED.search(getattr(report, "nodeid", "")))
        )
        for outcome in ("passed", "failed")
    }
    ran = sorted({*seeds["passed"], *seeds["failed"]})
    if ran:
        failed = f"disagreements in seeds {seeds['failed']}" if seeds["failed"] else "0 disagreements"
        terminalreporter.write_line(
            f"verdicts and positions, parser against engine: seeds {ran[0]} to {ran[-1]}, {len(ran) * EACH:,} texts, {failed}"
        )
