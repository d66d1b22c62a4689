"""Small datasets for tests, created in the engine from columns as lists, with types inferred from the values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql_client.engine.embedded import engine
from tql_client.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The engine's type for single values of a type of Python.
SINGLE: dict[type | None, str] = {bool: "Bool", int: "Int64", float: "Float64", str: "Text", dict: "Dict"}


def write(columns: Mapping[str, Sequence[Any]], path: str) -> str:
    """
    Write columns to a new dataset, and return its path.

    Whole numbers are Int64, numbers Float64, bool Bool, texts Text, objects Dict, lists of numbers that are all of one length an Embedding, and with None among them nullable.

    Raises:
        ConfigError: a column is empty of values, or of several kinds.
        MissingExtra: the engine is not installed.
    """
    deeplake = engine()
    made = deeplake.create(path)
    for name, values in columns.items():
        made.add_column(name, _type(name, values, deeplake.types))
    made.append({name: _values(values) for name, values in columns.items()})
    made.commit()
    return path


def _values(values: Sequence[Any]) -> list[Any]:
    """Return values as the engine reads them right: of a list that begins with a whole number it takes the bits of the others for such."""
    import numpy as np

    if any(isinstance(value, float) for value in values):
        return [None if value is None else float(value) for value in values]
    vectors = any(hasattr(value, "__len__") and not isinstance(value, (str, dict)) for value in values)
    return [np.asarray(value, dtype=np.float32) for value in values] if vectors else list(values)


def _type(name: str, values: Sequence[Any], types: Any) -> Any:  # noqa: ANN401 - the engine ships no types
    """Return the engine's type for a column."""
    there = [value for value in values if value is not None]
    complete = len(there) == len(values)
    kind = _kind(there)
    if kind in SINGLE:
        found = getattr(types, SINGLE[kind])()
        return found if complete or kind is dict else types.Nullable(found)
    length = None if kind is None else _length(there)
    if length is None or not complete:
        message = f"the column {name!r} takes numbers, bools, texts, objects, or vectors of one length, all of one kind"
        raise ConfigError(message)
    return types.Embedding(length)


def _length(vectors: Sequence[Any]) -> int | None:
    """Return the length of vectors, or None where they have several, or none."""
    lengths = {len(vector) for vector in vectors if hasattr(vector, "__len__")}
    return lengths.pop() if len(lengths) == 1 else None


def _kind(values: Sequence[Any]) -> type | None:
    """Return the type of all values, float where whole numbers are among floats, or None where they are of several types."""
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 else None
