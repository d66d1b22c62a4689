"""
Aggregate functions, which reduce the rows of a group to one value, and their physical forms.

After GROUP BY, a column is the sequence of the group's values in the engine, and its functions reduce sequences.
Numbers are promoted first, since the engine's sums keep the type: ``sum(x * 1)`` is an int64 for integers and a float64 for floats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import Function, Parameter
from tql_grammar.walk import walk

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
        Function("mean", (X,), "float64", "The mean over the rows of the group."),
        Function("min", (X,), "same type", "The smallest number of the group."),
        Function("max", (X,), "same type", "The largest number of the group."),
        Function("first", (X,), "same type", "The value in the first row of the group, in the order of the source."),
    )
}


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
    """Return whether *node* is an aggregate in a grouped query; elsewhere ``sum`` reduces the array of one row."""
    return isinstance(node, ast.Function) and node.name in FORMS and len(node.arguments) == (node.name != "count")


def only_aggregates(node: Record) -> bool:
    """Return whether *node* contains an aggregate that is not also a function of arrays."""
    return any(is_aggregate(part) and part.name in AGGREGATES for part in walk(node))  # type: ignore[attr-defined]  # an aggregate is a Function
