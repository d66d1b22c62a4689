"""Methods of searches, vector similarity, BM25 and hybrid, and the validation of their arguments."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self

from tql.builder import arguments as clauses
from tql.builder.composed import Composed
from tql.expressions.expr import Expr, expression
from tql.expressions.logical import Relevance, Similarity
from tql.expressions.metrics import METRICS, Metric
from tql.messages import shown
from tql.statement import Fusion, Leg, Search, TextSearch
from tql.values.literal import literal, name
from tql.wrong_arguments import with_hint
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.hinted import hinted_by
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from tql.columns import Embedding, Words
    from tql_grammar.ast import Expression

FEWEST_RANKINGS = 2
# The metrics by the names of other libraries.
METRIC_NAMES = {
    **dict.fromkeys(("euclid", "euclidean", "l2_distance"), "l2"),
    **dict.fromkeys(("ip", "inner_product", "dot_product", "dotproduct"), "dot"),
    **dict.fromkeys(("manhattan", "cityblock", "taxicab"), "l1"),
    "chebyshev": "linf",
}
LARGEST = 2**31


class SearchMethods(Composed):
    """The methods of a query that rank its rows."""

    __slots__ = ()

    @hinted_by(with_hint)
    def similarity(
        self,
        column: Embedding,
        vector: object,
        metric: str = "cosine",
        as_: str | None = "score",
        *,
        exact: bool = False,
    ) -> Self:
        """
        Score each row by the similarity of an embedding to a vector; the score is the last column of the result.

        Example: ``select("id").similarity("embedding", [0.5, 1.0])`` generates ``select id, cosine_similarity(embedding, ARRAY[0.5,1.0]) as score``.

        It does not sort: ``.order_by("score")`` returns the closest rows first, for every metric.
        If the embeddings have an index, "cosine" sorted by the score alone with a ``limit`` is approximate: the index returns nearly the closest of the rows that ``where`` keeps.
        `explain` says whether that applies.

        Args:
            column: the column of embeddings, each of shape (d,), or (m, d) for "maxsim".
            vector: numbers of shape (d,), or (n, d) for "maxsim", converted to float32.
            metric: "cosine" in [-1, 1], "dot", and "maxsim" >= 0: higher is closer;
                "l2", "l1", "linf" and "hamming" >= 0: lower is closer;
                "mmr" is the engine's MMR_SIMILARITY, which ranked as "cosine" does in all 360 searches that were measured (4.7.4), so it does not diversify; it requires ``as_=None``, and without conditions its limit is at most the number of rows, beyond which a built index repeats the last row.
            as_: the name of the score; with None the search is a sort key, closest first, after those of earlier calls of `order_by`, and the result has no score.
            exact: compare every row instead of using an index; slower.

        Raises:
            ArgumentError: *vector* has the wrong number of dimensions, is empty, or holds a value that is not a finite number; *metric* is unknown; *as_* is the name of another output.
        """
        found = similarity(column, vector, metric, as_, exact=exact)
        return self._saying(clauses.searched("similarity", self.statement, found))

    @hinted_by(with_hint)
    def bm25(self, column: Words, text: str | Expr, as_: str | None = "score") -> Self:
        """
        Rank rows by BM25 relevance to some words; rows without any of the words are left out.

        Example: ``select("id").bm25("text", "join paths", as_=None).limit(5)`` generates
        ``select id order by bm25_similarity(text, 'join paths') desc limit 5``.

        The column needs a BM25 index. The engine supports one form of this search, so the query needs a ``limit``, and with a named score ``order_by(as_)`` as its only sort key.

        Args:
            column: the column of texts.
            text: the words to search for.
            as_: the name of the score, the last column, float32 >= 0, higher is better; with None the search is the only sort key, best first, and the result has no score.

        Raises:
            ArgumentError: *text* is empty; or, when the query is compiled, the limit is missing, or the score is not the only sort key.
        """
        return self._saying(clauses.searched("bm25", self.statement, bm25(column, text, as_)))

    @hinted_by(with_hint)
    def hybrid(  # noqa: PLR0913 - each is one independent choice, by name
        self,
        *,
        vector: tuple[Embedding, object] | list[tuple[Embedding, object]],
        text: tuple[Words, str] | list[tuple[Words, str]] | None = None,
        weights: list[float] | None = None,
        key: str = "id",
        k: int = 60,
        candidates: int = 100,
        as_: str = "score",
        exact: bool = False,
    ) -> Self:
        """
        Combine vector and BM25 searches by reciprocal rank fusion, in one query; the score is the last column of the result.

        Example: ``select("id").hybrid(vector=("e", [0.5, 1.0]), text=("t", "join paths"))`` generates
        ``select id, score from (select id[0] as id, sum(zw * 1) as score from ((select id, 1.0 / (61 + row_number()) as zw from ..) union all ..) group by id)``.

        Each search ranks the rows that ``where`` keeps, from 1. The score of a row is the sum of ``weight / (k + rank)`` over the searches that have it among their first *candidates* rows; other rows are left out.
        ``order_by(as_)`` returns the best rows first, and sorts ties by the key.

        Args:
            vector: ``(column, vector)``, ranked by cosine similarity, or a list of such pairs.
            text: ``(column, words)``, ranked by BM25, or a list of such pairs; it may be left out with two vectors or more. A text without words, such as ``""``, finds nothing, and the vectors alone rank the rows.
            weights: a number above 0 for each search, vectors first; 1 for each by default.
            key: a column of unique texts or integers.
            k: the constant of reciprocal rank fusion, >= 0; the larger it is, the less the first ranks count.
            candidates: the number of rows that each search returns, >= 1.
            as_: the name of the score, float64 > 0, higher is better.
            exact: compare every row instead of using an index of the embeddings.

        Raises:
            ArgumentError: an argument is invalid; or, when the query is compiled, it selects ``*``.
        """
        found = fusion(vector, text, weights, key, k, candidates, as_, exact=exact)
        return self._saying(clauses.searched("hybrid", self.statement, found))


def bm25(column: object, words: object, alias: str | None) -> TextSearch | ast.Order:
    """Return a BM25 search whose score is an output; without an alias, its score as a sort key."""
    operand, value = expression("bm25", column), _text("bm25", words, required=True)
    return _ranked_words(operand, value) if alias is None else TextSearch(operand, value, name("as_", alias))


def _ranked_words(operand: Expression, value: Expression) -> ast.Order:
    """Return the sort key of a BM25 search."""
    return ast.Order(Relevance(operand, value), TextSearch.best)


def _text(subject: str, words: object, *, required: bool = False) -> Expression:
    """Return the words of a BM25 search as a literal or a parameter; a text without words, which finds nothing, only if words are not *required*."""
    if isinstance(words, Expr):
        return words.node
    if not isinstance(words, str) or (required and not words.strip()):
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
    """Return a hybrid search over the rankings of *vectors_* and *texts*."""
    legs = [_leg(similarity(column, value, "cosine", None)) for column, value in _pairs("vector", vectors_)]
    pairs = [] if texts is None else _pairs("text", texts)
    legs += [_leg(_ranked_words(expression("hybrid", column), _text("hybrid", words))) for column, words in pairs]
    if len(legs) < FEWEST_RANKINGS:
        raise ArgumentError(
            "hybrid", "takes two rankings or more", f"{len(legs)}", "for one ranking use similarity(..) or bm25(..)"
        )
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


def _leg(found: Search | ast.Order) -> Leg:
    """Return the ranking by a search without an alias."""
    assert isinstance(found, ast.Order)  # noqa: S101 - without an alias it is a sort key
    return Leg(found.expression, found.direction or "asc")


def _pairs(subject: str, value: object) -> list[tuple[object, object]]:
    """Return a list of pairs of a column and its vector or words, from one pair or a list."""
    pairs: list[tuple[object, object]] = value if isinstance(value, list) else [value]  # type: ignore[list-item]  # checked below
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != len(("column", "value")):
            raise ArgumentError(subject, "takes (column, value), or a list of such pairs", shown(pair))
    return pairs


def _weights(weights: object, wanted: int) -> list[float]:
    """Return the weights of the rankings, finite numbers above 0."""
    found = list(weights) if isinstance(weights, (list, tuple)) else []
    if len(found) != wanted or not all(
        isinstance(weight, (int, float)) and not isinstance(weight, bool) and 0 < weight < math.inf for weight in found
    ):
        rule = f"takes a list of {wanted} numbers above 0, one for each ranking, vectors first"
        raise ArgumentError("weights", rule, shown(weights))
    return [float(weight) for weight in found]


def _count(subject: str, value: object, least: int) -> int:
    """Return an integer from *least* to 2**31 - 1."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < LARGEST:
        raise ArgumentError(subject, f"takes a whole number >= {least}", shown(value))
    return value


