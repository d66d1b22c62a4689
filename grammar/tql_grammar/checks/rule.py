"""Know what a rule is: what it finds in a tree, and how that reads to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.diagnostic import Diagnostic, Severity, locate
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tql_grammar import ast
    from tql_grammar.ast import Span


class Finding(Record):
    """
    One place where a rule applies.

    Attributes:
        span: the characters that it is about.
        message: what the engine does there.
        hint: what to write instead.
        fix: the corrected whole text, or None where none is certain.
    """

    span: Span
    message: str
    hint: str | None = None
    fix: str | None = None


class Subject(Record):
    """What rules look at: a text, and the tree that the engine reads from it."""

    text: str
    tree: ast.Query


class Rule(Record):
    """
    One trap.

    Attributes:
        code: ``TQL`` and three digits, see `Diagnostic`.
        title: the trap in a few words.
        severity: of its findings.
        explanation: what the engine does, measured.
        example: the smallest query that shows it, on a dataset with the columns id, grp and text.
        find: yields the places.
    """

    code: str
    title: str
    severity: Severity
    explanation: str
    example: str
    find: Callable[[Subject], Iterable[Finding]]

    def diagnostics(self, subject: Subject) -> Iterable[Diagnostic]:
        """Yield the findings of this rule as diagnostics."""
        for finding in self.find(subject):
            start, end = finding.span.start, finding.span.end
            line, column = locate(subject.text, start)
            yield Diagnostic(
                self.code, self.severity, finding.message, line, column, start, end, finding.hint, finding.fix
            )
