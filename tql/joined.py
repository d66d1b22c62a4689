"""
A query that names its sources by aliases, as a query over the columns that it reads of them.

Each column of a join has a name of its own there: outside of the join every clause is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.clauses import Both, Dataset, output_name
from tql.expr import Key, Placed
from tql.search import Fusion
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tql.query import Query
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record


def names_its_source(query: Query) -> bool:
    """Tell whether a query without a join has columns that say which source they are from."""
    alias = getattr(query.source, "alias", None)
    return alias is not None and query.joined is None and any(_qualified(query))


def over_one(query: Query) -> Query:
    """
    Return a query with the plain names of its only source: beside an order the engine does not find its alias.

    Raises:
        ArgumentError: a column is from a source of another name.
    """
    alias = query.source.alias  # type: ignore[union-attr]  # by `names_its_source`
    for column in _qualified(query):
        if column.table != alias:
            rule = "takes columns of the source, whose alias is " + repr(alias)
            raise ArgumentError("col", rule, f"of={column.table!r}", f'col("{column.name}", of="{alias}")')

    def plain_name(node: Record) -> Record:
        return ast.Column(node.name) if isinstance(node, ast.Column) and node.table else node

    clauses = rebuild(query.replace(source=None), plain_name)
    return clauses.replace(source=query.source)


def _qualified(query: Query) -> Iterable[ast.Column]:
    """Return the columns of a query's own clauses that say which source they are from."""
    own = query.replace(source=None, joined=None)
    return dict.fromkeys(part for part in walk(own) if isinstance(part, ast.Column) and part.table)


def over_both(query: Query) -> Query:
    """
    Return a query over the columns that it reads of both sources, each under a name of its own.

    Raises:
        ArgumentError: a source has no alias, or a column does not say which source it is from.
    """
    from tql.query import DerivedQuery

    join, left = query.joined, query.source
    if join is None or not isinstance(left, (Dataset, DerivedQuery)) or left.alias is None:
        rule = "takes a query whose own source has an alias"
        raise ArgumentError("join", rule, "none", 'from_("hub://org/a", alias="a")')
    if not query.outputs or any(isinstance(output, ast.Star) for output in query.outputs):
        rule = "takes the columns by name: the engine refuses `*` where both sources have a column of one name"
        raise ArgumentError("join", rule, "*", 'select(id=col("id", of="a"), other=col("id", of="b"))')
    _refuse_unqualified(query)
    read = tuple(_qualified(query)) or tuple(_left_key(join.on, left.alias))
    there = {column: f"zj{number}" for number, column in enumerate(read, 1)}
    both = Both(left, join, tuple(ast.Aliased(column, label) for column, label in there.items()))
    outer = query.replace(
        outputs=tuple(
            ast.Aliased(output, output.name) if isinstance(output, ast.Column) and output.table else output
            for output in query.outputs
        ),
        source=None,
        joined=None,
    )
    return _told_apart(_renamed(outer, there), both).replace(source=both)


def _left_key(on: ast.Comparison, alias: str) -> Iterable[ast.Column]:
    """Yield the column of a source in the equality of a join: something has to be selected."""
    return (side for side in (on.left, on.right) if isinstance(side, ast.Column) and side.table == alias)


def _renamed(outer: Query, there: Mapping[ast.Column, str]) -> Query:
    """Return a query that reads the columns of a join by their names there, also where it names them as its outputs."""

    def rename(node: Record) -> Record:
        return ast.Column(there[node]) if isinstance(node, ast.Column) and node in there else node

    found = rebuild(outer, rename)
    columns = {
        output.alias: output.expression
        for output in found.outputs
        if isinstance(output, ast.Aliased) and isinstance(output.expression, ast.Column)
    }

    def resolve(node: Record) -> Record:
        named = (isinstance(node, ast.Column) and not node.table) or isinstance(node, Placed)
        return columns.get(node.name, node) if named else node  # type: ignore[attr-defined]  # both have a name

    rest = found.replace(outputs=(), searches=())
    return rebuild(rest, resolve).replace(outputs=found.outputs, searches=found.searches)


def _refuse_unqualified(query: Query) -> None:
    """Refuse a column that does not say which source it is from, unless it is an output."""
    made = {output_name(output) for output in query.outputs} | {search.alias for search in query.searches}
    selected, scores = query.outputs, [search.column for search in query.searches if not isinstance(search, Fusion)]
    read = [(part, frozenset[str | None]()) for node in (*selected, *scores) for part in walk(node)]
    read += [(part, frozenset(made)) for node in (*query.conditions, *query.groups, *query.keys) for part in walk(node)]
    for part, known in read:
        if isinstance(part, (ast.Column, Placed)) and getattr(part, "table", None) is None and part.name not in known:
            rule = "takes columns that say which source they are from"
            raise ArgumentError("join", rule, repr(part.name), f'col("{part.name}", of="a")')


# --- rows that match nothing ------------------------------------------------------------------------------------------


def _told_apart(query: Query, both: Both) -> Query:
    """
    Return a query over a left or right join that tells a text that is missing from an empty one, which the engine takes for null.

    So does a condition on a column of unknown type; for the others it is enough that they are nullable.
    """
    from tql.scope import scope_of

    missing = both.missing
    if missing is None:
        return query
    known = scope_of(query.replace(source=both)).columns or {}
    of_other = {part.alias for part in both.columns if getattr(part.expression, "table", None) == missing.alias}
    texts = {
        label for label in of_other if (column := known[label]) is not None and column.is_text and not column.nullable
    }
    doubtful = texts | {label for label in of_other if known[label] is None}

    def tell(node: Record) -> Record:
        if isinstance(node, ast.IsNull) and _is_one_of(node.operand, texts):
            return _there() if node.negated else _absent()
        if isinstance(node, CONDITIONS) and any(_is_one_of(part, doubtful) for part in walk(node)):
            return ast.And((_there(), node))
        return node

    found = rebuild(query, tell)
    keys = tuple(key for item in found.keys for key in _absent_last(item, texts))
    groups = [key for item in found.groups for key in ((item, _absent()) if _is_one_of(item, texts) else (item,))]
    return found.replace(keys=keys, groups=tuple(groups))


CONDITIONS = (ast.Comparison, ast.Between, ast.In, ast.Like)


def _is_one_of(node: object, labels: set[str]) -> bool:
    """Tell whether a node is a column of one of these names."""
    return isinstance(node, ast.Column) and node.name in labels


def _absent_last(key: Key, texts: set[str]) -> tuple[Key, ...]:
    """Return the keys that put missing texts after all others, or before them where the order descends."""
    return (key.replace(expression=_absent()), key) if _is_one_of(key.expression, texts) else (key,)


def _there() -> Expression:
    """Return the condition that the other source has a row."""
    return _match("!=")


def _absent() -> Expression:
    """Return the condition that nothing matches."""
    return _match("=")


def _match(operator: str) -> Expression:
    """Return the comparison of the number of the other source's row with 0."""
    from tql.scope import MATCH

    compare: Callable[..., Expression] = ast.Comparison
    return compare(operator, ast.Column(MATCH), ast.Number(0))
