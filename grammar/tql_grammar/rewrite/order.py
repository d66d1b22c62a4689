"""
The order of several keys, in the form that the engine keeps: it sorts by the first key of ORDER BY and ignores the others.

Its sort by one key is stable and DESC is the exact reverse of ASC, ties included.
So each key gets a select of its own, the least significant one innermost, and a key's direction is turned round once for each DESC outside it.
An odd number of DESC turns full ties round: then the rows start in reverse.

It compares keys as float32, in ORDER BY and in GROUP BY, cannot sort nullable numbers, and loses its way among NaN.
So a key of a known type becomes several keys: the parts of a number that a float32 holds, null apart from the value, and NaN put last before the floats are sorted.
A float64 is exact where its magnitude is 0 or from 1e-28 to 3.4e38; beyond that, numbers that are one float32 tie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite.arithmetic import chained
from tql_grammar.rewrite.nullable import absent, missing
from tql_grammar.rewrite.scope import UNKNOWN, Scope, Values
from tql_grammar.typing.inference import SCORE, numbers
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tql_grammar.ast import Expression
    from tql_grammar.schema import Column

REVERSED: dict[str | None, Literal["asc", "desc"]] = {"desc": "asc", "asc": "desc", None: "desc"}
# A float32 holds 24 bits: two parts make 48, three parts of 22 bits with the signs make 64.
HALF, THIRD, THIRDS = 2**24, 2**22, 2**44
SIZES = frozenset({HALF, THIRD, THIRDS})
WRAP = 2.0**64
LITERALS = (ast.Number, ast.String, ast.Boolean, ast.Null)
VECTORS = (ast.Vector, ast.Array, ast.Parameter)


class Sort(NamedTuple):
    """
    One sort of a key.

    Attributes:
        expression: what is sorted by.
        guard: whether it only puts NaN last for the sort outside of it: then it ascends, whatever the direction of the key.
    """

    expression: Expression
    guard: bool = False


def ordered(select: ast.Select, keys: Sequence[ast.Order], scope: Scope = UNKNOWN) -> ast.Select:
    """
    Return *select* with its rows ordered by *keys*, the most significant first, ties in the order of the source.

    ``select a from D where W`` by ``k1, k2`` becomes ``select a from (select * from D where W order by k2) order by k1``.
    One key stays as it is; rows that tie in one descending key come in reverse.
    """
    if not keys:
        return select
    first, *inner = (sort.key for sort in physical(keys, scope))
    if not inner:
        return select.replace(order_by=(first,))
    rows = ast.Select((ast.Star(),), select.source, select.where)
    for key in reversed(inner):
        rows = rows.replace(order_by=(key,)) if not rows.order_by else _around(rows, key)
    return select.replace(source=ast.Derived(rows), where=None, order_by=(first,))


def _around(rows: ast.Select, key: ast.Order) -> ast.Select:
    """Return the rows of a select sorted by one more key."""
    return ast.Select((ast.Star(),), ast.Derived(rows), order_by=(key,))


class Physical(NamedTuple):
    """
    One sort that the engine does.

    Attributes:
        key: what it sorts by.
        number: which key of the order it is a part of, from 0; None for the one that turns full ties round.
    """

    key: ast.Order
    number: int | None = None


def physical(keys: Sequence[ast.Order], scope: Scope = UNKNOWN) -> list[Physical]:
    """
    Return the single-key sorts, outermost first, that together give the order of *keys*.

    A last one by ``row_number() desc`` is added where the DESC keys are odd in number, unless there is one key only.
    """
    turns = 0
    found: list[Physical] = []
    for number, key in enumerate(keys):
        for sort in sorts(key.expression, scope):
            turned = ast.Order(sort.expression, REVERSED[key.direction] if turns % 2 else key.direction)
            turned = ast.Order(sort.expression) if sort.guard else turned
            turns += turned.direction == "desc"
            found.append(Physical(turned, number))
    if turns % 2 and len(keys) > 1:
        found.append(Physical(ast.Order(ast.Function("row_number"), "desc")))
    return found


def sorts(key: Expression, scope: Scope, subject: str = "order_by") -> list[Sort]:
    """
    Return what the engine has to sort by, one after the other, for the order of *key*; the most significant first.

    Raises:
        ArgumentError: the engine cannot sort by a column of this type.
    """
    column = scope.column(key)
    if column is None:
        return _computed(key, scope)
    if not column.is_single or column.dtype in {"json", "bytes"}:
        rule = f"takes a key with one number or text in each row, and {column} is none"
        raise ArgumentError(subject, rule, repr(getattr(key, "name", "")), "reduce it, as with col(..)[0] or fn.sum")
    return _of_value(key, column)


def _of_value(key: Expression, column: Column) -> list[Sort]:
    """Return the sorts of a value that may be null: then the sum of the one number is what the engine can sort by."""
    if not column.nullable:
        return _by_type(key, column)
    value = key if column.is_text else ast.Function("sum", (key,))
    return [Sort(ast.IsNull(key)), *_by_type(value, column)]


def _computed(key: Expression, scope: Scope) -> list[Sort]:
    """
    Return the sorts of a key that is computed: one where nothing is known of its type, and for what is computed from a vector, which has the digits of a float32.

    It is missing where one of the columns that it reads is; the sum of one missing number is 0.
    """
    absences = missing(key, scope)
    column = _type(key, scope)
    if absences:
        value = ast.Function("sum", (key,))
        return [Sort(absent(absences)), *([Sort(value)] if column is None else _by_type(value, column))]
    return [Sort(key)] if column is None else _of_value(key, column)


def _type(key: Expression, scope: Scope) -> Column | None:
    """Return the type of the numbers of a computed key, if it is one number in each row and not computed from a vector."""
    if scope.columns is None or isinstance(key, LITERALS) or any(isinstance(part, VECTORS) for part in walk(key)):
        return None
    column = numbers(key, Values(scope))
    return column if column is not None and column.is_single else None


def _by_type(value: Expression, column: Column) -> list[Sort]:
    """Return the sorts of a value that is never null; a class label is a small number."""
    forms = SCORES if column.kind == SCORE.kind else PARTS
    form = None if column.is_label else forms.get(column.dtype)
    return [Sort(value)] if form is None else form(value)


def _less(left: Expression, right: Expression) -> Expression:
    """Return a difference."""
    return chained("-", left, right)


def _rest(value: Expression, divisor: int) -> Expression:
    """Return the rest of a division, which has the sign of *value*."""
    return chained("%", value, ast.Number(divisor))


def _halves(value: Expression) -> list[Sort]:
    """Return an integer below 2**48 in two parts: ``v - v % 16777216`` and ``v % 16777216``."""
    low = _rest(value, HALF)
    return [Sort(_less(value, low)), Sort(low)]


def _thirds(value: Expression) -> list[Sort]:
    """Return an int64 in three parts: ``v - v % 17592186044416``, ``(v - v % 4194304) % 17592186044416`` and ``v % 4194304``."""
    low = _rest(value, THIRD)
    return [Sort(_less(value, _rest(value, THIRDS))), Sort(_rest(_less(value, low), THIRDS)), Sort(low)]


def _unsigned(value: Expression) -> list[Sort]:
    """
    Return a uint64 in three parts.

    Its arithmetic with a literal is that of float64, but its negative is an int64, which wraps above 2**63: the parts are those of ``- -v``, the first one with 2**64 back.
    """
    turned = ast.Negate(value)
    high, middle, low = (part.expression for part in _thirds(turned))
    wrapped = ast.Chain(("*",), (ast.Comparison(">", turned, ast.Number(0)), ast.Number(WRAP)))
    first = ast.Chain(("+",), (ast.Chain(("*",), (high, ast.Negate(ast.Number(1.0)))), wrapped))
    return [Sort(first), Sort(_less(ast.Number(0), middle)), Sort(_less(ast.Number(0), low))]


def _residual(value: Expression) -> Expression:
    """Return what a float32 does not hold of a float64: the norm of a number is the float32 nearest to its magnitude."""
    sign = _less(ast.Number(1.0), ast.Chain(("*",), (ast.Comparison("<", value, ast.Number(0)), ast.Number(2.0))))
    return _less(value, ast.Chain(("*",), (ast.Function("l1_norm", (value,)), sign)))


def _is_nan(value: Expression) -> Expression:
    """Return the test for NaN."""
    return ast.Comparison("!=", value, value)


def _residuals(value: Expression) -> list[Sort]:
    """
    Return a float64 in three parts, each the residual of the one before.

    The residuals of infinity and of what is larger than a float32 are NaN as well, and each sort needs its NaN last:
    so the guard puts the numbers first, then what has no second residual, then infinity, and NaN last.
    """
    second = _residual(value)
    norm = ast.Function("l1_norm", (value,))
    infinite, large = (ast.Comparison("!=", _less(part, part), ast.Number(0)) for part in (value, norm))
    tests = ast.Chain(("*",), (_is_nan(value), ast.Number(1))), infinite, large
    return [Sort(value), Sort(second), Sort(_residual(second)), Sort(ast.Chain(("+", "+"), tests), guard=True)]


def _positive(value: Expression) -> list[Sort]:
    """Return a float64 that is positive and finite in three parts."""
    second = _less(value, ast.Function("l1_norm", (value,)))
    return [Sort(value), Sort(second), Sort(_residual(second))]


def _guarded(value: Expression) -> list[Sort]:
    """Return a float that a float32 holds, NaN last."""
    return [Sort(value), Sort(_is_nan(value), guard=True)]


# The parts of the numbers of each type that a float32 does not hold, and of floats; and those of scores, which are never NaN.
SCORES: dict[str, Callable[[Expression], list[Sort]]] = {"float64": _positive}
PARTS: dict[str, Callable[[Expression], list[Sort]]] = {
    "int32": _halves,
    "uint32": _halves,
    "int64": _thirds,
    "uint64": _unsigned,
    "float16": _guarded,
    "float32": _guarded,
    "float64": _residuals,
}


def group_keys(key: Expression, scope: Scope) -> list[Expression]:
    """
    Return what the engine has to group by, so that values fall into one group where they are equal.

    Args:
        key: the column that holds the values.
        scope: what is known of the columns.

    Raises:
        ArgumentError: the engine cannot group by a column of this type.
    """
    return [sort.expression for sort in reversed(sorts(key, scope, "group_by"))]


def is_part(key: Expression) -> bool:
    """Tell whether a key is a part of a number, or puts NaN last: what more precise keys than a float32 are made of."""
    parts = list(walk(key))
    if any(isinstance(part, ast.Function) and part.name == "l1_norm" for part in parts):
        return isinstance(key, ast.Chain)
    divided = (part for part in parts if isinstance(part, ast.Chain) and part.operators[-1] == "%")
    return any(isinstance(last := part.operands[-1], ast.Number) and last.value in SIZES for part in divided)
