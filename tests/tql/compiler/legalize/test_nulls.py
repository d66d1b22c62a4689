"""Each operator, in each clause, over each type of nullable column: the rows are those that Python says, or the builder refuses; the engine runs in a child process, which it may end."""

from __future__ import annotations

import itertools
import math
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.oracle import NullsRunner
from tests.tql import nulls
from tests.tql.signs import COMPARISONS
from tql import ArgumentError, Query, col, fn, select
from tql.compiler.compile import compile_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.tql.nulls import Case, Row

Rows = list[list[Any]]
Position = tuple[Query, "Callable[[list[Row]], Rows]", bool]
NUMBERS = tuple(nulls.NUMBERS)
# The types of which every case runs, all in `make differential`; of the others each fifth condition does, and each value once.
THOROUGH = frozenset(nulls.TYPES if os.environ.get("TQL_EXAMPLES") == "new" else ["int16", "bool", "text"])
SMALL = [name for name in nulls.DATASETS if name != "large"]


@pytest.fixture(scope="module")
def engine() -> Iterator[NullsRunner]:
    """Return the engine with the data of the cases."""
    found = NullsRunner()
    yield found
    found.close()


def _last(value: Any) -> tuple[bool, Any]:
    """Return a sort key that puts null last."""
    return value is None, 0 if value is None else value


def _sorted(rows: list[Row], case: Case) -> list[Row]:
    """Return rows by a value, then by their numbers."""
    return sorted(rows, key=lambda row: (_last(case.meaning(row)), row["id"]))


def _counted(rows: list[Row], case: Case) -> Rows:
    """Return the number of rows of each value."""
    found: dict[Any, int] = {}
    for row in rows:
        found[case.meaning(row)] = found.get(case.meaning(row), 0) + 1
    return [[value, number] for value, number in found.items()]


def _sum(rows: list[Row], case: Case) -> Rows:
    """Return the sum of what is not missing, and the number of rows; no rows are no group."""
    there = [value for row in rows if (value := case.meaning(row)) is not None]
    return [[sum(there), len(rows)]] if rows else []


def where(case: Case) -> Position:
    """Return the rows for which a condition holds."""
    return select("id").where(case.expression), lambda rows: [[row["id"]] for row in rows if case.meaning(row)], True


def selected(case: Case) -> Position:
    """Return a value of each row, in no order: what is computed from two nullable columns is computed apart where one is null."""
    query = select("id", x=case.expression)
    return query, lambda rows: [[row["id"], case.meaning(row)] for row in rows], False


def ordered(case: Case) -> Position:
    """Return the rows in the order of a value."""
    query = select("id").order_by(case.expression, "id")
    return query, lambda rows: [[row["id"]] for row in _sorted(rows, case)], True


def grouped(case: Case) -> Position:
    """Return the number of rows of each value."""
    query = select(x=case.expression, n=fn.count()).group_by("x")
    return query, lambda rows: _counted(rows, case), False


def distinct(case: Case) -> Position:
    """Return each value once."""
    query = select(x=case.expression).distinct()
    return query, lambda rows: [[value] for value, _ in _counted(rows, case)], False


def summed(case: Case) -> Position:
    """Return the sum of a value."""
    return select(x=fn.sum(case.expression), n=fn.count()), lambda rows: _sum(rows, case), True


def reused(case: Case) -> Position:
    """Return a value that the query names, read in another select around it."""
    inner = select("id", x=case.expression)
    query = select("id", y=(col("x") == 1) | (col("x") == 3)).from_(inner).order_by("x", "id")
    return query, lambda rows: [[row["id"], case.meaning(row) in {1, 3}] for row in _sorted(rows, case)], True


def summed_outside(case: Case) -> Position:
    """Return the sum of a value that another query names."""
    query = select(x=fn.sum("y"), n=fn.count()).from_(select("id", y=case.expression))
    return query, lambda rows: _sum(rows, case), True


