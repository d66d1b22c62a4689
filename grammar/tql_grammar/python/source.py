"""
Findings about the TQL in a Python file, at the lines and columns of the file.

A text is TQL where it begins with SELECT and is handed over as the first argument of ``.query(..)``, as ``query=`` or ``tql=``, or stands on a line with the comment ``# tql``.
Where values are pasted into it, only what is certain whatever they are is found.
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
PASTED_TITLE = "value pasted into a text"
PASTED_WHY = (
    "A value that is pasted into a text can end a literal and say something else (injection), and loses digits and quotes; "
    'the builder takes values: col("text") == value, .similarity("embedding", vector), .limit(n).'
)
PASTED_EXAMPLE = "client.query(f\"select id from t where name = '{name}'\")"
BEGINS = re.compile(r"[\s(]*select\b", re.IGNORECASE)
MARK = re.compile(r"#\s*tql\b")
KEYWORDS = frozenset({"query", "tql"})
# What is put in the place of pasted values to read a text: a number, a name, and nothing, where a whole clause is pasted.
STAND_INS = ("1", "z", "")


def check_python(source: str, check: Callable[[str], list[Diagnostic]] = check) -> list[Diagnostic]:
    """
    Return the findings about all TQL of a Python file, in the order of the file.

    Args:
        source: the Python text.
        check: what finds the traps of one text.

    Raises:
        SyntaxError: *source* is not Python.
    """
    file = Source(source)
    marked = {number for number, line in enumerate(source.splitlines(), 1) if MARK.search(line)}
    found: list[Diagnostic] = []
    for node in _handed_over(ast.parse(source), marked):
        characters = file.characters(node)
        if BEGINS.match("".join(character.value or "\0" for character in characters)):
            found += [_moved(finding, characters, source) for finding in _findings(characters, check)]
            found += _pasted(node, characters, file)
    return sorted(dict.fromkeys(found), key=lambda finding: (finding.start, finding.code))


def _handed_over(tree: ast.Module, marked: set[int]) -> Iterator[ast.expr]:
    """Yield what is handed over as a query, or marked as one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from node.args[:1] if isinstance(node.func, ast.Attribute) and node.func.attr == "query" else ()
            yield from (keyword.value for keyword in node.keywords if keyword.arg in KEYWORDS)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            yield from [node.value] if {node.value.lineno, node.value.end_lineno} & marked else []


def _findings(characters: list[Character], check: Callable[[str], list[Diagnostic]]) -> list[Diagnostic]:
    """Return the findings about a text, by the places of its characters; with pasted values, those that hold whatever they are."""
    values = [index for index, character in enumerate(characters) if character.value is None]
    if not values:
        return check(_text(characters, ""))
    found: list[Diagnostic] = []
    for stand_in in STAND_INS:
        found = [_of_characters(finding, characters, stand_in) for finding in check(_text(characters, stand_in))]
        if not any(map(_is_syntax, found)):
            return _certain(found, values, stand_in)
    # A text that cannot go on is wrong before the first value already, or it is the value that makes it right.
    return [finding for finding in found if finding.end < values[0]]


def _is_syntax(finding: Diagnostic) -> bool:
    """Tell whether a finding says that a text is no query."""
    return finding.code.startswith("TQL1")


def _certain(found: list[Diagnostic], values: list[int], stand_in: str) -> list[Diagnostic]:
    """Return the findings that hold whatever is pasted; where a whole clause may be, only those about the text do."""
    return [finding for finding in found if _is_apart(finding, values) and (stand_in or finding.code < "TQL1")]


def _text(characters: list[Character], stand_in: str) -> str:
    """Return a text with something in the place of each pasted value."""
    return "".join(stand_in if character.value is None else character.value for character in characters)


def _of_characters(finding: Diagnostic, characters: list[Character], stand_in: str) -> Diagnostic:
    """Return a finding about a text by the characters that it was made of; a stand-in may have no length."""
    there = [index for index, character in enumerate(characters) if stand_in or character.value is not None]
    start, end = there[min(finding.start, len(there) - 1)], there[min(finding.end, len(there)) - 1] + 1
    return finding.replace(start=start, end=max(start, end))


def _is_apart(finding: Diagnostic, values: list[int]) -> bool:
    """Tell whether a finding holds whatever is pasted: no value stands in it or beside it; the engine's lexer stops where a finding about the text begins."""
    end = finding.start if finding.code < "TQL1" else finding.end
    return not any(finding.start - 1 <= value <= end for value in values)


def _moved(finding: Diagnostic, characters: list[Character], source: str) -> Diagnostic:
    """Return a finding at its place in the file; a fix of the text alone is none of the file."""
    last = len(characters) - 1
    start = characters[min(finding.start, last)].start
    end = characters[min(max(finding.start, finding.end - 1), last)].end
    line, column = locate(source, start)
    return finding.replace(line=line, column=column, start=start, end=end, fix=None)


def _pasted(node: ast.expr, characters: list[Character], file: Source) -> Iterator[Diagnostic]:
    """Yield the finding about a text into which values are pasted, at the first of them."""
    if all(character.value is not None for character in characters):
        return
    values = [part for part in ast.walk(node) if isinstance(part, ast.FormattedValue)]
    start, end = file.span(values[0].value if values else node)
    written = " ".join(file.text[start:end].split())
    what = f"`{written}` is pasted" if values else "values are pasted"
    hint = 'build the query: select("id").where(col("name") == value), or param("name") and bind(name=value)'
    message = f"{what} into a text of TQL, where it can say anything"
    yield Diagnostic.at(file.text, start, end, PASTED, "warning", message, hint)
