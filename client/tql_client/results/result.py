"""Result of a query, as rows, columns, numpy arrays and data frames."""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from tql_client.advised import Advised
from tql_client.protocol.values import as_array, to_python
from tql_client.results.columns import NUMBERS, typed
from tql_grammar.record import Record
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from tql_client.protocol.wire import Answer


T = TypeVar("T")
# Integers of this magnitude may not fit in 64 bits; numpy stores them as objects.
BEYOND = 2**63


class Meta(Record):
    """
    The metadata of a call.

    Attributes:
        query: the TQL that was sent.
        attempts: the number of attempts.
        elapsed: seconds from the start of the call to the decoded response.
        request_id: the id of the request in the server's logs, or None.
        message: the message of the server.
        extra: the other keys of the response.
        size: the size of the response in bytes, after decompression; 0 for the engine in this process.
    """

    query: str
    attempts: int = 1
    elapsed: float = 0.0
    request_id: str | None = None
    message: str = ""
    extra: Any = None
    size: int = 0


class Result(Advised):
    """
    The rows of a query.

    ``result.rows`` is a list of dicts, ``result["score"]`` one column as a list, ``len(result)`` the number of rows; iteration yields the rows.
    Values are plain Python: numbers, strings, lists and dicts; a float32 number is the float with its shortest digits, null is None, and NaN is NaN.
    ``print(result)`` shows a table of the first rows; notebooks show pages of them, vectors as bars and images as pictures.
    Libraries that support Arrow's C stream accept a result: ``polars.DataFrame(result)``, ``pyarrow.table(result)``.
    """

    def __init__(self, answer: Answer, meta: Meta) -> None:
        """Create a result from an answer; rows and columns are computed on first access."""
        self._answer = answer
        self.meta = meta

    if not TYPE_CHECKING:  # a type checker would accept any attribute

        def __getattr__(self, attribute: str) -> object:
            """Raise AttributeError with the code to write instead of an unknown name, which may be that of a column."""
            answer = self.__dict__.get("_answer")
            if answer is not None and attribute in answer.names:
                message = f'`Result` has no `{attribute}`: write result["{attribute}"]'
                raise AttributeError(message, name=attribute)
            return super().__getattr__(attribute)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return self._answer.names

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """One list of values for each column."""
        if self._answer.by_rows:
            return {name: [row[name] for row in self._answer.data] for name in self.names}
        return {name: to_python(self._answer.data[name]) for name in self.names}

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One dict for each row, its keys in the order of the columns."""
        if self._answer.by_rows:
            rows: list[dict[str, Any]] = self._answer.data
            return rows if self._answer.in_order else [{name: row[name] for name in self.names} for row in rows]
        return [dict(zip(self.names, values, strict=True)) for values in zip(*self.columns.values(), strict=True)]

    def __len__(self) -> int:
        """Return the number of rows."""
        data = self._answer.data
        return len(data) if self._answer.by_rows else len(data[self.names[0]]) if self.names else 0

    def __bool__(self) -> bool:
        """Return whether there are any rows."""
        return len(self) > 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over the rows."""
        return iter(self.rows)

    def __getitem__(self, name: str) -> list[Any]:
        """Return one column as a list."""
        if not isinstance(name, str):
            message = f"a result is subscripted by the name of a column; its rows are result.rows[{name if type(name) is int else '0:5'}]"
            raise TypeError(message)
        if name not in self.names:
            similar = nearest(name, self.names)
            advice = f"did you mean `{similar}`? " if similar else ""
            message = f"the result has no column `{name}`; {advice}it has {', '.join(self.names) or 'none'}"
            raise KeyError(message)
        return self.columns[name]

    def __repr__(self) -> str:
        """Return the number of rows and the names of the columns."""
        return f"Result({len(self)} rows of {', '.join(self.names)})"

    def __str__(self) -> str:
        """Return a table of the first rows, and the number of rows."""
        from tql_client.results.table import as_text

        return f"{as_text(self.names, self._first())}\n({self._size()})"

    def __rich__(self) -> Any:  # noqa: ANN401 - a table of rich, which calls this method
        """Return a table of the first rows for rich."""
        from rich.table import Table
        from rich.text import Text

        from tql_client.results.table import at_point, cell, is_numeric

        table, shown = Table(caption=self._size()), self._first()
        columns = []
        for name in self.names:
            texts, numeric = [cell(row[name]) for row in shown], is_numeric(row[name] for row in shown)
            table.add_column(name, justify="right" if numeric else "left")
            columns.append(map(Text, at_point(texts) if numeric else texts))
        for line in zip(*columns, strict=True):
            table.add_row(*line)
        return table

    def _repr_html_(self) -> str:
        """Return an HTML table for notebooks: pages of 20 rows, of the first 200; vectors are bars, and images pictures."""
        from tql_client.results.html_table import as_html

        return as_html(self.names, len(self), self._part)

    def _part(self, name: str, start: int, stop: int) -> list[Any]:
        """Return some values of a column: arrays of images as numpy's, others plain."""
        if self._answer.by_rows:
            return [row[name] for row in self.rows[start:stop]]
        values = self._answer.data[name][start:stop]
        return [value if getattr(value, "ndim", 0) == 3 else to_python([value])[0] for value in values]  # noqa: PLR2004 - the dimensions of an image

    def _first(self) -> list[dict[str, Any]]:
        """Return the rows that tables show; the others are not made for them."""
        from tql_client.results.table import MAX_ROWS

        if self._answer.by_rows:
            return self.rows[:MAX_ROWS]
        columns = [to_python(self._answer.data[name][:MAX_ROWS]) for name in self.names]
        return [dict(zip(self.names, values, strict=True)) for values in zip(*columns, strict=True)]

    def _size(self) -> str:
        """Return the number of rows, and how many of them tables show, as text."""
        count, shown = len(self), len(self._first())
        return f"{count} row{'' if count == 1 else 's'}" + (f", {shown} shown" if shown < count else "")

    def as_(self, row: type[T]) -> list[T]:
        """
        Return the rows as instances of a dataclass, TypedDict, NamedTuple, model of pydantic or struct of msgspec.

        A field takes the column of its name, or of its alias in pydantic and msgspec; columns without a field are left out, and a field with a default may have no column.
        A value must have the type of its field; an int is a float too.
        The engine gives None for the empty text: a field of type ``str`` has ``""`` there. A field of numpy's arrays has float32 arrays, as from `to_numpy`.

        Raises:
            RowTypeError: a column is missing, or a value has another type; it names the row, the column, and both types.
            ArgumentError: *row* is another type.

        Example:
            ``client.query(select("id")).as_(Hit)`` returns ``[Hit(id=3), Hit(id=4)]``.
        """
        from tql_client.results.typed import rows_as

        return rows_as(self, row)

    def to_numpy(self, name: str) -> np.ndarray:
        """
        Return one column as a numpy array.

        The shape is (rows,) for single values, and (rows, ..) for arrays of equal shape.
        Numbers of the engine in this process have its types, from int8 to float64. The array may be that of the result, so copy it before you change it.
        Over HTTP, arrays of floats, for example embeddings, are float32 as in the engine; single numbers are float64, int64, uint64 or bool.
        Other columns are object arrays: strings, objects, arrays of different shapes, and columns with nulls, which are None.

        Raises:
            KeyError: the result has no such column.

        Example:
            ``result.to_numpy("embedding").shape`` is ``(3, 384)`` for three rows of embeddings.
        """
        import numpy as np

        values = self._answer.data[name] if self._has_arrays(name) else self[name]
        return values if isinstance(values, np.ndarray) else self._of_list(name, values)

    def _of_list(self, name: str, values: list[Any]) -> np.ndarray:
        """Return a column that is a list as an array."""
        import numpy as np

        vectors = _vectors(values)
        if vectors is not None:
            return vectors
        try:
            array = np.asarray(values)
        except ValueError:
            array = _objects(values)
        if array.dtype.kind == "f" and array.ndim > 1:
            return array.astype(np.float32, copy=False)
        if array.dtype.kind == "f" and any(type(value) is int for value in values):
            return _integers(self[name], array)
        return array if array.dtype.kind in "fiub" else _objects(self[name])

    def _has_arrays(self, name: str) -> bool:
        """Return whether a column already consists of numpy arrays, as from the engine in this process and in large responses."""
        if self._answer.by_rows or name not in self.names:
            return False
        values = self._answer.data[name]
        if isinstance(values, list):
            return bool(values) and all(type(value).__module__ == "numpy" for value in values)
        return type(values).__module__ == "numpy" and values.dtype.kind in NUMBERS

    def _typed_columns(self) -> dict[str, Any]:
        """Return the columns for frames: arrays of the engine's types where it gave them, lists of plain values otherwise."""
        if self._answer.by_rows:
            return {name: as_array(values) for name, values in self.columns.items()}
        kinds = self._answer.types or {}
        found = {name: typed(self._answer.data[name], kinds.get(name)) for name in self.names}
        return {name: as_array(self._values(name)) if column is None else column for name, column in found.items()}

    def _values(self, name: str) -> list[Any]:
        """Return one column as plain values, without making those of the others."""
        return self.columns[name] if "columns" in self.__dict__ else to_python(self._answer.data[name])

    def to_pandas(self) -> Any:  # noqa: ANN401 - a DataFrame of an optional library
        """
        Return a pandas DataFrame. Requires the `frames` extra.

        Numbers of the engine in this process have its types, nullable ones those of pandas with ``pd.NA``: ``Int64``, ``Float32``, ``boolean``; vectors are arrays.
        Over HTTP, null is None or NaN, depending on the type of the column; integers that a float cannot represent stay integers where a column has nulls or floats too.
        """
        from tql_client.results.frames import to_pandas

        return to_pandas(self._typed_columns())

    def to_polars(self) -> Any:  # noqa: ANN401 - a DataFrame of an optional library
        """
        Return a polars DataFrame, with the types of `to_arrow`; null is null, and NaN is NaN. Requires the `frames` extra.

        Raises:
            ConversionError: the values of a column have no common type.
        """
        from tql_client.results.frames import to_polars

        return to_polars(self._typed_columns())

    def to_arrow(self) -> Any:  # noqa: ANN401 - a Table of an optional library
        """
        Return a pyarrow Table; null is null, and NaN is NaN. Requires the `frames` extra.

        Numbers of the engine in this process have its types, and vectors are lists of a fixed size; over HTTP, numbers are int64 or double.
        Integers from 2**63 on are uint64; objects are structs, whose missing keys are null.

        Raises:
            ConversionError: the values of a column have no common type, for example numbers and strings of JSON.
        """
        from tql_client.results.frames import to_arrow

        return to_arrow(self._typed_columns())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the rows as an Arrow C stream, for libraries that support it. Requires the `frames` extra."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)


