"""
Sort and group keys of every numeric type are exact with a schema, where the engine compares them as float32.

Random queries over keys that lie close together: epoch seconds and milliseconds, prices, ids above 2**24, 2**32, 2**53 and 2**63, negative numbers, halves, NaN and nulls.
Their rows are those of Python, which compares numbers by value.
"""

from __future__ import annotations

import functools
import os
import random
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from tests.engine import TYPES, dataset, run
from tql import ArgumentError, Query, Schema, asc, col, desc, fn, select
from tql.compiler.compile import compile_query
from tql_client import connect, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tql import Expr

    Row = dict[str, Any]

# Random queries of a run.
QUERIES = int(os.environ.get("TQL_QUERIES", "700"))
ROWS = 90
T = TYPES
KINDS: dict[str, Any] = {
    "id": T.Int64(),
    "seconds": T.Int64(),
    "millis": T.Int64(),
    "price": T.Float64(),
    "number": T.Int32(),
    "unsigned": T.UInt32(),
    "order": T.Int64(),
    "snowflake": T.Int64(),
    "hash": T.UInt64(),
    "share": T.Float64(),
    "half": T.Float32(),
    "tiny": T.Float16(),
    "code": T.Int16(),
    "indexed": T.Int64(T.Inverted),
    "paid": T.Nullable(T.Int64()),
    "cost": T.Nullable(T.Float64()),
    "token": T.Nullable(T.UInt64()),
    "word": T.Text(),
}
NAN = float("nan")


def near(*centres: int, spread: int = 3) -> Callable[[random.Random], int]:
    """Return a strategy of numbers close to some others."""
    return lambda draw: draw.choice(centres) + draw.randint(-spread, spread)


VALUES: dict[str, Callable[[random.Random], Any]] = {
    "seconds": near(1_700_000_000),
    "millis": near(1_700_000_000_000, -1_700_000_000_000),
    "price": lambda draw: draw.choice([1234567.85, 1234567.89, -0.01, 0.1, 1e9]) + draw.randint(-2, 2) / 100,
    "number": near(2**24, -(2**24), 2**31 - 4, -(2**31) + 3),
    "unsigned": near(2**24, 2**32 - 4, 4),
    "order": near(2**32, 2**40, -(2**32)),
    "snowflake": near(2**53, -(2**53), 2**62, 2**63 - 4, -(2**63) + 3, 0),
    "hash": near(2**53, 2**63, 2**64 - 4, 4),
    "share": lambda draw: draw.choice([NAN, 1 / 3, 1 / 3 + 1e-12, -1 / 3, -1 / 3 - 1e-15, 0.0, -0.0, 2.5, 1e17, 1e-20]),
    "half": lambda draw: draw.choice([NAN, 0.5, -0.5, 2.5, 0.0, -0.0]),
    "tiny": lambda draw: draw.choice([NAN, 0.5, -0.5, 2.5, 0.0]),
    "code": near(0),
    "indexed": near(1_700_000_000),
    "paid": lambda draw: draw.choice(
        [None, 0, 2**53, 2**53 + 1, 2**53 + 2, -(2**53) - 1, 1_700_000_001, 1_700_000_002]
    ),
    "cost": lambda draw: draw.choice([None, NAN, 0.0, 19.99, 19.990001, 1234567.85, 1234567.89, -1234567.89]),
    "token": lambda draw: draw.choice([None, 0, 2**53 + 1, 2**53, 2**63 + 1, 2**63, 2**64 - 1, 2**64 - 2]),
    "word": lambda draw: draw.choice("abc"),
}


class Value(NamedTuple):
    """
    A key, and its value in Python.

    Attributes:
        name: the column, or the name that the query gives to what it computes.
        node: what is computed, None for a column.
        of: its value for a row.
    """

    name: str
    node: Expr | None
    of: Callable[[Row], Any]


def quotient(left: float, right: float) -> float:
    """Return a quotient of float64."""
    with np.errstate(all="ignore"):
        return float(np.float64(left) / np.float64(right))


def computed(name: str, node: Any, of: Callable[[Row], Any]) -> Value:
    """Return a key that is computed."""
    return Value(name, node, of)


