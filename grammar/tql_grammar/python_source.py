"""
Know where a Python file holds TQL, and what the checks find there, at the lines and columns of the file.

A text is TQL where it begins with SELECT and is handed over as the first argument of ``.query(..)``, as ``query=`` or ``tql=``, or stands on a line with the comment ``# tql``.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.checks import check
from tql_grammar.diagnostic import Diagnostic, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASTED = "TQL510"
PASTED_TITLE = "value pasted into a text"
PASTED_WHY = (
    "A value that is pasted into a text can end a literal and say something else (injection), and loses digits and quotes; "
    'the builder takes values: col("text") == value, .similarity("embedding", vector), .limit(n).'
)
PASTED_EXAMPLE = "client.query(f\"select id from t where name = '{name}'\")"
BEGINS = re.compile(r"[\s(]*select\b", re.IGNORECASE)
MARK = re.compile(r"#\s*tql\b")
KEYWORDS = frozenset({"query", "tql"})
# One character of a string as it is written: an escape, or itself. A backslash before a newline is none.
WRITTEN = re.compile(r"\\(?:\n|N\{[^}]*\}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|[\s\S])|[\s\S]")
LITERAL = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quote>'''|\"\"\"|'|\")(?P<body>[\s\S]*)(?P=quote)\Z")
KEPT_ESCAPES = frozenset("\\'\"abfnrtvxuUN01234567\n")


class Literal(NamedTuple):
    """A text of TQL in a file: the text, and where each of its characters stands."""

    text: str
    places: tuple[tuple[int, int], ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where characters stand in the file; the end of the text is its last character."""
        last = len(self.places) - 1
        return self.places[min(start, last)][0], self.places[min(max(start, end - 1), last)][1]


def check_python(source: str, check: Callable[[str], list[Diagnostic]] = check) -> list[Diagnostic]:
    """
    Return the findings about all TQL of a Python file, in the order of the file.

    Args:
        source: the Python text.
        check: what finds the traps of one text.

    Raises:
        SyntaxError: *source* is not Python.
    """
    lines = _offsets(source)
    marked = {number for number, line in enumerate(source.splitlines(), 1) if MARK.search(line)}
    found: list[Diagnostic] = []
    for node in _texts(ast.parse(source), marked):
        if isinstance(node, ast.Constant):
            literal = _literal(source, node, lines)
            found += [_moved(finding, literal, source) for finding in check(literal.text)]
        else:
            found.append(_pasted(source, node, lines))
    return sorted(dict.fromkeys(found), key=lambda finding: (finding.start, finding.code))


def _texts(tree: ast.Module, marked: set[int]) -> Iterator[ast.expr]:
    """Yield what is handed over as TQL."""
    for node in ast.walk(tree):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call):
            first = node.args[:1] if isinstance(node.func, ast.Attribute) and node.func.attr == "query" else []
            given = [*first, *(keyword.value for keyword in node.keywords if keyword.arg in KEYWORDS)]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            given = [node.value] if {node.value.lineno, node.value.end_lineno} & marked else []
        yield from (part for part in given if BEGINS.match(_begin(part)))


def _begin(node: ast.expr) -> str:
    """Return what a text begins with, as far as it is written in the file."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return _begin(node.values[0]) if node.values else ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        return _begin(node.left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _begin(node.func.value)
    return ""


def _offsets(source: str) -> list[int]:
    """Return where each line begins."""
    return [0, *(match.end() for match in re.finditer("\n", source))]


def _offset(source: str, lines: list[int], line: int, column: int) -> int:
    """Return the offset of a place; Python counts bytes in a line."""
    start = lines[line - 1]
    end = lines[line] if line < len(lines) else len(source)
    return start + len(source[start:end].encode()[:column].decode(errors="ignore"))


def _span(source: str, node: ast.expr, lines: list[int]) -> tuple[int, int]:
    """Return where a node begins and ends."""
    end = _offset(source, lines, node.end_lineno or node.lineno, node.end_col_offset or 0)
    return _offset(source, lines, node.lineno, node.col_offset), end


def _literal(source: str, node: ast.Constant, lines: list[int]) -> Literal:
    """Return a text with the places of its characters, those of literals that follow each other too."""
    start, end = _span(source, node, lines)
    places: list[tuple[int, int]] = []
    written = f"({source[start:end]})"
    rows = _offsets(written)
    for token in tokenize.generate_tokens(io.StringIO(written).readline):
        if token.type == tokenize.STRING:
            begin = start - 1 + rows[token.start[0] - 1] + token.start[1]
            places += _places(token.string, begin)
    text = str(node.value)
    return Literal(text, tuple(places) if len(places) == len(text) else ((start, end),) * max(1, len(text)))


def _places(token: str, begin: int) -> Iterator[tuple[int, int]]:
    """Yield where each character of one literal stands."""
    found = LITERAL.match(token)
    if found is None:
        return
    raw = "r" in found["prefix"].lower()
    at = begin + found.start("body")
    for match in re.finditer(r"[\s\S]", found["body"]) if raw else WRITTEN.finditer(found["body"]):
        piece = match.group()
        if piece == "\\\n":
            continue
        start, end = at + match.start(), at + match.end()
        if len(piece) == len("\\q") and piece[0] == "\\" and piece[1] not in KEPT_ESCAPES and not raw:
            yield start, start + 1
            start += 1
        yield start, end


def _moved(finding: Diagnostic, literal: Literal, source: str) -> Diagnostic:
    """Return a finding at its place in the file; a fix of the text alone is none of the file."""
    start, end = literal.span(finding.start, finding.end)
    line, column = locate(source, start)
    return finding.replace(line=line, column=column, start=start, end=end, fix=None)


def _pasted(source: str, node: ast.expr, lines: list[int]) -> Diagnostic:
    """Return the finding about a text into which values are pasted, at the first of them."""
    values = [part for part in ast.walk(node) if isinstance(part, ast.FormattedValue)]
    place = values[0].value if values else node
    start, end = _span(source, place, lines)
    line, column = locate(source, start)
    written = " ".join(source[start:end].split())
    what = f"`{written}` is pasted" if values else "values are pasted"
    hint = 'build the query: select("id").where(col("name") == value), or param("name") and bind(name=value)'
    return Diagnostic(
        PASTED, "warning", f"{what} into a text of TQL, where it can say anything", line, column, start, end, hint
    )
