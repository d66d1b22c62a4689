"""Syntax trees of comparisons, memberships, text conditions and arithmetic, with validation of their operands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from tql.expressions import patterns
from tql.expressions.logical import Membership, Range, TextMatch
from tql.messages import shown
from tql.values.literal import by_value, literal, operand, require_unmasked
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import OF_TEXTS
from tql_grammar.rewrite import logic
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from tql_grammar.ast import Expression

NULL_HINT = "use .is_null() or .is_not_null()"


def arithmetic(operator: str, left: object, right: object) -> Expression:
    """Return ``left operator right``; operators of the same precedence share one flat chain."""
    for value in map(by_value, (left, right)):
        if value is None or isinstance(value, (str, bool)):
            is_text = operator == "+" and isinstance(value, str)
            hint = "TQL has no concatenation of texts: select them, and join them in Python" if is_text else None
            raise ArgumentError(operator, "takes numbers and arrays", shown(value), hint)
    first, second = operand(operator, left), operand(operator, right)
    level = "+-" if operator in "+-" else "*/%"
    if isinstance(first, ast.Chain) and first.operators[0] in level:
        return ast.Chain((*first.operators, operator), (*first.operands, second))
    return ast.Chain((operator,), (first, second))


def _scalar(operator: str, value: object) -> Expression:
    """Return the operand of a comparison, which is not an array."""
    node = operand(operator, value)
    if isinstance(node, (ast.Vector, ast.Array)):
        raise ArgumentError(
            operator,
            "takes one value",
            shown(value),
            "use .in_([..]) for a list, fn.all(..) or fn.any(..) for arrays",
            why="the engine compares only the first element of an array",
        )
    return node


def equality(operator: Literal["=", "!="], left: Expression, right: object) -> Expression:
    """Return a comparison with ``=`` or ``!=``."""
    return ast.Comparison(operator, left, _scalar(operator, right))


def ordering(operator: Literal["<", "<=", ">", ">="], left: Expression, right: object) -> Expression:
    """Return a comparison with ``<``, ``<=``, ``>`` or ``>=``."""
    return ast.Comparison(operator, left, _ordered(operator, right))


def membership(subject: str, operand: Expression, members: object, *, negated: bool) -> Expression:
    """Return IN for a column and literals of one kind, where it compares as ``=`` does, otherwise a `Membership`."""
    nodes = [_member(subject, member) for member in _members(subject, members)]
    if not nodes:
        return Membership(operand, (), negated)
    kinds = {type(node.operand if isinstance(node, ast.Negate) else node) for node in nodes}
    if len(kinds) > 1:
        raise ArgumentError(subject, "takes members of one kind, numbers or texts", shown(members))
    if isinstance(operand, ast.Column) and kinds <= {ast.String, ast.Number}:
        return ast.In(operand, tuple(nodes), negated)
    return Membership(operand, tuple(nodes), negated)


def _members(subject: str, members: object) -> list[object]:
    """Return the members of a list or another iterable; a str and a query raise ArgumentError."""
    if hasattr(members, "order_by"):
        hint = "run it first, and pass its column: .in_(client.query(q)['id'])"
        why = "the engine does not run a query inside IN, and returns no rows"
        raise ArgumentError(subject, "takes values", "a query", hint, why=why)
    if isinstance(members, (str, bytes)) or hasattr(members, "node") or not isinstance(members, Iterable):
        hint = NULL_HINT if members is None else "put a single value in brackets: [..]"
        raise ArgumentError(subject, "takes a list of values", shown(members), hint)
    if hasattr(members, "mask"):
        require_unmasked(subject, members)
    return list(members)


def _member(subject: str, member: object) -> Expression:
    """Return one member of a list."""
    if member is None:
        hint = "add | col(..).is_null()"
        if subject == "not_in":
            hint = "leave None out, and add & col(..).is_not_null(): a row whose value is null is in no list, so not_in finds it"
        raise ArgumentError(subject, "takes values other than None", shown(member), hint, why="nothing equals null")
    node = _scalar(subject, member)
    if hasattr(member, "node"):
        raise ArgumentError(
            subject,
            "takes values, not expressions",
            shown(member),
            "compare with ==, and combine the conditions with |",
        )
    return node


def joined(kind: type[ast.And | ast.Or], parts: list[Expression]) -> Expression:
    """Return the parts joined by AND or OR; constants are dropped, unless a parameter would be dropped with them, which `bind` has to know."""
    found = (logic.conjunction if kind is ast.And else logic.disjunction)(parts)
    before, after = (_parameters(node) for node in (ast.And(tuple(parts)), found))
    return found if before == after else kind(tuple(parts))


def _parameters(node: Expression) -> set[str]:
    """Return the names of the parameters in an expression."""
    return {part.name for part in walk(node) if isinstance(part, ast.Parameter)}


def negation(operand: Expression) -> Expression:
    """Return the negation of a condition; the negation of a `Membership` is a `Membership`."""
    return operand.replace(negated=not operand.negated) if isinstance(operand, Membership) else logic.negation(operand)


def between(operand: Expression, low: object, high: object) -> Expression:
    """Return BETWEEN for a column and two texts, and a `Range` for any other values."""
    if isinstance(by_value(low), str) and isinstance(by_value(high), str) and isinstance(operand, ast.Column):
        return ast.Between(operand, literal("between", low), literal("between", high))
    return Range(operand, _ordered(">=", low), _ordered("<=", high))


def _ordered(operator: str, value: object) -> Expression:
    """Return an operand of ``<``, ``<=``, ``>`` or ``>=``, which is not None."""
    if value is None:
        raise ArgumentError(
            operator,
            "takes a value",
            shown(value),
            NULL_HINT,
            why="nothing is smaller or larger than null",
        )
    return _scalar(operator, value)


def matching(kind: str, operand: Expression, value: object) -> TextMatch:
    """
    Return a condition on text for a method of `Expr`, such as "startswith".

    Raises:
        ArgumentError: *value* is not a str, is too long, or is a regular expression that the engine does not support.
    """
    found = _text(kind, value)
    patterns.pattern(kind, found)
    return TextMatch(kind, operand, ast.String(found))


def containing(operand: Expression, value: object) -> Expression:
    """
    Return the condition that a text contains a text, or an array an element.

    Raises:
        ArgumentError: *value* is None, or has no TQL literal.
    """
    if isinstance(by_value(value), str) and not _has_elements(operand):
        return matching("contains", operand, value)
    return ast.Function("contains", (operand, literal("contains", present("contains", value))))


def _has_elements(operand: Expression) -> bool:
    """Return whether a value is one of JSON, or the keys of one: no pattern matches it."""
    return isinstance(operand, ast.Subscript) or (isinstance(operand, ast.Function) and operand.name in OF_TEXTS)


def present(subject: str, value: object) -> object:
    """Return the text or element that is searched for, which is not None."""
    if value is None:
        rule, why = "takes a text, or an element of an array", "nothing contains null"
        raise ArgumentError(subject, rule, shown(value), NULL_HINT, why=why)
    return value


def _text(subject: str, value: object) -> str:
    """Return a str that has a literal."""
    found = by_value(value)
    if not isinstance(found, str):
        raise ArgumentError(subject, "takes a str", shown(value), NULL_HINT if value is None else None)
    literal(subject, found)
    return str.__str__(found)
