"""Know which columns each level of a query sees, and what is known of their types: those of a dataset by its schema, those of a sub-query by what it selects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.clauses import Both, Dataset, Unordered, output_name
from tql.grouping import is_grouped
from tql.search import Fusion
from tql_grammar import ast
from tql_grammar.functions import FLAT
from tql_grammar.rewrite.scope import UNKNOWN, Scope
from tql_grammar.schema import Column
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tql.query import Query
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.schema import Schema

# The column of a left or right join with the number of the other source's row, 0 where nothing matches.
MATCH = "zmatch"
INTEGER = Column("int64")


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
        return result_of(source.members[0])
    return _of_both(source) if isinstance(source, Both) else Scope(moved=True)


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
    scope = scope_of(query)
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
    scores = {search.alias: None for search in query.searches}
    ranked = {label for label, node in _expressions(query) if touches_index(node, scope)}
    return Scope({**found, **scores}, moved=True, ranked=frozenset(ranked))


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


def sides(both: Both) -> dict[str | None, Scope]:
    """Return the columns of each source of a join, by its alias."""
    from tql.query import DerivedQuery

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
    ranked = set()
    for part in both.columns:
        column = part.expression
        if isinstance(column, ast.Column):
            there = known[column.table].column(ast.Column(column.name))
            nullable = missing is not None and column.table == missing.alias
            found[part.alias] = None if there is None else _in_join(there, nullable=nullable)
            if there is None or there.is_indexed:
                ranked.add(part.alias)
    return Scope(found, moved=True, ranked=frozenset(ranked))


def _in_join(column: Column, *, nullable: bool) -> Column:
    """Return a column of a join; a text and a JSON of the other source stay without nulls, since the engine takes empty ones for null: `MATCH` tells them apart."""
    column = column.replace(indexes=())
    if not nullable or may_be_empty(column):
        return column
    return column.replace(nullable=True, **({"kind": "", "classes": ()} if column.is_label else {}))


def may_be_empty(column: Column) -> bool:
    """Tell whether the engine takes a value for null that is none: an empty text, or an empty JSON."""
    return not column.nullable and (column.is_text or column.dtype == "json")
