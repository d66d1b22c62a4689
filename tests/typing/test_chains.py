"""
Static types of typical chains, checked by mypy and basedpyright, and run as tests.

``assert_type`` fails in both checkers if a type differs; so does an ignore comment that is not needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

import deeplake
import numpy as np
import pytest

import tql
from tql import (
    ArgumentError,
    Diagnostic,
    Expr,
    Key,
    Query,
    Schema,
    all_of,
    any_of,
    asc,
    check,
    col,
    desc,
    fn,
    not_,
    param,
    parse,
    raw,
    select,
    validate,
)
from tql_client import Client, Result, connect

if TYPE_CHECKING:
    from pathlib import Path

    from tql.compiler.prepare import Prepared
    from tql.views.diff import Difference
    from tql_grammar.explain.levels import QueryLevel

VECTOR = np.ones(3, "f4")


def test_the_main_chain_is_a_query() -> None:
    """Every method returns a query."""
    query = select("text").similarity("embedding", VECTOR).order_by("score").limit(5)

    assert_type(query, Query)
    assert_type(query.from_("hub://org/ds", alias="d", schema=Schema(id="int64")), Query)
    assert_type(query.where(col("a") > 1).offset(2), Query)
    assert_type(query.similarity("e", VECTOR, metric="l2", as_=None, exact=True), Query)
    assert_type(select(year=col("meta")["year"]).group_by("year").distinct(), Query)
    assert_type(query.union(select("text")).intersect(select("text")), Query)
    assert_type(select("id").bm25("text", "words"), int)  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]  # a wrong assertion, to prove that the checkers detect one
    assert_type(select("id").sample_by("w", limit=3).ungroup_by(), Query)
    assert_type(query.when(condition=True, function=lambda q: q.limit(3)), Query)
    assert_type(query.pipe(str), str)
    assert_type(str(query), str)
    assert_type(query.check(), list[Diagnostic])


def test_expressions_are_expressions() -> None:
    """Operators, methods and functions of columns return expressions; so do comparisons."""
    column = col("a")

    assert_type(column, Expr)
    assert_type(column + 1, Expr)
    assert_type(2 - column, Expr)
    assert_type(column == 1, Expr)
    assert_type(column != None, Expr)  # noqa: E711 - it creates a condition
    assert_type(column < column, Expr)  # noqa: PLR0124 - only the type is tested
    assert_type((column == 1) & ~(column > 2) | column.in_([1, 2]), Expr)
    assert_type(column[0], Expr)
    assert_type(column["key"], Expr)
    assert_type(column[0:2, 1], Expr)
    assert_type(column.shape[0].as_("length"), Expr)
    assert_type(column.like("x%"), Expr)
    assert_type(fn.cosine_similarity("e", VECTOR), Expr)
    assert_type(fn.all("e", axis=-1), Expr)
    assert_type(fn.max_weight((column > 1, 2.0)), Expr)
    assert_type(all_of([column == 1, None]), Expr)
    assert_type(any_of(column == number for number in range(3)), Expr)
    assert_type(not_(column == 1), Expr)
    assert_type(raw("shape(e)[0] > 3"), Expr)
    assert_type(param("v"), Expr)
    assert_type(asc("a"), Key)
    assert_type(desc(column), Key)


def test_values_of_a_query() -> None:
    """`diff`, `explain` and `prepare` return typed objects."""
    query = select("id").where(col("a") > param("low"))

    def look(difference: Difference, level: QueryLevel, prepared: Prepared) -> tuple[bool, str, tuple[str, ...]]:
        return bool(difference), str(level), prepared.names

    assert look(query.diff(query), select("id").explain(), query.to_prepared()) == (False, "select id", ("low",))
    assert_type(parse("select id"), Query)
    assert_type(check("select id"), list[Diagnostic])
    assert_type(tql.format("select id"), str)
    validate("select id")


def test_a_client_gives_results(tmp_path: Path) -> None:
    """Rows, columns and arrays of a result have types."""
    made = deeplake.create(str(tmp_path / "ds"))
    made.add_column("id", "int64")
    made.append({"id": [3, 4]})
    made.commit()
    client = connect(str(tmp_path / "ds"))
    result = client.query(select("id"))

    assert_type(client, Client)
    assert_type(result, Result)
    assert_type(result.names, tuple[str, ...])
    assert_type(result.rows, list[dict[str, Any]])
    assert_type(result.columns, dict[str, list[Any]])
    assert_type(len(result), int)
    assert result.rows == [{"id": 3}, {"id": 4}]


def test_mistakes_are_seen_by_the_checkers() -> None:
    """Wrong arguments are type errors in the checkers, and ArgumentErrors at run time."""
    with pytest.raises(ArgumentError):
        select(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    with pytest.raises(ArgumentError):
        select().limit("5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    with pytest.raises(ArgumentError):
        select().where("id > 3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    with pytest.raises(ArgumentError):
        fn.data("a", "x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the mistake
    with pytest.raises(AttributeError):
        fn.len("a")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # the mistake
