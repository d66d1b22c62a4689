"""
Texts of people who know SQL, against sqlite: a text without findings has the rows of sqlite, and so has a fixed text without findings.

Each fix parses in the engine, keeps the comments, has the finding no more and no new error, and leaves right rows right.
"""

from __future__ import annotations

import collections
import json
import math
import os
import sqlite3
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import dataset
from tests.grammar.lint import sql_texts
from tests.grammar.lint.test_fixes import assert_harmless
from tests.oracle import CRASH, HANG, Oracle, Tables
from tql import Schema, check, fix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.grammar.lint.sql_texts import Case
    from tql import Diagnostic

COUNT = int(os.environ.get("TQL_TEXTS", "4800")) // 5
SEED = os.environ.get("TQL_SEED", "texts")
# Queries over one pair of tables.
EACH = 100
# Findings about data that is not drawn: NaN, indexed embeddings, and, but for one column, numbers that are equal as float32; about names, and about the number of rows.
NOT_OF_THESE_ROWS = frozenset({"TQL503", "TQL505", "TQL506", "TQL511", "TQL516"})
OF_LARGE_NUMBERS = frozenset({"TQL512", "TQL515"})
Rows = list[list[Any]]
FUNCTIONS: dict[str, Callable[..., float]] = {
    "l2": lambda one, *other: math.dist(json.loads(one), other),
    "l1": lambda one, *other: sum(abs(left - right) for left, right in zip(json.loads(one), other, strict=True)),
    "dot": lambda one, *other: sum(left * right for left, right in zip(json.loads(one), other, strict=True)),
    "top": lambda one: max(json.loads(one)),
    "whole": lambda one: sum(json.loads(one)),
}


class World:
    """The data sets in the engine and in sqlite."""

    def __init__(self, engine: Tables, random: Random, number: int) -> None:
        """Draw the rows and load them."""
        self.engine = engine
        self.number = number
        self.rows = {name: sql_texts.rows_of(random, name, 25 if name == "main" else 8) for name in sql_texts.COLUMNS}
        self.urls = {name: f"mem://texts{number}{name}" for name in sql_texts.COLUMNS}
        self.base = sqlite3.connect(":memory:")
        self.base.execute("pragma case_sensitive_like=on")
        for name, function in FUNCTIONS.items():
            self.base.create_function(name, -1, function, deterministic=True)
        self.schemas: dict[str, Schema] = {}
        for name, columns in sql_texts.COLUMNS.items():
            kinds = {column: kind for column, (kind, _) in columns.items()}
            listed = ", ".join(f"{column} {sql_texts.sql_type(kind)}" for column, kind in kinds.items())
            self.base.execute(f"create table {name} ({listed})")
            places = ", ".join("?" * len(columns))
            written = [[_in_sqlite(value) for value in row.values()] for row in self.rows[name]]
            self.base.executemany(f"insert into {name} values ({places})", written)
            self.schemas[self.urls[name]] = Schema.from_dataset(dataset(f"schema{number}{name}", kinds, []))
        self.load()

    def load(self) -> None:
        """Create the data sets in the engine."""
        for name, columns in sql_texts.COLUMNS.items():
            values = {column: [kind, [row[column] for row in self.rows[name]]] for column, (kind, _) in columns.items()}
            said = self.engine.ask({"name": self.urls[name].removeprefix("mem://"), "columns": values})
            assert isinstance(said, int), said

    def meant(self, case: Case) -> Rows | None:
        """Return the rows by sqlite, or None where it rejects the query: a set operation of different numbers of columns."""
        try:
            return cells(self.base.execute(case.sql).fetchall(), case)
        except sqlite3.OperationalError:
            return None

    def found(self, text: str, case: Case) -> Rows | str:
        """Return the rows by the engine, or its error."""
        said = self.engine.ask(text)
        if said in (CRASH, HANG):
            self.load()
        return cells(said, case) if isinstance(said, list) else str(said)


def _in_sqlite(value: Any) -> Any:
    """Return a value as sqlite stores it: an array as JSON."""
    return json.dumps(value) if isinstance(value, list) else value


def cells(rows: list[Any], case: Case) -> Rows:
    """Return rows that can be compared."""
    found = [[same(value) for value in row[: case.shown]] for row in rows]
    return found if case.in_order else sorted(found, key=repr)


