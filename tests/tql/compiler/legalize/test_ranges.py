"""Ranges of integers are one BETWEEN where that says the same, on every index, and two comparisons where it does not."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest

from tests.engine import run
from tql import Schema, col, select

if TYPE_CHECKING:
    from tql import Query
    from tql.expressions.expr import Expr

TYPES = deeplake.types
KINDS = {
    "int8": TYPES.Int8,
    "int16": TYPES.Int16,
    "int32": TYPES.Int32,
    "int64": TYPES.Int64,
    "uint8": TYPES.UInt8,
    "uint16": TYPES.UInt16,
    "uint32": TYPES.UInt32,
    "uint64": TYPES.UInt64,
}
BOUNDS = [-(2**63), -(2**40), -70, -5, 0, 1, 30, 60, 127, 128, 255, 2**31, 2**40, 2**63 - 1]
V = col("v")
EXACT, LEAST = 2**63 - 1, -(2**63)


def over(kind: str) -> Query:
    """Return a query over a column `v`."""
    return select("id").from_("mem://x", schema=Schema(id="int64", v=kind))


@pytest.mark.parametrize(
    ("kind", "condition", "text"),
    [
        ("int64", V.between(5, 10), "v between 5 and 10"),
        ("int64 inverted", V.between(-5, 10), "v between -5 and 10"),
        ("int64", V.between(5, 2.5), "v between 5 and 2"),
        ("int64", V.between(LEAST, 5), "v >= -9223372036854775808 and v <= 5"),
        ("int64", (V >= -5) & ((V >= 0) & (V <= 7)), "v >= -5 and v between 0 and 7"),
        ("int64", (V >= 5) & (col("id") <= 10), "v >= 5 and id <= 10"),
        ("uint8", V.between(5, 300), "v >= 5"),
        ("uint8", V.between(-5, 10), "v <= 10"),
        ("uint8", V.between(300, 400), "false"),
        ("uint64", V.between(5, 10), "v between 5 and 10"),
        ("uint64", V.between(EXACT, EXACT), "v between 9223372036854775807 and 9223372036854775807"),
        ("nullable int64", V.between(5, 10), "v >= 5 and v <= 10"),
        ("float32", V.between(5, 10), "v >= 5.0 and v <= 10.0"),
        ("class label int32", V.between(5, 10), "v >= 5 and v <= 10"),
    ],
)
def test_text(kind: str, condition: Expr, text: str) -> None:
    """By the type of the column."""
    assert str(over(kind).where(condition)) == f'select id from "mem://x" where {text}'


def test_without_a_schema_it_is_as_it_was() -> None:
    """Nothing is known of the column: it may be nullable."""
    assert str(select("id").where(V.between(5, 10))) == "select id where v >= 5 and v <= 10"


def test_over_moved_rows_an_index_is_not_used() -> None:
    """It points to other rows there."""
    moved = over("int64 inverted").select("v").where(col("id") > 1)
    assert str(select("id").from_(moved).where(V.between(5, 10))).endswith("where 5 <= v and 10 >= v")


def filled(mode: str, rng: np.random.Generator) -> tuple[Any, dict[str, list[int]]]:
    """Return a dataset of several commits with columns of every type, with an index and without, and the values of each type."""
    made = deeplake.create(f"mem://ranges{mode}")
    made.add_column("id", TYPES.Int64())
    for kind, make in KINDS.items():
        made.add_column(kind, make())
        made.add_column(f"{kind}x", make(TYPES.Inverted))
    made.commit()
    made.indexing_mode = getattr(deeplake.IndexingMode, mode)
    values: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for first in (0, 100, 200):
        block: dict[str, Any] = {"id": list(range(first, first + 100))}
        for kind in KINDS:
            limits = np.iinfo(kind)
            drawn = rng.integers(max(limits.min, -60), min(limits.max, 60), 100).astype(kind)
            drawn[:2] = limits.min, limits.max
            block[kind] = block[f"{kind}x"] = drawn
            values[kind] += drawn.tolist()
        made.append(block)
        made.commit()
    return made, values


@pytest.mark.parametrize("mode", ["Always", "Automatic", "Off"])
def test_rows(mode: str) -> None:
    """Every type, with an index and without, built or not, over several commits, negated, and over the rows of a sub-query."""
    rng = np.random.default_rng(3)
    made, values = filled(mode, rng)
    source = select("id").from_(f"mem://ranges{mode}", schema=Schema.from_dataset(made))
    for kind, suffix in itertools.product(KINDS, ("", "x")):
        column = f"{kind}{suffix}"
        for low, high in rng.choice(BOUNDS, (6, 2)).tolist():
            range_ = col(column).between(low, high)
            wanted = [row for row, value in enumerate(values[kind]) if low <= value <= high]
            others = [row for row in range(300) if row not in wanted]
            later = select("id").from_(source.select(column).where(col("id") >= 50)).where(range_)
            assert ids(made, source.where(range_)) == wanted
            assert ids(made, source.where(~range_)) == others
            assert ids(made, later) == [row for row in wanted if row >= 50]


def ids(made: Any, query: Query) -> list[int]:
    """Return the ids of a query's rows, in order."""
    return sorted(row["id"] for row in run(made, str(query)))
