"""What a query is compiled for: the dataset and the columns that are known from outside of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tql_grammar.schema import Schema


class Context(NamedTuple):
    """
    What a query text depends on in addition to the query.

    Attributes:
        dataset: the source of a query that has none; None leaves it without FROM.
        schemas: the columns of datasets by their names, and under None those of the source of a query that has none.
    """

    dataset: str | None = None
    schemas: Mapping[str | None, Schema] = {}


NOWHERE = Context()
