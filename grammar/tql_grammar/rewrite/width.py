"""
Arithmetic that would overflow in the engine, rewritten to a wider type.

The engine computes in the types of the columns: the sum of two uint8 columns is modulo 256, their quotient is a float16, ``sum`` of bools is a bool, and ``sqrt`` of integers reads their bits as a float.
A literal as an operand widens integers to int64 and floats to float64, so ``a * 1 + b`` is exact and ``a + b`` is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.engines import MEAN, lacks
from tql_grammar.functions import CATALOGUE, PROMOTED
from tql_grammar.schema import INTEGERS
from tql_grammar.walk import unbounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope

# Not uint64: a difference of two is never negative, and with a literal it is a float64.
WIDE_TYPES = frozenset({"int64", "float64", "json"})
# Functions whose result has the type of their argument, and those whose result is computed in fewer than 64 bits.
KEEPING = frozenset(name for name, function in CATALOGUE.items() if function.gives in {"element", "argument"})
NARROW_TYPES = frozenset({"bool", "bools", *INTEGERS}) - {"int64", "uint64"}
NARROW = frozenset(name for name, function in CATALOGUE.items() if function.gives.partition("[")[0] in NARROW_TYPES)
PRODUCTS = frozenset("*/%")
LITERALS = (ast.Number, ast.Vector, ast.Array, ast.Parameter, ast.String, ast.Null)


@unbounded
def is_wide(node: Expression, scope: Scope) -> bool:
    """Tell whether the engine computes with *node* in 64 bits, or in the type of the other operand."""
    if isinstance(node, LITERALS):
        return True
    rule = _RULES.get(type(node))
    return rule is not None and rule(node, scope)


def promote(node: Expression, scope: Scope) -> Expression:
    """Return *node* with the same numbers in 64 bits: ``a * 1``."""
    return node if is_wide(node, scope) else _times(node, 1)


def floating(node: Expression, scope: Scope) -> Expression:
    """Return *node* with the same numbers as float64: ``a * 1.0``."""
    column = scope.column(node)
    known = column is not None and column.dtype == "float64"
    return node if known or _has_float(node) else _times(node, 1.0)


def _times(node: Expression, one: float) -> Expression:
    """Return a product with one, flat."""
    if isinstance(node, ast.Chain) and set(node.operators) <= PRODUCTS:
        return node.replace(operators=(*node.operators, "*"), operands=(*node.operands, ast.Number(one)))
    return ast.Chain(("*",), (node, ast.Number(one)))


def _has_float(node: Expression) -> bool:
    """Tell whether arithmetic has a float literal as an operand, which makes it float64."""
    return isinstance(node, ast.Chain) and any(isinstance(part, ast.Number) and part.is_float for part in node.operands)


def chain(node: ast.Chain, scope: Scope) -> Expression:
    """Return arithmetic in 64 bits: one wide operand among the first two is enough."""
    first, second, *rest = node.operands
    if isinstance(first, ast.Chain) and set(first.operators + node.operators) <= PRODUCTS:
        return ast.Chain(first.operators + node.operators, first.operands + node.operands[1:])
    if is_wide(first, scope) or is_wide(second, scope):
        return node
    if set(node.operators) <= PRODUCTS:
        return node.replace(operators=("*", *node.operators), operands=(first, ast.Number(1), second, *rest))
    return node.replace(operands=(_times(first, 1), second, *rest))


def negated(node: ast.Negate, scope: Scope) -> Expression:
    """Return the negative of a number in 64 bits."""
    if is_wide(node.operand, scope):
        return node
    return ast.Chain(("*",), (node.operand, ast.Negate(ast.Number(1))))


def function(node: ast.Function, scope: Scope) -> Expression:
    """Return a call whose arguments are widened if the result is computed in their type; with a vector as an argument it is computed in floats."""
    name = node.name.lower()
    if name == "dot" and len(node.arguments) == len(("column", "vector")):
        return _dot(node, scope)
    kind = "floats" if name == "avg" and lacks(MEAN) else PROMOTED.get(name)
    with_vector = len(node.arguments) > 1 and any(isinstance(argument, LITERALS) for argument in node.arguments)
    if kind is None or with_vector:
        return node
    return node.replace(arguments=tuple(PROMOTIONS[kind](argument, scope) for argument in node.arguments))


def _dot(node: ast.Function, scope: Scope) -> Expression:
    """
    Return a dot product of a column and a vector unchanged, and any other as the sum of the products.

    The engine computes that of two columns in their type, where it overflows, and with a computed argument it sometimes reads freed memory.
    """
    plain = all(isinstance(argument, (ast.Column, *LITERALS)) for argument in node.arguments)
    if plain and any(isinstance(argument, LITERALS) for argument in node.arguments):
        return node
    return ast.Function("sum", (chain(ast.Chain(("*",), node.arguments), scope),))


PROMOTIONS: dict[str, Callable[[Expression, Scope], Expression]] = {"integers": promote, "floats": floating}


def _column(node: ast.Column, scope: Scope) -> bool:
    """Tell whether the column of a known type is wide."""
    column = scope.column(node)
    return column is not None and column.dtype in WIDE_TYPES


def _call(node: ast.Function, scope: Scope) -> bool:
    """Tell whether the result of a function is wide; a call without its argument, which the engine rejects, stays as it is."""
    name = node.name.lower()
    return name not in NARROW and (name not in KEEPING or all(is_wide(first, scope) for first in node.arguments[:1]))


def _subscript(node: ast.Subscript, scope: Scope) -> bool:
    """Tell whether an element is wide: a value of JSON is, and an element of an array has the type of the array."""
    return node.is_keyed or is_wide(node.operand, scope)


_RULES: dict[type, Callable[..., bool]] = {
    ast.Column: _column,
    ast.Chain: lambda node, scope: any(is_wide(operand, scope) for operand in node.operands),
    ast.Negate: lambda node, scope: is_wide(node.operand, scope),
    ast.Function: _call,
    ast.Subscript: _subscript,
}
