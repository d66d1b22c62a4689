"""Python signatures of the catalogue's functions: parameters, defaults and docstrings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from inspect import Signature

    from tql_grammar.functions import Function

# What each kind of parameter takes, for people.
KINDS = {
    "value": "a column's name, an expression or a number",
    "column": "a column's name",
    "vector": "numbers of shape (d,), converted to float32; or a column's name, an expression",
    "matrix": "numbers of shape (n, d), converted to float32; or a column's name, an expression",
    "text": "a text, or a number for an array",
    "index": "an int",
    "axis": "-1, the last one, or left out for all elements",
    "weights": "pairs of a condition and a number, such as ``(col('a') > 1, 2.0)``",
}


def in_order(function: Function, values: tuple[object, ...], named: dict[str, object]) -> list[object]:
    """Return arguments in the order of the parameters."""
    try:
        return list(signature(function).bind(*values, **named).args)
    except TypeError as error:
        rule = f"takes {', '.join(parameter.name for parameter in function.parameters) or 'nothing'}"
        subject = f"fn.{function.name}"
        raise ArgumentError(subject, rule, str(error)) from None


def signature(function: Function) -> Signature:
    """Return the parameters of a function, as `inspect` and editors show them."""
    from inspect import Parameter, Signature  # a sixth of the time of `import tql`, which needs none

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
    """Return the docstring of a function: its meaning, what it takes and gives, and the text that results."""
    taken = "".join(f"    {parameter.name}: {KINDS[parameter.kind]}.\n" for parameter in function.parameters)
    arguments = f"\nArgs:\n{taken}" if taken else ""
    form = function.form or f"{function.name}({', '.join(parameter.name for parameter in function.parameters)})"
    return f"{function.meaning}\n\nThe text is ``{form}``.\n{arguments}\nReturns:\n    {function.result}.\n"
