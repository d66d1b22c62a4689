"""Random groups, set operations and nested queries: the engine's rows are those of a pure Python reference."""

from __future__ import annotations

import itertools
import statistics
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine import dataset, run
from tests.tql import meaning
from tests.tql.compiler.test_meaning import made, several
from tql import ArgumentError, Schema, asc, col, desc, fn, select

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tql.meaning import Condition, Row
    from tql import Expr, Query

names = (f"groups{number}" for number in itertools.count())
tables = st.lists(meaning.rows, min_size=1, max_size=14)
columns = st.lists(st.sampled_from(["i", "small", "f", "t", "b"]), min_size=1, max_size=3, unique=True)
cuts = st.none() | st.integers(0, 5)
AGGREGATES: dict[str, tuple[Callable[[], Expr], Callable[[list[Row]], Any]]] = {
    "n": (fn.count, len),
    "total": (lambda: fn.sum("i"), lambda rows: sum(row["i"] for row in rows)),
    "twice": (lambda: fn.sum(col("i") * 2), lambda rows: sum(2 * row["i"] for row in rows)),
    "halves": (lambda: fn.sum("f"), lambda rows: sum(row["f"] for row in rows)),
    "average": (lambda: fn.mean("small"), lambda rows: statistics.fmean(row["small"] for row in rows)),
    "least": (lambda: fn.min("f"), lambda rows: min(row["f"] for row in rows)),
    "most": (lambda: fn.max("small"), lambda rows: max(row["small"] for row in rows)),
    "begin": (lambda: fn.first("t"), lambda rows: rows[0]["t"]),
    "both": (
        lambda: fn.sum("i") * 2 - fn.sum("small"),
        lambda rows: 2 * sum(row["i"] for row in rows) - sum(row["small"] for row in rows),
    ),
    "share": (lambda: fn.sum("f") / fn.count(), lambda rows: sum(row["f"] for row in rows) / len(rows)),
    "spread": (lambda: fn.max("i") - fn.min("i"), lambda rows: max(r["i"] for r in rows) - min(r["i"] for r in rows)),
}
aggregates = st.lists(st.sampled_from(list(AGGREGATES)), max_size=4, unique=True)


def named(rows: list[Row]) -> tuple[str, Any]:
    """Return a dataset of numbered rows, and its name."""
    name = next(names)
    return name, dataset(
        name, {"id": "int64", **meaning.KINDS}, [{"id": number, **row} for number, row in enumerate(rows)]
    )


def sort_value(value: Any) -> Any:
    """Return the sort key of a cell; the empty text and null are equal."""
    return (value or "").encode() if isinstance(value, str) or value is None else value


def cells(rows: list[Row], labels: list[str]) -> list[tuple[Any, ...]]:
    """Return rows as tuples; the engine gives the empty text back as null."""
    return [tuple(None if row[label] == "" else row[label] for label in labels) for row in rows]


class Arrangement(NamedTuple):
    """How rows are ordered and cut."""

    descending: bool
    limit: int | None
    offset: int | None

    def of(self, query: Query, rows: list[Row], labels: list[str]) -> tuple[Query, list[Row]]:
        """Return a query and its rows, ordered by all of the columns and cut."""
        direction = desc if self.descending else asc
        query = query.order_by(*map(direction, labels)).limit(self.limit).offset(self.offset)
        rows = sorted(rows, key=lambda row: [sort_value(row[label]) for label in labels], reverse=self.descending)
        start = self.offset or 0
        return query, rows[start : None if self.limit is None else start + self.limit]


arrangements = st.builds(Arrangement, st.booleans(), cuts, cuts)


@several
@given(
    rows=tables,
    keys=columns,
    wanted=aggregates,
    condition=meaning.simple,
    having=st.none() | st.integers(0, 3),
    arrangement=arrangements,
)
def test_groups_are_python_s(  # noqa: PLR0913, PLR0917 - each is drawn on its own
    rows: list[Row],
    keys: list[str],
    wanted: list[str],
    condition: Condition,
    having: int | None,
    arrangement: Arrangement,
) -> None:
    """Keys as single values, aggregates as defined, conditions on rows before and on groups after, order and limit of groups."""
    query = select(*keys, **{name: AGGREGATES[name][0]() for name in wanted}).group_by(*keys).where(condition[0])
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        if condition[1](row):
            groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    if having is not None:
        query = query.where(fn.count() > having)
        groups = {key: members for key, members in groups.items() if len(members) > having}
    expected = [
        dict(zip(keys, key, strict=True)) | {name: AGGREGATES[name][1](members) for name in wanted}
        for key, members in groups.items()
    ]
    query, expected = arrangement.of(query, expected, keys)

    assert cells(expected, [*keys, *wanted]) == cells(run(made(rows), str(query)), [*keys, *wanted]), str(query)


