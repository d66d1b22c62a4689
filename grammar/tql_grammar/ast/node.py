"""Kinds of nodes: any part of a text, and what has a value, gives rows, or is named by FROM."""

from __future__ import annotations

from typing import ClassVar, Self

from tql_grammar.record import Record


class Span(Record):
    """A half-open range of characters ``[start, end)`` of a text, 0-based."""

    start: int
    end: int


class Node(Record):
    """
    Any part of a TQL text.

    Equality ignores where a node stands; `span` tells, for a node that came from a text.
    """

    _stays: ClassVar[frozenset[str]] = frozenset({"_span"})

    @property
    def span(self) -> Span | None:
        """The characters of the text that this node was read from, or None for a node that was built."""
        ends = self.__dict__.get("_span")
        return None if ends is None else Span(*ends)

    def at(self, start: int, end: int) -> Self:
        """Return the same node, standing at the characters ``[start, end)`` of a text."""
        copy = self.replace()
        copy.__dict__["_span"] = (start, end)
        return copy


class Expression(Node):
    """What has a value for each row."""


class Query(Node):
    """A whole query: `Select` or `SetOperation`."""


class Source(Node):
    """What FROM names."""
