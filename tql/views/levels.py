"""The SELECTs of a query, with the calls of the builder in the places of the expressions that the compiler generated from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.compiler.compile import compiled, too_deep
from tql.compiler.context import NOWHERE
from tql.compiler.pack import Packed
from tql.expressions.logical import Relevance, Similarity
from tql.expressions.source import expression, relevance, similarity
from tql_grammar import ast
from tql_grammar.explain.levels import elided, explained
from tql_grammar.rewrite.source import fill_source
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from tql.compiler.context import Context
    from tql.statement import Statement
    from tql_grammar.explain.levels import QueryLevel


def levels(packed: Packed) -> QueryLevel:
    """Return the nested SELECTs of a compiled query, each with the reason why it exists."""
    return explained(packed.tree, packed.reasons, call)


def explain(query: Statement, context: Context = NOWHERE) -> QueryLevel:
    """
    Return the nested SELECTs of a query, compiled where it is sent.

    Raises:
        ArgumentError: the query cannot be compiled.
    """
    try:
        packed = compiled(query, context)
        return levels(packed if context.dataset is None else filled(packed, context.dataset))
    except RecursionError:
        raise too_deep("more than Python can walk down") from None


def filled(packed: Packed, dataset: str) -> Packed:
    """Return a tree with *dataset* as the source of every SELECT that has none, and the reasons of its SELECTs."""
    tree = fill_source(packed.tree, dataset)
    pairs = zip(_selects(packed.tree), _selects(tree), strict=True)
    return Packed(tree, {id(new): packed.reasons[id(old)] for old, new in pairs if id(old) in packed.reasons})


def _selects(tree: ast.Query) -> list[ast.Node]:
    """Return the SELECTs and set operations of a tree, in order."""
    return [node for node in walk(tree) if isinstance(node, (ast.Select, ast.SetOperation))]


def call(origin: ast.Node) -> str:
    """Return the call of a logical expression; a column as TQL, and so IN and BETWEEN if the builder has no call for them."""
    if isinstance(origin, Similarity):
        return f"similarity({similarity(origin, name='')})"
    if isinstance(origin, Relevance):
        return f"bm25({relevance(origin, name='')})"
    shown = expression(origin)  # type: ignore[arg-type]  # an expression
    return elided(origin) if isinstance(origin, ast.Column) or shown.startswith("raw(") else shown
