"""Flat AND, OR and NOT, without operands that are always true or always false."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql_grammar.ast import Expression


def conjunction(parts: Iterable[Expression]) -> Expression:
    """Return the conjunction, flat; true falls out, false decides."""
    return _join(ast.And, parts, neutral=True)


def disjunction(parts: Iterable[Expression]) -> Expression:
    """Return the disjunction, flat; false falls out, true decides."""
    return _join(ast.Or, parts, neutral=False)


def _join(kind: type[ast.And | ast.Or], parts: Iterable[Expression], *, neutral: bool) -> Expression:
    """Return *parts* under one n-ary node."""
    flat: list[Expression] = []
    for part in parts:
        if isinstance(part, ast.Boolean):
            if part.value is not neutral:
                return part
        elif isinstance(part, kind):
            flat.extend(part.operands)
        else:
            flat.append(part)
    if not flat:
        return ast.Boolean(neutral)
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def negation(operand: Expression) -> Expression:
    """Return the negation."""
    if isinstance(operand, ast.Boolean):
        return ast.Boolean(not operand.value)
    return operand.operand if isinstance(operand, ast.Not) else ast.Not(operand)
