"""Small datasets for tests, created from lists of values, with inferred column types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql_client.engine.embedded import engine
from tql_client.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The engine's type of a column, by the Python type of its values.
SINGLE: dict[type | None, str] = {bool: "Bool", int: "Int64", float: "Float64", str: "Text", dict: "Dict"}


def write(columns: Mapping[str, Sequence[Any]], path: str) -> str:
    """
    Write columns to a new dataset, and return its path.

    The type of a column is inferred: int is Int64, float Float64, bool Bool, str Text, dict Dict, and lists of numbers of equal length are an Embedding.
    A column of single values with None among them is nullable.

    Args:
        columns: the values of each column, by name.
        path: the path of the new dataset.

    Raises:
        ConfigError: the type of a column cannot be inferred, because it has no values, or values of several types.
        MissingExtra: the engine is not installed.

    Example:
        ``write({"id": [1, 2], "text": ["a", None], "embedding": [[1, 0], [0, 1]]}, "./data")``
    """
    deeplake = engine()
    dataset = deeplake.create(path)
    for name, values in columns.items():
        dataset.add_column(name, _type(name, values, deeplake.types))
    dataset.append({name: _values(values) for name, values in columns.items()})
    dataset.commit()
    return path


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
