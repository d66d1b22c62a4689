"""Base classes of the nodes: `Node`, `Expression`, `Query` and `Source`, and the `Span` of a node in its text."""

from __future__ import annotations

from typing import ClassVar, Self

from tql_grammar.record import Record


class Span(Record):
    """A half-open range of characters ``[start, end)`` of a text, 0-based."""

    start: int
    end: int


class Node(Record):
    """
    A part of a query.

    Equality ignores the span and the origin.
    """

    _stays: ClassVar[frozenset[str]] = frozenset({"_span", "_origin"})

    @property
    def span(self) -> Span | None:
        """The characters of the text from which the node was parsed, or None for a node that was built."""
        ends = self.__dict__.get("_span")
        return None if ends is None else Span(*ends)

    def at(self, start: int, end: int) -> Self:
        """Return the same node with the span ``[start, end)``."""
        copy = self.replace()
        copy.__dict__["_span"] = (start, end)
        return copy

    @property
    def origin(self) -> Node | None:
        """The expression that the user called, for a node that the compiler generated from it, or None."""
        return self.__dict__.get("_origin")

    def with_origin(self, origin: Node | None) -> Self:
        """Return the same node with an origin; None keeps the origin that it has."""
        if origin is None:
            return self
        copy = self.replace()
        copy.__dict__["_origin"] = origin
        return copy


class Expression(Node):
    """An expression, which has a value for each row."""


class Query(Node):
    """A whole query: `Select` or `SetOperation`."""


class Source(Node):
    """A source of rows in FROM."""
