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

COUNT = int(os.environ.get("TQL_QUERIES", "1000"))
# Queries over one table.
EACH = 50
# At most so many of a hundred are refused.
REFUSED = 5


@pytest.fixture(scope="module")
def engine() -> Iterator[Tables]:
    """Return the engine in a child process."""
    found = Tables()
    yield found
    found.close()


def same(value: Any) -> Any:
    """Return a cell as both have it: a bool is a number, the last digits of a float may differ, and a mean of nothing is NaN or null."""
    if value is None or isinstance(value, str):
        return value or None
    return None if math.isnan(value) else float(f"{value:.10g}")


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


def test_select_2_and_3(engine: Tables) -> None:
    """Computed nullable columns, conditions with AND, OR, NOT, BETWEEN and IN, orders by every output, groups, distinct rows, sets and subqueries."""
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[str] = []
    for number in range(math.ceil(COUNT / EACH)):
        random = Random(f"select {number}")  # noqa: S311 - draws test cases
        table = sqllogic.table(
            random, list(sqllogic.VARIANTS)[number % len(sqllogic.VARIANTS)], 30 if number % 10 else 3
        )
        name = f"select{number}"
        create(engine, name, table)
        base = loaded(table)
        for _ in range(EACH):
            found = outcome(engine, base, sqllogic.case(random, table), name, table)
            counts[found.partition(": ")[0]] += 1
            wrong += [found] if found.startswith("wrong") else []
        base.close()

    assert not wrong, f"{counts}: {wrong[0]}"
    assert counts["refused"] * 100 <= COUNT * REFUSED, counts
