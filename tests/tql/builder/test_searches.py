"""BM25, MMR and hybrid searches, compared with numpy and a reference of reciprocal rank fusion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine import run
from tql import ArgumentError, Schema, col, select
from tql.compiler.compile import compile_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql import Query

T = deeplake.types
COUNT, WIDTH = 60, 8
NAMES = ["apple", "banana", "cherry", "date", "egg"]
GENERATOR = np.random.default_rng(11)
EMBEDDINGS = GENERATOR.normal(size=(COUNT, WIDTH)).astype("f4")
TEXTS = [" ".join([*GENERATOR.choice(NAMES, size=3, replace=False), *["filler"] * number]) for number in range(COUNT)]
BYTES = GENERATOR.integers(0, 256, (COUNT, WIDTH)).astype("u1")
MATRICES = GENERATOR.normal(size=(COUNT, 3, WIDTH)).astype("f4")


@pytest.fixture(scope="module")
def data() -> Any:
    """Return rows of every kind that can be searched."""
    made = deeplake.create("mem://searches")
    kinds = {
        "id": T.Int64(),
        "big": T.Int64(),
        "name": T.Text(),
        "grp": T.Int32(),
        "t": T.Text(T.BM25),
        "e": T.Embedding(WIDTH),
        "bits": T.Array("uint8", shape=[WIDTH]),
        "m": T.Array("float32", 2),
    }
    for name, kind in kinds.items():
        made.add_column(name, kind)
    made.append(
        {
            "id": list(range(COUNT)),
            "big": [2**53 + number for number in range(COUNT)],
            "name": [f"n{number:03}" for number in range(COUNT)],
            "grp": [number % 4 for number in range(COUNT)],
            "t": TEXTS,
            "e": EMBEDDINGS,
            "bits": BYTES,
            "m": list(MATRICES),
        }
    )
    made.commit()
    return made


def words(data: Any, text: str, condition: str = "") -> list[tuple[int, float]]:
    """Return rows and scores of the plain TQL form; texts of different lengths have different scores."""
    found = run(
        data,
        f"select id, bm25_similarity(t, '{text}') as score {condition} order by bm25_similarity(t, '{text}') desc limit 60",
    )
    return [(row["id"], row["score"]) for row in found]


def test_a_search_for_words(data: Any) -> None:
    """The rows contain the word, the scores descend, and the TQL is the form that the engine supports."""
    query = select("id", "t").bm25("t", "apple").order_by("score").limit(7)
    found = run(data, str(query))

    assert str(query) == (
        "select id, t, bm25_similarity(t, 'apple') as score order by bm25_similarity(t, 'apple') desc limit 7"
    )
    assert len(found) == 7
    assert all("apple" in row["t"] for row in found)
    assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)
    assert min(row["score"] for row in found) > 0


FORMS: dict[str, tuple[Callable[[Query], Query], Callable[[list[tuple[int, float]]], list[Any]]]] = {
    "renamed": (
        lambda query: query.bm25("t", "apple", as_="near").order_by("near").limit(9),
        lambda rows: [{"id": row, "near": score} for row, score in rows[:9]],
    ),
    "offset": (
        lambda query: query.bm25("t", "apple").order_by("score").limit(5).offset(3),
        lambda rows: [{"id": row, "score": score} for row, score in rows[3:8]],
    ),
    "beyond the end": (
        lambda query: query.bm25("t", "apple").order_by("score").limit(1000),
        lambda rows: [{"id": row, "score": score} for row, score in rows],
    ),
    "no score": (
        lambda query: query.bm25("t", "apple", as_=None).limit(4),
        lambda rows: [{"id": row} for row, _ in rows[:4]],
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_search_for_words(data: Any, form: str) -> None:
    """Another name, an offset, no score: the rows and scores of the engine's own form."""
    build, expected = FORMS[form]

    assert expected(words(data, "apple")) == run(data, str(build(select("id"))))


def test_a_condition_of_a_search_for_words(data: Any) -> None:
    """Conditions apply before the limit."""
    query = select("id").where(col("grp") == 1).bm25("t", "banana").order_by("score").limit(60)
    with_word = {number for number in range(COUNT) if number % 4 == 1 and "banana" in TEXTS[number]}

    assert with_word == {row["id"] for row in run(data, str(query))}


