"""The cosine of vectors that the engine computes in float64: it leaves out the rows with a zero vector, and later rows have the values of others."""

from __future__ import annotations

import math
from functools import partial, reduce
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.rewrite.arithmetic import chained
from tql_grammar.rewrite.width import chain, floating

if TYPE_CHECKING:
    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope

LITERALS = (ast.Vector, ast.Array, ast.Parameter)
PAIR = 2
# With a literal, the engine computes these in float32, in which each row has a value.
NARROW = frozenset({"float32", "float16", "int8", "uint8"})


def cosine(node: ast.Function, scope: Scope) -> Expression:
    """
    Return a cosine with a value for each row, 0 for a zero vector.

    That of an embedding and a literal, and of two columns of float32, is unchanged; any other is the dot product through the lengths.
    """
    literals = [argument for argument in node.arguments if isinstance(argument, LITERALS)]
    others = [argument for argument in node.arguments if argument not in literals]
    if len(node.arguments) != PAIR or not others or any(map(_is_data, others)):
        return node
    return _with_literal(node, others[0], literals[0], scope) if literals else _of_two(node, others, scope)


def _of_two(node: ast.Function, vectors: list[Expression], scope: Scope) -> Expression:
    """Return the cosine of two vectors of each row."""
    return node if all(_is_of(vector, {"float32"}, scope) for vector in vectors) else _quotient(vectors, scope)


def _with_literal(node: ast.Function, vector: Expression, literal: Expression, scope: Scope) -> Expression:
    """Return the cosine of a vector of each row and of a literal."""
    known = scope.column(vector)
    is_narrow = isinstance(vector, ast.Column) and (known is None or known.dtype in NARROW)
    return node if is_narrow or not isinstance(literal, ast.Vector) else _quotient([vector], scope, literal)


def _is_data(node: Expression) -> bool:
    """Tell whether a node is DATA, a vector that is the same for each row."""
    return isinstance(node, ast.Function) and node.name.lower() == "data"


def _is_of(node: Expression, dtypes: set[str], scope: Scope) -> bool:
    """Tell whether a node is a column of one of some types."""
    column = scope.column(node)
    return isinstance(node, ast.Column) and column is not None and column.dtype in dtypes


def _quotient(parts: list[Expression], scope: Scope, literal: ast.Vector | None = None) -> Expression:
    """Return the dot product of one vector and a literal, or of two vectors, through their lengths; a length of 0 is 1."""
    vectors = [floating(part, scope) for part in parts]
    squares = [_sum(vector, vector, scope) for vector in vectors]
    lengths: list[Expression] = [ast.Function("sqrt", (square,)) for square in squares]
    if literal is not None:
        lengths.append(ast.Number(math.hypot(*literal.numbers) or 1.0))
    divisor = reduce(partial(chained, "*"), lengths)
    for square in squares:
        divisor = chained("+", divisor, ast.Comparison("=", square, ast.Number(0)))
    return chained("/", _sum(vectors[0], vectors[-1] if literal is None else literal, scope), divisor)


def _sum(one: Expression, two: Expression, scope: Scope) -> Expression:
    """Return the sum of the products of two vectors."""
    return ast.Function("sum", (chain(ast.Chain(("*",), (one, two)), scope),))
