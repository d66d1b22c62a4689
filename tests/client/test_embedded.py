"""Results of the engine in this process that it fails to read, or misreads, as a whole."""

from __future__ import annotations

from typing import Any

import deeplake
import numpy as np
import pytest

from tests.engine import dataset
from tql import Query, col, fn, select
from tql_client import Client, connect

NOTES: list[dict[str, Any]] = [{"n": 3, "s": "x"}, {"n": 1.5}, {"n": -2, "s": "y"}, {"n": 1.5, "s": "z"}]


@pytest.fixture(scope="module")
def notes() -> Client:
    """Return a client of a dataset in memory with JSON, and weights of which none is above 0."""
    rows = [{"id": number, "m": note, "w": 0, "t": "a"} for number, note in enumerate(NOTES)]
    KEPT.append(dataset("embedded_notes", {"id": "int64", "m": "json", "w": "int64", "t": "text"}, rows))
    return connect("mem://embedded_notes")


KEPT: list[Any] = []


def test_numbers_of_json_of_two_types(notes: Client) -> None:
    """Read as a whole, 1.5 after 3 is the integer with its bits."""
    assert [row["x"] for row in notes.query(select(x=col("m")["n"])).rows] == [note["n"] for note in NOTES]
    grouped = notes.query(select(x=col("m")["n"], c=fn.count()).group_by("x")).rows
    assert {row["x"]: row["c"] for row in grouped} == {3: 1, 1.5: 2, -2: 1}


def test_the_engine_misreads_them_as_a_whole() -> None:
    """A newer engine that reads them right is noticed here."""
    view: Any = deeplake.query("select m['n'] as x from \"mem://embedded_notes\"")
    assert view["x"][:].tolist()[1] == 4609434218613702656


@pytest.mark.parametrize(
    "query",
    [
        select("id", x=col("m")),
        select("id", x=col("m")["s"]),
        select("id", x=col("m")["n"] * 2).where(col("m")["n"].is_not_null()),
        select("id", x=fn.keys("m")),
        select("id", x=col("t")),
        select("id", x=fn.data("t", 1)),
    ],
)
def test_a_column_without_rows(notes: Client, query: Query) -> None:
    """The names come back, and no error."""
    result = notes.query(query.where(col("id") > 9))
    assert (result.rows, result.names) == ([], ("id", "x"))


def test_groups_without_rows(notes: Client) -> None:
    """Keys of JSON too."""
    query = select(s=col("m")["s"], n=fn.count()).where(col("id") > 9).group_by("s")
    assert notes.query(query).rows == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (select("id").sample_by("w"), ("id",)),
        (select("id", "t").sample_by("w", replace=False, limit=2), ("id", "t")),
        (select("id").where(col("id") > 9).sample_by(col("id") + 1), ("id",)),
        (select().sample_by("w").order_by("id").limit(3), ("id", "m", "w", "t")),
    ],
)
def test_a_sample_of_no_rows_is_empty(notes: Client, query: Query, names: tuple[str, ...]) -> None:
    """Where no row has a weight above 0 the engine would never end."""
    result = notes.query(query)
    assert (result.rows, result.names) == ([], names)


# Of 3,000 reads of two or three rows as a whole, one to three had values that the engine left unset.
READS = 4_000


@pytest.mark.parametrize("count", [2, 3])
def test_dot_of_few_rows(count: int) -> None:
    """Each read has the products of numpy; the engine leaves some values of two or three rows unset if it reads them as a whole."""
    vectors = np.arange(4 * count, dtype=np.float64).reshape(count, 4)
    rows = [{"id": number, "a": vector.tolist()} for number, vector in enumerate(vectors)]
    KEPT.append(
        dataset(
            f"embedded_dot_{count}", {"id": "int64", "a": deeplake.types.Array(deeplake.types.Float64(), [4])}, rows
        )
    )
    with connect(f"mem://embedded_dot_{count}") as client:
        query = select(s=fn.dot("a", [1, 2, 3, 4]))
        answers = {tuple(client.query(query)["s"]) for _ in range(READS)}
    assert answers == {tuple((vectors @ np.array([1, 2, 3, 4])).tolist())}
