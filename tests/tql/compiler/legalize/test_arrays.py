"""Elements and slices of array columns against numpy: every type, rows of one shape, of several, and of one element, read many rows at once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine import TYPES, dataset, run
from tql import ArgumentError, Schema, col, fn, select
from tql.compiler.compile import compile_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql import Query
    from tql.expressions.expr import Expr

serial = itertools.count()
KINDS = ("int8", "int32", "int64", "uint8", "uint16", "uint64", "float32", "float64")
LENGTHS = st.one_of(
    st.integers(1, 4).flatmap(lambda length: st.lists(st.just(length), min_size=1, max_size=5)),
    st.lists(st.integers(1, 4), min_size=1, max_size=6),
)
SHAPES = st.one_of(
    st.tuples(st.integers(1, 3), st.integers(2, 4)).flatmap(lambda one: st.lists(st.just(one), min_size=1, max_size=5)),
    st.lists(st.tuples(st.integers(1, 3), st.integers(2, 4)), min_size=1, max_size=5),
)
A = col("a")
# A part of a matrix of two columns or more, and the same part by numpy.
PARTS: list[tuple[Expr, Callable[[Any], Any]]] = [
    (A[0, 0], lambda row: row[0, 0]),
    (A[0, 1], lambda row: row[0, 1]),
    (A[0][1], lambda row: row[0, 1]),
    (A[0], lambda row: row[0]),
    (A[:, 1], lambda row: row[:, 1]),
    (A[0:1, 1], lambda row: row[0:1, 1]),
    (A[0, 0:2], lambda row: row[0, 0:2]),
    (A[0:1, 0:2], lambda row: row[0:1, 0:2]),
]


def elements(kind: str) -> st.SearchStrategy[Any]:
    """Return numbers of a type, its ends and negative ones among them; a float is never zero, so that a sign is seen."""
    if kind.startswith("f"):
        return st.sampled_from([0.5, -0.5, 1e-30, -2.5, 1234567.875, float(np.finfo(kind).max)])
    info = np.iinfo(kind)
    return st.sampled_from([0, 1, 3, 100, info.max, info.min]) | st.integers(max(info.min, -5), 5)


@st.composite
def arrays(draw: st.DrawFn) -> tuple[str, list[Any]]:
    """Draw rows of a column of arrays."""
    kind = draw(st.sampled_from(KINDS))
    rows = [[draw(elements(kind)) for _ in range(length)] for length in draw(LENGTHS)]
    return kind, [np.array(row, kind) for row in rows]


@st.composite
def matrices(draw: st.DrawFn) -> tuple[str, list[Any]]:
    """Draw rows of a column of matrices."""
    kind = draw(st.sampled_from(KINDS))
    rows = [[[draw(elements(kind)) for _ in range(wide)] for _ in range(high)] for high, wide in draw(SHAPES)]
    return kind, [np.array(row, kind) for row in rows]


def made(kind: str, dimensions: int, rows: list[Any]) -> Any:
    """Return a dataset of arrays whose lengths are not declared."""
    kinds = {"id": "int64", "a": TYPES.Array(kind, dimensions)}
    return dataset(f"arrays{next(serial)}", kinds, [{"id": number, "a": row} for number, row in enumerate(rows)])


def answers(data: Any, query: Query, *, known: bool) -> list[dict[str, Any]]:
    """Return the rows of a query, with and without the schema."""
    return run(data, compile_query(query.statement, None, {None: Schema.from_dataset(data)} if known else None))


def python(value: Any) -> Any:
    """Return a value of numpy as one of Python."""
    return value.tolist()


@given(drawn=arrays(), index=st.integers(-1, 5), known=st.booleans())
def test_an_element_is_that_of_numpy(drawn: tuple[str, list[Any]], index: int, *, known: bool) -> None:
    """In SELECT, WHERE and ORDER BY; an index beyond the end is the last element, as the page of the engine says."""
    kind, rows = drawn
    data = made(kind, 1, rows)
    wanted = [python(row[min(index, len(row) - 1)]) for row in rows]
    element = col("a")[index]

    assert [row["x"] for row in answers(data, select(x=element), known=known)] == wanted
    threshold = min(sorted(wanted)[len(wanted) // 2], 2**63 - 1)
    found = answers(data, select("id").where(element >= threshold), known=known)
    assert [row["id"] for row in found] == [number for number, value in enumerate(wanted) if value >= threshold]
    order = [row["id"] for row in answers(data, select("id").order_by(element), known=known)]
    with np.errstate(over="ignore"):
        keys = [np.float32(wanted[number]) for number in order]
    assert keys == sorted(keys)


@given(drawn=matrices(), chosen=st.sampled_from(PARTS), known=st.booleans())
def test_a_part_of_a_matrix_is_that_of_numpy(drawn: tuple[str, list[Any]], chosen: Any, *, known: bool) -> None:
    """Elements, rows, columns and blocks."""
    kind, rows = drawn
    data = made(kind, 2, rows)
    part, by_numpy = chosen
    wanted = [python(by_numpy(row)) for row in rows]

    assert [row["x"] for row in answers(data, select(x=part), known=known)] == wanted
    if isinstance(wanted[0], list):
        return
    threshold = min(sorted(wanted)[len(wanted) // 2], 2**63 - 1)
    found = answers(data, select("id").where(part >= threshold), known=known)
    assert [row["id"] for row in found] == [number for number, value in enumerate(wanted) if value >= threshold]


@given(drawn=matrices(), known=st.booleans())
def test_a_column_of_boxes_is_compared(drawn: tuple[str, list[Any]], *, known: bool) -> None:
    """The query of object detection: any box whose second number is at least so large."""
    kind, rows = drawn
    data = made(kind, 2, rows)
    threshold = python(np.concatenate([row[:, 1] for row in rows]).min())
    if threshold >= 2**63:
        return
    found = answers(data, select("id").where(fn.any(col("a")[:, 1] > threshold)), known=known)
    assert [row["id"] for row in found] == [number for number, row in enumerate(rows) if (row[:, 1] > threshold).any()]


def test_an_index_between_slices_is_refused() -> None:
    """The engine repeats elements of the first row there."""
    with pytest.raises(ArgumentError, match="between"):
        str(select(x=col("a")[0, 0:2, 1]))


def test_a_subscript_after_a_slice_is_refused() -> None:
    """The engine refuses it, or reads other elements."""
    with pytest.raises(ArgumentError, match="one subscript"):
        str(select(x=col("a")[0:2][1]))
