"""
Positional functions, whose value depends on other rows: ``row_number()`` and ``data(column, row)``.

The engine counts the rows that reach the clause: those of the source in WHERE, those of the result in the select list.
The builder always counts the rows of the source, so an output with a positional function is computed before any clause that removes or reorders rows.
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
    """Return whether *node* calls one of the functions *names*."""
    return any(isinstance(part, ast.Function) and part.name.lower() in names for part in walk(node))


def is_positional(node: Record) -> bool:
    """Return whether *node* calls a positional function."""
    return _calls(node, COUNTING)


def positional_call(node: Record) -> str:
    """Return the first positional call of *node*, for a message."""
    calls = (part.name.lower() for part in walk(node) if isinstance(part, ast.Function))
    return next(f"{name}()" for name in calls if name in COUNTING)


def has_row_number(outputs: Iterable[Expression], keys: Iterable[Record]) -> bool:
    """
    Return whether a select has positional outputs, which are computed before its other clauses.

    Raises:
        ArgumentError: the query also has a search that the engine supports only without a subquery, BM25 or MMR.
    """
    if not any(map(is_positional, outputs)):
        return False
    if any(_calls(key, FLAT) for key in keys):
        hint = 'number the rows of the result: select("*", n=fn.row_number()).from_(query)'
        why = "the engine would count the rows of the result"
        raise ArgumentError("bm25 / mmr", "takes no output with row_number() or data()", "", hint, why=why)
    return True


def require_source_order(later: Iterable[Expression], *, reordered: bool) -> None:
    """Reject a positional expression after rows were removed or reordered."""
    if reordered and any(map(is_positional, later)):
        rule = "cannot use row_number() or data() after rows are removed or reordered"
        hint = 'compute it in an inner query: .from_(select("*", n=fn.row_number()))'
        why = "the engine would count the remaining rows"
        raise ArgumentError("where / order_by / group_by", rule, "", hint, why=why)
