"""Random queries on random data: the engine's rows are those of a pure Python reference."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine import TYPES, dataset, run
from tests.tql import meaning
from tql import asc, col, select

if TYPE_CHECKING:
    from tests.tql.meaning import Condition, Row, Sort

names = (f"meaning{number}" for number in itertools.count())
# Random queries of a run: 1,000 by default, a seventh of them for each kind.
several = settings(
    max_examples=int(os.environ.get("TQL_QUERIES", "1000")) // 7,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def made(rows: list[Row]) -> Any:
    """Return a dataset of numbered rows."""
    return dataset(
        next(names), {"id": "int64", **meaning.KINDS}, [{"id": number, **row} for number, row in enumerate(rows)]
    )


@several
@given(
    rows=st.lists(meaning.rows, min_size=1, max_size=12),
    conditions=st.lists(meaning.conditions, min_size=1, max_size=3),
)
def test_where_keeps_the_rows_for_which_the_condition_holds(rows: list[Row], conditions: list[Condition]) -> None:
    """Every condition means what the same condition means in Python, for each row and each column type."""
    data = made(rows)
    for condition, holds in conditions:
        query = select("id").where(condition)

        assert [number for number, row in enumerate(rows) if holds(row)] == [
            row["id"] for row in run(data, str(query))
        ], str(query)


@several
@given(
    rows=st.lists(meaning.rows, min_size=1, max_size=12),
    keys=meaning.sorts,
    condition=meaning.simple,
    limit=st.none() | st.integers(0, 5),
    offset=st.none() | st.integers(0, 5),
)
def test_several_keys_sort_as_python_does(
    rows: list[Row], keys: list[Sort], condition: Condition, limit: int | None, offset: int | None
) -> None:
    """Several keys sort by the first, then the second, ties in the order of the source; limit and offset cut what is sorted."""
    query = select("id").where(condition[0]).order_by(*(key for key, _, _ in keys)).limit(limit).offset(offset)
    kept = [{"id": number, **row} for number, row in enumerate(rows) if condition[1](row)]
    start = offset or 0
    expected = meaning.sorted_rows(kept, keys)[start : None if limit is None else start + limit]

    assert [{"id": row["id"]} for row in expected] == run(made(rows), str(query)), str(query)


@several
@given(
    rows=st.lists(meaning.rows, min_size=1, max_size=12),
    low=meaning.integers,
    keys=meaning.sorts,
    condition=meaning.simple,
)
def test_a_made_name_is_seen_by_where_and_order_by(
    rows: list[Row], low: int, keys: list[Sort], condition: Condition
) -> None:
    """An alias works in where and order_by, together with columns that are not selected, and only the selected columns come back."""
    query = (
        select("id", total=col("i") + col("small"))
        .where((col("total") > low) | condition[0])
        .order_by("total", *(key for key, _, _ in keys))
    )
    kept = [{"id": number, **row, "total": row["i"] + row["small"]} for number, row in enumerate(rows)]
    kept = [row for row in kept if row["total"] > low or condition[1](row)]
    expected = meaning.sorted_rows(kept, [(asc("total"), lambda row: row["total"], False), *keys])

    assert [{"id": row["id"], "total": row["total"]} for row in expected] == run(made(rows), str(query)), str(query)


METRICS: dict[str, tuple[Any, int]] = {
    "cosine": (lambda e, v: e @ v / np.linalg.norm(e, axis=1) / np.linalg.norm(v), -1),
    "dot": (lambda e, v: e @ v, -1),
    "l2": (lambda e, v: np.linalg.norm(e - v, axis=1), 1),
    "l1": (lambda e, v: np.abs(e - v).sum(axis=1), 1),
    "linf": (lambda e, v: np.abs(e - v).max(axis=1), 1),
}


@pytest.mark.parametrize("metric", METRICS)
def test_a_similarity_search_is_numpy_s(metric: Any) -> None:
    """Scores and order of each metric are those of numpy, the closest first, with limit, offset and a condition."""
    score, sign = METRICS[metric]
    generator = np.random.default_rng(7)
    embeddings = generator.normal(size=(60, 8)).astype("f4")
    data = dataset(
        next(names),
        {"id": "int64", "e": TYPES.Embedding(8)},
        [{"id": number, "e": row} for number, row in enumerate(embeddings)],
    )
    for vector in generator.normal(size=(10, 8)).astype("f4"):
        query = (
            select("id")
            .where(col("id") % 3 != 0)
            .similarity("e", vector, metric=metric)
            .order_by("score")
            .limit(7)
            .offset(2)
        )
        scores = score(embeddings.astype("f8"), vector.astype("f8"))
        order = [number for number in np.argsort(sign * scores, kind="stable") if number % 3 != 0][2:9]
        found = run(data, str(query))

        assert order == [row["id"] for row in found]
        assert np.allclose(scores[order], [row["score"] for row in found], atol=1e-5)
