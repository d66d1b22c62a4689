"""The columns that fit at a place: by the argument of a call, the operand of a comparison, or the clause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.completion.calls import open_call
from tql_grammar.schema import FLOATS, INTEGERS, Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tql_grammar.syntax.lexer import Token

    Fits = Callable[[Column], bool]

NUMBERS = frozenset({*INTEGERS, *FLOATS, "bool"})
COMPARISONS = frozenset({"EQUAL", "EQUALS", "NOT_EQUAL", "LESS", "MORE", "LESS_EQUAL", "MORE_EQUAL"})
# The tokens between a column and a value that it is compared with, the longest first.
OPERATORS = (("NOT", "IN", "LPAR"), ("IN", "LPAR"), *((kind,) for kind in sorted(COMPARISONS)))
ARITHMETIC = frozenset({"PLUS", "DASH", "STAR", "SLASH", "MODULO"})
VECTOR, MATRIX = 1, 2
# The columns that fit as an argument, by its kind in `OpenCall.takes`.
ARGUMENTS: dict[str, Fits] = {
    "vector": lambda column: column.kind == "embedding" or (len(column.shape) == VECTOR and column.dtype in NUMBERS),
    "matrix": lambda column: len(column.shape) == MATRIX and column.dtype in NUMBERS,
    "bytes": lambda column: column.dtype == "uint8" and len(column.shape) == VECTOR,
    "numbers": lambda column: column.dtype in NUMBERS,
    "json": lambda column: column.dtype == "json",
    "text": lambda column: column.is_text,
    "bm25": lambda column: "bm25" in column.indexes,
    "weights": lambda column: column.is_single and column.dtype in NUMBERS,
}
# The columns that fit first in a clause.
OF_CLAUSE: dict[str, Fits] = {
    **dict.fromkeys(("WHERE", "HAVING", "ON"), lambda column: column.is_single),
    **dict.fromkeys(("ORDER", "GROUP", "SAMPLE"), lambda column: column.is_single and column.dtype != "json"),
}


def fitting(tokens: Sequence[Token], clause: str, columns: Mapping[str, Column | None]) -> Fits:
    """Return the test of the columns that fit after some tokens of a clause."""
    last = tokens[-1].kind if tokens else ""
    if last in {"LIKE", "ILIKE"}:
        return ARGUMENTS["text"]
    if last in COMPARISONS:
        return _like(compared(tokens, columns))
    call = open_call(tokens)
    if call is not None:
        return ARGUMENTS.get(call.takes, _any)
    if last in ARITHMETIC:
        return ARGUMENTS["numbers"]
    return OF_CLAUSE.get(clause, _any)


def _any(_column: Column) -> bool:
    """Return True for every column."""
    return True


def compared(tokens: Sequence[Token], columns: Mapping[str, Column | None]) -> Column | None:
    """Return the column that the value at a place is compared with, by an operator or by IN."""
    kinds = [token.kind for token in tokens]
    size = len(tokens)
    while "IN" in kinds and size and kinds[size - 1] in {"STRING", "COMMA"}:
        size -= 1
    operators = next((form for form in OPERATORS if tuple(kinds[max(size - len(form), 0) : size]) == form), ())
    left = size - len(operators) - 1
    if left < 0 or kinds[left] != "NAME" or not operators:
        return None
    return columns.get(str(tokens[left].value))


def _like(other: Column | None) -> Fits:
    """Return the test of the columns that a column is compared with."""
    if other is None:
        return lambda column: column.is_single
    if other.dtype in NUMBERS:
        return lambda column: column.dtype in NUMBERS and len(column.shape) == len(other.shape)
    return lambda column: column.dtype == other.dtype
