"""Flattening of a query with a subquery into one SELECT, the only form in which the engine accepts parameters."""

from __future__ import annotations

from tql_grammar import ast
from tql_grammar.outputs import aliased


def flat(query: ast.Query) -> ast.Query:
    """
    Return *query* without a subquery that only defines the alias of its ORDER BY key; any other query is unchanged.

    ``select * from (select a, f(b) as s from D where W) order by s desc limit 5`` becomes ``select a, f(b) as s from D where W order by f(b) desc limit 5``.
    """
    inner = _only_ordered(query)
    if inner is None or not isinstance(query, ast.Select):
        return query
    outputs = aliased(inner.columns)
    keys = [
        key.replace(expression=outputs.get(key.expression.name)) if isinstance(key.expression, ast.Column) else key
        for key in query.order_by
    ]
    if any(key.expression is None for key in keys):
        return query
    return inner.replace(order_by=tuple(keys), limit=query.limit)


def _only_ordered(query: ast.Query) -> ast.Select | None:
    """Return the subquery of a query that only sorts and limits it, if the subquery has only columns, source and condition, else None."""
    if not isinstance(query, ast.Select) or not isinstance(query.source, ast.Derived):
        return None
    around = ast.Select((ast.Star(),), query.source, order_by=query.order_by, limit=query.limit)
    inner = query.source.query
    if query != around or not isinstance(inner, ast.Select) or not _is_plain(inner):
        return None
    return inner if _starts_at_first(query.limit) else None


def _is_plain(select: ast.Select) -> bool:
    """Tell whether a SELECT has only columns, source and condition."""
    return select == ast.Select(select.columns, select.source, select.where)


def _starts_at_first(limit: ast.Limit | None) -> bool:
    """Tell whether there is no OFFSET, with which the flat form loses rows on an indexed embedding."""
    return limit is None or limit.offset is None
