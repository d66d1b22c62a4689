"""
Cache of the queries without findings, keyed by the query without its literals.

The key includes the properties of literals that the rules read: see `Reads`.
A literal at any place that `Reads` does not name is included unchanged.
A query with a comment, an octal integer, or an integer beyond 64 bits has no key.
"""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

from tql_grammar.syntax.keywords import TOKEN_OF_WORD
from tql_grammar.syntax.lexer import BLANKS, FLOAT, LARGEST_INTEGER, STRING, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from tql_grammar.lint.reads import Readers

# The largest number of keys, the longest key, and the longest query with a key.
MOST_KEYS = 2_000
LONGEST = 4_000
LONGEST_TEXT = 100_000
SEVERAL = 2
NUMBER = rf"-?(?:{FLOAT}|[1-9][0-9]{{0,18}}|0)(?![A-Za-z0-9_.])"
MEMBER = rf"(?:{NUMBER}|{STRING})"
LITERAL = re.compile(
    rf"""
    (?=["'\[\]aAiI\-.0-9])
    (?:
      (?P<name>"[^"\n]*")
    | (?P<text>{STRING})
    | (?P<vector>(?<![A-Za-z0-9_])(?ai:array)\[[-+.,0-9eE[ ]\t\n]+\])
    | (?P<members>(?<![A-Za-z0-9_])(?ai:in)[ ]?\({MEMBER}(?:,[ ]?{MEMBER})*\))
    | (?P<bracket>[\[\]])
    | (?P<number>(?<![A-Za-z0-9_.]){NUMBER})
    | (?P<uncacheable>--|(?<![A-Za-z0-9_.])\.?[0-9])
    )
    """.replace("[ ]", r"\x20"),
    re.VERBOSE,
)
VALUE = re.compile(f"{STRING}|{NUMBER}")
# The sign or word before a literal, and before the parentheses around it, decides its place.
SKIPPED = BLANKS + "("
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
SIGNS = {
    **dict.fromkeys("=<>", "comparison"),
    **dict.fromkeys("+-*/^|", "operand"),
    "%": "divisor",
    ",": "argument",
    ":": "pair",
}
WORDS = {
    **dict.fromkeys(("AND", "OR", "NOT", "WHERE", "BETWEEN", "SELECT", "ON"), "operand"),
    **dict.fromkeys(("LIKE", "ILIKE"), "pattern"),
    **dict.fromkeys(("LIMIT", "OFFSET"), "rows"),
    "IN": "member",
    "BY": "by",
}
# After SAMPLE, a number at any other place may belong to a weight; in a query with ANY or ALL, a number after a comma or a minus may be an axis.
NO_WEIGHT = frozenset({"comparison", "member", "rows"})
MAY_BE_AXIS = frozenset({"argument", "operand"})
SAMPLE = re.compile("sample", re.IGNORECASE)
AXIS = re.compile(r'(?:any|all)"?[ \t\n]*\(', re.IGNORECASE)

_clean: set[str] = set()


def cache_key(text: str, readers: Readers) -> str | None:
    """Return the cache key of a query for rules that read these properties, or None for a query that is never cached."""
    if len(text) > LONGEST_TEXT or "\0" in text:
        return None
    marks = _Marks(text, readers)
    try:
        found = LITERAL.sub(marks.mark, text) + marks.pattern()
    except ValueError:
        return None
    return found if len(found) <= LONGEST else None


def is_clean(key: str | None) -> bool:
    """Tell whether a query with this key had no findings."""
    return key in _clean


def add(key: str | None) -> None:
    """Add the key of a query without findings."""
    if key is not None:
        if len(_clean) >= MOST_KEYS:
            _clean.clear()
        _clean.add(key)


def clear() -> None:
    """Remove all keys."""
    _clean.clear()


def size() -> int:
    """Return the number of keys."""
    return len(_clean)


