"""Small datasets for tests, created from lists of values, with inferred column types."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from tql_client.engine.embedded import engine
from tql_client.errors import ConfigError
from tql_client.testing.inference import stored

# How the columns of a frame are read, by a method that the frame has: pyarrow's Table, polars' and pandas' DataFrame.
OF_FRAMES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "to_pydict": lambda table: table.to_pydict(),
    "get_columns": lambda frame: frame.to_dict(as_series=False),
    "items": lambda frame: dict(frame.items()),
}


class Frame(Protocol):
    """A DataFrame of pandas or polars, or a Table of pyarrow."""

    @property
    def columns(self) -> Any:  # noqa: ANN401 - each library has its own
        """The columns, or their names."""


def write(
    columns: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]] | Frame, path: str | os.PathLike[str]
) -> str:
    """
    Write columns, or rows, to a new dataset, and return its path.

    The type of a column is inferred: int is Int64, float Float64, bool Bool, str Text, dict Dict, and lists of numbers of equal length are an Embedding.
    Lists of integers of several lengths, also of none, are arrays of Int64; floats have one length.
    A column of single values with None among them is nullable. NaN is a float in a column of numbers, and None in a column of texts.

    Args:
        columns: the values of each column, by name; or a list of rows, where a key that a row does not have is None; or a frame of pandas, polars or pyarrow.
        path: the path of the new dataset.

    Raises:
        ConfigError: the type of a column cannot be inferred, because it has no values, or values of several types; a value is no integer of 64 bits, or a time; the columns have different lengths; *columns* is none of these; or the path has a dataset already. Nothing is written then.
        MissingExtra: the engine is not installed.

    Example:
        ``write([{"id": 1, "text": "a"}, {"id": 2}], "./data")``, or
        ``write({"id": [1, 2], "text": ["a", None], "embedding": [[1, 0], [0, 1]]}, "./data")``
    """
    deeplake = engine()
    found = stored(_by_name(columns))
    place = os.fspath(path)
    if deeplake.exists(place):
        message = f"{place!r} is a dataset already: choose another path, or remove it first"
        raise ConfigError(message)
    dataset = deeplake.create(place)
    for name, (_, column_type) in found.items():
        dataset.add_column(name, column_type(deeplake.types))
    dataset.append({name: values for name, (values, _) in found.items()})
    dataset.commit()
    return place


def _by_name(columns: Any) -> Mapping[str, Sequence[Any]]:  # noqa: ANN401 - columns, rows, a frame or a mistake
    """Return the values of each column."""
    if isinstance(columns, Mapping):
        return columns
    read = next((read for method, read in OF_FRAMES.items() if hasattr(columns, method)), _of_rows)
    return read(columns)


def _of_rows(rows: Any) -> dict[str, list[Any]]:  # noqa: ANN401 - rows or a mistake
    """Return the values of each column of rows, the names in the order of their first use."""
    if isinstance(rows, Sequence) and rows and all(isinstance(row, Mapping) for row in rows):
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: [row.get(name) for row in rows] for name in names}
    message = f'`write` takes the values of each column, {{"id": [1, 2]}}, or a list of rows, [{{"id": 1}}, {{"id": 2}}], got {type(rows).__name__} {repr(rows)[:60]}'
    raise ConfigError(message)
