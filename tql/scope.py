"""The columns that each level of a query sees, and what is known of their types: those of a dataset by its schema, those of a sub-query by what it selects."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from tql.aggregates import is_aggregate
from tql.clauses import output_name
from tql.desugar import plain
from tql.grouping import bare, is_grouped
from tql.joined import MATCH, may_be_empty
from tql.naming import made_names, placed, read_names, uses
from tql.placed import Placed
from tql.positions import numbers_rows
from tql.search import Fusion
from tql.statement import Both, Dataset, DerivedQuery, Statement, Unordered
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import FLAT
from tql_grammar.inference import COUNT, RANK, numbers, promoted
from tql_grammar.rewrite.json_values import value_names
from tql_grammar.rewrite.nullable import missing, narrowed
from tql_grammar.rewrite.scope import UNKNOWN, Scope, Values
from tql_grammar.rewrite.typed import written
from tql_grammar.schema import FLOATS, INTEGERS, Column
from tql_grammar.walk import rebuild, substitute, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.schema import Schema

# Aggregates that are a value of their column, and the type that a sum or a mean meets.
OF_ONE = frozenset({"min", "max", "first"})
SUMS = {"sum": "int64", "mean": "float64"}
INTEGER = Column("int64")
# Types of which there is a mean: the engine refuses that of texts.
NUMERIC = frozenset({"bool", *INTEGERS, *FLOATS})


def located(query: Statement, dataset: str | None, schemas: Mapping[str | None, Schema]) -> Statement:
    """
    Return *query* with *dataset* as the source of every part that has none.

    Args:
        query: what is said.
        dataset: a url, or None to leave FROM out.
        schemas: the columns of datasets by their names, and of the one without a name under None.
    """

    def locate(node: Record) -> Record:
        if isinstance(node, Statement) and node.source is None:
            return node.replace(source=Dataset(dataset, schema=schemas.get(None)))
        if isinstance(node, Dataset) and node.schema is None and node.url in schemas:
            return node.replace(schema=schemas[node.url])
        return node

    return query if dataset is None and not schemas else rebuild(query, locate)


def scope_of(query: Statement) -> Scope:
    """Return what the expressions of a query see: the columns of its source."""
    source = query.source
    if isinstance(source, Dataset):
        return UNKNOWN if source.schema is None else Scope(source.schema.as_dict())
    if isinstance(source, DerivedQuery):
        return result_of(source.query)
    if isinstance(source, Unordered):
        return _of_all([result_of(member) for member in source.members])
    return _of_both(source) if isinstance(source, Both) else Scope(moved=True)


def _require_one_type(label: str, scopes: list[Scope]) -> None:
    """Refuse numbers of two types of which some may be missing."""
    node = ast.Column(label)
    columns = [scope.value(node) for scope in scopes]
    absent = any(missing(node, scope) for scope in scopes)
    if absent and len({None if column is None else column.dtype for column in columns}) + columns.count(None) > 1:
        rule = "takes columns of one type where a number may be missing: the engine shifts the values past it"
        kinds = " and ".join("a computed number" if column is None else str(column) for column in columns)
        hint = f"leave the missing ones out of each query: .where(col({label!r}).is_not_null())"
        raise ArgumentError("union / intersect / except_", rule, f"{label!r}, which is {kinds}", hint)


def result_of(query: Statement) -> Scope:
    """Return the columns that a query selects, as a query over it sees them: no row is where an index says."""
    kept: Scope | None = query.__dict__.get("_result")
    if kept is None:
        kept = query.__dict__["_result"] = _result(query)
    return kept


def _result(query: Statement) -> Scope:
    """Return the columns that a query selects, in order."""
    query = plain(query, scope_of)
    scope = present(query, scope_of(query))
    found: dict[str, Column | None] = {}
    values: dict[str, Column | None] = {}
    for output in query.outputs or (ast.Star(),):
        if isinstance(output, ast.Star):
            if scope.columns is None:
                return Scope(moved=True, json_values=_json_values(query, scope))
            found.update(scope.columns)
            values.update(scope.values)
        else:
            label = output_name(output) or ""
            found.pop(label, None)
            found[label] = _type(query, output, scope)
    computed = {label for label, node in _values(query, scope) if missing(placed(node), scope)}
    nullables = {label for label, column in found.items() if column is None and label in computed | scope.nullables}
    scores = {search.alias: None for search in query.searches}
    named = list(_expressions(query))
    ranked = {label for label, node in named if touches_index(node, scope)}
    if scope.columns is not None:
        values.update((label, value_of(query, bare(node), scope)) for label, node in named if not found.get(label))
    result = Scope(
        {**found, **scores},
        moved=True,
        ranked=frozenset(ranked),
        json_values=_json_values(query, scope),
        values=values,
        nullables=frozenset(nullables),
    )
    return narrowed(result, _on_outputs(query))


def _json_values(query: Statement, scope: Scope) -> frozenset[str]:
    """Return the names of the outputs that are values of JSON, here or in the source."""
    selected = query.outputs or (ast.Star(),)
    kept = scope.json_values if ast.Star() in selected else frozenset[str]()
    own = {label: bare(output) for output in query.outputs if (label := output_name(output))}
    below = {label for label, node in own.items() if isinstance(node, ast.Column) and node.name in scope.json_values}
    return (kept | value_names(own) | below) if not is_grouped(query) else frozenset[str]()


def value_of(query: Statement, node: Expression, scope: Scope) -> Column | None:
    """Return the type of the numbers that the engine computes for an output of *query*, if it is one value."""
    if query.pieces is not None:
        return _of_member(query, node)
    if not is_grouped(query):
        return numbers(written(placed(node), scope), Values(scope))
    made = made_names(query)
    by = [made.get(key.name, key) if isinstance(key, ast.Column) else key for key in query.groups]
    seen: dict[str, Column | None] = {}

    def part(found: Record) -> Record | None:
        if not isinstance(found, ast.Expression):
            return None
        single = found in by or is_aggregate(found)
        if not single and not isinstance(found, (ast.Column, Placed, ast.Star)):
            return None
        label = str(len(seen))
        seen[label] = _of_group(found, scope) if single else None
        return ast.Column(label)

    return numbers(written(substitute(node, part), UNKNOWN), Values(Scope(values=seen)))


def _of_member(query: Statement, node: Expression) -> Column | None:
    """Return the type of a column of groups that are taken apart: a key or an aggregate for each member, or the member's own value."""
    source = query.source
    if query.pieces or not isinstance(source, DerivedQuery) or not isinstance(node, ast.Column):
        return None
    groups = plain(source.query, scope_of)
    single = result_of(groups).value(node)
    if single is not None:
        return single
    scope = scope_of(groups)
    own = [bare(output) for output in groups.outputs if output_name(output) == node.name]
    return numbers(written(placed(own[0]), scope), Values(scope)) if own else None