PLAIN = [Value(name, None, lambda row, name=name: row[name]) for name in KINDS if name != "id"]  # type: ignore[misc]  # the name is bound
COMPUTED = [
    computed("halved", col("seconds") / 2, lambda row: row["seconds"] / 2),
    computed("scaled", col("seconds") * 1000 + col("code"), lambda row: row["seconds"] * 1000 + row["code"]),
    computed("twice", col("number") + col("number"), lambda row: 2 * row["number"]),
    computed("widened", col("unsigned") * 1, lambda row: row["unsigned"]),
    computed("late", col("millis") - col("seconds"), lambda row: row["millis"] - row["seconds"]),
    computed("turned", -col("order"), lambda row: -row["order"]),
    computed("magnitude", fn.abs(col("millis")), lambda row: abs(row["millis"])),
    computed("cents", col("price") * 100, lambda row: row["price"] * 100),
    computed("huge", col("share") * 1e30, lambda row: row["share"] * 1e30),
    computed("ratio", col("price") / col("code"), lambda row: quotient(row["price"], row["code"])),
    computed("shares", col("share") + col("seconds"), lambda row: row["share"] + row["seconds"]),
    computed("hashed", col("hash") * 1.0, lambda row: float(row["hash"])),
    computed("owed", col("paid") + 1, lambda row: None if row["paid"] is None else row["paid"] + 1),
    computed("doubled", col("cost") * 2, lambda row: None if row["cost"] is None else row["cost"] * 2),
    computed("day", col("seconds") % 7, lambda row: row["seconds"] % 7),
    computed("minute", col("seconds") % 100_000_000, lambda row: row["seconds"] % 100_000_000),
    computed("recent", col("seconds") > 1_700_000_000, lambda row: row["seconds"] > 1_700_000_000),
]
KEYS = [*PLAIN, *COMPUTED]
CONDITIONS: list[tuple[Any, Callable[[Row], bool]]] = [
    (None, lambda _row: True),
    (col("code") > 0, lambda row: row["code"] > 0),
    (col("seconds") >= 1_700_000_001, lambda row: row["seconds"] >= 1_700_000_001),
    (col("word") != "a", lambda row: row["word"] != "a"),
]


class Table(NamedTuple):
    """
    A dataset with its rows.

    Attributes:
        url: where it is.
        data: the dataset.
        rows: its rows.
        inferred: whether queries are compiled with the schema that is inferred from the rows, not with that of the dataset.
    """

    url: str
    data: Any
    rows: list[Row]
    inferred: bool = False

    @property
    def schema(self) -> Schema:
        """The columns that are known to the compiler."""
        return reflected(self.url) if self.inferred else Schema.from_dataset(self.data)

    def run(self, query: Query, other: Table | None = None) -> list[Row]:
        """Return the rows of a query that is compiled with the columns of the datasets."""
        schemas: dict[str | None, Schema] = {table.url: table.schema for table in (self, other) if table is not None}
        return run(self.data, compile_query(query.statement, None, {None: schemas[self.url], **schemas}))


@functools.cache
def reflected(url: str) -> Schema:
    """Return the schema that is inferred from the rows of a dataset, as over an endpoint."""
    with serve({"d": url}, workers=0) as server, connect(server.url, "d") as client:
        return client.reflect()


def table(name: str, seed: int) -> Table:
    """Return a dataset of random rows."""
    draw = random.Random(seed)  # noqa: S311 - data, no secret
    rows = [{"id": number, **{key: value(draw) for key, value in VALUES.items()}} for number in range(ROWS)]
    rows = [{**row, "half": float(np.float32(row["half"]))} for row in rows]
    return Table(f"mem://{name}", dataset(name, KINDS, rows), rows)


@pytest.fixture(scope="module")
def first() -> Table:
    """Return a dataset."""
    return table("exact_keys_1", 1)


@pytest.fixture(scope="module")
def second() -> Table:
    """Return another one with the same columns."""
    return table("exact_keys_2", 2)


def rank(value: Any) -> tuple[int, Any]:
    """Return the sort key of a value: numbers by value, then NaN, then null."""
    if value is None:
        return 2, 0
    return (1, 0) if value != value else (0, value)  # noqa: PLR0124 - NaN


