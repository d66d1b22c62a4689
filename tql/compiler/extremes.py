"""
The smallest and the largest of texts and of numbers that may be null, by an order of the rows below the groups.

The engine reduces neither. The first row of a sorted group has the smallest text;
with the nulls last, the first number of a group is null where all are, and the others are reduced with the nulls beyond every number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql.expressions.aggregates import is_aggregate
from tql.plan.nodes import Filter, Join, Plan, Sort
from tql.plan.schema import schema
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import OF_ONE_ROW
from tql_grammar.printing.printer import to_tql
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.rewrite.logic import conjunction
from tql_grammar.rewrite.nullable import absent, apart, missing
from tql_grammar.rewrite.scope import Values
from tql_grammar.rewrite.typed import legalize_parts
from tql_grammar.typing.inference import infer
from tql_grammar.walk import substitute, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope

N = TypeVar("N", bound=ast.Node)
Reduced = tuple["tuple[ast.Order, ...]", "Callable[[ast.Function], Expression]"]
# By the type of a number: one that is beyond all others, or the last of them.
LARGEST: dict[str, float] = {"int64": 2**63 - 1, "float64": 1.7976931348623157e308}


def extremes(rows: Plan, nodes: Sequence[N]) -> tuple[Plan, tuple[N, ...]]:
    """
    Return sorted rows, and outputs of groups in which `fn.min` and `fn.max` of texts and nullable numbers are reductions that the engine has.

    Raises:
        ArgumentError: they need two orders of the rows.
    """
    scope = schema(rows)
    calls = [call for node in nodes for call in _calls(node) if _is_extreme(call, scope)]
    if not calls or isinstance(rows.child if isinstance(rows, Filter) else rows, Join):
        return rows, tuple(nodes)
    keys, form = _one_order(calls, nodes, scope)
    read = tuple(substitute(node, lambda part: form(part) if _is_extreme(part, scope) else None) for node in nodes)  # type: ignore[arg-type]  # calls
    reason = "the smallest or largest of a group is read by an order of the rows"
    return Sort(rows, keys, (None,) * len(keys), reason=reason), read


def _calls(node: Record) -> Iterator[ast.Function]:
    """Yield the calls of an expression."""
    return (part for part in walk(node) if isinstance(part, ast.Function))


def _one_order(calls: Sequence[ast.Function], nodes: Sequence[ast.Node], scope: Scope) -> Reduced:
    """Return the order of the rows in which all calls can be read, and the form of each call."""
    names = {call.name for call in calls}
    argument, *others = {call.arguments[0] for call in calls}
    of_one_row = next((call.name for node in nodes for call in _calls(node) if call.name in OF_ONE_ROW), None)
    found = None if others or of_one_row else _reductions(argument, names, scope)
    if found is None:
        raise _two_orders(calls, of_one_row, columns=len(others) + 1)
    return found


def _two_orders(calls: Sequence[ast.Function], of_one_row: str | None, *, columns: int) -> ArgumentError:
    """Return the error for aggregates that need two orders of the rows."""
    subject = " / ".join(f"fn.{name}" for name in sorted({call.name for call in calls}))
    if columns > 1:
        rule, found = "takes one text or number that may be null in a query", f"{columns} columns"
    elif of_one_row:
        found = f"fn.{of_one_row}"
        rule = f"takes no {found} in the same query, where it reads a text or a number that may be null"
    else:
        column = to_tql(calls[0].arguments[0])
        rule, found = "takes the smallest or the largest of a text that may be null, not both", f"both of `{column}`"
    hint = "ask for each in a query of its own"
    return ArgumentError(subject, rule, found, hint, why="each is read by an order of the rows")


def _is_extreme(node: Record, scope: Scope) -> bool:
    """Return whether *node* is the smallest or the largest of what the engine cannot reduce."""
    if not isinstance(node, ast.Function) or not is_aggregate(node) or node.name not in {"min", "max"}:
        return False
    column = scope.typed_column(node.arguments[0])
    if column is not None and column.is_text:
        return True
    value = (
        infer(legalize_parts(node.arguments[0], scope), Values(scope))
        if len(missing(node.arguments[0], scope)) == 1
        else None
    )
    return value is not None and value.is_single and value.dtype != "uint64"


def _reductions(argument: Expression, names: set[str], scope: Scope) -> Reduced | None:
    """Return the order of the rows, and the form of each call; None if they need two orders."""
    column = scope.typed_column(argument)
    if column is None or not column.is_text:
        return (ast.Order(absent(missing(argument, scope))),), lambda call: _of_numbers(call, scope)
    # An inferred text may be null.
    may_be_null = column.nullable or column.inferred
    if len(names) > 1 and may_be_null:
        return None
    down = names == {"max"}
    own = ast.Order(argument, "desc" if down else "asc")
    keys = (ast.Order(ast.IsNull(argument)), own) if may_be_null else (own,)
    return keys, lambda call: ast.Function("first" if down or call.name == "min" else "last", call.arguments)


def _of_numbers(call: ast.Function, scope: Scope) -> Expression:
    """Return the smallest or the largest number of a group, null if all are."""
    (argument,) = call.arguments
    _require_finite(argument)
    value = legalize_parts(argument, scope)
    known = infer(value, Values(scope))
    whole = known is not None and not known.dtype.startswith("float")
    last = LARGEST["int64" if whole else "float64"]
    nulls = absent(missing(argument, scope))
    there = conjunction(ast.IsNull(column, negated=True) for column in missing(argument, scope))
    beyond: Expression = ast.Number(last) if call.name == "min" else ast.Negate(ast.Number(last))
    number = ast.Chain(("*",), (apart(value, scope), there))
    reduced = ast.Function(
        call.name, (VerbatimExpression(ast.Chain(("+",), (number, ast.Chain(("*",), (nulls, beyond))))),)
    )
    zero = ast.Chain(("*",), (ast.Function("first", (argument,)), ast.Number(0 if whole else 0.0)))
    return ast.Chain(("+",), (zero, reduced))


def _require_finite(argument: Expression) -> None:
    """Refuse a quotient whose divisor may be 0: in the rows without a number too it would be infinite, or NaN."""
    for part in walk(argument):
        divisors = _divisors(part) if isinstance(part, ast.Chain) else []
        if not all(map(_is_other_than_zero, divisors)):
            rule, why = "takes no quotient that may be null", "a division by 0 is infinite, and the engine makes it NaN"
            name = next(node.name for node in walk(part) if isinstance(node, ast.Column))
            hint = f"leave the rows without a number out, which count for nothing here: .where(col({name!r}).is_not_null())"
            raise ArgumentError("fn.max / fn.min", rule, f"one of `{name}`", hint, why=why)


def _is_other_than_zero(divisor: Expression) -> bool:
    """Return whether a divisor is a number other than 0 that is written out."""
    unsigned = divisor.operand if isinstance(divisor, ast.Negate) else divisor
    return isinstance(unsigned, ast.Number) and not unsigned.is_zero


def _divisors(chain: ast.Chain) -> list[Expression]:
    """Return the operands that others are divided by."""
    return [operand for sign, operand in zip(chain.operators, chain.operands[1:], strict=True) if sign in "/%"]
