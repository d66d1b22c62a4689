"""Statements whose rows are groups, and the clauses that have no meaning together with groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.expressions.aggregates import AGGREGATES, is_aggregate, only_aggregates
from tql.expressions.logical import Membership, Range, TextMatch
from tql.expressions.qualified_name import QualifiedName
from tql.statement import DerivedQuery
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.outputs import bare, output_name
from tql_grammar.walk import substitute, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tql.statement import Statement
    from tql_grammar.record import Record

NAMES = (ast.Column, QualifiedName)
# The conditions with one operand that is compared.
CONDITIONS = (ast.Between, ast.In, ast.Like, TextMatch, Range, Membership)


def is_grouped(query: Statement) -> bool:
    """Tell whether a query's rows are groups: it has keys, or an output with a function that has a meaning for groups only."""
    return bool(query.groups) or any(map(only_aggregates, query.outputs))


def refuse_stray_aggregates(query: Statement) -> None:
    """
    Refuse aggregates where there is nothing to reduce.

    Raises:
        ArgumentError: an aggregate is inside of another, is a key of groups, or is in a query whose rows are no groups.
    """
    for part in walk(query.replace(source=None, joined=None)):
        if isinstance(part, ast.Function) and is_aggregate(part):
            inner = next(filter(None, map(_aggregate, part.arguments)), None)
            if inner is not None:
                raise _reduced_twice(part, inner)
    places: dict[str, Iterable[Record]] = {"group_by": query.groups}
    if not is_grouped(query):
        drawn = () if query.sampling is None else (query.sampling,)
        places = {"where": query.conditions, "order_by": query.keys, "sample_by": drawn}
    for place, nodes in places.items():
        for node in nodes:
            refuse_aggregate(place, node)


def _aggregate(node: Record) -> ast.Function | None:
    """Return a function of a node that has a meaning for groups only, or None."""
    found = (part for part in walk(node) if isinstance(part, ast.Function) and is_aggregate(part))
    return next((part for part in found if part.name in AGGREGATES), None)


def _reduced_twice(outer: ast.Function, inner: ast.Function) -> ArgumentError:
    """Return the error for an aggregate inside of another."""
    subject = f"fn.{outer.name}"
    rule = "takes values of single rows"
    why = "an aggregate is a value of a group of rows, and the engine cannot reduce twice"
    hint = "fn.asum(..) adds the elements of one row's array; " if inner.name == "sum" else ""
    hint += 'run the inner one first, and reduce what it returns: max(client.query(select("k", n=fn.count()).group_by("k"))["n"])'
    return ArgumentError(subject, rule, f"fn.{inner.name}", hint, why=why)


def refuse_aggregate(place: str, node: Record) -> None:
    """Refuse an aggregate in a clause that concerns single rows."""
    found = _aggregate(node)
    if found is not None:
        rule, why = "takes values of single rows", "an aggregate is a value of a group of rows"
        hint = 'run the aggregate first and use what it returns: client.query(select(m=fn.max("id")))["m"][0]; or group the query: group_by'
        hint = f"for the elements of one row's array write fn.asum(..); {hint}" if found.name == "sum" else hint
        raise ArgumentError(place, rule, f"fn.{found.name}", hint, why=why)


def refuse_lists(query: Statement) -> None:
    """
    Refuse the list of a group's values as one value: as an operand of a condition, or as a sort key.

    Raises:
        ArgumentError: a query over groups compares or sorts by a list, or a grouped query sorts by one.
    """
    source = query.source.query if isinstance(query.source, DerivedQuery) and query.joined is None else None
    if source is not None and query.parts_per_group is None:
        lists = _lists(source)
        places = {"where": [part for node in query.conditions for part in _compared(node)], "order_by": _sorted(query)}
        for place, nodes in places.items():
            _refuse_list(place, nodes, lists)
    own = _lists(query)
    labels: dict[Record, Record] = {node: ast.Column(label) for label, node in own.items()}
    _refuse_list("order_by", [labels.get(key, key) for key in _sorted(query)], own)