@several
@given(rows=tables, labels=columns, arrangement=arrangements)
def test_distinct_keeps_one_of_each(
    rows: list[Row],
    labels: list[str],
    arrangement: Arrangement,
) -> None:
    """Rows that agree in every column come once."""
    different = {tuple(row[label] for label in labels): row for row in rows}
    query, expected = arrangement.of(select(*labels).distinct(), list(different.values()), labels)

    assert cells(expected, labels) == cells(run(made(rows), str(query)), labels), str(query)


SETS: dict[str, Callable[[list[Any], list[Any]], list[Any]]] = {
    "union": lambda left, right: list(dict.fromkeys([*left, *right])),
    "union_all": lambda left, right: [*left, *right],
    "intersect": lambda left, right: [item for item in dict.fromkeys(left) if item in right],
    "except_": lambda left, right: [item for item in dict.fromkeys(left) if item not in right],
}


@several
@given(
    rows=tables,
    labels=columns,
    operator=st.sampled_from(list(SETS)),
    first=meaning.conditions,
    second=meaning.conditions,
    cut=cuts,
    arrangement=arrangements,
)
def test_set_operations_are_python_s(  # noqa: PLR0913, PLR0917 - each is drawn on its own
    rows: list[Row],
    labels: list[str],
    operator: str,
    first: Condition,
    second: Condition,
    cut: int | None,
    arrangement: Arrangement,
) -> None:
    """Of any two queries, also of ordered and cut ones; order and limit concern the whole."""
    left, left_rows = arrangement._replace(limit=cut, offset=None).of(
        select(*labels).where(first[0]), [row for row in rows if first[1](row)], labels
    )
    query = getattr(left, operator)(select(*labels).where(second[0]))
    right_rows = [row for row in rows if second[1](row)]
    found = SETS[operator](
        *([tuple(row[label] for label in labels) for row in side] for side in (left_rows, right_rows))
    )
    expected = [dict(zip(labels, item, strict=True)) for item in found]
    query, expected = arrangement.of(query, expected, labels)

    assert cells(expected, labels) == cells(run(made(rows), str(query)), labels), str(query)


class Chain(NamedTuple):
    """A tree of set operations: its query, and the rows that it has by Python, each a tuple."""

    query: Query
    rows: list[Any]


def combine(left: Chain, operator: str, right: Chain) -> Chain:
    """Return a set operation of two trees."""
    return Chain(getattr(left.query, operator)(right.query), SETS[operator](left.rows, right.rows))


@several
@given(
    rows=tables,
    labels=columns,
    conditions=st.lists(meaning.conditions, min_size=3, max_size=5),
    data=st.data(),
)
def test_chains_of_set_operations_are_python_s(
    rows: list[Row], labels: list[str], conditions: list[Condition], data: st.DataObject
) -> None:
    """In any mix and nesting: UNION ALL counts rows where it is the last operation only."""
    trees = [
        Chain(
            select(*labels).where(condition),
            [tuple(row[label] for label in labels) for row in rows if holds(row)],
        )
        for condition, holds in conditions
    ]
    while len(trees) > 1:
        place = data.draw(st.integers(0, len(trees) - 2))
        operators = list(SETS) if len(trees) == 2 else ["union", "intersect", "except_"]
        trees[place : place + 2] = [combine(trees[place], data.draw(st.sampled_from(operators)), trees[place + 1])]
    (tree,) = trees

    expected = cells([dict(zip(labels, row, strict=True)) for row in tree.rows], labels)
    found = cells(run(made(rows), str(tree.query)), labels)
    assert sorted(expected, key=repr) == sorted(found, key=repr), str(tree.query)


