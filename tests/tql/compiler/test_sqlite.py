"""The builder against sqlite, in what SQL can say: conditions, orders, groups and aggregates over columns with large numbers, prices, texts and nulls, through a client."""

from __future__ import annotations

import itertools
import math
import sqlite3
from typing import TYPE_CHECKING, Any

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from tests.engine import TYPES, dataset
from tql import ArgumentError, asc, col, desc, fn, select
from tql_client import connect

if TYPE_CHECKING:
    from tql import Query

serial = itertools.count()
INTEGERS = [0, 1, -1, 2, 7, 100, 1_700_000_001, 1_700_000_002, 2**24 + 1, 2**24 + 2, 2**40 + 1, -(2**24) - 1]
PRICES = [0.0, 1.5, -2.25, 1234567.85, 1234567.89, 1e9 + 0.5, 0.1]
WORDS = ["a", "b", "ab", "é", "z", "A"]
# By the name of the column: the engine's type, and what it holds; a name that begins with n may be null.
COLUMNS: dict[str, tuple[Any, list[Any]]] = {
    "a": (TYPES.Int64(), INTEGERS),
    "b": (TYPES.Int64(), INTEGERS),
    "na": (TYPES.Nullable(TYPES.Int64()), INTEGERS),
    "nb": (TYPES.Nullable(TYPES.Int64()), INTEGERS),
    "f": (TYPES.Float64(), PRICES),
    "nf": (TYPES.Nullable(TYPES.Float64()), PRICES),
    "t": (TYPES.Text(), WORDS),
    "nt": (TYPES.Nullable(TYPES.Text()), WORDS),
}
NUMBERS = [name for name, (_, values) in COLUMNS.items() if values is not WORDS]
TEXTS = [name for name, (_, values) in COLUMNS.items() if values is WORDS]
Both = tuple[Any, str]
OPERATORS = {"=": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}


def cells(name: str) -> st.SearchStrategy[Any]:
    """Return values of a column."""
    found = st.sampled_from(COLUMNS[name][1])
    return st.none() | found if name.startswith("n") else found


tables = st.lists(st.fixed_dictionaries({name: cells(name) for name in COLUMNS}), max_size=8)


def two_valued(sql: str) -> str:
    """Return SQL in which a comparison with null is false, as the builder promises."""
    return f"coalesce({sql}, 0)"


numbers: st.SearchStrategy[Both] = st.recursive(
    st.sampled_from([(col(name), name) for name in NUMBERS]),
    lambda inner: st.one_of(
        st.builds(lambda one, two: (one[0] + two[0], f"({one[1]} + {two[1]})"), inner, inner),
        st.builds(lambda one, two: (one[0] - two[0], f"({one[1]} - {two[1]})"), inner, inner),
        st.builds(lambda one, by: (one[0] * by, f"({one[1]} * {by})"), inner, st.sampled_from([2, 10])),
    ),
    max_leaves=3,
)


def compared(one: Both, operator: str, two: Any) -> Both:
    """Return a comparison with a literal, or with what is computed."""
    right, sql = two if isinstance(two, tuple) else (two, repr(two))
    return getattr(one[0], OPERATORS[operator])(right), two_valued(f"{one[1]} {operator} {sql}")


def among(name: str, members: list[int], *, negated: bool) -> Both:
    """Return IN; NOT IN holds where the value is missing."""
    sql = two_valued(f"{name} in ({', '.join(map(str, members))})")
    return (col(name).not_in(members), f"(not {sql})") if negated else (col(name).in_(members), sql)


def ranged(name: str, low: int, high: int) -> Both:
    """Return BETWEEN."""
    return col(name).between(low, high), two_valued(f"{name} between {low} and {high}")


def missing(name: str, *, negated: bool) -> Both:
    """Return IS NULL."""
    found = col(name).is_not_null() if negated else col(name).is_null()
    return found, f"({name} is {'not ' if negated else ''}null)"


operators, literals = st.sampled_from(list(OPERATORS)), st.sampled_from([*INTEGERS, *PRICES])
conditions: st.SearchStrategy[Both] = st.recursive(
    st.one_of(
        st.builds(compared, numbers, operators, literals | numbers),
        st.builds(
            among,
            st.sampled_from(NUMBERS),
            st.lists(st.sampled_from(INTEGERS), min_size=1, max_size=3),
            negated=st.booleans(),
        ),
        st.builds(ranged, st.sampled_from(NUMBERS), st.sampled_from(INTEGERS), st.sampled_from(INTEGERS)),
        st.builds(missing, st.sampled_from([name for name in COLUMNS if name.startswith("n")]), negated=st.booleans()),
        st.builds(
            lambda name, sign, word: compared((col(name), name), sign, word),
            st.sampled_from(TEXTS),
            operators,
            st.sampled_from(WORDS),
        ),
        st.just((col("t") == col("nt"), two_valued("t = nt"))),
    ),
    lambda inner: st.one_of(
        st.builds(lambda one, two: (one[0] & two[0], f"({one[1]} and {two[1]})"), inner, inner),
        st.builds(lambda one, two: (one[0] | two[0], f"({one[1]} or {two[1]})"), inner, inner),
        st.builds(lambda one: (~one[0], f"(not {one[1]})"), inner),
    ),
    max_leaves=4,
)
filters = st.lists(conditions, max_size=2)
keys = st.lists(st.tuples(st.sampled_from(["a", "b", "na", "nb", "f", "nf", "t"]), st.booleans()), max_size=2)


