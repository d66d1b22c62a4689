"""Know the traps about the order of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.ast import Span
from tql_grammar.checks.levels import selects
from tql_grammar.checks.rule import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator


def _second_key(subject: Subject) -> Iterator[Finding]:
    """Yield the keys after the first."""
    for select in selects(subject.tree):
        if len(select.order_by) > 1:
            first, last = select.order_by[1].span, select.order_by[-1].span
            if first is not None and last is not None:
                ignored = subject.text[first.start : last.end]
                yield Finding(
                    Span(first.start, last.end),
                    f"the engine sorts by the first key only, and ignores `{ignored}`",
                    "sort by the last key in a sub-query, then by the one before it outside: select * from (select * from .. order by b) order by a; the builder's order_by does it",
                )


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
