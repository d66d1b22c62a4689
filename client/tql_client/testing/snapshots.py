"""Comparison of queries with expected texts and snapshots in tests; a difference is shown as method calls and as TQL."""

from __future__ import annotations

import hashlib
from itertools import takewhile
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
# Placeholder of a long vector while a query is formatted; no placeholder is a prefix of another.
MARK = "tql_vector_{}_"
# Beginning of a line with a method call, which is a comment of TQL.
CALL = "-- "


def fingerprint(query: Query | str) -> str:
    """Return 16 hexadecimal digits, the same for queries that differ only in the numbers of their vectors."""
    return _digest(_formatted(query, values=False).encode())


def require_same(query: Query | str, text: str) -> None:
    """Raise an `AssertionError` with a diff unless a query and a text have the same syntax tree."""
    __tracebackhide__ = True
    if parse_tree(str(query)) != parse_tree(text):
        raise AssertionError(_difference(query, text))


def require_snapshot(query: Query | str, path: Path, *, update: bool) -> None:
    """Raise an `AssertionError` with a diff unless a query equals its snapshot; with *update*, write the snapshot instead."""
    __tracebackhide__ = True
    calls, actual = _calls(query), _formatted(query, values=True)
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{CALL}{call}\n" for call in calls) + actual + "\n", "utf-8")
        return
    if not path.is_file():
        message = f"the snapshot {path} does not exist: run pytest --tql-update to write it"
        raise AssertionError(message)
    before, expected = _parts(path.read_text("utf-8"))
    if actual != expected:
        shown = _lines("\n".join(before), "\n".join(calls)) if before else ""
        differences = "\n".join(filter(None, (shown, _lines(expected, actual))))
        message = (
            f"the query differs from its snapshot {path}:\n{differences}\n(run pytest --tql-update to accept the query)"
        )
        raise AssertionError(message)


def _calls(query: Query | str) -> list[str]:
    """Return the method calls of a query of the builder; a text has none."""
    from tql import Query
    from tql.views.query_source import calls

    return calls(query.statement) if isinstance(query, Query) else []


def _parts(content: str) -> tuple[list[str], str]:
    """Return the method calls and the text of a snapshot; one of a text, or of an older version, has no calls."""
    lines = content.removesuffix("\n").split("\n")
    count = sum(1 for _ in takewhile(lambda line: line.startswith(CALL), lines))
    return [line.removeprefix(CALL) for line in lines[:count]], "\n".join(lines[count:])


def _formatted(query: Query | str, *, values: bool) -> str:
    """Return the formatted text of a query, with each long vector abbreviated to its length, and also its digest if *values* is true."""
    vectors: list[ast.Vector] = []

    def abbreviate(node: Record) -> Record:
        if not isinstance(node, ast.Vector) or (values and node.size <= LONG):
            return node
        vectors.append(node)
        return ast.Column(MARK.format(len(vectors)))

    text = format_text(to_tql(rebuild(parse_tree(str(query)), abbreviate)), WIDTH)
    for number, vector in enumerate(vectors, 1):
        text = text.replace(MARK.format(number), _abbreviation(vector, values=values))
    return text


def _abbreviation(vector: ast.Vector, *, values: bool) -> str:
    """Return the length of a vector, and also its digest if *values* is true, in the form of an array."""
    digest = f" {_digest(vector.leaf())}" if values else ""
    return f"ARRAY[<{vector.size} float32{digest}>]"


def _digest(content: bytes) -> str:
    """Return 16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def _difference(query: Query | str, text: str) -> str:
    """Return the message for a query that differs from an expected text: a diff of the method calls, and one of the TQL."""
    from tql import Query, parse

    actual = query if isinstance(query, Query) else parse(query)
    calls = "\n".join(f"  {line}" for line in str(parse(text).diff(actual)).splitlines())
    heading = "the query differs from the expected one (- expected, + actual)"
    return f"{heading}\n{calls}\n\n{_lines(_formatted(text, values=True), _formatted(query, values=True))}"


def _lines(expected: str, actual: str) -> str:
    """Return the unified diff of two texts."""
    import difflib

    return "\n".join(
        difflib.unified_diff(expected.splitlines(), actual.splitlines(), "expected", "actual", lineterm="")
    )
