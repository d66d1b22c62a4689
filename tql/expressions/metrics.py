"""Metrics of similarity search: the score of each one as the engine computes it, and its direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tql.values.literal import matrix, vector
from tql_grammar import ast
from tql_grammar.functions import INDEXED
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
    value: Callable[[str, object], Expression] = vector
    selectable: bool = True


def _call(function: str) -> Callable[[Expression, Expression], Expression]:
    """Return ``function(column, vector)``."""
    return lambda column, value: ast.Function(function, (column, value))


def _norm(function: str) -> Callable[[Expression, Expression], Expression]:
    """Return ``function(column - vector)``, a distance."""
    return lambda column, value: ast.Function(function, (ast.Chain(("-",), (column, value)),))


def _plus_zero(function: str) -> Callable[[Expression, Expression], Expression]:
    """Return a distance ``+ 0``: without it the engine fails on an indexed embedding with LIMIT."""
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
    "maxsim": Metric(_call("maxsim"), "desc", matrix),
    "mmr": Metric(_call("mmr_similarity"), "desc", selectable=False),
}


def word_score(column: Expression, words: Expression) -> Expression:
    """Return the BM25 score of a text for some words."""
    return ast.Function("bm25_similarity", (column, words))


def exactly(score: Expression) -> Expression:
    """Return a score that no index ranks by; one that is computed from another is none already."""
    return ast.Chain(("+",), (score, ast.Number(0))) if isinstance(score, ast.Function) else score


def ranked_by_index(score: Expression) -> Direction | None:
    """Return the direction in which an index of embeddings may rank by a score of a column and a vector, or None for any other expression."""
    if not isinstance(score, ast.Function) or score.name not in INDEXED:
        return None
    (first, *rest) = score.arguments
    operands = first.operands if isinstance(first, ast.Chain) else (first, *rest)
    is_search = len(operands) == len(("column", "value")) and isinstance(operands[0], ast.Column)
    return INDEXED[score.name] if is_search and not isinstance(operands[1], ast.Column) else None