def same(value: Any) -> Any:
    """Return a cell as both have it: a bool is a number, the empty text is null, and the last digits of a float may differ."""
    if isinstance(value, list):
        return tuple(map(same, value))
    if isinstance(value, str) and value.startswith("["):
        return same(json.loads(value))
    if value is None or isinstance(value, str):
        return value or None
    return None if math.isnan(value) else float(f"{value:.9g}")


@pytest.fixture(scope="module")
def engine() -> Iterator[Tables]:
    """Return the engine in a child process."""
    found = Tables()
    yield found
    found.close()


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """Return the engine's parser, in a child process."""
    found = Oracle()
    yield found
    found.close()


class Tally:
    """
    Outcomes of the texts.

    Attributes:
        counts: the number of texts of each outcome, and of fixes of each rule.
        wrong: the texts that are clean, or fixed, and whose rows are not those of sqlite.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.counts: collections.Counter[str] = collections.Counter()
        self.wrong: list[str] = []

    def note(self, outcome: str, *details: object, bad: bool) -> None:
        """Count an outcome; a bad one keeps its details."""
        self.counts[outcome] += 1
        if bad:
            self.wrong.append("\n  ".join([outcome, *map(str, details)]))


def explains(diagnostics: list[Diagnostic], text: str) -> bool:
    """Tell whether a finding can explain a difference of the rows."""
    codes = {item.code for item in diagnostics} - NOT_OF_THESE_ROWS
    return bool(codes if "big" in text else codes - OF_LARGE_NUMBERS)


def has_error(diagnostics: list[Diagnostic]) -> bool:
    """Tell whether a finding is an error."""
    return any(item.severity == "error" for item in diagnostics)


def judge(world: World, case: Case, text: str, oracle: Oracle, tally: Tally) -> None:
    """Compare the rows of a text, and of the fixed text, with those of sqlite."""
    meant = world.meant(case)
    if meant is None:
        return
    diagnostics = check(text, world.schemas, info=True)
    rows = world.found(text, case)
    if not explains(diagnostics, text):
        tally.note("clean", text, case.sql, rows, meant, bad=rows != meant)
    else:
        tally.note("found, and right" if rows == meant else "found, and different", bad=False)
    fixed = fix(text, world.schemas)
    if fixed != text:
        assert_harmless(text, world.schemas, oracle)
        right = rows == meant
        for diagnostic in diagnostics:
            if diagnostic.fix is not None:
                tally.counts.update(["fixes", f"fix of {diagnostic.code}"])
                judge_fix(world, case, (text, diagnostic.fix), tally, right=right, whole=False)
        judge_fix(world, case, (text, fixed), tally, right=right, whole=True)


def judge_fix(world: World, case: Case, texts: tuple[str, str], tally: Tally, *, right: bool, whole: bool) -> None:  # noqa: PLR0913 - one world, and two texts
    """
    Compare the rows of a text before and after a fix with those of sqlite.

    With two mistakes the rows can be right by chance, and with one of them wrong; so right rows have to stay only where no finding is left that explains a difference.
    """
    text, fixed = texts
    left = check(fixed, world.schemas, info=True)
    explained = explains(left, fixed)
    kept = right and not explained
    if not whole and not kept:
        return
    meant, after = world.meant(case), world.found(fixed, case)
    bad = after != meant and not explained
    outcome = "fixed, and right" if after == meant else "fixed in part"
    tally.note(outcome if whole else "rows kept by one fix", text, fixed, case.sql, after, meant, bad=bad)


def test_texts_of_sql(engine: Tables, oracle: Oracle, record_property: Callable[[str, object], None]) -> None:
    """Conditions, orders, limits, groups, HAVING, sets, joins, subqueries, aliases and searches, with comments anywhere and mistakes of spelling."""
    tally = Tally()
    for number in range(math.ceil(COUNT / EACH)):
        random = Random(f"{SEED} {number}")  # noqa: S311 - draws test cases
        world = World(engine, random, number)
        for _ in range(EACH):
            case = sql_texts.drawn(random)
            text = sql_texts.spelt(random, sql_texts.located(case.text, world.urls))
            judge(world, case, sql_texts.misspelt(random, text), oracle, tally)
        world.base.close()

    record_property(
        "figure",
        f"texts of SQL against sqlite: {len(tally.wrong)} differences without a finding; {dict(sorted(tally.counts.items()))}",
    )
    assert not tally.wrong, f"{len(tally.wrong)} of {tally.counts}: {min(tally.wrong, key=len)}"
    assert tally.counts["fixes"] * 8 >= COUNT
