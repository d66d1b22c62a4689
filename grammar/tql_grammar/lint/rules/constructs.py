"""Rules about constructs that the engine's parser accepts and the engine rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.literals import literals_of
from tql_grammar.outputs import bare
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

# By kind of node: the name in the engine's message, and the hint.
UNSUPPORTED: dict[type[ast.Node], tuple[str, str]] = {
    ast.Case: ("CASE", "select the columns, and choose between them in your program"),
    ast.Cast: ("CAST", "numbers of different types are compared by value; x * 1.0 is a float64"),
    ast.Extract: ("EXTRACT", "store the parts of a date in numeric columns"),
    ast.Exists: ("EXIST", "run the subquery first, and write its values: x IN (1, 2)"),
    ast.Subquery: ("SELECT", "run the subquery first, and write its value"),
    ast.Null: ("NULL", "write x IS NULL or x IS NOT NULL"),
    ast.Date: ("DATE", "store dates as numbers (timestamps) or ISO 8601 text, and compare those"),
    ast.Interval: ("INTERVAL", "store dates as numbers (timestamps), and use arithmetic"),
}
OPERATORS = {
    "^": ("^", "multiply: x * x"),
    "||": ("CONCAT", "TQL cannot concatenate strings; select both columns"),
}


def _nodes(subject: Subject, *kinds: type[ast.Node]) -> Iterator[ast.Node]:
    """Yield the nodes of some classes in the clauses that the engine evaluates, including LIMIT."""
    yield from (node for _, node in subject.parts(*kinds))
    for scope in subject.scopes:
        limit = scope.select.limit
        for count in (limit.count, limit.offset) if limit is not None else ():
            yield from () if count is None else (part for part in own_parts(count) if isinstance(part, kinds))


def _name(node: ast.Node) -> tuple[str, str] | None:
    """Return the name of an unsupported construct in the engine's message, and the hint; None for a supported one."""
    if isinstance(node, ast.Chain):
        return next((OPERATORS[operator] for operator in node.operators if operator in OPERATORS), None)
    return UNSUPPORTED.get(type(node))


def _unsupported(subject: Subject) -> Iterator[Finding]:
    """Yield the constructs that the engine does not support."""
    listed: dict[int, ast.In] = {}
    for node in _nodes(subject, *UNSUPPORTED, ast.Chain):
        found = _name(node)
        if found is not None:
            name, hint = found
            listed = listed or _listed(subject)
            if isinstance(node, ast.Null) and id(node) in listed:
                hint = _apart(listed[id(node)], subject)
            yield subject.finding(node, f"the engine rejects this with `{name} is not supported.`", hint)


def _listed(subject: Subject) -> dict[int, ast.In]:
    """Return the tests by IN, by the identity of each member of their lists."""
    return {id(member): test for _, test in subject.parts(ast.In) for member in literals_of(test)}


def _apart(test: ast.In, subject: Subject) -> str:
    """Return the hint for a null in a list of IN."""
    x = subject.written(test.operand)
    right = f"{x} NOT IN (..) AND {x} IS NOT NULL" if test.negated else f"({x} IN (..) OR {x} IS NULL)"
    return f"leave null out of the list, and test it apart: {right}"


def _star(subject: Subject) -> Iterator[Finding]:
    """Yield ``*`` inside an expression."""
    for place in subject.places(ast.Star):
        if place.clause != "SELECT" or place.part is not bare(place.whole):
            yield subject.finding(
                place.part,
                "`*` is not allowed inside an expression: the engine fails with `STAR is not supported.`",
                "name a column",
            )


def _parameter(subject: Subject) -> Iterator[Finding]:
    """Yield ``?``."""
    message = "`?` is a placeholder of a prepared query and has no value here: the engine fails with `Invalid Operation: Can't get size of scalar array.`"
    for node in _nodes(subject, ast.Parameter):
        yield subject.finding(node, message, "write the value, or build the query with param(..) and bind(..)")


RULES = (
    Rule(
        code="TQL203",
        title="construct that the engine does not support",
        severity="error",
        explanation="The engine parses CASE, CAST, EXTRACT, EXISTS, scalar subqueries, NULL, dates, intervals, ^ and ||, but cannot execute them, and rejects the query.",
        example="select id from D where id = null",
        find=_unsupported,
        meant="select id from D where nul is null",
    ),
    Rule(
        code="TQL202",
        title="* inside an expression",
        severity="error",
        explanation="`*` is allowed only as an output of its own, not as an argument or operand; the engine rejects the query.",
        example="select shape(*) as n from D",
        find=_star,
        meant="select shape(arr) as n from D",
    ),
    Rule(
        code="TQL224",
        title="? in a query that is not prepared",
        severity="error",
        explanation="`?` is a placeholder for a value of a prepared query. In a query that is sent directly it has no value, and the engine rejects the query.",
        example="select id from D where id = ?",
        find=_parameter,
        meant="select id from D where id = 3",
    ),
)
