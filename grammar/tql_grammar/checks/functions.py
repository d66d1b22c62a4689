"""Know the traps about functions: names that people expect, and what cannot be an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.checks.rule import Finding, Rule, Subject
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

# What to write instead of functions that other query languages have; programs can register functions of other names.
ABSENT = {
    "COUNT": "count the rows of a group with shape(id)[0], id being any column that is never null",
    "MAX": "AMAX reduces the elements of a row, or after GROUP BY the rows of a group",
    "MIN": "AMIN reduces the elements of a row, or after GROUP BY the rows of a group",
    "MEAN": "AVG is the mean",
    "LENGTH": "shape(e)[0] is the length of an array; texts have none",
    "LEN": "shape(e)[0] is the length of an array; texts have none",
    "LOWER": "compare without case by ILIKE",
    "UPPER": "compare without case by ILIKE",
    "CONCAT": "texts cannot be joined",
    "L2_DISTANCE": "l2_norm(e - ARRAY[..]) is the distance",
    "EUCLIDEAN_DISTANCE": "l2_norm(e - ARRAY[..]) is the distance",
    "COSINE_DISTANCE": "1 - cosine_similarity(e, ARRAY[..]) is the distance",
    "INNER_PRODUCT": "DOT is the inner product",
    "EQUALS": "write a = b",
}


def _functions(subject: Subject) -> Iterator[ast.Function]:
    """Yield the calls of a text."""
    return (node for node in walk(subject.tree) if isinstance(node, ast.Function))


def _absent(subject: Subject) -> Iterator[Finding]:
    """Yield the calls of functions that do not exist."""
    for call in _functions(subject):
        hint = ABSENT.get(call.name.upper())
        if hint is not None and call.span is not None:
            message = f"there is no function {call.name}: the engine answers `Function '{call.name.upper()}' is not found in external function sources.`"
            yield Finding(call.span, message, hint)


def _star(subject: Subject) -> Iterator[Finding]:
    """Yield the calls with ``*``."""
    for call in _functions(subject):
        if any(isinstance(argument, ast.Star) for argument in call.arguments) and call.span is not None:
            message = f"{call.name}(*): the engine answers `STAR is not supported.`"
            yield Finding(call.span, message, "name a column")


RULES = (
    Rule(
        code="TQL201",
        title="function that does not exist",
        severity="error",
        explanation="TQL has functions of its own, and none of these names. The engine refuses the query.",
        example="select length(text) as n from D",
        find=_absent,
    ),
    Rule(
        code="TQL202",
        title="* as an argument",
        severity="error",
        explanation="No function takes all columns; the engine refuses the query.",
        example="select shape(*) as n from D",
        find=_star,
    ),
)
