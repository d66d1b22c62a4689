"""Outputs of a SELECT: their names, and the expressions under them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterable


def bare(node: ast.Node) -> ast.Node:
    """Return an output without its name, a key without its direction, an operand without its sign."""
    while isinstance(node, (ast.Aliased, ast.Order)):
        node = node.expression
    return node


def aliased(outputs: Iterable[ast.Expression]) -> dict[str, ast.Expression]:
    """Return the expressions of those outputs that have an alias, by their aliases."""
    return {output.alias: output.expression for output in outputs if isinstance(output, ast.Aliased)}


def written_names(outputs: Iterable[ast.Expression]) -> set[str]:
    """Return the names of outputs as far as they are written: aliases, and names of columns."""
    return {
        output.alias if isinstance(output, ast.Aliased) else output.name
        for output in outputs
        if isinstance(output, (ast.Aliased, ast.Column))
    }


def output_name(output: ast.Expression) -> str | None:
    """Return the name of an output; one that is computed of a single column keeps that column's name."""
    if type(output) is ast.Column:
        return output.name
    if isinstance(output, ast.Aliased):
        return output.alias
    named = {part.name for part in own_parts(output) if isinstance(part, ast.Column)}
    return named.pop() if len(named) == 1 else None