def _of_group(node: Expression, scope: Scope) -> Column | None:
    """Return the type of a key of groups, or of an aggregate."""
    if not isinstance(node, ast.Function) or not is_aggregate(node):
        return numbers(written(placed(node), scope), Values(scope))
    if not node.arguments:
        return COUNT
    found = _of_group(node.arguments[0], scope)
    if found is None or found == RANK or node.name not in SUMS:
        return found
    if node.name == "mean" and found.dtype not in NUMERIC:
        return None
    return Column(promoted(found.dtype, SUMS[node.name]))


def _of_all(scopes: list[Scope]) -> Scope:
    """
    Return the columns of a set operation: those of its first member, each in the type in which all of its members meet.

    Raises:
        ArgumentError: values may be missing in columns of two types: the engine shifts the values past them.
    """
    first, *others = scopes
    if first.columns is None:
        return first
    met: dict[str, Column | None] = {}
    values: dict[str, Column | None] = {}
    for label, column in first.columns.items():
        node = ast.Column(label)
        there = [scope.column(node) for scope in others]
        _require_one_type(label, scopes)
        met[label] = column if all(other == column for other in there) else _meeting([column, *there])
        if met[label] is None:
            values[label] = _meeting([scope.value(node) for scope in scopes])
    lifted = frozenset[str]().union(*(scope.json_values for scope in scopes))
    return first._replace(columns=met, values=values, json_values=lifted)


def _meeting(columns: list[Column | None]) -> Column | None:
    """Return the type in which columns of numbers meet, or None."""
    known = [column for column in columns if column is not None]
    if len(known) < len(columns):
        return None
    first, nullable = known[0], any(column.nullable for column in known)
    if all(column == first for column in known):
        return first
    if all((column.dtype, column.shape, column.kind) == (first.dtype, first.shape, first.kind) for column in known):
        return first.replace(nullable=nullable, indexes=(), classes=())
    if not all(column.is_number or (column.dtype == "bool" and column.is_single) for column in known):
        return None
    return Column(reduce(promoted, (column.dtype for column in known)), nullable=nullable)


