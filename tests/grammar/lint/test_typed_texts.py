"""
Queries with columns of every type, on the engine: what it refuses has an error, and what it runs has none of the families for refused queries.

``TQL_TEXTS`` is five times the number of queries, by default 800; ``TQL_SEED`` draws others.
"""

from __future__ import annotations

import collections
import os
import re
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.grammar.lint.typed_texts import drawn
from tests.oracle import CRASH, HANG, Runner
from tql import Schema, check
from tql_grammar import ast
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.parser import parse
from tql_grammar.walk import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COUNT = int(os.environ.get("TQL_TEXTS", "4000")) // 5
SEED = os.environ.get("TQL_SEED", "typed")
# The engine does not report which text index a column has, so that its own schema allows for each.
INDEXES = {"tb": "text bm25", "ti": "text inverted", "te": "text exact"}
# A query that ends the process takes seconds; few of those of which the check says so are run.
OF_CRASHES = 0.05
# What the engine says of some rows only: of a list of texts without rows, of elements that a row does not have, of an outer join, and of JSON, whose types each row has.
OF_ROWS = re.compile(
    "dynamic shape array|Index .* is out of range|out of array bounds|empty array|Key not found|Dtype is unknown|arrays of the same size"
    "|two independent datasets|Expression is not const|object"
)
# The same of arrays: those of a group, and those of a column that has rows of several shapes.
OF_SHAPES, MAY_HAVE_SHAPE = (
    re.compile("different shapes|different length"),
    re.compile(r" group by |\b(arr|mat|multi)\b"),
)
OF_TYPES = "Dtype str is not numeric"
# The families for queries that the engine refuses, or that end its process, and the warnings about queries that it refuses for some rows.
REFUSING = frozenset("0124")
REFUSING_SOME = frozenset({"TQL529"})


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Return the engine with the data of the cases, in a child process."""
    found = Runner()
    yield found
    found.close()


def kind_of(answer: str) -> str:
    """Return an error of the engine without names and numbers."""
    return re.sub(r"[`'\"][^`'\"]*[`'\"]|\b[\d.]+\b", "_", answer.removeprefix("RuntimeError: "))[:60]


def has_rows(answer: Any) -> bool:
    """Tell whether a query has a row: the engine may not look at expressions that it evaluates for no row."""
    return isinstance(answer, dict) and any(answer["rows"].values())


def without_where(text: str) -> str:
    """Return a query without its conditions."""
    tree = rebuild(parse(text), lambda part: part.replace(where=None) if isinstance(part, ast.Select) else part)
    return to_tql(tree)


def is_of_rows(text: str, answer: str) -> bool:
    """Tell whether an error depends on the values of rows."""
    by_shape = OF_SHAPES.search(answer) and MAY_HAVE_SHAPE.search(text)
    return bool(OF_ROWS.search(answer) or by_shape or (OF_TYPES in answer and "js[" in text))


class Tally:
    """
    Outcomes of the queries.

    Attributes:
        refused: the number of refused queries of each kind.
        missed: those without an error.
        ran: the number of queries with rows.
        alarms: those with an error of a family for refused queries.
        by_rows: the same, where the engine refuses the query without its WHERE: the rows that it leaves allow it.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.refused: collections.Counter[str] = collections.Counter()
        self.missed: list[tuple[str, str]] = []
        self.ran = 0
        self.alarms: list[tuple[str, str]] = []
        self.by_rows: list[tuple[str, str]] = []

    def note(self, text: str, errors: list[str], runner: Runner) -> None:
        """Count a query with the codes of its errors, by the answer of the engine."""
        answer = runner.ask(text)
        if has_rows(answer):
            self.ran += 1
            alarms = [(code, text) for code in errors[:1] if code[3] in REFUSING]
            whole = runner.ask(without_where(text)) if alarms else answer
            (self.alarms if isinstance(whole, dict) else self.by_rows).extend(alarms)
        elif not isinstance(answer, dict) and answer != HANG and not is_of_rows(text, answer):
            self.refused[kind_of(answer)] += 1
            self.missed += [] if errors else [(kind_of(answer), text)]

    def figure(self) -> str:
        """Return the figures."""
        missed, alarms, by_rows = (
            collections.Counter(kind for kind, _ in found) for found in (self.missed, self.alarms, self.by_rows)
        )
        every = self.refused.total()
        return (
            f"refusals found with schemas: {every - missed.total()} of {every}, {1 - missed.total() / every:.2%}, {len(self.refused)} kinds, missed {dict(missed)}; "
            f"false alarms: {alarms.total()} of {self.ran} that run, {alarms.total() / self.ran:.2%}, {dict(alarms)}; "
            f"of those that are refused without their WHERE: {by_rows.total()}, {dict(by_rows)}"
        )


def test_queries_of_every_type(
    runner: Runner, schemas: dict[str, Schema], record_property: Callable[[str, object], None]
) -> None:
    """At least 99 % of the refused queries have an error, and at most 0.1 % of those that run; of those that run only for the rows that a condition leaves, as a sort key without a null, at most 0.4 %."""
    known = {**schemas, "mem://x": Schema({**schemas["mem://x"].as_dict(), **INDEXES})}
    random, tally = Random(SEED), Tally()  # noqa: S311 - draws test cases
    for _ in range(COUNT):
        text = drawn(random)
        found = check(text, known)
        errors = [one.code for one in found if one.severity == "error" or one.code in REFUSING_SOME]
        if not any(code[3] == "4" for code in errors) or random.random() < OF_CRASHES:
            tally.note(text, errors, runner)
    record_property("figure", tally.figure())

    assert len(tally.missed) <= tally.refused.total() * 0.01, tally.missed
    assert len(tally.alarms) <= max(2, tally.ran * 0.001), tally.alarms
    assert len(tally.by_rows) <= max(3, tally.ran * 0.004), tally.by_rows
    assert tally.refused.total() > COUNT / 4
    assert CRASH not in {kind for kind, _ in tally.missed}, tally.missed
