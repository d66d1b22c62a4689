"""The SELECTs of a query, with the calls of the builder in the places of the expressions that the compiler generated from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.expressions.logical import Relevance, Similarity
from tql.expressions.source import expression, relevance, similarity
from tql_grammar import ast
from tql_grammar.explain.levels import elided, explained

if TYPE_CHECKING:
    from tql.compiler.pack import Packed
    from tql_grammar.explain.levels import QueryLevel


def levels(packed: Packed) -> QueryLevel:
    """Return the nested SELECTs of a compiled query, each with the reason why it exists."""
    return explained(packed.tree, packed.reasons, call)


def call(origin: ast.Node) -> str:
    """Return the call of a logical expression; a column as TQL, and so IN and BETWEEN if the builder has no call for them."""
    if isinstance(origin, Similarity):
        return f"similarity({similarity(origin, name='')})"
    if isinstance(origin, Relevance):
        return f"bm25({relevance(origin, name='')})"
    shown = expression(origin)  # type: ignore[arg-type]  # an expression
    return elided(origin) if isinstance(origin, ast.Column) or shown.startswith("raw(") else shown
