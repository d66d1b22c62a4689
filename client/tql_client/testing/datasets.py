"""Small datasets for tests, created from lists of values, with inferred column types."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from tql_client.engine.embedded import engine
from tql_client.errors import ConfigError

# The engine's type of a column, by the Python type of its values.
SINGLE: dict[type | None, str] = {bool: "Bool", int: "Int64", float: "Float64", str: "Text", dict: "Dict"}


def write(columns: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]], path: str | os.PathLike[str]) -> str:
    """
    Write columns, or rows, to a new dataset, and return its path.

    The type of a column is inferred: int is Int64, float Float64, bool Bool, str Text, dict Dict, and lists of numbers of equal length are an Embedding.
    A column of single values with None among them is nullable.

    Args:
        columns: the values of each column, by name; or a list of rows, where a key that a row does not have is None.
        path: the path of the new dataset.

    Raises:
        ConfigError: the type of a column cannot be inferred, because it has no values, or values of several types; or *columns* is neither of the two.
        MissingExtra: the engine is not installed.

    Example:
        ``write([{"id": 1, "text": "a"}, {"id": 2}], "./data")``, or
        ``write({"id": [1, 2], "text": ["a", None], "embedding": [[1, 0], [0, 1]]}, "./data")``
    """
    deeplake = engine()
    by_name = _by_name(columns)
    types = {name: _type(name, values, deeplake.types) for name, values in by_name.items()}
    place = os.fspath(path)
    dataset = deeplake.create(place)
    for name, column_type in types.items():
        dataset.add_column(name, column_type)
    dataset.append({name: _values(values) for name, values in by_name.items()})
    dataset.commit()
    return place


def _by_name(columns: Any) -> Mapping[str, Sequence[Any]]:  # noqa: ANN401 - columns, rows or a mistake
    """Return the values of each column; of rows, the names in the order of their first use."""
    if hasattr(columns, "items"):  # a mapping, or a frame
        return dict(columns.items())
    if isinstance(columns, Sequence) and columns and all(isinstance(row, Mapping) for row in columns):
        names = dict.fromkeys(name for row in columns for name in row)
        return {name: [row.get(name) for row in columns] for name in names}
    message = f'`write` takes the values of each column, {{"id": [1, 2]}}, or a list of rows, [{{"id": 1}}, {{"id": 2}}], got {type(columns).__name__} {repr(columns)[:60]}'
    raise ConfigError(message)


def _values(values: Sequence[Any]) -> list[Any]:
    """Return values in a form that the engine stores correctly: in a list that starts with an int, it reinterprets the bits of floats as integers."""
    import numpy as np

    if any(isinstance(value, float) for value in values):
        return [None if value is None else float(value) for value in values]
    vectors = any(hasattr(value, "__len__") and not isinstance(value, (str, dict)) for value in values)
    return [np.asarray(value, dtype=np.float32) for value in values] if vectors else list(values)


def _type(name: str, values: Sequence[Any], types: Any) -> Any:  # noqa: ANN401 - the engine ships no types
    """Return the engine's type of a column."""
    present = [value for value in values if value is not None]
    complete = len(present) == len(values)
    kind = _kind(present)
    if kind in SINGLE:
        column_type = getattr(types, SINGLE[kind])()
        return column_type if complete or kind is dict else types.Nullable(column_type)
    length = None if kind is None else _length(present)
    if length is None or not complete:
        message = f"the type of the column {name!r} cannot be inferred: its values must all be numbers, bools, strings or dicts, or vectors of equal length without None"
        raise ConfigError(message)
    return types.Embedding(length)


def _length(vectors: Sequence[Any]) -> int | None:
    """Return the common length of vectors, or None if they differ or there are none."""
    lengths = {len(vector) for vector in vectors if hasattr(vector, "__len__")}
    return lengths.pop() if len(lengths) == 1 else None


def _kind(values: Sequence[Any]) -> type | None:
    """Return the common type of values (float for a mix of int and float), or None if there is none."""
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 else None
