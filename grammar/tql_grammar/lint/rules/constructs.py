"""Rules about constructs that the engine's parser accepts and the engine rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

# By kind of node: what the engine names in its answer, and what to write instead.
REFUSED: dict[type[ast.Node], tuple[str, str]] = {
    ast.Case: ("CASE", "select the parts, and choose in the program"),
    ast.Cast: ("CAST", "numbers are compared by value; x * 1.0 is a float64"),
    ast.Extract: ("EXTRACT", "store the parts of a date as columns of numbers"),
    ast.Exists: ("EXIST", "run the other query first, and write its values: x IN (1, 2)"),
    ast.Subquery: ("SELECT", "run the other query first, and write its value"),
    ast.Null: ("NULL", "write x IS NULL or x IS NOT NULL"),
    ast.Date: ("DATE", "store a number (a timestamp) or an ISO 8601 text, and compare that"),
    ast.Interval: ("INTERVAL", "store a number (a timestamp), and compute with that"),
}
OPERATORS = {
    "^": ("^", "multiply: x * x"),
    "||": ("CONCAT", "texts cannot be joined; select both"),
}


def _nodes(subject: Subject, *kinds: type[ast.Node]) -> Iterator[ast.Node]:
    """Yield the parts of some kinds in the clauses that the engine looks at, LIMIT among them."""
    yield from (node for _, node in subject.parts(*kinds))
    for scope in subject.scopes:
        limit = scope.select.limit
        for count in (limit.count, limit.offset) if limit is not None else ():
            yield from () if count is None else (part for part in own_parts(count) if isinstance(part, kinds))


def _name(node: ast.Node) -> tuple[str, str] | None:
    """Return what the engine calls a construct that it refuses, and what to write instead."""
    if isinstance(node, ast.Chain):
        return next((OPERATORS[operator] for operator in node.operators if operator in OPERATORS), None)
    return REFUSED.get(type(node))


def _refused(subject: Subject) -> Iterator[Finding]:
    """Yield the constructs that are refused."""
    for node in _nodes(subject, *REFUSED, ast.Chain):
        found = _name(node)
        if found is not None:
            name, hint = found
            yield subject.finding(node, f"the engine answers `{name} is not supported.`", hint)


def _star(subject: Subject) -> Iterator[Finding]:
    """Yield ``*`` inside of an expression."""
    for place in subject.places(ast.Star):
        if place.clause != "SELECT" or place.part is not bare(place.whole):
            yield subject.finding(place.part, "the engine answers `STAR is not supported.`", "name a column")


def _parameter(subject: Subject) -> Iterator[Finding]:
    """Yield ``?``."""
    message = "a text with ? is for prepared queries: sent as it is the engine answers `Invalid Operation: Can't get size of scalar array.`"
    for node in _nodes(subject, ast.Parameter):
        yield subject.finding(node, message, "write the value, or build the query with param(..) and bind(..)")


RULES = (
    Rule(
        code="TQL203",
        title="construct that the engine does not support",
        severity="error",
        explanation="The engine's parser takes CASE, CAST, EXTRACT, EXISTS, scalar sub-queries, NULL, dates, intervals, ^ and ||, and its engine refuses the query.",
        example="select id from D where id = null",
        find=_refused,
        meant="select id from D where nul is null",
    ),
    Rule(
        code="TQL202",
        title="* inside of an expression",
        severity="error",
        explanation="No function and no operator takes all columns; the engine refuses the query.",
        example="select shape(*) as n from D",
        find=_star,
        meant="select shape(arr) as n from D",
    ),
    Rule(
        code="TQL224",
        title="parameter in a text that is sent",
        severity="error",
        explanation="`?` stands for a value of a prepared query. A text with one that is sent as it is gets no value, and the engine refuses it.",
        example="select id from D where id = ?",
        find=_parameter,
        meant="select id from D where id = 3",
    ),
)
