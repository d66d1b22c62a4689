"""Know what a query brought: rows, columns, arrays and frames from either shape on the wire."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tql_client.cells import plain
from tql_client.errors import MissingExtra
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    import numpy as np

    from tql_client.wire import Answer


class Meta(Record):
    """
    What is known about a call beside its rows.

    Attributes:
        query: the text that was sent.
        attempts: how many times it was sent.
        elapsed: seconds from the call to the decoded answer.
        request_id: of the call, for the server's operators, or None.
        message: of the server.
        extra: what else the server said.
        size: bytes of the answer, unpacked; 0 where the engine answered in this process.
    """

    query: str
    attempts: int = 1
    elapsed: float = 0.0
    request_id: str | None = None
    message: str = ""
    extra: Any = None
    size: int = 0


class Result:
    """
    The rows of a query.

    ``result.rows`` is a list of dicts, ``result["score"]`` one column as a list, ``len(result)`` the number of rows; iterating gives the rows.
    Numbers, texts, lists and dicts are plain Python; float32 numbers have the value of their shortest digits; null is None.
    """

    def __init__(self, answer: Answer, meta: Meta) -> None:
        """Take an answer; rows and columns are made when they are asked for."""
        self._answer = answer
        self.meta = meta

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return self._answer.names

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """One list of values for each column."""
        if self._answer.by_rows:
            return {name: [row[name] for row in self._answer.data] for name in self.names}
        return {name: plain(self._answer.data[name]) for name in self.names}

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One dict for each row, its keys in the order of the columns."""
        if self._answer.by_rows:
            return [{name: row[name] for name in self.names} for row in self._answer.data]
        return [dict(zip(self.names, values, strict=True)) for values in zip(*self.columns.values(), strict=True)]

    def __len__(self) -> int:
        """Return the number of rows."""
        data = self._answer.data
        return len(data) if self._answer.by_rows else len(data[self.names[0]]) if self.names else 0

    def __bool__(self) -> bool:
        """Tell whether there is a row."""
        return len(self) > 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over the rows."""
        return iter(self.rows)

    def __getitem__(self, name: str) -> list[Any]:
        """Return one column as a list."""
        if name not in self.names:
            message = f"the result has no column `{name}`; it has {', '.join(self.names) or 'none'}"
            raise KeyError(message)
        return self.columns[name]

    def __repr__(self) -> str:
        """Return size and names."""
        return f"Result({len(self)} rows of {', '.join(self.names)})"

    def to_numpy(self, name: str) -> np.ndarray:
        """
        Return one column as an array of shape (n,), or (n, ..) where every row has one shape.

        Arrays of floats, embeddings that is, are float32 as the engine keeps them; single numbers float64, int64 or bool; anything else is an object array.
        """
        import numpy as np

        values = self[name]
        try:
            array = np.asarray(values)
        except ValueError:
            array = np.empty(len(values), dtype=object)
            array[:] = values
        if array.dtype.kind == "f" and array.ndim > 1:
            return array.astype(np.float32)
        return array if array.dtype.kind in "fiub" else np.asarray(values, dtype=object)

    def to_pandas(self) -> Any:  # noqa: ANN401 - a DataFrame of a library that may be missing
        """Return a pandas DataFrame."""
        return _library("pandas").DataFrame(self.columns, columns=list(self.names))

    def to_polars(self) -> Any:  # noqa: ANN401 - a DataFrame of a library that may be missing
        """Return a polars DataFrame."""
        return _library("polars").DataFrame(self.columns)

    def to_arrow(self) -> Any:  # noqa: ANN401 - a Table of a library that may be missing
        """Return a pyarrow Table."""
        return _library("pyarrow").table(self.columns)


def _library(name: str) -> ModuleType:
    """Return a library of the extra ``frames``."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        message = f'{name} is not installed: pip install "deeplake-tql[frames]"'
        raise MissingExtra(message) from None