REFUSED = [
    pytest.param(lambda: select("id").bm25("t", "a").order_by("score"), "takes a limit", id="no limit"),
    pytest.param(lambda: select("id").bm25("t", "a").limit(3), "its score as the only key of order_by", id="no order"),
    pytest.param(lambda: select("id").bm25("t", "a").order_by("score", "id").limit(3), "only key", id="two keys"),
    pytest.param(lambda: select("score").bm25("t", "a", as_="s").order_by("s").limit(3), "no other column", id="score"),
    pytest.param(
        lambda: select("id").bm25("t", "a").where(col("score") > 1).order_by("score").limit(3),
        "conditions on columns of the source only",
        id="condition on the score",
    ),
    pytest.param(lambda: select("id").bm25("t", "  "), "takes the words to look for", id="no words"),
    pytest.param(lambda: select("id").similarity("e", [1.0], metric="mmr"), "pass as_=None", id="score of mmr"),
    pytest.param(
        lambda: select("id").similarity("e", [1.0], metric="mmr", as_=None, exact=True), "one way", id="exact mmr"
    ),
    pytest.param(
        lambda: select("id").similarity("e", [1.0], exact="yes"),  # type: ignore[arg-type]  # what is refused
        "True or False",
        id="exact that is no bool",
    ),
    pytest.param(lambda: select().hybrid(vector=("e", [1.0]), text=("t", "a")), "columns by name", id="hybrid of *"),
    pytest.param(lambda: select("id").hybrid(vector=[], text=("t", "a")), "two rankings or more", id="one ranking"),
]


@pytest.mark.parametrize(("made", "rule"), REFUSED)
def test_what_has_no_form_is_refused(made: Callable[[], Query], rule: str) -> None:
    """An unsupported search raises an ArgumentError."""
    with pytest.raises(ArgumentError) as caught:
        str(made())

    assert rule in str(caught.value)


def test_a_diverse_ranking(data: Any) -> None:
    """The first row is the closest one, and no row is duplicated."""
    for vector in GENERATOR.normal(size=(5, WIDTH)).astype("f4"):
        found = [row["id"] for row in run(data, str(select("id").similarity("e", vector, "mmr", as_=None).limit(6)))]

        nearest = int(np.argmax(EMBEDDINGS @ vector / np.linalg.norm(EMBEDDINGS, axis=1)))
        assert nearest == found[0]
        assert len(set(found)) == 6


def test_the_distance_of_bits(data: Any) -> None:
    """The score is the number of different bits, closest first."""
    vector = BYTES[7]
    found = run(data, str(select("id").similarity("bits", vector, "hamming").order_by("score").limit(10)))

    distances = np.unpackbits(BYTES ^ vector, axis=1).sum(axis=1)
    order = np.argsort(distances, kind="stable")[:10]
    assert [{"id": int(row), "score": int(distances[row])} for row in order] == found


def test_the_similarity_of_matrices(data: Any) -> None:
    """The score is the sum of the largest cosine similarity of each row of the query matrix."""
    query_rows = GENERATOR.normal(size=(2, WIDTH)).astype("f4")
    found = run(data, str(select("id").similarity("m", query_rows, "maxsim").order_by("score").limit(10)))

    unit = MATRICES / np.linalg.norm(MATRICES, axis=2, keepdims=True)
    wanted = query_rows / np.linalg.norm(query_rows, axis=1, keepdims=True)
    scores = np.einsum("nid,jd->nij", unit.astype("f8"), wanted.astype("f8")).max(axis=1).sum(axis=1)
    order = np.argsort(-scores, kind="stable")[:10]
    assert order.tolist() == [row["id"] for row in found]
    assert np.allclose(scores[order], [row["score"] for row in found], atol=1e-5)


def nearest_first(vector: np.ndarray[Any, Any], group: int | None) -> list[int]:
    """Return the rows of a group, or all, by their cosine similarity to a vector."""
    kept = [row for row in range(COUNT) if group is None or row % 4 == group]
    return sorted(kept, key=lambda row: -(EMBEDDINGS[row] @ vector) / np.linalg.norm(EMBEDDINGS[row]))


def with_words(data: Any, text: str, group: int | None) -> list[int]:
    """Return the rows of a group, or all, that have one of some words, by their BM25 score."""
    return [row for row, _ in words(data, text, "" if group is None else f"where grp = {group}")]


def fused(rankings: list[list[int]], weights: list[float], k: int) -> dict[int, float]:
    """Return the score of each row: the sum of weight / (k + rank) over the rankings that have it."""
    scores: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, row in enumerate(ranking, 1):
            scores[row] = scores.get(row, 0.0) + weight / (k + rank)
    return scores


