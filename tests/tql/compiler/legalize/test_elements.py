"""Conditions on the elements of arrays, and arithmetic with arrays, against numpy: rows of one shape, of several, of one element and without elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine import dataset
from tests.tql.compiler.legalize.test_arrays import KINDS, answers, elements, made, matrices
from tql import ArgumentError, Schema, col, fn, select

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql import Query
    from tql.expressions.expr import Expr

A = col("a")
# Numbers that every type compares exactly, in and beyond the narrow types.
NUMBERS = st.sampled_from([0, 1, 3, 100, -1, -5, 127, 128, 255, 256, -300, 0.5, -0.5, -2.5, 2**31, 2**40])
COMPARED: list[tuple[Callable[[Expr, Any], Expr], Callable[[Any, Any], Any]]] = [
    (lambda a, x: a == x, lambda a, x: a == x),
    (lambda a, x: a != x, lambda a, x: a != x),
    (lambda a, x: a < x, lambda a, x: a < x),
    (lambda a, x: a <= x, lambda a, x: a <= x),
    (lambda a, x: a > x, lambda a, x: a > x),
    (lambda a, x: a >= x, lambda a, x: a >= x),
    (lambda a, x: a.in_([x, 3]), lambda a, x: (a == x) | (a == 3)),
    (lambda a, x: a.not_in([x, 3]), lambda a, x: ~((a == x) | (a == 3))),
    (lambda a, x: a.between(x, 200), lambda a, x: (a >= x) & (a <= 200)),
    (lambda a, x: ~(a == x) & (a > 0), lambda a, x: (a != x) & (a > 0)),
    (lambda a, x: (a == x) | (a == 1), lambda a, x: (a == x) | (a == 1)),
]
QUANTIFIED: list[tuple[Callable[[Expr], Expr], Callable[[Any], bool]]] = [
    (fn.any, lambda found: bool(found.any())),
    (fn.all, lambda found: bool(found.all())),
    (lambda test: ~fn.any(test), lambda found: not found.any()),
]


@st.composite
def ragged(draw: st.DrawFn) -> tuple[str, list[Any]]:
    """Draw rows of arrays, some of them without elements, or with one."""
    kind = draw(st.sampled_from(KINDS))
    lengths = draw(st.lists(st.integers(0, 3), min_size=1, max_size=6) | st.just([2, 2, 2]) | st.just([1, 1]))
    return kind, [np.array([draw(elements(kind)) for _ in range(length)], kind) for length in lengths]


def exactly(row: Any) -> Any:
    """Return the elements as Python's numbers, which compare exactly."""
    return np.array(row.tolist(), object).reshape(row.shape)


@given(
    drawn=ragged(), number=NUMBERS, test=st.sampled_from(COMPARED), how=st.sampled_from(QUANTIFIED), known=st.booleans()
)
def test_a_condition_on_elements_is_that_of_numpy(
    drawn: tuple[str, list[Any]], number: Any, test: Any, how: Any, *, known: bool
) -> None:
    """`fn.any(col("a") == 9)` and its like, in WHERE and as an output, with and without the schema."""
    kind, rows = drawn
    data = made(kind, 1, rows)
    (compare, by_numpy), (quantify, reduce) = test, how
    wanted = [reduce(np.array(by_numpy(exactly(row), number), bool)) for row in rows]
    condition = quantify(compare(A, number))

    found = answers(data, select("id").where(condition), known=known)
    assert [row["id"] for row in found] == [place for place, holds in enumerate(wanted) if holds]
    assert [row["x"] for row in answers(data, select("id", x=condition), known=known)] == wanted


@given(drawn=matrices(), number=NUMBERS, test=st.sampled_from(COMPARED), known=st.booleans())
def test_a_condition_on_a_column_of_boxes(drawn: tuple[str, list[Any]], number: Any, test: Any, *, known: bool) -> None:
    """The second column of matrices, in WHERE and in ORDER BY."""
    kind, rows = drawn
    data = made(kind, 2, rows)
    compare, by_numpy = test
    wanted = [bool(np.array(by_numpy(exactly(row[:, 1]), number), bool).any()) for row in rows]
    condition = fn.any(compare(A[:, 1], number))

    found = answers(data, select("id").where(condition), known=known)
    assert [row["id"] for row in found] == [place for place, holds in enumerate(wanted) if holds]
    ordered = [row["id"] for row in answers(data, select("id").order_by(condition, "id"), known=known)]
    assert ordered == sorted(range(len(rows)), key=lambda place: (wanted[place], place))


@given(drawn=ragged(), index=st.integers(0, 3), known=st.booleans())
def test_an_element_of_arithmetic(drawn: tuple[str, list[Any]], index: int, *, known: bool) -> None:
    """`(col("a") * 2)[0]` is the element times 2; an index beyond the end is the last element."""
    _, rows = drawn
    kept = [row.astype("f8") % 100 for row in rows if len(row)]
    if not kept:
        return
    data = made("float64", 1, kept)
    wanted = [row[min(index, len(row) - 1)] * 2 for row in kept]

    assert [row["x"] for row in answers(data, select(x=(A * 2)[index]), known=known)] == wanted
    found = answers(data, select("id").where((A * 2)[index] == wanted[0]), known=known)
    assert [row["id"] for row in found] == [place for place, value in enumerate(wanted) if value == wanted[0]]


ROWS = [np.array([1, 2]), np.array([9]), np.array([3, 9, 9])]


def refused(query: Query, match: str) -> None:
    """Assert that a query over ragged arrays is refused."""
    data = dataset(f"refused{abs(hash(repr(query)))}", {"id": "int64", "a": "array"}, [{"id": 0, "a": ROWS[0]}])
    with pytest.raises(ArgumentError, match=match):
        answers(data, query, known=True)


@pytest.mark.parametrize(
    ("query", "match"),
    [
        pytest.param(select("id").where(A == 9), "one value in each row", id="a comparison"),
        pytest.param(select("id").where(A * 2 > 9), "one value in each row", id="of arithmetic"),
        pytest.param(select("id").where(A + 1 == A), "one value in each row", id="of two arrays"),
        pytest.param(select("id").order_by(A > 2), "one value in each row", id="a key"),
        pytest.param(select(x=A > 2, n=fn.count()).group_by("x"), "one value in each row", id="a group"),
        pytest.param(select("id").where(A.in_([1, 9])), "one value in each row", id="IN"),
        pytest.param(select("id").where(fn.any((A > 2) & (col("id") < 3))), "on elements", id="beside the row"),
        pytest.param(select(x=A * 2), "length may be 1", id="arithmetic"),
        pytest.param(select(x=-(2 - A)), "length may be 1", id="negated"),
        pytest.param(select(x=A > 2), "length may be 1", id="an output"),
    ],
)
def test_what_the_engine_misreads_is_refused(query: Query, match: str) -> None:
    """Each error says what to write instead."""
    refused(query, match)


def test_arithmetic_of_a_known_length() -> None:
    """Rows of a declared length above 1 stay arrays."""
    query = select(x=col("e") * 2, y=col("e")[0:2] + 1).from_("d", schema=Schema(e="float32[3]"))
    assert str(query) == "select e * 2 as x, e[0:2] + 1 as y from d"
