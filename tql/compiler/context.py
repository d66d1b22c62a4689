"""What a query is compiled for: the dataset and the columns that are known from outside of it, and the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.engines import NEWEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tql_grammar.engines import Engine
    from tql_grammar.schema import Schema


class Context(NamedTuple):
    """
    What a query text depends on in addition to the query.

    Attributes:
        dataset: the source of a query that has none; None leaves it without FROM.
        schemas: the columns of datasets by their names, and under None those of the source of a query that has none.
        engine: the engine that runs the text.
    """

    dataset: str | None = None
    schemas: Mapping[str | None, Schema] = {}
    engine: Engine = NEWEST


NOWHERE = Context()
