"""
Numbers that are computed from several nullable ones, by cases: the rows with a null, and those without.

The engine computes ``a + b`` where only *a* may be null, so ``a + b`` of two nullable columns is
``(select *, a + b as x from D where b is not null) union all (select *, b * 1 as x from D where b is null)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.plan.nodes import Filter, Plan, Project, Union
from tql.plan.schema import bare, schema
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.outputs import output_name
from tql_grammar.rewrite.logic import conjunction
from tql_grammar.rewrite.nullable import is_whole, missing, remedy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope

# Each nullable column at most doubles the queries.
MOST = 32


def in_cases(node: Project, rows: Plan, column: ast.Column, write: Callable[[Project, Plan], Plan]) -> Plan:
    """
    Return a select list whose numbers depend on whether *column* is null.

    Args:
        node: the select list.
        rows: its legal input.
        column: a nullable number that it reads.
        write: returns a legal select list.

    Raises:
        ArgumentError: the numbers depend on too many columns.
    """
    scope = schema(node.child)
    absent = tuple(_of_null(output, column, scope) for output in node.columns)
    legs: list[Plan] = []
    for negated, columns in ((True, node.columns), (False, absent)):
        test = ast.IsNull(column, negated=negated)
        leg = write(node.replace(child=Filter(node.child, test), columns=columns), _filtered(rows, test))
        legs += leg.children if isinstance(leg, Union) else [leg]
    if len(legs) > MOST:
        names = sorted({part.name for output in node.columns for part in missing(output, scope)})
        rule = (
            f"computes with at most five nullable columns together: each case is a query, and {len(legs)} is too many"
        )
        hint = remedy(tuple(map(ast.Column, names)))
        raise ArgumentError("select", rule, ", ".join(names), hint)
    return Union(tuple(legs))


def _filtered(rows: Plan, test: Expression) -> Plan:
    """Return the rows that also meet a condition."""
    if isinstance(rows, Filter):
        return Filter(rows.child, conjunction([rows.predicate, test]))
    return Filter(rows, test)


def _of_null(output: Expression, column: ast.Column, scope: Scope) -> Expression:
    """Return an output for the rows in which a column is null: null if it is computed from several nullable columns."""
    name = output_name(output)
    columns = missing(output, scope)
    if name is None or len(columns) < 2 or column not in columns:  # noqa: PLR2004 - two together
        return output
    one = ast.Number(1 if is_whole(bare(output), scope) else 1.0)
    return ast.Aliased(ast.Chain(("*",), (column, one)), name)
