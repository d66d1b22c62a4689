"""IN in a form that the engine evaluates as written: it casts the members to the type of the column, and an index drops members after one that no row has."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Literal

from tql_grammar import ast
from tql_grammar.rewrite.comparison import (
    LARGEST_FLOAT_INTEGER,
    NO_TEXT,
    as_number_hint,
    class_number,
    comparison,
    is_integer,
    literal_of,
    not_null,
    number,
    of_many,
    refuse_whole_json,
    refused,
    require_class,
)
from tql_grammar.rewrite.fitting import bounds
from tql_grammar.rewrite.logic import conjunction, disjunction, negation
from tql_grammar.schema import INTEGERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

# So many equalities take less than a second over 100,000 rows.
FEW = 20
# The integers that IN compares as they are in every type of integers, and the ends of the types.
NARROW = (0, 2**7 - 1)
MOST = tuple(2**bits - 1 for bits in (7, 8, 15, 16, 31, 32, 63))
LEAST = tuple(-(2**bits) for bits in (63, 31, 15, 7))


def membership(node: ast.In, scope: Scope) -> Expression:
    """Return IN with literals that the column's type can store, or equalities where IN differs from ``=``: for the engine NaN is in every list."""
    members: Any = node.members
    column = scope.column(node.operand)
    if column is None:
        return _of_unknown(node, scope)
    refuse_whole_json(node, node.operand, scope)
    if not column.is_single:
        raise of_many(node, column, "use .contains(..)")
    if isinstance(members[0], ast.String):
        return _texts(node, members, column, is_derived=scope.is_derived)
    values = [value for member in members if (value := number(member)) is not None]
    if column.dtype not in INTEGERS or len(values) < len(members):
        return _either(node, scope)
    kept = _held(column.dtype, values)
    if not kept:
        return ast.Boolean(node.negated)
    fitted = node.replace(members=tuple(map(literal_of, kept)))
    return _either(fitted, scope) if _is_misread(kept, column, scope) else fitted


def _is_misread(members: list[int], column: Column, scope: Scope) -> bool:
    """Tell whether IN may lose members in an index, or be rejected for a negative one, as over a union of int64 and uint32 without rows of the first."""
    return column.is_indexed or (scope.is_derived and min(members) < 0)


def _of_unknown(node: ast.In, scope: Scope) -> Expression:
    """
    Return IN for a column of unknown type, in which no member wraps.

    A few members are compared by equalities, which are right for every type, but slow; many by IN, with a test that the value is as large as the member.
    A computed column may have a type that IN does not know, that of DATA, and the index of a column has other rows than those of a subquery.
    """
    from tql_grammar.rewrite.scope import UNKNOWN

    members: Any = node.members
    if scope.is_score(node.operand):
        return _either(node, scope)
    if not isinstance(node.operand, ast.Column):
        return _either(node, UNKNOWN)
    if all(map(_is_safe, members)) and (len(members) > FEW or not _is_compared_by_row(node.operand, members, scope)):
        return _ascending(node, members)
    many = len(members) > FEW and all(map(is_integer, members))
    parts = _in_ranges(node.operand, members) if many else (_equal(node.operand, member) for member in members)
    found = disjunction(parts)
    return negation(found) if node.negated else found


def _is_compared_by_row(operand: ast.Column, members: Sequence[Expression], scope: Scope) -> bool:
    """Tell whether a column is computed, or of moved rows, of which an index would find others."""
    is_moved = scope.is_derived and not scope.is_whole and not isinstance(members[0], ast.String)
    return is_moved or (scope.columns is not None and operand.name in scope.columns)


def _ascending(node: ast.In, members: Sequence[Expression]) -> ast.In:
    """Return IN with its integers in ascending order: where an index is not built, the engine loses a member that is less than one before it."""
    if isinstance(members[0], ast.String):
        return node
    return node.replace(members=tuple(sorted(members, key=_value)))


