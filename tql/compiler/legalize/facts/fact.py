"""One fact of the engine that the builder works around, or refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql_grammar.record import Record
from tql_grammar.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Callable


class Fact(Record):
    """
    What the engine does, as it was measured, and what the builder does about it.

    Attributes:
        name: the key of its case in the tests.
        engine: what the engine does, in one or two sentences.
        builder: what the builder does instead.
        function: the function that does it; it runs while the query is made, or compiled.
        query: the smallest query that needs it, as Python.
        columns: the columns that it reads, in addition to the int64 `id`, each with its description; see `tql_grammar.schema.Column`.
    """

    name: str
    engine: str
    builder: str
    function: Callable[..., Any]
    query: str
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def schema(self) -> Schema:
        """The columns of its dataset."""
        return Schema({"id": "int64", **dict(self.columns)})


def columns(**named: str) -> tuple[tuple[str, str], ...]:
    """Return columns by their names."""
    return tuple(named.items())
