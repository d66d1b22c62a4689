"""Characters of the string literals in a Python file: the offset of each in the file, and the values that are interpolated between them."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.positions import characters_in

if TYPE_CHECKING:
    from collections.abc import Iterator

# The source of one character of a string: an escape, or the character. A backslash before a newline is no character.
WRITTEN = re.compile(r"\\(?:\n|N\{[^}]*\}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|[\s\S])|[\s\S]")
KEPT_ESCAPES = frozenset("\\'\"abfnrtvxuUN01234567\n")
OPENING = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quote>'''|\"\"\"|'|\")")
# The `given` of a character that stands for what earlier rounds of a loop have added.
REPEATED = (0, 0)
# The `given` of a value of a template, which becomes a literal of the tree and is not pasted.
LITERAL = (-1, -1)
BETWEEN = re.compile(r"(?:\s|\\\n|#[^\n]*)*")


class Character(NamedTuple):
    """
    One character of a string.

    Attributes:
        value: the character, or None for an interpolated value.
        start: the offset in the file.
        end: the offset of its end.
        given: the offsets of the expression that is interpolated, if they differ; `REPEATED` or `LITERAL`.
    """

    value: str | None
    start: int
    end: int
    given: tuple[int, int] | None = None


class Source:
    """A Python file, and the offsets of its lines."""

    def __init__(self, text: str, templates: frozenset[int] = frozenset()) -> None:
        """Compute the offsets of the lines; *templates* are the offsets of the f-strings that are t-strings."""
        self.text = text
        self._templates = templates
        self._spans: dict[ast.expr, tuple[int, int]] = {}
        self._literals: dict[ast.expr, list[Character]] = {}
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def _offset(self, line: int, column: int) -> int:
        """Return the offset of a line and a column; Python counts columns in bytes."""
        start = self._lines[line - 1]
        end = self._lines[line] if line < len(self._lines) else len(self.text)
        line_text = self.text[start:end]
        if line_text.isascii():
            return min(start + column, end)
        inside = characters_in(line_text, column)
        return end if inside is None else start + inside

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return the offsets of a node."""
        known = self._spans.get(node)
        if known is None:
            end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
            known = self._spans[node] = self._offset(node.lineno, node.col_offset), end
        return known

    def literal(self, node: ast.Constant) -> list[Character]:
        """Return the characters of a string literal."""
        return self._literal(node, node.value if isinstance(node.value, str) else "")

    def f_string(self, node: ast.JoinedStr) -> list[Character]:
        """Return the characters of an f-string, with a `Character` of value None for each interpolated value."""
        parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
        return self._literal(node, "".join(map(str, parts)))

    def _literal(self, node: ast.expr, value: str) -> list[Character]:
        """Return the characters of adjacent literals."""
        if node not in self._literals:
            self._literals[node] = self._located(node, value)
        return self._literals[node]

    def _located(self, node: ast.expr, value: str) -> list[Character]:
        """Return the characters of adjacent literals; if their places cannot be determined, each has the place of the whole expression."""
        start, end = self.span(node)
        places = list(_places(self.text, start, end))
        given = LITERAL if start in self._templates else None
        if sum(not interpolated for _, _, interpolated in places) != len(value):
            return [Character(character, start, end) for character in value]
        characters = iter(value)
        return [
            Character(None, first, last, given) if value else Character(next(characters), first, last)
            for first, last, value in places
        ]


def _places(text: str, at: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the offsets of each character of the literals between two offsets of a file, and whether it is an interpolated value."""
    while at < end:
        at = _end(BETWEEN, text, at)
        opening = OPENING.match(text, at, end)
        if opening is None:
            return
        prefix, quote, at = opening["prefix"].lower(), opening["quote"], opening.end()
        while at < end and not text.startswith(quote, at):
            found = list(_place(text, at, prefix))
            yield from found
            at = found[-1][1] if found else at + len("\\\n")
        at += len(quote)


def _end(form: re.Pattern[str], text: str, at: int) -> int:
    """Return the end of a match of *form* at an offset, or the offset where it does not match."""
    found = form.match(text, at)
    return at if found is None else found.end()


def _place(text: str, at: int, prefix: str) -> Iterator[tuple[int, int, bool]]:
    """Yield the offsets of the one or two characters at an offset; none for a backslash that ends a line."""
    if "f" in prefix and text[at] in "{}":
        doubled = text[at : at + 2] in {"{{", "}}"}
        yield (at, at + 2, False) if doubled else (at, _closing(text, at), True)
    elif "r" in prefix:
        yield at, at + 1, False
        if text[at] == "\\":
            yield at + 1, at + 2, False
    else:
        end = _end(WRITTEN, text, at)
        piece = text[at:end]
        if len(piece) == len("\\q") and piece[0] == "\\" and piece[1] not in KEPT_ESCAPES:
            yield at, at + 1, False
            at += 1
        if piece != "\\\n":
            yield at, end, False


def _closing(text: str, at: int) -> int:
    """Return the end of an interpolated value of an f-string: after its closing brace."""
    depth, quote = 0, ""
    for offset in range(at, len(text)):
        character = text[offset]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "{}":
            depth += 1 if character == "{" else -1
            if depth == 0:
                return offset + 1
    return len(text)
