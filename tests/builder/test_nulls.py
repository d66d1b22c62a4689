"""Each operator, in each clause, over each type of nullable column: the rows are those that Python says, or the builder refuses; the engine runs in a child process, which it may end."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests.builder import nulls
from tests.oracle import NullsRunner
from tql import ArgumentError, Query, col, fn, select
from tql.compile import compile_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.builder.nulls import Case, Row

Rows = list[list[Any]]
Position = tuple[Query, "Callable[[list[Row]], Rows]", bool]
NUMBERS = tuple(nulls.NUMBERS)
SMALL = [name for name in nulls.DATASETS if name != "large"]


@pytest.fixture(scope="module")
def engine() -> Iterator[NullsRunner]:
    """Return the engine with the data of the cases."""
    found = NullsRunner()
    yield found
    found.close()


def _last(value: Any) -> tuple[bool, Any]:
    """Return what sorts a missing value last."""
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
    """Return a value of each row."""
    query = select("id", x=case.expression)
    return query, lambda rows: [[row["id"], case.meaning(row)] for row in rows], True


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


def averaged(case: Case) -> Position:
    """Return the mean of what is not missing, in groups that have some."""

    def mean(rows: list[Row]) -> Rows:
        there = [value for row in rows if (value := case.meaning(row)) is not None]
        return [[float(sum(there) / len(there))]] if there else [[None]] if rows else []

    return select(x=fn.mean(case.expression)).from_(select().where(col("id") >= 0)), mean, True


def drawn(case: Case) -> Position:
    """Return the rows that a condition as weight leaves: as many as meet it, and the first in any case."""
    weight = (col("id") < 1) | case.expression
    query = select("id").where(col("id") >= 0).sample_by(weight, replace=False)
    return query, lambda rows: [], False


def missing_left_out(case: Case) -> Position:
    """Return a value where nothing is missing any more: nothing is refused."""
    present = [col(name).is_not_null() for name in ("other", *(f"n{kind}" for kind in nulls.TYPES))]
    query = select("id", x=case.expression).where(*present).order_by(case.expression, "id")

    def rows_of(rows: list[Row]) -> Rows:
        kept = [row for row in rows if None not in row.values()]
        return [[row["id"], case.meaning(row)] for row in _sorted(kept, case)]

    return query, rows_of, True


CONDITIONS = {"where": where, "select": selected, "order_by": ordered, "group_by": grouped, "sum": summed, "reused": reused}
VALUES = {"select": selected, "order_by": ordered, "group_by": grouped, "distinct": distinct, "sum": summed, "sum outside": summed_outside, "reused": reused}


def _text(query: Query, dataset: str) -> str:
    """Return the text for a dataset."""
    return compile_query(query, f"mem://{dataset}", {None: nulls.SCHEMA})


def _differs(engine: NullsRunner, position: Position, dataset: str) -> str | None:
    """Return how the rows of a query differ from those of Python, or None."""
    query, expected, in_order = position
    text = _text(query, dataset)
    answer, wanted = engine.ask(text), expected(nulls.rows(dataset))
    if isinstance(answer, list) and not in_order:
        answer, wanted = sorted(answer, key=_in_any_order), sorted(wanted, key=_in_any_order)
    return None if answer == wanted else f"{dataset}: {text}\n  {answer}\n  {wanted}"


def _in_any_order(row: list[Any]) -> list[tuple[bool, Any]]:
    """Return what sorts rows whose order is not promised."""
    return list(map(_last, row))


def _refused(position: Position) -> str | None:
    """Return what the builder says against a query."""
    try:
        _text(position[0], "later")
    except ArgumentError as error:
        return str(error)
    return None


@pytest.mark.parametrize("kind", nulls.TYPES)
def test_a_condition_is_true_or_false_in_every_clause(kind: str, engine: NullsRunner) -> None:
    """A comparison with a missing value is false, its negation is true, and nothing is refused but an order with more than a nullable uint64 holds as float64."""
    cases = nulls.conditions(kind)
    wrong = []
    turn = itertools.cycle(["only", "full", "none"])
    for case in cases:
        for position in CONDITIONS.values():
            for dataset in ("later", "first", next(turn)):
                wrong.append(_differs(engine, position(case), dataset))
    for number, case in enumerate(nulls.combined(cases)):
        position = list(CONDITIONS.values())[number % len(CONDITIONS)]
        wrong.append(_differs(engine, position(case), SMALL[number // 3 % len(SMALL)]))

    assert [found for found in wrong if found] == []
