"""AND, OR and NOT, flattened and simplified by their constant operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.walk import operands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tql_grammar.ast import Expression


def conjunction(parts: Iterable[Expression]) -> Expression:
    """Return the conjunction, flattened: operands that are true are dropped, and false makes it false."""
    return _join(ast.And, parts, neutral=True)


def disjunction(parts: Iterable[Expression]) -> Expression:
    """Return the disjunction, flattened, each operand once: those that are false are dropped, and true makes it true."""
    return _join(ast.Or, parts, neutral=False)


def _join(kind: type[ast.And | ast.Or], parts: Iterable[Expression], *, neutral: bool) -> Expression:
    """Return *parts* as operands of one node, those of OR once each; *neutral* is the constant that is dropped. A column that is left is still an operand: a null is false."""
    flat: list[Expression] = []
    given = tuple(parts)
    for part in given:
        if isinstance(part, ast.Boolean):
            if part.value is not neutral:
                return part
        elif isinstance(part, kind):
            flat.extend(operands(part))
        else:
            flat.append(part)
    if not flat:
        return ast.Boolean(neutral)
    found = _once(flat) if kind is ast.Or else tuple(flat)
    only, *others = found
    if others:
        return kind(found)
    return ast.Not(ast.Not(only)) if len(given) > 1 and isinstance(only, ast.Column) else only


def _once(parts: list[Expression]) -> tuple[Expression, ...]:
    """Return each part once, but for a column alone: that is a value, which may be null, and `n or n` is true or false."""
    found = tuple(dict.fromkeys(parts))
    return tuple(parts) if len(found) == 1 and isinstance(found[0], ast.Column) else found


def negation(operand: Expression) -> Expression:
    """Return the negation."""
    if isinstance(operand, ast.Boolean):
        return ast.Boolean(not operand.value)
    if isinstance(operand, ast.Not) and not isinstance(operand.operand, ast.Column):
        return operand.operand
    return ast.Not(operand)


JOINS: dict[type, Callable[[Iterable[Expression]], Expression]] = {ast.And: conjunction, ast.Or: disjunction}
# What AND, OR and NOT combine: conditions, values, and raw expressions, which are never rewritten.
LEAVES = (
    VerbatimExpression,
    ast.Between,
    ast.Boolean,
    ast.Chain,
    ast.Column,
    ast.Comparison,
    ast.Function,
    ast.In,
    ast.IsNull,
    ast.Like,
    ast.Negate,
    ast.Subscript,
)
