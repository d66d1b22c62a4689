"""Requirements on the values of parameters: a place accepts the values that it accepts without a parameter."""

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
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_grammar.record import Record

    # Checks the literal of a value, and raises ArgumentError about the given subject.
    Requirement = Callable[[str, ast.Expression], None]

ORDERS = frozenset({"<", "<=", ">", ">="})


def required(query: Record) -> Iterator[tuple[str, Requirement]]:
    """Yield the name of each parameter with a requirement, once for each place that restricts its values."""
    for part in walk(query):
        rule = _RULES.get(type(part))
        for operand, requirement in rule(part) if rule is not None else ():
            if isinstance(operand, ast.Parameter):
                yield operand.name, requirement


def _of_comparison(node: ast.Comparison) -> Iterator[tuple[object, Requirement]]:
    """Yield the sides of a comparison: each takes a single value, which is not None for ``<``, ``<=``, ``>`` and ``>=``."""

    def require(_subject: str, bound: ast.Expression) -> None:
        value = _value_of(bound)
        if node.operator in ORDERS:
            conditions.ordering(node.operator, ast.Null(), value)  # type: ignore[arg-type]  # one of them
        else:
            conditions.equality(node.operator, ast.Null(), value)  # type: ignore[arg-type]  # = or !=

    yield node.left, require
    yield node.right, require


def _of_chain(node: ast.Chain) -> Iterator[tuple[object, Requirement]]:
    """Yield the operands of arithmetic, which are numbers or arrays."""

    def require(_subject: str, bound: ast.Expression) -> None:
        conditions.arithmetic(node.operators[0], 1, _value_of(bound))

    return ((operand, require) for operand in node.operands)


def _of_function(node: ast.Function) -> Iterator[tuple[object, Requirement]]:
    """Yield the arguments of a function that are vectors, matrices or the words of a BM25 search."""
    if node.name.lower() == "bm25_similarity":
        yield node.arguments[1], _words
    function = CATALOGUE.get(node.name.lower())
    if function is not None:
        for parameter, argument in zip(function.parameters, node.arguments, strict=False):
            if parameter.kind in _KINDS:
                yield argument, _KINDS[parameter.kind]


def _of_search(node: Search) -> Iterator[tuple[object, Requirement]]:
    """Yield the vector or matrix of a similarity search."""
    yield node.value, _matrix if METRICS[node.metric].value is matrix else _vector


def _tql(node: ast.Expression) -> str:
    """Return the TQL of a literal, for a message."""
    from tql_grammar.printing.printer import to_tql

    return to_tql(node)


def _value_of(node: ast.Expression) -> object:
    """Return the Python value of a literal; for a number or an array, an expression."""
    if isinstance(node, (ast.String, ast.Boolean)):
        return node.value
    return None if isinstance(node, ast.Null) else Expr(node)


def _vector(subject: str, bound: ast.Expression) -> None:
    """Raise ArgumentError unless the value is a vector."""
    if not isinstance(bound, ast.Vector):
        raise ArgumentError(subject, "takes a vector, shape (d,) with d >= 1", _tql(bound))


def _matrix(subject: str, bound: ast.Expression) -> None:
    """Raise ArgumentError unless the value is a matrix."""
    if not (isinstance(bound, ast.Array) and all(isinstance(row, ast.Vector) for row in bound.elements)):
        raise ArgumentError(subject, "takes a matrix, shape (n, d) with n, d >= 1", _tql(bound))


def _words(subject: str, bound: ast.Expression) -> None:
    """Raise ArgumentError unless the value is a text that is not blank."""
    if not isinstance(bound, ast.String) or not bound.value.strip():
        raise ArgumentError(subject, "takes the words to look for as a str", _tql(bound))


_KINDS: dict[str, Requirement] = {"vector": _vector, "matrix": _matrix}
_RULES: dict[type, Callable[[Any], Iterator[tuple[object, Requirement]]]] = {
    ast.Comparison: _of_comparison,
    ast.Chain: _of_chain,
    ast.Function: _of_function,
    Search: _of_search,
    TextSearch: lambda node: iter([(node.value, _words)]),
}
