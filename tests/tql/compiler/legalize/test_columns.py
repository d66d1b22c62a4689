"""With a schema, conditions, orders and groups mean the same for columns of every type, with and without an index, also over sub-queries."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import deeplake
from hypothesis import given
from hypothesis import strategies as st

from tests.engine import run
from tests.tql import columns
from tests.tql.columns import COLUMNS, cell, same, sorted_rows, tables
from tests.tql.compiler.test_meaning import several
from tql import Schema, asc, col, desc, fn, select
from tql.compiler.compile import compile_query

if TYPE_CHECKING:
    from tests.tql.meaning import Condition, Row
    from tql import Query

names = (f"columns{number}" for number in itertools.count())
cuts = st.none() | st.integers(0, 6)
sort_keys = st.lists(
    st.tuples(st.sampled_from(list(COLUMNS)), st.booleans()), min_size=1, max_size=3, unique_by=lambda key: key[0]
)


def made(rows: list[Row], *, built: bool = True) -> Any:
    """Return a dataset of numbered rows whose indexes are built at once, or not at all."""
    data = deeplake.create(f"mem://{next(names)}")
    data.indexing_mode = deeplake.IndexingMode.Always if built else deeplake.IndexingMode.Automatic
    data.add_column("id", deeplake.types.Int64())
    for name, (_, kind) in COLUMNS.items():
        data.add_column(name, kind)
    data.append({"id": list(range(len(rows))), **{name: [row[name] for row in rows] for name in COLUMNS}})
    data.commit()
    return data


def ids(data: Any, query: Query) -> list[int]:
    """Return the numbers of the rows of a query that is compiled with the columns of the dataset."""
    return [row["id"] for row in run(data, compile_query(query.statement, None, {None: Schema.from_dataset(data)}))]


def arranged(query: Query, keys: list[tuple[str, bool]], limit: int | None, offset: int | None) -> Query:
    """Return a query, ordered and cut."""
    return query.order_by(*((desc if down else asc)(name) for name, down in keys)).limit(limit).offset(offset)


def cut(rows: list[Row], limit: int | None, offset: int | None) -> list[Row]:
    """Return rows, cut."""
    return rows[offset or 0 :][:limit]


@several
@given(rows=tables, conditions=st.lists(columns.conditions, min_size=1, max_size=4), built=st.booleans())
def test_conditions_on_columns_of_every_type(rows: list[Row], conditions: list[Condition], *, built: bool) -> None:
    """The rows are those for which the condition holds in Python, whether the indexes are built or not."""
    data = made(rows, built=built)
    for condition, holds in conditions:
        query = select("id").where(condition)

        assert [number for number, row in enumerate(rows) if holds(row)] == ids(data, query), str(query)


@several
@given(
    rows=tables,
    keys=sort_keys,
    inner=columns.conditions,
    outer=st.lists(columns.conditions, min_size=1, max_size=3),
    limit=cuts,
    offset=cuts,
)
def test_conditions_over_a_sub_query(  # noqa: PLR0913, PLR0917 - each is drawn on its own
    rows: list[Row],
    keys: list[tuple[str, bool]],
    inner: Condition,
    outer: list[Condition],
    limit: int | None,
    offset: int | None,
) -> None:
    """Rows that were filtered, sorted and cut are filtered again, and no index of the dataset is in the way."""
    data = made(rows)
    below = arranged(select().where(inner[0]), keys, limit, offset)
    kept = cut(sorted_rows([{"id": n, **row} for n, row in enumerate(rows) if inner[1](row)], keys), limit, offset)
    for condition, holds in outer:
        query = select("id").from_(below).where(condition)

        assert [row["id"] for row in kept if holds(row)] == ids(data, query), str(query)


@several
@given(rows=tables, keys=sort_keys, condition=columns.simple, limit=cuts, offset=cuts)
def test_orders_of_columns_of_every_type(
    rows: list[Row], keys: list[tuple[str, bool]], condition: Condition, limit: int | None, offset: int | None
) -> None:
    """NaN comes last, then null, and large integers are not mixed up; descending it is the other way round."""
    query = arranged(select("id").where(condition[0]), keys, limit, offset)
    kept = sorted_rows([{"id": number, **row} for number, row in enumerate(rows) if condition[1](row)], keys)

    assert [row["id"] for row in cut(kept, limit, offset)] == ids(made(rows), query), str(query)


@several
@given(
    rows=tables,
    keys=st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=2, unique=True),
    condition=columns.simple,
)
def test_groups_of_columns_of_every_type(rows: list[Row], keys: list[str], condition: Condition) -> None:
    """Equal values make one group: NaN one, null one, and no two large integers."""
    data = made(rows)
    query = select(*keys, n=fn.count(), first=fn.first("id")).group_by(*keys).where(condition[0])
    groups: dict[Any, list[int]] = {}
    for number, row in enumerate(rows):
        if condition[1](row):
            groups.setdefault(tuple(same(row[key]) for key in keys), []).append(number)
    found = run(data, compile_query(query.statement, None, {None: Schema.from_dataset(data)}))

    expected = {members[0]: (len(members), [cell(value) for value in key]) for key, members in groups.items()}
    assert expected == {row["first"]: (row["n"], [cell(same(row[key])) for key in keys]) for row in found}, str(query)


@several
@given(rows=tables, condition=columns.conditions, low=st.integers(0, 5), keys=sort_keys, limit=cuts)
def test_a_condition_beside_a_made_name(
    rows: list[Row], condition: Condition, low: int, keys: list[tuple[str, bool]], limit: int | None
) -> None:
    """A condition that also reads an alias is tested one level out, where no index of the dataset is used."""
    query = arranged(select("id", double=col("id") * 2).where((col("double") > low) | condition[0]), keys, limit, None)
    kept = [{"id": n, **row} for n, row in enumerate(rows) if 2 * n > low or condition[1](row)]

    assert [row["id"] for row in sorted_rows(kept, keys)[:limit]] == ids(made(rows), query), str(query)


@several
@given(rows=tables, condition=columns.simple)
def test_sums_and_means_leave_nulls_out(rows: list[Row], condition: Condition) -> None:
    """The sum of nulls alone is 0, their mean is NaN."""
    data = made(rows)
    query = select("int8", s=fn.sum("nint16"), m=fn.mean("nint16"), n=fn.count()).group_by("int8").where(condition[0])
    groups: dict[int, list[int | None]] = {}
    for row in rows:
        if condition[1](row):
            groups.setdefault(row["int8"], []).append(row["nint16"])
    expected = {}
    for key, members in groups.items():
        there = [member for member in members if member is not None]
        mean = sum(there) / len(there) if there else math.nan
        expected[key] = (sum(there), same(mean), len(members))
    found = run(data, compile_query(query.statement, None, {None: Schema.from_dataset(data)}))

    assert expected == {row["int8"]: (row["s"], same(row["m"]), row["n"]) for row in found}, str(query)
