"""Arguments of searches: by the similarity of embeddings, by words, and both in one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tql.expressions.expr import Expr, expression
from tql.expressions.logical import Relevance, Similarity
from tql.expressions.metrics import METRICS
from tql.messages import shown
from tql.statement import Fusion, Leg, Search, TextSearch
from tql.values.literal import literal, name
from tql_grammar import ast
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from tql_grammar.ast import Expression

MOST_SIMPLE = 2
LARGEST = 2**31


def bm25(column: object, words: object, alias: str | None) -> TextSearch | ast.Order:
    """Return a search for words with a score to select, or without a name its ranking key."""
    operand, value = expression("bm25", column), _words("bm25", words)
    if alias is None:
        return ast.Order(Relevance(operand, value), TextSearch.best)
    return TextSearch(operand, value, name("as_", alias))


def _words(subject: str, words: object) -> Expression:
    """Return the text of a search for words."""
    if isinstance(words, Expr):
        return words.node
    if not isinstance(words, str) or not words.strip():
        raise ArgumentError(subject, "takes the words to look for as a str", shown(words))
    return literal(subject, words)


def fusion(  # noqa: PLR0913, PLR0917 - the arguments of `hybrid`
    vectors_: object,
    texts: object,
    weights: object,
    key: object,
    k: object,
    candidates: object,
    alias: object,
    *,
    exact: object,
) -> Fusion:
    """Return rankings fused."""
    legs = [_leg(similarity(column, value, "cosine", None)) for column, value in _pairs("vector", vectors_)]
    legs += [_leg(bm25(column, words, None)) for column, words in _pairs("text", texts)]
    if len(legs) < MOST_SIMPLE:
        raise ArgumentError("hybrid", "takes two rankings or more", f"{len(legs)}", "one is similarity() or bm25()")
    factors = [1.0] * len(legs) if weights is None else _weights(weights, len(legs))
    weighted = tuple(leg.replace(weight=weight) for leg, weight in zip(legs, factors, strict=True))
    return Fusion(
        weighted,
        name("key", key),
        _count("k", k, 0),
        _count("candidates", candidates, 1),
        name("as_", alias),
        _flag("exact", exact),
    )


def _leg(found: Search | TextSearch | ast.Order) -> Leg:
    """Return a ranking."""
    assert isinstance(found, ast.Order)  # noqa: S101 - a search without a name is a key
    return Leg(found.expression, found.direction or "asc")


def _pairs(subject: str, value: object) -> list[tuple[object, object]]:
    """Return one pair of a column and what is searched, or several, as a list."""
    pairs: list[tuple[object, object]] = value if isinstance(value, list) else [value]  # type: ignore[list-item]  # looked at below
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != len(("column", "value")):
            raise ArgumentError(subject, "takes (column, value), or a list of such pairs", shown(pair))
    return pairs


def _weights(weights: object, wanted: int) -> list[float]:
    """Return one weight for each ranking."""
    found = list(weights) if isinstance(weights, (list, tuple)) else []
    if len(found) != wanted or not all(
        isinstance(weight, (int, float)) and not isinstance(weight, bool) and 0 < weight < math.inf for weight in found
    ):
        rule = f"takes a list of {wanted} numbers above 0, one for each ranking, vectors first"
        raise ArgumentError("weights", rule, shown(weights))
    return [float(weight) for weight in found]


def _count(subject: str, value: object, least: int) -> int:
    """Return a whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < LARGEST:
        raise ArgumentError(subject, f"takes a whole number >= {least}", shown(value))
    return value


def _flag(subject: str, value: object) -> bool:
    """Return True or False."""
    if not isinstance(value, bool):
        raise ArgumentError(subject, "takes True or False", shown(value))
    return value


def similarity(
    column: object, value: object, metric: str, alias: str | None, *, exact: object = False
) -> Search | ast.Order:
    """Return a search with a score to select, or without a name its ranking key."""
    known = METRICS.get(metric) if isinstance(metric, str) else None
    if known is None:
        raise ArgumentError("metric", f"takes one of {', '.join(METRICS)}", shown(metric))
    operand = expression("similarity", column)
    searched = value.node if isinstance(value, Expr) else known.value("similarity", value)
    exact = _flag("exact", exact)
    if exact and not known.selectable:
        raise ArgumentError(
            "exact", f"takes False with metric={metric!r}: the engine has one way to rank by it", "True"
        )
    if alias is None:
        return ast.Order(Similarity(metric, operand, searched, exact), known.best)
    if not known.selectable:
        rule = f"takes as_=None with metric={metric!r}: the engine ranks by it, and gives no score"
        raise ArgumentError("as_", rule, shown(alias))
    return Search(operand, searched, metric, name("as_", alias), exact)
