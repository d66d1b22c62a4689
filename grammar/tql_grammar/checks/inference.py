"""Know what is known of the value of an expression: its type and its shape, as of a column; None where nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.schema import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.checks.levels import Level

BOOL, TEXT, INT64, FLOAT64, FLOAT32 = map(Column, ("bool", "text", "int64", "float64", "float32"))
TESTS = (ast.And, ast.Or, ast.Not, ast.In, ast.Between, ast.Like, ast.IsNull, ast.Boolean)
RESULTS: dict[str, Column] = {
    **dict.fromkeys(("contains", "all_strict"), BOOL),
    **dict.fromkeys(
        ("l1_norm", "l2_norm", "linf_norm", "maxsim", "max_weight", "sum_weight", "mmr_similarity"), FLOAT32
    ),
    "avg": FLOAT64,
    "row_number": INT64,
    "random": Column("int32"),
    "shape": Column("uint32", (None,)),
    "nonzero": Column("int64", (None,)),
    "keys": Column("text", kind="sequence"),
    "hamming_distance": Column("uint16", (1,)),
}
# Functions whose result is one value of the type of their argument, and those that keep its shape.
REDUCING = frozenset({"sum", "prod", "amin", "amax"})
KEEPING = frozenset({"abs", "sqrt", "data"})


def infer(node: ast.Node, level: Level) -> Column | None:
    """Return what is known of the value of *node*."""
    if isinstance(node, TESTS):
        return BOOL
    rule = _RULES.get(type(node))
    return None if rule is None else rule(node, level)


def _number(node: ast.Number, _level: Level) -> Column:
    """Return the type of a number."""
    return INT64 if isinstance(node.value, int) else FLOAT64


def _array(node: ast.Array, level: Level) -> Column | None:
    """Return the type of an array."""
    inner = infer(node.elements[0], level)
    if inner is None or inner.dtype == "text":
        return None
    return Column("float32", (len(node.elements), *inner.shape))


def _comparison(node: ast.Comparison, level: Level) -> Column | None:
    """Return a bool for each element of what is compared."""
    left = infer(node.left, level)
    return None if left is None else Column("bool", left.shape)


def _chain(node: ast.Chain, level: Level) -> Column | None:
    """Return the type of arithmetic."""
    found = [infer(operand, level) for operand in node.operands]
    known = [column for column in found if column is not None]
    if len(known) < len(found) or any(column.dtype in {"text", "json", "bytes"} for column in known):
        return None
    shape = max((column.shape for column in known), key=len)
    exact = all("int" in column.dtype for column in known) and "/" not in node.operators
    return Column("int64" if exact else "float64", shape)


def _negate(node: ast.Negate, level: Level) -> Column | None:
    """Return the type of a number with the other sign, which the engine does not know to be nullable."""
    column = infer(node.operand, level)
    return column.replace(nullable=False) if column is not None and column.nullable else column


def _function(node: ast.Function, level: Level) -> Column | None:
    """Return the type of a call."""
    name = node.name.lower()
    if name in RESULTS:
        return RESULTS[name]
    first = infer(node.arguments[0], level) if node.arguments else None
    if name in {"any", "all"}:
        return BOOL if len(node.arguments) == 1 else None
    if first is None:
        return None
    if name in {"cosine_similarity", "dot"}:
        return Column("float32", first.shape[:-1])
    if name in REDUCING:
        return Column(first.dtype)
    return Column(first.dtype, first.shape) if name in KEEPING else None


def _subscript(node: ast.Subscript, level: Level) -> Column | None:
    """Return the type of a part of an array; of JSON nothing is known."""
    column = infer(node.operand, level)
    if column is None or not column.shape or any(isinstance(index, ast.String) for index in node.indices):
        return None
    if isinstance(node.operand, ast.Column) and None not in column.shape:
        return Column(column.dtype, (None,))
    kept = [length for length, index in zip(column.shape, node.indices, strict=False) if isinstance(index, ast.Slice)]
    return Column(column.dtype, (*(None for _ in kept), *column.shape[len(node.indices) :]))


_RULES: dict[type, Callable[..., Column | None]] = {
    ast.Column: lambda node, level: level.column(node),
    ast.Number: _number,
    ast.String: lambda _node, _level: TEXT,
    ast.Vector: lambda node, _level: Column("float32", (node.size,)),
    ast.Array: _array,
    ast.Comparison: _comparison,
    ast.Chain: _chain,
    ast.Negate: _negate,
    ast.Function: _function,
    ast.Subscript: _subscript,
    ast.Computed: lambda node, level: infer(node.expression, level),
}
