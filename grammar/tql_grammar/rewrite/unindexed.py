"""
Conditions of WHERE on columns of which it is unknown whether they have an index, in the forms that no index answers wrongly.

An index of numbers answers `!=` with no rows, and reads a fraction as an integer: `v < 1.5` is `v < 1`. Over the rows of a subquery it returns other rows.
The engine uses no index for ``v + 0``, whose rows are those of ``v`` for numbers, bools and class labels of every type, nullable or not; a literal on the left would read a null as another number.
`=` and the ranges of integers over a dataset keep the form that an index answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.rewrite.arithmetic import chained
from tql_grammar.rewrite.logic import JOINS, LEAVES, disjunction, negation
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope

# The comparisons with a fraction that differ from those with its integer part, for a positive fraction and for a negative one.
CUT_BELOW, CUT_ABOVE = frozenset({"=", "!=", "<", ">="}), frozenset({"=", "!=", ">", "<="})


def past_indexes(node: Expression, scope: Scope) -> Expression:
    """Return a condition of WHERE in which no index that is not known answers a comparison wrongly."""
    if isinstance(node, ast.Comparison):
        return _compared(node, scope)
    if not isinstance(node, (ast.And, ast.Or, ast.Not)):
        return node
    return rebuild(node, lambda part: _joined(part, scope), opaque=LEAVES)


def may_be_misread(node: Expression, scope: Scope) -> bool:
    """Tell whether a condition of WHERE compares a column of unknown type with numbers in a form that an index answers: in a narrower type, or with a NaN among its values."""
    return any(
        (isinstance(part, ast.Comparison) and _may_have_index(part.left, scope) and _is_number(part.right))
        or (isinstance(part, ast.In) and _may_have_index(part.operand, scope) and _has_numbers(part))
        for part in walk(node)
    )


def _has_numbers(node: ast.In) -> bool:
    """Tell whether the members of IN are numbers."""
    return isinstance(node.members, tuple) and any(map(_is_number, node.members))


def _is_number(node: object) -> bool:
    """Tell whether a node is a number literal; its value is not read."""
    return isinstance(node.operand if isinstance(node, ast.Negate) else node, ast.Number)


def _may_have_index(node: object, scope: Scope) -> bool:
    """Tell whether a node is a column that may have an index: its type is unknown, or inferred, and it is neither computed nor renamed."""
    if not isinstance(node, ast.Column) or node.table is not None or node.name in scope.unindexed:
        return False
    value = scope.value(node)
    return value is None or value.inferred


def _joined(node: Record, scope: Scope) -> Record:
    """Return AND, OR or NOT over such conditions."""
    if isinstance(node, ast.Not):
        return negation(_operand(node.operand, scope))
    if isinstance(node, (ast.And, ast.Or)):
        return JOINS[type(node)](_operand(part, scope) for part in node.operands)
    return node


def _operand(node: Expression, scope: Scope) -> Expression:
    """Return an operand of AND, OR or NOT."""
    return _compared(node, scope) if isinstance(node, ast.Comparison) else node


def _compared(node: ast.Comparison, scope: Scope) -> Expression:
    """Return a comparison."""
    if not _may_have_index(node.left, scope):
        return node
    if _is_number(node.right):
        is_moved = scope.is_derived and not scope.is_whole
        return _without_index(node) if is_moved or _is_answered_wrongly(node) else node
    if node.operator != "!=":
        return node
    if isinstance(node.right, (ast.Column, ast.Subscript, ast.Function)):
        return _unequal(node)
    return _without_index(node) if isinstance(node.right, (ast.Chain, ast.Negate)) else node


def _is_answered_wrongly(node: ast.Comparison) -> bool:
    """Tell whether an index over integers, or over any numbers for `!=`, answers a comparison with a literal wrongly."""
    if node.operator == "!=":
        return True
    is_negative = isinstance(node.right, ast.Negate)
    literal = node.right.operand if isinstance(node.right, ast.Negate) else node.right
    differs = node.operator in (CUT_ABOVE if is_negative else CUT_BELOW)
    return differs and isinstance(literal, ast.Number) and literal.is_float


def _without_index(node: ast.Comparison) -> Expression:
    """Return a comparison of numbers that no index answers, shown as it was written."""
    return node.replace(left=chained("+", node.left, ast.Number(0)).with_origin(node.left))


def _unequal(node: ast.Comparison) -> Expression:
    """Return ``a != b`` of a column and another one, an element or a function, which an index answers with no row, as ``a != b or a < b or a > b``: two texts, for which the engine's `<` and `>` are false, have no arithmetic."""
    return disjunction([node, node.replace(operator="<"), node.replace(operator=">")])