def picked(draw: random.Random, most: int, keys: Sequence[Value] = KEYS) -> list[Value]:
    """Return one to *most* keys."""
    return draw.sample(list(keys), draw.randint(1, most))


def selected(keys: Iterable[Value]) -> Query:
    """Return a query that selects keys, computed ones under their names."""
    return select(*(key.name if key.node is None else key.node.as_(key.name) for key in keys))


def cells(keys: Iterable[Value], row: Row) -> tuple[Any, ...]:
    """Return the values of keys for a row of the source."""
    return tuple(rank(key.of(row)) for key in keys)


def output_reference(keys: Iterable[Value], row: Row) -> tuple[Any, ...]:
    """Return the values of keys in a row of the result."""
    return tuple(rank(row[key.name]) for key in keys)


def sorted_by(rows: list[Row], keys: list[Value], down: list[bool]) -> list[tuple[Any, ...]]:
    """Return the values of keys in order."""
    values = [cells(keys, row) for row in rows]
    for place in reversed(range(len(keys))):
        values.sort(key=lambda value: value[place], reverse=down[place])
    return values


def kept_rows(draw: random.Random, table: Table, query: Query) -> tuple[Query, list[Row]]:
    """Return a query with a condition, and the rows for which it holds."""
    condition, holds = draw.choice(CONDITIONS)
    return (query if condition is None else query.where(condition)), [row for row in table.rows if holds(row)]


def an_order(draw: random.Random, one: Table, _two: Table) -> None:
    """Rows come in the order of one to three keys, each up or down, and are cut after that; a computed key is named or not."""
    keys = picked(draw, 3)
    down = [draw.random() < 0.5 for _ in keys]
    named = draw.random() < 0.5
    query, kept = kept_rows(draw, one, selected(keys).select("id") if named else select("id"))
    query = query.order_by(
        *(
            (desc if turned else asc)(key.name if named or key.node is None else key.node)
            for key, turned in zip(keys, down, strict=True)
        )
    )
    limit, offset = draw.choice([None, 1, 7, 40]), draw.choice([None, 3, 20])
    expected = sorted_by(kept, keys, down)[offset or 0 :][:limit]
    found = one.run(query.limit(limit).offset(offset))
    by_id = {row["id"]: row for row in kept}

    assert [cells(keys, by_id[row["id"]]) for row in found] == expected, str(query)
    assert not named or [output_reference(keys, row) for row in found] == expected, str(query)
    assert len({row["id"] for row in found}) == len(expected)


def a_group(draw: random.Random, one: Table, _two: Table) -> None:
    """Each combination of values is one group, and its largest number is exact as a key of the order."""
    keys = picked(draw, 2)
    query, kept = kept_rows(draw, one, selected(keys))
    outputs = {"n": fn.count(), "least": fn.min("id"), "most": fn.max("snowflake"), "mean": fn.mean("seconds")}
    query = query.select(**outputs).group_by(*(key.name for key in keys))
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in kept:
        groups.setdefault(cells(keys, row), []).append(row)
    expected = {
        key: (len(rows), min(row["id"] for row in rows), max(row["snowflake"] for row in rows))
        for key, rows in groups.items()
    }
    by = draw.choice(["most", "n", "mean"])
    found = one.run(query.order_by(by, "least"))

    assert len(found) == len(expected), str(query)
    assert expected == {output_reference(keys, row): (row["n"], row["least"], row["most"]) for row in found}, str(query)
    assert found == sorted(found, key=lambda row: (row[by], row["least"])), str(query)


def a_distinct(draw: random.Random, one: Table, _two: Table) -> None:
    """DISTINCT keeps one row of each combination, and no less."""
    keys = picked(draw, 2)
    query, kept = kept_rows(draw, one, selected(keys))
    found = one.run(query.distinct().order_by(keys[0].name))
    expected = {cells(keys, row) for row in kept}

    assert Counter(expected) == Counter(output_reference(keys, row) for row in found), str(query)
    assert [output_reference(keys[:1], row) for row in found] == sorted(key[:1] for key in expected), str(query)


