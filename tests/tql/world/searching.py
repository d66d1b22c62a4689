"""The documented meaning of searches in plain Python: the rows that a search keeps, and their scores."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.tql.world import terms
from tests.tql.world.values import Blurred, Relevance, Rounded, Row, Unanswered, Undecided, near

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.tql.world.terms import Drawn


def bits(one: Any, two: Any) -> int:
    """Return the number of bits in which two vectors of bytes differ."""
    if len(one) != len(two):
        raise Undecided
    return int(np.unpackbits(one.astype("u1") ^ two.astype("u1")).sum())


HIGHER = {"cosine", "dot"}
# BM25: how soon more of a word counts no more, and how much a long document is penalized.
SATURATION, LENGTH = 1.5, 0.75
METRICS: dict[str, Callable[[Any, Any], Any]] = {
    "cosine": lambda e, v: e @ v / (np.linalg.norm(e) * np.linalg.norm(v) or 1),
    "dot": lambda e, v: e @ v,
    "l2": lambda e, v: np.linalg.norm(e - v),
    "l1": lambda e, v: np.abs(e - v).sum(),
    "linf": lambda e, v: np.abs(e - v).max(),
    "hamming": bits,
}
# The score of a row, as a sort key of a search without a name.
RANK = " rank"


def is_best_high(search: terms.Search | terms.Words | terms.Fused | None) -> bool:
    """Return whether the highest score is the best."""
    return search is not None and (not isinstance(search, terms.Search) or search.metric in HIGHER)


def searched(query: Drawn, rows: list[Row], every: list[Row]) -> list[Row]:
    """Return the rows that the search of a query keeps, with their scores; *every* row of the source, filtered or not, counts for those of words."""
    search = query.search
    if (
        isinstance(search, terms.Search)
        and search.metric == "mmr"
        and not query.where
        and (query.limit or 0) > len(rows)
    ):
        raise Unanswered
    return rows if search is None else [{**row, RANK: score} for row, score in FOUND[type(search)](search, rows, every)]


def without_rank(row: Row) -> Row:
    """Return the columns of a row without the score of a search."""
    return {name: cell for name, cell in row.items() if name != RANK}


def scored(query: Drawn, row: Row) -> Row:
    """Return the score as the last output."""
    search = query.search
    return {} if search is None or search.alias is None else {search.alias: row[RANK]}


def sort_keys(query: Drawn) -> list[terms.Key]:
    """Return the sort keys, a search without a name first."""
    search = query.search
    if search is None or search.alias is not None:
        return [*query.keys]
    return [terms.Key(terms.Column(RANK), "desc" if is_best_high(search) else "asc"), *query.keys]


def descends(query: Drawn, key: terms.Key) -> bool:
    """Return whether a key descends: a bare score sorts the best first, also that of a query in FROM, and every other key ascends."""
    if key.direction is not None:
        return key.direction == "desc"
    search = _search_of(query, key.value)
    return search is not None and is_best_high(search)


def _search_of(query: Drawn, node: object) -> terms.Search | terms.Words | terms.Fused | None:
    """Return the search of which an expression is the score."""
    search = query.search
    if search is not None and node == terms.Column(search.alias or RANK):
        return search
    if not isinstance(node, terms.Column):
        return None
    made = None if node.of == "source" else dict(query.outputs).get(node.name)
    if made is not None and made != node:
        return _search_of(terms.without(query, outputs=()), made)
    return _search_of(query.source, node) if isinstance(query.source, terms.Drawn) else None


def similarity(metric: str, vector: tuple[float, ...], cell: Any) -> Rounded:
    """Return the score of a vector."""
    if cell is None:
        raise Unanswered
    return Rounded(METRICS[metric](cell.astype("f8"), np.array(vector, "f4").astype("f8")))


def _by_vector(search: terms.Search, rows: list[Row], _every: list[Row]) -> list[tuple[Row, Rounded]]:
    """Return all rows; where it is not documented which are the first, all are as close."""
    if not search.is_certain:
        return [(row, Rounded(0.0)) for row in rows]
    scores = [similarity(search.metric, search.vector, row[search.column]) for row in rows]
    order = sorted(range(len(rows)), key=scores.__getitem__)
    for places in _runs(order, scores):
        if len({rows[place][search.column].tobytes() for place in places}) > 1:
            for place in places:
                scores[place] = Blurred(scores[place])
    return list(zip(rows, scores, strict=True))


def _runs(order: list[int], scores: list[Rounded]) -> Iterator[list[int]]:
    """Yield the places of scores, in their order, those together that are near to the one before."""
    run = order[:1]
    for one, two in itertools.pairwise(order):
        if not near(scores[one], scores[two]):
            yield run
            run = []
        run.append(two)
    yield run


def _by_words(search: terms.Words, rows: list[Row], every: list[Row]) -> list[tuple[Row, Rounded]]:
    """Return the rows with one of the words, with their BM25 scores; the documents that have a word are counted among the rows that WHERE keeps."""
    mean = sum(len(row[search.column].split()) for row in every) / max(1, len(every))
    found = [(row, row[search.column].split()) for row in rows]
    rarity = {word: _rarity(sum(word in text for _, text in found), len(every)) for word in search.words.split()}
    return [(row, _relevance(text, rarity, mean)) for row, text in found if rarity.keys() & set(text)]


def _rarity(having: int, count: int) -> float:
    """Return the weight of a word that some of the documents have: the fewer, the higher."""
    return math.log(1 + (count - having + 0.5) / (having + 0.5))


def _relevance(text: list[str], rarity: dict[str, float], mean: float) -> Relevance:
    """Return the BM25 score of a document of words."""
    damped = SATURATION * (1 - LENGTH + LENGTH * len(text) / mean)
    counts = {word: text.count(word) for word in rarity}
    return Relevance(sum(rarity[word] * n * (SATURATION + 1) / (n + damped) for word, n in counts.items()))


def _by_ranks(search: terms.Fused, rows: list[Row], _every: list[Row]) -> list[tuple[Row, Rounded]]:
    """Return the rows that are among the candidates of a search, with the sums of their reciprocal ranks; no row has the words."""
    scores: dict[int, float] = {}
    weights = search.weights or (1.0,) * len(search.vectors)
    for weight, vector in zip(weights, search.vectors, strict=False):
        for rank, place in enumerate(_ranked(search, vector, rows), 1):
            scores[place] = scores.get(place, 0.0) + weight / (search.k + rank)
    return [(rows[place], Rounded(score)) for place, score in scores.items()]


def _ranked(search: terms.Fused, vector: tuple[float, ...], rows: list[Row]) -> list[int]:
    """Return the places of the candidates, the closest first; their ranks have to be certain."""
    found = [similarity("cosine", vector, row[search.column]) for row in rows]
    order = sorted(range(len(rows)), key=lambda place: -found[place])
    if any(near(found[one], found[two]) for one, two in itertools.pairwise(order[: search.candidates + 1])):
        raise Undecided
    return order[: search.candidates]


FOUND: dict[type, Callable[[Any, list[Row], list[Row]], list[tuple[Row, Rounded]]]] = {
    terms.Search: _by_vector,
    terms.Words: _by_words,
    terms.Fused: _by_ranks,
}
