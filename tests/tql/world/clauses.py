"""The documented meaning of set operations, aggregates and the order of values, in plain Python."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.tql.world import terms
from tests.tql.world.values import Rounded, Row, Types, Undecided, value

if TYPE_CHECKING:
    from collections.abc import Callable


class RowsInAnyOrder(list[Any]):
    """A list of values whose order is not promised."""


@dataclass
class Relation:
    """Rows with the types of their columns; `ordered` says whether their order is that of a dataset."""

    rows: list[Row]
    types: Types
    ordered: bool = False


def is_missing(cell: Any) -> bool:
    """Return whether a cell is null or NaN."""
    return cell is None or cell != cell  # noqa: PLR0124 - NaN


def same(cell: Any) -> Any:
    """Return the key of a value in groups: NaN forms one, and null another."""
    if isinstance(cell, Rounded):
        raise Undecided
    if isinstance(cell, (np.ndarray, dict, list)):
        return repr(cell)
    if cell is None:
        return ("null",)
    if isinstance(cell, float) and math.isnan(cell):
        return ("nan",)
    return (cell,)


def parts(node: Any) -> list[Any]:
    """Return an expression and all that it is made of."""
    found, left = [], [node]
    while left:
        one = left.pop()
        found.append(one)
        left += [part for part in vars(one).values() if hasattr(part, "__dataclass_fields__")]
    return found


def conjuncts(node: Any) -> list[Any]:
    """Return the conditions that hold where a condition holds: each operand of AND is one of its own."""
    if isinstance(node, terms.Logic) and node.sign == "&":
        return [*conjuncts(node.left), *conjuncts(node.right)]
    return [node]


def identity(row: Row) -> tuple[Any, ...]:
    """Return the key of a row: that of equal rows is equal."""
    return tuple(same(cell) for cell in row.values())


# --- set operations ---------------------------------------------------------------------------------------------------


def _union(one: list[Row], two: list[Row]) -> list[Row]:
    """Return the distinct rows of both."""
    return list({identity(row): row for row in [*two, *one][::-1]}.values())


def _intersect(one: list[Row], two: list[Row]) -> list[Row]:
    """Return the distinct rows that are in both."""
    there = {identity(row) for row in two}
    return _union([row for row in one if identity(row) in there], [])


def _except(one: list[Row], two: list[Row]) -> list[Row]:
    """Return the distinct rows that are in the first only."""
    there = {identity(row) for row in two}
    return _union([row for row in one if identity(row) not in there], [])


SETS: dict[str, Callable[[list[Row], list[Row]], list[Row]]] = {
    "union": _union,
    "union_all": lambda one, two: [*one, *two],
    "intersect": _intersect,
    "except_": _except,
}

# --- aggregates -------------------------------------------------------------------------------------------------------


def has_aggregate(node: Any) -> bool:
    """Return whether an expression reads an aggregate."""
    return any(isinstance(part, terms.Aggregate) for part in parts(node))


def aggregated(node: Any, members: list[Row], source: Relation) -> Any:
    """Return the value of an expression over a group; the sum and the mean leave nulls out, and the sum of none is 0."""
    if isinstance(node, terms.Aggregate):
        return _aggregate(node, members, source)
    own = {
        name: terms.Literal(aggregated(part, members, source)) if _is_node(part) and has_aggregate(part) else part
        for name, part in vars(node).items()
    }
    return value(type(node)(**own), members[0], source.types)


def _is_node(part: Any) -> bool:
    """Return whether a part of an expression is an expression."""
    return hasattr(part, "__dataclass_fields__")


def _aggregate(node: terms.Aggregate, members: list[Row], source: Relation) -> Any:
    """Return the value of an aggregate."""
    if node.value is None:
        return len(members)
    found = [value(node.value, row, source.types) for row in members]
    if node.name != "first":
        return AGGREGATES[node.name]([cell for cell in found if cell is not None])
    if not source.ordered:
        raise Undecided
    return found[0]


def _sum(known: list[Any]) -> Any:
    """Return a sum: an integer of integers and bools."""
    if any(isinstance(cell, float) for cell in known):
        return Rounded(math.fsum(known))
    return sum(known)


def _extreme(choose: Callable[[list[Any]], Any], known: list[Any]) -> Any:
    """Return the smallest or the largest number; NaN if one of them is, in any order of the rows."""
    if any(is_missing(cell) for cell in known):
        return math.nan
    return choose(known) if known else None


AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "sum": _sum,
    "mean": lambda known: Rounded(math.fsum(known) / len(known)) if known else math.nan,
    "min": functools.partial(_extreme, min),
    "max": functools.partial(_extreme, max),
}

# --- order ------------------------------------------------------------------------------------------------------------


def rank(cell: Any) -> tuple[int, Any]:
    """Return the order of a value: numbers and texts, then NaN, then null. Arrays have none."""
    if isinstance(cell, np.ndarray):
        raise Undecided
    if cell is None:
        return 2, 0
    return (1, 0) if is_missing(cell) else (0, cell.encode() if isinstance(cell, str) else cell)
