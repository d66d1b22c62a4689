"""
Nullable numbers and bools, and the forms in which the engine evaluates them with two-valued logic.

A condition is true or false: a comparison with null is false, including ``!=``, and NOT makes it true.
Arithmetic with null is null.

The engine handles a null correctly on the left of an operator in WHERE, and almost nowhere else:
on the right it reads a null as 0 or as the value of another row; a function or a minus shifts the values or crashes the process, and so does AND or OR in the SELECT list or ORDER BY.
After ``v is not null and``, the engine does not evaluate a comparison for a null; with ``v is not null`` as a condition of WHERE, no other clause sees a null.
PROD of a single null is 1: ``v * 0 + abs(prod(v))`` is null where *v* is, and the engine computes no function of a null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import NUMERIC, OF_ONE_ROW
from tql_grammar.rewrite.arithmetic import chained
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.rewrite.logic import JOINS, LEAVES, conjunction, disjunction, negation
from tql_grammar.rewrite.scope import Values
from tql_grammar.schema import INTEGERS
from tql_grammar.typing.inference import infer
from tql_grammar.walk import rebuild, substitute, unbounded, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

N = TypeVar("N", bound=ast.Node)
Columns = tuple[ast.Column, ...]
# Functions of one number that are computed of a nullable one; the other functions reject it.
COMPUTED = NUMERIC | {"asum"}
CONDITIONS = (ast.And, ast.Between, ast.Comparison, ast.In, ast.IsNull, ast.Like, ast.Not, ast.Or)
# Types in which arithmetic stays whole; that of uint64 with a literal is a float64.
WHOLE = frozenset(INTEGERS) - {"uint64"} | {"bool"}


@unbounded
def missing(node: object, scope: Scope) -> Columns:
    """Return the nullable numbers and bools that make an expression null; a condition is never null."""
    if isinstance(node, ast.Column):
        return (node,) if _is_nullable(node, scope) else ()
    rule = _PARTS.get(type(node))
    return () if rule is None else _union(missing(part, scope) for part in rule(node))


def _is_nullable(node: ast.Column, scope: Scope) -> bool:
    """Tell whether a column is a nullable number or bool."""
    column = scope.column(node)
    if column is None:
        return node.table is None and node.name in scope.nullables
    return column.nullable and (column.is_number or (column.dtype == "bool" and column.is_single))


def _union(found: Iterable[Columns]) -> Columns:
    """Return the distinct columns, in order."""
    return tuple(dict.fromkeys(column for columns in found for column in columns))


def absent(columns: Columns) -> Expression:
    """Return the condition that one of the columns is null."""
    return disjunction(map(ast.IsNull, columns))


def _present(columns: Columns) -> list[Expression]:
    """Return the conditions that each column is not null."""
    return [ast.IsNull(column, negated=True) for column in columns]


# --- conditions ------------------------------------------------------------------------------------------------------


def filtering(node: Expression, scope: Scope) -> Expression:
    """Return a condition of WHERE, with guards against nulls except for a null on the left of a comparison, which is false there."""
    if scope.columns is None or not _reads_null(node, scope):
        return node

    if isinstance(node, LEAVES):
        return _leaf(node, scope)

    def leaves(part: Record) -> Record:
        if isinstance(part, (ast.And, ast.Or)):
            return JOINS[type(part)](_leaf(operand, scope) for operand in part.operands)
        return negation(_leaf(part.operand, scope)) if isinstance(part, ast.Not) else part

    return rebuild(node, leaves, opaque=LEAVES)


def _leaf(node: Expression, scope: Scope) -> Expression:
    """Return a part of a condition below AND, OR and NOT, with the guards that it needs."""
    if not isinstance(node, LEAVES):
        return node
    if isinstance(node, ast.Comparison) and _needs_no_guard(node, scope):
        return node.replace(left=guarded(node.left, scope), right=guarded(node.right, scope))
    return node if isinstance(node, (ast.Column, VerbatimExpression)) else guarded(node, scope)


def _needs_no_guard(node: ast.Comparison, scope: Scope) -> bool:
    """Tell whether WHERE evaluates a comparison correctly: only its left side is nullable."""
    return not (missing(node.right, scope) or _nullable_texts(node, scope)) and _is_sound(node.left, scope)


@unbounded
def _is_sound(node: Expression, scope: Scope) -> bool:
    """Tell whether arithmetic is null exactly where its first operand is, as the engine assumes."""
    if not isinstance(node, ast.Chain):
        return len(missing(node, scope)) < 2  # noqa: PLR2004 - two together
    first, *rest = node.operands
    return set(missing(first, scope)) >= {column for part in rest for column in missing(part, scope)} and all(
        _is_sound(part, scope) for part in node.operands
    )


def _reads_null(node: Record, scope: Scope) -> bool:
    """Tell whether *node* reads a nullable column."""
    return bool(scope.nullables) or any((column := scope.column(part)) and column.nullable for part in walk(node))


def guarded(node: N, scope: Scope) -> N:
    """
    Return an expression of SELECT, ORDER BY, GROUP BY or SAMPLE BY with guards: conditions are true or false in each row, and arithmetic with null is null.

    Raises:
        ArgumentError: the engine reads a null as another number in every form of the expression.
    """
    if scope.columns is None or not _reads_null(node, scope):
        return node
    found = rebuild(node, lambda part: _guard_part(part, scope), opaque=VerbatimExpression)
    if isinstance(found, ast.Aliased | ast.Order):
        return found.replace(expression=_value(found.expression, scope))  # type: ignore[return-value]  # the same kind
    return _value(found, scope).with_origin(found.origin)  # type: ignore[return-value,arg-type]  # a value for an expression


def _guard_part(part: Record, scope: Scope) -> Record:
    """Return a condition with the guards that it needs, and any other part unchanged."""
    if isinstance(part, ast.Comparison):
        sides = _union([missing(part.left, scope), missing(part.right, scope), _nullable_texts(part, scope)])
        part = part.replace(left=_called_present(part.left, scope), right=_called_present(part.right, scope))
        return conjunction([*_present(sides), part])
    if isinstance(part, (ast.And, ast.Or)):
        return JOINS[type(part)](_truth(operand, scope) for operand in part.operands)
    return negation(_truth(part.operand, scope)) if isinstance(part, ast.Not) else part


def _called_present(node: Expression, scope: Scope) -> Expression:
    """Return a side of a comparison behind tests for null, in which no function reads a null."""
    return substitute(node, lambda part: filled(part, scope) if isinstance(part, ast.Function) else None)


def _truth(operand: Expression, scope: Scope) -> Expression:
    """Return an operand of AND, OR or NOT that is false for a null."""
    return conjunction([*_present(missing(operand, scope)), operand])


def _nullable_texts(node: ast.Comparison, scope: Scope) -> Columns:
    """Return the nullable text columns in a comparison without a literal, where the engine treats null as the empty string."""
    sides = node.left, node.right
    if any(isinstance(side, ast.String) for side in sides):
        return ()
    columns = ((side, scope.column(side)) for side in sides)
    return tuple(side for side, column in columns if isinstance(side, ast.Column) and _is_nullable_text(column))


def _is_nullable_text(column: Column | None) -> bool:
    """Tell whether a column is a nullable text."""
    return column is not None and column.is_text and column.nullable


# --- values ----------------------------------------------------------------------------------------------------------


@unbounded
def _value(node: Expression, scope: Scope) -> Expression:
    """Return arithmetic with its nullable operands moved to the left of the first operator, where the engine handles nulls."""
    absences = missing(node, scope)
    if isinstance(node, ast.Function) and len(absences) > 1:
        subject = f"fn.{node.name}"
        raise _refused(subject, node, scope)
    if not isinstance(node, ast.Chain) or not absences:
        return node
    first, *rest = (_value(operand, scope) for operand in node.operands)
    for operator, operand in zip(node.operators, rest, strict=True):
        first = _step(operator, first, operand, scope)
    return first


def _step(operator: str, left: Expression, right: Expression, scope: Scope) -> Expression:
    """Return ``left operator right``, with the sides swapped if only the right one is nullable, and a nullable divisor without its nulls."""
    before, after = set(missing(left, scope)), set(missing(right, scope))
    if after <= before:
        return chained(operator, left, right)
    whole = chained(operator, left, right)
    if len(before | after) > 1:
        raise _refused(operator, whole, scope)
    swap = _SWAPS.get(operator)
    return present(whole, scope) if swap is None else swap(left, right)


class Presence(VerbatimExpression):
    """The test ``v = v``, which is null where *v* is, and is not guarded."""


class FirstNull(ast.Expression):
    """A null where one of several columns of one type is null, and the value of the first column where none is; a query for each case has it as a column."""

    columns: Columns


class NullWith(ast.Expression):
    """A number that is null where *column* is: a `FirstNull` of all nullable columns that the number is computed from."""

    column: ast.Column
    expression: ast.Expression


def null_with(node: NullWith, scope: Scope) -> Expression:
    """Return a number computed from several nullable columns, for which another column is null where one of them is."""
    return _null_with(node.column, node.expression, scope)


def present(node: Expression, scope: Scope) -> Expression:
    """
    Return an expression of one nullable number that is null where the number is, and reads 1 in place of a null: ``v * 0 + abs(prod(v))``.

    For a computed float it begins with ``(v = v) * 0.0``: infinity times 0 is not 0.
    """
    (column,) = missing(node, scope)
    return _null_with(column, node, scope)


def _null_with(column: ast.Column, node: Expression, scope: Scope) -> Expression:
    """Return an expression that is null where a column is."""
    known = scope.column(column)
    zero = ast.Number(0 if is_whole(node, scope) else 0.0)
    if known is not None and known.dtype == "uint64" and not zero.is_float:
        first = chained("-", column, column)
    else:
        is_finite = known is not None or is_whole(column, scope)
        first = chained("*", column if is_finite else Presence(ast.Comparison("=", column, column)), zero)
    return chained("+", first, filled(node, scope))


def _is_filled(node: Record) -> bool:
    """Tell whether an expression reads a column with 1 in place of its nulls."""
    is_product = isinstance(node, ast.Function) and node.name == "prod"
    return is_product and any(isinstance(argument, ast.Column) for argument in node.arguments[:1])  # type: ignore[attr-defined]  # a call


def _read_by(node: ast.Function) -> Iterable[object]:
    """Return the arguments that make a call null."""
    is_null = node.name in OF_ONE_ROW or (node.name.lower() in COMPUTED and not _is_filled(node))
    return node.arguments if is_null else ()


def filled(node: N, scope: Scope) -> N:
    """Return an expression with 1 in place of each null; its conditions test for null themselves."""

    def fill(part: Record) -> Record | None:
        if isinstance(part, CONDITIONS):
            return part
        if _is_filled(part):
            return part
        is_nullable = isinstance(part, ast.Column) and _is_nullable(part, scope)
        return ast.Function("prod", (part,)) if is_nullable else None  # type: ignore[arg-type]  # a column

    return substitute(node, fill)


def apart(node: N, scope: Scope) -> N:
    """Return a typed number that is computed without nulls, also where its columns are null, with guards in its conditions."""
    return filled(rebuild(node, lambda part: _guard_part(part, scope), opaque=VerbatimExpression), scope)


def is_whole(node: Expression, scope: Scope) -> bool:
    """Tell whether an expression is known to be an integer, of at most 63 bits."""
    found = infer(node, Values(scope))
    return found is not None and found.is_single and found.dtype in WHOLE


def has_own_nulls(node: Expression, scope: Scope) -> bool:
    """
    Tell whether the nulls of a typed number have its type, as those of a column have.

    A null has the type of the column that it is from: ``v + 0.5`` of an int64 is a float64 whose nulls are of int64.
    The engine reads this column correctly in the query that computes it; in a set operation it returns other values, or crashes.
    """
    found = infer(node, Values(scope))
    types = {None if (column := scope.column(part)) is None else column.dtype for part in missing(node, scope)}
    return found is not None and found.is_single and types == {found.dtype}


def called(node: ast.Function, scope: Scope) -> Expression:
    """
    Return a function of numbers that may be null.

    Raises:
        ArgumentError: the engine has no form for it.
    """
    absences = _union(missing(argument, scope) for argument in node.arguments)
    if not absences or node.name in OF_ONE_ROW:
        return node
    if node.name.lower() not in COMPUTED or _is_filled(node):
        subject = f"fn.{node.name}"
        raise _refused(subject, node, scope)
    return present(node, scope) if len(absences) == 1 else node


def negative(node: Expression) -> Expression:
    """Return the negation of a nullable number, without a minus, after which the engine shifts the values."""
    return chained("*", node, ast.Negate(ast.Number(1)))


def _refused(subject: str, node: Expression, scope: Scope) -> ArgumentError:
    """Return the error for a nullable number that the engine would read as another number."""
    from tql_grammar.printing.printer import to_tql

    names = " and ".join(repr(column.name) for column in missing(node, scope))
    why = f"{names} may be null, and the engine reads a null as another number"
    shown = rebuild(node, lambda part: part.expression if isinstance(part, VerbatimExpression) else part)
    return ArgumentError(
        subject, "takes numbers that are never null here", f"`{to_tql(shown)}`", remedy(missing(node, scope)), why=why
    )


def remedy(columns: Columns) -> str:
    """Return the hint that filters out the rows in which one of the columns is null."""
    parts = ", ".join(f"col({column.name!r}).is_not_null()" for column in columns)
    return f"filter those rows out: .where({parts}); for expressions in where and sample_by, filter in a subquery: from_(select().where(..))"


def require_present(subject: str, node: Expression, scope: Scope) -> None:
    """
    Require that an expression is never null.

    Raises:
        ArgumentError: it reads a nullable number.
    """
    if missing(node, scope):
        raise _refused(subject, node, scope)


def narrowed(scope: Scope, conditions: Iterable[Expression]) -> Scope:
    """Return the scope of the rows that match *conditions*: a column that they compare, or test for not null, is never null."""
    if scope.columns is None:
        return scope
    there = {column.name for node in conditions for column in _required(node) if column.table is None}
    if not there:
        return scope
    columns: Mapping[str, Column | None] = {
        name: column.replace(nullable=False) if column is not None and column.nullable and name in there else column
        for name, column in scope.columns.items()
    }
    return scope._replace(
        columns=columns,
        nullables=scope.nullables - there,
        absent=scope.absent - there,
        lost=scope.lost - there,
    )


@unbounded
def _required(node: Expression) -> Columns:
    """Return the columns that are not null in every row that matches a condition."""
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


# The same value with swapped sides: ``a - v`` is ``v * -1 + a``.
_SWAPS: dict[str, Callable[[Expression, Expression], Expression]] = {
    "+": lambda left, right: chained("+", right, left),
    "*": lambda left, right: chained("*", right, left),
    "-": lambda left, right: chained("+", negative(right), left),
}
# The parts of an expression that make it null.
_PARTS: dict[type, Callable[..., Iterable[object]]] = {
    Presence: lambda node: (node.expression.left,),
    NullWith: lambda node: (node.column,),
    FirstNull: lambda node: node.columns,
    ast.Aliased: lambda node: (node.expression,),
    ast.Chain: lambda node: node.operands,
    ast.Negate: lambda node: (node.operand,),
    ast.Function: _read_by,
}
