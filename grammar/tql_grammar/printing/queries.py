"""Query text of queries, their clauses and their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql_grammar import ast
from tql_grammar.printing.parts import alias, listed, name, qualified
from tql_grammar.walk import has_last_clauses

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.printing.parts import Part

JOINS = {"inner": " join ", "natural": " natural join "}


def _select(node: ast.Select) -> list[Part]:
    """Write a SELECT."""
    parts: list[Part] = [*_with(node), "select ", *_clause("top ", node.top, " "), *_distinct(node)]
    parts += listed(node.columns)
    parts += _clause(" from ", node.source)
    parts += _clause(" where ", node.where)
    parts += [node.expand_by] if node.expand_by else []
    parts += _list_clause(" group by ", node.group_by)
    parts += _clause(" having ", node.having)
    parts += [f" across {node.across}"] if node.across else []
    parts += _clause(" ungroup by ", node.ungroup_by)
    return [*parts, *_last_clauses(node)]


def _last_clauses(node: ast.Select | ast.SetOperation) -> list[Part]:
    """Write the last clauses of a query."""
    parts = _list_clause(" order by ", node.order_by)
    parts += [part for part in (node.limit, node.sample_by, *node.locks) if part is not None]
    hints = [" with hint (", *listed(node.hints), ")"] if node.hints else []
    return [*parts, *hints]


def _clause(word: str, node: ast.Node | None, end: str = "") -> list[Part]:
    """Write a clause with one part, or nothing."""
    return [] if node is None else [word, node, end]


def _list_clause(word: str, nodes: tuple[ast.Node, ...]) -> list[Part]:
    """Write a clause with a list, or nothing."""
    return [word, *listed(nodes)] if nodes else []


def _with(node: ast.Select | ast.SetOperation) -> list[Part]:
    """Write WITH."""
    return ["with ", *listed(node.with_), " "] if node.with_ else []


def _distinct(node: ast.Select) -> list[Part]:
    """Write DISTINCT."""
    if node.distinct_on:
        return ["distinct on (", *listed(node.distinct_on), ") "]
    return ["distinct "] if node.distinct else []


def _set_operation(node: ast.SetOperation) -> list[Part]:
    """
    Write a set operation.

    The parser assigns the last clauses to the first operator if the operands have no parentheses, and to the last operator if they do.
    """
    plain = [_is_plain(operand) for operand in node.operands]
    more_than_two = len(node.operators) > 1
    if _starts_bare(node) and (node.locks or (has_last_clauses(node) and more_than_two and all(plain[:-1]))):
        return bare(node)
    if has_last_clauses(node) and more_than_two:
        rest = ast.SetOperation(node.operators[1:], node.operands[1:])
        return [
            *_with(node),
            *_parenthesized(node.operands[0]),
            f" {node.operators[0]} (",
            *bare(rest),
            ")",
            *_last_clauses(node),
        ]
    parts: list[Part] = [*_with(node), *_parenthesized(node.operands[0])]
    for operator, operand in zip(node.operators[:-1], node.operands[1:-1], strict=True):
        parts += [f" {operator} ", *_parenthesized(operand)]
    return [*parts, f" {node.operators[-1]} ", *_last_operand(node.operands[-1]), *_last_clauses(node)]


def bare(node: ast.Query) -> list[Part]:
    """Write a query at a place where the grammar allows no parenthesis at its start."""
    if not isinstance(node, ast.SetOperation):
        return [node]
    parts: list[Part] = [*_with(node), node.operands[0]]
    for operator, operand in zip(node.operators, node.operands[1:], strict=True):
        parts += [f" {operator} ", *([operand] if _is_plain(operand) else _parenthesized(operand))]
    return [*parts, *_last_clauses(node)]


def _is_plain(query: ast.Query) -> bool:
    """Tell whether a query is one SELECT without last clauses."""
    return isinstance(query, ast.Select) and not has_last_clauses(query)


def _starts_bare(node: ast.SetOperation) -> bool:
    """Tell whether a set operation can be written without a parenthesis at its start."""
    return _is_plain(node.operands[0]) and not node.with_


def _parenthesized(query: ast.Query) -> list[Part]:
    """Write an operand in parentheses."""
    return ["(", *bare(query), ")"]


def _last_operand(query: ast.Query) -> list[Part]:
    """Write the last operand; one that begins with a parenthesis or WITH cannot be in parentheses."""
    enclosed = not (
        query.with_
        if isinstance(query, ast.Select)
        else isinstance(query, ast.SetOperation) and not _starts_bare(query)
    )
    return _parenthesized(query) if enclosed else [query]


def _table(node: ast.Table) -> list[Part]:
    """Write a table."""
    return [qualified(node.schema, name(node.name)), alias(node.alias, node.alias_columns)]


def _derived(node: ast.Derived) -> list[Part]:
    """Write a subquery as a source."""
    return ["(", node.query, ")", alias(node.alias, node.alias_columns)]


def _zip(node: ast.Zip) -> list[Part]:
    """Write sources separated by commas."""
    return listed(node.sources)


def _join(node: ast.Join) -> list[Part]:
    """Write a join."""
    parts: list[Part] = [node.left, JOINS.get(node.kind, f" {node.kind} join "), node.right]
    return [*parts, *_clause(" on ", node.on), *_clause(" using (", node.using, ")")]


def _order(node: ast.Order) -> list[Part]:
    """Write a key of ORDER BY."""
    return [node.expression, f" {node.direction}" if node.direction else ""]


def _limit(node: ast.Limit) -> list[Part]:
    """Write LIMIT and OFFSET."""
    parts = [*_clause(" limit ", node.count), *_clause(" offset ", node.offset)]
    return parts or [" limit all"]


def _sample(node: ast.Sample) -> list[Part]:
    """Write SAMPLE BY."""
    limit = _clause(" limit ", node.limit, " percent" if node.percent else "")
    return [" sample by ", node.weights, "" if node.replace_rows else " replace false", *limit]


def _expand(node: ast.Expand) -> list[Part]:
    """Write EXPAND BY."""
    overlap = "" if node.overlap is None else f" overlap {str(node.overlap).lower()}"
    return [" expand by ", " ".join(map(str, node.amounts)), overlap, alias(node.alias)]


def _lock(node: ast.Lock) -> list[Part]:
    """Write FOR."""
    tables = f" of {', '.join(map(name, node.tables))}" if node.tables else ""
    return [f" for {node.strength}{tables}", f" {node.policy}" if node.policy else ""]


def _common_table(node: ast.CommonTable) -> list[Part]:
    """Write one table of WITH."""
    return [f"{name(node.name)} as ", *_parenthesized(node.query)]


def _hint(node: ast.Hint) -> list[Part]:
    """Write one hint."""
    return [name(node.name)] if node.arguments is None else [f"{name(node.name)}(", *listed(node.arguments), ")"]


WRITERS: dict[type[ast.Node], Callable[[Any], list[Part]]] = {
    ast.Select: _select,
    ast.SetOperation: _set_operation,
    ast.Table: _table,
    ast.Derived: _derived,
    ast.Zip: _zip,
    ast.Join: _join,
    ast.Order: _order,
    ast.Limit: _limit,
    ast.Sample: _sample,
    ast.Expand: _expand,
    ast.Lock: _lock,
    ast.CommonTable: _common_table,
    ast.Hint: _hint,
}
