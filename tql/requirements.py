"""The values that a parameter takes where it is used: those that the same place takes when it is given a value directly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql.expressions import operators as conditions
from tql.expressions.expr import Expr
from tql.expressions.metrics import METRICS
from tql.statement import Search, TextSearch
from tql.values.literal import matrix
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import CATALOGUE
from tql_grammar.printing.printer import to_tql
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_grammar.record import Record

    # Takes the subject of the message, and the literal of a value; it refuses or does nothing.
    Requirement = Callable[[str, ast.Expression], None]

ORDERS = frozenset({"<", "<=", ">", ">="})


def required(query: Record) -> Iterator[tuple[str, Requirement]]:
    """Yield the name of each parameter with what it takes, once for each place of a query that asks for something."""
    for part in walk(query):
        rule = _RULES.get(type(part))
        for operand, requirement in rule(part) if rule is not None else ():
            if isinstance(operand, ast.Parameter):
                yield operand.name, requirement


def _of_comparison(node: ast.Comparison) -> Iterator[tuple[object, Requirement]]:
    """Yield the sides of a comparison: each takes one value, and one of order no None."""

    def require(_subject: str, bound: ast.Expression) -> None:
        value = _value_of(bound)
        if node.operator in ORDERS:
            conditions.ordering(node.operator, ast.Null(), value)  # type: ignore[arg-type]  # one of them
        else:
            conditions.equality(node.operator, ast.Null(), value)  # type: ignore[arg-type]  # = or !=

    yield node.left, require
    yield node.right, require


def _of_chain(node: ast.Chain) -> Iterator[tuple[object, Requirement]]:
    """Yield the operands of arithmetic: numbers and arrays."""

    def require(_subject: str, bound: ast.Expression) -> None:
        conditions.arithmetic(node.operators[0], 1, _value_of(bound))

    return ((operand, require) for operand in node.operands)


def _of_function(node: ast.Function) -> Iterator[tuple[object, Requirement]]:
    """Yield the arguments of a function of the catalogue."""
    if node.name.lower() == "bm25_similarity":
        yield node.arguments[1], _words
    function = CATALOGUE.get(node.name.lower())
    if function is not None:
        for parameter, argument in zip(function.parameters, node.arguments, strict=False):
            if parameter.kind in _KINDS:
                yield argument, _KINDS[parameter.kind]


def _of_search(node: Search) -> Iterator[tuple[object, Requirement]]:
    """Yield what a similarity search looks for."""
    yield node.value, _matrix if METRICS[node.metric].value is matrix else _vector


def _value_of(node: ast.Expression) -> object:
    """Return the value of Python that a literal was made from, or an expression for a number or an array."""
    if isinstance(node, (ast.String, ast.Boolean)):
        return node.value
    return None if isinstance(node, ast.Null) else Expr(node)


def _vector(subject: str, bound: ast.Expression) -> None:
    """Take a vector."""
    if not isinstance(bound, ast.Vector):
        raise ArgumentError(subject, "takes a vector, shape (d,) with d >= 1", to_tql(bound))


def _matrix(subject: str, bound: ast.Expression) -> None:
    """Take a matrix."""
    if not (isinstance(bound, ast.Array) and all(isinstance(row, ast.Vector) for row in bound.elements)):
        raise ArgumentError(subject, "takes a matrix, shape (n, d) with n, d >= 1", to_tql(bound))


def _words(subject: str, bound: ast.Expression) -> None:
    """Take the words of a search."""
    if not isinstance(bound, ast.String) or not bound.value.strip():
        raise ArgumentError(subject, "takes the words to look for as a str", to_tql(bound))


_KINDS: dict[str, Requirement] = {"vector": _vector, "matrix": _matrix}
_RULES: dict[type, Callable[[Any], Iterator[tuple[object, Requirement]]]] = {
    ast.Comparison: _of_comparison,
    ast.Chain: _of_chain,
    ast.Function: _of_function,
    Search: _of_search,
    TextSearch: lambda node: iter([(node.value, _words)]),
}
