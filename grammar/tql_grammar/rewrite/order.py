"""
ORDER BY several keys and GROUP BY exact keys, rewritten for an engine that sorts by the first key only, as float32.

The engine's sort by one key is stable, and DESC is the exact reverse of ASC, including ties.
So each key gets a nested SELECT, the least significant key innermost, and the direction of a key is reversed once for each DESC outside of it.
An odd number of DESC reverses rows that tie in all keys: then the innermost SELECT reverses the rows first.

The engine compares keys as float32 in ORDER BY and GROUP BY, cannot sort nullable numbers, and does not sort a column that contains NaN.
So a key of a known type becomes several keys: parts of the number that fit into float32, a test for null, and a test for NaN that puts it last.
A key of GROUP BY needs no order of its parts: an integer is a key itself, and its remainders differ for integers that round to the same float32.
A float64 is exact if its magnitude is 0 or from 1e-28 to 3.4e38; beyond that, numbers that round to the same float32 tie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tql_grammar import ast
from tql_grammar.engines import INTEGER_KEYS, lacks
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import CLOSENESS, FLAT
from tql_grammar.rewrite.arithmetic import chained
from tql_grammar.rewrite.elements import require_single
from tql_grammar.rewrite.nullable import absent, is_whole, missing
from tql_grammar.rewrite.scope import UNKNOWN, Scope, Values
from tql_grammar.typing.inference import SCORE, numbers
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tql_grammar.ast import Expression
    from tql_grammar.schema import Column

    # The sorts of a value of each type.
    Forms = Mapping[str, Callable[[Expression], list["Sort"]]]

REVERSED: dict[str | None, Literal["asc", "desc"]] = {"desc": "asc", "asc": "desc", None: "desc"}
# A float32 stores 24 bits: two parts have 48 bits, and three parts of 22 bits with their signs have 64.
HALF, THIRD, THIRDS = 2**24, 2**22, 2**44
SIZES = frozenset({HALF, THIRD, THIRDS})
# A product of an int64 wraps: times these it has the lowest 44 and 22 bits of the number, as its highest ones.
LOW_BITS, LOWEST_BITS = 2**20, 2**42
# Integers of 32 bits that round to the same float32 differ by 256 at most.
NEIGHBOURS = 1024
WRAP = 2.0**64
LITERALS = (ast.Number, ast.String, ast.Boolean, ast.Null)
RANKING = FLAT | CLOSENESS.keys()
VECTORS = (ast.Vector, ast.Array, ast.Parameter)


class Sort(NamedTuple):
    """
    One of the sorts of a key.

    Attributes:
        expression: the sort key.
        guard: whether it only puts NaN last before the next outer sort; then it is ascending for any direction of the key.
    """

    expression: Expression
    guard: bool = False


def ordered(select: ast.Select, keys: Sequence[ast.Order], scope: Scope = UNKNOWN) -> ast.Select:
    """
    Return *select* with its rows ordered by *keys*, the most significant first, ties in the order of the source.

    ``select a from D where W`` by ``k1, k2`` becomes ``select a from (select * from D where W order by k2) order by k1``.
    A single key is not nested; rows that tie in a single descending key are in reverse order.
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
    One sort of the engine.

    Attributes:
        key: the key of its ORDER BY.
        number: the index of the key of the original order to which it belongs; None for the sort that reverses full ties.
    """

    key: ast.Order
    number: int | None = None


def physical(keys: Sequence[ast.Order], scope: Scope = UNKNOWN) -> list[Physical]:
    """
    Return the single-key sorts, outermost first, that together produce the order of *keys*.

    A last one by ``row_number() desc`` is added if the number of DESC sorts is odd, unless there is a single key.
    """
    reversals = 0
    found: list[Physical] = []
    for number, key in enumerate(keys):
        for sort in sorts(key.expression, scope):
            directed = ast.Order(sort.expression, REVERSED[key.direction] if reversals % 2 else key.direction)
            directed = ast.Order(sort.expression) if sort.guard else directed
            reversals += directed.direction == "desc"
            found.append(Physical(directed, number))
    if reversals % 2 and len(keys) > 1:
        found.append(Physical(ast.Order(ast.Function("row_number"), "desc")))
    return found


def sorts(key: Expression, scope: Scope, subject: str = "order_by", forms: Forms | None = None) -> list[Sort]:
    """
    Return the sorts that produce the order of *key* in the engine, the most significant first.

    Args:
        key: the key.
        scope: the columns and their types.
        subject: the name of the method for a message.
        forms: the sorts of each type; `PARTS` by default.

    Raises:
        ArgumentError: the engine cannot sort by a column of this type.
    """
    column = scope.typed_column(key)
    if column is not None and (not column.is_single or column.dtype in {"json", "bytes"}):
        rule, hint = "takes a key with one number or text in each row", "reduce it, as with col(..)[0] or fn.sum"
        raise ArgumentError(subject, rule, repr(getattr(key, "name", "")), hint, why=f"the column is {column}")
    forms = forms or PARTS
    return _computed(key, scope, forms) if column is None or column.inferred else _of_value(key, column, forms)


def _of_value(key: Expression, column: Column, forms: Forms) -> list[Sort]:
    """Return the sorts of a value; a nullable number is sorted by its sum, since the engine cannot sort by the number itself."""
    if not column.nullable:
        return _by_type(key, column, forms)
    value = key if column.is_text else ast.Function("sum", (key,))
    return [Sort(ast.IsNull(key)), *_by_type(value, column, forms)]


def _computed(key: Expression, scope: Scope, forms: Forms) -> list[Sort]:
    """
    Return the sorts of a computed or inferred key: a single one if its type is unknown, or if it is computed from a vector, which has float32 precision.

    The key is null if one of the columns that it reads is; the sum of a null is 0.
    A number of an inferred column may be null, and this form is right if it never is.
    """
    require_single(key, scope)
    absences = missing(key, scope._replace(nullables=scope.possibly_null))
    column = _type(key, scope)
    if absences:
        value = _sum_without_null(key, column, scope)
        return [Sort(absent(absences)), *([Sort(value)] if column is None else _by_type(value, column, forms))]
    return [Sort(key)] if column is None else _of_value(key, column, forms)


def _sum_without_null(key: Expression, column: Column | None, scope: Scope) -> Expression:
    """
    Return the sum of a number, which is 0 for a null.

    The sum of a null has the type of the null: a literal gives all sums one type. With a uint64, which is a column itself, it would be a float64.
    """
    total = ast.Function("sum", (key,))
    if column is not None and column.dtype == "uint64":
        return total
    return chained("*", total, ast.Number(1 if is_whole(key, scope) else 1.0))


def _type(key: Expression, scope: Scope) -> Column | None:
    """Return the narrowest known type of a computed key that is one number in each row and not computed from a vector, else None."""
    if scope.columns is None or isinstance(key, LITERALS) or any(isinstance(part, VECTORS) for part in walk(key)):
        return None
    column = numbers(key, Values(scope))
    return column if column is not None and column.is_single else None


def is_of_unknown_type(key: Expression, scope: Scope) -> bool:
    """Tell whether a key may be a number that float32 rounds: its type is unknown, and it is neither a constant nor a score."""
    if isinstance(key, LITERALS) or numbers(key, Values(scope)) is not None:
        return False
    return not any(isinstance(part, VECTORS) or _is_score(part) for part in walk(key))


def _is_score(node: object) -> bool:
    """Tell whether a node is a call of a similarity or of another function that ranks rows, which returns a float32."""
    return isinstance(node, ast.Function) and node.name.lower() in RANKING


def _by_type(value: Expression, column: Column, forms: Forms) -> list[Sort]:
    """Return the sorts of a value that is never null, by its type; a class label is a small number."""
    forms = SCORES if column.kind == SCORE.kind else forms
    form = None if column.is_label else forms.get(column.dtype)
    return [Sort(value)] if form is None else form(value)


def _less(left: Expression, right: Expression) -> Expression:
    """Return a difference."""
    return chained("-", left, right)


def _remainder(value: Expression, divisor: int) -> Expression:
    """Return the remainder of a division, which has the sign of *value*."""
    return chained("%", value, ast.Number(divisor))


def _halves(value: Expression) -> list[Sort]:
    """Return an integer below 2**48 in two parts: ``v - v % 16777216`` and ``v % 16777216``."""
    low = _remainder(value, HALF)
    return [Sort(_less(value, low)), Sort(low)]


def _thirds(value: Expression) -> list[Sort]:
    """Return an int64 in three parts: ``v - v % 17592186044416``, ``(v - v % 4194304) % 17592186044416`` and ``v % 4194304``."""
    if lacks(INTEGER_KEYS):
        return _shifted(value)
    low = _remainder(value, THIRD)
    return [Sort(_less(value, _remainder(value, THIRDS))), Sort(_remainder(_less(value, low), THIRDS)), Sort(low)]


def _shifted(value: Expression) -> list[Sort]:
    """
    Return an int64 in three parts without a remainder: ``v - v * 1048576 / 1048576``, ``v * 1048576 - v * 4398046511104 / 4194304`` and ``v * 4398046511104``.

    The product wraps, and leaves the lowest 44 or 22 bits, as signed numbers; the quotient is a float64 that stores them.
    A difference of an integer beyond 2**53 rounds, but a float32 of it is exact.
    """
    lowest, low = (chained("*", value, ast.Number(size)) for size in (LOWEST_BITS, LOW_BITS))
    high = _less(value, chained("/", low, ast.Number(LOW_BITS)))
    return [Sort(high), Sort(_less(low, chained("/", lowest, ast.Number(THIRD)))), Sort(lowest)]


def _unsigned(value: Expression) -> list[Sort]:
    """
    Return a uint64 in three parts.

    Its arithmetic with a literal is that of float64, but its negative is an int64, which wraps above 2**63: the parts are those of ``- -v``, the first one with 2**64 back.
    """
    negative = ast.Negate(value)
    high, middle, low = (part.expression for part in _thirds(negative))
    wrapped = ast.Chain(("*",), (ast.Comparison(">", negative, ast.Number(0)), ast.Number(WRAP)))
    first = ast.Chain(("+",), (_reversed(high), wrapped))
    if lacks(INTEGER_KEYS):
        # The negative of a part of 2**63 would wrap.
        return [Sort(first), Sort(_reversed(middle)), Sort(_reversed(low))]
    return [Sort(first), Sort(_less(ast.Number(0), middle)), Sort(_less(ast.Number(0), low))]


def _reversed(value: Expression) -> Expression:
    """Return the negative of a number as a float64."""
    return ast.Chain(("*",), (value, ast.Negate(ast.Number(1.0))))


def _residual(value: Expression) -> Expression:
    """Return the difference between a float64 and its nearest float32; L1_NORM of a number is the nearest float32 to its magnitude."""
    sign = _less(ast.Number(1.0), ast.Chain(("*",), (ast.Comparison("<", value, ast.Number(0)), ast.Number(2.0))))
    return _less(value, ast.Chain(("*",), (ast.Function("l1_norm", (value,)), sign)))


def _is_nan(value: Expression) -> Expression:
    """Return the test for NaN."""
    return ast.Comparison("!=", value, value)


def _residuals(value: Expression) -> list[Sort]:
    """
    Return a float64 in three parts, each the residual of the one before.

    The residuals of infinity and of numbers beyond float32 are NaN too, and each sort needs its NaN last:
    the guard puts ordinary numbers first, then numbers without a second residual, then infinity, and NaN last.
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
    """Return the sorts of a float16 or float32, with NaN last."""
    return [Sort(value), Sort(_is_nan(value), guard=True)]


