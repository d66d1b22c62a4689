"""Aggregates of numbers that may be null, as aggregates of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql.expressions.aggregates import is_aggregate
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import OF_ONE_ROW
from tql_grammar.printing.printer import to_tql
from tql_grammar.record import Record
from tql_grammar.rewrite.elements import shape
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.rewrite.nullable import absent, is_whole, missing, remedy
from tql_grammar.rewrite.typed import legalize_value
from tql_grammar.walk import below, rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

N = TypeVar("N", bound="Record")
# The functions of the elements of one array, by aggregate.
OF_ARRAYS = {"sum": "asum", "mean": "avg", "min": "amin", "max": "amax"}
# The aggregates of rows, by the function of the elements of one array.
OF_ROWS = {array: rows for rows, array in OF_ARRAYS.items()}
# Types without sums.
OTHERS = frozenset({"text", "json", "bytes"})


def refuse_arrays_of_one(nodes: Iterable[Record], scope: Scope) -> None:
    """
    Refuse functions of the elements of an array over a column with one number in each row; they would return that number.

    Raises:
        ArgumentError: a function of arrays reads a column of single numbers.
    """
    for part in (found for node in nodes for found in _written(node)):
        if isinstance(part, ast.Function) and part.name in OF_ROWS and len(part.arguments) == 1:
            _refuse_single(part, scope.column(part.arguments[0]))


def _refuse_single(function: ast.Function, column: Column | None) -> None:
    """Refuse a function of arrays over a column that is known to have one number in each row."""
    if column is not None and column.is_number and column.is_single:
        argument = repr(to_tql(function.arguments[0]))
        why = f"the column has the type {column}, one number in each row"
        hint = f"to reduce the rows of a group, write fn.{OF_ROWS[function.name]}({argument})"
        subject = f"fn.{function.name}"
        raise ArgumentError(subject, "takes a column of arrays", argument, hint, why=why)


def _written(node: Record) -> Iterator[Record]:
    """Yield the parts of an expression, but for those of `raw`."""
    stack: list[object] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, tuple):
            stack += part
        elif isinstance(part, Record) and not isinstance(part, VerbatimExpression):
            yield part
            stack += below(part)


def without_nulls(node: N, scope: Scope) -> N:
    """
    Return *node* with the aggregates of nullable numbers by those of numbers: a sum of one null is 0, and a mean is the sum over the count without nulls.

    Raises:
        ArgumentError: an aggregate of what is no number, or the smallest or the largest of nullable numbers: the engine has no form for them.
    """
    return rebuild(node, lambda part: _reduction(part, scope) if _is_numeric(part) else part)  # type: ignore[arg-type]  # a function


def _is_numeric(node: Record) -> bool:
    """Tell whether *node* is an aggregate of numbers."""
    return isinstance(node, ast.Function) and is_aggregate(node) and node.name not in {"count", *OF_ONE_ROW}


def _reduction(node: ast.Function, scope: Scope) -> Expression:
    """Return an aggregate of numbers without their nulls."""
    (argument,) = node.arguments
    subject = f"fn.{node.name}"
    column = scope.column(argument)
    if column is not None and column.dtype in OTHERS:
        rule, why = "aggregates numbers only", f"the column has the type {column}"
        raise ArgumentError(subject, rule, repr(argument.name), _of_others(column.dtype), why=why)  # type: ignore[attr-defined]  # a column
    if shape(argument, scope) or (column is not None and not column.is_single):
        rule, why = "aggregates one number of each row", "each row has an array"
        raise ArgumentError(subject, rule, f"`{to_tql(argument)}`", _of_arrays(node, argument), why=why)
    absences = missing(argument, scope)
    if not absences:
        return node
    form = NULLABLE.get(node.name)
    if form is None:
        rule, why = "takes numbers that are never null", "the engine has no form that leaves nulls out"
        names = ", ".join(repr(absence.name) for absence in absences)
        raise ArgumentError(subject, rule, f"{names}, which may be", remedy(absences), why=why)
    return form(_single_sum(legalize_value(argument, scope), scope), absent(absences))


def _of_others(dtype: str) -> str:
    """Return the remedy for the aggregate of a column that has no numbers."""
    if dtype == "text":
        return "a text has no sum and no mean: fn.min and fn.max take texts, and fn.count() counts rows"
    if dtype == "json":
        return "aggregate a number of it, col('meta')['price'], where every row has it"
    return "the first of a sort is the smallest: select(..).order_by(..).limit(1), with desc(..) the largest"


def _of_arrays(node: ast.Function, argument: Expression) -> str:
    """Return the remedy for the aggregate of arrays: of an element, the engine has no number but in a subquery."""
    if any(isinstance(part, ast.Subscript) for part in walk(argument)):
        return f"select the element in a subquery: select(x=fn.{node.name}('x')).from_(select(x=..))"
    return f"reduce each row first: fn.{OF_ARRAYS[node.name]}(..), alone or in fn.{node.name}(..)"


def _single_sum(argument: Expression, scope: Scope) -> Expression:
    """
    Return the sum of each single number: that of a null is 0, and null times 1 is no more than null.

    The engine takes the type of all of them from the first, and that of a null is no float, so a literal decides the type of computed ones.
    """
    found = ast.Function("sum", (argument,))
    if scope.column(argument) is not None:
        return VerbatimExpression(found)
    return VerbatimExpression(ast.Chain(("*",), (found, ast.Number(1 if is_whole(argument, scope) else 1.0))))


def _sum_without_nulls(single: Expression, _absent: Expression) -> Expression:
    """Return the sum of what is not null."""
    return ast.Function("sum", (single,))


def _mean_without_nulls(single: Expression, absent: Expression) -> Expression:
    """Return the mean of what is not null."""
    there = ast.Chain(("-",), (ast.Function("count"), ast.Function("sum", (absent,))))
    return ast.Chain(("/",), (_sum_without_nulls(single, absent), there))


NULLABLE: dict[str, Callable[[Expression, Expression], Expression]] = {
    "sum": _sum_without_nulls,
    "mean": _mean_without_nulls,
}
