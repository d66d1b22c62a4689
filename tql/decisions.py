"""Decisions of a function that builds a query: `Query.when` and `choice` ask for them while `explore` runs the function."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Protocol, TypeVar

from tql.messages import shown
from tql_grammar.errors import ArgumentError

T = TypeVar("T")


class Decider(Protocol):
    """A source of decisions."""

    def holds(self, condition: object) -> bool:
        """Return whether a condition of `Query.when` holds."""
        ...

    def choose(self, values: Sequence[T], name: str | None) -> T:
        """Return one of the values of `choice`."""
        ...


# The decider of the running `explore`, if there is one.
DECIDER: ContextVar[Decider | None] = ContextVar("tql_decider", default=None)


def holds(condition: object) -> bool:
    """Return whether a condition of `Query.when` holds."""
    decider = DECIDER.get()
    return bool(condition) if decider is None else decider.holds(condition)


def choice(values: Sequence[T], name: str | None = None) -> T:
    """
    Return one of *values*: while `explore` runs the function that calls it, each of them in turn, otherwise the first.

    ``explore(lambda: search(year=choice([None, 2020])))`` builds the query of a program without a year and with one.

    Args:
        values: the values, as a sequence.
        name: what the value is, for the words of a path; by default the source line of the call.

    Raises:
        ArgumentError: *values* is empty or no sequence.
    """
    if not _is_sequence(values) or not len(values):
        raise ArgumentError("values", "must be a list of at least one value", shown(values), "choice([None, 2020])")
    decider = DECIDER.get()
    return values[0] if decider is None else decider.choose(values, name)


def _is_sequence(values: object) -> bool:
    """Return whether a value is a sequence of values, or an array of numpy; a text is none."""
    if isinstance(values, (str, bytes, bytearray)):
        return False
    return isinstance(values, Sequence) or bool(getattr(values, "__array_interface__", {}).get("shape"))
