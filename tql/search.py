"""Searches of a query: by the similarity of embeddings, by words, and both in one, with the arguments that each takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from tql.coerce import literal, name
from tql.expr import Expr, expression
from tql.logical import Relevance, Similarity
from tql.messages import shown
from tql.metrics import METRICS, word_score
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import INDEXED
from tql_grammar.record import Record

if TYPE_CHECKING:
    from tql.metrics import Direction
    from tql_grammar.ast import Expression

MOST_SIMPLE = 2
LARGEST = 2**31


class Search(Record):
    """
    A search that gives each row a score.

    Attributes:
        column: what is searched.
        value: the vector, shape (d,), or for maxsim (n, d).
        metric: a name in `METRICS`.
        alias: the name of the score.
        exact: whether no index may rank by it.
    """

    column: Expression
    value: Expression
    metric: str
    alias: str
    exact: bool = False

    @property
    def score(self) -> Expression:
        """The expression of the score."""
        return METRICS[self.metric].score(self.column, self.value)

    @property
    def best(self) -> Direction:
        """The direction that puts the best first."""
        return METRICS[self.metric].best

    @property
    def by_index(self) -> bool:
        """Whether an index may rank by it."""
        return not self.exact and ranked_by_index(self.score) is not None


class TextSearch(Record):
    """
    A search for words that gives each row a BM25 score, higher is closer.

    Attributes:
        column: the text that is searched, with an index.
        value: the words.
        alias: the name of the score.
    """

    column: Expression
    value: Expression
    alias: str
    best: ClassVar[Direction] = "desc"

    @property
    def score(self) -> Expression:
        """The expression of the score."""
        return word_score(self.column, self.value)


class Leg(Record):
    """One ranking of a hybrid search: the rows by *score*, the best first, with a weight."""

    score: Expression
    best: Direction
    weight: float = 1.0


class Fusion(Record):
    """
    Several rankings fused by reciprocal ranks.

    Attributes:
        legs: the rankings.
        key: the column by which a row of one ranking is known in the others.
        k: what is added to each rank.
        candidates: how many rows of each ranking count.
        alias: the name of the score.
        exact: whether no index of embeddings may rank.
    """

    legs: tuple[Leg, ...]
    key: str
    k: int
    candidates: int
    alias: str
    exact: bool = False
    best: ClassVar[Direction] = "desc"


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


def ranked_by_index(score: Expression) -> Direction | None:
    """Return the direction in which an index of embeddings may rank by a score of a column and a vector, or None for any other expression."""
    if not isinstance(score, ast.Function) or score.name not in INDEXED:
        return None
    (first, *rest) = score.arguments
    operands = first.operands if isinstance(first, ast.Chain) else (first, *rest)
    is_search = len(operands) == len(("column", "value")) and isinstance(operands[0], ast.Column)
    return INDEXED[score.name] if is_search and not isinstance(operands[1], ast.Column) else None


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