def _is_safe(member: Expression) -> bool:
    """Tell whether IN compares a member as written, whatever the type of the column: a string, or an integer of 8 bits."""
    return isinstance(member, ast.String) or (is_integer(member) and NARROW[0] <= _value(member) <= NARROW[1])


def _value(member: Expression) -> int:
    """Return the value of an integer literal."""
    return int(number(member) or 0)


def _equal(operand: Expression, member: Expression) -> Expression:
    """Return an equality; with a large integer IN as well, since ``=`` compares a uint64 as float64, and IN exactly."""
    found = ast.Comparison("=", operand, member)
    is_large = is_integer(member) and _value(member) >= LARGEST_FLOAT_INTEGER
    return ast.And((found, ast.In(operand, (member,)))) if is_large else found


def _in_ranges(operand: Expression, members: Sequence[Expression]) -> Iterator[Expression]:
    """Yield IN for the members of each range, with the test that the value is beyond the types that cannot hold them: a member that wraps is not."""
    ranges: dict[tuple[Literal["<", ">"], int] | None, list[Expression]] = {}
    for member in members:
        ranges.setdefault(_beyond(_value(member)), []).append(member)
    for end, inside in ranges.items():
        found = _ascending(ast.In(operand, tuple(inside)), inside)
        yield found if end is None else conjunction([ast.Comparison(end[0], operand, literal_of(end[1])), found])


def _beyond(value: int) -> tuple[Literal["<", ">"], int] | None:
    """Return the end of the widest type that cannot hold a value, or None for a value of 8 bits."""
    if value > MOST[0]:
        return ">", MOST[bisect_left(MOST, value) - 1]
    return ("<", LEAST[bisect_right(LEAST, value)]) if value < LEAST[-1] else None


def _either(node: ast.In, scope: Scope) -> Expression:
    """Return equalities with each of the members."""
    tests = [comparison(ast.Comparison("=", node.operand, member), scope) for member in node.members]  # type: ignore[union-attr]  # no subquery
    found = disjunction(tests)
    return negation(found) if node.negated else found


def _held(dtype: str, values: list[int | float]) -> list[int]:
    """Return the values that an integer type can store."""
    least, most = bounds(dtype)
    return [int(value) for value in values if least <= value <= most and int(value) == value]


def _texts(node: ast.In, members: tuple[ast.String, ...], column: Column, *, is_derived: bool) -> Expression:
    """Return IN for strings; members that the index would miss are compared row by row: all over a subquery, else the empty string."""
    if column.is_label:
        return _with_classes(node, members, column, is_derived=is_derived)
    if not column.is_text:
        hint = as_number_hint(members[0].value, "them")
        raise refused(node, f"takes numbers for a column of {column}", NO_TEXT, hint)
    empty = ast.String("") in members
    apart = () if not column.is_indexed else members if is_derived else (ast.String(""),)
    found = _one_of_texts(node.operand, members, apart)
    if column.nullable and empty:
        found = not_null(node.operand, found)
    return negation(found) if node.negated else found


def _with_classes(node: ast.In, members: tuple[ast.String, ...], column: Column, *, is_derived: bool) -> Expression:
    """Return IN for the names of classes, or for their numbers: over a set operation the engine knows no names."""
    for member in members:
        require_class(node, member, column)
    if not is_derived or not column.classes:
        return node
    return node.replace(members=tuple(class_number(member, column) for member in members))


def _one_of_texts(operand: Expression, members: Iterable[ast.String], apart: Sequence[ast.String]) -> Expression:
    """Return the condition that a text is one of the members: those in *apart* are compared row by row, the others by IN."""
    by_list = tuple(member for member in members if member not in apart)
    by_row = [ast.Between(operand, member, member) for member in members if member in apart]
    parts: list[Expression] = [ast.In(operand, by_list)] if by_list else []
    return disjunction([*parts, *by_row])