def _lists(query: Statement) -> dict[str, ast.Node]:
    """Return the outputs of a grouped query that are lists of a value of each row: they read a column that is no key, and have no function."""
    if not is_grouped(query):
        return {}
    keys: set[Record] = {*query.groups, *(ast.Column(key.name) for key in query.groups if isinstance(key, NAMES))}
    outputs = {label: bare(output) for output in query.outputs if (label := output_name(output)) is not None}
    return {
        label: node
        for label, node in outputs.items()
        if ast.Column(label) not in keys and _varies(node, frozenset(keys))
    }


def _varies(node: ast.Node, keys: frozenset[Record]) -> bool:
    """Tell whether an expression without a function has other values in the rows of a group."""
    rest = tuple(walk(substitute(node, lambda part: ast.Number(0) if part in keys else None)))
    return any(isinstance(part, NAMES) for part in rest) and not any(isinstance(part, ast.Function) for part in rest)


def _sorted(query: Statement) -> list[Record]:
    """Return the expressions of sort keys."""
    return [getattr(key, "expression", key) for key in query.keys]


def _compared(node: Record) -> Iterator[Record]:
    """Yield the operands of the conditions in a condition; the engine compares each element with a number, where ANY or ALL is around that."""
    if isinstance(node, (ast.And, ast.Or)):
        for operand in node.operands:
            yield from _compared(operand)
    elif isinstance(node, ast.Function) and node.name in {"any", "all"}:
        for test in node.arguments:
            yield from () if _is_with_number(test) else _compared(test)
    elif isinstance(node, ast.Not):
        yield from _compared(node.operand)
    elif isinstance(node, ast.Comparison):
        yield from (node.left, node.right)
    elif isinstance(node, CONDITIONS):
        yield node.operand


def _is_with_number(node: Record) -> bool:
    """Tell whether a node is a comparison with a number that is written out."""
    numbers = (ast.Number, ast.Negate)
    return isinstance(node, ast.Comparison) and any(isinstance(side, numbers) for side in (node.left, node.right))


def _refuse_list(place: str, nodes: Iterable[Record], lists: Mapping[str, ast.Node]) -> None:
    """Refuse a column that is a list of a group's values."""
    named = (node for node in nodes if isinstance(node, NAMES) and node.name in lists)
    if (found := next((node.name for node in named), None)) is not None:
        rule, why = "takes one value in each row", "without a function it is the list of the values of a group"
        hint = f"select one of them, fn.max({found!r}) or fn.first({found!r}); or test them: fn.any(col({found!r}) > 1)"
        raise ArgumentError(place, rule, repr(found), hint, why=why)


def require_groups(query: Statement) -> None:
    """
    Refuse to take apart rows that are no groups.

    Raises:
        ArgumentError: `ungroup_by` has no grouped query as its source.
    """
    if query.parts_per_group is not None and not _reads_groups(query):
        rule, why = "takes a grouped query as the source", "the engine returns no rows for any other"
        hint = 'write select("k", "id").from_(grouped).ungroup_by()'
        raise ArgumentError("ungroup_by", rule, "none", hint, why=why)


def _reads_groups(query: Statement) -> bool:
    """Tell whether the rows of a query's source are groups, also where a query between leaves some out."""
    while isinstance(query.source, DerivedQuery) and query.joined is None:
        query = query.source.query
        if is_grouped(query):
            return True
        if query.unique or query.parts_per_group is not None:
            return False
    return False


def refuse_sample(subject: str, query: Statement) -> None:
    """Reject SAMPLE BY in a statement with a clause that would have to follow it."""
    if query.sampling is not None:
        rule, why = "takes a query whose rows are not drawn at random", "the rows would be drawn either before or after"
        hint = "draw in a subquery: select(..).from_(select().sample_by(..))"
        raise ArgumentError(subject, rule, "sample_by", hint, why=why)


def refuse_score(query: Statement) -> None:
    """Refuse a search in a query whose rows are groups."""
    if query.searches:
        rule, why = "takes a query without a search", "a score is one value for each row"
        hint = "group the scored rows: select(..).from_(scored).group_by(..)"
        raise ArgumentError("group_by", rule, f"the score {query.searches[0].alias!r}", hint, why=why)
