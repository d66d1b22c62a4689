"""
Literals that record reads of their values.

A computation over a tree of traced literals depends on the values that it read, and on no other:
with other values in the place of those, its result differs in these literals only.
The kind of a number, int or float, and the length of a vector are no values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql_grammar.ast.expressions import BYTES, Number, String, Vector
from tql_grammar.record import made

if TYPE_CHECKING:
    from tql_grammar.ast.node import Expression

STAYS = frozenset({"_slot", "_reads"})


class TracedNumber(Number):
    """A number that is neither 0 nor 1."""

    _stays = STAYS

    @property  # type: ignore[misc]  # a record is frozen, so its field is read-only
    def value(self) -> int | float:  # pyright: ignore[reportIncompatibleVariableOverride]  # a record is frozen, so its field is read-only
        """The number; reading it is recorded."""
        return _read(self, "value")  # type: ignore[no-any-return]  # a number

    def leaf(self) -> int:
        """Return the number of the slot: equal literals have the same."""
        return slot_of(self)


class TracedString(String):
    """A text that is not empty."""

    _stays = STAYS

    @property  # type: ignore[misc]  # a record is frozen, so its field is read-only
    def value(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # a record is frozen, so its field is read-only
        """The text; reading it is recorded."""
        return _read(self, "value")  # type: ignore[no-any-return]  # a text

    def leaf(self) -> int:
        """Return the number of the slot: equal literals have the same."""
        return slot_of(self)


class TracedVector(Vector):
    """A vector; equal ones may have different slots."""

    _stays = STAYS

    @property  # type: ignore[misc]  # a record is frozen, so its field is read-only
    def bits(self) -> bytes:  # pyright: ignore[reportIncompatibleVariableOverride]  # a record is frozen, so its field is read-only
        """The bits; reading them is recorded."""
        return _read(self, "bits")  # type: ignore[no-any-return]  # bytes

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.__dict__["bits"]) // BYTES

    def leaf(self) -> bytes:
        """Return the bits, for comparison with other vectors."""
        return self.__dict__["bits"]  # type: ignore[no-any-return]  # bytes


TRACED: dict[type[Expression], type[Expression]] = {Number: TracedNumber, String: TracedString, Vector: TracedVector}


def traced(literal: Expression, slot: int, reads: dict[int, None]) -> Expression:
    """
    Return a literal that records reads of its value.

    Args:
        literal: a number, a text or a vector.
        slot: its number among the literals of a query.
        reads: takes the slot when the value is read.
    """
    field = literal._fields[0]
    return made(TRACED[type(literal)], {field: literal.__dict__[field], "_slot": slot, "_reads": reads})


def slot_of(node: Expression) -> int:
    """Return the slot of a traced literal."""
    slot: int = node.__dict__["_slot"]
    return slot


def _read(node: Expression, field: str) -> Any:  # noqa: ANN401 - the value of any literal
    """Return the value of a literal, and record that it was read."""
    node.__dict__["_reads"].setdefault(node.__dict__["_slot"])
    return node.__dict__[field]


def as_number(value: float | Number) -> Number:
    """Return the literal of a count or weight; one that is traced is a literal already."""
    return value if isinstance(value, Number) else Number(value)