def narrowed(case: Case) -> Position:
    """Return a value, in its own order, of the rows in which nothing is missing: there nothing is refused."""
    present = [col(name).is_not_null() for name in ("other", *(f"n{kind}" for kind in nulls.TYPES))]
    query = select("id", x=case.expression).where(*present).order_by(case.expression, "id")

    def rows_of(rows: list[Row]) -> Rows:
        kept = [row for row in rows if None not in row.values()]
        return [[row["id"], case.meaning(row)] for row in _sorted(kept, case)]

    return query, rows_of, True


def narrowed_below(case: Case) -> Position:
    """Return the rows for which a condition on a value holds, where nothing is missing in the rows of the query below."""
    present = [col(name).is_not_null() for name in ("other", *(f"n{kind}" for kind in nulls.TYPES))]
    query = select("id").from_(select().where(*present)).where(case.expression > 1)
    return query, lambda rows: [[row["id"]] for row in rows if None not in row.values() and case.meaning(row) > 1], True


CONDITIONS = {
    "where": where,
    "select": selected,
    "order_by": ordered,
    "group_by": grouped,
    "sum": summed,
    "reused": reused,
}
VALUES = {
    "select": selected,
    "order_by": ordered,
    "group_by": grouped,
    "distinct": distinct,
    "sum": summed,
    "sum outside": summed_outside,
    "reused": reused,
}


def _text(query: Query, dataset: str) -> str:
    """Return the text for a dataset."""
    return compile_query(query.statement, f"mem://{dataset}", {None: nulls.SCHEMA})


def _differs(engine: NullsRunner, position: Position, dataset: str) -> str | None:
    """Return the difference between the rows of a query and those of Python, or None."""
    query, expected, in_order = position
    text = _text(query, dataset)
    answer, wanted = engine.ask(text), expected(nulls.rows(dataset))
    if isinstance(answer, list) and not in_order:
        answer, wanted = sorted(answer, key=_in_any_order), sorted(wanted, key=_in_any_order)
    return None if _same(answer, wanted) else f"{dataset}: {text}\n  {answer}\n  {wanted}"


def _same(answer: object, wanted: object) -> bool:
    """Tell whether rows are equal, floats but for the rounding of their last digits: Python 3.12 and later sum floats more exactly."""
    if isinstance(answer, list) and isinstance(wanted, list):
        return len(answer) == len(wanted) and all(map(_same, answer, wanted))
    if isinstance(answer, float) and isinstance(wanted, float):
        return math.isclose(answer, wanted, rel_tol=1e-14) or answer == wanted
    return answer == wanted


def _in_any_order(row: list[Any]) -> list[tuple[bool, Any]]:
    """Return a sort key for rows without a promised order."""
    return list(map(_last, row))


def _refused(position: Position) -> bool:
    """Tell whether the builder refuses a query, and says what to do instead."""
    try:
        _text(position[0], "later")
    except ArgumentError as error:
        return "is_not_null()" in (error.hint or "")
    return False


@pytest.mark.parametrize("kind", nulls.TYPES)
def test_a_condition_is_true_or_false_in_every_clause(kind: str, engine: NullsRunner) -> None:
    """A comparison with a missing value is false, its negation is true, in each clause, alone and joined with others; nothing is refused."""
    single = itertools.product(nulls.conditions(kind), CONDITIONS.values())
    joined = zip(nulls.combined(nulls.conditions(kind)), itertools.cycle(CONDITIONS.values()), strict=False)
    step = 1 if kind in THOROUGH else 5
    chosen = itertools.islice(itertools.chain(single, joined), 0, None, step)
    turns = itertools.cycle(SMALL)
    wrong = [_differs(engine, position(case), next(turns)) for case, position in chosen]

    assert [found for found in wrong if found] == []


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_value_is_missing_where_it_computes_with_a_missing_one(kind: str, engine: NullsRunner) -> None:
    """Arithmetic and functions are right with the missing value in each place, with two of one type, and as a key missing values come last; of two types they are refused, with the way out."""
    turns = itertools.cycle(SMALL)
    wrong: list[object] = []
    for case, position in itertools.product(nulls.values(kind), VALUES.values()):
        if case.label in nulls.TOGETHER and kind != "int16":
            wrong.append(None if _refused(position(case)) else case.label)
        else:
            wrong += [_differs(engine, position(case), next(turns)) for _ in range(2 if kind in THOROUGH else 1)]

    assert [found for found in wrong if found] == []


