"""
Characters of the strings in a Python file: the offset of each in the file, and the values that are interpolated between them.

Literals, f-strings, adjacent literals, ``+``, ``%`` and ``.format`` are evaluated; any other expression is an interpolated value.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tql_grammar.positions import characters_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The source of one character of a string: an escape, or the character. A backslash before a newline is no character.
WRITTEN = re.compile(r"\\(?:\n|N\{[^}]*\}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|[\s\S])|[\s\S]")
KEPT_ESCAPES = frozenset("\\'\"abfnrtvxuUN01234567\n")
OPENING = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quote>'''|\"\"\"|'|\")")
BETWEEN = re.compile(r"(?:\s|\\\n|#[^\n]*)*")
# The placeholders of `%` and `.format`.
PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*[0-9.*]*[A-Za-z]")
BRACES = re.compile(r"\{[^{}]*\}")


class Character(NamedTuple):
    """One character of a string, or None for an interpolated value; ``[start, end)`` are its offsets in the file."""

    value: str | None
    start: int
    end: int


class Source:
    """A Python file, and the offsets of its lines."""

    def __init__(self, text: str) -> None:
        """Compute the offsets of the lines."""
        self.text = text
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def _offset(self, line: int, column: int) -> int:
        """Return the offset of a line and a column; Python counts columns in bytes."""
        start = self._lines[line - 1]
        end = self._lines[line] if line < len(self._lines) else len(self.text)
        inside = characters_in(self.text[start:end], column)
        return end if inside is None else start + inside

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return the offsets of a node."""
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return self._offset(node.lineno, node.col_offset), end

    def characters(self, node: ast.expr) -> list[Character]:
        """Return the characters of the string that an expression evaluates to, with a `Character` of value None for each interpolated value."""
        read = _READERS.get(type(node))
        found = None if read is None else read(self, node)
        return [Character(None, *self.span(node))] if found is None else found

    def constant(self, node: ast.Constant) -> list[Character] | None:
        """Return the characters of a string literal, or None for another literal."""
        return self._literal(node, node.value) if isinstance(node.value, str) else None

    def f_string(self, node: ast.JoinedStr) -> list[Character]:
        """Return the characters of an f-string."""
        parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
        return self._literal(node, "".join(map(str, parts)))

    def operation(self, node: ast.BinOp) -> list[Character] | None:
        """Return the characters of strings that are concatenated with ``+`` or formatted with ``%``, or None for another operator."""
        if isinstance(node.op, ast.Add):
            return self.characters(node.left) + self.characters(node.right)
        return _interpolate(self.characters(node.left), PERCENT) if isinstance(node.op, ast.Mod) else None

    def call(self, node: ast.Call) -> list[Character] | None:
        """Return the characters of a string that is formatted with ``.format``, or None for another call."""
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            return _interpolate(self.characters(node.func.value), BRACES)
        return None

    def _literal(self, node: ast.expr, value: str) -> list[Character]:
        """Return the characters of adjacent literals; if their places cannot be determined, each has the place of the whole expression."""
        start, end = self.span(node)
        places = list(_places(self.text, start, end))
        if sum(not interpolated for _, _, interpolated in places) != len(value):
            return [Character(character, start, end) for character in value] or [Character(None, start, end)]
        characters = iter(value)
        return [Character(None if interpolated else next(characters), *place) for *place, interpolated in places]


def _interpolate(characters: list[Character], form: re.Pattern[str]) -> list[Character]:
    """Return characters with each match of *form* replaced by one interpolated value."""
    text = "".join(character.value or "\0" for character in characters)
    found: list[Character] = []
    end = 0
    for match in form.finditer(text):
        place = Character(None, characters[match.start()].start, characters[match.end() - 1].end)
        found += [*characters[end : match.start()], place]
        end = match.end()
    return found + characters[end:]


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


# The readers by the class of the expression; they return None for an interpolated value.
_READERS: dict[type, Callable[[Source, Any], list[Character] | None]] = {
    ast.Constant: Source.constant,
    ast.JoinedStr: Source.f_string,
    ast.BinOp: Source.operation,
    ast.Call: Source.call,
}
