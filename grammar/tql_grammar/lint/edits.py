"""
Edits of a query text, which leave everything around them unchanged, including comments.

A rule has edits only where the edited query is certain to return the intended rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast
from tql_grammar.syntax.lexer import BLANKS, STRING, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tql_grammar.diagnostic import Diagnostic

ORDER_BY = re.compile(r"order\s+by\s*\Z", re.IGNORECASE)
URL = re.compile(r"""[A-Za-z][A-Za-z0-9]*://[^\s()"',;]+""")
# A carriage return before a newline, or a token that may contain one: quotes, and a comment up to the end of its line.
RETURN = re.compile(rf"""{STRING}|"[^"\n]*"|--[^\n\r]*|\r\n""")


class Edit(NamedTuple):
    """A replacement of the characters ``[start, end)`` of a text."""

    start: int
    end: int
    text: str


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Return a text after edits that do not overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def exchanged(node: ast.Node, text: str) -> tuple[Edit, ...]:
    """Return the edit that replaces a node with *text*."""
    span = node.span
    return () if span is None else (Edit(span.start, span.end, text),)


def multiplied(text: str, node: ast.Node, one: str) -> tuple[Edit, ...]:
    """Return the edits that multiply a node by one, in parentheses where it needs them."""
    span = node.span
    if span is None:
        return ()
    written = text[span.start : span.end]
    return (
        Edit(
            span.start,
            span.end,
            f"{written if isinstance(node, (ast.Column, ast.Function)) else f'({written})'} * {one}",
        ),
    )


def wrapped(text: str, query: ast.Query, tail: ast.Node) -> tuple[Edit, ...]:
    """Return the edits that put a query into a subquery, up to *tail*, which stays outside: the first ORDER BY key, or LIMIT."""
    if query.span is None or tail.span is None:
        return ()
    end = tail.span.start
    if not text[end:].lower().startswith(("limit", "offset")):
        found = ORDER_BY.search(text, query.span.start, end)
        if found is None:
            return ()
        end = found.start()
    end = last_end(text, query.span.start, end)
    return Edit(query.span.start, query.span.start, "select * from ("), Edit(end, end, ")")


def last_end(text: str, start: int, end: int) -> int:
    """Return the end of the last token of ``[start, end)``, a place outside of comments."""
    return max((start + token.end for token in tokens(text[start:end])[:-1]), default=start)


def without_return(text: str, finding: Diagnostic) -> str:
    """Return a text with a carriage return, and all later ones outside of quotes, removed or replaced by a newline."""
    start = finding.start
    rest = RETURN.sub(lambda match: "\n" if match[0] == "\r\n" else match[0], text[start + 1 :])
    return text[:start] + (rest if rest.startswith("\n") else "\n" + rest)


def without_gap(text: str, finding: Diagnostic) -> str:
    """Return a text in which the line after a comment starts in the first column, with no empty line between."""
    start = finding.start
    while text[start - 1] in BLANKS:
        start -= 1
    return text[:start] + "\n" + text[start:].lstrip(BLANKS)


def without_zeros(text: str, finding: Diagnostic) -> str:
    """Return a text with a number without its leading zeros."""
    number = text[finding.start : finding.end].lstrip("0") or "0"
    return text[: finding.start] + number + text[finding.end :]


def without_first(text: str, finding: Diagnostic) -> str:
    """Return a text without the byte order mark at its start."""
    return text[finding.start + 1 :]


def with_quotes(text: str, finding: Diagnostic) -> str:
    """Return a text with a url in double quotes."""
    found = next((match for match in URL.finditer(text) if match.start() <= finding.start < match.end()), None)
    return text if found is None else f'{text[: found.start()]}"{found.group()}"{text[found.end() :]}'


def with_double_quotes(text: str, finding: Diagnostic) -> str:
    """Return a text with double quotes instead of single quotes around a name."""
    name = text[finding.start : finding.end]
    plain = name[:1] == name[-1:] == "'" and not {'"', "'", "\n"} & set(name[1:-1]) and len(name) > len("''")
    return f'{text[: finding.start]}"{name[1:-1]}"{text[finding.end :]}' if plain else text


# The fixes of the findings about the text and its syntax.
TEXT_FIXES: dict[str, Callable[[str, Diagnostic], str]] = {
    "TQL002": without_return,
    "TQL003": without_gap,
    "TQL006": without_zeros,
    "TQL009": without_first,
    "TQL101": with_double_quotes,
    "TQL115": with_quotes,
}
