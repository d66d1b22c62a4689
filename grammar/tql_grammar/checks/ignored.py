"""Know the traps about clauses that the engine's parser takes and its engine ignores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.checks.levels import selects
from tql_grammar.checks.rule import Finding, Rule, Subject
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator


def _distinct(subject: Subject) -> Iterator[Finding]:
    """Yield SELECT DISTINCT."""
    for select in selects(subject.tree):
        if select.distinct or select.distinct_on:
            yield subject.finding(
                select,
                "the engine ignores DISTINCT: rows that are alike all come",
                "group by the columns: select grp[0] as grp from .. group by grp",
            )


def _having(subject: Subject) -> Iterator[Finding]:
    """Yield HAVING."""
    for select in selects(subject.tree):
        if select.having is not None:
            yield subject.finding(
                select.having,
                "the engine ignores HAVING, whatever it says",
                "filter outside: select * from (select .. group by ..) where ..",
            )


def _in_query(subject: Subject) -> Iterator[Finding]:
    """Yield IN with a sub-query."""
    for _, part in subject.parts(ast.In):
        if isinstance(part.members, ast.Query):
            rows = "all rows" if part.negated else "no rows"
            message = f"the engine never runs the sub-query: there are {rows}"
            yield subject.finding(part, message, "run it first, and write its values: x IN (1, 2)")


def _others(subject: Subject) -> Iterator[Finding]:
    """Yield the clauses that do nothing."""
    for node in walk(subject.tree):
        if isinstance(node, (ast.Select, ast.SetOperation)):
            for clause, there in (("WITH", node.with_), ("WITH HINT", node.hints), ("FOR", node.locks)):
                if there:
                    yield subject.finding(there[0], f"the engine ignores {clause}", "leave it out")
        if isinstance(node, ast.Select) and node.expand_by is not None:
            yield subject.finding(node.expand_by, "the engine ignores EXPAND BY, which is deprecated", "leave it out")
        if isinstance(node, (ast.Table, ast.Derived)) and node.alias_columns:
            yield subject.finding(
                node,
                "the engine ignores the names of columns after an alias",
                "name them in a sub-query: (select id as x ..)",
            )
        if isinstance(node, ast.Join) and node.kind == "cross" and node.on is not None:
            yield subject.finding(node.on, "the engine ignores ON of a CROSS JOIN", "write JOIN")
        if isinstance(node, ast.Function) and node.distinct:
            yield subject.finding(node, "the engine ignores DISTINCT inside of a call", "leave it out")


RULES = (
    Rule(
        code="TQL302",
        title="DISTINCT",
        severity="error",
        explanation="DISTINCT and DISTINCT ON are read and ignored.",
        example="select distinct grp from D",
        find=_distinct,
        meant="select grp[0] as grp from D group by grp",
    ),
    Rule(
        code="TQL303",
        title="HAVING",
        severity="error",
        explanation="HAVING is read and ignored, even where it names columns that do not exist.",
        example="select grp[0] as g, shape(id)[0] as n from D group by grp having shape(id)[0] > 6",
        find=_having,
        meant="select * from (select grp[0] as g, shape(id)[0] as n from D group by grp) where n > 6",
    ),
    Rule(
        code="TQL304",
        title="IN with a sub-query",
        severity="error",
        explanation="The sub-query is never run, even where its source does not exist: IN is false for every row, NOT IN true.",
        example="select id from D where id in (select uid from U)",
        find=_in_query,
        meant="select id from D where id in (0, 1, 2, 3, 4, 5)",
    ),
    Rule(
        code="TQL310",
        title="clause that does nothing",
        severity="error",
        explanation="WITH, WITH HINT, FOR UPDATE, EXPAND BY, names of columns after an alias, ON of a CROSS JOIN, and DISTINCT inside of a call are read and ignored.",
        example="select d.x from D as d(x)",
        find=_others,
    ),
)
