"""The first rows of each group, ``limit(n, per=..)``: the rows are those of Python, for every kind of key and order."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine import dataset, run
from tql import ArgumentError, Schema, asc, col, desc, fn, select

if TYPE_CHECKING:
    from tql import Query

names = (f"best{number}" for number in itertools.count())
KINDS = {
    "id": "int64",
    "k": "int64",
    "n": "nullable int64",
    "t": "text",
    "v": "float64",
    "w": "nullable float64",
    "b": "bool",
}
LARGE = [1_700_000_001, 1_700_000_002, 1_700_000_003]
rows = st.lists(
    st.fixed_dictionaries(
        {
            "k": st.sampled_from(LARGE),
            "n": st.none() | st.sampled_from(LARGE),
            "t": st.sampled_from(["a", "b", "é"]),
            "v": st.sampled_from([0.5, -1.25, 1234567.85, 1234567.89]),
            "w": st.none() | st.sampled_from([0.5, -1.25]),
            "b": st.booleans(),
        }
    ),
    max_size=14,
)
Row = dict[str, Any]


def sort_value(value: Any, *, down: bool) -> tuple[bool, Any]:
    """Return the sort key of a cell: null is last, and first behind DESC."""
    absent = value is None
    number = 0 if absent else value
    return (not absent, -number) if down else (absent, number)


@settings(max_examples=200)
@given(
    found=rows,
    per=st.lists(st.sampled_from(["k", "n", "t", "b"]), min_size=1, max_size=2, unique=True),
    key=st.sampled_from(["k", "n", "v", "w"]),
    down=st.booleans(),
    limit=st.integers(0, 3),
    is_filtered=st.booleans(),
)
def test_the_first_rows_of_each_group(  # noqa: PLR0913 - each is drawn on its own
    found: list[Row], per: list[str], key: str, limit: int, *, down: bool, is_filtered: bool
) -> None:
    """Large integers, prices, texts and nulls, in an order with ties that the number of the row decides."""
    data = [{"id": number, **row} for number, row in enumerate(found)]
    name = next(names)
    made = dataset(name, KINDS, data)
    query = select(*KINDS).from_(f"mem://{name}", schema=Schema(KINDS))
    query = query.where(col("v") > 0) if is_filtered else query
    query = query.order_by((desc if down else asc)(key), "id").limit(limit, per=per)
    kept: list[Row] = []
    counts: dict[Any, int] = {}
    for row in sorted(data, key=lambda row: (sort_value(row[key], down=down), row["id"])):
        group = tuple(row[label] for label in per)
        if (not is_filtered or row["v"] > 0) and counts.setdefault(group, 0) < limit:
            counts[group] += 1
            kept.append(row)

    assert run(made, str(query)) == kept, str(query)


def test_computed_columns_and_arrays() -> None:
    """A group and an order by what the query computes, and arrays and JSON that are carried along."""
    kinds = {"id": "int64", "kind": "text", "array": "array", "m": "json"}
    data = [
        {"id": number, "kind": "ab"[number % 2], "array": [number] * (number + 1), "m": {"n": number}}
        for number in range(5)
    ]
    made = dataset(next(names), kinds, data)
    computed = select("id", rest=col("id") % 2, minus=-col("id")).order_by("minus").limit(1, per="rest")
    carried = select("id", "kind", "array", "m").order_by(desc("id")).limit(1, per=col("kind"))

    assert run(made, str(computed)) == [{"id": 4, "rest": 0, "minus": -4}, {"id": 3, "rest": 1, "minus": -3}]
    assert run(made, str(carried)) == [
        {"id": 4, "kind": "a", "array": [4] * 5, "m": {"n": 4}},
        {"id": 3, "kind": "b", "array": [3] * 4, "m": {"n": 3}},
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (select("id").order_by("price").limit(3, per="id"), "takes outputs"),
        (select("id").limit(3, per="kind"), "takes outputs"),
        (select("kind", n=fn.count()).group_by("kind").limit(3, per="kind"), "without groups"),
        (select("kind").limit(3, per="kind").offset(1), "without groups, offset"),
        (select().limit(3, per="kind"), "columns by name"),
    ],
)
def test_what_it_does_not_go_with(query: Query, message: str) -> None:
    """It is refused, with the way out."""
    with pytest.raises(ArgumentError, match=message) as caught:
        str(query)

    assert caught.value.hint


def test_arguments() -> None:
    """An expression has to have a name, and a limit a number."""
    for arguments in ((3, col("a") + 1), (None, "a")):
        with pytest.raises(ArgumentError, match="limit"):
            select("a").limit(*arguments)
    assert repr(select("a", "b").limit(3, per=["a", "b"])) == "select('a', 'b').limit(3, per=['a', 'b'])"
