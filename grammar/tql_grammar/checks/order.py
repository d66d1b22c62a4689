"""Know the traps about the order of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.ast import Span
from tql_grammar.checks.edits import exchanged
from tql_grammar.checks.rule import Finding, Rule, Subject
from tql_grammar.errors import ArgumentError
from tql_grammar.printer import to_tql
from tql_grammar.rewrite.order import ordered
from tql_grammar.rewrite.scope import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.checks.edits import Edit


def _second_key(subject: Subject) -> Iterator[Finding]:
    """Yield the keys after the first."""
    for select in (level.select for level in subject.levels):
        if len(select.order_by) > 1:
            first, last = select.order_by[1].span, select.order_by[-1].span
            if first is not None and last is not None:
                ignored = subject.text[first.start : last.end]
                yield Finding(
                    Span(first.start, last.end),
                    f"the engine sorts by the first key only, and ignores `{ignored}`",
                    "sort by the last key in a sub-query, then by the one before it outside: select * from (select * from .. order by b) order by a; the builder's order_by does it",
                    _nested(subject, select),
                )


def _nested(subject: Subject, select: ast.Select) -> tuple[Edit, ...]:
    """Return the edit that sorts by each key in a SELECT of its own, the last one innermost; a comment in the way stays where it is, and nothing is changed."""
    plain = not (select.group_by or select.sample_by or select.top or select.distinct or select.locks or select.hints)
    if not plain or select.with_ or select.span is None or "--" in subject.text[select.span.start : select.span.end]:
        return ()
    base = select.replace(order_by=(), limit=None)
    try:
        sorted_ = ordered(base, list(select.order_by), UNKNOWN)
    except ArgumentError:
        return ()
    if select.limit is not None:
        sorted_ = ast.Select((ast.Star(),), ast.Derived(sorted_), limit=select.limit)
    return exchanged(select, to_tql(sorted_))


RULES = (
    Rule(
        code="TQL301",
        title="second ORDER BY key",
        severity="error",
        explanation="The engine sorts by the first key of ORDER BY and ignores every other. Rows that tie in the first key stay in the order of the source.",
        example="select id from D order by grp, id desc",
        find=_second_key,
        meant="select id from (select id, grp from D order by id desc) order by grp",
    ),
)
