"""Know where a query without FROM gets its dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from tql_grammar.record import Record


def filled(query: ast.Query, dataset: str) -> ast.Query:
    """Return *query* with *dataset* as the source of every SELECT that has none."""

    def fill(node: Record) -> Record:
        return node.replace(source=ast.Table(dataset)) if isinstance(node, ast.Select) and node.source is None else node

    return rebuild(query, fill)


def lacks_source(query: ast.Query) -> bool:
    """Tell whether a SELECT of *query* has no source."""
    return any(isinstance(node, ast.Select) and node.source is None for node in walk(query))
