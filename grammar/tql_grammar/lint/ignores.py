"""Findings about comments that ignore rules: one that names no rule, and one whose rule finds nothing."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.diagnostic import Diagnostic
from tql_grammar.lint.check import RULES, check
from tql_grammar.syntax.lexer import comments, cut_at_nul, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tql_grammar.diagnostic import Severity

COMMENT = re.compile(r"tql: ignore(?:\[(?P<codes>[^\[\]]*)\])?")
CODE = re.compile(r"[^\s,]+")


class IgnoreRule(NamedTuple):
    """A rule about comments."""

    code: str
    severity: Severity
    title: str
    why: str
    example: str
    meant: str


BARE = IgnoreRule(
    "TQL011",
    "error",
    "`tql: ignore` without the code of a rule",
    "A comment without a code ignores nothing: it would hide findings that are new.\nName the rule in brackets.",
    "select id from D order by grp, id -- tql: ignore",
    "select id from D order by grp, id -- tql: ignore[TQL301]",
)
UNUSED = IgnoreRule(
    "TQL530",
    "warning",
    "`tql: ignore` of a rule that finds nothing",
    "The rule has no finding in this query, so the comment only hides later ones.\nRemove the code.",
    "select id from D order by id -- tql: ignore[TQL301]",
    "select id from D order by id",
)
IGNORE_RULES = (BARE, UNUSED)


def ignore_findings(
    text: str, check_all: Callable[[str], Iterable[Diagnostic]], *, with_schema: bool
) -> Iterator[Diagnostic]:
    """
    Yield the findings about the comments of a query that ignore rules.

    Args:
        text: the query.
        check_all: the check of a query, with all severities.
        with_schema: whether the check knows the columns; otherwise a comment for a rule that needs them may be used.
    """
    if "tql: ignore" not in text:
        return
    found: set[str] | None = None
    for start, end in comments(text, tokens(cut_at_nul(text))):
        for match in COMMENT.finditer(text, start, end):
            if match["codes"] is None or not match["codes"].strip():
                message = "`tql: ignore` names no rule, so it ignores nothing"
                yield _finding(BARE, text, match.span(), message, "write the code: -- tql: ignore[TQL301]")
                continue
            if found is None:
                found = {diagnostic.code for diagnostic in check_all(text.replace("tql: ignore", "tql. ignore"))}
            yield from _unused(text, match, found, with_schema=with_schema)


@cache
def _needs_schema(code: str) -> bool:
    """Return whether a rule finds its example with a schema only."""
    return any(rule.code == code and code not in {one.code for one in check(rule.example)} for rule in RULES)


def _unused(text: str, match: re.Match[str], used: set[str], *, with_schema: bool) -> Iterator[Diagnostic]:
    """Yield the findings about the codes of one comment that have no finding; a rule that needs a schema may have one with it."""
    for code in CODE.finditer(text, *match.span("codes")):
        if code[0] not in used and (with_schema or not _needs_schema(code[0])):
            yield _finding(
                UNUSED, text, code.span(), f"no {code[0]} in this query: the comment ignores nothing", "remove the code"
            )


def _finding(rule: IgnoreRule, text: str, place: tuple[int, int], message: str, hint: str) -> Diagnostic:
    """Return a finding."""
    return Diagnostic.at(text, *place, rule.code, rule.severity, message, hint)
