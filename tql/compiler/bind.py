"""The first pass: values in the places of parameters, and datasets in the places of sources that are not named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.parameters import require_fitting, resolved
from tql.statement import Dataset, Statement
from tql_grammar.walk import rebuild

if TYPE_CHECKING:
    from tql.compiler.context import Context
    from tql_grammar.record import Record


def bind(query: Statement, context: Context) -> Statement:
    """
    Return *query* with the values of its parameters, a source for every part that has none, and the columns of its datasets.

    Raises:
        ArgumentError: a value is one that its parameter cannot take.
    """
    if query.bindings:
        require_fitting(query)
    return _located(resolved(query), context)


def _located(query: Statement, context: Context) -> Statement:
    """Return *query* with the default dataset as the source of every part that has none, and with the columns that are known from outside."""
    dataset, schemas = context.dataset, context.schemas

    def locate(node: Record) -> Record:
        if isinstance(node, Statement) and node.source is None:
            return node.replace(source=Dataset(dataset, schema=schemas.get(None)))
        if isinstance(node, Dataset) and node.schema is None and node.url in schemas:
            return node.replace(schema=schemas[node.url])
        return node

    return query if dataset is None and not schemas else rebuild(query, locate)
