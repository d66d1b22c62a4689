"""Know the traps about functions: names that people expect, and what cannot be an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.checks.rule import Finding, Rule, Subject
from tql_grammar.functions import ABSENT
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator


def _functions(subject: Subject) -> Iterator[ast.Function]:
    """Yield the calls of a text."""
    return (node for node in walk(subject.tree) if isinstance(node, ast.Function))


def _absent(subject: Subject) -> Iterator[Finding]:
    """Yield the calls of functions that do not exist."""
    for call in _functions(subject):
        absent = ABSENT.get(call.name.upper())
        if absent is not None and call.span is not None:
            message = f"there is no function {call.name}: the engine answers `Function '{call.name.upper()}' is not found in external function sources.`"
            yield Finding(call.span, message, absent.text)


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
