"""Columns of the engine as arrays of its types, without a Python object for each value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

# numpy's kinds of numbers: bool, signed, unsigned, float.
NUMBERS = "biuf"
DECLARED = re.compile(r"(?:nullable\[)?(bool|u?int(?:8|16|32|64)|float(?:16|32|64))\]?")
NULLABLE = "nullable["


class Nullable(NamedTuple):
    """
    Numbers with nulls.

    Attributes:
        values: the numbers, 0 where they are null.
        nulls: whether each of them is null.
    """

    values: np.ndarray
    nulls: np.ndarray


class Lists(NamedTuple):
    """
    Arrays of numbers of different lengths.

    Attributes:
        values: the numbers of all arrays, one after the other.
        offsets: the start of each array among them, and the end of the last one.
    """

    values: np.ndarray
    offsets: np.ndarray


Typed = Any  # an array of numpy, a `Nullable` or `Lists`


def typed(values: Any, declared: str | None) -> Typed | None:  # noqa: ANN401 - a column as the engine gives it
    """
    Return a column as arrays of numbers, or None for other values: texts, objects, and numbers of several types.

    Args:
        values: an array of numpy, or a list of arrays and None.
        declared: the engine's name of the type, if it is known; a column without values has no other type.
    """
    if type(values).__module__ == "numpy":
        return _array(values, declared)
    return _listed(values, declared) if isinstance(values, list) else None


def _array(values: np.ndarray, declared: str | None) -> Typed | None:
    """Return an array of numbers; a nullable column is one without nulls too."""
    if values.dtype.kind not in NUMBERS or not all(values.shape[1:]):
        return None
    if values.ndim == 1 and declared is not None and declared.startswith(NULLABLE):
        return Nullable(values, _no_nulls(len(values)))
    # A column of vectors without rows has no length.
    is_single = declared is None or DECLARED.fullmatch(declared) is not None
    return values if is_single or values.size else None


def _no_nulls(count: int) -> np.ndarray:
    """Return a mask without nulls."""
    import numpy as np

    return np.zeros(count, dtype=bool)


def _listed(values: list[Any], declared: str | None) -> Typed | None:
    """Return arrays of numbers in a list: nullable numbers, or arrays of different lengths."""
    arrays = [value for value in values if value is not None]
    return _of_arrays(values, arrays) if arrays else _without_values(values, declared)


def _of_arrays(values: list[Any], arrays: list[Any]) -> Typed | None:
    """Return a list of arrays, and None for nulls, as arrays of one type."""
    import numpy as np

    kind = _common(arrays) if set(map(type, arrays)) == {np.ndarray} else None
    dimensions = {array.ndim for array in arrays} if kind else set()
    if kind and dimensions == {0}:
        return _nullable(values, kind)
    return _lists(values, kind) if kind and dimensions == {1} and len(arrays) == len(values) else None


def _common(arrays: list[np.ndarray]) -> np.dtype[Any] | None:
    """Return the type of the numbers of arrays, or None for several types, and for other values."""
    kinds = {array.dtype for array in arrays if array.size} or {arrays[0].dtype}
    kind = kinds.pop()
    return None if kinds or kind.kind not in NUMBERS else kind


def _without_values(values: list[Any], declared: str | None) -> Typed | None:
    """Return a column without values, if its type is declared as one of numbers."""
    import numpy as np

    found = DECLARED.fullmatch(declared or "")
    if found is None:
        return None
    return _nullable(values, np.dtype(found[1])) if values else _array(np.empty(0, found[1]), declared)


def _nullable(values: list[Any], kind: np.dtype[Any]) -> Nullable:
    """Return single numbers with nulls."""
    import numpy as np

    nulls = np.fromiter((value is None for value in values), bool, len(values))
    return Nullable(np.fromiter((0 if value is None else value for value in values), kind, len(values)), nulls)


def _lists(values: list[Any], kind: np.dtype[Any]) -> Lists:
    """Return arrays of different lengths; the engine gives an empty one another type."""
    import numpy as np

    lengths = np.fromiter(map(len, values), np.int64, len(values))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return Lists(np.concatenate([value.astype(kind, copy=False) for value in values]), offsets)
