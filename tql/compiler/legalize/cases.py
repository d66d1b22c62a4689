"""
The column that is null where one of several nullable columns is, by cases: the rows with a null in one of them, and those without.

``(select *, a as n from D where b is not null) union all (select *, b as n from D where b is null)``: the columns have one type,
since a null keeps the type of its column, and the engine reads the column of a set operation in one type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.plan.common_types import require_own_nulls
from tql.plan.nodes import Filter, Plan, Project, Union
from tql.plan.schema import schema
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.outputs import bare
from tql_grammar.rewrite.logic import conjunction
from tql_grammar.rewrite.nullable import FirstNull, remedy
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record

# Each column at most doubles the queries.
MOST = 32


def undecided(node: Project) -> ast.Column | None:
    """Return a nullable column that decides, together with others, whether a column of a select list is null."""
    sets = (part.columns for output in node.columns for part in walk(output) if isinstance(part, FirstNull))
    return next((columns[-1] for columns in sets), None)


def in_cases(node: Project, rows: Plan, column: ast.Column, write: Callable[[Project, Plan], Plan]) -> Plan:
    """
    Return a select list for the rows in which *column* is not null, and for those in which it is.

    Args:
        node: the select list.
        rows: its legal input.
        column: the nullable column.
        write: returns a legal select list.

    Raises:
        ArgumentError: there are too many cases, or the select list also has a computed column whose nulls have another type.
    """
    for output in node.columns:
        if isinstance(other := bare(output), ast.Column):
            require_own_nulls("select", other.name, [schema(node.child)])
    legs: list[Plan] = []
    for negated in (True, False):
        test = ast.IsNull(column, negated=negated)
        columns = tuple(_decided(output, column, is_null=not negated) for output in node.columns)
        leg = write(node.replace(child=Filter(node.child, test), columns=columns), _filtered(rows, test))
        legs += leg.children if isinstance(leg, Union) else [leg]
    if len(legs) > MOST:
        raise _too_many(node, len(legs))
    return Union(tuple(legs))


def _too_many(node: Project, count: int) -> ArgumentError:
    """Return the error about too many cases."""
    found = (part.columns for output in node.columns for part in walk(output) if isinstance(part, FirstNull))
    names = tuple(dict.fromkeys(name for columns in found for name in columns))
    rule, why = "computes with few nullable columns at a time", f"each case is a query, and there are {count}"
    return ArgumentError("select", rule, ", ".join(name.name for name in names), remedy(names), why=why)


def _filtered(rows: Plan, test: Expression) -> Plan:
    """Return the rows that also meet a condition."""
    if isinstance(rows, Filter):
        return Filter(rows.child, conjunction([rows.predicate, test]))
    return Filter(rows, test)


def _decided(output: Expression, column: ast.Column, *, is_null: bool) -> Expression:
    """Return an output for the rows in which a column is null, or for those in which it is not."""

    def decide(part: Record) -> Record:
        if not isinstance(part, FirstNull) or column not in part.columns:
            return part
        others = tuple(other for other in part.columns if other != column)
        return column if is_null else others[0] if len(others) == 1 else FirstNull(others)

    return rebuild(output, decide)
