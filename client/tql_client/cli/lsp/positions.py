"""Positions of the Language Server Protocol: lines, and columns in the units that client and server agreed on."""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING

from lsprotocol.types import Position, PositionEncodingKind, Range

if TYPE_CHECKING:
    from collections.abc import Callable

LINE_END = re.compile(r"\r\n|\n|\r")
ASTRAL = 0x10000


def _utf8(text: str) -> int:
    """Return the number of bytes of a text in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def _utf16(text: str) -> int:
    """Return the number of code units of a text in UTF-16."""
    return len(text) if text.isascii() else sum(1 + (ord(character) >= ASTRAL) for character in text)


UNITS: dict[str, Callable[[str], int]] = {
    PositionEncodingKind.Utf8.value: _utf8,
    PositionEncodingKind.Utf16.value: _utf16,
    PositionEncodingKind.Utf32.value: len,
}


class Lines:
    """The lines of a text, for positions in some units."""

    def __init__(self, text: str, encoding: str) -> None:
        """Find the lines; a carriage return ends one too."""
        self.text = text
        ends = [*LINE_END.finditer(text)]
        self.starts = [0, *(match.end() for match in ends)]
        self.ends = [*(match.start() for match in ends), len(text)]
        self.units = UNITS[encoding]

    def position(self, offset: int) -> Position:
        """Return the position of an offset."""
        line = bisect.bisect_right(self.starts, offset) - 1
        return Position(line, self.units(self.text[self.starts[line] : min(offset, self.ends[line])]))

    def offset(self, position: Position) -> int:
        """Return the offset of a position; one after the end of its line is that end, and one inside of a character its begin."""
        if position.line >= len(self.starts):
            return len(self.text)
        start, end, left = self.starts[position.line], self.ends[position.line], position.character
        if self.text[start:end].isascii():
            return min(start + left, end)
        for offset in range(start, end):
            left -= self.units(self.text[offset])
            if left < 0:
                return offset
        return end

    def range(self, start: int, end: int) -> Range:
        """Return the range of the characters ``[start, end)``."""
        return Range(self.position(start), self.position(end))

    def whole(self) -> Range:
        """Return the range of the whole text."""
        return self.range(0, len(self.text))
