"""
Declarations of the literals that rules read: their place in a query, and the property that the rule depends on.

The cache key of `check` is the query without its literals.
It always includes the kind and the sign of each literal, the length of each vector, and which literals are equal.
Of the value of a literal it includes only the properties that rules declare for its place.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Readers = Mapping[str, tuple[Callable[[Any], object], ...]]

# A pattern of wildcards of LIKE, plain characters, and escaped signs.
USUAL = re.compile(r"(?:\\[^\w\s*%?]|[^\\.+()\[\]{}|^$])*")
BRACKETS = re.compile(r"\[[^\]]*\]")
# Elements of a vector below this fit into every type, and a vector whose largest is above that is not zero as float32.
LARGEST, SMALLEST = 1e17, 1e-30
# The places of literals.
#   comparison: after = < > and their combinations;  member: in a list of IN;  rows: after LIMIT and OFFSET;
#   divisor: after %;  operand: after another arithmetic sign, BETWEEN, AND, OR, NOT, WHERE, SELECT or ON;  pattern: after LIKE and ILIKE;
#   argument: first in a call, or after a comma;  axis: a number after a comma or a minus, in a query that calls ANY or ALL;
#   pair: after a colon;  by: after BY;  weight: after SAMPLE BY, and in no comparison;
#   key: a string in brackets;  index: the only number in the brackets after a name;  bound: any other number in brackets;
#   vector: the numbers of an ARRAY.
Place = Literal[
    "comparison", "member", "rows", "divisor", "operand", "pattern", "argument", "axis", "pair", "by", "weight", "key", "index", "bound", "vector",
]  # fmt: skip


class Reads(NamedTuple):
    """
    The property that a rule reads of the literals at a place.

    Attributes:
        place: the place of the literals.
        of: computes the property from a number, from a string without its quotes, or from the list of a vector's numbers.
    """

    place: Place
    of: Callable[[Any], object]


def whole(literal: float) -> float:
    """Return the number unchanged, for a rule that depends on its exact value."""
    return literal


def is_zero(number: float) -> bool:
    """Tell whether a number is 0."""
    return not number


def readers(reads: Iterable[Reads]) -> Readers:
    """Return the distinct properties to compute at each place."""
    found: dict[str, dict[Callable[[Any], object], None]] = {}
    for place, of in reads:
        found.setdefault(place, {})[of] = None
    return {place: tuple(properties) for place, properties in found.items()}


def pattern(text: str | float) -> object:
    """
    Return whether a pattern has ``_`` that SQL takes for a wildcard, and whether it consists of ``*`` and ``%``.

    For a pattern with an unescaped character of regular expressions this returns the pattern, and for a number the number, which is no pattern.
    """
    if not isinstance(text, str):
        return text
    return ("_" in text and ("%" in text or "\\" not in text), not text.strip("*%")) if USUAL.fullmatch(text) else text


def unfolded(text: object) -> tuple[str, ...]:
    """Return the letters of a pattern outside of brackets that are not ASCII and have two cases, which ILIKE does not ignore."""
    outside = BRACKETS.sub("", text) if isinstance(text, str) else ""
    return tuple(letter for letter in outside if not letter.isascii() and len(cases(letter)) > 1)


def cases(letter: str) -> str:
    """Return a letter with its other case, if that is one character too."""
    return "".join(case for case in dict.fromkeys((letter, letter.lower(), letter.upper())) if len(case) == 1)


def has_word(text: object) -> bool:
    """Tell whether a text has a letter or a decimal digit, of which an index of words makes a word; a number counts as one."""
    return not isinstance(text, str) or any(sign.isalpha() or sign.isdecimal() for sign in text)


def size(numbers: list[float]) -> object:
    """Return None for a vector that is neither zero nor infinite as float32, and the numbers of any other."""
    return None if SMALLEST * len(numbers) < math.hypot(*numbers) < LARGEST else numbers


BOUND, AXIS, WEIGHT = Reads("bound", whole), Reads("axis", whole), Reads("weight", whole)
COUNT, POSITION = Reads("by", is_zero), Reads("by", whole)
DIVISOR = Reads("divisor", is_zero)
PATTERN = Reads("pattern", pattern)
UNFOLDED = Reads("pattern", unfolded)
WORD = Reads("argument", has_word)
SIZE = Reads("vector", size)
