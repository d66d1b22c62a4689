"""
Findings about the TQL in a Python file, at the lines and columns of the file.

A string is TQL if it begins with SELECT and is the first argument of ``.query(..)``, the argument ``query=`` or ``tql=``, or assigned on a line with the comment ``# tql``.
In a string with interpolated values, only the findings that hold for any values are reported.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tql_grammar.diagnostic import Diagnostic
from tql_grammar.lint.check import check
from tql_grammar.positions import locate
from tql_grammar.python.text import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_grammar.python.text import Character

PASTED = "TQL510"
PASTED_TITLE = "value interpolated into a query"
PASTED_WHY = (
    "A value that is interpolated into a query text can end a literal and change the query (injection), and loses digits and quotes; "
    'the builder takes values: col("text") == value, .similarity("embedding", vector), .limit(n).'
)
PASTED_EXAMPLE = "client.query(f\"select id from t where name = '{name}'\")"
BEGINS = re.compile(r"[\s(]*select\b", re.IGNORECASE)
MARK = re.compile(r"#\s*tql\b")
KEYWORDS = frozenset({"query", "tql"})
# Substitutes for interpolated values, so that the text parses: a number, a name, and nothing, where a whole clause is interpolated.
SUBSTITUTES = ("1", "z", "")


def check_python(source: str, check: Callable[[str], list[Diagnostic]] = check) -> list[Diagnostic]:
    """
    Return the findings about all queries in a Python file, in the order of the file.

    Args:
        source: the Python text.
        check: the check of one query text.

    Raises:
        SyntaxError: *source* is not Python.
    """
    file = Source(source)
    marked = {number for number, line in enumerate(source.splitlines(), 1) if MARK.search(line)}
    found: list[Diagnostic] = []
    for node in _query_strings(ast.parse(source), marked):
        characters = file.characters(node)
        if BEGINS.match("".join(character.value or "\0" for character in characters)):
            found += [_in_file(finding, characters, source) for finding in _findings(characters, check)]
            found += _interpolated(node, characters, file)
    return sorted(dict.fromkeys(found), key=lambda finding: (finding.start, finding.code))


def _query_strings(tree: ast.Module, marked: set[int]) -> Iterator[ast.expr]:
    """Yield the expressions that are passed as a query, or marked as one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from node.args[:1] if isinstance(node.func, ast.Attribute) and node.func.attr == "query" else ()
            yield from (keyword.value for keyword in node.keywords if keyword.arg in KEYWORDS)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            yield from [node.value] if {node.value.lineno, node.value.end_lineno} & marked else []


def _findings(characters: list[Character], check: Callable[[str], list[Diagnostic]]) -> list[Diagnostic]:
    """Return the findings about a string, with positions as indices into its characters; with interpolated values, those that hold for any values."""
    values = [index for index, character in enumerate(characters) if character.value is None]
    if not values:
        return check(_text(characters, ""))
    found: list[Diagnostic] = []
    for substitute in SUBSTITUTES:
        found = [_of_characters(finding, characters, substitute) for finding in check(_text(characters, substitute))]
        if not any(map(_is_syntax, found)):
            return _certain(found, values, substitute)
    # If no substitute parses, only an error before the first value is certain.
    return [finding for finding in found if finding.end < values[0]]


def _is_syntax(finding: Diagnostic) -> bool:
    """Tell whether a finding is a syntax error."""
    return finding.code.startswith("TQL1")


def _certain(found: list[Diagnostic], values: list[int], substitute: str) -> list[Diagnostic]:
    """Return the findings that hold for any interpolated values; if whole clauses may be interpolated, only those about the text do."""
    return [finding for finding in found if _is_apart(finding, values) and (substitute or finding.code < "TQL1")]


def _text(characters: list[Character], substitute: str) -> str:
    """Return a string with a substitute for each interpolated value."""
    return "".join(substitute if character.value is None else character.value for character in characters)


def _of_characters(finding: Diagnostic, characters: list[Character], substitute: str) -> Diagnostic:
    """Return a finding with its offsets translated from the substituted text to the characters of the string."""
    there = [index for index, character in enumerate(characters) if substitute or character.value is not None]
    start, end = there[min(finding.start, len(there) - 1)], there[min(finding.end, len(there)) - 1] + 1
    return finding.replace(start=start, end=max(start, end))


def _is_apart(finding: Diagnostic, values: list[int]) -> bool:
    """Tell whether a finding holds for any interpolated values: none is inside it or next to it. For a finding about the text only its start counts, where the lexer stops."""
    end = finding.start if finding.code < "TQL1" else finding.end
    return not any(finding.start - 1 <= value <= end for value in values)


def _in_file(finding: Diagnostic, characters: list[Character], source: str) -> Diagnostic:
    """Return a finding at its place in the file, without the fix and its edits, which are those of the query text and not of the file."""
    last = len(characters) - 1
    start = characters[min(finding.start, last)].start
    end = characters[min(max(finding.start, finding.end - 1), last)].end
    line, column = locate(source, start)
    return finding.replace(line=line, column=column, start=start, end=end, fix=None, edits=())


def _interpolated(node: ast.expr, characters: list[Character], file: Source) -> Iterator[Diagnostic]:
    """Yield the finding about interpolated values, at the first of them."""
    if all(character.value is not None for character in characters):
        return
    values = [part for part in ast.walk(node) if isinstance(part, ast.FormattedValue)]
    start, end = file.span(values[0].value if values else node)
    written = " ".join(file.text[start:end].split())
    subject = f"`{written}` is" if values else "values are"
    hint = 'build the query: select("id").where(col("name") == value), or param("name") and bind(name=value)'
    message = f"{subject} interpolated into a query, and can change its meaning"
    yield Diagnostic.at(file.text, start, end, PASTED, "warning", message, hint)
