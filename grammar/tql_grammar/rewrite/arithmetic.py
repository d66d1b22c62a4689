"""Arithmetic of two operands, flat where the text reads as one chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast

if TYPE_CHECKING:
    from tql_grammar.ast import Expression

SUMS = frozenset("+-")


def chained(operator: str, left: Expression, right: Expression) -> Expression:
    """Return ``left operator right``; a chain of one level stays flat, as the parser reads it."""
    if isinstance(left, ast.Chain) and (operator in SUMS) == (left.operators[0] in SUMS):
        return ast.Chain((*left.operators, operator), (*left.operands, right))
    return ast.Chain((operator,), (left, right))