def answers(rows: list[dict[str, Any]], query: Query, sql: str) -> tuple[list[Any], list[Any]]:
    """Return the rows by the engine and by sqlite."""
    name = f"sqlite{next(serial)}"
    kinds = {"id": TYPES.Int64(), **{column: kind for column, (kind, _) in COLUMNS.items()}}
    made = dataset(name, kinds, [{"id": number, **row} for number, row in enumerate(rows)])
    with connect(f"mem://{name}") as client:
        try:
            found = [tuple(map(same, row.values())) for row in client.query(query).rows]
        except ArgumentError:  # two nullable numbers in one value: refused, with the way out
            reject()
    assert made is not None
    base = sqlite3.connect(":memory:")
    base.execute(f"create table d (id, {', '.join(COLUMNS)})")
    places = ", ".join("?" * (len(COLUMNS) + 1))
    base.executemany(
        f"insert into d values ({places})",
        [(number, *(row[name] for name in COLUMNS)) for number, row in enumerate(rows)],
    )
    expected = [tuple(map(same, row)) for row in base.execute(sql)]
    base.close()
    return found, expected


def same(value: Any) -> Any:
    """Return a cell as both have it: a bool is a number, and the last digits of a sum may differ."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.12g}")
    return value


def filtered(query: Query, sql: str, where: list[Both]) -> tuple[Query, str]:
    """Return both with conditions."""
    if not where:
        return query, sql
    return query.where(*(condition for condition, _ in where)), f"{sql} where {' and '.join(text for _, text in where)}"


several = settings(max_examples=200)


@several
@given(
    rows=tables,
    where=filters,
    value=numbers,
    test=conditions,
    order=keys,
    limit=st.none() | st.integers(0, 5),
    offset=st.integers(0, 3),
)
def test_rows(  # noqa: PLR0913, PLR0917 - each is drawn on its own
    rows: list[dict[str, Any]],
    where: list[Both],
    value: Both,
    test: Both,
    order: list[tuple[str, bool]],
    limit: int | None,
    offset: int,
) -> None:
    """Computed columns, conditions as columns, several keys with nulls last, and a part of the rows."""
    query, sql = filtered(select("id", x=value[0], y=test[0]), f"select id, {value[1]}, {test[1]} from d", where)
    order = [*order, ("id", False)]
    query = query.order_by(*((desc if down else asc)(name) for name, down in order))
    sql += " order by " + ", ".join(
        f"{name} {'desc nulls first' if down else 'asc nulls last'}" for name, down in order
    )
    if limit is not None:
        query, sql = query.limit(limit).offset(offset), f"{sql} limit {limit} offset {offset}"
    found, expected = answers(rows, query, sql)
    assert found == expected, sql


@several
@given(
    rows=tables,
    where=filters,
    by=st.lists(st.sampled_from(["a", "b", "na", "nb", "f", "nf", "t"]), min_size=1, max_size=2, unique=True),
    several_rows=st.booleans(),
)
def test_groups(rows: list[dict[str, Any]], where: list[Both], by: list[str], *, several_rows: bool) -> None:
    """Counts, sums, the smallest and the largest of each group, null one group, and a condition on groups."""
    query = select(*by, n=fn.count(), s=fn.sum("a"), m=fn.max("b"), z=fn.min("f")).group_by(*by)
    query, sql = filtered(query, f"select {', '.join(by)}, count(*), sum(a), max(b), min(f) from d", where)
    sql += f" group by {', '.join(by)}"
    if several_rows:
        query, sql = query.where(col("n") > 1), f"{sql} having count(*) > 1"
    found, expected = answers(rows, query, sql)
    assert sorted(found, key=repr) == sorted(expected, key=repr), sql


@several
@given(rows=tables, where=filters)
def test_totals(rows: list[dict[str, Any]], where: list[Both]) -> None:
    """One group of all rows: of none there is no row, where SQL has a count of 0."""
    query = select(n=fn.count(), s=fn.sum("b"), m=fn.mean("f"), k=fn.sum("na"))
    query, sql = filtered(query, "select count(*), sum(b), avg(f), cast(total(na) as integer) from d", where)
    found, expected = answers(rows, query, sql)
    assert found == [row for row in expected if row[0]], sql
