"""
Cache of texts without findings, keyed by the text without its values.

The key of a text is the text without its values: vectors, operands of comparisons, members of IN, and the number after LIMIT.
A value is left out only where no rule looks at more than its kind, so a text with a comment, or with a number beyond the usual, has no key and is always read.
"""

from __future__ import annotations

import math
import re
from array import array
from typing import TYPE_CHECKING

from tql_grammar.lexer import BLANKS, STRING, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

# The number of keys that are kept, their length, and that of the texts that have one.
MOST_KEYS = 2_000
LONGEST = 4_000
LONGEST_TEXT = 100_000
SEVERAL = 2
# Elements of a vector below this fit into every type, and a vector whose largest is above that is not zero as float32.
LARGEST, SMALLEST = 1e17, 1e-30
NUMBER = r"-?(?:[0-9]{1,15}\.[0-9]{1,15}|[1-9][0-9]{0,14}|0)(?![A-Za-z0-9_.])"
MEMBER = rf"(?:{NUMBER}|{STRING})"
LITERAL = re.compile(
    rf"""
      (?P<name>"[^"\n]*")
    | (?P<text>{STRING})
    | (?P<vector>(?<![A-Za-z0-9_])(?ai:array)\[[-+.,0-9eE[ ]\t\n]+\])
    | (?P<members>(?<![A-Za-z0-9_])(?ai:in)[ ]?\({MEMBER}(?:,[ ]?{MEMBER})*\))
    | (?P<number>(?<![A-Za-z0-9_.]){NUMBER})
    | (?P<odd>--|(?<![A-Za-z0-9_.])\.?[0-9])
    """.replace("[ ]", r"\x20"),
    re.VERBOSE,
)
VALUE = re.compile(f"{STRING}|{NUMBER}")

_clean: set[str] = set()


def cache_key(text: str) -> str | None:
    """Return the key of a text, or None for one that is always read."""
    if len(text) > LONGEST_TEXT or "\0" in text:
        return None
    marks = _Marks()
    try:
        key = LITERAL.sub(marks.mark, text) + marks.pattern()
    except ValueError:
        return None
    return key if len(key) <= LONGEST else None


def is_clean(key: str | None) -> bool:
    """Tell whether a text with this key had no findings."""
    return key in _clean


def remember(key: str | None) -> None:
    """Keep the key of a text that has no findings."""
    if key is not None:
        if len(_clean) >= MOST_KEYS:
            _clean.clear()
        _clean.add(key)


def forget() -> None:
    """Forget every key."""
    _clean.clear()


def kept() -> int:
    """Return the number of keys that are kept."""
    return len(_clean)


class _Marks:
    """What stands for the literals of one text; the same literal has the same number, since rules look for expressions that are the same."""

    def __init__(self) -> None:
        """Begin without any."""
        self._numbers: dict[Hashable, int] = {}
        self._vectors: list[list[float]] = []

    def mark(self, match: re.Match[str]) -> str:
        """Return what stands for a literal."""
        kind = match.lastgroup or ""
        return _MARKS[kind](self, match)

    def numbered(self, sign: str, value: Hashable) -> str:
        """Return a mark with the number of a value."""
        return f"{sign}\0{self._numbers.setdefault(value, len(self._numbers))}\0"

    def value(self, written: str) -> str:
        """Return the mark of a value: its kind, and which one it is."""
        if written[0] == "'":
            return self.numbered("'" if len(written) > len("''") else "''", written)
        digits = written.lstrip("-")
        kind = "f" if "." in digits else "i"
        value = float(digits) if kind == "f" else int(digits)
        return self.numbered(f"{'-' * (digits != written)}{kind}{'' if value else 0}", (kind, value))

    def same(self, written: str) -> str:
        """Return the mark of a literal that is part of the key."""
        return written + self.value(written)

    def vector(self, written: str) -> str:
        """
        Return the mark of a vector.

        Raises:
            ValueError: the rules may speak of it, or it may be the same as one that is written otherwise.
        """
        found = numbers(written[written.index("[") :])
        if found is None or not SMALLEST * len(found) < math.hypot(*found) < LARGEST:
            message = "an odd vector"
            raise ValueError(message)
        self._vectors.append(found)
        return f"v\0{len(found)}\0"

    def pattern(self) -> str:
        """Return which vectors are the same as float32; a single one needs nothing."""
        if len(self._vectors) < SEVERAL:
            return ""
        bits = [array("f", numbers).tobytes() for numbers in self._vectors]
        return "\0".join(str(bits.index(one)) for one in bits)


def _compared(text: str, start: int) -> bool:
    """Tell whether an operator of comparison, or LIMIT, stands before a place."""
    start -= 1
    while start >= 0 and text[start] in BLANKS:
        start -= 1
    return text[start] in "=<>" or text[max(start - 5, 0) : start + 1].lower() == " limit"


def _literal(marks: _Marks, match: re.Match[str]) -> str:
    """Return the mark of a number or a text: a value after a comparison, part of the key everywhere else."""
    mark = marks.value if _compared(match.string, match.start()) else marks.same
    return mark(match[0])


def _members(marks: _Marks, match: re.Match[str]) -> str:
    """Return the mark of the members of IN."""
    return VALUE.sub(lambda member: marks.value(member[0]), match[0])


def _odd(_marks: _Marks, match: re.Match[str]) -> str:
    """Refuse a number that is octal, has an exponent, or is very long: it may be the same as one that is written otherwise."""
    message = f"an odd number at {match.start()}"
    raise ValueError(message)


_MARKS: dict[str, Callable[[_Marks, re.Match[str]], str]] = {
    "name": lambda _marks, match: match[0],
    "text": _literal,
    "number": _literal,
    "members": _members,
    "odd": _odd,
    "vector": lambda marks, match: marks.vector(match[0]),
}
