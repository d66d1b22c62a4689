"""
Numbers and bools that may be missing, and the forms in which the engine does with them what the text says.

A condition is true or false: a comparison with a missing value is false, ``!=`` too, and NOT makes it true.
Arithmetic with a missing number is missing.

The engine reads a missing number right on the left of an operator in WHERE, and nearly nowhere else:
on the right it is 0 or another row's value, a function or a minus shifts the values or ends the process, and so does an AND or OR in the select list or ORDER BY.
Where ``v is not null and`` stands before a comparison, the engine never looks at a missing value; where ``v is not null`` is a condition of WHERE, everything else of the query is computed without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite.arithmetic import chained
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.rewrite.logic import conjunction, disjunction, negation
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

N = TypeVar("N", bound=ast.Node)
Columns = tuple[ast.Column, ...]


def missing(node: object, scope: Scope) -> Columns:
    """Return the nullable numbers and bools without which an expression has no value; a condition always has one."""
    if isinstance(node, ast.Column):
        return (node,) if _is_nullable(node, scope) else ()
    rule = _PARTS.get(type(node))
    return () if rule is None else _union(missing(part, scope) for part in rule(node))


def _is_nullable(node: ast.Column, scope: Scope) -> bool:
    """Tell whether a column holds numbers or bools of which some may be missing."""
    column = scope.column(node)
    if column is None:
        return node.table is None and node.name in scope.nullables
    return column.nullable and (column.is_number or (column.dtype == "bool" and column.is_single))


def _union(found: Iterable[Columns]) -> Columns:
    """Return columns once, in order."""
    return tuple(dict.fromkeys(column for columns in found for column in columns))


def absent(columns: Columns) -> Expression:
    """Return the condition that one of the columns is null."""
    return disjunction(map(ast.IsNull, columns))


def _present(columns: Columns) -> list[Expression]:
    """Return the conditions that none of the columns is null."""
    return [ast.IsNull(column, negated=True) for column in columns]


# --- conditions ------------------------------------------------------------------------------------------------------


def filtering(node: Expression, scope: Scope) -> Expression:
    """Return the condition of a WHERE: there a comparison with a missing number on the left is false, and needs no guard."""
    if scope.columns is None or not _reads_null(node, scope):
        return node

    if isinstance(node, _LEAVES):
        return _leaf(node, scope)

    def leaves(part: Record) -> Record:
        if isinstance(part, (ast.And, ast.Or)):
            return _JOINS[type(part)](_leaf(operand, scope) for operand in part.operands)
        return negation(_leaf(part.operand, scope)) if isinstance(part, ast.Not) else part

    return rebuild(node, leaves, opaque=_LEAVES)


def _leaf(node: Expression, scope: Scope) -> Expression:
    """Return a part of a condition that is no AND, OR or NOT."""
    if not isinstance(node, _LEAVES):
        return node
    if isinstance(node, ast.Comparison) and _is_read_right(node, scope):
        return node.replace(left=settled(node.left, scope), right=settled(node.right, scope))
    return node if isinstance(node, (ast.Column, VerbatimExpression)) else settled(node, scope)


def _is_read_right(node: ast.Comparison, scope: Scope) -> bool:
    """Tell whether WHERE compares as the text says: only what is on the left may be missing."""
    return not (missing(node.right, scope) or _nullable_texts(node, scope)) and _is_sound(node.left, scope)


def _is_sound(node: Expression, scope: Scope) -> bool:
    """Tell whether arithmetic is missing where the engine says so: where its first operand is."""
    if not isinstance(node, ast.Chain):
        return True
    first, *rest = node.operands
    return set(missing(first, scope)) >= {column for part in rest for column in missing(part, scope)} and all(
        _is_sound(part, scope) for part in node.operands
    )


def _reads_null(node: Record, scope: Scope) -> bool:
    """Tell whether *node* reads a column in which values may be missing."""
    return bool(scope.nullables) or any((column := scope.column(part)) and column.nullable for part in walk(node))


def settled(node: N, scope: Scope) -> N:
    """
    Return an expression of the select list, of ORDER BY, GROUP BY or SAMPLE BY: conditions are true or false in each row, and arithmetic with a missing number is missing.

    Raises:
        ArgumentError: the engine reads another number in the place of a missing one, whatever the form.
    """
    if scope.columns is None or not _reads_null(node, scope):
        return node
    found = rebuild(node, lambda part: _settled(part, scope), opaque=VerbatimExpression)
    if isinstance(found, ast.Aliased | ast.Order):
        return found.replace(expression=_value(found.expression, scope))  # type: ignore[return-value]  # the same kind
    return _value(found, scope)  # type: ignore[return-value,arg-type]  # a value for an expression


def _settled(part: Record, scope: Scope) -> Record:
    """Return a part with the guards that it needs."""
    if isinstance(part, ast.Comparison):
        sides = _union([missing(part.left, scope), missing(part.right, scope), _nullable_texts(part, scope)])
        return conjunction([*_present(sides), part])
    if isinstance(part, (ast.And, ast.Or)):
        return _JOINS[type(part)](_truth(operand, scope) for operand in part.operands)
    return negation(_truth(part.operand, scope)) if isinstance(part, ast.Not) else part


def _truth(operand: Expression, scope: Scope) -> Expression:
    """Return an operand of AND, OR, NOT: a missing value is false."""
    return conjunction([*_present(missing(operand, scope)), operand])


def _nullable_texts(node: ast.Comparison, scope: Scope) -> Columns:
    """Return the nullable texts that are compared with what is no literal: the engine takes null for the empty text."""
    sides = node.left, node.right
    if any(isinstance(side, ast.String) for side in sides):
        return ()
    columns = ((side, scope.column(side)) for side in sides)
    return tuple(side for side, column in columns if isinstance(side, ast.Column) and _is_nullable_text(column))


def _is_nullable_text(column: Column | None) -> bool:
    """Tell whether a column holds texts of which some may be missing."""
    return column is not None and column.is_text and column.nullable


# --- values ----------------------------------------------------------------------------------------------------------


def _value(node: Expression, scope: Scope) -> Expression:
    """Return arithmetic with what may be missing on the left of its first operator, where the engine sees that it is."""
    if not isinstance(node, ast.Chain) or not missing(node, scope):
        return node
    first, *rest = (_value(operand, scope) for operand in node.operands)
    for operator, operand in zip(node.operators, rest, strict=True):
        first = _step(operator, first, operand, scope)
    return first


def _step(operator: str, left: Expression, right: Expression, scope: Scope) -> Expression:
    """Return ``left operator right``, the sides exchanged where only the right one may be missing."""
    before, after = set(missing(left, scope)), set(missing(right, scope))
    if after <= before:
        return chained(operator, left, right)
    swap = _SWAPS.get(operator)
    if swap is None or not before <= after:
        raise _refused(operator, chained(operator, left, right), scope)
    return swap(left, right)


def negative(node: Expression) -> Expression:
    """Return the negative of a number that may be missing: behind a minus the engine shifts the values."""
    return chained("*", node, ast.Negate(ast.Number(1)))


def _refused(subject: str, node: Expression, scope: Scope) -> ArgumentError:
    """Return the error about a number that the engine reads wrong where it is missing."""
    from tql_grammar.printing.printer import to_tql

    names = " and ".join(repr(column.name) for column in missing(node, scope))
    rule = (
        f"takes numbers that are never missing here, and {names} may be: the engine reads another number in its place"
    )
    return ArgumentError(subject, rule, f"`{to_tql(node)}`", remedy(missing(node, scope)))


def remedy(columns: Columns) -> str:
    """Return how a query leaves out the rows in which a value is missing."""
    parts = ", ".join(f"col({column.name!r}).is_not_null()" for column in columns)
    return f"leave those rows out: .where({parts}); what where and sample_by compute, compute over from_(select().where(..))"


def require_present(subject: str, node: Expression, scope: Scope) -> None:
    """
    Refuse an expression that reads a number that may be missing.

    Raises:
        ArgumentError: it does.
    """
    if missing(node, scope):
        raise _refused(subject, node, scope)


def narrowed(scope: Scope, conditions: Iterable[Expression]) -> Scope:
    """Return what is seen of the rows that meet *conditions*: a column that is compared, or is not null, is there."""
    if scope.columns is None:
        return scope
    there = {column.name for node in conditions for column in _required(node) if column.table is None}
    if not there:
        return scope
    columns: Mapping[str, Column | None] = {
        name: column.replace(nullable=False) if column is not None and column.nullable and name in there else column
        for name, column in scope.columns.items()
    }
    return scope._replace(columns=columns, nullables=scope.nullables - there)


def _required(node: Expression) -> Columns:
    """Return the columns that are there wherever a condition holds."""
    if isinstance(node, ast.And):
        return _union(map(_required, node.operands))
    found: list[object] = []
    if isinstance(node, ast.IsNull) and node.negated:
        found = [node.operand]
    elif isinstance(node, ast.Comparison):
        found = [node.left, node.right]
    elif isinstance(node, (ast.In, ast.Between)) and not getattr(node, "negated", False):
        found = [node.operand]
    return tuple(part for part in found if isinstance(part, ast.Column))


_JOINS: dict[type, Callable[[Iterable[Expression]], Expression]] = {ast.And: conjunction, ast.Or: disjunction}
_LEAVES = (
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
# Exchanged sides with the same value: ``a - v`` is ``v * -1 + a``.
_SWAPS: dict[str, Callable[[Expression, Expression], Expression]] = {
    "+": lambda left, right: chained("+", right, left),
    "*": lambda left, right: chained("*", right, left),
    "-": lambda left, right: chained("+", negative(right), left),
}
# The parts of an expression without which it has no value.
_PARTS: dict[type, Callable[..., Iterable[object]]] = {
    ast.Aliased: lambda node: (node.expression,),
    ast.Chain: lambda node: node.operands,
    ast.Negate: lambda node: (node.operand,),
    ast.Function: lambda node: node.arguments if node.name == "first" else (),
}
