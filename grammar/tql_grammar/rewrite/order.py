"""
Know how several keys become an order that the engine keeps: it sorts by the first key of ORDER BY and ignores the others.

Its sort by one key is stable and DESC is the exact reverse of ASC, ties included.
So each key gets a select of its own, the least significant one innermost, and a key's direction is turned round once for each DESC outside it.
An odd number of DESC turns full ties round: then the rows start in reverse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast

if TYPE_CHECKING:
    from collections.abc import Sequence

TURNED = {"desc": "asc", "asc": "desc", None: "desc"}


def ordered(select: ast.Select, keys: Sequence[ast.Order]) -> ast.Select:
    """
    Return *select* with its rows ordered by *keys*, the most significant first, ties in the order of the source.

    ``select a from D where W`` by ``k1, k2`` becomes ``select a from (select * from D where W order by k2) order by k1``.
    One key stays as it is.
    """
    if not keys:
        return select
    first, *inner = physical(keys)
    if not inner:
        return select.replace(order_by=(first,))
    rows = ast.Select((ast.Star(),), select.source, select.where)
    for key in reversed(inner):
        rows = rows.replace(order_by=(key,)) if not rows.order_by else _around(rows, key)
    return select.replace(source=ast.Derived(rows), where=None, order_by=(first,))


def _around(rows: ast.Select, key: ast.Order) -> ast.Select:
    """Return the rows of a select sorted by one more key."""
    return ast.Select((ast.Star(),), ast.Derived(rows), order_by=(key,))


def physical(keys: Sequence[ast.Order]) -> list[ast.Order]:
    """
    Return the single-key sorts, outermost first, that together give the order of *keys*.

    A last one by ``row_number() desc`` is added where the DESC keys are odd in number, unless there is one key only.
    """
    turns = 0
    sorts: list[ast.Order] = []
    for key in keys:
        turned = key.replace(direction=TURNED[key.direction]) if turns % 2 else key
        turns += turned.direction == "desc"
        sorts.append(turned)
    if turns % 2 and len(keys) > 1:
        sorts.append(ast.Order(ast.Function("row_number"), "desc"))
    return sorts