legs = st.tuples(st.integers(1, 2), st.integers(0, 2)).filter(lambda pair: sum(pair) > 1)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    number=legs,
    seed=st.integers(0, 10_000),
    key=st.sampled_from(["id", "name", "big"]),
    k=st.sampled_from([0, 1, 60]),
    candidates=st.sampled_from([3, 10, 100]),
    group=st.none() | st.integers(0, 3),
    limit=st.integers(1, 20),
    weighted=st.booleans(),
)
def test_a_fusion_has_the_scores_of_reciprocal_ranks(  # noqa: PLR0913, PLR0917 - each is drawn on its own
    data: Any,
    number: tuple[int, int],
    seed: int,
    key: str,
    k: int,
    candidates: int,
    group: int | None,
    limit: int,
    weighted: bool,  # noqa: FBT001 - drawn
) -> None:
    """The sum of weight / (k + rank) over the rankings that have a row, ties by the key, with conditions on every ranking."""
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(number[0], WIDTH)).astype("f4")
    texts = generator.choice(NAMES, number[1], replace=False).tolist()
    weights = generator.integers(1, 5, sum(number)).astype(float).tolist() if weighted else None
    rankings = [
        *(nearest_first(vector, group) for vector in vectors),
        *(with_words(data, text, group) for text in texts),
    ]
    scores = fused([ranking[:candidates] for ranking in rankings], weights or [1.0] * len(rankings), k)

    query = select("id", "t", *{key} - {"id"})
    query = query.hybrid(
        vector=[("e", vector) for vector in vectors],
        text=[("t", text) for text in texts],
        weights=weights,
        key=key,
        k=k,
        candidates=candidates,
    ).order_by("score")
    query = query.limit(limit) if group is None else query.where(col("grp") == group).limit(limit)
    found = run(data, compile_query(query.statement, None, {None: Schema.from_dataset(data)}))

    # Two sums of the same numbers in another order may differ in their last digit: which of two such rows is first depends on it.
    given = [(-row["score"], row["id"]) for row in found]
    assert given == sorted(given)
    assert np.allclose([scores[row["id"]] for row in found], [row["score"] for row in found], atol=1e-9)
    assert np.allclose(sorted(scores.values(), reverse=True)[:limit], [row["score"] for row in found], atol=1e-9)
    assert list(found[0])[-1] == "score"
    assert all(row["t"] == TEXTS[row["id"]] for row in found)


def test_a_fusion_names_the_key_that_is_missing(data: Any) -> None:
    """With a schema, the message about the key names the column and `key=`."""
    query = select("id").hybrid(vector=("e", EMBEDDINGS[0]), text=("t", "apple"), key="nope").order_by("score").limit(3)

    with pytest.raises(ArgumentError, match=r"key="):
        compile_query(query.statement, None, {None: Schema.from_dataset(data)})


def test_hybrid_of_a_question_without_words(data: Any) -> None:
    """The empty text, blanks and punctuation find nothing: the vector alone ranks the rows."""
    found = {}
    for words in ("", " ", "?!"):
        query = select("id").hybrid(vector=("e", EMBEDDINGS[0]), text=("t", words)).order_by("score").limit(5)
        found[words] = run(data, compile_query(query.statement, None, {None: Schema.from_dataset(data)}))
    query = select("id").similarity("e", EMBEDDINGS[0]).order_by("score").limit(5)
    closest = run(data, compile_query(query.statement, None, {None: Schema.from_dataset(data)}))

    assert found[""] == found[" "] == found["?!"]
    assert [row["id"] for row in found[""]] == [row["id"] for row in closest]


def test_hybrid_of_vectors_only(data: Any) -> None:
    """Two vectors are two rankings: the words may be left out, and the scores are the sums of the reciprocal ranks."""
    one, two = EMBEDDINGS[0], EMBEDDINGS[1]
    query = select("id").hybrid(vector=[("e", one), ("e", two)], exact=True, candidates=COUNT)
    expected = np.zeros(COUNT)
    for vector in (one, two):
        closeness = EMBEDDINGS @ vector / (np.linalg.norm(EMBEDDINGS, axis=1) * np.linalg.norm(vector))
        expected[np.argsort(-closeness)] += 1 / (61 + np.arange(COUNT))

    rows = run(data, str(query.order_by("score").limit(3)))

    assert str(query) == str(
        select("id").hybrid(vector=[("e", one), ("e", two)], text=[], exact=True, candidates=COUNT)
    )
    assert [row["id"] for row in rows] == [int(place) for place in np.argsort(-expected, kind="stable")[:3]]
    assert [row["score"] for row in rows] == pytest.approx(sorted(expected)[::-1][:3])
