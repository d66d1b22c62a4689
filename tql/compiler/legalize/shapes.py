"""SHAPE of a column, and its values, in one SELECT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.plan.nodes import Barrier, Filter
from tql_grammar.explain import reasons
from tql_grammar.shapes import read_apart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql.plan.nodes import Plan
    from tql_grammar.record import Record


def apart(rows: Plan, keys: Iterable[Record]) -> Plan:
    """
    Return rows that the same SELECT can sort, group or sample by some keys.

    Where the engine would crash, the condition is in a SELECT of its own: it reads SHAPE of a column of which a key reads the values, or the other way round.
    """
    crashes = isinstance(rows, Filter) and any(read_apart(rows.predicate, keys))
    return Barrier(rows, reasons.SHAPES) if crashes else rows
