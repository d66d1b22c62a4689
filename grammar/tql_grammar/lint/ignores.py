"""Findings about comments that ignore rules: one that names no rule, and one whose rule finds nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.diagnostic import Diagnostic
from tql_grammar.lint.check import OLDER_RULES, RULES, check
from tql_grammar.lint.comments import COMMENT, codes
from tql_grammar.syntax.lexer import comments, cut_at_nul, tokens

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator

    from tql_grammar.diagnostic import Severity


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
    if not COMMENT.search(text):
        return

    @cache
    def found() -> set[str]:
        without = COMMENT.sub(lambda match: match[0].replace(":", ".", 1), text)
        return {diagnostic.code for diagnostic in check_all(without)}

    for start, end in comments(text, tokens(cut_at_nul(text))):
        for match in COMMENT.finditer(text, start, end):
            yield from of_comment(match, found, "query", "--", with_schema=with_schema)


def of_comment(
    comment: re.Match[str], found: Callable[[], set[str]], where: str, sign: str, *, with_schema: bool = False
) -> Iterator[Diagnostic]:
    """
    Yield the findings about one comment.

    Args:
        comment: the comment, in its text.
        found: returns the codes of the findings without the comment.
        where: what the comment applies to, for the message.
        sign: the beginning of a comment, for the hint.
        with_schema: whether the check knows the columns.
    """
    text, written = comment.string, list(codes(comment))
    if not written:
        message = "`tql: ignore` names no rule, so it ignores nothing"
        yield _finding(BARE, text, comment.span(), message, f"write the code: {sign} tql: ignore[TQL301]")
    for code, place in written:
        if code not in found() and not _may_be_used(code, with_schema=with_schema):
            message = f"no {code} in this {where}: the comment ignores nothing"
            yield _finding(UNUSED, text, place, message, "remove the code")


def _may_be_used(code: str, *, with_schema: bool) -> bool:
    """Return whether a rule may find something in another check: on an older engine, or with a schema."""
    return code in {rule.code for rule in OLDER_RULES} or (not with_schema and _depends(code))


@cache
def _depends(code: str) -> bool:
    """Return whether a rule finds its example only with a schema, or with the severity info."""
    return any(rule.code == code and code not in {one.code for one in check(rule.example)} for rule in RULES)


def _finding(rule: IgnoreRule, text: str, place: tuple[int, int], message: str, hint: str) -> Diagnostic:
    """Return a finding."""
    return Diagnostic.at(text, *place, rule.code, rule.severity, message, hint)
