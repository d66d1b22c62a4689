"""Python signatures and docstrings of the functions of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from inspect import Signature

    from tql_grammar.functions import Function

# The description of each kind of parameter in docstrings.
KINDS = {
    **dict.fromkeys(("value", "numbers", "json"), "the name of a column, an expression or a number"),
    "column": "the name of a column",
    "vector": "numbers of shape (d,), converted to float32; or the name of a column, or an expression",
    "matrix": "numbers of shape (n, d), converted to float32; or the name of a column, or an expression",
    "text": "a text, or a number for an array",
    "index": "an int",
    "axis": "-1 for the last axis; by default all elements are reduced",
    "weights": "pairs of a condition and a number, such as ``(col('a') > 1, 2.0)``",
}


def in_order(function: Function, values: tuple[object, ...], named: dict[str, object]) -> list[object]:
    """Return the arguments of a call in the order of the parameters."""
    try:
        return list(signature(function).bind(*values, **named).args)
    except TypeError as error:
        subject = f"fn.{function.name}"
        raise ArgumentError(subject, parameters_of(function), "", why=str(error)) from None


def parameters_of(function: Function) -> str:
    """Return the rule of a message about a wrong number of arguments: ``takes a, b``."""
    return f"takes {', '.join(parameter.name for parameter in function.parameters) or 'nothing'}"


def signature(function: Function) -> Signature:
    """Return the signature of a function for `inspect` and editors."""
    from inspect import Parameter, Signature  # imported here, since it takes a sixth of the time of `import tql`

    declared = [
        Parameter(
            parameter.name,
            Parameter.VAR_POSITIONAL if parameter.kind == "weights" else Parameter.POSITIONAL_OR_KEYWORD,
            default=None if parameter.optional else Parameter.empty,
        )
        for parameter in function.parameters
    ]
    return Signature(declared, return_annotation="Expr")


def documentation(function: Function) -> str:
    """Return the docstring of a function: its meaning, its TQL, its parameters and its result."""
    taken = "".join(f"    {parameter.name}: {KINDS[parameter.kind]}.\n" for parameter in function.parameters)
    arguments = f"\nArgs:\n{taken}" if taken else ""
    form = function.form or f"{function.name}({', '.join(parameter.name for parameter in function.parameters)})"
    return f"{function.meaning}\n\nThe TQL is ``{form}``.\n{arguments}\nReturns:\n    {function.result}.\n"
