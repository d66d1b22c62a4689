"""Know which columns each level of a query sees, and what is known of their types: those of a dataset by its schema, those of a sub-query by what it selects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.aggregates import is_aggregate
from tql.clauses import Both, Dataset, Unordered, output_name
from tql.grouping import bare, is_grouped
from tql.naming import made_names, placed, read_names, uses
from tql.positions import numbers_rows
from tql.search import Fusion
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import FLAT
from tql_grammar.rewrite.nullable import missing, narrowed
from tql_grammar.rewrite.scope import UNKNOWN, Scope
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tql.query import Query
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.schema import Column, Schema


def located(query: Query, dataset: str | None, schemas: Mapping[str | None, Schema]) -> Query:
    """
    Return *query* with *dataset* as the source of every part that has none.

    Args:
        query: what is said.
        dataset: a url, or None to leave FROM out.
        schemas: the columns of datasets by their names, and of the one without a name under None.
    """
    from tql.query import Query as Built

    def locate(node: Record) -> Record:
        if isinstance(node, Built) and node.source is None:
            return node.replace(source=Dataset(dataset, schema=schemas.get(None)))
        if isinstance(node, Dataset) and node.schema is None and node.url in schemas:
            return node.replace(schema=schemas[node.url])
        return node

    return query if dataset is None and not schemas else rebuild(query, locate)


def scope_of(query: Query) -> Scope:
    """Return what the expressions of a query see: the columns of its source."""
    from tql.query import DerivedQuery

    source = query.source
    if isinstance(source, Dataset):
        return UNKNOWN if source.schema is None else Scope(source.schema.as_dict())
    if isinstance(source, DerivedQuery):
        return result_of(source.query)
    if isinstance(source, Unordered):
        return _of_rows([result_of(member) for member in source.members])
    return _of_both(source) if isinstance(source, Both) else Scope(moved=True)


def _of_rows(members: list[Scope]) -> Scope:
    """
    Return the columns of several queries' rows one after the other, by the names of the first: nullable where one of them is.

    Raises:
        ArgumentError: the engine shifts values past what is missing, as it does where the types differ.
    """
    first, *others = members
    if first.columns is None:
        return first
    found = dict(first.columns)
    nullables = set(first.nullables)
    for other in others:
        for label, (name, column) in zip(found, (other.columns or {}).items(), strict=False):
            legs = [(found[label], label in first.nullables), (column, name in other.nullables)]
            _require_one_type(label, legs)
            one = found[label]
            if one is not None and column is not None and column.nullable:
                found[label] = one.replace(nullable=True)
    return first._replace(columns=found, nullables=frozenset(nullables))


def _require_one_type(label: str, legs: list[tuple[Column | None, bool]]) -> None:
    """Refuse numbers of two types of which some may be missing."""
    types = {column.dtype for column, _ in legs if column is not None}
    absent = any(column is not None and column.nullable and not column.is_text for column, _ in legs)
    if any(computed for _, computed in legs) or (absent and len(types) > 1):
        rule = "takes columns of one type where a number may be missing: the engine shifts the values past it"
        kinds = " and ".join("a computed number" if computed else str(column) for column, computed in legs)
        hint = f"leave the missing ones out of each query: .where(col({label!r}).is_not_null())"
        raise ArgumentError("union / intersect / except_", rule, f"{label!r}, which is {kinds}", hint)


def result_of(query: Query) -> Scope:
    """Return the columns that a query selects, as a query over it sees them: no row is where an index says."""
    kept: Scope | None = query.__dict__.get("_result")
    if kept is None:
        kept = query.__dict__["_result"] = _result(query)
    return kept


def _result(query: Query) -> Scope:
    """Return the columns that a query selects, in order."""
    from tql.desugar import plain

    query = plain(query)
    scope = present(query, scope_of(query))
    found: dict[str, Column | None] = {}
    for output in query.outputs or (ast.Star(),):
        if isinstance(output, ast.Star):
            if scope.columns is None:
                return Scope(moved=True)
            found.update(scope.columns)
        else:
            label = output_name(output) or ""
            found.pop(label, None)
            found[label] = _type(query, output, scope)
    computed = {label for label, node in _values(query, scope) if missing(placed(node), scope)}
    nullables = {label for label, column in found.items() if column is None and label in computed | scope.nullables}
    scores = {search.alias: None for search in query.searches}
    ranked = {label for label, node in _expressions(query) if touches_index(node, scope)}
    result = Scope({**found, **scores}, moved=True, ranked=frozenset(ranked), nullables=frozenset(nullables))
    return narrowed(result, _on_outputs(query))


def present(query: Query, scope: Scope) -> Scope:
    """Return what every other clause of a query sees of its source: a column that a condition asks for is never null there."""
    return scope if scope.columns is None else narrowed(scope, on_source(query))


def _values(query: Query, scope: Scope) -> Iterator[tuple[str, Expression]]:
    """Yield the outputs of a query that hold one value in each row; in groups others hold the list of the group's values."""
    grouped = is_grouped(query)
    for label, node in () if scope.columns is None else _expressions(query.replace(searches=())):
        one = not grouped or bare(node) in query.groups or ast.Column(label) in query.groups
        if one or any(map(is_aggregate, walk(node))):
            yield label, node


def _on_outputs(query: Query) -> list[Expression]:
    """Return the conditions that concern the outputs of a query."""
    made = made_names(query)
    places = ((part, {place for _, place in read_names(part)}) for part in query.conditions if uses(part, made))
    return [placed(part) for part, found in places if "source" not in found]


def on_source(query: Query) -> list[Expression]:
    """Return the conditions that concern columns of the source only, so that every other clause sees the rows that meet them."""
    made = made_names(query)
    kept = [] if numbers_rows(query) else [part for part in query.conditions if not uses(part, made)]
    return [placed(part) for part in kept]


def _type(query: Query, output: Expression, scope: Scope) -> Column | None:
    """Return what is known of an output; under another name, or as the key of groups, a column has no index."""
    bare = output.expression if isinstance(output, ast.Aliased) else output
    column = scope.column(bare)
    if column is None or (bare is output and not is_grouped(query)):
        return column
    if is_grouped(query) and bare not in query.groups and ast.Column(output_name(output) or "") not in query.groups:
        return None
    return column.replace(indexes=(), kind="" if column.kind == "embedding" else column.kind)


def _expressions(query: Query) -> Iterator[tuple[str, Expression]]:
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


def _of_both(both: Both) -> Scope:
    """Return the columns of a join, each under its new name."""
    from tql.query import DerivedQuery

    sides: dict[str | None, Scope] = {}
    for source in (both.left, both.other.source):
        known = None if isinstance(source, DerivedQuery) else source.schema
        sides[source.alias] = result_of(source.query) if isinstance(source, DerivedQuery) else UNKNOWN
        if known is not None:
            sides[source.alias] = Scope(known.as_dict())
    found: dict[str, Column | None] = {}
    nullables: set[str] = set()
    for aliased in both.columns:
        if isinstance(aliased, ast.Aliased) and isinstance(aliased.expression, ast.Column):
            there = sides[aliased.expression.table].column(ast.Column(aliased.expression.name))
            found[aliased.alias] = None if there is None else there.replace(indexes=())
            if aliased.expression.name in sides[aliased.expression.table].nullables:
                nullables.add(aliased.alias)
    return Scope(found, moved=True, nullables=frozenset(nullables))
