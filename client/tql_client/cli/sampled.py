"""The columns of a dataset with the keys that the first values of its JSON columns have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_client.connection import connect
from tql_client.engine.embedded import open_dataset
from tql_grammar.completion.samples import sample_query, with_keys
from tql_grammar.errors import TqlError
from tql_grammar.schema import Schema

if TYPE_CHECKING:
    from tql_client.client import Client


def sampled(schema: Schema, client: Client) -> Schema:
    """Return a schema with the keys of its JSON columns; unchanged where the rows cannot be read, since nothing but completion needs them."""
    text = sample_query(schema)
    if text is None:
        return schema
    try:
        rows = client.query(text, as_list=False)
    except TqlError:
        return schema
    return with_keys(schema, {name: rows[name] for name in rows.names})


def schema_of(url: str) -> Schema:
    """
    Return the schema of a dataset that the engine opens in this process, with the keys of its JSON columns.

    Raises:
        TqlError: the dataset cannot be opened.
    """
    schema = Schema.from_dataset(open_dataset(url))
    if sample_query(schema) is None:
        return schema
    with connect(url) as client:
        return sampled(schema, client)
