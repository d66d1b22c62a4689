"""
Scopes of a query's SELECTs: the columns of each source, by name and by the alias of the source.

Unknown columns and types are None: without a schema nothing is guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast
from tql_grammar.outputs import bare, output_name
from tql_grammar.schema import UNKNOWN_TYPE
from tql_grammar.walk import sources, subselect, unbounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tql_grammar.schema import Column, Schema

    Columns = Mapping[str, Column | None]


class SelectScope(NamedTuple):
    """
    One SELECT and the columns that its clauses see.

    Attributes:
        select: the SELECT.
        columns: the columns of the source by name, None for one of unknown type; None if not even the names are known.
        aliases: the columns of each source by its alias, for ``a.id``.
        ambiguous: the names of columns that several joined sources have.
        changed: whether the subquery or join filters, reorders or combines rows, so that an index of the dataset has other row numbers.
        types: the types of expressions that are inferred already, by the identity of the expression, which is kept too.
        sides: the columns of each source, as the condition of a join sees them: in the clauses of the SELECT, a column of a source that an outer join fills with nulls is nullable.
    """

    select: ast.Select
    columns: Columns | None = None
    aliases: Mapping[str, Columns | None] = {}
    ambiguous: frozenset[str] = frozenset()
    changed: bool = False
    types: dict[int, tuple[ast.Node, Column | None]] | None = None
    sides: tuple[Columns | None, ...] = ()

    def column(self, node: object) -> Column | None:
        """Return the type of the column that *node* names, or None if it is unknown or inferred, or *node* is no column."""
        found = self.typed_column(node)
        return None if found is None or found.inferred else found

    def typed_column(self, node: object) -> Column | None:
        """Return the type of the column that *node* names, inferred or not, or None if it is unknown or *node* is no column."""
        if not isinstance(node, ast.Column):
            return None
        seen = self.columns if node.table is None else self.aliases.get(node.table)
        return None if seen is None else seen.get(node.name)


class WithInferred(NamedTuple):
    """The columns that a SELECT sees, including inferred ones, for type inference and for rules that need no more than a type."""

    scope: SelectScope

    def column(self, node: object) -> Column | None:
        """Return the type of the column that *node* names, inferred or not; None for one whose values do not determine it."""
        found = self.scope.typed_column(node)
        return None if found is None or found.dtype == UNKNOWN_TYPE else found


class Seen(NamedTuple):
    """The schemas of datasets, and the scopes that are computed already, by the identity of their SELECT."""

    schemas: Mapping[str | None, Schema]
    scopes: dict[int, SelectScope]


def scopes_of(tree: ast.Query, schemas: Mapping[str | None, Schema]) -> list[SelectScope]:
    """Return the scope of every SELECT that the engine runs; those in WITH and IN it ignores."""
    # From the inside out: the scope of a SELECT needs the outputs of its subquery.
    seen = Seen(schemas, {})
    return [_scope(select, seen) for select in reversed([*selects(tree)])][::-1]


def queries(query: ast.Query) -> Iterator[ast.Query]:
    """Yield the queries that the engine runs, the outermost first: the query, the operands of set operations, and the subqueries of FROM."""
    stack = [query]
    while stack:
        part = stack.pop()
        yield part
        if isinstance(part, ast.SetOperation):
            stack += reversed(part.operands)
        elif isinstance(part, ast.Select):
            stack += [source.query for source in sources(part.source) if isinstance(source, ast.Derived)][::-1]


def selects(query: ast.Query) -> Iterator[ast.Select]:
    """Yield the SELECTs that the engine runs, the outermost first."""
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


def defining_expression(select: ast.Select, column: object) -> ast.Expression | None:
    """Return the expression that defines a column in a subquery, however deep, or None for a column of a dataset."""
    source, name = select.source, column.name if isinstance(column, ast.Column) else None
    while name is not None and (inner := subselect(source)) is not None:
        outputs = {output_name(output): bare(output) for output in inner.columns}
        found = outputs.get(name, ast.Column(name))
        if not isinstance(found, ast.Column):
            return found if isinstance(found, ast.Expression) else None
        source, name = inner.source, found.name
    return None


def _outputs(query: ast.Query, seen: Seen) -> Columns | None:
    """Return the output columns of a query, or None if they are unknown."""
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
    """Return the columns of the rows that match a condition, in which a column that the condition requires is never null."""
    if where is None:
        return columns
    return {
        name: column.replace(nullable=False) if column and column.nullable and requires(where, name, column) else column
        for name, column in columns.items()
    }


def _kept(output: ast.Expression, scope: SelectScope) -> Column | None:
    """Return the type of an output: a plain column keeps its indexes, a renamed one loses them; None for any other output, and in a grouped query."""
    node = bare(output)
    column = scope.typed_column(node)
    if column is None or scope.select.group_by:
        return None
    if column.nullable and isinstance(node, ast.Column) and requires(scope.select.where, node.name, column):
        column = column.replace(nullable=False)
    renamed = isinstance(output, ast.Aliased) and output.alias != getattr(output.expression, "name", None)
    return column.replace(indexes=(), kind="" if column.kind == "embedding" else column.kind) if renamed else column


@unbounded
def requires(condition: ast.Expression | None, name: str, column: Column) -> bool:
    """Tell whether a condition matches no row in which a column is null."""
    if isinstance(condition, ast.And):
        return any(requires(operand, name, column) for operand in condition.operands)
    if isinstance(condition, ast.Or):
        return all(requires(operand, name, column) for operand in condition.operands)
    if condition == ast.Boolean(value=False):
        return True
    found = _tested_text(condition) if column.is_text else _tested(condition)
    return isinstance(found, ast.Column) and found.name == name


def _tested(condition: ast.Expression | None) -> ast.Expression | None:
    """Return the operand that a condition on numbers requires: a null on the left of a comparison does not match."""
    if isinstance(condition, ast.IsNull):
        return condition.operand if condition.negated else None
    if isinstance(condition, ast.Comparison):
        return condition.left
    members = isinstance(condition, ast.In) and not condition.negated and not isinstance(condition.members, ast.Query)
    return condition.operand if members else None  # type: ignore[union-attr]  # it is IN


def _tested_text(condition: ast.Expression | None) -> ast.Expression | None:
    """Return the operand that a condition on text requires: the engine treats null as the empty string."""
    if isinstance(condition, ast.Comparison):
        there = condition.operator == "=" and isinstance(condition.right, ast.String) and condition.right.value
        return condition.left if there else None
    if isinstance(condition, ast.In) and (
        isinstance(condition.members, ast.Query) or ast.String("") in condition.members
    ):
        return None
    return _tested(condition)


def _scope(select: ast.Select, seen: Seen) -> SelectScope:
    """Return the scope of a SELECT, computed once."""
    known = seen.scopes.get(id(select))
    if known is None:
        known = seen.scopes[id(select)] = _new_scope(select, seen)
    return known


def _new_scope(select: ast.Select, seen: Seen) -> SelectScope:
    """Compute the scope of a SELECT."""
    sides = [_side(source, seen) for source in sources(select.source)] or [_side(None, seen)]
    if len(sides) > 1:
        return _of_several(select, [alias for alias, _, _ in sides], [columns for _, columns, _ in sides])
    alias, columns, query = sides[0]
    changed = query is not None and _changes(query, seen)
    return SelectScope(select, columns, {alias: columns} if alias is not None else {}, changed=changed, types={})


def _of_several(select: ast.Select, aliases: Sequence[str | None], sides: Sequence[Columns | None]) -> SelectScope:
    """Return the scope of a SELECT with several sources."""
    known: dict[str, Column | None] = {}
    ambiguous: set[str] = set()
    filled = [
        _nullable(columns) if is_outer else columns
        for columns, is_outer in zip(sides, _are_outer(select, len(sides)), strict=True)
    ]
    for columns in filled:
        ambiguous |= set(known) & set(columns or ())
        known.update(columns or {})
    return SelectScope(
        select,
        known if None not in sides else None,
        {alias: columns for alias, columns in zip(aliases, filled, strict=True) if alias is not None},
        frozenset(ambiguous),
        changed=True,
        types={},
        sides=tuple(sides),
    )


def _are_outer(select: ast.Select, count: int) -> Sequence[bool]:
    """Tell of each source of a SELECT whether a join fills its columns with nulls in the rows without a match."""
    join = select.source
    if not isinstance(join, ast.Join) or count != len(("left", "right")):
        return [False] * count
    return join.kind in {"right", "full"}, join.kind in {"left", "full"}


def _nullable(columns: Columns | None) -> Columns | None:
    """Return columns that can be null."""
    if columns is None:
        return None
    return {name: column and column.replace(nullable=True) for name, column in columns.items()}


def _side(source: ast.Source | None, seen: Seen) -> tuple[str | None, Columns | None, ast.Query | None]:
    """Return alias, columns and subquery of one source, None where it has none; the source of a SELECT without FROM is None."""
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
    """Tell whether a subquery has other rows than its dataset, or another order."""
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