def present(query: Statement, scope: Scope) -> Scope:
    """Return what every other clause of a query sees of its source: a column that a condition asks for is never null there."""
    return scope if scope.columns is None else narrowed(scope, on_source(query))


def _values(query: Statement, scope: Scope) -> Iterator[tuple[str, Expression]]:
    """Yield the outputs of a query that hold one value in each row; in groups others hold the list of the group's values."""
    grouped = is_grouped(query)
    for label, node in () if scope.columns is None else _expressions(query.replace(searches=())):
        one = not grouped or bare(node) in query.groups or ast.Column(label) in query.groups
        if one or any(map(is_aggregate, walk(node))):
            yield label, node


def _on_outputs(query: Statement) -> list[Expression]:
    """Return the conditions that concern the outputs of a query."""
    made = made_names(query)
    places = ((part, {place for _, place in read_names(part)}) for part in query.conditions if uses(part, made))
    return [placed(part) for part, found in places if "source" not in found]


def on_source(query: Statement) -> list[Expression]:
    """Return the conditions that concern columns of the source only, so that every other clause sees the rows that meet them."""
    made = made_names(query)
    kept = [] if numbers_rows(query) else [part for part in query.conditions if not uses(part, made)]
    return [placed(part) for part in kept]


def _type(query: Statement, output: Expression, scope: Scope) -> Column | None:
    """Return what is known of an output; under another name, or as the key of groups, a column has no index."""
    node = bare(output)
    if is_grouped(query) and isinstance(node, ast.Function) and node.name in OF_ONE and is_aggregate(node):
        node = node.arguments[0]
        column = scope.column(node)
        return None if column is None or not column.is_single else column.replace(indexes=())
    column = scope.column(node)
    if column is None or (node is output and not is_grouped(query)):
        return column
    if is_grouped(query) and node not in query.groups and ast.Column(output_name(output) or "") not in query.groups:
        return None
    return column.replace(indexes=(), kind="" if column.kind == "embedding" else column.kind)


def _expressions(query: Statement) -> Iterator[tuple[str, Expression]]:
    """Yield the outputs of a query that have a name, and its scores."""
    for output in query.outputs:
        label = output_name(output)
        if label is not None:
            yield label, output
    for search in query.searches:
        if not isinstance(search, Fusion):
            yield search.alias, search.score


def touches_index(node: Record, scope: Scope) -> bool:
    """Tell whether an order by *node* with LIMIT may be answered from an index: then it is approximate, or fails."""
    parts = list(walk(node))
    if any(isinstance(part, ast.Function) and part.name.lower() in FLAT for part in parts):
        return False
    columns = [part for part in parts if isinstance(part, ast.Column)]
    return any(
        part.name in scope.ranked or ((column := scope.column(part)) is not None and column.is_indexed)
        for part in columns
    )


def sides(both: Both) -> dict[str | None, Scope]:
    """Return the columns of each source of a join, by its alias."""
    found: dict[str | None, Scope] = {}
    for source in (both.left, both.other.source):
        if isinstance(source, DerivedQuery):
            found[source.alias] = result_of(source.query)
        else:
            found[source.alias] = UNKNOWN if source.schema is None else Scope(source.schema.as_dict())
    return found


def _of_both(both: Both) -> Scope:
    """Return the columns of a join, each under its new name; the engine may take their order from the indexes of the sources."""
    known = sides(both)
    missing = both.missing
    found: dict[str, Column | None] = {} if missing is None else {MATCH: INTEGER}
    values: dict[str, Column | None] = {}
    ranked, nullables = set(), set()
    for part in both.columns:
        column = part.expression
        if isinstance(column, ast.Column):
            side, name = known[column.table], ast.Column(column.name)
            there, value = side.column(name), side.value(name)
            nullable = missing is not None and column.table == missing.alias
            values[part.alias] = None if value is None else _in_join(value, nullable=nullable)
            if there is None and (column.name in side.nullables or (nullable and value is not None)):
                nullables.add(part.alias)
            found[part.alias] = None if there is None else _in_join(there, nullable=nullable)
            if there is None or there.is_indexed:
                ranked.add(part.alias)
    return Scope(found, moved=True, ranked=frozenset(ranked), values=values, nullables=frozenset(nullables))


def _in_join(column: Column, *, nullable: bool) -> Column:
    """Return a column of a join; a text and a JSON of the other source stay without nulls, since the engine takes empty ones for null: `MATCH` tells them apart."""
    column = column.replace(indexes=())
    if not nullable or may_be_empty(column):
        return column
    return column.replace(nullable=True, **({"kind": "", "classes": ()} if column.is_label else {}))
