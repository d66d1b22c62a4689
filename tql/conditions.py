"""Operands of comparisons, lists of values and arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from tql.coerce import by_value, literal, operand, require_unmasked
from tql.messages import shown
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite.logic import disjunction, negation

if TYPE_CHECKING:
    from tql_grammar.ast import Expression


def arithmetic(operator: str, left: object, right: object) -> Expression:
    """Return ``left operator right``; a chain of one level stays flat."""
    for value in map(by_value, (left, right)):
        if value is None or isinstance(value, (str, bool)):
            raise ArgumentError(operator, "takes numbers and arrays", shown(value))
    first, second = operand(operator, left), operand(operator, right)
    level = "+-" if operator in "+-" else "*/%"
    if isinstance(first, ast.Chain) and first.operators[0] in level:
        return ast.Chain((*first.operators, operator), (*first.operands, second))
    return ast.Chain((operator,), (first, second))


def _scalar(operator: str, value: object) -> Expression:
    """Return a single value to compare with: the engine compares arrays by their first element only."""
    node = operand(operator, value)
    if isinstance(node, (ast.Vector, ast.Array)):
        raise ArgumentError(
            operator,
            "takes one value, since the engine compares arrays by their first element",
            shown(value),
            "use .in_([..]) for a list, fn.all(..) or fn.any(..) for arrays",
        )
    return node


def equality(operator: Literal["=", "!="], left: Expression, right: object) -> Expression:
    """Return ``=`` or ``!=``."""
    return ast.Comparison(operator, left, _scalar(operator, right))


def ordering(operator: Literal["<", "<=", ">", ">="], left: Expression, right: object) -> Expression:
    """Return ``<`` and the like."""
    if right is None:
        raise ArgumentError(
            operator,
            "takes a value, since nothing is smaller or larger than null",
            shown(right),
            "use .is_null() or .is_not_null()",
        )
    return ast.Comparison(operator, left, _scalar(operator, right))


def membership(subject: str, operand: Expression, members: object, *, negated: bool) -> Expression:
    """Return IN, or equalities where IN would not compare as ``=`` does."""
    nodes = [_member(subject, member) for member in _members(subject, members)]
    if not nodes:
        return ast.Boolean(negated)
    kinds = {type(node.operand if isinstance(node, ast.Negate) else node) for node in nodes}
    if len(kinds) > 1:
        raise ArgumentError(subject, "takes members of one kind, numbers or texts", shown(members))
    if isinstance(operand, ast.Column) and kinds <= {ast.String, ast.Number}:
        return ast.In(operand, tuple(nodes), negated)
    either = disjunction(ast.Comparison("=", operand, node) for node in nodes)
    return negation(either) if negated else either


def _members(subject: str, members: object) -> list[object]:
    """Return the members as a list, or refuse what is no list of values."""
    if hasattr(members, "order_by"):
        rule = "takes values: the engine never runs a query inside IN, and answers no rows"
        raise ArgumentError(subject, rule, "a query", "run it first, and pass the column: .in_(client.query(q)['id'])")
    if isinstance(members, (str, bytes)) or hasattr(members, "node") or not isinstance(members, Iterable):
        raise ArgumentError(subject, "takes a list of values", shown(members), "put it in brackets: [..]")
    if hasattr(members, "mask"):
        require_unmasked(subject, members)
    return list(members)


def _member(subject: str, member: object) -> Expression:
    """Return one member of a list."""
    if member is None:
        raise ArgumentError(subject, "takes no None: nothing equals null", shown(member), "add | col(..).is_null()")
    node = _scalar(subject, member)
    if hasattr(member, "node"):
        raise ArgumentError(subject, "takes values, not expressions", shown(member), "compare with == and join with |")
    return node


def text(subject: str, value: object) -> str:
    """Return a text that a literal can hold."""
    found = by_value(value)
    if not isinstance(found, str):
        raise ArgumentError(subject, "takes a str", shown(value))
    literal(subject, found)
    return str.__str__(found)
