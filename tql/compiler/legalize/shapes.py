"""SHAPE of a column, and its values, in one SELECT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.plan.nodes import Barrier, Filter
from tql_grammar import ast
from tql_grammar.explain import reasons
from tql_grammar.rewrite.lengths import BITS
from tql_grammar.shapes import read_apart
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql.plan.nodes import Plan
    from tql_grammar.record import Record


def apart(rows: Plan, keys: Iterable[Record]) -> Plan:
    """
    Return rows that the same SELECT can sort, group or sample by some keys.

    Where the engine would crash, the condition is in a SELECT of its own.
    That is so if it reads SHAPE of a column of which a key reads the values, or the other way round.
    It is so too if it leaves out the empty arrays of a Hamming distance, which the engine may compute first.
    """
    keys = tuple(keys)
    if not isinstance(rows, Filter):
        return rows
    crashes = any(read_apart(rows.predicate, keys)) or any(map(_needs_length, keys))
    return Barrier(rows, reasons.SHAPES) if crashes else rows


def _needs_length(key: Record) -> bool:
    """Tell whether a key is computed from a Hamming distance of a column."""
    calls = (part for part in walk(key) if isinstance(part, ast.Function) and part.name.lower() == BITS)
    return any(isinstance(part, ast.Column) for call in calls for part in walk(call))
