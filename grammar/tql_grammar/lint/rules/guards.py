"""Tests of a condition, each with the columns that the condition around it tests for null, and with whether NOT is around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast
from tql_grammar.rewrite.json_values import EXACT, is_json_value
from tql_grammar.walk import below, subselect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tql_grammar.lint.rule import Finding, Subject


class Guarded(NamedTuple):
    """
    A part of a condition.

    Attributes:
        node: the part.
        guards: the columns and values of JSON whose null decides the condition around it: by IS NOT NULL in an AND, by IS NULL in an OR.
        negated: whether NOT is around it.
        compared: the columns whose NaN decides the condition around it: by a comparison in an AND, by `x != x` in an OR.
    """

    node: ast.Node
    guards: frozenset[ast.Expression] = frozenset()
    negated: bool = False
    compared: frozenset[ast.Expression] = frozenset()


TESTS = (ast.Comparison, ast.In, ast.Between, ast.Like)


def tests(condition: ast.Node) -> Iterator[Guarded]:
    """Yield the comparisons, IN, BETWEEN and LIKE of an expression."""
    return parts_of(condition, TESTS)


def parts_of(condition: ast.Node, kinds: tuple[type[ast.Node], ...]) -> Iterator[Guarded]:
    """Yield the parts of an expression that are of some classes."""
    stack = [Guarded(condition)]
    while stack:
        part = stack.pop()
        if isinstance(part.node, kinds):
            yield part
        stack += _operands(part)[::-1]


def _operands(part: Guarded) -> list[Guarded]:
    """Return the operands of a part, none of them a query."""
    node = part.node
    flat = (item for field in below(node)[::-1] for item in (field if isinstance(field, tuple) else (field,)))
    nodes = [item for item in flat if isinstance(item, ast.Node) and not isinstance(item, ast.Query)]
    guards, compared = part.guards | _tested(node), part.compared
    if isinstance(node, (ast.And, ast.Or)):
        compared |= compares(node)
    return [Guarded(item, guards, part.negated or isinstance(node, ast.Not), compared) for item in nodes]


def _tested(node: ast.Node) -> frozenset[ast.Expression]:
    """Return the columns and values of JSON that an operand of an AND requires, and those that one of an OR tests by IS NULL; a product is AND over JSON in outputs."""
    if isinstance(node, ast.Or):
        return frozenset(filter(None, map(_absent_value, node.operands)))
    if isinstance(node, ast.And) or (isinstance(node, ast.Chain) and set(node.operators) == {"*"}):
        return frozenset(filter(None, map(present_value, node.operands)))
    return frozenset()


def _absent_value(test: ast.Node) -> ast.Expression | None:
    """Return the operand of IS NULL."""
    return test.operand if isinstance(test, ast.IsNull) and not test.negated else None


def present_value(test: ast.Node) -> ast.Expression | None:
    """Return the value of JSON, or the column, without which a condition is false: by IS NOT NULL, or by a comparison that JSON's null does not match."""
    if isinstance(test, ast.IsNull):
        return test.operand if test.negated else None
    if isinstance(test, ast.Comparison) and test.operator in EXACT and is_json_value(test.left):
        return test.left
    return test.operand if isinstance(test, ast.In) and not test.negated and is_json_value(test.operand) else None


def compares(node: ast.Node) -> frozenset[ast.Expression]:
    """Return the columns that a condition, or an operand of its AND, compares in a way that NaN does not match; of an OR those with `x != x`, which NaN matches."""
    operands = node.operands if isinstance(node, (ast.And, ast.Or)) else (node,)
    found = [test for test in operands if isinstance(test, ast.Comparison)]
    is_either = isinstance(node, ast.Or)
    decided = [
        test for test in found if (test.operator == "!=") is is_either and (not is_either or test.left == test.right)
    ]
    return frozenset(side for test in decided for side, _ in test.sides)


def is_without_nan(select: ast.Select, column: ast.Expression) -> bool:
    """Tell whether a subquery of FROM compares a column of the dataset, which it passes on, in its WHERE: NaN does not match."""
    inner = subselect(select.source)
    while inner is not None and isinstance(column, ast.Column):
        plain = ast.Column(column.name)
        if inner.where is not None and not isinstance(inner.where, ast.Or) and plain in compares(inner.where):
            return True
        kept = any(isinstance(output, ast.Star) or output == plain for output in inner.columns)
        inner = subselect(inner.source) if kept and not inner.group_by else None
    return False


def in_where(find: Callable[[Subject], Iterable[Finding]], subject: Subject, *, inside: bool) -> Iterator[Finding]:
    """Yield the findings in conditions of WHERE, or those outside."""
    spans = [scope.select.where.span for scope in subject.scopes if scope.select.where is not None]
    for finding in find(subject):
        of = finding.span
        if inside == any(span is not None and span.start <= of.start and of.end <= span.end for span in spans):
            yield finding
