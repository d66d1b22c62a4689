"""
The literals that rules read: where they stand, and which property of theirs a rule looks at.

The cache of `check` keeps a text without its literals.
Kind and sign of a literal, the length of a vector, and which literals of a text are the same are always part of what is kept;
of its value only what a rule of that place declares.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Readers = Mapping[str, tuple[Callable[[Any], object], ...]]

# A pattern in which each character stands for itself, or is a wildcard of LIKE.
USUAL = re.compile(r"(?:\\[^\w\s*%?]|[^\\.+()\[\]{}|^$])*")
# Elements of a vector below this fit into every type, and a vector whose largest is above that is not zero as float32.
LARGEST, SMALLEST = 1e17, 1e-30
# Where a literal stands.
#   comparison: behind = < > and their combinations;  member: in a list of IN;  rows: behind LIMIT and OFFSET;
#   operand: behind an arithmetic sign, BETWEEN, AND, OR, NOT, WHERE, SELECT or ON;  pattern: behind LIKE and ILIKE;
#   argument: first in a call, or behind a comma;  axis: a number behind a comma or a minus, in a text that calls ANY or ALL;
#   pair: behind a colon;  by: behind BY;  weight: behind SAMPLE BY, in no comparison;
#   key: a text in brackets;  index: a number alone in brackets behind a name;  bound: any other number in brackets;
#   vector: the numbers of an ARRAY.
Place = Literal[
    "comparison", "member", "rows", "operand", "pattern", "argument", "axis", "pair", "by", "weight", "key", "index", "bound", "vector",
]  # fmt: skip


class Reads(NamedTuple):
    """
    What a rule reads of the literals at a place.

    Attributes:
        place: where they stand.
        of: gives what the rule looks at: of a number, of a text without its quotes, or of the list of a vector's numbers.
    """

    place: Place
    of: Callable[[Any], object]


def whole(literal: float) -> float:
    """Return a number itself: the rule looks at all of it."""
    return literal


def is_zero(number: float) -> bool:
    """Tell whether a number is 0."""
    return not number


def readers(reads: Iterable[Reads]) -> Readers:
    """Return what is read at each place, each property once."""
    found: dict[str, dict[Callable[[Any], object], None]] = {}
    for place, of in reads:
        found.setdefault(place, {})[of] = None
    return {place: tuple(properties) for place, properties in found.items()}


def pattern(text: str) -> object:
    """
    Return what rules read of a pattern: whether it has ``_`` beside ``%``, and whether it has nothing but ``*`` and ``%``.

    A pattern with a character of regular expressions, other than one with a backslash before it, is read whole.
    """
    return ("_" in text and "%" in text, not text.strip("*%")) if USUAL.fullmatch(text) else text


def size(numbers: list[float]) -> object:
    """Return what rules read of a vector: nothing but whether it may be zero as float32, or beyond that; such a one is read whole."""
    return None if SMALLEST * len(numbers) < math.hypot(*numbers) < LARGEST else numbers


BOUND, AXIS, WEIGHT = Reads("bound", whole), Reads("axis", whole), Reads("weight", whole)
COUNT = Reads("by", is_zero)
PATTERN = Reads("pattern", pattern)
SIZE = Reads("vector", size)
