"""
Conversion of columns to Arrow, polars and pandas: each value keeps its value, or the column is rejected with its name.

Arrays of the engine keep their types; lists get the type of their values.
"""

from __future__ import annotations

import importlib
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

from tql_client.errors import ConversionError
from tql_client.extras import missing
from tql_client.results.columns import Lists, Nullable
from tql_client.results.nulls import with_nulls

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

# The columns by name: lists of plain values, and typed arrays, see `tql_client.results.columns`.
Columns = dict[str, Any]
# pandas has an extension type for nullable numbers of each kind.
EXTENSIONS = {"b": "BooleanArray", "i": "IntegerArray", "u": "IntegerArray", "f": "FloatingArray"}
LARGEST_OFFSET = 2**31 - 1


def library(name: str) -> ModuleType:
    """
    Return a library of the `frames` extra.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        reason = f"{name} is not installed"
    raise missing(reason, "frames")


def to_arrow(columns: Columns) -> Any:  # noqa: ANN401 - a Table of an optional library
    """
    Return columns as a pyarrow Table.

    Raises:
        ConversionError: the values of a column have no common Arrow type.
    """
    pyarrow = library("pyarrow")
    return pyarrow.table({name: _arrow_column(pyarrow, name, _with_nulls(values)) for name, values in columns.items()})


def to_polars(columns: Columns) -> Any:  # noqa: ANN401 - a DataFrame of an optional library
    """Return columns as a polars DataFrame; through Arrow, because polars converts mixed values to strings."""
    polars = library("polars")
    return polars.from_arrow(to_arrow(columns))


def to_pandas(columns: Columns) -> Any:  # noqa: ANN401 - a DataFrame of an optional library
    """Return columns as a pandas DataFrame."""
    pandas = library("pandas")
    series = {name: _pandas_column(pandas, _with_nulls(values)) for name, values in columns.items()}
    return pandas.DataFrame(series)


def _with_nulls(values: Any) -> Any:  # noqa: ANN401 - typed arrays or a list
    """Return the values of a column, those of a list with None for each null of JSON."""
    return with_nulls(values) if isinstance(values, list) else values


def _pandas_column(pandas: ModuleType, values: Any) -> Any:  # noqa: ANN401 - a Series of an optional library
    """Return a column for pandas: arrays as they are, vectors as objects, nullable numbers of an extension type."""
    if isinstance(values, list):
        return _pandas_list(pandas, values)
    if isinstance(values, Nullable):
        kind = values.values.dtype
        numbers = values.values.astype("float32") if kind == "float16" else values.values
        return getattr(pandas.arrays, EXTENSIONS[kind.kind])(numbers, values.nulls)
    if isinstance(values, Lists):
        starts = values.offsets.tolist()
        return pandas.Series([values.values[start:end] for start, end in pairwise(starts)], dtype=object)
    return values if values.ndim == 1 else pandas.Series(list(values), dtype=object)


def _pandas_list(pandas: ModuleType, values: list[Any]) -> Any:  # noqa: ANN401 - a Series of an optional library
    """Return a list for pandas; integers that its floats cannot represent are objects."""
    try:
        series = pandas.Series(values, dtype=None if values else object)
    except (ValueError, OverflowError, TypeError):  # half of a surrogate pair, which strings of Arrow cannot hold
        return pandas.Series(values, dtype=object)
    is_exact = series.dtype.kind != "f" or all(float(value) == value for value in values if type(value) is int)
    return series if is_exact else pandas.Series(values, dtype=object)


def _arrow_column(pyarrow: ModuleType, name: str, values: Any) -> Any:  # noqa: ANN401 - an Array of an optional library
    """Return a column as an Arrow array, or raise if its values have no common type."""
    if not isinstance(values, list):
        return _arrow_typed(pyarrow, values)
    try:
        if _mixes_booleans(values):
            reason = "booleans and numbers"
        else:
            return _arrow_array(pyarrow, values)
    except (pyarrow.ArrowException, OverflowError, ValueError, TypeError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    message = f"the column `{name}` has no Arrow type ({reason}): its values are in result.columns[{name!r}] and to_numpy({name!r}), and a query can select parts of JSON by their keys"
    raise ConversionError(message)


def _arrow_typed(pyarrow: ModuleType, values: Any) -> Any:  # noqa: ANN401 - an Array of an optional library
    """Return typed arrays as an Arrow array: numbers as they are, vectors as lists of a fixed size, other arrays as lists."""
    if isinstance(values, Nullable):
        return pyarrow.array(values.values, mask=values.nulls, from_pandas=False)
    if isinstance(values, Lists):
        is_large = values.offsets[-1] > LARGEST_OFFSET
        of, kind = (pyarrow.LargeListArray, "int64") if is_large else (pyarrow.ListArray, "int32")
        return of.from_arrays(pyarrow.array(values.offsets.astype(kind)), pyarrow.array(values.values))
    found = pyarrow.array(values.reshape(-1), from_pandas=False)
    for size in reversed(values.shape[1:]):
        found = pyarrow.FixedSizeListArray.from_arrays(found, size)
    return found


def _arrow_array(pyarrow: ModuleType, values: list[Any]) -> Any:  # noqa: ANN401 - an Array of an optional library
    """Return values as an Arrow array; integers from 2**63 on are uint64, in lists too."""
    try:
        return pyarrow.array(values)
    except OverflowError:
        kind, inner = pyarrow.uint64(), values
        while any(isinstance(value, list) for value in inner):
            kind, inner = pyarrow.list_(kind), list(chain.from_iterable(value for value in inner if value is not None))
        return pyarrow.array(values, kind)


def _mixes_booleans(values: Iterable[Any]) -> bool:
    """Return whether booleans stand among numbers, at any depth: Arrow converts True to 1.0 there, and rejects all other mixtures that lose something."""
    known = [value for value in values if value is not None]
    kinds = set(map(type, known))
    if len(kinds) > 1:
        return bool in kinds
    if kinds == {list}:
        return _mixes_booleans(chain.from_iterable(known))
    if kinds == {dict}:
        fields: dict[str, list[Any]] = {}
        for row in known:
            for key, value in row.items():
                fields.setdefault(key, []).append(value)
        return any(map(_mixes_booleans, fields.values()))
    return False
