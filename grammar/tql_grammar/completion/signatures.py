"""Signature help: the function that is called around an offset, its parameters, and the one at the offset."""

from __future__ import annotations

from typing import NamedTuple

from tql_grammar.completion.calls import open_call
from tql_grammar.completion.describe import function_text
from tql_grammar.completion.place import place_at
from tql_grammar.record import Record


class ParameterHelp(NamedTuple):
    """
    One parameter.

    Attributes:
        name: its name; in brackets if it can be omitted.
        meaning: the values that it takes.
    """

    name: str
    meaning: str


class Signature(Record):
    """
    The signature of a function that is called.

    Attributes:
        label: the name and the parameters.
        text: the meaning of the function, and its result, in Markdown.
        parameters: the parameters in order.
        active: the index of the parameter at the offset; the number of parameters or more if there are too many arguments.
    """

    label: str
    text: str
    parameters: tuple[ParameterHelp, ...]
    active: int


KINDS = {
    "value": "an expression",
    "numbers": "an expression of numbers or bools",
    "json": "an expression of JSON",
    "column": "the name of a column",
    "vector": "a column of vectors, or ARRAY[..] of as many numbers",
    "matrix": "a column of matrices, or ARRAY[ARRAY[..], ..]",
    "text": "a string in single quotes",
    "index": "an integer from 0",
    "axis": "-1, the last axis",
    "weights": "pairs of a condition and a weight: a > 1: 2.0, b > 3: 0.5",
    "bm25": "a column of text with a BM25 index",
    "bytes": "a column of vectors of uint8",
}


def signature(text: str, offset: int) -> Signature | None:
    """Return the signature of the function that is called around an offset, or None outside of a call."""
    call = open_call(place_at(text, offset).tokens)
    if call is None:
        return None
    function = call.function
    kinds = [call._replace(argument=index).takes for index in range(len(function.parameters))]
    found = tuple(
        ParameterHelp(f"[{parameter.name}]" if parameter.optional else parameter.name, KINDS[kind])
        for parameter, kind in zip(function.parameters, kinds, strict=True)
    )
    label = f"{function.name}({', '.join(parameter.name for parameter in found)})"
    written = f"{function_text(function)}\n\nReturns: {function.result}."
    # The pairs of weights are one parameter.
    weights = any(parameter.kind == "weights" for parameter in function.parameters)
    return Signature(label, written, found, 0 if weights else call.argument)
