"""
Characters of the texts in a Python file: the offset of each in the file, and the values that are pasted between them.

Literals, f-strings, those that follow each other, ``+``, ``%`` and ``.format`` are read as they are written; the rest is a pasted value.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tql_grammar.positions import characters_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# One character of a string as it is written: an escape, or itself. A backslash before a newline is none.
WRITTEN = re.compile(r"\\(?:\n|N\{[^}]*\}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|[\s\S])|[\s\S]")
KEPT_ESCAPES = frozenset("\\'\"abfnrtvxuUN01234567\n")
OPENING = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quote>'''|\"\"\"|'|\")")
BETWEEN = re.compile(r"(?:\s|\\\n|#[^\n]*)*")
# What `%` and `.format` replace in a text.
PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*[0-9.*]*[A-Za-z]")
BRACES = re.compile(r"\{[^{}]*\}")


class Character(NamedTuple):
    """One character of a text, or a pasted value, which has none; ``[start, end)`` is where it stands in the file."""

    value: str | None
    start: int
    end: int


class Source:
    """A Python file, and where its lines begin."""

    def __init__(self, text: str) -> None:
        """Read where the lines begin."""
        self.text = text
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def _offset(self, line: int, column: int) -> int:
        """Return the offset of a place; Python counts bytes in a line."""
        start = self._lines[line - 1]
        end = self._lines[line] if line < len(self._lines) else len(self.text)
        inside = characters_in(self.text[start:end], column)
        return end if inside is None else start + inside

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return where a node begins and ends."""
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return self._offset(node.lineno, node.col_offset), end

    def characters(self, node: ast.expr) -> list[Character]:
        """Return the characters of the text that a node makes, with a pasted value wherever one goes in."""
        read = _READERS.get(type(node))
        found = None if read is None else read(self, node)
        return [Character(None, *self.span(node))] if found is None else found

    def constant(self, node: ast.Constant) -> list[Character] | None:
        """Return the characters of a literal, or None where it is no text."""
        return self._literal(node, node.value) if isinstance(node.value, str) else None

    def f_string(self, node: ast.JoinedStr) -> list[Character]:
        """Return the characters of an f-string."""
        parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
        return self._literal(node, "".join(map(str, parts)))

    def operation(self, node: ast.BinOp) -> list[Character] | None:
        """Return the characters of texts that are joined by ``+``, or into which ``%`` pastes, or None for another operator."""
        if isinstance(node.op, ast.Add):
            return self.characters(node.left) + self.characters(node.right)
        return _pasted(self.characters(node.left), PERCENT) if isinstance(node.op, ast.Mod) else None

    def call(self, node: ast.Call) -> list[Character] | None:
        """Return the characters of a text into which ``.format`` pastes, or None for another call."""
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            return _pasted(self.characters(node.func.value), BRACES)
        return None

    def _literal(self, node: ast.expr, value: str) -> list[Character]:
        """Return the characters of literals that follow each other; all of them stand at the whole where they are written in another way."""
        start, end = self.span(node)
        places = list(_places(self.text, start, end))
        if sum(not pasted for _, _, pasted in places) != len(value):
            return [Character(character, start, end) for character in value] or [Character(None, start, end)]
        characters = iter(value)
        return [Character(None if pasted else next(characters), *place) for *place, pasted in places]


def _pasted(characters: list[Character], form: re.Pattern[str]) -> list[Character]:
    """Return characters in which whatever has a form is a pasted value."""
    text = "".join(character.value or "\0" for character in characters)
    found: list[Character] = []
    end = 0
    for match in form.finditer(text):
        place = Character(None, characters[match.start()].start, characters[match.end() - 1].end)
        found += [*characters[end : match.start()], place]
        end = match.end()
    return found + characters[end:]


def _places(text: str, at: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield where each character of literals stands between two offsets of a file, and whether it is a pasted value."""
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
    """Return where what has a form ends."""
    found = form.match(text, at)
    return at if found is None else found.end()


def _place(text: str, at: int, prefix: str) -> Iterator[tuple[int, int, bool]]:
    """Yield the places of the one or two characters that are written here; none for a backslash that ends a line."""
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
    """Return where a pasted value of an f-string ends: after the brace that closes it."""
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


# How each kind of node makes a text; None is a value that is pasted.
_READERS: dict[type, Callable[[Source, Any], list[Character] | None]] = {
    ast.Constant: Source.constant,
    ast.JoinedStr: Source.f_string,
    ast.BinOp: Source.operation,
    ast.Call: Source.call,
}