class _Marks:
    """The marks that replace the literals of one query; equal literals have the same number, since rules look for equal expressions."""

    def __init__(self, text: str, readers: Readers) -> None:
        """Start with no literals seen."""
        self._text = text
        self._readers = readers
        self._numbers: dict[Hashable, int] = {}
        self._vectors: list[list[float]] = []
        self._brackets = 0
        self._sampled: int | None = None
        self._axes: bool | None = None

    def mark(self, match: re.Match[str]) -> str:
        """Return the mark of a literal."""
        return _MARKS[match.lastgroup or ""](self, match)

    def bracket(self, match: re.Match[str]) -> str:
        """Return a bracket unchanged, and count the open ones."""
        found = match[0]
        self._brackets += 1 if found == "[" else -1
        return found

    def text(self, match: re.Match[str]) -> str:
        """Return the mark of a string."""
        place = "key" if self._brackets else place_of(self._text, match.start())
        return self.value(match[0], place)

    def number(self, match: re.Match[str]) -> str:
        """Return the mark of a number."""
        start = match.start()
        if self._brackets:
            place = "index" if _is_index(self._text, start, match.end()) else "bound"
        else:
            place = place_of(self._text, start)
            if place in MAY_BE_AXIS and self._may_be_axis(start):
                place = "axis"
            if place not in NO_WEIGHT and self._is_sampled(start):
                place = "weight"
        return self.value(match[0], place)

    def _is_sampled(self, start: int) -> bool:
        """Tell whether SAMPLE comes before an offset."""
        if self._sampled is None:
            found = SAMPLE.search(self._text)
            self._sampled = found.start() if found else len(self._text)
        return start > self._sampled

    def _may_be_axis(self, start: int) -> bool:
        """Tell whether a number at an offset may be an axis."""
        if self._axes is None:
            self._axes = AXIS.search(self._text) is not None
        return self._axes and self._text[_before(self._text, start) - 1] in ",-"

    def value(self, written: str, place: str) -> str:
        """Return the mark of a literal: sign, kind, number, and the properties that rules read at its place; at an unnamed place also the literal itself."""
        sign, kind, literal = _literal(written)
        mark = f"{sign}{kind}\0{self._numbers.setdefault((kind, literal), len(self._numbers))}\0"
        if not place:
            return mark + written
        read = self._readers.get(place)
        return mark if read is None else f"{mark}{[of(literal) for of in read]}"

    def vector(self, match: re.Match[str]) -> str:
        """
        Return the mark of a vector.

        Raises:
            ValueError: the engine reads an element differently from its text.
        """
        written = match[0]
        found = numbers(written[written.index("[") :])
        if found is None:
            message = "a vector with an element that is not plain"
            raise ValueError(message)
        self._vectors.append(found)
        return f"v\0{len(found)}\0{[of(found) for of in self._readers.get('vector', ())]}"

    def pattern(self) -> str:
        """Return the groups of vectors that are equal as float32; "" for fewer than two vectors."""
        if len(self._vectors) < SEVERAL:
            return ""
        bits = [array("f", numbers).tobytes() for numbers in self._vectors]
        return "\0".join(str(bits.index(one)) for one in bits)


def _literal(written: str) -> tuple[str, str, float | str]:
    """
    Return the sign, the kind and the value of a literal, as the engine reads it.

    Raises:
        ValueError: an integer does not fit into 64 bits.
    """
    if written[0] == "'":
        return "", "'", written[1:-1].replace("''", "'")
    digits = written.lstrip("-")
    sign = "" if digits == written else "-"
    if not digits.isdigit():
        return sign, "f", float(digits)
    value = int(digits)
    if value > LARGEST_INTEGER:
        message = f"{digits} does not fit into 64 bits"
        raise ValueError(message)
    return sign, "i", value


def place_of(text: str, start: int) -> str:
    """Return the place of a literal outside of brackets, by the sign or the word before it, or "" for a place without a name."""
    end = _before(text, start)
    place = SIGNS.get(text[end - 1 : end])
    if place is not None:
        return place
    at = end
    while at and text[at - 1] in LETTERS:
        at -= 1
    word = text[at:end].upper()
    known = WORDS.get(word)
    if known is not None:
        return known
    is_call = "(" in text[end:start] and word not in TOKEN_OF_WORD and word[:1].isalpha()
    return "argument" if is_call else ""


def _before(text: str, start: int) -> int:
    """Return the end of the text before an offset, skipping blanks and parentheses."""
    while start and text[start - 1] in SKIPPED:
        start -= 1
    return start


def _is_index(text: str, start: int, end: int) -> bool:
    """Tell whether a number is the only one in the brackets after a name."""
    return (
        text[start - 1] == "[" and text[end : end + 1] == "]" and (text[start - 2] in LETTERS or text[start - 2] == '"')
    )


def _members(marks: _Marks, match: re.Match[str]) -> str:
    """Return the mark of the members of IN."""
    return VALUE.sub(lambda member: marks.value(member[0], "member"), match[0])


def _uncacheable(_marks: _Marks, match: re.Match[str]) -> str:
    """Raise ValueError for a comment, and for an integer that is octal or very long: the query has no key."""
    message = f"a comment or an integer without a key at {match.start()}"
    raise ValueError(message)


_MARKS: dict[str, Callable[[_Marks, re.Match[str]], str]] = {
    "name": lambda _marks, match: match[0],
    "text": _Marks.text,
    "number": _Marks.number,
    "bracket": _Marks.bracket,
    "members": _members,
    "uncacheable": _uncacheable,
    "vector": _Marks.vector,
}
