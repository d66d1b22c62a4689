"""
Scopes of a query's SELECTs: the columns of each source, by their names and by the aliases of the sources.

What is not known is None: without a schema nothing is guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast
from tql_grammar.outputs import bare, output_name
from tql_grammar.walk import sources, subselect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tql_grammar.schema import Column, Schema

    Columns = Mapping[str, Column | None]


class SelectScope(NamedTuple):
    """
    One SELECT and what its clauses see.

    Attributes:
        select: the SELECT.
        columns: the columns of the source, each with what is known of it; None where not even their names are known.
        aliases: the columns by the alias of a source, for ``a.id``.
        ambiguous: the names that several joined sources have.
        moved: whether the rows are those of a sub-query or a join.
        changed: whether that left rows out, moved or merged them, so that an index points to other rows.
    """

    select: ast.Select
    columns: Columns | None = None
    aliases: Mapping[str, Columns | None] = {}
    ambiguous: frozenset[str] = frozenset()
    moved: bool = False
    changed: bool = False

    def column(self, node: object) -> Column | None:
        """Return what is known of the column that *node* is."""
        if not isinstance(node, ast.Column):
            return None
        seen = self.columns if node.table is None else self.aliases.get(node.table)
        return None if seen is None else seen.get(node.name)


class Seen(NamedTuple):
    """The columns of datasets, and the scopes that are known already, by the identity of their SELECT."""

    schemas: Mapping[str | None, Schema]
    scopes: dict[int, SelectScope]


def scopes_of(tree: ast.Query, schemas: Mapping[str | None, Schema]) -> list[SelectScope]:
    """Return every SELECT of a text that the engine runs, with what it sees: not those of WITH and IN, which it ignores."""
    # From the inside out, so that what a sub-query gives is known when the SELECT around it asks.
    seen = Seen(schemas, {})
    return [_scope(select, seen) for select in reversed([*selects(tree)])][::-1]


def queries(query: ast.Query) -> Iterator[ast.Query]:
    """Yield the queries that the engine runs, from the outside: the whole, the members of set operations, and those of FROM."""
    stack = [query]
    while stack:
        part = stack.pop()
        yield part
        if isinstance(part, ast.SetOperation):
            stack += reversed(part.operands)
        elif isinstance(part, ast.Select):
            stack += [source.query for source in sources(part.source) if isinstance(source, ast.Derived)][::-1]


def selects(query: ast.Query) -> Iterator[ast.Select]:
    """Yield the SELECTs that the engine runs, from the outside."""
    return (part for part in queries(query) if isinstance(part, ast.Select))


def expressions(select: ast.Select) -> Iterator[tuple[str, ast.Node]]:
    """Yield the expressions of a SELECT, each with the name of its clause."""
    yield from (("SELECT", column) for column in select.columns)
    if select.where is not None:
        yield "WHERE", select.where
    yield from (("GROUP BY", key) for key in select.group_by)
    yield from (("ORDER BY", key) for key in select.order_by)
    if select.sample_by is not None:
        yield "SAMPLE BY", select.sample_by.weights


def made_by(select: ast.Select, column: object) -> ast.Expression | None:
    """Return the expression that a sub-query, or one inside of it, gives the name of a column, or None where that is a column of a dataset."""
    source, name = select.source, column.name if isinstance(column, ast.Column) else None
    while name is not None and (inner := subselect(source)) is not None:
        outputs = {output_name(output): bare(output) for output in inner.columns}
        found = outputs.get(name, ast.Column(name))
        if not isinstance(found, ast.Column):
            return found if isinstance(found, ast.Expression) else None
        source, name = inner.source, found.name
    return None


def _outputs(query: ast.Query, seen: Seen) -> Columns | None:
    """Return the columns that a query gives, or None where they are not known."""
    if isinstance(query, ast.SetOperation):
        return _outputs(query.operands[0], seen)
    if not isinstance(query, ast.Select):
        return None
    scope = _scope(query, seen)
    found: dict[str, Column | None] = {}
    for output in query.columns:
        if isinstance(bare(output), ast.Star):
            if scope.columns is None:
                return None
            found.update(dict.fromkeys(scope.columns) if query.group_by else _filled(scope.columns, query.where))
        else:
            name = output_name(output)
            if name is not None:
                found.pop(name, None)
                found[name] = _kept(output, scope)
    return found


def _filled(columns: Columns, where: ast.Expression | None) -> Columns:
    """Return the columns of the rows that meet a condition: one that it asks a value of is never null there."""
    if where is None:
        return columns
    return {
        name: column.replace(nullable=False) if column and column.nullable and requires(where, name, column) else column
        for name, column in columns.items()
    }


def _kept(output: ast.Expression, scope: SelectScope) -> Column | None:
    """Return what is known of an output: of a plain column all, under another name all but its indexes, of groups nothing."""
    node = bare(output)
    column = scope.column(node)
    if column is None or scope.select.group_by:
        return None
    if column.nullable and isinstance(node, ast.Column) and requires(scope.select.where, node.name, column):
        column = column.replace(nullable=False)
    renamed = isinstance(output, ast.Aliased) and output.alias != getattr(output.expression, "name", None)
    return column.replace(indexes=(), kind="" if column.kind == "embedding" else column.kind) if renamed else column


def requires(condition: ast.Expression | None, name: str, column: Column) -> bool:
    """Tell whether a condition holds for no row in which a column is null."""
    operands = condition.operands if isinstance(condition, ast.And) else (condition,)
    tested = _tested_text if column.is_text else _tested
    return any(isinstance(found := tested(operand), ast.Column) and found.name == name for operand in operands)


def _tested(condition: ast.Expression | None) -> ast.Expression | None:
    """Return the operand that has a value wherever a condition on numbers holds: a missing one on the left meets no comparison."""
    if isinstance(condition, ast.IsNull):
        return condition.operand if condition.negated else None
    if isinstance(condition, ast.Comparison):
        return condition.left
    members = isinstance(condition, ast.In) and not condition.negated and not isinstance(condition.members, ast.Query)
    return condition.operand if members else None  # type: ignore[union-attr]  # it is IN


def _tested_text(condition: ast.Expression | None) -> ast.Expression | None:
    """Return the operand that has a value wherever a condition on texts holds: the engine takes a missing one for the empty one."""
    if isinstance(condition, ast.Comparison):
        there = condition.operator == "=" and isinstance(condition.right, ast.String) and condition.right.value
        return condition.left if there else None
    if isinstance(condition, ast.In) and (
        isinstance(condition.members, ast.Query) or ast.String("") in condition.members
    ):
        return None
    return _tested(condition)


def _scope(select: ast.Select, seen: Seen) -> SelectScope:
    """Return what a SELECT sees."""
    known = seen.scopes.get(id(select))
    if known is None:
        known = seen.scopes[id(select)] = _new_level(select, seen)
    return known


def _new_level(select: ast.Select, seen: Seen) -> SelectScope:
    """Return what a SELECT sees that was not looked at yet."""
    sides = [_side(source, seen) for source in sources(select.source)] or [_side(None, seen)]
    aliases = {alias: columns for alias, columns, _ in sides if alias is not None}
    if len(sides) > 1:
        return _of_several(select, [columns for _, columns, _ in sides], aliases)
    _, columns, query = sides[0]
    changed = query is not None and _changes(query, seen)
    return SelectScope(select, columns, aliases, moved=query is not None, changed=changed)


def _of_several(
    select: ast.Select, sides: Sequence[Columns | None], aliases: Mapping[str, Columns | None]
) -> SelectScope:
    """Return what a SELECT of several sources sees."""
    known: dict[str, Column | None] = {}
    ambiguous: set[str] = set()
    for columns in sides:
        ambiguous |= set(known) & set(columns or ())
        known.update(columns or {})
    complete = None not in sides
    return SelectScope(select, known if complete else None, aliases, frozenset(ambiguous), moved=True, changed=True)


def _side(source: ast.Source | None, seen: Seen) -> tuple[str | None, Columns | None, ast.Query | None]:
    """Return alias and columns of one source, None for that of a SELECT without FROM, and the sub-query if it is one."""
    if isinstance(source, ast.Derived):
        return source.alias, _outputs(source.query, seen), source.query
    table = source if isinstance(source, ast.Table) else None
    schema = _schema(None if table is None else table.name, seen.schemas)
    return None if table is None else table.alias, None if schema is None else schema.as_dict(), None


def _schema(name: str | None, schemas: Mapping[str | None, Schema]) -> Schema | None:
    """Return the columns of a dataset, by its url with or without a slash at the end and a branch."""
    if name is None or name in schemas:
        return schemas.get(name)
    plain = name.rstrip("/")
    return schemas.get(plain) or schemas.get(plain.rpartition("@")[0] or None if "@" in plain else plain)


def _changes(query: ast.Query, seen: Seen) -> bool:
    """Tell whether a sub-query has other rows than its source, or in another order."""
    if not isinstance(query, ast.Select):
        return True
    if (
        query.where
        or query.order_by
        or query.limit
        or query.group_by
        or query.sample_by
        or query.ungroup_by
        or query.top
    ):
        return True
    if isinstance(query.source, ast.Derived):
        return _scope(query, seen).changed
    return isinstance(query.source, (ast.Join, ast.Zip))
