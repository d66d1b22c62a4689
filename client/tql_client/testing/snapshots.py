"""Comparison of queries with expected texts and snapshots in tests; a difference is shown as method calls and as TQL."""

from __future__ import annotations

import hashlib
import re
from itertools import takewhile
from typing import TYPE_CHECKING

from tql_client.checking import require_query
from tql_grammar import ast
from tql_grammar.errors import TqlError
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
# An abbreviated vector in a snapshot, which is no TQL.
SHORT = re.compile(r"ARRAY\[<([^<>]*)>\]")
# Beginning of a line with a method call, which is a comment of TQL.
CALL = "-- "
# The argument with the columns of a dataset, which are no part of a query.
SCHEMA = re.compile(r"(, schema=)Schema\(\{[^{}]*\}\)")


def fingerprint(query: Query | str) -> str:
    """
    Return 16 hexadecimal digits, the same for queries that differ only in the numbers of their vectors.

    Raises:
        ArgumentError: *query* is neither a query of the builder nor a query text.
    """
    require_query(query)
    return _digest(_formatted(query, values=False).encode())


def require_same(query: Query | str, expected: Query | str) -> None:
    """
    Raise an `AssertionError` with a diff unless a query and the expected query, each one of the builder or a text, have the same syntax tree.

    Raises:
        ArgumentError: one of them is no query.
    """
    __tracebackhide__ = True
    require_query(query)
    require_query(expected, "expected")
    if parse_tree(str(query)) != parse_tree(str(expected)):
        raise AssertionError(_difference(query, expected))


def require_snapshot(query: Query | str, path: Path, *, update: bool) -> None:
    """Raise an `AssertionError` with a diff unless a query equals its snapshot; with *update*, write the snapshot instead."""
    __tracebackhide__ = True
    require_query(query)
    calls, actual = _calls(query), _formatted(query, values=True)
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{CALL}{call}\n" for call in calls) + actual + "\n", "utf-8")
        return
    if not path.is_file():
        message = f"the snapshot {path} does not exist: run pytest --tql-update to write it"
        raise AssertionError(message)
    before, expected = _parts(path.read_text("utf-8"))
    if not _is_same_text(actual, expected):
        shown = _lines("\n".join(before), "\n".join(calls)) if before else ""
        differences = "\n".join(filter(None, (shown, _lines(expected, actual))))
        message = (
            f"the query differs from its snapshot {path}:\n{differences}\n(run pytest --tql-update to accept the query)"
        )
        raise AssertionError(message)


def _is_same_text(one: str, other: str) -> bool:
    """Tell whether two texts of snapshots differ in nothing but blanks; those that do not parse are compared as they are."""
    if one == other:
        return True
    try:
        first, second = (format_text(SHORT.sub(r'"\1"', text), WIDTH) for text in (one, other))
    except TqlError:
        return False
    return first == second


def _calls(query: Query | str) -> list[str]:
    """Return the method calls of a query of the builder, without the columns of schemas; a text has none."""
    from tql import Query
    from tql.views.query_source import calls

    return [SCHEMA.sub(r"\1..", call) for call in calls(query.statement)] if isinstance(query, Query) else []


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


def _difference(query: Query | str, expected: Query | str) -> str:
    """Return the message for a query that differs from the expected one: findings of an expected text, a diff of the method calls, and one of the TQL."""
    from tql import Query, parse

    before, after = (part if isinstance(part, Query) else parse(part) for part in (expected, query))
    calls = "\n".join(f"  {line}" for line in str(before.diff(after)).splitlines())
    heading = f"{_findings(expected)}the query differs from the expected one (- expected, + actual)"
    return f"{heading}\n{calls}\n\n{_lines(_formatted(expected, values=True), _formatted(query, values=True))}"


def _findings(expected: Query | str) -> str:
    """Return the errors and warnings of an expected text, without advice about searches, and an empty line; "" if there are none."""
    from tql import CheckError, check
    from tql.findings import is_failure

    found = [finding for finding in check(expected) if is_failure(finding)] if isinstance(expected, str) else []
    return f"the expected text: {CheckError(str(expected), found)}\n\n" if found else ""


def _lines(expected: str, actual: str) -> str:
    """Return the unified diff of two texts."""
    import difflib

    return "\n".join(
        difflib.unified_diff(expected.splitlines(), actual.splitlines(), "expected", "actual", lineterm="")
    )
