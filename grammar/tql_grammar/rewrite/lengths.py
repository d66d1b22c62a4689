"""The lengths that a condition requires of arrays, and the functions that need one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.engines import HAMMING, lacks
from tql_grammar.errors import ArgumentError
from tql_grammar.schema import NOT_NUMERIC
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope

BITS = "hamming_distance"


def required_lengths(node: Expression) -> dict[str, int]:
    """Return the lengths of the vectors in the rows that meet a condition, ``shape(a)[0] = 3``, by the names of the columns."""
    if isinstance(node, ast.And):
        return {name: length for part in node.operands for name, length in required_lengths(part).items()}
    if not isinstance(node, ast.Comparison) or node.operator != "=":
        return {}
    sides = ((node.left, node.right), (node.right, node.left))
    return {
        name: int(value.value)
        for shape, value in sides
        if isinstance(value, ast.Number) and (name := _measured(shape)) and value.value > 0
    }


def _measured(node: Expression) -> str:
    """Return the name of the column whose length an expression is, ``shape(a)[0]``, or ""."""
    if not isinstance(node, ast.Subscript) or node.indices != (ast.Number(0),):
        return ""
    call = node.operand
    is_shape = isinstance(call, ast.Function) and call.name.lower() == "shape" and len(call.arguments) == 1
    column = call.arguments[0] if is_shape else None  # type: ignore[attr-defined]  # a call
    return column.name if isinstance(column, ast.Column) and column.table is None else ""


def kept_lengths(outputs: Iterable[Expression], scope: Scope) -> dict[str, int]:
    """Return the lengths of the columns that a select list keeps under their names."""
    outputs = tuple(outputs)
    whole = ast.Star() in outputs
    return {name: length for name, length in scope.lengths.items() if whole or ast.Column(name) in outputs}


def require_one_length(node: ast.Function, scope: Scope) -> None:
    """
    Require that the vectors of a Hamming distance have one length, in every row.

    The engine crashes where the first one is empty, and returns several distances where the lengths differ.

    Raises:
        ArgumentError: the length of a column is not known, or the lengths differ; or the engine crashes in any case.
    """
    if node.name.lower() != BITS:
        return
    if lacks(HAMMING):
        rule, why = "takes an engine from 4.7.1 on", "an older one crashes when it computes a Hamming distance"
        hint = "install deeplake 4.7.1 or later, or read the vectors and compare them in Python"
        raise ArgumentError(BITS, rule, "", hint, why=why)
    lengths: dict[object, int | None] = {column: _length(column, scope) for column in _vectors(node, scope)}
    if lengths:
        lengths.update((part, part.size) for part in node.arguments if isinstance(part, ast.Vector))
        _require_one(lengths)


def _require_one(lengths: Mapping[object, int | None]) -> None:
    """Raise if the vectors do not have one known length."""
    known = {length for length in lengths.values() if length is not None}
    unknown = next((column for column, length in lengths.items() if length is None), None)
    if unknown is None and len(known) == 1:
        return
    rule, length = "takes vectors of one length", max(known, default=8)
    why = "the engine crashes where a row has no elements, and returns several distances where the lengths differ"
    hint = f"leave the other rows out in an inner query: from_(select().where(fn.shape(..)[0] == {length})); or create the column with its length: deeplake.types.Array(.., shape=[{length}])"
    given = f"lengths {sorted(known)}" if unknown is None else repr(getattr(unknown, "name", ""))
    raise ArgumentError(BITS, rule, given, hint, why=why)


def _vectors(node: ast.Function, scope: Scope) -> list[ast.Column]:
    """Return the columns of known types in the arguments of a call, but for those that are no arrays of numbers."""
    columns = [part for argument in node.arguments for part in walk(argument) if isinstance(part, ast.Column)]
    return [
        part
        for part in columns
        if (column := scope.column(part)) is not None and len(column.shape) == 1 and column.dtype not in NOT_NUMERIC
    ]


def _length(column: ast.Column, scope: Scope) -> int | None:
    """Return the length of the vectors of a column."""
    known = scope.column(column)
    return None if known is None else known.shape[0] or scope.lengths.get(column.name)
