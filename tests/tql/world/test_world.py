"""
Random queries over tables with values of the world: the engine's rows are those of a reference that is written from the documentation.

``TQL_WORLD`` is the number of queries, 2,000 by default: two thirds with a schema, a third without one. ``TQL_SEED`` is the first seed.
Without a schema the tables have what needs none; what the documentation excludes without a schema is counted in a test of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tql.world.runner import Outcomes, run

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = int(os.environ.get("TQL_WORLD", "2000"))
FIRST = int(os.environ.get("TQL_SEED", "0"))
PARTS = 6
EACH = -(-COUNT // PARTS)
# What may be refused, in percent, and the number of failures whose programs are shown.
MOST_REFUSED = 5
SHOWN = 3


def smallest(seed: str, mode: str) -> str:
    """Return the smallest program that shows a failure, from a process of its own, since it may crash; else its last words."""
    command = [sys.executable, "-m", "tests.tql.world.shrinking", seed, mode]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout or f"# seed {seed}, {mode}: {found.stderr[-500:]}"


def judged(found: Outcomes, mode: str, record_property: Callable[[str, object], None]) -> None:
    """Record the outcomes of a run, and fail on wrong rows, errors and crashes, with programs that show them."""
    reasons = "; ".join(f"{number} {why}" for why, number in found.reasons.most_common(5))
    record_property("figure", f"queries of the world ({mode}): {found.summary()}; refused: {reasons}")
    programs = [smallest(seed, mode) for seed, _, _ in found.bad[:SHOWN]]
    assert not found.bad, "\n\n".join([found.summary(), str([bad[:2] for bad in found.bad]), *programs])
    assert found.counts["refused"] * 100 <= MOST_REFUSED * sum(found.counts.values()), found.reasons.most_common()


@pytest.mark.parametrize("part", range(PARTS * 2 // 3))
def test_rows_with_a_schema(part: int, record_property: Callable[[str, object], None]) -> None:
    """Every clause over columns of every type, combined and nested three deep."""
    judged(run(EACH, "schema", FIRST + part * EACH), "schema", record_property)


@pytest.mark.parametrize("part", range(PARTS // 3))
def test_rows_without_a_schema(part: int, record_property: Callable[[str, object], None]) -> None:
    """The same over small numbers, texts and flags that are never missing."""
    judged(run(EACH, "plain", FIRST + part * EACH), "plain", record_property)


def test_limits_without_a_schema(record_property: Callable[[str, object], None]) -> None:
    """The columns of every type without a schema, where the documentation promises less: what the rows are is counted."""
    found = run(COUNT // 40, "limits", FIRST)

    record_property("figure", f"queries of the world without the schema they need: {found.summary()}")
    assert found.counts["right"] > found.counts["wrong"]
    assert not found.counts["broken"]
