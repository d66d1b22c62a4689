"""Positions in a text: character offsets, lines and columns, and columns in bytes, as the engine and Python report them."""

from __future__ import annotations

import bisect
import functools
import re

# The continuation bytes of UTF-8.
CONTINUATION = range(0x80, 0xC0)
# A text of this length may have so many findings that the lines are counted once, not for each of them.
LONG = 10_000


def line_start(text: str, offset: int) -> int:
    """Return the offset at which the line of an offset begins; only a newline ends a line."""
    return text.rfind("\n", 0, offset) + 1


def locate(text: str, offset: int) -> tuple[int, int]:
    """Return the 1-based line and column, in characters, of a 0-based offset."""
    if len(text) < LONG:
        return text.count("\n", 0, offset) + 1, offset - line_start(text, offset) + 1
    starts = _line_starts(text)
    line = bisect.bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


@functools.lru_cache(maxsize=1)
def _line_starts(text: str) -> list[int]:
    """Return the offsets at which the lines of a text begin."""
    return [0, *(match.end() for match in re.finditer("\n", text))]


def byte_column(text: str, offset: int) -> int:
    """Return the 0-based column of an offset in bytes of UTF-8."""
    return len(_encoded(text[line_start(text, offset) : offset]))


def characters_in(line: str, byte_column: int) -> int | None:
    """Return the number of whole characters before a 0-based column in bytes, or None past the end of the line."""
    encoded = _encoded(line)
    begun = sum(byte not in CONTINUATION for byte in encoded[: byte_column + 1])
    return begun - 1 if byte_column < len(encoded) else None


def _encoded(text: str) -> bytes:
    """Encode a text as UTF-8, a lone surrogate as three bytes."""
    return text.encode("utf-8", "surrogatepass")
