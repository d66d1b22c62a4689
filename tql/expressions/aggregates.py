"""
Aggregate functions, which reduce the rows of a group to one value, and their physical forms.

After GROUP BY, a column is the sequence of the group's values in the engine, and its functions reduce sequences.
Numbers are promoted first, since the engine's sums keep the type: ``sum(x * 1)`` is an int64 for integers and a float64 for floats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import Function, Parameter
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.walk import below

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record

ONE = "n"
X = Parameter("x")

AGGREGATES: dict[str, Function] = {
    function.name: function
    for function in (
        Function("count", (), "int64", "The number of rows of the group."),
        Function(
            "sum", (X,), "int64 for integers and bools, float64 for floats", "The sum over the rows of the group."
        ),
        Function("mean", (X,), "float64", "The mean over the rows of the group."),
        Function(
            "min",
            (X,),
            "same type",
            "The smallest number or text of the group; NaN where one is NaN, if the type is known.",
        ),
        Function(
            "max",
            (X,),
            "same type",
            "The largest number or text of the group; NaN where one is NaN, if the type is known.",
        ),
        Function("first", (X,), "same type", "The value in the first row of the group, in the order of the source."),
    )
}
"""The functions of groups: an output with one makes its query a query of groups."""
OF_ROWS: dict[str, Function] = {
    "asum": Function(
        "asum",
        (X,),
        "int64 for integers and bools, float64 for floats; 0 for an empty array",
        "The sum of the elements of the array of one row.",
        "sum(x * 1)",
    )
}
"""The functions of one row whose names in the engine are those of aggregates."""


def _call(function: str, *arguments: Expression) -> Expression:
    """Return ``function(..)``."""
    return ast.Function(function, arguments)


def _times(value: Expression, one: float) -> Expression:
    """Return *value* times *one*: an int64 for integers and 1, a float64 for floats or 1.0."""
    return ast.Chain(("*",), (value, ast.Number(one)))


FORMS: dict[str, Callable[[Expression], Expression]] = {
    "count": lambda ones: _call("sum", ones),
    "sum": lambda value: _call("sum", _times(value, 1)),
    "mean": lambda value: _call("avg", _times(value, 1.0)),
    "min": lambda value: _call("amin", value),
    "max": lambda value: _call("amax", value),
    "first": lambda value: ast.Subscript(value, (ast.Number(0),)),
    # The engine reads the last element for every index beyond it.
    "last": lambda value: ast.Subscript(value, (ast.Number(2**63 - 1),)),
}


def is_aggregate(node: object) -> bool:
    """Return whether *node* is an aggregate."""
    return isinstance(node, ast.Function) and node.name in FORMS and len(node.arguments) == (node.name != "count")


def only_aggregates(node: Record) -> bool:
    """Return whether *node* contains an aggregate; what `raw` says is the engine's."""
    stack: list[object] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, tuple):
            stack += part
        elif isinstance(part, ast.Node) and not isinstance(part, VerbatimExpression):
            if is_aggregate(part):
                return True
            stack += below(part)
    return False
