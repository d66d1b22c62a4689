"""
Set operations: the rows of all operands, each with the number of its operand, grouped by every column.

The engine compares no rows of two queries by their values, and cannot group a query that is grouped itself.
So the operands of a whole chain of UNION, INTERSECT and EXCEPT are put together once, in one group for each row;
which operands a row is from decides whether it is in the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.plan.helpers import helper
from tql.plan.names import column_names
from tql.plan.nodes import Plan, Subquery, Union
from tql.statement import SetOperation, Statement
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite.logic import conjunction, disjunction, negation

if TYPE_CHECKING:
    from tql.compiler.steps import Lower
    from tql_grammar.ast import Expression

LEG, LOWEST, HIGHEST = "leg", "low", "high"
DECIDED = "the engine compares no rows of two queries by their values: the operands that a row is from decide"
NUMBERED = "each row says which query it is from: without it the engine takes the queries as sets of row numbers"


def required_names(subject: str, found: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return names of columns, or refuse a query whose columns are not known."""
    if found is None:
        raise ArgumentError(
            subject,
            "takes a query with its columns by name",
            "select *",
            'name them: select("a", "b")',
            why="the compiler groups by each column, or names it in an outer query",
        )
    return found


def as_columns(labels: tuple[str, ...]) -> tuple[Expression, ...]:
    """Return names as columns."""
    return tuple(map(ast.Column, labels))


def set_operation(source: SetOperation, lower: Lower) -> Plan:
    """
    Return the rows of a set operation.

    Raises:
        ArgumentError: the columns of the operands have other names, or are not known.
    """
    operands: list[Statement] = []
    membership = _membership(Statement(source=source), operands)
    members = operands if source.operator != "union_all" else source.members
    plans = [lower(member) for member in members]
    labels = required_names(source.operator, column_names(plans[0]))
    columns = as_columns(labels)
    legs = Union(tuple(_leg(member, labels, number, lower) for number, member in enumerate(plans, 1)))
    if source.operator == "union_all":
        return lower(Statement(outputs=columns), legs)
    if _is_any(membership):
        return lower(Statement(outputs=columns, groups=columns), legs)
    marks, test = _test(membership, len(plans))
    grouped = lower(Statement(outputs=(*columns, *marks), groups=columns), legs)
    return lower(Statement(outputs=columns, conditions=(test,)), Subquery(grouped, reason=DECIDED))


def _membership(query: Statement, operands: list[Statement]) -> Expression:
    """Return the condition on the operands of a row, and collect the operands of all operations that nothing but others is between."""
    source = query.source
    if not isinstance(source, SetOperation) or query != Statement(source=source):
        operands.append(query)
        return _is_from(len(operands))
    first, *others = (_membership(member, operands) for member in source.members)
    if source.operator == "intersect":
        return conjunction([first, *others])
    if source.operator == "except_":
        return conjunction([first, *map(negation, others)])
    return disjunction([first, *others])


def _is_from(number: int) -> Expression:
    """Return the condition that a row is from an operand."""
    return ast.Comparison("=", ast.Column(_mark(number)), ast.Number(1))


def _mark(number: int) -> str:
    """Return the name of the column that is 1 where a row is from an operand."""
    return helper(f"in{number}")


def _is_any(membership: Expression) -> bool:
    """Tell whether every row of every operand is in the result."""
    parts = membership.operands if isinstance(membership, ast.Or) else (membership,)
    return all(isinstance(part, ast.Comparison) for part in parts)


def _test(membership: Expression, count: int) -> tuple[tuple[Expression, ...], Expression]:
    """Return the aggregates over each group of equal rows, and the condition on them for the result; the smallest and the largest operand suffice for the usual operations."""
    leg = ast.Column(helper(LEG))
    lowest, highest = (
        _reduced(name, leg, label) for name, label in (("min", helper(LOWEST)), ("max", helper(HIGHEST)))
    )
    parts = membership.operands if isinstance(membership, ast.And) else ()
    if parts[:1] == (_is_from(1),) and all(isinstance(part, ast.Not) and _is_any(part.operand) for part in parts[1:]):
        return (lowest, highest), ast.Comparison("=", ast.Column(helper(HIGHEST)), ast.Number(1))
    if parts == (_is_from(1), _is_from(2)):
        return (lowest, highest), ast.Comparison("!=", ast.Column(helper(LOWEST)), ast.Column(helper(HIGHEST)))
    return tuple(_marked(number) for number in range(1, count + 1)), membership


def _reduced(function: str, value: Expression, label: str) -> Expression:
    """Return an aggregate under a name."""
    return ast.Aliased(ast.Function(function, (value,)), label)


def _marked(number: int) -> Expression:
    """Return the column that is 1 where one of equal rows is from an operand."""
    is_from = ast.Comparison("=", ast.Column(helper(LEG)), ast.Number(number))
    return _reduced("max", ast.Chain(("*",), (is_from, ast.Number(1))), _mark(number))


def _leg(member: Plan, labels: tuple[str, ...], number: int, lower: Lower) -> Plan:
    """Return an operand with a column that says which one it is."""
    own = required_names("union", column_names(member))
    if sorted(own) != sorted(labels):
        raise ArgumentError(
            "union / intersect / except_",
            f"takes queries with the same columns, {', '.join(labels)}",
            ", ".join(own),
            "name them alike: select(a=col(..))",
            why="the compiler combines columns of the same name",
        )
    outputs = (*as_columns(labels), ast.Aliased(ast.Number(number), helper(LEG)))
    return lower(Statement(outputs=outputs), Subquery(member, reason=NUMBERED))
