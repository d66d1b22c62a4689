"""Parquet files of results."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from tql_client.extras import missing
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from tql_client.results.result import Result


def as_parquet(result: Result) -> bytes:
    """
    Return the rows of a result as a Parquet file.

    Raises:
        MissingExtra: pyarrow is not installed.
        ConversionError: the values of a column have no common type of Arrow.
        TqlError: Parquet has no type for a column.
    """
    try:
        from pyarrow import parquet
    except ImportError:
        raise missing("parquet needs pyarrow", "frames") from None
    table = result.to_arrow()
    reason = _fault(parquet, table, content := io.BytesIO())
    if not reason:
        return content.getvalue()
    faulty = [name for name in table.column_names if _fault(parquet, table.select([name]), io.BytesIO())]
    message = f"parquet has no type for the column `{', '.join(faulty)}` ({reason}): leave it out, select keys of its JSON, or write JSON Lines (tql run --format jsonl)"
    raise TqlError(message)


def _fault(parquet: Any, table: Any, content: io.BytesIO) -> str:  # noqa: ANN401 - a module and a table of an optional library
    """Write a table, and return why Parquet cannot hold it; "" if it can."""
    import pyarrow as pa

    try:
        parquet.write_table(table, content)
    except pa.ArrowException as error:
        return str(error)
    return ""
