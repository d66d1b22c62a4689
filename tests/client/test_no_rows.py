"""Samples that are drawn from no rows, which the engine fails to draw, and queries that the engine fails: the client answers, and goes on to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tql import Query, col, fn, select
from tql_client import Client, connect, serve
from tql_client.datasets import write
from tql_client.errors import APIError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS: dict[str, Any] = {"id": [1, 2, 3, 3], "k": ["x", "y", "x", "x"]}
NONE = select("id", "k").where(col("id") > 9).sample_by("id")
# Each with its rows: those of a sample of nothing.
QUERIES: dict[str, tuple[Query, list[dict[str, Any]]]] = {
    "plain": (NONE, []),
    "without replacement": (select("id").where(col("id") > 9).sample_by("id", replace=False, limit=2), []),
    "percent": (select("id").where(col("id") > 9).sample_by("id", percent=50), []),
    "all columns": (select().where(col("id") > 9).sample_by("id").limit(2), []),
    "of an alias": (select("id", w=col("id") * 2).where(col("w") > 99).sample_by("w"), []),
    "sorted": (NONE.order_by("k", "id").limit(3).offset(1), []),
    "grouped": (select("k", n=fn.count()).from_(NONE).group_by("k"), []),
    "filtered": (select("id").from_(NONE).where(col("k") == "x"), []),
    "of a sample": (select("id").from_(NONE).sample_by("id"), []),
    "in a set": (select("id", "k").where(col("id") == 1).union_all(NONE), [{"id": 1, "k": "x"}]),
    "of a set": (select("id").from_(NONE.intersect(select("id", "k"))), []),
}


@pytest.fixture(params=["embedded", "served"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """Clients of the same rows: of the engine in this process, and of a server, whose columns are unknown."""
    path = write(ROWS, str(tmp_path / "rows"))
    if request.param == "embedded":
        with connect(path, dataset="hub://o/d") as opened:
            yield opened
        return
    with (
        serve({"hub://o/d": path}, token="t") as server,  # noqa: S106 - of this test's own server
        connect(server.url, dataset="hub://o/d", token="t") as opened,  # noqa: S106 - the same
    ):
        yield opened


@pytest.mark.parametrize("name", QUERIES)
def test_a_sample_of_no_rows(client: Client, name: str) -> None:
    """It has no rows, and the columns of any other sample."""
    query, rows = QUERIES[name]
    found = client.query(query)

    assert found.rows == rows
    assert found.names


def test_samples_of_several_operands(client: Client) -> None:
    """One of them may have rows, which the error does not say, so the engine's error is raised."""
    some = select("id", "k").where(col("id") == 1).sample_by("id")

    with pytest.raises(APIError, match="sample empty"):
        client.query(some.union_all(NONE))


def test_a_text_that_samples_no_rows(client: Client) -> None:
    """It has no rows either: no column of a result without rows is read."""
    assert client.query("select id where id > 9 sample by id").rows == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("select distinct id", 4),
        ("select id, k order by k, id", 4),
        ("(select id) union (select id)", 8),
        ("select id where id in (select id)", 0),
        ('select distinct id from "hub://o/d"', 4),
        ("select id from (select distinct id)", 4),
    ],
)
def test_ignored_findings_keep_the_dataset(client: Client, text: str, count: int) -> None:
    """A text with findings reads the dataset of the client where it names none."""
    assert len(client.query(text, on_findings="ignore")) == count


def test_a_client_answers_after_an_error_of_the_engine(client: Client) -> None:
    """An error of an ignored finding, or of a text that is no TQL, changes nothing for the next query."""
    for text in ("select nix", "select id where", "select id where id = null"):
        with pytest.raises(APIError):
            client.query(text, on_findings="ignore")

        assert len(client.query("select distinct id", on_findings="ignore")) == 4
        assert len(client.query(select("id"))) == 4


def test_the_text_of_an_ignored_finding(tmp_path: Path) -> None:
    """FROM is added, and a text that is not TQL is sent unchanged."""
    with connect("https://example.org/query", dataset="d", anonymous=True) as client:
        assert client.compile("select distinct id", on_findings="ignore") == "select distinct id from d"
        assert client.compile("select id where", on_findings="ignore") == "select id where"
    with connect(write(ROWS, str(tmp_path / "d"))) as client:
        assert client.compile("select distinct id", on_findings="ignore") == "select distinct id"
