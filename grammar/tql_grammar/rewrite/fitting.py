"""Numbers as values of a column's type, for the literal of a comparison."""

from __future__ import annotations

import math
import struct
from typing import Literal

from tql_grammar.schema import FLOATS

Operator = Literal["=", "!=", "<", "<=", ">", ">="]
# The operators that hold for every value if the literal is above all values, and if it is below all values.
ALWAYS_BELOW, ALWAYS_ABOVE = frozenset({"!=", "<", "<="}), frozenset({"!=", ">", ">="})
STRUCTS = {"float16": "<e", "float32": "<f", "float64": "<d"}


def bounds(dtype: str) -> tuple[int, int]:
    """Return the smallest and the largest value of an integer type, at most 2**63 - 1, the largest literal."""
    bits = int(dtype.lstrip("uint"))
    return (0, min(2**bits, 2**63) - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def fit(dtype: str, operator: Operator, value: float) -> tuple[Operator, int | float] | bool:
    """
    Return an equivalent comparison with a literal of the column's type, or a bool if the comparison is always true or false.

    ``v < 2.5`` is ``v <= 2`` for integers, ``u8 < 256`` is always true, ``f32 = 0.1`` is ``f32 = 0.10000000149011612``.
    """
    if dtype in FLOATS:
        return operator, rounded(dtype, value)
    least, most = bounds(dtype)
    if value > most or value < least:
        return operator in (ALWAYS_BELOW if value > most else ALWAYS_ABOVE)
    whole = int(value)
    if whole == value:
        return operator, whole
    if operator in {"=", "!="}:
        return operator == "!="
    return ("<=", math.floor(value)) if operator in {"<", "<="} else (">=", math.ceil(value))


def rounded(dtype: str, value: float) -> float:
    """Return the nearest number of a float type; a number beyond its range is unchanged."""
    try:
        found: float = struct.unpack(STRUCTS[dtype], struct.pack(STRUCTS[dtype], float(value)))[0]
    except OverflowError:
        return float(value)
    return found if math.isfinite(found) else float(value)