SETS: dict[str, Callable[[Counter[Any], Counter[Any]], Counter[Any]]] = {
    "union": lambda one, two: Counter(set(one) | set(two)),
    "union_all": lambda one, two: one + two,
    "intersect": lambda one, two: Counter(set(one) & set(two)),
    "except_": lambda one, two: Counter(set(one) - set(two)),
}


def a_set(draw: random.Random, one: Table, two: Table) -> None:
    """The rows of a set operation are those of the sets of values, in the order that is asked for."""
    keys = picked(draw, 2)
    operator = draw.choice(list(SETS))
    left, of_left = kept_rows(draw, one, selected(keys))
    right, of_right = kept_rows(draw, two, selected(keys).from_(two.url))
    query = getattr(left.from_(one.url), operator)(right)
    expected = SETS[operator](*(Counter(cells(keys, row) for row in rows) for rows in (of_left, of_right)))
    found = one.run(query.order_by(desc(keys[0].name)), two)

    assert expected == Counter(output_reference(keys, row) for row in found), str(query)
    in_order = sorted((key[:1] for key in expected.elements()), reverse=True)
    assert [output_reference(keys[:1], row) for row in found] == in_order, str(query)


def a_mixed_set(draw: random.Random, one: Table, two: Table) -> None:
    """Columns of two types meet in the one that holds both, and in float64 where none does."""
    pairs = [("number", "seconds"), ("seconds", "number"), ("unsigned", "hash"), ("code", "order"), ("number", "price")]
    left, right = draw.choice(pairs)
    operator = draw.choice(list(SETS))
    query = getattr(select(k=col(left)).from_(one.url), operator)(select(k=col(right)).from_(two.url))
    if one.inferred and right == "hash":
        with pytest.raises(ArgumentError, match="takes one type for the integers of an inferred schema"):
            one.run(query.order_by("k"), two)
        return
    sides = ([row[name] for row in table.rows] for table, name in ((one, left), (two, right)))
    expected = SETS[operator](*map(Counter, sides))
    found = [row["k"] for row in one.run(query.order_by("k"), two)]

    assert found == sorted(expected.elements()), str(query)


KINDS_OF_QUERY = [an_order] * 9 + [a_group] * 5 + [a_distinct] * 2 + [a_set] * 5 + [a_mixed_set]


