"""
The catalogue of functions as ``tql/fn.pyi``, for editors and type checkers.

``python -m tests.tql.stubs`` writes the file; a test compares it.
"""

import textwrap
from pathlib import Path

from tql.expressions.aggregates import AGGREGATES, OF_ROWS
from tql.signatures import documentation
from tql_grammar.functions import CATALOGUE, Function, Parameter

STUBS = Path(__file__).parents[2] / "tql" / "fn.pyi"
HEAD = '"""The functions of TQL; written from the catalogue of `tql_grammar.functions` by `tests/tql/stubs.py`."""\n\nfrom tql.expressions.expr import Expr\n\n'
KINDS = {
    **dict.fromkeys(("value", "numbers", "json"), "Expr | str | float"),
    "column": "Expr | str",
    "text": "Expr | str | float",
    "index": "int",
    "axis": "int | None",
}


def stubs() -> str:
    """Return the whole file."""
    return HEAD + "\n".join(map(stub, {**CATALOGUE, **OF_ROWS, **AGGREGATES}.values()))


def stub(function: Function) -> str:
    """Return the declaration of one function."""
    names = ", ".join(map(declared, function.parameters))
    text = textwrap.indent(documentation(function), "    ")
    return f'def {function.name}({names}) -> Expr:\n    """{text.lstrip()}    """\n'


def declared(parameter: Parameter) -> str:
    """Return the declaration of one parameter."""
    if parameter.kind == "weights":
        return "*weights: tuple[Expr, float]"
    return f"{parameter.name}: {KINDS.get(parameter.kind, 'object')}{' = None' if parameter.optional else ''}"


if __name__ == "__main__":
    STUBS.write_text(stubs(), encoding="utf-8")
