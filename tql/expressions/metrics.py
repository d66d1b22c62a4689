"""Metrics of vector search: the expression of each score, and the direction that sorts the closest rows first."""

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
    A metric of vector search.

    Attributes:
        score: returns the expression of the score for a column and a vector.
        best: the direction that sorts the closest rows first.
        value: returns the literal of a vector of shape (d,), or of a matrix of shape (n, d) for maxsim.
        selectable: whether the engine returns the score as a column.
    """

    score: Callable[[Expression, Expression], Expression]
    best: Direction
    value: Callable[[str, object], Expression] = vector
    selectable: bool = True


def _call(function: str) -> Callable[[Expression, Expression], Expression]:
    """Return ``function(column, vector)``."""
    return lambda column, value: ast.Function(function, (column, value))


def _norm(function: str) -> Callable[[Expression, Expression], Expression]:
    """Return the distance ``function(column - vector)``."""
    return lambda column, value: ast.Function(function, (ast.Chain(("-",), (column, value)),))


def _plus_zero(function: str) -> Callable[[Expression, Expression], Expression]:
    """Return the distance ``function(column - vector) + 0``; without ``+ 0`` the engine fails on an indexed embedding with LIMIT."""
    distance = _norm(function)
    return lambda column, value: ast.Chain(("+",), (distance(column, value), ast.Number(0)))


def _hamming(column: Expression, value: Expression) -> Expression:
    """Return the Hamming distance as a number; the engine's function returns an array of one element."""
    return ast.Subscript(ast.Function("hamming_distance", (column, value)), (ast.Number(0),))


# An index of embeddings ranks by the cosine whatever the metric is, so that the first rows by L2 are others, unless all vectors are of one length.
MISRANKED = frozenset({"l2_norm"})
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
    """Return the expression of a BM25 score."""
    return ast.Function("bm25_similarity", (column, words))


def exactly(score: Expression) -> Expression:
    """Return a score in a form that uses no index: ``function(..) + 0``; other expressions use none already."""
    return ast.Chain(("+",), (score, ast.Number(0))) if isinstance(score, ast.Function) else score


def ranked_by_index(score: Expression) -> Direction | None:
    """Return the direction in which the engine may use an index to sort by *score*, or None if it uses none, or one that ranks by another metric."""
    return None if isinstance(score, ast.Function) and score.name in MISRANKED else _sorted_by_index(score)


def is_misranked(score: Expression) -> bool:
    """Return whether the engine may use an index to sort by *score* that ranks by another metric."""
    return isinstance(score, ast.Function) and score.name in MISRANKED and _sorted_by_index(score) is not None


def _sorted_by_index(score: Expression) -> Direction | None:
    """Return the direction in which the engine may use an index of embeddings to sort, or None if it uses none."""
    if not isinstance(score, ast.Function) or score.name not in INDEXED:
        return None
    (first, *rest) = score.arguments
    operands = first.operands if isinstance(first, ast.Chain) else (first, *rest)
    is_search = len(operands) == len(("column", "value")) and isinstance(operands[0], ast.Column)
    return INDEXED[score.name] if is_search and not isinstance(operands[1], ast.Column) else None
