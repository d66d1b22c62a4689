"""Sources of a query: the dataset of a SELECT without FROM, and the nesting depth of subqueries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.walk import rebuild, sources, walk

if TYPE_CHECKING:
    from tql_grammar.record import Record


def fill_source(query: ast.Query, dataset: str) -> ast.Query:
    """Return *query* with *dataset* as the source of every SELECT that has none."""

    def fill(node: Record) -> Record:
        return node.replace(source=ast.Table(dataset)) if isinstance(node, ast.Select) and node.source is None else node

    return rebuild(query, fill)


def lacks_source(query: ast.Query) -> bool:
    """Tell whether a SELECT of *query* has no source."""
    return any(isinstance(node, ast.Select) and node.source is None for node in walk(query))


def depth(query: ast.Query) -> int:
    """Return the number of nested SELECTs."""
    deepest = 0
    stack: list[tuple[ast.Query, int]] = [(query, 1)]
    while stack:
        part, level = stack.pop()
        deepest = max(deepest, level)
        if isinstance(part, ast.SetOperation):
            stack += [(operand, level) for operand in part.operands]
        elif isinstance(part, ast.Select):
            stack += [(below.query, level + 1) for below in sources(part.source) if isinstance(below, ast.Derived)]
    return deepest
