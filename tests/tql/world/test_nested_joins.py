"""Random joins over filtered and distinct joins, grouped or not, compared with a reference in Python: rows that match nothing, sources without rows, types without a literal."""

from __future__ import annotations

import collections
import itertools
import random
from typing import Any

import deeplake

from tests.engine import TYPES as T
from tql import Query, col, fn, select
from tql_client import connect

Row = dict[str, Any]
# A row of one source and one of the other, None where it matches nothing.
Pair = tuple[Row | None, Row | None]

CASES = 120
KINDS = {
    "k": T.Int64(),
    "nu8": T.Nullable(T.UInt8()),
    "ni": T.Nullable(T.Int32()),
    "u64": T.UInt64(),
    "nf": T.Nullable(T.Float32()),
    "t": T.Nullable(T.Text()),
}
POOLS: dict[str, tuple[Any, ...]] = {
    "k": (0, 1, 2, 3, 4),
    "nu8": (0, 1, 2, 3, None),
    "ni": (3, 2**24 + 1, -7, None),
    "u64": (0, 1, 2**53 + 1, 2**63 + 3),
    "nf": (0.5, 1.5, None),
    "t": ("", "a", "b", None),
}
serial = itertools.count()


def stored(rows: list[Row]) -> tuple[str, Any]:
    """Return the url of a dataset in memory with these rows, and the dataset."""
    url = f"mem://nested{next(serial)}"
    data = deeplake.create(url)
    for name, kind in KINDS.items():
        data.add_column(name, kind)
    if rows:
        data.append({name: [row[name] for row in rows] for name in KINDS})
    data.commit()
    return url, data


def joined(left: list[Row], right: list[Row], keys: tuple[str, str], how: str) -> list[Pair]:
    """Return the pairs of rows with equal keys, and with None those of the kept side that match nothing."""
    if how == "right":
        return [(one, other) for other, one in joined(right, left, (keys[1], keys[0]), "left")]
    pairs: list[Pair] = []
    for row in left:
        matches: list[Pair] = [
            (row, other) for other in right if row[keys[0]] is not None and row[keys[0]] == other[keys[1]]
        ]
        pairs += matches or ([(row, None)] if how == "left" else [])
    return pairs


def read(row: Row | None, name: str) -> Any:
    """Return a column of a row that may be missing."""
    return None if row is None else row[name]


class Case:
    """A random join whose other source is a join: the query, and the rows that it means."""

    def __init__(self, seed: int) -> None:
        """Draw the datasets and both queries."""
        draw = self.draw = random.Random(seed)  # noqa: S311 - draws test cases
        self.rows, others = (
            [{name: draw.choice(pool) for name, pool in POOLS.items()} for _ in range(count)]
            for count in (draw.choice((1, 2, 4, 6)), draw.choice((0, 1, 2, 4)))
        )
        (self.url, self.data), (other_url, self.other) = stored(self.rows), stored(others)
        self.picked = draw.sample(list(KINDS), draw.choice((1, 2, 3)))
        inner, members = self.inner(other_url, others)
        self.is_grouped = draw.random() < 0.4
        if self.is_grouped:
            inner, members = inner.distinct(), [dict(items) for items in {tuple(row.items()) for row in members}]
        self.query, self.expected = self.outer(inner, members)

    def inner(self, url: str, others: list[Row]) -> tuple[Query, list[Row]]:
        """Return the other source: a join, with all of its rows, some or none."""
        key, how = self.draw.choice(("k", "nu8", "ni")), self.draw.choice(("left", "right", "inner"))
        sides = {name: self.draw.choice("ab") for name in self.picked}
        outputs = [col(name, of=side).as_(f"p{name}") for name, side in sides.items()]
        query = select(col("k", of="a").as_("ka"), *outputs).from_(self.url, "a")
        query = query.join(url, col(key, of="a") == col(key, of="b"), how=how, alias="b")
        rows = [
            {f"p{name}": read(one if side == "a" else two, name) for name, side in sides.items()}
            | {"ka": read(one, "k")}
            for one, two in joined(self.rows, others, (key, key), how)
        ]
        return self.filtered(query, rows)

    def filtered(self, query: Query, rows: list[Row]) -> tuple[Query, list[Row]]:
        """Return all the rows of the other source, some or none."""
        match self.draw.choice(("every", "none", "some")):
            case "none":
                return query.where(col("k", of="a").in_([])), []
            case "some":
                kept = [row for row in rows if row["ka"] is not None and row["ka"] > 2]
                return query.where(col("k", of="a") > 2), kept
        return query, rows

    def outer(self, inner: Query, members: list[Row]) -> tuple[Query, list[tuple[object, ...]]]:
        """Return the join over that source, which is a left or right one, and its rows."""
        keys = {"ka": "k", **{f"p{name}": name for name in self.picked if name in {"k", "nu8", "ni"}}}
        theirs, how = self.draw.choice(list(keys)), self.draw.choice(("left", "left", "right"))
        outputs = [col(f"p{name}", of="b").as_(f"o{name}") for name in self.picked]
        query = select(col("t", of="a").as_("ta"), *outputs).from_(self.url, "a")
        query = query.join(inner, col(keys[theirs], of="a") == col(theirs, of="b"), how=how, alias="b")
        pairs = joined(self.rows, members, (keys[theirs], theirs), how)
        rows = [(read(one, "t"), *(read(two, f"p{name}") for name in self.picked)) for one, two in pairs]
        return (query, rows) if self.is_grouped else self.grouped(query, rows)

    def grouped(self, query: Query, rows: list[tuple[object, ...]]) -> tuple[Query, list[tuple[object, ...]]]:
        """Return the query over the join, grouped in one of the ways that there are."""
        names = ["ta", *(f"o{name}" for name in self.picked)]
        match self.draw.choice(("plain", "distinct", "group", "union", "except")):
            case "distinct":
                return query.distinct(), list(set(rows))
            case "group":
                key = self.draw.choice(names)
                counts = collections.Counter(row[names.index(key)] for row in rows)
                return select(key, n=fn.count()).from_(query).group_by(key), list(counts.items())
            case "union":
                return query.union(query), list(set(rows))
            case "except":
                left_out = query.where(col("t", of="a") == "a")
                return query.except_(left_out), [row for row in set(rows) if row[0] != "a"]
        return query, rows


def test_joins_over_joins() -> None:
    """A group of one row stood for the type of a null, and the engine groups no group: queries around such joins ended in an error of the engine."""
    for seed in range(CASES):
        case = Case(seed)
        with connect(case.url, allow_sources=True) as client:
            found = [tuple(row.values()) for row in client.query(case.query).rows]
        assert sorted(map(repr, found)) == sorted(map(repr, case.expected)), (seed, str(case.query))


def test_the_first_rows_of_each_group_as_the_other_source() -> None:
    """A computed output that is the key of ``per`` was an element of a group, which the join could not group again."""
    rows = [{"k": number, "nu8": 3, "ni": 3, "u64": number, "nf": 0.5, "t": str(number)} for number in range(6)]
    url, _data = stored(rows)
    first = select("k", "t", rest=col("k") % 3).order_by("k").limit(1, per="rest")
    query = select(k=col("k", of="a"), rest=col("rest", of="b")).from_(url, "a")
    query = query.join(first, col("k", of="a") == col("k", of="b"), how="left", alias="b").order_by(col("k", of="a"))
    with connect(url) as client:
        found = [(row["k"], row["rest"]) for row in client.query(query).rows]
    assert found == [(0, 0), (1, 1), (2, 2), (3, None), (4, None), (5, None)]
