"""
Functions whose value depends on the rows before a row: ``row_number()``, and ``data(column, row)``.

The engine counts the rows that reach the clause: in WHERE those of the source, in the select list those of the result.
They mean the rows of the source here, so an output that has one is computed below every clause that leaves rows out or moves them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import COUNTING, FLAT
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record


def _calls(node: Record, names: frozenset[str]) -> bool:
    """Tell whether *node* calls one of some functions."""
    return any(isinstance(part, ast.Function) and part.name.lower() in names for part in walk(node))


def is_positional(node: Record) -> bool:
    """Tell whether the value of *node* depends on other rows."""
    return _calls(node, COUNTING)


def positional_call(node: Record) -> str:
    """Return the first function of *node* that counts rows, for a message."""
    calls = (part.name.lower() for part in walk(node) if isinstance(part, ast.Function))
    return next(f"{name}()" for name in calls if name in COUNTING)


def has_row_number(outputs: Iterable[Expression], keys: Iterable[Record]) -> bool:
    """
    Tell whether a select has outputs that are computed below its other clauses.

    Raises:
        ArgumentError: the query also has a search that the engine runs in a flat SELECT only.
    """
    if not any(map(is_positional, outputs)):
        return False
    if any(_calls(key, FLAT) for key in keys):
        rule = "takes no output with row_number() or data(): the engine would count the rows of the result"
        raise ArgumentError("bm25 / mmr", rule, "one", "number the rows that it found: select(..).from_(found)")
    return True


def require_source_order(later: Iterable[Expression], *, moved: bool) -> None:
    """Refuse an expression that counts rows where some were left out or moved before."""
    if moved and any(map(is_positional, later)):
        rule = "takes row_number() and data() where no rows were left out or moved before: the engine would count what is left"
        hint = 'give it a name in a query of its own: select("*", n=fn.row_number()), and take the rows from that'
        raise ArgumentError("where / order_by / group_by", rule, "one", hint)
