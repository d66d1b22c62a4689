"""Whole calls: a query of the builder from `Client.query` to its rows or frame, compared with the engine in this process that is given an expert's text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from tests.benchmarks import whole_data
from tests.benchmarks.case import Case, paired
from tests.benchmarks.whole_data import client, clustered, documents, numbers, read, sized, vectors
from tql import col, fn, select
from tql_client import connect
from tql_client.results.result import Result
from tql_client.server.local import serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql import Query

# The ratio of a whole call to the engine, and a fixed time for the call.
MOST, ALLOWANCE = 1.15, 0.0003
# The ratio of a frame to what pandas, polars or Arrow need for the engine's arrays, and a fixed time for two columns.
MOST_FRAME, FRAME_ALLOWANCE = 1.3, 0.0001
# The seconds that a small query of the local server may take more than one in process.
MOST_SERVED = 0.0015
LARGE = 200_000


class Whole(NamedTuple):
    """
    A query of the builder, and what an expert would write for the engine.

    Attributes:
        path: the path of the dataset.
        query: the query.
        text: the expert's text.
        is_tied: whether rows tie where a ranking is cut, so that only the number of rows agrees.
    """

    path: str
    query: Query
    text: str
    is_tied: bool = False

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of the client."""
        return client(self.path).query(self.query).rows

    def read_rows(self) -> list[dict[str, Any]]:
        """Return the rows of the engine, as an expert makes them of its columns."""
        columns = read(self.path, self.text)
        values = [column.tolist() if hasattr(column, "tolist") else column for column in columns.values()]
        return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]

    def agrees(self) -> bool:
        """Return whether both ways have the same rows; the order of groups and joins is free."""
        ours, theirs = self.rows(), self.read_rows()
        return len(ours) == len(theirs) if self.is_tied else _sorted(ours) == _sorted(theirs)


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    """Return rows as sorted texts; floats with 5 digits, as sums of another order differ in the last ones, and float32 has shorter digits."""
    return sorted(
        repr([f"{value:.5g}" if isinstance(value, float) else value for value in row.values()]) for row in rows
    )


def searched() -> Whole:
    """Return the ten nearest of 100,000 vectors with a built index."""
    vector = clustered()[7] + np.float32(0.01)
    query = select("id").similarity("e", vector).order_by("score").limit(10)
    score = f"cosine_similarity(e, ARRAY[{','.join(map(repr, vector.tolist()))}])"
    return Whole(vectors(), query, f"select * from (select id, {score} as score) order by score desc limit 10")


def few_searched() -> Whole:
    """Return the five nearest of 1,694 vectors."""
    vector = np.linspace(-1, 1, whole_data.WIDTH, dtype=np.float32)
    query = select("id", "text").similarity("e", vector).order_by("score").limit(5)
    score = f"cosine_similarity(e, ARRAY[{','.join(map(repr, vector.tolist()))}])"
    return Whole(documents(), query, f"select * from (select id, text, {score} as score) order by score desc limit 5")


def small() -> Whole:
    """Return the first ten rows."""
    return Whole(documents(), select("id", "text").limit(10), "select id, text limit 10")


def equal() -> Whole:
    """Return the row of one key of an index."""
    return Whole(numbers(), select("id").where(col("k") == 77), "select id where k = 77")


def between() -> Whole:
    """Return the rows of a range of an index."""
    return Whole(numbers(), select("id").where(col("k").between(100, 199)), "select id where k between 100 and 199")


def ordered() -> Whole:
    """Return the first rows by a number that has an index, of 300,000 different ones below 2**24."""
    return Whole(numbers(), select("id").order_by("k").limit(10), "select * from (select id order by k) limit 10")


def counted() -> Whole:
    """Return the number of rows of each of 100 groups."""
    query = select("g", n=fn.count()).group_by("g")
    return Whole(numbers(100_000), query, "select g[0] as g, shape(id)[0] as n group by g")


def summed() -> Whole:
    """Return the sum of a float64 of each of 100 groups."""
    query = select("g", s=fn.sum("price")).group_by("g")
    return Whole(numbers(100_000), query, "select g[0] as g, sum(price) as s group by g")


def three_columns() -> Whole:
    """Return 10,000 rows of two numbers and a text."""
    return Whole(numbers(), select("id", "price", "label").limit(10_000), "select id, price, label limit 10000")


def two_columns() -> Whole:
    """Return 200,000 rows of two numbers."""
    return Whole(numbers(), select("id", "price").limit(LARGE), f"select id, price limit {LARGE}")


def paged() -> Whole:
    """Return a page of rows."""
    start = sized(100_000) // 2
    return Whole(numbers(), select("id", "k").limit(100).offset(start), f"select id, k limit 100 offset {start}")


def of_json() -> Whole:
    """Return the rows whose JSON has a key of a value."""
    return Whole(
        documents(), select("id").where(col("meta")["kind"] == "query"), "select id where meta['kind'] = 'query'"
    )


def filtered() -> Whole:
    """Return the rows of two conditions on numbers."""
    query = select("id").where(col("price") < 1, col("g") == 3)
    return Whole(numbers(), query, "select id where price < 1 and g = 3")


