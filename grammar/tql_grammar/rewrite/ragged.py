"""Conditions on elements of arrays whose lengths differ from row to row: for an index past the end, the engine compares the last element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.rewrite.logic import JOINS, LEAVES, conjunction, negation
from tql_grammar.schema import NOT_NUMERIC
from tql_grammar.walk import own_parts, rebuild

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope

TESTS = (ast.Comparison, ast.In, ast.Between, ast.Function)


def with_lengths(node: Expression, scope: Scope) -> Expression:
    """
    Return the condition of a WHERE in which no test meets a row that lacks an element that it reads: ``shape(a)[0] > 1 and a[1] = 5``.

    The first element needs no such test: no comparison with that of an empty row is true.
    """
    if isinstance(node, TESTS):
        return _long_enough(node, scope)
    if not isinstance(node, (ast.And, ast.Or, ast.Not)):
        return node
    return rebuild(node, lambda part: _with_lengths(part, scope), opaque=LEAVES)


def _with_lengths(node: Record, scope: Scope) -> Record:
    """Return AND, OR or NOT with the lengths that its tests need."""
    if isinstance(node, ast.Not):
        return negation(_operand(node.operand, scope))
    if isinstance(node, (ast.And, ast.Or)):
        return JOINS[type(node)](_operand(operand, scope) for operand in node.operands)
    return node


def _operand(node: Expression, scope: Scope) -> Expression:
    """Return an operand with the lengths that it needs, if it is a test."""
    return _long_enough(node, scope) if isinstance(node, TESTS) else node


def _long_enough(test: Expression, scope: Scope) -> Expression:
    """Return a test, and before it the lengths that it needs."""
    lengths = dict.fromkeys(_lengths(test, scope))
    return conjunction([*lengths, test]) if lengths else test


def _lengths(test: Expression, scope: Scope) -> Iterator[Expression]:
    """Yield the conditions that a row has the elements that a test reads."""
    for part in own_parts(test):
        column = scope.column(part.operand) if isinstance(part, ast.Subscript) else None
        if column is None or column.dtype in NOT_NUMERIC or part.is_keyed:  # type: ignore[attr-defined]  # a subscript
            continue
        for axis, (index, length) in enumerate(zip(part.indices, column.shape, strict=False)):  # type: ignore[attr-defined]  # a subscript
            if length is None and isinstance(index, ast.Number) and not index.is_zero:
                measured = ast.Subscript(ast.Function("shape", (part.operand,)), (ast.Number(axis),))  # type: ignore[attr-defined]  # a subscript
                yield ast.Comparison(">", measured, index)
