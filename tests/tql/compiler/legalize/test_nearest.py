"""A search takes the rows that an index of the embeddings finds, where one was built and the query has a limit; what is said to be exact, or has to be, is numpy's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest

from tests.engine import run
from tests.tql.compiler.legalize.test_schema import SEARCHES, columns_of, indexed_data
from tql import Schema, col, desc, select
from tql.compiler.compile import compile_query
from tql_grammar.explain import reasons
from tql_grammar.explain.levels import BY_INDEX

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql import Query


@pytest.fixture(scope="module")
def indexed() -> Any:
    """Return rows with built indexes."""
    return indexed_data()


# What no index answers, by what the user says or because more than the closest rows is asked for.
EXACT: dict[str, Callable[[Query, Any], Query]] = {
    **{kind: SEARCHES[kind] for kind in ("two keys", "filtered", "renamed below")},
    "score": lambda query, vector: query.similarity("e", vector, exact=True).order_by("score"),
    "no score": lambda query, vector: query.similarity("e", vector, as_=None, exact=True),
    "renamed and exact": lambda query, vector: (
        select("id").from_(query.similarity("e", vector, as_="near", exact=True)).order_by(desc("near"))
    ),
}


# Without a schema only those of which the user says so.
SAID = ("score", "no score", "renamed and exact")


@pytest.mark.parametrize(
    ("kind", "with_schema"), [*((kind, True) for kind in EXACT), *((kind, False) for kind in SAID)]
)
@pytest.mark.parametrize("offset", [0, 4])
def test_a_search_is_exact_beside_an_index(
    indexed: Any,
    kind: str,
    offset: int,
    with_schema: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """The nearest rows are numpy's, where the engine's index alone has some of them, and an OFFSET takes no rows away."""
    embeddings = indexed["e"][:]
    known = columns_of(indexed) if with_schema else {}
    missed = 0
    for vector in np.random.default_rng(5).normal(size=(5, 16)).astype("f4"):
        scores = embeddings.astype("f8") @ vector / np.linalg.norm(embeddings, axis=1)
        expected = np.argsort(-scores, kind="stable")[offset : offset + 20].tolist()
        query = EXACT[kind](select("id"), vector).limit(20).offset(offset or None)
        naive = f"select id order by cosine_similarity(e, ARRAY[{','.join(map(str, vector.tolist()))}]) desc limit 20"

        assert expected == [row["id"] for row in run(indexed, compile_query(query.statement, None, known))]
        missed += [row["id"] for row in run(indexed, naive)] != np.argsort(-scores)[:20].tolist()
    assert missed


METRICS = {"cosine": "cosine_similarity(e, {0}) desc"}


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("alias", ["score", None])
@pytest.mark.parametrize("offset", [0, 4])
@pytest.mark.parametrize("kept", [None, 3])
def test_a_search_takes_the_rows_that_an_index_finds(
    indexed: Any, metric: str, alias: str | None, offset: int, kept: int | None
) -> None:
    """They are those of the engine's own text, among the rows that `where` keeps, as many as LIMIT says behind an OFFSET, and `explain` says so."""
    schema, values = columns_of(indexed)[None], indexed["v"][:].tolist()
    for vector in np.random.default_rng(7).normal(size=(4, 16)).astype("f4"):
        base = select("id").from_("mem://x", schema=schema).similarity("e", vector, metric, as_=alias)
        query = base.when(alias, lambda found: found.order_by("score")).limit(20).offset(offset or None)
        query = query.when(kept, lambda found: found.where(col("v") == kept))
        literal = f"ARRAY[{','.join(map(str, vector.tolist()))}]"
        where = "" if kept is None else f"where v = {kept} "
        own = f"select id {where}order by {METRICS[metric].format(literal)} limit {20 + offset}"
        found = [row["id"] for row in run(indexed, str(query).replace(' from "mem://x"', ""))]

        assert found == [row["id"] for row in run(indexed, own)][offset:]
        assert len(found) == 20
        assert kept is None or {values[number] for number in found} == {kept}
        assert BY_INDEX in str(query.explain())
    base = select("id").from_("mem://x", schema=schema)
    exact = base.similarity("e", np.ones(16, "f4"), metric, as_=alias, exact=True)
    exact = exact.when(alias, lambda found: found.order_by("score")).limit(20)
    assert BY_INDEX not in str(exact.explain())
    assert reasons.EXACT_ORDER in str(exact.explain())


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("alias", ["score", None])
def test_a_distance_is_ranked_by_no_index(indexed: Any, alias: str | None, known: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """An index ranks by the cosine, so that the first rows by L2 are others; the engine's own text has these."""
    schema = columns_of(indexed)[None] if known else None
    embeddings = indexed["e"][:].astype("f8")
    missed = 0
    for vector in 3 * np.random.default_rng(11).normal(size=(4, 16)).astype("f4"):
        query = select("id").from_("mem://x", schema=schema).similarity("e", vector, metric="l2", as_=alias)
        query = query.when(alias, lambda found: found.order_by("score")).limit(10)
        literal = f"ARRAY[{','.join(map(str, vector.tolist()))}]"
        nearest = np.argsort(np.linalg.norm(embeddings - vector, axis=1), kind="stable")[:10].tolist()

        assert [row["id"] for row in run(indexed, str(query).replace(' from "mem://x"', ""))] == nearest
        own = run(indexed, f"select id order by l2_norm(e - {literal}) limit 10")
        missed += [row["id"] for row in own] != nearest
    assert missed


@pytest.mark.parametrize("exact", [False, True])
def test_the_candidates_of_a_hybrid_search_are_those_of_an_index(indexed: Any, exact: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Each ranking has the engine's own rows in their order, or with `exact` numpy's, and the scores are the sums of their reciprocal ranks."""
    embeddings = indexed["e"][:]
    words = [row["id"] for row in run(indexed, "select id order by bm25_similarity(t, 'w3') desc limit 30")]
    missed = 0
    for vector in np.random.default_rng(8).normal(size=(8, 16)).astype("f4"):
        literal = f"ARRAY[{','.join(map(str, vector.tolist()))}]"
        own = run(indexed, f"select id order by cosine_similarity(e, {literal}) desc limit 30")
        near = [row["id"] for row in own]
        scores = (embeddings.astype("f8") @ vector) / np.linalg.norm(embeddings, axis=1)
        nearest = np.argsort(-scores, kind="stable")[:30].tolist()
        expected: dict[int, float] = {}
        for ranked in (nearest if exact else near, words):
            for rank, number in enumerate(ranked, 1):
                expected[number] = expected.get(number, 0.0) + 1 / (60 + rank)
        search = select("id").hybrid(vector=("e", vector), text=("t", "w3"), candidates=30, exact=exact)
        found = run(indexed, compile_query(search.order_by("score").statement, None, columns_of(indexed)))

        assert {row["id"]: pytest.approx(row["score"]) for row in found} == expected
        missed += near != nearest
    assert missed


COUNT, LENGTH, TIMES = 20_000, 384, 7


def test_the_time_of_an_indexed_search(record_property: Callable[[str, object], None]) -> None:
    """It has the rows of the engine's own nested text; how much of its time it takes is printed, as it depends on the machine."""
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(200, LENGTH))
    embeddings = (centres[generator.integers(0, 200, COUNT)] + 0.3 * generator.normal(size=(COUNT, LENGTH))).astype(
        "f4"
    )
    data = deeplake.create("mem://nearest")
    data.indexing_mode = deeplake.IndexingMode.Always
    data.add_column("id", deeplake.types.Int64())
    data.add_column("e", deeplake.types.Embedding(LENGTH))
    data.append({"id": list(range(COUNT)), "e": embeddings})
    data.commit()
    base = select("id").from_("mem://nearest", schema=Schema.from_dataset(data))
    seconds: dict[str, list[float]] = {"own": [], "builder": [], "exact": []}
    for vector in embeddings[:4] + 0.1 * generator.normal(size=(4, LENGTH)).astype("f4"):
        literal = f"ARRAY[{','.join(map(repr, vector.tolist()))}]"
        found = base.similarity("e", vector).order_by("score").limit(10)
        texts = {
            "own": f'select * from (select id, cosine_similarity(e, {literal}) as score from "mem://nearest") order by score desc limit 10',
            "builder": str(found),
            "exact": str(base.similarity("e", vector, exact=True).order_by("score").limit(10)),
        }
        rows = {kind: [row["id"] for row in run(data, text)] for kind, text in texts.items()}
        scores = embeddings.astype("f8") @ vector / np.linalg.norm(embeddings, axis=1)

        assert rows["builder"] == rows["own"]
        assert rows["exact"] == np.argsort(-scores, kind="stable")[:10].tolist()
        for _ in range(TIMES):
            for kind, text in texts.items():
                started = time.perf_counter()
                run(data, text)
                seconds[kind].append(time.perf_counter() - started)
    own, builder, exact = (float(np.median(seconds[kind])) for kind in ("own", "builder", "exact"))
    said = f"{builder / own:.2f} of the engine's own nested text, {exact / builder:.0f} times faster than exact"
    record_property("figure", f"an indexed search of {COUNT:,} x {LENGTH}: {said}")