@several
@given(
    rows=tables,
    outer=meaning.conditions,
    inner=meaning.conditions,
    keys=meaning.sorts,
    cut=cuts,
    low=meaning.integers,
    limit=cuts,
)
def test_what_was_cut_is_filtered_by_an_outer_query(  # noqa: PLR0913, PLR0917 - each is drawn on its own
    rows: list[Row],
    outer: Condition,
    inner: Condition,
    keys: list[meaning.Sort],
    cut: int | None,
    low: int,
    limit: int | None,
) -> None:
    """A query over a query sees its rows in its order, after its limit."""
    below = select("*", total=col("i") + 1).where(inner[0]).order_by(*(key for key, _, _ in keys)).limit(cut)
    query = select("id", again=col("total") * 2).from_(below).where(outer[0], col("again") > low).limit(limit)
    kept = [{"id": number, **row} for number, row in enumerate(rows) if inner[1](row)]
    kept = meaning.sorted_rows(kept, keys)[:cut]
    expected = [
        {"id": row["id"], "again": 2 * row["i"] + 2} for row in kept if outer[1](row) and 2 * row["i"] + 2 > low
    ][:limit]

    assert expected == run(made(rows), str(query)), str(query)


def joined(rows: list[Row], others: list[Row], how: str) -> list[tuple[Any, Any]]:
    """Return the numbered rows whose `i` is equal as pairs, then those of one side that match nothing, with (None, None)."""
    left, right = list(enumerate(rows)), list(enumerate(others))
    pairs: list[tuple[Any, Any]] = [(one, two) for one in left for two in right if one[1]["i"] == two[1]["i"]]
    matched = {one[0] for one, _ in pairs}, {two[0] for _, two in pairs}
    nobody = (None, None)
    lonely: dict[str, list[tuple[Any, Any]]] = {
        "inner": [],
        "left": [(one, nobody) for one in left if one[0] not in matched[0]],
        "right": [(nobody, two) for two in right if two[0] not in matched[1]],
    }
    return pairs + lonely[how]


@several
@given(rows=tables, others=tables, how=st.sampled_from(["inner", "left", "right"]), low=meaning.integers, limit=cuts)
def test_joins_are_python_s(rows: list[Row], others: list[Row], how: str, low: int, limit: int | None) -> None:
    """Pairs that match, and the rows of one side that match nothing; conditions and order see columns of both."""
    (one, left), (two, right) = named(rows), named(others)
    query = (
        select(a=col("id", of="a"), b=col("id", of="b"), double=col("small", of="b") * 2)
        .from_(f"mem://{one}", alias="a")
        .join(f"mem://{two}", col("i", of="a") == col("i", of="b"), how=how, alias="b")
    )
    pairs = joined(rows, others, how)
    expected = {(first[0], second[0], None if second[1] is None else 2 * second[1]["small"]) for first, second in pairs}
    if {"inner": True, "left": bool(others), "right": bool(rows)}[how]:
        assert {tuple(row.values()) for row in run(left, str(query))} == expected, str(query)
    if how == "inner":
        query = (
            query.where(col("small", of="b") > low).order_by(col("id", of="b"), desc(col("id", of="a"))).limit(limit)
        )
        kept = sorted(pairs, key=lambda pair: (pair[1][0], -pair[0][0]))
        wanted = [(first[0], second[0]) for first, second in kept if second[1]["small"] > low][:limit]
        assert wanted == [(row["a"], row["b"]) for row in run(left, str(query))], str(query)
    assert right is not None


def test_a_computed_output_orders_and_filters_groups() -> None:
    """It is computed over the groups, and ends where there are none: the engine alone never does."""
    rows = [{"k": number % 3, "a": number, "b": number * number} for number in range(12)]
    data = dataset(next(names), {"k": "int64", "a": "int64", "b": "int64"}, rows)
    query = select("k", gap=fn.sum("b") - fn.sum("a")).group_by("k").where(col("gap") > 80).order_by(desc("gap"))
    gaps = {key: sum(row["b"] - row["a"] for row in rows if row["k"] == key) for key in range(3)}

    expected = [{"k": key, "gap": gap} for key, gap in sorted(gaps.items(), key=lambda item: -item[1]) if gap > 80]
    assert expected == run(data, str(query))
    assert run(data, str(query.where(col("a") > 100))) == []