# The sorts of scores, which are never NaN, and the sorts of each other type that one plain sort does not order exactly.
SCORES: Forms = {"float64": _positive}
PARTS: Forms = {
    "int32": _halves,
    "uint32": _halves,
    "int64": _thirds,
    "uint64": _unsigned,
    "float16": _guarded,
    "float32": _guarded,
    "float64": _residuals,
}


def _near(value: Expression) -> list[Sort]:
    """Return the keys of groups of an integer of 32 bits: itself, and ``v % 1024``, in which no two differ that round to the same float32."""
    return [Sort(_remainder(value, NEIGHBOURS)), Sort(value)]


def _nearer(value: Expression) -> list[Sort]:
    """
    Return the keys of groups of an int64: itself, ``v % 17592186044416`` and ``v % 4194304``.

    Two int64 that round to the same float32 differ by 2**40 at most, so they are equal if their remainders by 2**44 are;
    those that round to the same float32 differ by 2**20 at most, so they are equal if their remainders by 2**22 are, which a float32 stores.
    """
    if lacks(INTEGER_KEYS):
        return _shifted(value)
    return [Sort(_remainder(value, THIRD)), Sort(_remainder(value, THIRDS)), Sort(value)]


# The keys of groups, the last one first: the number itself is the first key of GROUP BY, so that groups come in the order of their first rows.
GROUPED = {**PARTS, "int32": _near, "uint32": _near, "int64": _nearer}


def group_keys(key: Expression, scope: Scope) -> list[Expression]:
    """
    Return the keys by which the engine groups equal values, and only equal values, together.

    Args:
        key: the column with the values.
        scope: the columns and their types.

    Raises:
        ArgumentError: the engine cannot group by a column of this type.
    """
    return [sort.expression for sort in reversed(sorts(key, scope, "group_by", GROUPED))]


def is_part(key: Expression) -> bool:
    """Tell whether a key is one of the sorts of a number that float32 does not store: a part of it, or the test for NaN."""
    parts = list(walk(key))
    if any(isinstance(part, ast.Function) and part.name == "l1_norm" for part in parts):
        return isinstance(key, ast.Chain)
    return any(isinstance(part, ast.Chain) and _is_split(part) for part in parts)


def _is_split(node: ast.Chain) -> bool:
    """Tell whether arithmetic takes a part of an integer: ``x % 4194304``, or ``x * 1048576``, which wraps."""
    pairs = zip(node.operators, node.operands[1:], strict=True)
    return any((sign, number.value) in SPLITS for sign, number in pairs if isinstance(number, ast.Number))


SPLITS = {*(("%", size) for size in SIZES), ("*", LOW_BITS), ("*", LOWEST_BITS)}
