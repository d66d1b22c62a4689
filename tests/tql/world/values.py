"""
The documented meaning of expressions: each has a value for each row.

A comparison with a missing value is false, and arithmetic with one is missing. NaN compares as in IEEE 754. Integers are computed in 64 bits.
A literal that meets a float32 column is rounded to its type. Texts compare by their UTF-8 bytes.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.tql.signs import ARITHMETIC, COMPARISONS
from tests.tql.world import tables, terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tql.world.tables import Kind
    from tests.tql.world.terms import Node

Row = dict[str, Any]
Types = dict[str, str]
NARROW = {"float16", "float32"}
CLOSE = 1e-5
# Integers are computed in 64 bits: what is beyond them is not documented.
LARGEST = 2**63


class Undecided(Exception):  # noqa: N818 - no error: the documentation leaves the rows open
    """The documentation promises no single result, as where rows that tie are cut."""


class Unanswered(Exception):  # noqa: N818 - no error: the documentation excludes the query
    """The query is not run: a sample without a weight above 0, which never ends, a join of very many rows, or a ranking by diversity of more rows than there are."""


class Rounded(float):
    """A float that was computed with rounding: it may differ in its last digits."""

    tolerance = CLOSE


class Blurred(Rounded):
    """A score that is near to that of another vector: either may be the larger one, also where both are equal here."""


class Relevance(Rounded):
    """A score of words: the engine takes the mean length of its batches for that of all documents."""

    tolerance = 0.15


def name_of(column: terms.Column) -> str:
    """Return the name of a column in rows; those of a join have the alias of their source."""
    return column.name if column.of is None else f"{column.of}.{column.name}"


def column_of(node: Node) -> str:
    """Return the name of the column whose values an output has, or ""."""
    if isinstance(node, terms.Aggregate) and node.name == "first" and node.value is not None:
        return column_of(node.value)
    return name_of(node) if isinstance(node, terms.Column) else ""


def type_of(kind: Kind) -> str:
    """Return the type of a column; that of texts says whether they may be missing."""
    if kind.family == "label":
        return "label"
    return f"nullable {kind.dtype}" if kind.nullable and kind.family == "text" else kind.dtype


def value(node: Node, row: Row, types: Types) -> Any:
    """Return the value of an expression in a row."""
    return MEANINGS[type(node)](node, row, types)


def true(node: Node, row: Row, types: Types) -> bool:
    """Return whether a condition holds."""
    return bool(value(node, row, types))


def dtype(node: Node, types: Types) -> str:
    """Return the type of the numbers of a column, or of the arrays that an expression reads; "" for others."""
    if isinstance(node, terms.Column):
        return types.get(name_of(node), "")
    if isinstance(node, terms.Part) and isinstance(node.index, str):
        return ""
    return dtype(node.value, types) if isinstance(node, terms.Part) else ""


def literal(given: Any, node: Node, types: Types) -> Any:
    """Return the value that *node* is compared with for a literal: rounded to a narrow float, the number of a label."""
    kind = dtype(node, types)
    if kind == "label":
        return tables.LABELS.index(given) if given in tables.LABELS else given
    if kind not in NARROW or isinstance(given, (str, bool)):
        return given
    with np.errstate(over="ignore"):
        found = float(np.dtype(kind).type(given))
    return given if math.isinf(found) else found


def near(one: Any, two: Any) -> bool:
    """Return whether two numbers of which one is rounded agree to its digits."""
    most = max(getattr(number, "tolerance", CLOSE) for number in (one, two))
    return math.isclose(one, two, rel_tol=most, abs_tol=CLOSE)


# --- arithmetic -------------------------------------------------------------------------------------------------------


def _arithmetic(node: terms.Arithmetic, row: Row, types: Types) -> Any:
    """Return a number, or None where an operand is missing."""
    left, right = value(node.left, row, types), value(node.right, row, types)
    if left is None or right is None:
        return None
    found = SIGNS[node.sign](left, right)
    if isinstance(found, int) and abs(found) >= LARGEST:
        raise Undecided
    narrow = any(dtype(part, types) in NARROW for part in (node.left, node.right))
    inexact = narrow or isinstance(left, Rounded) or isinstance(right, Rounded)
    return Rounded(found) if inexact and isinstance(found, float) else found


def divided(left: Any, right: Any) -> float:
    """Return a quotient: infinite or NaN for a division by zero."""
    with np.errstate(all="ignore"):
        return float(np.float64(left) / np.float64(right))


def remainder(left: Any, right: Any) -> Any:
    """Return a remainder with the sign of the dividend."""
    if isinstance(left, float) or isinstance(right, float):
        return math.fmod(left, right)
    return int(math.copysign(1, left)) * (abs(left) % abs(right))


SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    **ARITHMETIC,
    "/": divided,
    "%": remainder,
}


def _negative(node: terms.Negative, row: Row, types: Types) -> Any:
    """Return a negated number."""
    found = value(node.value, row, types)
    return None if found is None else type(found)(-found)


# --- comparison -------------------------------------------------------------------------------------------------------


def compared(sign: str, left: Any, right: Any) -> bool:
    """Return a comparison of two values; a missing one meets none, and a text and a number, of JSON, are different and in no order."""
    if left is None or right is None:
        return False
    if isinstance(left, str) is not isinstance(right, str):
        return sign == "!="
    if isinstance(left, str):
        left, right = left.encode(), right.encode()
    elif (isinstance(left, Rounded) or isinstance(right, Rounded)) and near(left, right):
        raise Undecided
    return bool(COMPARISONS[sign](left, right))


def _compare(node: terms.Compare, row: Row, types: Types) -> Any:
    """Return a comparison; for a slice of an array, one of each element."""
    left, right = value(node.left, row, types), value(node.right, row, types)
    if isinstance(node.right, terms.Literal):
        right = literal(right, node.left, types)
    if isinstance(node.left, terms.Literal):
        left = literal(left, node.right, types)
    if isinstance(left, np.ndarray):
        return COMPARISONS[node.sign](left, right)
    return compared(node.sign, left, right)


def _between(node: terms.Between, row: Row, types: Types) -> bool:
    """Return whether a value is in a range."""
    found = value(node.value, row, types)
    low, high = literal(node.low, node.value, types), literal(node.high, node.value, types)
    return compared(">=", found, low) and compared("<=", found, high)


def _member(node: terms.Member, row: Row, types: Types) -> bool:
    """Return whether a value is one of a list."""
    found = value(node.value, row, types)
    members = [literal(member, node.value, types) for member in node.members]
    return any(compared("==", found, member) for member in members) is not node.negated


def _null(node: terms.Null, row: Row, types: Types) -> bool:
    """Return whether a value is missing."""
    return (value(node.value, row, types) is None) is not node.negated


def _pattern(node: terms.Pattern, row: Row, types: Types) -> bool:
    """Return whether a text matches."""
    found = value(node.value, row, types)
    return found is not None and PATTERNS[node.method](found, node.text)


def _like(text: str, pattern: str, flags: int = 0) -> bool:
    """Return whether a text matches a pattern of SQL's LIKE."""
    wanted = "".join({"%": ".*", "_": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(wanted, text, re.DOTALL | flags) is not None


PATTERNS: dict[str, Callable[[str, str], bool]] = {
    "like": _like,
    "ilike": lambda text, pattern: _like(text, pattern, re.IGNORECASE),
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": lambda text, part: part in text,
    "matches": lambda text, regex: re.fullmatch(regex, text) is not None,
}

# --- logic and parts --------------------------------------------------------------------------------------------------


def _logic(node: terms.Logic, row: Row, types: Types) -> bool:
    """Return AND or OR of two conditions."""
    left, right = true(node.left, row, types), true(node.right, row, types)
    return (left and right) if node.sign == "&" else (left or right)


def _part(node: terms.Part, row: Row, types: Types) -> Any:
    """Return the value of a key, an element or a slice; a missing key is null."""
    found = value(node.value, row, types)
    if isinstance(node.index, str):
        return None if found is None else found.get(node.index)
    part = found[node.index]
    return part if isinstance(part, np.ndarray) and part.ndim else part.item()


def _length(node: terms.Length, row: Row, types: Types) -> int | None:
    """Return the first dimension of an array."""
    found = value(node.value, row, types)
    return None if found is None else len(found)


def _call(node: terms.Call, row: Row, types: Types) -> Any:
    """Return a function of a number, or of the elements of an array."""
    found = value(node.value, row, types)
    if found is None:
        return None
    with np.errstate(all="ignore"):
        computed = FUNCTIONS[node.name](found)
    if isinstance(computed, int) and abs(computed) >= LARGEST:
        raise Undecided
    exact = isinstance(computed, (bool, int)) or node.name in {"amin", "amax"}
    return computed if exact else Rounded(computed)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "abs": abs,
    "sign": lambda number: (number > 0) - (number < 0),
    "asum": lambda array: array.astype("f8" if array.dtype.kind == "f" else "i8").sum().item(),
    "avg": lambda array: array.astype("f8").mean().item(),
    "amin": lambda array: array.min().item(),
    "amax": lambda array: array.max().item(),
    "any": lambda array: bool(np.any(array)),
    "all": lambda array: bool(np.all(array)),
}

MEANINGS: dict[type, Callable[[Any, Row, Types], Any]] = {
    terms.Column: lambda node, row, _types: row[name_of(node)],
    terms.Literal: lambda node, _row, _types: node.value,
    terms.Arithmetic: _arithmetic,
    terms.Negative: _negative,
    terms.Compare: _compare,
    terms.Between: _between,
    terms.Member: _member,
    terms.Null: _null,
    terms.Pattern: _pattern,
    terms.Logic: _logic,
    terms.Not: lambda node, row, types: not true(node.value, row, types),
    terms.Part: _part,
    terms.Call: _call,
    terms.Length: _length,
    terms.HasKey: lambda node, row, types: (
        isinstance(found := value(node.value, row, types), dict) and node.key in found
    ),
    terms.Holds: lambda node, row, types: bool(np.any(value(node.value, row, types) == node.element)),
}
