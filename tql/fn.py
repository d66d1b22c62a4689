"""
The functions of TQL as Python functions: ``fn.cosine_similarity("embedding", vector)``.

They are created from the catalogue of `tql_grammar.functions`, as is ``fn.pyi`` for editors and type checkers.
A str is the name of a column where a parameter is a column or a value, and a literal where it is a text.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, SupportsIndex

from tql.expressions.aggregates import AGGREGATES, OF_ROWS
from tql.expressions.expr import Expr, condition, expression
from tql.expressions.operators import present
from tql.messages import shown
from tql.signatures import documentation, in_order, parameters_of, signature
from tql.values.literal import LARGEST_INT, column_name, literal, matrix, operand, vector
from tql_grammar import ast
from tql_grammar.absent import ABSENT, UNCALLABLE
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import CATALOGUE, Function

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression


def _value(subject: str, value: object) -> Expression:
    """Return a number or an expression; a str is the name of a column."""
    return ast.Column(column_name(subject, value)) if isinstance(value, str) else operand(subject, value)


def _vector(subject: str, value: object) -> Expression:
    """Return a vector or an expression; a str is the name of a column."""
    if isinstance(value, (Expr, str)):
        return expression(subject, value)
    return vector(subject, value)


def _matrix(subject: str, value: object) -> Expression:
    """Return a matrix or an expression; a str is the name of a column."""
    if isinstance(value, (Expr, str)):
        return expression(subject, value)
    return matrix(subject, value)


def _index(subject: str, value: object) -> Expression:
    """Return an integer literal."""
    if (
        isinstance(value, bool)
        or not isinstance(value, SupportsIndex)
        or not -LARGEST_INT <= value.__index__() <= LARGEST_INT
    ):
        raise ArgumentError(subject, "takes an int", shown(value))
    return literal(subject, value.__index__())


def _axis(subject: str, value: object) -> Expression:
    """Return the literal of the last axis."""
    if isinstance(value, bool) or value != -1:
        why = "the engine computes any other axis wrongly"
        raise ArgumentError(subject, "takes axis=-1, the last axis", shown(value), why=why)
    return literal(subject, -1)


NAMED: dict[str, Function] = {**CATALOGUE, **OF_ROWS, **AGGREGATES}
_READ: dict[str, Callable[[str, object], Expression]] = {
    **dict.fromkeys(("value", "numbers", "json"), _value),
    "column": expression,
    "vector": _vector,
    "matrix": _matrix,
    "text": lambda subject, value: operand(subject, present(subject, value)),
    "index": _index,
    "axis": _axis,
}


def _weights(function: Function, pairs: tuple[object, ...]) -> tuple[Expression, ...]:
    """Return the arguments of a function that takes pairs of a condition and a weight."""
    subject = f"fn.{function.name}"
    found: list[Expression] = []
    for pair in pairs:
        if (
            not isinstance(pair, tuple)
            or len(pair) != len(("condition", "weight"))
            or isinstance(pair[1], (bool, str, Expr))
        ):
            raise ArgumentError(
                subject, "takes pairs of a condition and a number", shown(pair), f'{subject}((col("a") > 1, 2.0), ..)'
            )
        found.append(ast.Pair(condition(subject, pair[0]), literal(subject, pair[1])))
    return tuple(found)


def _arguments(function: Function, values: tuple[object, ...]) -> tuple[Expression, ...]:
    """Return the arguments of a call, each converted by the kind of its parameter."""
    subject = f"fn.{function.name}"
    if not function.required <= len(values) <= len(function.parameters):
        number = f"{len(values)} argument{'' if len(values) == 1 else 's'}"
        raise ArgumentError(subject, parameters_of(function), number)
    return tuple(
        _READ[parameter.kind](subject, value) for parameter, value in zip(function.parameters, values, strict=False)
    )


def _is_weighted(function: Function) -> bool:
    """Return whether a function takes any number of pairs of a condition and a weight."""
    return any(parameter.kind == "weights" for parameter in function.parameters)


COUNT_DISTINCT = 'count distinct values in two queries: select(n=fn.count()).from_(select("source").distinct())'


def _counted(values: tuple[object, ...], named: dict[str, object]) -> ArgumentError:
    """Return the error for arguments of `fn.count`."""
    hint = "write fn.count() for the number of rows; for the values that are not null, select(n=fn.count()).where(col(..).is_not_null())"
    found = f"{', '.join(map(shown, values))}{f', {next(iter(named))}=..' if named else ''}".removeprefix(", ")
    return ArgumentError("fn.count", "takes nothing", found, COUNT_DISTINCT if named else f"{hint}; {COUNT_DISTINCT}")


@cache
def _callable(function: Function) -> Callable[..., Expr]:
    """Return the Python function of a function of the catalogue."""

    def call(*values: object, **named: object) -> Expr:
        if function.name == "count" and (values or named):
            raise _counted(values, named)
        if named:
            return call(*in_order(function, values, named))
        read = _weights if _is_weighted(function) else _arguments
        return Expr(ast.Function(function.name, read(function, values)))

    call.__name__ = call.__qualname__ = function.name
    call.__doc__ = documentation(function)
    call.__signature__ = signature(function)  # type: ignore[attr-defined]  # inspect and editors read it
    return call


def __getattr__(attribute: str) -> Callable[..., Expr]:
    """Return the function of that name; an unknown name raises AttributeError with the nearest one."""
    function = NAMED.get(attribute)
    if function is not None:
        return _callable(function)
    message = f"TQL has no function `{attribute}`: {_instead(attribute)}"
    raise AttributeError(message)


def _instead(attribute: str) -> str:
    """Return the remedy for the name of a function that does not exist."""
    if attribute.lower().replace("_", "") in {"countdistinct", "nunique", "approxcountdistinct", "approxdistinct"}:
        return COUNT_DISTINCT
    absent = {**ABSENT, **UNCALLABLE}.get(attribute.upper())
    if absent is not None:
        return absent.builder or absent.text
    from difflib import get_close_matches

    from tql.habits import FN, advice

    if attribute in FN:
        return advice(FN[attribute])

    longer = [name for name in NAMED if name.startswith(f"{attribute.lower()}_")]
    near = get_close_matches(attribute.lower(), [*NAMED], n=1) or longer
    return (
        f"did you mean `fn.{near[0]}`?"
        if near
        else f'for a function that your program registered, write raw("{attribute}(..)")'
    )


def __dir__() -> list[str]:
    """Return the names of all functions."""
    return sorted(NAMED)
