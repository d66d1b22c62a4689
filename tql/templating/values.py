"""Values of holes as nodes of the tree: literals, expressions, sources and names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql.builder.query import Query
from tql.compiler import compile as compiler
from tql.expressions.expr import Expr
from tql.messages import shown
from tql.statement import Dataset
from tql.values.literal import literal
from tql.values.literal import name as valid_name
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tql.templating.holes import Hole
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record


class Members(ast.Expression):
    """The values of a list in IN."""

    nodes: tuple[Expression, ...]


def filled(tree: ast.Query, known: Mapping[str, Hole], node_of: Callable[[Expr], Expression]) -> ast.Query:
    """Return a tree with the values of the holes; *node_of* is the form of an expression."""
    listed = {id(member) for node in walk(tree) if isinstance(node, ast.In) for member in _tuple(node.members)}

    def change(node: Record) -> Record:
        if isinstance(node, ast.Column):
            return _column(node, known, node_of, in_list=id(node) in listed)
        if isinstance(node, ast.Table):
            return _table(node, known)
        if isinstance(node, ast.In):
            return node if isinstance(node.members, ast.Query) else node.replace(members=tuple(_members(node.members)))
        return _alias(node, known) if isinstance(node, (ast.Aliased, ast.Derived)) else node

    return rebuild(tree, change)


def _column(
    node: ast.Column, known: Mapping[str, Hole], node_of: Callable[[Expr], Expression], *, in_list: bool
) -> Expression:
    """Return the value or the expression of a hole; in ``{a}.id`` a hole is a name."""
    hole = known.get(node.name)
    if node.table is not None:
        return node.replace(table=_name(node.table, known), name=_name(node.name, known))
    if hole is None:
        return node
    if in_list and (isinstance(hole.value, (list, tuple)) or getattr(hole.value, "ndim", 0) == 1):
        return Members(tuple(literal(hole.subject, member) for member in _listed(hole)))
    return node_of(hole.value) if isinstance(hole.value, Expr) else literal_of(hole)


def literal_of(hole: Hole) -> Expression:
    """Return the literal of a value."""
    if isinstance(hole.value, Query):
        why = "the engine does not run a subquery there"
        raise ArgumentError(
            hole.subject, "takes a query in FROM only", "a query", "run it first, and pass its values", why=why
        )
    if hole.value is None:
        why = "nothing equals null"
        raise ArgumentError(
            hole.subject, "takes a value", "None", "write `is null` or `is not null` into the text", why=why
        )
    return literal(hole.subject, hole.value)


def _listed(hole: Hole) -> list[object]:
    """Return the members of a list in IN, of which there is one or more, and none is None."""
    value: Any = hole.value
    found = list(value.tolist() if hasattr(value, "tolist") else value)
    if not found:
        hint = 'nothing is in an empty list, and everything is `not in` it: build the condition with col("..").in_(..), which takes an empty list'
        raise ArgumentError(hole.subject, "takes a list of values in IN", "an empty one", hint)
    if any(member is None for member in found):
        raise ArgumentError(
            hole.subject, "takes values other than None", shown(value), "add `or .. is null` to the text"
        )
    return found


def _members(nodes: Iterable[Expression]) -> Iterable[Expression]:
    """Yield the members of IN, those of a list one by one."""
    for node in nodes:
        if isinstance(node, Members):
            yield from node.nodes
        else:
            yield node


def _table(node: ast.Table, known: Mapping[str, Hole]) -> ast.Source:
    """Return a source: the name of a dataset, a table, or a subquery."""
    alias = None if node.alias is None else _name(node.alias, known)
    hole = known.get(node.name)
    if hole is None:
        return node.replace(alias=alias)
    if isinstance(hole.value, Query):
        return ast.Derived(compiler.tree(hole.value.statement), alias)
    dataset = getattr(hole.value, "__dataset__", None)
    if isinstance(dataset, Dataset) and dataset.url is not None:
        return node.replace(name=dataset.url, alias=alias or dataset.alias)
    if not isinstance(hole.value, str):
        raise ArgumentError(
            hole.subject, "takes the url of a dataset, a table with a source, or a query", shown(hole.value)
        )
    return node.replace(name=valid_name(hole.subject, hole.value), alias=alias)


def _tuple(members: tuple[Expression, ...] | ast.Query) -> tuple[Expression, ...]:
    """Return the members of IN; a subquery has none."""
    return members if isinstance(members, tuple) else ()


def _alias(node: ast.Aliased | ast.Derived, known: Mapping[str, Hole]) -> Record:
    """Return a node with its alias."""
    return node if node.alias is None else node.replace(alias=_name(node.alias, known))


def _name(label: str, known: Mapping[str, Hole]) -> str:
    """Return a name, the value of a hole where it is one."""
    hole = known.get(label)
    return label if hole is None else valid_name(hole.subject, hole.value)
