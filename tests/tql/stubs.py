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
HEAD = '"""The functions of TQL; written from the catalogue of `tql_grammar.functions` by `tests/tql/stubs.py`."""\n\nfrom tql.columns import AnyValue, Filter, GroupKey, Numbers, Output, RowNumber\nfrom tql.expressions.expr import Expr\n\n'
KINDS = {
    **dict.fromkeys(("value", "json", "text"), "AnyValue"),
    "numbers": "Numbers",
    "column": "Output",
    "index": "int",
    "axis": "int | None",
}
# The parameter of each function that reduces several values, whose kind is "value" for all types.
REDUCED = {
    **dict.fromkeys(("sum", "mean"), "RowNumber"),
    **dict.fromkeys(("min", "max"), "GroupKey | float"),
    "asum": "Numbers",
}


def stubs() -> str:
    """Return the whole file."""
    return HEAD + "\n".join(map(stub, {**CATALOGUE, **OF_ROWS, **AGGREGATES}.values()))


def stub(function: Function) -> str:
    """Return the declaration of one function."""
    names = ", ".join(declared(function, parameter) for parameter in function.parameters)
    text = textwrap.indent(documentation(function), "    ")
    return f'def {function.name}({names}) -> Expr:\n    """{text.lstrip()}    """\n'


def declared(function: Function, parameter: Parameter) -> str:
    """Return the declaration of one parameter of a function."""
    if parameter.kind == "weights":
        return "*weights: tuple[Filter, float]"
    kind = KINDS.get(parameter.kind, "object")
    if {**OF_ROWS, **AGGREGATES}.get(function.name) is function:
        kind = REDUCED.get(function.name, kind)
    return f"{parameter.name}: {kind}{' = None' if parameter.optional else ''}"


if __name__ == "__main__":
    STUBS.write_text(stubs(), encoding="utf-8")
