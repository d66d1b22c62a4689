"""
Edits of a query text, which leave everything around them unchanged, including comments.

A rule has edits only where the edited query is certain to return the intended rows.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast
from tql_grammar.diagnostic import Edit
from tql_grammar.syntax.lexer import BLANKS, STRING, tokens
from tql_grammar.walk import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.record import Record

ORDER_BY = re.compile(r"order\s+by\s*\Z", re.IGNORECASE)
URL = re.compile(r"""[A-Za-z][A-Za-z0-9]*://[^\s()"',;]+""")
# LIMIT with two numbers.
PAIR = re.compile(
    r"(?P<limit>\blimit)\s+(?P<skipped>\d+)\s*(?P<comma>,)\s*(?P<count>\d+)(?![\w.])", re.IGNORECASE | re.ASCII
)
# A carriage return before a newline, or a token that may contain one: quotes, and a comment up to the end of its line.
RETURN = re.compile(rf"""{STRING}|"[^"\n]*"|--[^\n\r]*|\r\n""")


class Fix(NamedTuple):
    """
    The edits of a fix, and what they intend: in the tree of the edited text, one node has another one in its place.

    Attributes:
        edits: the replacements, which do not overlap.
        old: the node of the tree that they replace.
        new: the node in its place.
    """

    edits: tuple[Edit, ...]
    old: ast.Node
    new: ast.Node

    def intended(self, tree: ast.Query) -> ast.Query:
        """Return the tree that the edited text has to have."""
        return rebuild(tree, lambda node: self.new if node is self.old else flat(node))


def flat(node: Record) -> Record:
    """Return AND in AND, and OR in OR, as the parser reads them: as one."""
    if isinstance(node, (ast.And, ast.Or)) and any(type(part) is type(node) for part in node.operands):
        inner = (part.operands if isinstance(part, type(node)) else (part,) for part in node.operands)
        return type(node)(tuple(chain.from_iterable(inner)))
    return node


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Return a text after edits that do not overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def difference(before: str, after: str) -> tuple[Edit, ...]:
    """Return the edit between two texts: the characters between their common begin and their common end."""
    start = _common(before, after)
    same = _common(before[start:][::-1], after[start:][::-1])
    return (Edit(start, len(before) - same, after[start : len(after) - same]),)


def _common(one: str, two: str) -> int:
    """Return the number of characters with which both texts begin."""
    pairs = enumerate(zip(one, two, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(two)))


def exchanged(node: ast.Node, text: str, new: ast.Node) -> Fix | None:
    """Return the fix that replaces a node with *text*, which has to be read as *new*."""
    span = node.span
    return None if span is None else Fix((Edit(span.start, span.end, text),), node, new)


def followed(node: ast.Node, text: str, new: ast.Node) -> Fix | None:
    """Return the fix that inserts *text* after a node, which has to be read as *new* then."""
    span = node.span
    return None if span is None else Fix((Edit(span.end, span.end, text),), node, new)


def multiplied(text: str, node: ast.Expression, one: str) -> Fix | None:
    """Return the fix that multiplies a node by one, in parentheses where it needs them."""
    span = node.span
    if span is None:
        return None
    written = text[span.start : span.end]
    in_place = written if isinstance(node, (ast.Column, ast.Function)) else f"({written})"
    number = ast.Number(float(one) if "." in one else int(one))
    return exchanged(node, f"{in_place} * {one}", ast.Chain(("*",), (node, number)))


def wrapped(text: str, query: ast.Query, tail: ast.Node) -> Fix | None:
    """Return the fix that puts a query into a subquery, up to *tail*, which stays outside: the first ORDER BY key, or LIMIT."""
    if query.span is None or tail.span is None or not isinstance(query, (ast.Select, ast.SetOperation)):
        return None
    end = tail.span.start
    if not text[end:].lower().startswith(("limit", "offset")):
        found = ORDER_BY.search(text, query.span.start, end)
        if found is None:
            return None
        end = found.start()
    end = last_end(text, query.span.start, end)
    edits = (Edit(query.span.start, query.span.start, "select * from ("), Edit(end, end, ")"))
    return Fix(edits, query, _with_outer_clauses(query, () if tail is query.limit else query.order_by))


def _with_outer_clauses(query: ast.Select | ast.SetOperation, order: tuple[ast.Order, ...]) -> ast.Select:
    """Return a query whose LIMIT, and ORDER BY if it is among the clauses to move, are those of a SELECT around it."""
    inner = query.replace(limit=None, order_by=() if order else query.order_by)
    return ast.Select((ast.Star(),), ast.Derived(inner), order_by=order, limit=query.limit)


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


def with_offset(text: str, finding: Diagnostic) -> str:
    """Return a text with ``limit 5 offset 10`` in place of ``limit 10, 5``, which in other dialects is the same."""
    found = next((match for match in PAIR.finditer(text) if match.start("comma") == finding.start), None)
    if found is None:
        return text
    written = f"{found['limit']} {found['count']} offset {found['skipped']}"
    return text[: found.start()] + written + text[found.end() :]


# The fixes of the findings about the text and its syntax.
TEXT_FIXES: dict[str, Callable[[str, Diagnostic], str]] = {
    "TQL002": without_return,
    "TQL003": without_gap,
    "TQL006": without_zeros,
    "TQL009": without_first,
    "TQL101": with_double_quotes,
    "TQL110": with_offset,
    "TQL115": with_quotes,
}
