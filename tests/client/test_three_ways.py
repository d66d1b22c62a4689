"""The same search over HTTP in both forms, in this process and by numpy returns the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tql import col
from tql_client.cli import demo

if TYPE_CHECKING:
    from tql_client import Client
    from tql_client.results.result import Result


def by_numpy(data: demo.Data, number: int, among: list[int]) -> list[tuple[str, str, str, float]]:
    """Return the five docstrings with the highest cosine similarity, computed in float64."""
    embeddings = data.embeddings[among].astype(np.float64)
    vector = data.vectors[number].astype(np.float64)
    scores = embeddings @ vector / (np.linalg.norm(embeddings, axis=1) * np.linalg.norm(vector))
    best = np.argsort(-scores, kind="stable")[:5]
    rows = [data.docstrings[among[place]] for place in best]
    return [
        (str(row["module"]), str(row["name"]), str(row["text"]), float(scores[place]))
        for row, place in zip(rows, best, strict=True)
    ]


def assert_same(result: Result, expected: list[tuple[str, str, str, float]]) -> None:
    """Compare names, order and scores."""
    assert list(result.names) == ["module", "name", "text", "score"]
    assert [(row["module"], row["name"], row["text"]) for row in result] == [row[:3] for row in expected]
    np.testing.assert_allclose(result["score"], [row[3] for row in expected], rtol=0, atol=1e-6)


@pytest.mark.parametrize("number", range(24))
def test_a_question_has_the_same_rows_three_ways(data: demo.Data, http: Client, embedded: Client, number: int) -> None:
    """The search over all rows is the same in all ways."""
    query = demo.nearest(data.vectors[number])
    expected = by_numpy(data, number, list(range(len(data.docstrings))))

    assert_same(http.query(query, as_list=True), expected)
    assert_same(http.query(query, as_list=False), expected)
    assert_same(embedded.query(query), expected)
    assert http.query(query).rows == http.query(query, as_list=False).rows == embedded.query(query).rows


@pytest.mark.parametrize("number", [1, 5, 23])
def test_a_filtered_question_has_the_same_rows_three_ways(
    data: demo.Data, http: Client, embedded: Client, number: int
) -> None:
    """The search over the rows of one module is the same in all ways."""
    query = demo.nearest(data.vectors[number]).where(col("module") == "os.path")
    among = [place for place, row in enumerate(data.docstrings) if row["module"] == "os.path"]
    expected = by_numpy(data, number, among)

    assert_same(http.query(query, as_list=True), expected)
    assert_same(http.query(query, as_list=False), expected)
    assert_same(embedded.query(query), expected)
