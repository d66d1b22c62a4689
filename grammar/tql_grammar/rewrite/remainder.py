"""
Remainders on an engine before 4.7.1, whose ``%`` is the IEEE remainder, computed with float64.

The remainder has the sign of the dividend, as on newer engines; it is a float64. The form is right on newer engines too.
An int64 *x* beyond 2**53 is not a float64, but the lowest 44 bits of it are one, and the rest of it is: a product of integers wraps, so ``x * 2**20 / 2**20`` has these bits.
The remainder of both is that of *x*; of a number of another type the first part is the number, and the rest is 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.engines import REMAINDER, lacks
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite import nullable, width
from tql_grammar.rewrite.arithmetic import chained
from tql_grammar.rewrite.comparison import number
from tql_grammar.rewrite.order import LOW_BITS, THIRDS
from tql_grammar.rewrite.scope import Values
from tql_grammar.schema import FLOATS, INTEGERS
from tql_grammar.typing.inference import infer

if TYPE_CHECKING:
    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope

# Numbers that a float64 stores, and those that the engine computes as a float64 in any case.
EXACT = frozenset({*INTEGERS, *FLOATS, "bool"}) - {"int64"}
LARGEST = 2**53
ZERO, ONE = ast.Number(0), ast.Number(1)


def chain(node: ast.Chain, scope: Scope) -> Expression:
    """Return arithmetic in 64 bits, in which each remainder has the sign of its dividend."""
    found = truncated(node, scope) if _divides(node) and lacks(REMAINDER) else node
    return width.chain(found, scope) if isinstance(found, ast.Chain) else found


def truncated(node: ast.Chain, scope: Scope) -> Expression:
    """
    Return arithmetic in which each remainder has the sign of its dividend.

    Raises:
        ArgumentError: a divisor is no number, or a dividend is an array, or computed from several columns that may be null.
    """
    if node.origin is not None and _divides(node.origin):
        return node
    found, *rest = node.operands
    for operator, operand in zip(node.operators, rest, strict=True):
        found = _remainder(found, operand, scope) if operator == "%" else chained(operator, found, operand)
    return found


def _divides(node: object) -> bool:
    """Tell whether arithmetic has a remainder."""
    return isinstance(node, ast.Chain) and "%" in node.operators


def _remainder(dividend: Expression, divisor: Expression, scope: Scope) -> Expression:
    """Return the remainder of a division by a number."""
    meant = chained("%", dividend, divisor)
    by = _size(divisor)
    column = infer(dividend, Values(scope))
    if column is not None and not column.is_single:
        raise _refused("takes single numbers here", "compute it of an element: col(..)[0] % 10", f"{column}")
    absences = nullable.missing(dividend, scope)
    if len(absences) > 1:
        raise _refused("takes a number of one column that may be null here", nullable.remedy(absences), "")
    value = nullable.filled(dividend, scope) if absences else dividend
    found = _signed(value, by, meant, is_exact=column is not None and column.dtype in EXACT)
    if absences:
        found = nullable.null_with(nullable.NullWith(absences[0], found), scope)
    return found.with_origin(meant)


def _size(divisor: Expression) -> ast.Number:
    """Return the magnitude of a divisor that is a number."""
    value = number(divisor)
    if not value or abs(value) > LARGEST:
        hint = "divide by a number that is not 0 and at most 2**53, or use an engine from 4.7.1 on"
        raise _refused("takes a number as the divisor here", hint, "" if value is None else repr(value))
    return ast.Number(abs(value))


def _signed(value: Expression, by: ast.Number, meant: Expression, *, is_exact: bool) -> Expression:
    """Return the IEEE remainder, plus or minus the divisor where its sign is not that of the dividend."""

    def rest(part: Expression) -> Expression:
        return ast.Chain(("%",), (part, by)).with_origin(meant)

    nearest = rest(value) if is_exact else rest(ast.Chain(("+",), tuple(map(rest, _halves(value, meant)))))
    below = _product(ast.Comparison(">", value, ZERO), ast.Comparison("<", nearest, ZERO))
    above = _product(ast.Comparison("<", value, ZERO), ast.Comparison(">", nearest, ZERO))
    correction = ast.Chain(("*",), (ast.Chain(("-",), (below, above)), by))
    return ast.Chain(("+",), (nearest, correction))


def _product(one: Expression, other: Expression) -> Expression:
    """Return 1 where two conditions hold, else 0."""
    return ast.Chain(("*", "*"), (one, other, ONE))


def _halves(value: Expression, meant: Expression) -> tuple[Expression, Expression]:
    """
    Return a number in two parts that float64 stores: a multiple of 2**44, and the lowest 44 bits of an integer.

    The difference of an integer beyond 2**53 and these bits is rounded by at most 2**10: it is that multiple nearest to it, by either remainder.
    """
    low = ast.Chain(("*", "/"), (value, ast.Number(LOW_BITS), ast.Number(LOW_BITS)))
    high = ast.Chain(("-",), (value, low))
    error = ast.Chain(("%",), (high, ast.Number(THIRDS))).with_origin(meant)
    half = ast.Number(THIRDS // 2)
    above = ast.Chain(("*",), (ast.Comparison(">", error, half), ONE))
    below = ast.Chain(("*",), (ast.Comparison("<", error, ast.Negate(half)), ONE))
    carried = ast.Chain(("*",), (ast.Chain(("-",), (above, below)), ast.Number(THIRDS)))
    return ast.Chain(("-", "+"), (high, error, carried)), low


def _refused(rule: str, hint: str, got: str) -> ArgumentError:
    """Return the error about a remainder for which there is no form."""
    return ArgumentError("%", rule, got, hint, why="before 4.7.1 the engine's `%` is the IEEE remainder")