def _flag(subject: str, value: object) -> bool:
    """Return a bool."""
    if not isinstance(value, bool):
        raise ArgumentError(subject, "takes True or False", shown(value))
    return value


def similarity(
    column: object, value: object, metric: str, alias: str | None, *, exact: object = False
) -> Search | ast.Order:
    """Return a vector search whose score is an output; without an alias, its score as a sort key."""
    known = _metric(metric)
    operand = expression("similarity", column)
    _reject_text(value)
    searched = value.node if isinstance(value, Expr) else known.value("similarity", value)
    exact = _flag("exact", exact)
    if exact and not known.selectable:
        why = "the engine has one way to rank by it"
        raise ArgumentError("exact", f"takes False with metric={metric!r}", "True", why=why)
    if alias is None:
        return ast.Order(Similarity(metric, operand, searched, exact), known.best)
    if not known.selectable:
        rule, why = f"returns no score with metric={metric!r}", "the engine ranks by it only"
        hint = "pass as_=None: the search is a sort key then, and the result has no score; the engine does not diversify, so for a diverse result choose among more rows in Python: docs/recipes/ranking.md"
        raise ArgumentError("similarity", rule, "", hint, why=why)
    return Search(operand, searched, metric, name("as_", alias), exact)


def _metric(metric: object) -> Metric:
    """Return a metric by its name."""
    known = METRICS.get(metric) if isinstance(metric, str) else None
    if known is None:
        similar = METRIC_NAMES.get(str(metric).lower()) or nearest(str(metric), METRICS)
        hint = f"did you mean {similar!r}?" if similar else None
        raise ArgumentError("metric", f"takes one of {', '.join(METRICS)}", shown(metric), hint)
    return known


def _reject_text(value: object) -> None:
    """Raise ArgumentError for a text, or a list of texts, in place of a vector."""
    if isinstance(value, str):
        hint = (
            "embed the text first, as the embeddings of the column were made, or rank by its words: .bm25(column, text)"
        )
        raise ArgumentError("similarity", "takes a vector of numbers", shown(value), hint)
    if isinstance(value, (list, tuple)) and value and all(isinstance(part, str) for part in value):
        raise ArgumentError(
            "similarity", "takes a vector of numbers", shown(value), "convert the texts: list(map(float, vector))"
        )