GROUPED = select("k", "id").group_by("k")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(GROUPED, [0, 2, 1, 3], id="groups"),
        pytest.param(GROUPED.where(fn.count() > 1), [0, 2], id="some of them"),
        pytest.param(select().from_(GROUPED).where(col("k") > 0), [0, 2, 3], id="a query over groups"),
        pytest.param(select().from_(select().from_(GROUPED).order_by(desc("k"))), [3, 0, 2, 1], id="two queries"),
    ],
)
def test_groups_are_taken_apart(source: Query, expected: list[int]) -> None:
    """Members come in the order of the groups, also where a query in between leaves groups out or sorts them."""
    data = dataset(next(names), {"id": "int64", "k": "int64"}, [{"id": n, "k": k} for n, k in enumerate([1, 0, 1, 2])])

    for members in (select("id").from_(source).ungroup_by(), select("id").from_(source).ungroup_by().limit(9)):
        assert [row["id"] for row in run(data, str(members))] == expected


@pytest.mark.parametrize(
    "source", [None, "D", select("id"), select("k").distinct(), select("id").from_(GROUPED).ungroup_by()]
)
def test_rows_that_are_no_groups_are_not_taken_apart(source: str | Query | None) -> None:
    """The engine returns no row for them, without an error."""
    query = select("id") if source is None else select("id").from_(source)

    for members in (query.ungroup_by(), query.ungroup_by().limit(9)):
        with pytest.raises(ArgumentError, match="takes a grouped query as the source"):
            str(members)


def test_the_key_of_a_group_can_be_reduced_too() -> None:
    """A key inside an aggregate is the column, not the output."""
    rows = [{"k": number % 3} for number in range(7)]
    data = dataset(next(names), {"k": "int64"}, rows)
    query = select(key="k", n=fn.count()).group_by("k").where(fn.sum("k") > 1).order_by(desc(fn.sum("k")))

    assert run(data, str(query)) == [{"key": 2, "n": 2}, {"key": 1, "n": 2}]


@pytest.mark.parametrize("name", ["min", "max", "sum", "mean"])
@pytest.mark.parametrize("kind", ["text", "json", "class label"])
def test_aggregates_of_what_is_no_number(name: str, kind: str) -> None:
    """They are rejected where the type is known; a class label is a number, and a text has a smallest and a largest. The engine ends with an error for texts."""
    schema = Schema(k="int64", t=kind if kind != "class label" else "class label int32")
    query = select("k", n=getattr(fn, name)("t")).from_("D", schema=schema).group_by("k").order_by("n")

    if kind == "class label" or (kind == "text" and name in {"min", "max"}):
        assert str(query)
    else:
        with pytest.raises(ArgumentError, match="aggregates numbers only"):
            str(query)


@pytest.mark.parametrize("name", ["min", "max", "sum", "mean"])
def test_the_engine_has_no_aggregates_of_texts(name: str) -> None:
    """An engine that has one is noticed."""
    data = dataset(next(names), {"k": "int64", "t": "text"}, [{"k": 1, "t": "a"}, {"k": 1, "t": "b"}])

    with pytest.raises(RuntimeError, match=r"not numeric|dynamic shape"):
        run(data, str(select("k", n=getattr(fn, name)("t")).group_by("k")))


@pytest.mark.parametrize("kind", ["json", "float32[3]", "int32[?]", "bytes"])
@pytest.mark.parametrize("chain", ["union", "intersect", "except_"])
def test_set_operations_over_what_cannot_be_grouped(kind: str, chain: str) -> None:
    """They are rejected where the type is known for one of the queries only, too."""
    known = select("a").from_("d", schema=Schema(a=kind))
    query = getattr(getattr(known, chain)(select("a").from_("b")), chain)(select("a").from_("c"))

    with pytest.raises(ArgumentError, match="one number or text in each row"):
        str(query)


def test_distinct_values_are_counted_in_two_queries() -> None:
    """It is the query that the error of fn.count(..) names."""
    data = dataset(next(names), {"k": "int64"}, [{"k": number % 3} for number in range(7)])

    assert run(data, str(select(n=fn.count()).from_(select("k").distinct()))) == [{"n": 3}]
