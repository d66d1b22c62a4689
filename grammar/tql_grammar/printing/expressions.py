"""Query text of expressions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tql_grammar import ast
from tql_grammar.ast.traced import TRACED, slot_of
from tql_grammar.errors import ArgumentError
from tql_grammar.printing.parts import Mark, Slot, alias, listed, name, qualified, string
from tql_grammar.printing.precedence import Precedence, precedence_of
from tql_grammar.printing.queries import bare
from tql_grammar.syntax.keywords import is_bare_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.printing.parts import Part

SMALLEST_INTEGER = -(2**63)
# The engine recurses once per operand of AND or OR: a long chain takes quadratic time, and a longer one overflows its stack.
LONGEST_CHAIN = 500
GROUP = 32


def parenthesized(node: ast.Node, precedence: int) -> list[Part]:
    """Return a node, in parentheses if its precedence is lower than its place requires."""
    return [node] if precedence_of(node) >= precedence else ["(", node, ")"]


def _column(node: ast.Column) -> list[Part]:
    """Write a column."""
    return [qualified(node.table, name(node.name))]


def _star(node: ast.Star) -> list[Part]:
    """Write ``*``."""
    return [qualified(node.table, "*")]


def _number(node: ast.Number) -> list[Part]:
    """Write a number; infinity, which has no literal, as a number beyond float64."""
    value = node.value
    if value != value or (type(value) is int and not SMALLEST_INTEGER <= value < -SMALLEST_INTEGER):  # noqa: PLR0124 - NaN only
        subject, rule = "number", "takes a float or an integer of 64 bits"
        raise ArgumentError(subject, rule, repr(value))
    return ["1e999" if value == math.inf else repr(value)]


def _string(node: ast.String) -> list[Part]:
    """Write a text."""
    return [string(node.value)]


def _boolean(node: ast.Boolean) -> list[Part]:
    """Write a truth value."""
    return ["true" if node.value else "false"]


def _array(node: ast.Array) -> list[Part]:
    """Write an array that is no vector."""
    return ["ARRAY[", *listed(node.elements), "]"]


def _vector(node: ast.Vector) -> list[Part]:
    """Write a vector."""
    return ["ARRAY", node.bracketed]


def _function(node: ast.Function) -> list[Part]:
    """Write a call."""
    bare = is_bare_name(node.name) or (node.name.upper() == "ALL" and _takes_list(node))
    opening = f"{node.name if bare else name(node.name)}({'distinct ' if node.distinct else ''}"
    return [opening, *listed(node.arguments), ")"]


def _takes_list(node: ast.Function) -> bool:
    """Tell whether a call has arguments and no pairs, as the grammar requires of ALL without quotes."""
    return bool(node.arguments) and not any(isinstance(argument, ast.Pair) for argument in node.arguments)


def _pair(node: ast.Pair) -> list[Part]:
    """Write a condition and its weight."""
    return [node.condition, ": ", node.weight]


def _aliased(node: ast.Aliased) -> list[Part]:
    """Write an expression with its name."""
    return [node.expression, alias(node.alias)]


def _not(node: ast.Not) -> list[Part]:
    """Write NOT."""
    return ["not ", (node.operand, Precedence.NOT)]


def _negate(node: ast.Negate) -> list[Part]:
    """Write a minus; two of them are separated by a blank, since ``--`` begins a comment."""
    operand = node.operand
    # A traced number is never that large.
    if type(operand) is ast.Number and operand.value == -SMALLEST_INTEGER and not operand.is_float:
        return [str(SMALLEST_INTEGER)]
    if isinstance(operand, ast.Negate):
        return ["- ", operand]
    dash = "- " if isinstance(operand, ast.Interval) and operand.amount < 0 else "-"
    return [dash, (operand, Precedence.PRODUCT)]


def _logic(word: str, precedence: Precedence) -> Callable[[Any], list[Part]]:
    """Return the writer of AND or OR; long chains are written as a balanced tree."""

    def writer(node: ast.And | ast.Or) -> list[Part]:
        parts: list[Part] = []
        for operand in balanced(node).operands:
            parts += [f" {word} ", (operand, precedence + 1)] if parts else [(operand, precedence + 1)]
        return parts or _refuse_empty(word)

    return writer


def balanced(node: ast.And | ast.Or) -> ast.And | ast.Or:
    """Return a chain, split into a chain of chains if it is long."""
    operands, kind = node.operands, type(node)
    if len(operands) <= LONGEST_CHAIN:
        return node
    size = max(GROUP, -(-len(operands) // GROUP))
    starts = range(0, len(operands), size)
    return kind(tuple(_group(kind, operands[start : start + size]) for start in starts))


def _group(kind: type[ast.And | ast.Or], operands: tuple[ast.Expression, ...]) -> ast.Expression:
    """Return some operands of a long chain as one operand."""
    return operands[0] if len(operands) == 1 else kind(operands)


def _refuse_empty(word: str) -> list[Part]:
    """Raise ArgumentError for a chain without operands."""
    subject, rule = word, "takes at least one operand"
    raise ArgumentError(subject, rule, "none")


def _chain(node: ast.Chain) -> list[Part]:
    """Write operators of one precedence, from left to right."""
    precedence = precedence_of(node)
    parts: list[Part] = [_first_operand(node.operands[0], precedence)]
    last = len(node.operators) - 1
    for place, (operator, operand) in enumerate(zip(node.operators, node.operands[1:], strict=True)):
        parts += [
            f" {operator} ",
            operand if _needs_no_parentheses(operand, precedence, last=place == last) else (operand, precedence + 1),
        ]
    return parts


def _first_operand(operand: ast.Expression, precedence: Precedence) -> Part:
    """Return the first operand; a chain of the same precedence needs no parentheses, unless a minus at its end would include the next operand."""
    if (
        isinstance(operand, ast.Chain)
        and precedence_of(operand) == precedence
        and not isinstance(operand.operands[-1], ast.Negate)
    ):
        return operand
    return operand if isinstance(operand, ast.Negate) and precedence == Precedence.SUM else (operand, precedence + 1)


def _needs_no_parentheses(operand: ast.Expression, precedence: Precedence, *, last: bool) -> bool:
    """Tell whether a minus after an operator needs no parentheses: it includes all operators that bind tighter than a sum."""
    return isinstance(operand, ast.Negate) and (
        precedence == Precedence.SUM or (precedence == Precedence.PRODUCT and last)
    )


def _comparison(node: ast.Comparison) -> list[Part]:
    """Write a comparison; a side of the same precedence gets parentheses."""
    precedence = precedence_of(node) + 1
    return [(node.left, precedence), f" {node.operator} ", (node.right, precedence)]


def _like(node: ast.Like) -> list[Part]:
    """Write LIKE, NOT LIKE, ILIKE."""
    word = ("not " if node.negated else "") + ("ilike" if node.case_insensitive else "like")
    return [(node.operand, Precedence.ORDER), f" {word} ", (node.pattern, Precedence.ORDER)]


def _in(node: ast.In) -> list[Part]:
    """Write IN."""
    members = node.members
    inside = listed(members) if isinstance(members, tuple) else bare(members)
    return [(node.operand, Precedence.SUM), " not in (" if node.negated else " in (", *inside, ")"]


def _between(node: ast.Between) -> list[Part]:
    """Write BETWEEN."""
    return [
        (node.operand, Precedence.SUM),
        " between ",
        (node.low, Precedence.SUM),
        " and ",
        (node.high, Precedence.SUM),
    ]


def _is_null(node: ast.IsNull) -> list[Part]:
    """Write IS NULL."""
    return [(node.operand, Precedence.NULL), " is not null" if node.negated else " is null"]


def _exists(node: ast.Exists) -> list[Part]:
    """Write EXISTS."""
    return ["not exists (" if node.negated else "exists (", *bare(node.query), ")"]


def _subquery(node: ast.Subquery) -> list[Part]:
    """Write a query as a value."""
    return ["(", *bare(node.query), ")"]


def _subscript(node: ast.Subscript) -> list[Part]:
    """Write a subscript."""
    return [(node.operand, Precedence.PRIMARY), "[", *listed(_index(index) for index in node.indices), "]"]


def _index(index: ast.Expression) -> Part:
    """Return an index, in parentheses if the grammar does not allow it without."""
    inner = index.query if isinstance(index, ast.Subquery) else index
    loose = isinstance(index, (ast.Subscript, ast.Subquery)) or precedence_of(inner) < Precedence.NOT
    return ast.Computed(index) if loose else index


def _computed(node: ast.Computed) -> list[Part]:
    """Write an index in parentheses."""
    return ["(", node.expression, ")"]


def _slice(node: ast.Slice) -> list[Part]:
    """Write a slice."""
    bounds: list[Part] = [node.start or "", ":", node.stop or ""]
    return [*bounds, ":", node.step or ""] if node.step is not None or node.stepped else bounds


def _case(node: ast.Case) -> list[Part]:
    """Write CASE."""
    parts: list[Part] = ["case"] if node.subject is None else ["case ", node.subject]
    parts += node.branches
    otherwise: list[Part] = [] if node.otherwise is None else [" else ", node.otherwise]
    return [*parts, *otherwise, " end"]


def _when(node: ast.When) -> list[Part]:
    """Write one branch of CASE."""
    return [" when ", node.condition, " then ", node.result]


def _cast(node: ast.Cast) -> list[Part]:
    """Write CAST."""
    return ["cast(", node.expression, f" as {node.type})"]


def _extract(node: ast.Extract) -> list[Part]:
    """Write EXTRACT."""
    return [f"extract({node.unit} from ", node.expression, ")"]


def _date(node: ast.Date) -> list[Part]:
    """Write a date."""
    return [f"date {string(node.text)}"]


def _interval(node: ast.Interval) -> list[Part]:
    """Write an interval; a negative one needs a string literal."""
    bare = node.amount >= 0 or node.amount == SMALLEST_INTEGER
    return [f"{node.amount} {node.unit}" if bare else f"interval '{node.amount} {node.unit}'"]


WRITERS: dict[type[ast.Node], Callable[[Any], list[Part]]] = {
    ast.Column: _column,
    ast.Star: _star,
    ast.Number: _number,
    ast.String: _string,
    ast.Boolean: _boolean,
    ast.Null: lambda _: ["null"],
    ast.Parameter: lambda node: [Mark(node.name)],
    **dict.fromkeys(TRACED.values(), lambda node: [Slot(slot_of(node))]),
    ast.Split: lambda _: ["split"],
    ast.Array: _array,
    ast.Vector: _vector,
    ast.Function: _function,
    ast.Pair: _pair,
    ast.Aliased: _aliased,
    ast.Not: _not,
    ast.Negate: _negate,
    ast.And: _logic("and", Precedence.AND),
    ast.Or: _logic("or", Precedence.OR),
    ast.Chain: _chain,
    ast.Comparison: _comparison,
    ast.Like: _like,
    ast.In: _in,
    ast.Between: _between,
    ast.IsNull: _is_null,
    ast.Exists: _exists,
    ast.Subquery: _subquery,
    ast.Subscript: _subscript,
    ast.Computed: _computed,
    ast.Slice: _slice,
    ast.Case: _case,
    ast.When: _when,
    ast.Cast: _cast,
    ast.Extract: _extract,
    ast.Date: _date,
    ast.Interval: _interval,
}
