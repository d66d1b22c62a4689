"""Random trees that the text generator does not produce."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.printing.expressions import SMALLEST_INTEGER
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    import random

    from tql_grammar.record import Record

# Nodes that are valid in one place only, and cannot be exchanged for another expression.
BOUND = (ast.Aliased, ast.Pair, ast.Slice, ast.Computed, ast.Split, ast.Star)
HOLDERS = (ast.Not, ast.Negate, ast.Comparison, ast.Chain, ast.And, ast.Or, ast.IsNull, ast.Like, ast.Between)


def _bound(node: ast.Expression) -> bool:
    """Return whether an expression cannot replace another one; the smallest integer has no literal without its sign."""
    return isinstance(node, BOUND) or (isinstance(node, ast.Number) and node.value == -SMALLEST_INTEGER)


def grafted(tree: ast.Query, other: ast.Query, rng: random.Random) -> ast.Query:
    """Return *tree* with operands replaced by expressions of *other*."""
    shoots = [node for node in walk(other) if isinstance(node, ast.Expression) and not _bound(node)]

    def change(node: Record) -> Record:
        # A negative number is one literal; some places accept no other expression.
        literal = isinstance(node, ast.Negate) and isinstance(node.operand, ast.Number)
        if not isinstance(node, HOLDERS) or literal or rng.random() < 0.5 or not shoots:
            return node
        places = [name for name in node._fields if isinstance(node.__dict__[name], ast.Expression)]
        if places:
            return node.replace(**{rng.choice(places): rng.choice(shoots)})
        operands = list(node.__dict__["operands"])
        shoot = rng.choice(shoots)
        # A chain within a chain of its kind is one chain.
        if type(shoot) is not type(node):
            operands[rng.randrange(len(operands))] = shoot
        return node.replace(operands=tuple(operands))

    return rebuild(tree, change)
