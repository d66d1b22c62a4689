"""Know the metrics of similarity search: what each one computes, which way it sorts, and the form that the engine takes it in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tql import vectors
from tql.coerce import name, shown
from tql.expr import expression
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression

Direction = Literal["asc", "desc"]


class Metric(Record):
    """
    One metric.

    Attributes:
        score: makes the score's expression from the column's and the vector's.
        best: the direction that puts the closest first.
        value: makes the vector's literal; most metrics take shape (d,), maxsim takes (n, d).
        selectable: whether the engine gives the score as a column.
    """

    score: Callable[[Expression, Expression], Expression]
    best: Direction
    value: Callable[[str, object], Expression] = vectors.vector
    selectable: bool = True


def _call(function: str) -> Callable[[Expression, Expression], Expression]:
    """Return ``function(column, vector)``."""
    return lambda column, value: ast.Function(function, (column, value))


def _norm(function: str) -> Callable[[Expression, Expression], Expression]:
    """Return ``function(column - vector)``, a distance."""
    return lambda column, value: ast.Function(function, (ast.Chain(("-",), (column, value)),))


def _plus_zero(function: str) -> Callable[[Expression, Expression], Expression]:
    """Return a distance ``+ 0``: as it stands the engine fails on an indexed embedding with LIMIT."""
    distance = _norm(function)
    return lambda column, value: ast.Chain(("+",), (distance(column, value), ast.Number(0)))


def _hamming(column: Expression, value: Expression) -> Expression:
    """Return the distance as a number: the engine gives an array of one."""
    return ast.Subscript(ast.Function("hamming_distance", (column, value)), (ast.Number(0),))


METRICS: dict[str, Metric] = {
    "cosine": Metric(_call("cosine_similarity"), "desc"),
    "l2": Metric(_norm("l2_norm"), "asc"),
    "l1": Metric(_plus_zero("l1_norm"), "asc"),
    "linf": Metric(_plus_zero("linf_norm"), "asc"),
    "dot": Metric(_call("dot"), "desc"),
    "hamming": Metric(_hamming, "asc"),
    "maxsim": Metric(_call("maxsim"), "desc", vectors.matrix),
    "mmr": Metric(_call("mmr_similarity"), "desc", selectable=False),
}


class Search(Record):
    """
    A search that gives each row a score.

    Attributes:
        column: what is searched.
        value: the vector, shape (d,), or for maxsim (n, d).
        metric: a name in `METRICS`.
        alias: the name of the score.
    """

    column: Expression
    value: Expression
    metric: str
    alias: str

    @property
    def score(self) -> Expression:
        """The expression of the score."""
        return METRICS[self.metric].score(self.column, self.value)

    @property
    def best(self) -> Direction:
        """The direction that puts the best first."""
        return METRICS[self.metric].best


def similarity(column: object, vector: object, metric: str, alias: str | None) -> Search | ast.Order:
    """Return a search with a score to select, or without a name its ranking key."""
    known = METRICS.get(metric) if isinstance(metric, str) else None
    if known is None:
        raise ArgumentError("metric", f"takes one of {', '.join(METRICS)}", shown(metric))
    operand, value = expression("similarity", column), known.value("similarity", vector)
    if alias is None:
        return ast.Order(known.score(operand, value), known.best)
    if not known.selectable:
        rule = f"takes as_=None with metric={metric!r}: the engine ranks by it, and gives no score"
        raise ArgumentError("as_", rule, shown(alias))
    return Search(operand, value, metric, name("as_", alias))
