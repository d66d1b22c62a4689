"""
Know which queries are said by other queries: set operations, DISTINCT, and the searches that the engine takes in one form only.

Each function returns a query of plain clauses with the same meaning; `tql.compile` writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.clauses import Combined, Unordered, output_name
from tql_grammar import ast
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from tql.query import Query
    from tql_grammar.ast import Expression

LEG, LOWEST, HIGHEST = "zleg", "zlow", "zhigh"


def names(query: Query) -> tuple[str, ...] | None:
    """Return the names of a query's columns in order, or None where they are those of a dataset that is not known."""
    from tql.query import DerivedQuery

    scores = tuple(search.alias for search in query.searches)
    selected = query.outputs or (ast.Star(),)
    if not any(isinstance(output, ast.Star) for output in selected):
        return (*(output_name(output) or "" for output in selected), *scores)
    if len(selected) > 1:
        return None
    below = _below(query)
    if below is None and isinstance(query.source, DerivedQuery):
        below = names(query.source.query)
    return None if below is None else (*below, *scores)


def _below(query: Query) -> tuple[str, ...] | None:
    """Return the names of a set operation that is the source."""
    return names(query.source.members[0]) if isinstance(query.source, (Combined, Unordered)) else None


def known_names(subject: str, query: Query) -> tuple[str, ...]:
    """Return the names of a query's columns, or refuse one whose columns are not known."""
    found = names(query)
    if found is None:
        raise ArgumentError(
            subject,
            "takes a query with its columns by name: the engine does not do it for `*`",
            "select *",
            'name them: select("a", "b")',
        )
    return found


def plain(query: Query) -> Query:
    """Return a query of plain clauses that means the same."""
    if query.unique:
        return plain(_distinct(query))
    if isinstance(query.source, Combined):
        return _combined(query, query.source)
    return query


def _columns(labels: tuple[str, ...]) -> tuple[Expression, ...]:
    """Return names as columns."""
    return tuple(map(ast.Column, labels))


def _distinct(query: Query) -> Query:
    """Return a query that groups by every column of the same query with its duplicates; order and limit concern what is left."""
    from tql.query import DerivedQuery

    columns = _columns(known_names("distinct", query))
    rows = query.replace(unique=False, keys=(), row_limit=None, row_offset=None)
    return type(query)(
        outputs=columns,
        source=DerivedQuery(rows),
        groups=columns,
        keys=query.keys,
        row_limit=query.row_limit,
        row_offset=query.row_offset,
    )


def _combined(query: Query, source: Combined) -> Query:
    """Return a query over the rows of a set operation."""
    from tql.query import DerivedQuery

    whole = type(query)
    labels = known_names(source.operator, source.members[0])
    columns = _columns(labels)
    legs = Unordered(tuple(_leg(member, labels, number) for number, member in enumerate(source.members, 1)))
    if source.operator == "union_all":
        rows = whole(outputs=columns, source=legs)
    elif source.operator == "union":
        rows = whole(outputs=columns, source=legs, groups=columns)
    else:
        rows = _kept(whole, columns, legs, source.operator)
    if query.replace(source=None) == whole():
        return rows
    return query.replace(source=DerivedQuery(rows))


def _kept(whole: type[Query], columns: tuple[Expression, ...], legs: Unordered, operator: str) -> Query:
    """Return the rows that are in both legs, or in the first only."""
    from tql.query import DerivedQuery

    leg = ast.Column(LEG)
    marks = (ast.Aliased(ast.Function("min", (leg,)), LOWEST), ast.Aliased(ast.Function("max", (leg,)), HIGHEST))
    grouped = whole(outputs=(*columns, *marks), source=legs, groups=columns)
    test = (
        ast.Comparison("!=", ast.Column(LOWEST), ast.Column(HIGHEST))
        if operator == "intersect"
        else ast.Comparison("=", ast.Column(HIGHEST), ast.Number(1))
    )
    return whole(outputs=columns, source=DerivedQuery(grouped), conditions=(test,))


def _leg(member: Query, labels: tuple[str, ...], number: int) -> Query:
    """Return a member with a column that says which one it is: without it the engine takes two legs of all columns as sets of row numbers."""
    from tql.query import DerivedQuery

    own = known_names("union", member)
    if sorted(own) != sorted(labels):
        raise ArgumentError(
            "union / intersect / except_",
            f"takes queries with the same columns, {', '.join(labels)}",
            ", ".join(own),
            "name them alike: select(a=col(..))",
        )
    return type(member)(outputs=(*_columns(labels), ast.Aliased(ast.Number(number), LEG)), source=DerivedQuery(member))