def _vectors(values: object) -> np.ndarray | None:
    """Return lists of floats of equal length as a float32 matrix, or None for other values; faster than numpy, which inspects the type of each number twice."""
    import numpy as np

    if not (isinstance(values, list) and values and isinstance(values[0], list)):
        return None
    size = len(values[0])
    if size == 0 or type(values[0][0]) is not float:
        return None
    pack = struct.Struct(f"{size}f").pack
    try:
        packed = bytearray().join([pack(*value) for value in values])
    except (TypeError, OverflowError, struct.error):
        return None
    matrix = np.frombuffer(packed, np.float32)
    return matrix.reshape(-1, size) if matrix.min() > -BEYOND and matrix.max() < BEYOND else None


def _integers(values: list[Any], array: np.ndarray) -> np.ndarray:
    """Return a column that numpy converted from integers to floats, which lose digits, as uint64 or objects if all values are integers."""
    import numpy as np

    if not all(type(value) is int for value in values):
        return array
    if min(values) < 0 or max(values) >= 2 * BEYOND:  # numpy 1.26 converts -1 to 2**64 - 1
        return _objects(values)
    return np.asarray(values, dtype=np.uint64)


def _objects(values: list[Any]) -> np.ndarray:
    """Return values as an object array of shape (rows,)."""
    import numpy as np

    return np.fromiter(values, dtype=object, count=len(values))
