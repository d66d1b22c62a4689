"""Outputs of a SELECT: their names and their expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterable


def bare(node: ast.Node) -> ast.Node:
    """Return the expression of an output without its alias, or of a sort key without its direction."""
    while isinstance(node, (ast.Aliased, ast.Order)):
        node = node.expression
    return node


def aliased(outputs: Iterable[ast.Expression]) -> dict[str, ast.Expression]:
    """Return the expressions of the outputs with an alias, by alias."""
    return {output.alias: output.expression for output in outputs if isinstance(output, ast.Aliased)}


def written_names(outputs: Iterable[ast.Expression]) -> set[str]:
    """Return the explicit names of outputs: aliases, and names of plain columns."""
    return {
        output.alias if isinstance(output, ast.Aliased) else output.name
        for output in outputs
        if isinstance(output, (ast.Aliased, ast.Column))
    }


def output_name(output: ast.Expression) -> str | None:
    """Return the name of an output, or None; an expression of a single column has the name of that column."""
    if type(output) is ast.Column:
        return output.name
    if isinstance(output, ast.Aliased):
        return output.alias
    named = {part.name for part in own_parts(output) if isinstance(part, ast.Column)}
    return named.pop() if len(named) == 1 else None
