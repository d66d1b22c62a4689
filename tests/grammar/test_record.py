"""Cached properties of a record do not leak: a changed copy equals a newly constructed record, and keeps the span."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tql import Schema, col, param, select
from tql.compiler.compile import compile_query
from tql_grammar import ast
from tql_grammar.syntax.parser import parse
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.record import Record

ONE, TWO = np.array([1, 2], "f4").tobytes(), np.array([3, 4, 5], "f4").tobytes()
QUERY = select("a").where(col("a") > param("low"))
STATEMENT = QUERY.statement
CASES: dict[str, tuple[Record, dict[str, Any], Record, Callable[[Any], object]]] = {
    "a vector's text": (ast.Vector(ONE), {"bits": TWO}, ast.Vector(TWO), lambda vector: vector.text),
    "a schema's names": (Schema(a="int64"), {"columns": Schema(b="text").columns}, Schema(b="text"), Schema.as_dict),
    "a query's text": (
        QUERY.bind(low=1).statement,
        {"row_limit": 3},
        QUERY.bind(low=1).limit(3).statement,
        compile_query,
    ),
    "a query's parameters": (STATEMENT, {"conditions": ()}, select("a").statement, compile_query),
}


@pytest.mark.parametrize(("record", "changes", "fresh", "ask"), CASES.values(), ids=CASES)
def test_a_changed_copy_is_a_fresh_one(
    record: Record, changes: dict[str, Any], fresh: Record, ask: Callable[[Any], object]
) -> None:
    """Whatever was asked of the first before."""
    if record is not STATEMENT:
        ask(record)
    changed = record.replace(**changes)

    assert changed == fresh
    assert ask(changed) == ask(fresh)


@pytest.mark.parametrize(("record", "changes", "fresh", "ask"), CASES.values(), ids=CASES)
def test_what_is_found_out_is_not_pickled(
    record: Record, changes: dict[str, Any], fresh: Record, ask: Callable[[Any], object]
) -> None:
    """The pickle of a record is as long after it was asked as before."""
    made = fresh.replace(**changes)
    before = pickle.dumps(made)
    ask(made)

    assert pickle.dumps(made) == before
    assert pickle.loads(before) == made  # noqa: S301 - our own pickle
    assert type(record) is type(made)


def test_a_node_stays_where_it_stands() -> None:
    """A changed node has the place of the one that was read; so has one that comes from a pickle."""
    tree = parse("select a from t where b = ARRAY[1, 2]")
    for node in walk(tree):
        if isinstance(node, ast.Node):
            assert node.span is not None
            assert node.replace().span == node.span
            assert pickle.loads(pickle.dumps(node)).span == node.span  # noqa: S301 - our own pickle


@pytest.mark.parametrize(
    "record", [ast.Vector(ONE), ast.Column("a").at(0, 1), QUERY.bind(low=1).statement, Schema(a="int64")]
)
def test_what_is_no_field_is_refused(record: Record) -> None:
    """The error names the unknown field, also for a record with cached properties."""
    str(record)
    with pytest.raises(TypeError, match=r"has no field \['nothing'\]"):
        record.replace(nothing=1)