def worded() -> Whole:
    """Return the rows whose text has a word of an index."""
    query = select("id").bm25("text", "vector").order_by("score").limit(10)
    score = "bm25_similarity(text, 'vector')"
    return Whole(documents(), query, f"select id, {score} as score order by {score} desc limit 10")


def joined() -> Whole:
    """Return the rows of a join on a number that 100 rows have."""
    path = numbers(20_000)
    left, right = {"of": "a"}, {"of": "b"}
    on = col("id", **left) == col("k", **right)
    query = select(x=col("id", **left), y=col("price", **right)).from_(path, alias="a").join(path, alias="b", on=on)
    text = f'select a.id as x, b.price as y from "{path}" as a join "{path}" as b on a.id = b.k'
    return Whole(path, query, text)


def fused() -> Whole:
    """Return the ten best rows of words and a vector, of which several have one score."""
    vector = np.linspace(-1, 1, whole_data.WIDTH, dtype=np.float32)
    query = select("id").hybrid(vector=("e", vector), text=("text", "vector"), key="id").order_by("score").limit(10)
    legs = (
        f"cosine_similarity(e, ARRAY[{','.join(map(repr, vector.tolist()))}])",
        "bm25_similarity(text, 'vector')",
    )
    union = " union all ".join(
        f"(select id, 1.0 / (61 + row_number()) as w from (select id order by {leg} desc limit 100))" for leg in legs
    )
    inner = f"select id[0] as id, sum(w) as score from ({union}) group by id"
    text = f"select * from (select * from ({inner}) order by id) order by score desc limit 10"
    return Whole(documents(), query, text, is_tied=True)


def of_rows(name: str, make: Callable[[], Whole]) -> Case:
    """Return the case of a query whose rows are wanted."""

    def both() -> tuple[Callable[[], object], Callable[[], object]]:
        whole = make()
        return whole.rows, whole.read_rows

    return Case(name, "the engine", MOST, both, lambda: make().agrees(), ALLOWANCE)


FRAMES: dict[str, tuple[Callable[[Result], Any], Callable[[dict[str, Any]], Any]]] = {
    "to_pandas": (Result.to_pandas, pd.DataFrame),
    "to_polars": (Result.to_polars, pl.DataFrame),
    "to_arrow": (Result.to_arrow, pa.table),
}


def of_frame(name: str) -> Case:
    """Return the case of a frame of 200,000 x 2 numbers, from the columns that the engine has read."""
    ours, theirs = FRAMES[name]

    def both() -> tuple[Callable[[], object], Callable[[], object]]:
        whole = two_columns()
        found, columns = client(whole.path).query(whole.query), read(whole.path, whole.text)
        return lambda: ours(Result(found._answer, found.meta)), lambda: theirs(columns)  # noqa: SLF001 - a result keeps its columns

    def agrees() -> bool:
        whole = two_columns()
        return bool(ours(client(whole.path).query(whole.query)).equals(theirs(read(whole.path, whole.text))))

    return Case(
        f"{name} of {LARGE:,} x 2 numbers",
        f"{name[3:]} of the engine's arrays",
        MOST_FRAME,
        both,
        agrees,
        FRAME_ALLOWANCE,
    )


def whole_frame(name: str) -> Case:
    """Return the case of the same frame with its query."""
    ours, theirs = FRAMES[name]

    def both() -> tuple[Callable[[], object], Callable[[], object]]:
        whole = two_columns()
        return (
            lambda: ours(client(whole.path).query(whole.query)),
            lambda: theirs(read(whole.path, whole.text)),
        )

    return Case(f"query and {name} of {LARGE:,} x 2 numbers", "the engine", MOST, both, allowance=ALLOWANCE)


def served() -> tuple[float, float, float]:
    """Return a small query of the local server, and in process."""
    whole = small()
    with serve({"documents": whole.path}) as server, connect(server.url, "documents") as http:
        text = str(whole.query)
        return paired(lambda: http.query(text).rows, lambda: client(whole.path).query(text).rows)


CASES = (
    of_rows("search of 100,000 x 384, index built", searched),
    of_rows("search of 1,694 x 384", few_searched),
    of_rows("first 10 rows", small),
    of_rows("equality on an indexed int of 300,000", equal),
    of_rows("between on an indexed int of 300,000", between),
    of_rows("order_by(indexed int).limit(10) of 300,000", ordered),
    of_rows("count per group of 100,000", counted),
    of_rows("sum of a float64 per group of 100,000", summed),
    of_rows("two conditions on numbers of 300,000", filtered),
    of_rows("10,000 rows of three columns", three_columns),
    of_rows(f"{LARGE:,} rows of two numbers", two_columns),
    of_rows("a page of 100 rows", paged),
    of_rows("a key of JSON of 1,694", of_json),
    of_rows("bm25 of 1,694", worded),
    of_rows("hybrid of 1,694", fused),
    of_rows("join of 20,000 and 20,000", joined),
    *(of_frame(name) for name in FRAMES),
    *(whole_frame(name) for name in FRAMES),
    Case("first 10 rows from tql serve", "the client in process", 1.0, served, allowance=MOST_SERVED),
)
