"""A slice of the kind of sqllogictest's select2 and select3, with nulls: the rows are those of sqlite, or the builder refuses the query and says what to do instead."""

from __future__ import annotations

import collections
import math
import os
import sqlite3
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.oracle import Tables
from tests.tql import sqllogic
from tql import ArgumentError, Schema
from tql.compiler.compile import compile_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tql.sqllogic import Case, Table

COUNT = int(os.environ.get("TQL_QUERIES", "400"))
# Queries over one table.
EACH = 50
# At most so many of a hundred are refused: most compute with, or combine, numbers whose nulls have two types.
REFUSED = 5


@pytest.fixture(scope="module")
def engine() -> Iterator[Tables]:
    """Return the engine in a child process."""
    found = Tables()
    yield found
    found.close()


def same(value: Any) -> Any:
    """Return a cell as both have it: a bool is a number, the last digits of a float and the sign of 0 may differ, and a mean of nothing is NaN or null."""
    if value is None or isinstance(value, str):
        return value or None
    return None if math.isnan(value) else float(f"{value:.10g}") + 0.0


def cells(rows: list[Any], case: Case) -> list[list[Any]]:
    """Return rows that can be compared."""
    found = [list(map(same, row)) for row in rows]
    return found if case.in_order else sorted(found, key=repr)


def reference(base: sqlite3.Connection, case: Case) -> list[list[Any]]:
    """Return the rows by sqlite."""
    return cells(base.execute(case.sql).fetchall(), case)


def loaded(table: Table) -> sqlite3.Connection:
    """Return a table in sqlite."""
    base = sqlite3.connect(":memory:")
    columns = ", ".join(f"{name} {sqllogic.sql_type(kind)}" for name, kind in table.kinds.items())
    base.execute(f"create table t1 ({columns})")
    places = ", ".join("?" * len(table.kinds))
    base.executemany(f"insert into t1 values ({places})", [tuple(row.values()) for row in table.rows])
    return base


def create(engine: Tables, name: str, table: Table) -> None:
    """Create a table in the engine."""
    columns = {label: [kind, [row[label] for row in table.rows]] for label, kind in table.kinds.items()}
    assert isinstance(engine.ask({"name": name, "columns": columns}), int)


def outcome(engine: Tables, base: sqlite3.Connection, case: Case, name: str, table: Table) -> str:
    """Return "right", why a query is refused, or the difference."""
    try:
        text = compile_query(case.query.statement, f"mem://{name}", {None: Schema(table.kinds)})
    except ArgumentError as error:
        return f"refused: {error.subject} {error.hint}"
    answer = engine.ask(text)
    if not isinstance(answer, list):
        if answer in {"crash", "hang"}:
            create(engine, name, table)
        return f"wrong: {answer}\n  {text}\n  {case.sql}"
    found, expected = cells(answer, case), reference(base, case)
    return "right" if found == expected else f"wrong: {found}\n  {expected}\n  {text}\n  {case.sql}"


def tallied(engine: Tables, variants: list[str], count: int) -> collections.Counter[str]:
    """Return the numbers of right and refused queries over tables of the variants; none is wrong."""
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[str] = []
    for number in range(math.ceil(count / EACH)):
        variant = variants[number % len(variants)]
        random = Random(f"{variant} {number}")  # noqa: S311 - draws test cases
        table = sqllogic.table(random, variant, 30 if number % 10 else 3)
        name = f"{variant}{number}"
        create(engine, name, table)
        base = loaded(table)
        for _ in range(EACH):
            found = outcome(engine, base, sqllogic.case(random, table), name, table)
            counts[found.partition(": ")[0]] += 1
            wrong += [found] if found.startswith("wrong") else []
        base.close()

    assert not wrong, f"{counts}: {wrong[0]}"
    return counts


def test_select_2_and_3(engine: Tables) -> None:
    """Computed nullable columns, conditions with AND, OR, NOT, BETWEEN and IN, orders by every output, groups, distinct rows, sets and subqueries."""
    counts = tallied(engine, ["integers", "floats", "seconds"], COUNT)

    assert counts["refused"] * 100 <= COUNT * REFUSED, counts


def test_columns_of_several_types(engine: Tables) -> None:
    """What is computed from nullable columns of two types is refused, which is documented; the rest is right."""
    counts = tallied(engine, ["mixed"], COUNT // 5)

    assert counts["right"] * 4 >= COUNT // 5, counts
