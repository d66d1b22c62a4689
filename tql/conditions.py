"""Know how comparisons, lists of values and AND, OR, NOT become trees that the engine reads as Python means them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from tql.coerce import literal, operand, shown
from tql_grammar import ast
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression


def conjunction(parts: Iterable[Expression]) -> Expression:
    """Return the conjunction, flat; true falls out, false decides."""
    return _join(ast.And, parts, neutral=True)


def disjunction(parts: Iterable[Expression]) -> Expression:
    """Return the disjunction, flat; false falls out, true decides."""
    return _join(ast.Or, parts, neutral=False)


def _join(kind: type[ast.And | ast.Or], parts: Iterable[Expression], *, neutral: bool) -> Expression:
    """Return *parts* under one n-ary node."""
    flat: list[Expression] = []
    for part in parts:
        if isinstance(part, ast.Boolean):
            if part.value is not neutral:
                return part
        elif isinstance(part, kind):
            flat.extend(part.operands)
        else:
            flat.append(part)
    if not flat:
        return ast.Boolean(neutral)
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def negation(operand: Expression) -> Expression:
    """Return the negation."""
    if isinstance(operand, ast.Boolean):
        return ast.Boolean(not operand.value)
    return operand.operand if isinstance(operand, ast.Not) else ast.Not(operand)


def arithmetic(operator: str, left: object, right: object) -> Expression:
    """Return ``left operator right``; a chain of one level stays flat."""
    for value in (left, right):
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
    """Return ``<`` and the like; a comparison of a column with a text is written as BETWEEN, since the engine's own is always false."""
    if right is None:
        raise ArgumentError(
            operator,
            "takes a value, since nothing is smaller or larger than null",
            shown(right),
            "use .is_null() or .is_not_null()",
        )
    node = _scalar(operator, right)
    if isinstance(node, ast.String) and not isinstance(left, ast.Subscript):
        return _TEXT_ORDERINGS[operator](left, node)
    return ast.Comparison(operator, left, node)


def _at_most(text: Expression, bound: ast.String) -> Expression:
    """Return ``text <= bound``: there is no text before the empty one."""
    return ast.Between(text, ast.String(""), bound)


def _below(text: Expression, bound: ast.String) -> Expression:
    """Return ``text < bound``."""
    return ast.And((_at_most(text, bound), ast.Comparison("!=", text, bound)))


_TEXT_ORDERINGS: dict[str, Callable[[Expression, ast.String], Expression]] = {
    "<": _below,
    "<=": _at_most,
    ">": lambda text, bound: ast.Not(_at_most(text, bound)),
    ">=": lambda text, bound: ast.Not(_below(text, bound)),
}


def membership(subject: str, operand: Expression, members: object, *, negated: bool) -> Expression:
    """Return IN, or equalities where IN would not compare as ``=`` does."""
    nodes = [_member(subject, member) for member in _members(subject, members)]
    if not nodes:
        return ast.Boolean(negated)
    kinds = {type(node.operand if isinstance(node, ast.Negate) else node) for node in nodes}
    if len(kinds) > 1:
        raise ArgumentError(subject, "takes members of one kind, numbers or texts", shown(members))
    if isinstance(operand, ast.Column) and all(_same_in_every_type(node) for node in nodes):
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
    return list(members)


def _member(subject: str, member: object) -> Expression:
    """Return one member of a list."""
    if member is None:
        raise ArgumentError(subject, "takes no None: nothing equals null", shown(member), "add | col(..).is_null()")
    node = _scalar(subject, member)
    if hasattr(member, "node"):
        raise ArgumentError(subject, "takes values, not expressions", shown(member), "compare with == and join with |")
    return node


def _same_in_every_type(node: Expression) -> bool:
    """Tell whether IN compares a member as ``=`` does: it casts to the column's type, which cuts fractions."""
    number = node.operand if isinstance(node, ast.Negate) else node
    return isinstance(number, ast.String) or (isinstance(number, ast.Number) and isinstance(number.value, int))


def text(subject: str, value: object) -> str:
    """Return a text that a literal can hold."""
    if not isinstance(value, str):
        raise ArgumentError(subject, "takes a str", shown(value))
    literal(subject, value)
    return str.__str__(value)
