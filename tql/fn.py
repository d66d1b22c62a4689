"""
The functions of TQL as Python functions: ``fn.cosine_similarity("embedding", vector)``.

They come from the catalogue of `tql_grammar.functions`; ``fn.pyi`` is written from it for editors and type checkers.
A str is a column's name where a column or value is asked for, and a text where a text is.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, SupportsIndex

from tql.expressions.aggregates import AGGREGATES
from tql.expressions.expr import Expr, condition, expression
from tql.messages import shown
from tql.signatures import documentation, in_order, signature
from tql.values.literal import LARGEST_INT, literal, matrix, name, operand, vector
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import ABSENT, CATALOGUE, UNCALLABLE, Function

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression


def _value(subject: str, value: object) -> Expression:
    """Return an expression; a str is the name of a column."""
    return ast.Column(name(subject, value)) if isinstance(value, str) else operand(subject, value)


def _vector(subject: str, value: object) -> Expression:
    """Return an expression, or a vector."""
    if isinstance(value, (Expr, str)):
        return expression(subject, value)
    return vector(subject, value)


def _matrix(subject: str, value: object) -> Expression:
    """Return an expression, or a matrix."""
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
    """Return the last axis."""
    if isinstance(value, bool) or value != -1:
        raise ArgumentError(
            subject, "takes axis=-1, the last: the engine computes any other axis wrongly", shown(value)
        )
    return literal(subject, -1)


_READ: dict[str, Callable[[str, object], Expression]] = {
    "value": _value,
    "column": expression,
    "vector": _vector,
    "matrix": _matrix,
    "text": operand,
    "index": _index,
    "axis": _axis,
}


def _weights(function: Function, pairs: tuple[object, ...]) -> tuple[Expression, ...]:
    """Return pairs of a condition and a weight."""
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
    """Return the arguments of a call as the catalogue asks for them."""
    subject = f"fn.{function.name}"
    if not function.required <= len(values) <= len(function.parameters):
        rule = f"takes {', '.join(parameter.name for parameter in function.parameters) or 'nothing'}"
        raise ArgumentError(subject, rule, f"{len(values)} arguments")
    return tuple(
        _READ[parameter.kind](subject, value) for parameter, value in zip(function.parameters, values, strict=False)
    )


def _is_weighted(function: Function) -> bool:
    """Tell whether a function takes any number of pairs."""
    return any(parameter.kind == "weights" for parameter in function.parameters)


@cache
def _callable(function: Function) -> Callable[..., Expr]:
    """Return the Python function for one of TQL."""

    def call(*values: object, **named: object) -> Expr:
        if named:
            return call(*in_order(function, values, named))
        read = _weights if _is_weighted(function) else _arguments
        return Expr(ast.Function(function.name, read(function, values)))

    call.__name__ = call.__qualname__ = function.name
    call.__doc__ = documentation(function)
    call.__signature__ = signature(function)  # type: ignore[attr-defined]  # what inspect reads
    return call


def __getattr__(attribute: str) -> Callable[..., Expr]:
    """Return the function of that name."""
    function = CATALOGUE.get(attribute) or AGGREGATES.get(attribute)
    if function is not None:
        return _callable(function)
    message = f"TQL has no function `{attribute}`: {_instead(attribute)}"
    raise AttributeError(message)


def _instead(attribute: str) -> str:
    """Return what to write in place of a function that is not there."""
    absent = {**ABSENT, **UNCALLABLE}.get(attribute.upper())
    if absent is not None:
        return absent.builder or absent.text
    from difflib import get_close_matches

    near = get_close_matches(attribute.lower(), [*CATALOGUE, *AGGREGATES], n=1)
    return f"did you mean `fn.{near[0]}`?" if near else f'raw("{attribute}(..)") writes one that the program registered'


def __dir__() -> list[str]:
    """Return the names of all functions."""
    return sorted([*CATALOGUE, *AGGREGATES])
