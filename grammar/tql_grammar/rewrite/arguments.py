"""The types of the columns that functions take: of others the engine computes nothing, or a condition that is always false, whose negation every row meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import CATALOGUE
from tql_grammar.schema import NOT_NUMERIC, UNKNOWN_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

# What a parameter takes: whether a column is that, and what to do with another one.
TAKEN: dict[str, tuple[Callable[[Column], bool], str, str]] = {
    "numbers": (
        lambda column: column.dtype not in NOT_NUMERIC,
        "numbers",
        "use a column of numbers; texts compare with ==, <, .in_(..) and .startswith(..)",
    ),
    "json": (lambda column: column.dtype == "json", "JSON", "use a column of JSON"),
}


LISTS_OF_TEXTS = 'store them in a JSON column, {"tags": ["a", "b"]}, and write col("meta")["tags"].contains("a")'


def require_arguments(node: ast.Function, scope: Scope) -> None:
    """
    Require that the columns that a function gets are of types that it takes.

    Raises:
        ArgumentError: one of them is not.
    """
    name = node.name.lower()
    subject = f"fn.{name}"
    function = CATALOGUE.get(name)
    for parameter, argument in zip(() if function is None else function.parameters, node.arguments, strict=False):
        column = _known(argument, scope)
        is_taken, kind, hint = TAKEN.get(parameter.kind, (None, "", ""))
        if column is not None and is_taken is not None and not is_taken(column):
            raise ArgumentError(
                subject,
                f"takes {kind}",
                f"a column of {column}",
                hint,
                why="the engine computes it of nothing else",
            )
    if name == "contains" and len(node.arguments) > 1:
        _require_one(node.arguments[1])
        _require_elements(node.arguments[0], node.arguments[1], scope)


def _known(node: Expression, scope: Scope) -> Column | None:
    """Return the column of a known type that an argument is, or None."""
    column = scope.column(node)
    return None if column is None or column.dtype == UNKNOWN_TYPE else column


def _require_one(value: Expression) -> None:
    """Raise ArgumentError for CONTAINS of several values: no row of an array meets it, and with JSON the engine fails."""
    if isinstance(value, (ast.Array, ast.Vector)):
        hint = (
            "any_of([col(..).contains(one) for one in ..]) has rows with one of them, and all_of([..]) those with all"
        )
        why = "the engine looks for no list of values"
        raise ArgumentError("contains", "takes one value", "a list", hint, why=why)


def _require_no_texts(column: Column) -> None:
    """Raise ArgumentError for CONTAINS of a column of sequences of texts; the keys of an object, which have no shape, are none."""
    if column.kind == "sequence" and column.dtype == "text" and column.shape:
        rule, crash = (
            "takes no column of sequences of texts",
            "CONTAINS of one crashes the engine in about half of its runs",
        )
        raise ArgumentError("fn.contains", rule, f"a column of {column}", LISTS_OF_TEXTS, why=crash)


def _require_elements(node: Expression, value: Expression, scope: Scope) -> None:
    """Raise ArgumentError for CONTAINS that no row meets: of a single number, of a matrix, or of a value of another type than the elements."""
    column = _known(node, scope)
    if column is None or column.dtype == "json":
        return
    _require_no_texts(column)
    is_text = isinstance(value, ast.String)
    why = "no row meets it in the engine, and every row its negation"
    if (column.is_single and not column.is_text) or len(column.shape) > 1:
        rule, hint = (
            "takes a column of texts, arrays or sequences",
            "compare numbers with == or .in_(..); test a matrix with fn.any(col(..) == 3)",
        )
        raise ArgumentError("fn.contains", rule, f"a column of {column}", hint, why=why)
    if isinstance(value, (ast.String, ast.Number, ast.Boolean)) and is_text is not (column.dtype == "text"):
        rule, hint = "takes a value of the type of the elements", 'write texts as "3", and numbers as 3'
        raise ArgumentError("fn.contains", rule, f"{value.value!r} for a column of {column}", hint, why=why)
