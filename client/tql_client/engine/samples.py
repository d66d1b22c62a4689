"""Samples that are drawn from no rows: the engine fails to draw them (``Can't sample empty column.``), where the sample has no rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.parser import read
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from tql_grammar.record import Record

# The engine's error for SAMPLE BY where there are no rows.
NOTHING_TO_SAMPLE = "Can't sample empty column."


def without_samples(text: str) -> str | None:
    """
    Return a query that has the rows of *text* where one of its samples has no rows to draw from.

    None if the query draws nothing, or draws for several operands of a set operation or an outer join, of which others may have rows.
    """
    tree = read(text).tree
    parts = [] if tree is None else list(walk(tree))
    drawn = sum(isinstance(part, ast.Select) and part.sample_by is not None for part in parts)
    if tree is None or not drawn or (drawn > 1 and any(map(_may_have_other_rows, parts))):
        return None
    return to_tql(rebuild(tree, _without_rows))


def _may_have_other_rows(part: Record) -> bool:
    """Tell whether a part has rows where one of its operands has none."""
    return isinstance(part, ast.SetOperation) or (isinstance(part, ast.Join) and part.kind != "inner")


def _without_rows(part: Record) -> Record:
    """Return a query that draws as one without rows."""
    if not isinstance(part, ast.Select) or part.sample_by is None:
        return part
    return part.replace(sample_by=None, where=ast.Boolean(value=False))
