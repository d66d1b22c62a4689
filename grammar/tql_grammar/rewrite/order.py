"""
Know how several keys become an order that the engine keeps: it sorts by the first key of ORDER BY and ignores the others.

Its sort by one key is stable and DESC is the exact reverse of ASC, ties included.
So each key gets a select of its own, the least significant one innermost, and a key's direction is turned round once for each DESC outside it.
An odd number of DESC turns full ties round: then the rows start in reverse.

It compares as float64, cannot sort nullable numbers, and loses its way among NaN.
So a column of a known type becomes several sorts: the two halves of an int64, null beside the value, NaN put last before the floats are sorted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite.nullable import absent, missing
from tql_grammar.rewrite.scope import UNKNOWN, Scope
from tql_grammar.schema import FLOATS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tql_grammar.ast import Expression
    from tql_grammar.schema import Column

TURNED: dict[str | None, Literal["asc", "desc"]] = {"desc": "asc", "asc": "desc", None: "desc"}
HALF = 2**32


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
    first, *inner = physical(keys, scope)
    if not inner:
        return select.replace(order_by=(first,))
    rows = ast.Select((ast.Star(),), select.source, select.where)
    for key in reversed(inner):
        rows = rows.replace(order_by=(key,)) if not rows.order_by else _around(rows, key)
    return select.replace(source=ast.Derived(rows), where=None, order_by=(first,))


def _around(rows: ast.Select, key: ast.Order) -> ast.Select:
    """Return the rows of a select sorted by one more key."""
    return ast.Select((ast.Star(),), ast.Derived(rows), order_by=(key,))


def physical(keys: Sequence[ast.Order], scope: Scope = UNKNOWN) -> list[ast.Order]:
    """
    Return the single-key sorts, outermost first, that together give the order of *keys*.

    A last one by ``row_number() desc`` is added where the DESC keys are odd in number, unless there is one key only.
    """
    turns = 0
    found: list[ast.Order] = []
    for key in keys:
        for sort in sorts(key.expression, scope):
            turned = ast.Order(sort.expression, TURNED[key.direction] if turns % 2 else key.direction)
            turned = ast.Order(sort.expression) if sort.guard else turned
            turns += turned.direction == "desc"
            found.append(turned)
    if turns % 2 and len(keys) > 1:
        found.append(ast.Order(ast.Function("row_number"), "desc"))
    return found


def sorts(key: Expression, scope: Scope, subject: str = "order_by") -> list[Sort]:
    """
    Return what the engine has to sort by, one after the other, for the order of *key*; the most significant first.

    Raises:
        ArgumentError: the engine cannot sort by a column of this type.
    """
    column = scope.column(key)
    if column is None:
        return _computed(key, missing(key, scope))
    if not column.is_single or column.dtype in {"json", "bytes"}:
        rule = f"takes a key with one number or text in each row, and {column} is none"
        raise ArgumentError(subject, rule, repr(getattr(key, "name", "")), "reduce it, as with col(..)[0] or fn.sum")
    if not column.nullable:
        return _by_type(key, column)
    value = key if column.is_text else ast.Function("sum", (key,))
    return [Sort(ast.IsNull(key)), *_by_type(value, column)]


def _computed(key: Expression, absences: tuple[ast.Column, ...]) -> list[Sort]:
    """Return the sorts of a value that is computed, and missing where one of the columns is: the sum of one missing number is 0."""
    return [Sort(absent(absences)), Sort(ast.Function("sum", (key,)))] if absences else [Sort(key)]


def _by_type(value: Expression, column: Column) -> list[Sort]:
    """Return the sorts of a value that is never null."""
    if column.dtype in FLOATS:
        return [Sort(value), Sort(ast.Comparison("!=", value, value), guard=True)]
    return list(map(Sort, halves(value))) if column.dtype == "int64" else [Sort(value)]


def halves(value: Expression) -> Iterable[Expression]:
    """Return an int64 as two numbers that a float64 holds: ``v - v % 4294967296`` and ``v % 4294967296``."""
    rest = ast.Chain(("%",), (value, ast.Number(HALF)))
    return ast.Chain(("-",), (value, rest)), rest


def group_keys(key: Expression, column: Column | None, *, nullable: bool = False) -> list[Expression]:
    """
    Return what the engine has to group by, so that values fall into one group where they are equal.

    Args:
        key: the column that holds the values.
        column: what is known of it.
        nullable: whether it holds computed numbers of which some may be missing.

    Raises:
        ArgumentError: the engine cannot group by a column of this type.
    """
    if column is None:
        return [ast.IsNull(key), ast.Function("sum", (key,))] if nullable else [key]
    known = Scope({getattr(key, "name", ""): column})
    return [sort.expression for sort in reversed(sorts(key, known, "group_by"))]
