"""The values of a column as the engine stores them, and its type; refusals name the column, the row and the value."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, NoReturn

from tql_client.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# The engine's type of a column, by the Python type of its values.
SINGLE: dict[type, str] = {bool: "Bool", int: "Int64", float: "Float64", str: "Text", dict: "Dict"}
NAMES = "numbers, bools, strings or dicts, or lists of numbers without None"
TIMES = (dt.date, dt.time, dt.timedelta)
IN_JSON = 'write a list of another kind as JSON, {"tags": ["a", "b"]}'
# The most characters of a value in an error.
SHOWN = 60


def stored(columns: Mapping[str, Sequence[Any]]) -> dict[str, tuple[list[Any], Callable[[Any], Any]]]:
    """
    Return the values of each column in a form that the engine stores correctly, and a function that makes its type from the engine's types.

    Raises:
        ConfigError: a column has another number of values than the first one, or values that have no common type, or that the engine does not store.
    """
    if not columns:
        message = '`write` takes one column or more, got none: {"id": [1, 2]}'
        raise ConfigError(message)
    plain = {name: _plain(name, values) for name, values in columns.items()}
    (first, values), *others = plain.items()
    for name, own in others:
        if len(own) != len(values):
            message = f"all columns take one value for each row: {first!r} has {len(values)}, {name!r} has {len(own)}"
            raise ConfigError(message)
    return {name: _column(name, own) for name, own in plain.items()}


def _plain(name: object, values: Any) -> list[Any]:  # noqa: ANN401 - a sequence, an array or a mistake
    """Return the values of a column as Python values."""
    if not isinstance(name, str):
        message = f"the name of a column is a text, got {name!r}"
        raise ConfigError(message)
    if isinstance(values, (str, bytes, dict)) or not hasattr(values, "__iter__"):
        message = f"the column {name!r} takes a list with a value for each row, got {_shown(values)}"
        raise ConfigError(message)
    return [_python(value) for value in values]


def _python(value: Any) -> Any:  # noqa: ANN401 - any value
    """Return a scalar of numpy as one of Python, and pandas' missing value as None."""
    if type(value).__name__ == "NAType":
        return None
    is_scalar = type(value).__module__ == "numpy" and getattr(value, "shape", None) == ()
    return value.item() if is_scalar else value


def _column(name: str, values: list[Any]) -> tuple[list[Any], Callable[[Any], Any]]:
    """Return the values of a column and its type."""
    values = _without_nan(values)
    present = [(row, value) for row, value in enumerate(values) if value is not None]
    if not present:
        _refuse_empty(name, len(values))
    kind = _common(name, present)
    if kind is list:
        return _vectors(name, values)
    _require_64_bits(name, present)
    # In a list that starts with an int, the engine reinterprets the bits of floats as integers.
    own = [None if value is None else float(value) for value in values] if kind is float else values
    return own, _single(SINGLE[kind], nullable=len(present) < len(values) and kind is not dict)


def _refuse_empty(name: str, rows: int) -> NoReturn:
    """Refuse a column in which every value is None."""
    found = f"all {rows} are None" if rows else "it has none"
    message = f"the type of the column {name!r} cannot be inferred from its values: {found}; leave the column out, or create the dataset by deeplake.create"
    raise ConfigError(message)


def _without_nan(values: list[Any]) -> list[Any]:
    """Return the values of a column, in one of texts with None for NaN, which pandas writes for a missing text."""
    if not any(isinstance(value, str) for value in values):
        return values
    return [None if isinstance(value, float) and math.isnan(value) else value for value in values]


def _common(name: str, present: list[tuple[int, Any]]) -> type:
    """Return the type by which all values of a column are stored."""
    kinds = {_kind(name, row, value): (row, value) for row, value in reversed(present)}
    if kinds.keys() == {int, float}:
        return float
    if len(kinds) > 1:
        places = " and ".join(f"{_shown(value)} in row {row}" for row, value in [*kinds.values()][:-3:-1])
        message = f"the type of the column {name!r} cannot be inferred, it has {places}: its values must all be {NAMES}"
        raise ConfigError(message)
    return kinds.popitem()[0]


def _single(name: str, *, nullable: bool) -> Callable[[Any], Any]:
    """Return a function that makes the type of single values."""

    def make(types: Any) -> Any:  # noqa: ANN401 - the engine ships no types
        own = getattr(types, name)()
        return types.Nullable(own) if nullable else own

    return make


def _kind(name: str, row: int, value: Any) -> type:  # noqa: ANN401 - any value
    """Return the type by which a value is stored: list for a vector."""
    for kind in SINGLE:
        if type(value) is kind:
            return kind
    if isinstance(value, TIMES):
        _refuse(name, row, value, "the engine stores no times: write int(value.timestamp()) or value.isoformat()")
    if isinstance(value, (set, frozenset)):
        _refuse(name, row, value, f"a set has no order: {IN_JSON}")
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__"):
        _refuse(name, row, value, f"its type cannot be inferred: the values are {NAMES}")
    return list


def _require_64_bits(name: str, present: list[tuple[int, Any]]) -> None:
    """Refuse an integer that 64 bits do not hold: the engine stores another one."""
    for row, value in present:
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            _refuse(name, row, value, "integers have 64 bits, -2**63 to 2**63 - 1; write a text or a float")


def _vectors(name: str, values: list[Any]) -> tuple[list[Any], Callable[[Any], Any]]:
    """Return lists of numbers and their type: vectors of float32 if all have one length, else arrays of integers."""
    import numpy as np

    lists = [_numbers(name, row, value) for row, value in enumerate(values)]
    length = len(lists[0])
    other = next((row for row, value in enumerate(lists) if len(value) != length), None)
    if other is not None:
        _require_integers(name, lists, other)
        return [np.asarray(value, dtype=np.int64) for value in lists], lambda types: types.Array("int64", 1)
    if not length:
        _refuse(name, 0, values[0], f"a vector has one number or more; {IN_JSON}")
    return [np.asarray(value, dtype=np.float32) for value in lists], lambda types: types.Embedding(length)


def _require_integers(name: str, lists: list[list[Any]], other: int) -> None:
    """Refuse floats in lists of several lengths, the first of which is in the row *other*: they are vectors, one of them too short or too long."""
    for row, value in enumerate(lists):
        _require_64_bits(name, [(row, number) for number in value])
        if any(isinstance(number, float) for number in value):
            found = f"it has {len(lists[other])} numbers, and row 0 has {len(lists[0])}"
            why = f"{found}: vectors have equal lengths; {IN_JSON}, or create the dataset by deeplake.create"
            _refuse(name, other, lists[other], why)


def _numbers(name: str, row: int, value: Any) -> list[Any]:  # noqa: ANN401 - a list, an array, or None
    """Return a list of numbers as Python values."""
    if value is None:
        _refuse(name, row, value, "a column of lists has a list in each row")
    numbers = [_python(number) for number in value]
    if not all(isinstance(number, (int, float)) for number in numbers):
        _refuse(name, row, value, f"a list of numbers has numbers only; {IN_JSON}")
    return numbers


def _refuse(name: str, row: int, value: object, why: str) -> NoReturn:
    """Refuse a value of a column."""
    message = f"the column {name!r} takes no {_shown(value)} in row {row}: {why}"
    raise ConfigError(message)


def _shown(value: object) -> str:
    """Return a value as it is shown in an error."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}.."
