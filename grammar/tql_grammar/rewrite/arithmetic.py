"""Arithmetic of two operands, flattened to one chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast

if TYPE_CHECKING:
    from tql_grammar.ast import Expression

SUMS = frozenset("+-")


def chained(operator: str, left: Expression, right: Expression) -> Expression:
    """Return ``left operator right``; operators of one precedence form one chain, as in the parser."""
    if isinstance(left, ast.Chain) and (operator in SUMS) == (left.operators[0] in SUMS):
        return ast.Chain((*left.operators, operator), (*left.operands, right))
    return ast.Chain((operator,), (left, right))
