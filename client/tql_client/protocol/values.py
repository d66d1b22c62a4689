"""
Conversion of the engine's values to plain Python, so that results are the same in process and over HTTP.

A float32 number becomes the float with the shortest digits that round to it: 0.1, not 0.10000000149011612.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PLAIN = frozenset({bool, int, float, str, type(None)})
# numpy's type of a column whose values are all of one type of Python; an integer beyond 64 bits does not fit into it.
ARRAYS = {float: "float64", int: "int64", bool: "bool"}
# Columns of so many numbers become arrays when they are decoded: these take a quarter of the memory, and frames take them as they are.
LONG = 1_000


def to_python(values: Any) -> list[Any]:  # noqa: ANN401 - a column as the engine gives it
    """Return a column, a numpy array or a list of values, as a list of plain Python values."""
    if type(values).__module__ == "numpy":
        column: list[Any] = _array(values)
        return column
    # The types of a column are compared at once.
    return list(values) if PLAIN.issuperset(map(type, values)) else [cell(value) for value in values]


def cell(value: Any) -> Any:  # noqa: ANN401, PLR0911 - any cell; one line for each kind
    """Return one value as None, bool, int, float, str, or a list or dict of them."""
    if type(value) in PLAIN:
        return value
    if type(value).__module__ == "numpy":
        return _array(value)
    if hasattr(value, "to_dict"):
        return cell(value.to_dict())
    if isinstance(value, dict):
        return {str(key): cell(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [cell(part) for part in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return list(bytes(value))
    return str(value)


def _array(values: Any) -> Any:  # noqa: ANN401 - a numpy array or scalar; lists nested as deep as its dimensions
    """Return a numpy array or scalar as plain Python values."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "O":
        return cell(values.item()) if values.ndim == 0 else [cell(part) for part in values]
    if kind == "f" and size < 8:  # noqa: PLR2004 - bytes of a float64, which is a Python float already
        return _short(values)
    return values.tolist()


def _short(values: Any) -> Any:  # noqa: ANN401 - lists nested as deep as the array's dimensions
    """Return float32 numbers as floats with the shortest digits."""
    import numpy as np
    import orjson

    array = np.asarray(values, dtype=np.float32)
    if not np.isfinite(array).all():
        return _each_short(array.tolist())
    return (
        orjson.loads(orjson.dumps(np.ascontiguousarray(array), option=orjson.OPT_SERIALIZE_NUMPY))
        if array.ndim
        else float(str(array[()]))
    )


def _each_short(value: Any) -> Any:  # noqa: ANN401 - lists nested as deep as the array's dimensions
    """Return float32 numbers as floats with the shortest digits; slower, but also for NaN and infinities."""
    import numpy as np

    return [_each_short(part) for part in value] if isinstance(value, list) else float(str(np.float32(value)))


def as_array(values: list[Any]) -> Any:  # noqa: ANN401 - an array of numpy, or the same list
    """Return a column of floats, of integers of 64 bits or of booleans as an array, from which `to_python` makes the same list, and any other column unchanged."""
    dtype = ARRAYS.get(type(values[0])) if values else None
    if dtype is None or len(set(map(type, values))) > 1:
        return values
    import numpy as np

    try:
        return np.array(values, dtype)
    except OverflowError:
        return values


def packed(names: Iterable[str], columns: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return some columns, long ones of numbers as arrays."""
    return {name: as_array(columns[name]) if len(columns[name]) >= LONG else columns[name] for name in names}
