"""The keys of JSON columns, from the first rows of a dataset: its own schema does not have them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.printing.printer import to_tql
from tql_grammar.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The rows that are read, and the most keys of a column.
ROWS, MOST_KEYS = 20, 100
# No name of a query has the one, no text of one the other.
QUOTE, NUL = '"', "\0"


def sample_query(schema: Schema, source: str | None = None) -> str | None:
    """Return the query of the first values of the JSON columns of a dataset; None if it has no such column, or a query cannot name it."""
    names = [
        name for name, column in schema.columns if column.dtype == "json" and column.is_single and QUOTE not in name
    ]
    table = None if source is None else ast.Table(source)
    select = ast.Select(tuple(map(ast.Column, names)), table, limit=ast.Limit(ast.Number(ROWS)))
    return to_tql(select) if names and QUOTE not in (source or "") else None


def with_keys(schema: Schema, values: Mapping[str, Iterable[object]]) -> Schema:
    """Return a schema whose JSON columns have the keys of some values, those by column."""
    columns = schema.as_dict()
    found = {name: _keys(values[name]) for name in columns.keys() & values.keys()}
    return Schema({name: column.replace(keys=found.get(name, column.keys)) for name, column in columns.items()})


def _keys(values: Iterable[object]) -> tuple[str, ...]:
    """Return the keys of objects, in the order in which they come."""
    keys = chain.from_iterable(value for value in values if isinstance(value, dict))
    return tuple(dict.fromkeys(key for key in keys if isinstance(key, str) and NUL not in key))[:MOST_KEYS]
