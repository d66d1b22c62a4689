"""
Random columns of every type, with what conditions and orders mean for them: pure Python functions of a row.

Null meets no comparison. A float column compares with the literal rounded to its type.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from tests.engine import ENGINE_TYPES, TYPES
from tests.tql.signs import COMPARISONS
from tql import all_of, any_of, col, not_

if TYPE_CHECKING:
    from tests.tql.meaning import Condition, Row

T = TYPES
INTEGERS = tuple(kind for kind in ENGINE_TYPES if "int" in kind)
FLOATS = ("float16", "float32", "float64")
# Columns by name: the type of the elements, and the engine's type. A name begins with "x" for an index, with "n" for null.
COLUMNS: dict[str, tuple[str, Any]] = {
    **{kind: (kind, found) for kind, found in ENGINE_TYPES.items()},
    "text": ("text", T.Text()),
    "xint64": ("int64", T.Int64(T.Inverted)),
    "xint8": ("int8", T.Int8(T.Inverted)),
    "xuint16": ("uint16", T.UInt16(T.Inverted)),
    "xuint64": ("uint64", T.UInt64(T.Inverted)),
    "xfloat32": ("float32", T.Float32(T.Inverted)),
    "xfloat64": ("float64", T.Float64(T.Inverted)),
    "xexact": ("text", T.Text(T.Exact)),
    "xinverted": ("text", T.Text(T.Inverted)),
    "xbm25": ("text", T.Text(T.BM25)),
    "nint64": ("int64", T.Nullable(T.Int64())),
    "nint16": ("int16", T.Nullable(T.Int16())),
    "nfloat32": ("float32", T.Nullable(T.Float32())),
    "ntext": ("text", T.Nullable(T.Text())),
}
NUMBERS = tuple(name for name, (kind, _) in COLUMNS.items() if kind != "text")
TEXTS = tuple(name for name, (kind, _) in COLUMNS.items() if kind == "text")
LARGE = [2**53, 2**53 + 1, 2**53 + 2, -(2**53), -(2**53) - 1, 2**62, 2**63 - 1, -(2**63)]
# Neighbours that one float32 stands for.
CLOSE = [2**24, 2**24 + 1, 2**32 + 1, 1_700_000_003, 1_700_000_005, 1_700_000_003_001, 1_700_000_003_002]
CLOSE_FLOATS = [1234567.85, 1234567.89, 0.1 + 1e-12, -1234567.89, -1234567.85]
SPECIAL = [0, 1, 2, 3, -1, -2, 5, 100, 127, 128, 255, 256, 65535, 65536, -128, -129, 2**31, 2**32, *CLOSE, *LARGE]
FRACTIONS = [
    0.5,
    -0.5,
    2.5,
    0.1,
    1 / 3,
    255.5,
    -0.0,
    1e300,
    -1e300,
    1e-300,
    65504.5,
    2.0,
    3.0,
    float(2**53),
    float(2**63),
]
literals = st.sampled_from([*SPECIAL, *FRACTIONS]) | st.integers(-3, 6)
words = st.sampled_from(["", "a", "b", "ab", "a b", "A", "é", "a\nb", "b a", "*", "%"])


def integers_of(kind: str) -> st.SearchStrategy[int]:
    """Return integers of a type, with the largest and smallest ones."""
    info = np.iinfo(kind)
    return st.sampled_from([number for number in SPECIAL if info.min <= number <= info.max]) | st.integers(
        max(info.min, -3), 4
    )


def floats_of(kind: str, *, nan: bool) -> st.SearchStrategy[float]:
    """Return floats of a type."""
    numbers = [0.0, -0.0, 0.5, 0.1, -2.5, 1 / 3, 3.0, 1.0, 2.0, *(CLOSE_FLOATS if kind == "float64" else ())]
    known = [float(np.dtype(kind).type(number)) for number in numbers]
    return st.sampled_from([*known, math.nan] if nan else known)


def values_of(name: str, *, nan: bool = True) -> st.SearchStrategy[Any]:
    """Return random values of a column."""
    kind = COLUMNS[name][0]
    if kind == "text":
        found: st.SearchStrategy[Any] = words
    else:
        found = integers_of(kind) if kind in INTEGERS else floats_of(kind, nan=nan)
    return st.none() | found if name.startswith("n") else found


tables = st.lists(st.fixed_dictionaries({name: values_of(name) for name in COLUMNS}), min_size=1, max_size=9)


def literal_of(name: str, value: Any) -> Any:
    """Return the value that a column is compared with for a literal."""
    kind = COLUMNS[name][0]
    if kind not in FLOATS:
        return value
    with np.errstate(over="ignore"):
        found = float(np.dtype(kind).type(value))
    return float(value) if math.isinf(found) else found


def key_of(value: Any) -> Any:
    """Return the sort key of a value."""
    return value.encode() if isinstance(value, str) else value


def _compared(name: str, sign: str, value: Any) -> Condition:
    """Return a condition of the builder that compares a column with a literal, and its test in Python."""
    compare, right = COMPARISONS[sign], key_of(literal_of(name, value))
    return compare(col(name), value), lambda row: row[name] is not None and bool(compare(key_of(row[name]), right))


def _member(name: str, members: list[Any], *, negated: bool) -> Condition:
    """Return IN, or NOT IN."""
    rounded = [literal_of(name, member) for member in members]
    test = col(name).not_in(members) if negated else col(name).in_(members)
    return test, lambda row: (row[name] is not None and row[name] in rounded) is not negated


def _between(name: str, low: Any, high: Any) -> Condition:
    """Return BETWEEN."""
    least, most = (key_of(literal_of(name, bound)) for bound in (low, high))
    return col(name).between(low, high), lambda row: row[name] is not None and least <= key_of(row[name]) <= most


def _null(name: str, *, negated: bool) -> Condition:
    """Return IS NULL."""
    test = col(name).is_not_null() if negated else col(name).is_null()
    return test, lambda row: (row[name] is None) is not negated


numbers, texts = st.sampled_from(NUMBERS), st.sampled_from(TEXTS)
nullable = st.sampled_from(["nint64", "nfloat32", "ntext"])
simple: st.SearchStrategy[Condition] = st.one_of(
    st.builds(_compared, numbers, st.sampled_from(list(COMPARISONS)), literals),
    st.builds(_compared, texts, st.sampled_from(list(COMPARISONS)), words),
    st.builds(_member, numbers, st.lists(literals, max_size=4), negated=st.booleans()),
    st.builds(_member, texts, st.lists(words, max_size=4), negated=st.booleans()),
    st.builds(_between, numbers, literals, literals),
    st.builds(_between, texts, words, words),
    st.builds(_null, nullable, negated=st.booleans()),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(
            lambda members: (all_of(test for test, _ in members), lambda row: all(holds(row) for _, holds in members))
        ),
        st.lists(inner, max_size=3).map(
            lambda members: (any_of(test for test, _ in members), lambda row: any(holds(row) for _, holds in members))
        ),
        inner.map(lambda member: (not_(member[0]), lambda row: not member[1](row))),
    ),
    max_leaves=4,
)


def rank(value: Any) -> tuple[int, Any]:
    """Return the sort key of a cell: numbers, then NaN, then null."""
    if value is None:
        return 2, 0
    return (1, 0) if value != value else (0, key_of(value))  # noqa: PLR0124 - NaN


def same(value: Any) -> Any:
    """Return the group key of a cell."""
    return "nan" if value != value else value  # noqa: PLR0124 - NaN


def cell(value: Any) -> Any:
    """Return a cell as the engine returns it, with the empty text as null."""
    return value or None if isinstance(value, str) else value


def sorted_rows(rows: list[Row], keys: list[tuple[str, bool]]) -> list[Row]:
    """Return rows sorted by several keys; ties keep their order, except that a single descending key reverses it."""
    if len(keys) == 1 and keys[0][1]:
        return sorted(rows, key=lambda row: rank(row[keys[0][0]]))[::-1]
    for name, descending in reversed(keys):
        rows = sorted(rows, key=lambda row: rank(row[name]), reverse=descending)
    return rows
