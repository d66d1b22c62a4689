"""Advice on searches of the builder and of texts: a limit that takes the first rows, or the farthest."""

from __future__ import annotations

import pytest

from tql import Query, asc, check, col, desc, fn, select

VECTOR = [0.5, 1.0]
SEARCH = select("id").similarity("e", VECTOR)
HYBRID = select("id").hybrid(vector=("e", VECTOR), text=("t", "a"))


def codes(query: str | Query) -> list[str]:
    """Return the codes of the advice on the order of a search."""
    return [found.code for found in check(query) if found.code in {"TQL501", "TQL531"}]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(SEARCH.limit(3), id="no order"),
        pytest.param(SEARCH.order_by("id").limit(3), id="another key"),
        pytest.param(SEARCH.where(col("score") > 0.5).limit(3), id="a threshold"),
        pytest.param(select().from_(SEARCH).limit(3), id="the limit outside"),
        pytest.param(select().from_(SEARCH.limit(3)).order_by("score"), id="the order after the limit"),
        pytest.param(SEARCH.distinct().limit(3), id="distinct"),
        pytest.param(select("id").similarity("e", VECTOR, metric="l1").limit(3), id="l1"),
        pytest.param(select("id").similarity("e", [1, 2], metric="hamming").limit(3), id="hamming"),
        pytest.param(HYBRID.limit(3), id="hybrid"),
        pytest.param(HYBRID.order_by("id").limit(3), id="hybrid with another key"),
        pytest.param(HYBRID.where(col("score") > 0.01).limit(3), id="hybrid with a threshold"),
        pytest.param(select().from_(HYBRID).limit(3), id="hybrid with the limit outside"),
        pytest.param(
            select("id").hybrid(vector=("e", VECTOR), text=("t", "a"), exact=True, as_="near").limit(3),
            id="exact hybrid",
        ),
        pytest.param("select id, l2_norm(e - ARRAY[0.5,1.0]) as far from D limit 3", id="text"),
    ],
)
def test_a_limit_without_the_order_of_the_score(query: str | Query) -> None:
    """It takes the first rows, not the nearest."""
    assert codes(query) == ["TQL531"]


@pytest.mark.parametrize("metric", ["l2", "l1", "linf", "hamming"])
def test_the_farthest_rows_first(metric: str) -> None:
    """A distance in descending order puts the farthest rows first, in every form that the builder writes."""
    found = select("id").similarity("e", [1, 2], metric=metric)

    assert codes(found.order_by(desc("score")).limit(3)) == ["TQL501"]
    assert codes(found.order_by("score").limit(3)) == []
    assert codes(found.order_by(asc("score")).limit(3)) == []


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(SEARCH.order_by("score").limit(3), id="sorted"),
        pytest.param(SEARCH.order_by("score", "id").limit(3), id="more keys"),
        pytest.param(SEARCH.order_by("id", "score").limit(3), id="the second key"),
        pytest.param(SEARCH, id="no limit"),
        pytest.param(SEARCH.order_by("score").limit(3, per="id"), id="limit per"),
        pytest.param(select(final=col("score") * 0.7).from_(SEARCH).order_by(desc("final")).limit(3), id="computed"),
        pytest.param(select().from_(SEARCH.order_by("score").limit(9)).order_by("id").limit(3), id="the nearest by id"),
        pytest.param(select("id").similarity("e", VECTOR, as_=None).limit(3), id="a key"),
        pytest.param(HYBRID.order_by("score").limit(3), id="hybrid"),
        pytest.param(HYBRID.order_by("score", "id").limit(3), id="hybrid with more keys"),
        pytest.param(HYBRID, id="hybrid without a limit"),
        pytest.param(
            "select * from ((select id, 1.0 / (row_number() + 1) as w from (select id from D order by id)) union all (select id, 2.0 as w from D)) limit 3",
            id="reciprocal ranks of no search",
        ),
        pytest.param(select("id").order_by(fn.l2_norm("e")).limit(3), id="no vector to search for"),
        pytest.param("select id, l2_norm(e) as length from D limit 3", id="the length of a vector"),
    ],
)
def test_other_limits(query: str | Query) -> None:
    """A sort key reads the score, or nothing is searched for."""
    assert "TQL531" not in codes(query)