@pytest.mark.parametrize("kind", NUMBERS)
def test_where_nothing_is_missing_nothing_is_refused(kind: str, engine: NullsRunner) -> None:
    """Behind `is_not_null()`, in the same query or in the one below, every value is computed, functions and divisors too."""
    wrong = [
        _differs(engine, position(case), dataset)
        for case in nulls.values(kind)
        for position in (narrowed, narrowed_below)
        for dataset in ("later", "full")
    ]

    assert [found for found in wrong if found] == []


@pytest.mark.parametrize("kind", nulls.LARGE)
def test_large_numbers_are_compared_exactly(kind: str, engine: NullsRunner) -> None:
    """Comparisons with a literal are exact beyond 2**53 and 2**24; an order with more than 2**53 is refused for uint64, which the engine compares as float64."""
    it, value = col(f"n{kind}"), nulls.column(f"n{kind}")
    wrong: list[object] = []
    for literal in filter(None, nulls.LARGE[kind]):
        for sign, compare in COMPARISONS.items():
            case = nulls.Case(sign, compare(it, literal), nulls.holds(compare, value, nulls.constant(literal)))
            for position in (where, selected, grouped):
                if kind == "uint64" and literal >= 2**53 and sign not in {"==", "!="}:
                    wrong.append(None if _refused(position(case)) else case)
                else:
                    wrong.append(_differs(engine, position(case), "large"))

    assert [found for found in wrong if found] == []


def test_a_condition_is_a_weight(engine: NullsRunner) -> None:
    """A row is drawn by a condition over a nullable column; a nullable column itself is no weight."""
    case = nulls.Case(
        "and", (col("nint64") > 3) & (col("id") > 0), lambda row: (row["nint64"] or 0) > 3 and row["id"] > 0
    )
    text = _text(select("id").sample_by(case.expression, replace=False, limit=1), "later")

    assert {engine.ask(text)[0][0] for _ in range(20)} == {6}
    assert _refused((select("id").sample_by("nint64"), lambda _: [], True))
    assert _refused((select("id").sample_by(col("nint64") + 1), lambda _: [], True))


@pytest.mark.parametrize("dataset", SMALL)
def test_rows_of_several_queries_keep_what_is_missing(dataset: str, engine: NullsRunner) -> None:
    """Sets of a nullable column with one of its type keep values and nulls."""
    it = nulls.Case("column", col("nint64"), nulls.column("nint64"))
    rows = nulls.rows(dataset)
    both = [row["w"] for row in rows], [row["nint64"] for row in rows]
    union_all = select(x=col("w")).union_all(select(x=it.expression))
    read = select("x", y=(col("x") == 1) | (col("x") == 3)).from_(union_all)
    found: list[tuple[Query, Rows]] = [
        (union_all, [[value] for value in itertools.chain(*both)]),
        (select(x=it.expression).union(select(x=col("w"))), [[value] for value in {*both[0], *both[1]}]),
        (read, [[value, value in {1, 3}] for value in itertools.chain(*both)]),
    ]

    for query, wanted in found:
        assert sorted(engine.ask(_text(query, dataset)), key=_in_any_order) == sorted(wanted, key=_in_any_order)


@pytest.mark.parametrize("other", ["nint8", "nuint64", "nfloat64", "nbool"])
def test_sets_of_nullable_columns_of_two_types_are_refused(other: str) -> None:
    """The engine shifts the values of a nullable column past what is missing where it brings them to another type; of the common type it keeps them."""
    narrow = [] if other == "nfloat64" else [(col("w"), col(other)), (col(other), col("w"))]
    for legs in (*narrow, (col("nint64"), col(other))):
        for method in ("union", "union_all", "intersect", "except_"):
            query = getattr(select(x=legs[0]), method)(select(x=legs[1]))

            assert _refused((query, lambda _: [], True))
    left_out = select(x=col("w")).union(select(x=col(other)).where(col(other).is_not_null()))

    assert "is not null" in _text(left_out, "later")
