"""
The cheapest form of an aggregate among those that are proven equal.

The engine's sums keep the type, so numbers are multiplied by 1 first, which computes every row: an int64 and a float64 have room already.
Ones that are summed need a SELECT of their own; the length of a column that is never null counts the rows of a group as well.
Both hold for the columns of a dataset, with or without WHERE; `tests/tql/compiler/legalize/test_cheapest.py` compares the forms bit by bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.plan.nodes import Filter, Scan
from tql.plan.schema import schema
from tql_grammar import ast
from tql_grammar.rewrite.scope import UNKNOWN
from tql_grammar.schema import NOT_NUMERIC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql.plan.nodes import Plan
    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

# The types that have room for the result of an aggregate, and the engine's function. AVG of an int64 is right too, but the engine calls its type int64.
UNPROMOTED = {("sum", "int64"): "sum", ("sum", "float64"): "sum", ("mean", "float64"): "avg"}


def of_dataset(rows: Plan) -> Scope:
    """
    Return the columns of the dataset whose rows, with or without a condition, are *rows*; those of other operations are unknown.

    A nullable column stays nullable where a condition excludes its nulls: SHAPE of it crashes the engine all the same.
    """
    while isinstance(rows, Filter):
        rows = rows.child
    return schema(rows) if isinstance(rows, Scan) else UNKNOWN


def unpromoted(name: str, value: Expression, scope: Scope) -> Expression | None:
    """Return the aggregate *name* of a column of a dataset whose type has room for the result, or None for any other value."""
    column = _number(value, scope)
    function = None if column is None else UNPROMOTED.get((name, column.dtype))
    return None if function is None else ast.Function(function, (value,))


def countable(scope: Scope, preferred: Iterable[str]) -> Expression | None:
    """
    Return the column whose length counts the rows of a group, or None if no column is known to be a number that is never null.

    The *preferred* ones are read anyway.
    """
    for name in (*preferred, *(scope.columns or ())):
        column = ast.Column(name)
        if _number(column, scope) is not None:
            return column
    return None


def length(column: Expression) -> Expression:
    """Return the number of rows of a group, which is a uint32, as an int64."""
    first = ast.Subscript(ast.Function("shape", (column,)), (ast.Number(0),))
    return ast.Chain(("*",), (first, ast.Number(1)))


def _number(value: Expression, scope: Scope) -> Column | None:
    """Return the type of a column that has one number or bool in each row and is never null."""
    column = scope.column(value)
    if column is None or column.nullable or not column.is_single or column.is_label:
        return None
    return None if column.dtype in NOT_NUMERIC else column
