"""Comparison of a query with the expected one in tests; the difference is in the builder's words."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.printing.formatter import format_text
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.parser import parse as parse_tree
from tql_grammar.walk import rebuild

if TYPE_CHECKING:
    from pathlib import Path

    from tql import Query
    from tql_grammar.record import Record

LONG = 8
WIDTH = 88
# What stands for a long vector while a text is laid out; no mark is the beginning of another.
MARK = "tql_vector_{}_"


def fingerprint(query: Query | str) -> str:
    """Return sixteen hexadecimal digits that are the same for queries that differ in the numbers of their vectors only."""
    return _digest(_said(query, values=False).encode())


def require_same(query: Query | str, text: str) -> None:
    """Raise an `AssertionError` with the difference unless a query says what a text says."""
    __tracebackhide__ = True
    wanted, found = parse_tree(text), parse_tree(str(query))
    if found != wanted:
        raise AssertionError(_difference(query, text))


def require_snapshot(query: Query | str, path: Path, *, update: bool) -> None:
    """Raise an `AssertionError` with the difference unless a query is the one of a file; with *update* write the file."""
    __tracebackhide__ = True
    found = _said(query, values=True)
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found + "\n", "utf-8")
        return
    if not path.is_file():
        message = f"there is no snapshot {path}: pytest --tql-update writes it"
        raise AssertionError(message)
    kept = path.read_text("utf-8").removesuffix("\n")
    if found != kept:
        message = f"{_lines(kept, found)}\n(pytest --tql-update takes the new one)"
        raise AssertionError(message)


def _said(query: Query | str, *, values: bool) -> str:
    """Return the text of a query laid out, each long vector as a parameter's place with its length, and its digest where the *values* count."""
    vectors: list[ast.Vector] = []

    def short(node: Record) -> Record:
        if not isinstance(node, ast.Vector) or (values and node.size <= LONG):
            return node
        vectors.append(node)
        return ast.Column(MARK.format(len(vectors)))

    text = format_text(to_tql(rebuild(parse_tree(str(query)), short)), WIDTH)
    for number, vector in enumerate(vectors, 1):
        text = text.replace(MARK.format(number), _shown(vector, values=values))
    return text


def _shown(vector: ast.Vector, *, values: bool) -> str:
    """Return a vector as its length, and its digest where the values count."""
    digest = f" {_digest(vector.leaf())}" if values else ""
    return f"ARRAY[<{vector.size} float32{digest}>]"


def _digest(content: bytes) -> str:
    """Return sixteen hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:16]


def _difference(query: Query | str, text: str) -> str:
    """Return in words what a query has and should not have, and the other way round."""
    from tql import Query, parse

    found = query if isinstance(query, Query) else parse(query)
    words = "\n".join(f"  {line}" for line in str(parse(text).diff(found)).splitlines())
    heading = "the query is another one: - is what it should have, + what it has"
    return f"{heading}\n{words}\n\n{_lines(_said(text, values=True), _said(query, values=True))}"


def _lines(wanted: str, found: str) -> str:
    """Return the lines of two texts as a difference."""
    import difflib

    return "\n".join(difflib.unified_diff(wanted.splitlines(), found.splitlines(), "wanted", "found", lineterm=""))