@pytest.mark.parametrize(("inferred", "queries"), [(False, QUERIES), (True, QUERIES // 3)])
def test_random_queries_are_those_of_python(
    first: Table, second: Table, record_property: Callable[[str, object], None], *, inferred: bool, queries: int
) -> None:
    """Orders, groups, DISTINCT and set operations over close numbers have the rows that Python has, with the schema of the dataset and with the one that is inferred from its rows."""
    draw = random.Random(int(os.environ.get("TQL_SEED", "7")))  # noqa: S311 - queries, no secret
    drawn = Counter[str]()
    for _ in range(queries):
        kind = draw.choice(KINDS_OF_QUERY)
        kind(draw, first._replace(inferred=inferred), second._replace(inferred=inferred))
        drawn[kind.__name__] += 1

    counts = ", ".join(f"{count} {name}" for name, count in sorted(drawn.items()))
    by = " by an inferred schema" if inferred else ""
    record_property("figure", f"{queries} random queries over close keys{by} equal Python's: {counts}")


def test_pages_of_close_keys_are_the_whole_order(first: Table) -> None:
    """The pages of a query in the order of close keys are its rows, without one twice or left out."""
    client = connect(first.url, allow_sources=True)
    for key, down in [("seconds", True), ("price", False), ("hash", True), ("cost", False)]:
        query = select("id", key).order_by((desc if down else asc)(key), "id")
        expected = sorted(first.rows, key=lambda row: row["id"])
        expected.sort(key=lambda row: rank(row[key]), reverse=down)
        found = [row["id"] for page in client.pages(query, size=7) for row in page.rows]

        assert [row["id"] for row in expected] == found


def test_hybrid_scores_that_one_float32_holds_are_told_apart() -> None:
    """Scores that differ in their last digits come the best first, with and without a schema, and equal ones by the key."""
    generator = np.random.default_rng(3)
    vectors = generator.normal(size=(40, 4)).astype("f4")
    kinds = {"key": "int64", "e": T.Embedding(4), "words": T.Text(T.BM25)}
    rows = [
        {"key": number, "e": vector, "words": "fish " * (1 + number % 7) + "bird " * (number % 5)}
        for number, vector in enumerate(vectors)
    ]
    data = dataset("exact_hybrid", kinds, rows)
    for wanted in generator.normal(size=(5, 4)).astype("f4"):
        query = select("key").hybrid(
            vector=("e", wanted), text=("words", "fish"), key="key", k=10_000_000, candidates=30
        )
        query = query.order_by("score")
        scores: dict[int, float] = {}
        for leg in (select("key").similarity("e", wanted), select("key").bm25("words", "fish")):
            for place, row in enumerate(run(data, str(leg.order_by("score").limit(30))), 1):
                scores[row["key"]] = scores.get(row["key"], 0.0) + 1 / (10_000_000 + place)
        expected = sorted(scores, key=lambda key: (-scores[key], key))

        assert len({float(np.float32(score)) for score in scores.values()}) < len(set(scores.values()))
        for text in (str(query), compile_query(query.statement, None, {None: Schema.from_dataset(data)})):
            assert expected == [row["key"] for row in run(data, text)], text


def test_numbers_of_json_are_keys_where_they_are_computed_with() -> None:
    """Arithmetic says that a value of JSON is a number: a float64."""
    draw = random.Random(5)  # noqa: S311 - data, no secret
    numbers = [1_700_000_000, 1_700_000_001, 1_700_000_000.5, 1234567.85, 1234567.89, 2**53 - 1, 2**53 - 2, -3]
    rows: list[Row] = [{"id": number, "meta": {"n": draw.choice(numbers)}} for number in range(60)]
    data = dataset("exact_json", {"id": "int64", "meta": "json"}, rows)
    known: dict[str | None, Schema] = {None: Schema.from_dataset(data)}
    key = col("meta")["n"] * 1.0
    values = sorted(row["meta"]["n"] for row in rows)
    source = select().where(col("meta")["n"].is_not_null())
    for query in (source.select("id").order_by(key), source.select("id", n=key).order_by("n")):
        found = run(data, compile_query(query.statement, None, known))

        assert values == [rows[row["id"]]["meta"]["n"] for row in found]
    found = run(data, compile_query(source.select(n=key, c=fn.count()).group_by("n").statement, None, known))

    assert Counter(values) == {row["n"]: row["c"] for row in found}


def test_members_of_groups_are_sorted_exactly(first: Table) -> None:
    """Groups that are taken apart give members with the type of their column."""
    for key in ("seconds", "price", "hash", "paid"):
        grouped = select("word", key, n=fn.count()).group_by("word")
        query = select("word", key).from_(grouped).ungroup_by().order_by("word", key)
        expected = sorted((row["word"], rank(row[key])) for row in first.rows)

        assert expected == [(row["word"], rank(row[key])) for row in first.run(query)]


def test_more_exact_keys_than_the_engine_holds_are_refused(first: Table) -> None:
    """Each key is several SELECTs in one another: as many as fit are sorted by, and more are an error of the builder."""
    fitting = select("id").order_by(*(col("seconds") * factor for factor in range(2, 40)))
    expected = sorted(first.rows, key=lambda row: row["seconds"])

    assert [row["seconds"] for row in expected] == [first.rows[row["id"]]["seconds"] for row in first.run(fitting)]
    with pytest.raises(ArgumentError, match="at most about 140 SELECTs in one another"):
        first.run(select("id").order_by(*(col("seconds") * factor for factor in range(2, 60))))


def test_a_search_keeps_its_one_key() -> None:
    """A score that the engine computes as a float32 has no more digits, and is sorted by as it stands."""
    schema = Schema(id="int64", text="text", embedding="embedding[3]")
    documented = select("text").similarity("embedding", [0.25, 0.5, 0.75]).order_by("score").limit(5)
    for query in (documented, select("id").similarity("embedding", [1.0, 2.0, 3.0], metric="l1").order_by("score")):
        assert [
            text.count("order by") for text in (str(query), compile_query(query.statement, None, {None: schema}))
        ] == [1, 1]
