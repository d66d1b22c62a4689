"""Runs of queries on the real engine in this process, on small datasets in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np

from tql import Schema
from tql_client.engine.embedded import OF_JSON
from tql_grammar.lint.check import crash_findings
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TYPES = deeplake.types
# A type for a type that holds null; None in versions of the engine before 4.5.1, which have none.
nullable: Callable[[Any], Any] = getattr(TYPES, "Nullable", lambda _kind: None)
ENGINE_TYPES: dict[str, Any] = {
    "int8": TYPES.Int8(),
    "int16": TYPES.Int16(),
    "int32": TYPES.Int32(),
    "int64": TYPES.Int64(),
    "uint8": TYPES.UInt8(),
    "uint16": TYPES.UInt16(),
    "uint32": TYPES.UInt32(),
    "uint64": TYPES.UInt64(),
    "float16": TYPES.Float16(),
    "float32": TYPES.Float32(),
    "float64": TYPES.Float64(),
}
KINDS = {
    "int8": TYPES.Int8(),
    "int32": TYPES.Int32(),
    "int64": TYPES.Int64(),
    "uint8": TYPES.UInt8(),
    "float32": TYPES.Float32(),
    "float64": TYPES.Float64(),
    "bool": TYPES.Bool(),
    "text": TYPES.Text(),
    "json": TYPES.Dict(),
    "array": TYPES.Array("int64", 1),
    "nullable": nullable(TYPES.Int64()),
    "nullable text": nullable(TYPES.Text()),
    "nullable int64": nullable(TYPES.Int64()),
    "nullable int16": nullable(TYPES.Int16()),
    "nullable int32": nullable(TYPES.Int32()),
    "nullable float64": nullable(TYPES.Float64()),
    "int16": TYPES.Int16(),
    "uint32": TYPES.UInt32(),
    "uint64": TYPES.UInt64(),
    "uint16": TYPES.UInt16(),
    "inverted": TYPES.Int64(TYPES.Inverted),
    "embedding": TYPES.Embedding(3),
    "narrow array": TYPES.Array("uint8", shape=[3]),
    "exact": TYPES.Text(TYPES.Exact),
}


def dataset(name: str, kinds: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return an in-memory dataset with these columns and rows; a kind is a name in `KINDS` or a type of the engine."""
    made = deeplake.create(f"mem://{name}")
    for column, kind in kinds.items():
        made.add_column(column, KINDS[kind] if isinstance(kind, str) else kind)
    if rows:
        made.append({column: [row[column] for row in rows] for column in kinds})
    made.commit()
    return made


def run(made: Any, text: str) -> list[dict[str, Any]]:
    """
    Return the rows of a query as dicts in the order of the columns, with plain Python values.

    A query that crashes the engine according to `check` fails, as the client would reject it.
    """
    require_harmless(text, {None: made} if hasattr(made, "schema") else {})
    view = made.query(text)
    if len(view) == 0:
        return []
    columns = {column.name: [_python(value) for value in _values(view, column.name)] for column in view.schema.columns}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _values(view: Any, name: str) -> Any:
    """Return the values of a column, one by one if the engine cannot read the column (norms of empty arrays, numbers of JSON)."""
    if str(view.schema[name].dtype) in OF_JSON:
        return [row[name] for row in view]
    try:
        return view[name][:]
    except deeplake.InvalidType:
        return [row[name] for row in view]


def require_harmless(text: str, datasets: Mapping[str | None, Any]) -> None:
    """Fail if `check` finds that a query crashes the engine."""
    found = crash_findings(read(text), {name: Schema.from_dataset(data) for name, data in datasets.items()})
    assert not found, f"{found[0].code}: {text}"


def _python(value: Any) -> Any:
    """Return a cell as plain Python values."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value.to_dict() if hasattr(value, "to_dict") else value
