"""A query of a shape that was written before has the text that it has without; the way through the tree is the judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tql.compiler.test_meaning import several
from tests.tql.queries import queries
from tests.tql.test_values import text_of
from tql import ArgumentError, Query, col, fn, select
from tql.compiler import cache
from tql.compiler.compile import compile_query, tree
from tql_grammar import ast
from tql_grammar.printing.printer import to_tql
from tql_grammar.walk import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.record import Record

V = np.arange(8, dtype="f4")
NEW: dict[type, st.SearchStrategy[Any]] = {
    int: st.integers(0, 3) | st.integers(0, 2**63 - 1),
    float: st.sampled_from([0.0, 1.0, 2.5]) | st.floats(0, allow_infinity=False),
    str: st.sampled_from(["", "a", "it's", "%", "x\ny"]),
}


def with_other_values(query: Query, data: st.DataObject) -> Query:
    """Return a query that differs in some numbers, texts and vectors, each of the same type and length."""

    def change(node: Record) -> Record:
        if isinstance(node, (ast.Number, ast.String)) and data.draw(st.booleans()):
            return node.replace(value=data.draw(NEW[type(node.value)]))
        if isinstance(node, ast.Vector) and data.draw(st.booleans()):
            turned = np.roll(node.array, data.draw(st.integers(0, 2)))
            return ast.Vector((turned + np.float32(data.draw(st.integers(0, 1)))).tobytes())
        return node

    return Query(rebuild(query.statement, change))


def slow_text_of(query: Query) -> str | None:
    """Return the text of the tree of a query, or None where it has none."""
    try:
        return to_tql(tree(query.statement))
    except ArgumentError:
        return None


@several
@given(query=queries, data=st.data())
def test_other_values_are_written_as_without_a_shape(query: Query, data: st.DataObject) -> None:
    """After a query was written, one with other values has the text of its own tree."""
    text_of(query)
    other = with_other_values(query, data)
    if text_of(other) is not None:
        assert text_of(other) == slow_text_of(other)


CASES: dict[str, Callable[[Any], Query]] = {
    "a number": lambda value: select("a").where(col("a") > value),
    "groups": lambda value: select("a", n=fn.count()).group_by("a").where(fn.count() > value),
    "the same twice": lambda value: select("a").where((col("a") == value) | (col("b") == value)),
    "beside one that stays": lambda value: select("a").where((col("a") > value) & (col("b")[1] == 1)),
    "a list": lambda value: select("a").where(col("a").in_([value, 1])),
    "a range": lambda value: select("a").where(col("a").between(0, value)),
}


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
@pytest.mark.parametrize("values", [(1, 2, -1, 1.0, 0.0, -0.0, 2**63 - 1, -(2**63)), (2, 1), (0.5, 1, 1.0)])
def test_every_value_comes_back(make: Callable[[Any], Query], values: tuple[Any, ...]) -> None:
    """Numbers that are equal in Python, such as 1 and 1.0, are different values."""
    cache.forget()
    for value in values:
        assert str(make(value)) == to_tql(tree(make(value).statement))


def test_vectors_that_are_the_same_are_no_shape_of_different_ones() -> None:
    """Which vectors of a query are equal is part of its shape."""
    cache.forget()
    for one, two in ((V, V), (V, V + 1), (V + 1, V + 1), (V + 2, V)):
        query = select("a").similarity("e", one, as_="x").similarity("e", two, as_="y")
        assert str(query) == to_tql(tree(query.statement))


def test_a_shape_is_found_again() -> None:
    """The tree is made once for queries that differ in vectors, numbers and texts only."""
    cache.forget()
    made = []

    def query(value: float, text: str, vector: object) -> Query:
        return select("a").where(col("a") > value, col("t") == text).similarity("e", vector)

    def write(*_rest: object) -> list[str]:
        made.append(1)
        return ["never"]

    str(query(1, "x", V))
    for_no_dataset = (None, False)
    assert cache.text(query(2, "it's", V + 1).statement, write, for_no_dataset) == str(query(2, "it's", V + 1))
    assert not made


def test_the_dataset_of_the_client_is_part_of_the_shape() -> None:
    """The same query for two datasets has two texts."""
    texts = [compile_query(select("a").where(col("a") > 1).statement, name) for name in ("one", "two", "one")]
    assert texts == ["select a from one where a > 1", "select a from two where a > 1", "select a from one where a > 1"]


def test_shapes_do_not_pile_up() -> None:
    """The number of shapes that are kept has a bound."""
    cache.forget()
    for number in range(cache.MOST_TEXTS + 10):
        str(select(f"c{number}"))
    assert cache.kept() <= cache.MOST_TEXTS


def test_a_very_deep_query_has_no_shape() -> None:
    """Where recursion has no room, the text is made the slow way."""
    query = select("a").from_("d")
    for _ in range(1200):
        query = select().from_(query)
    assert cache.text(query.statement, lambda *_rest: [], None) is None
