"""
Statements that name their sources by aliases, as clauses over the columns that they read of them.

Each column of a join has a name of its own there: outside of the join every clause is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.compiler.grouped import is_grouped
from tql.expressions.qualified_name import QualifiedName
from tql.plan.helpers import helper
from tql.plan.names import computed_columns
from tql.plan.nodes import CLAUSES, Aggregate, Extend, Join, Plan, Scan, Subquery, Union
from tql.plan.schema import alias_of, missing_side
from tql.plan.tree import own_nodes
from tql.statement import Dataset, DerivedQuery, Fusion, Sampling, Statement
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import FLAT
from tql_grammar.outputs import output_name
from tql_grammar.walk import below, rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql.compiler.steps import Lower
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record


def names_its_source(query: Statement) -> bool:
    """Tell whether a query without a join has columns that say which source they are from."""
    alias = getattr(query.source, "alias", None)
    return alias is not None and query.joined is None and any(_qualified(query))


def over_one(query: Statement, child: Plan, lower: Lower) -> Plan:
    """
    Return the plan of a query with the plain names of its only source: in a query with an order the engine does not find its alias.

    Raises:
        ArgumentError: a column is from a source of another name.
    """
    alias = query.source.alias  # type: ignore[union-attr]  # by `names_its_source`
    for column in _qualified(query):
        if column.table != alias:
            raise _of_another(column, alias)

    made = {*computed_columns(query.outputs), *(search.alias for search in query.searches)}

    def plain_name(node: Record) -> Record:
        return ast.Column(node.name) if isinstance(node, ast.Column) and node.table else node

    def of_source(node: Record) -> Record:
        is_shadowed = isinstance(node, ast.Column) and node.table and node.name in made
        return QualifiedName(node.name, "source") if is_shadowed else plain_name(node)  # type: ignore[attr-defined]  # a column

    own = rebuild(Statement(outputs=query.outputs, searches=query.searches), plain_name)
    rest = rebuild(query.replace(source=None, outputs=(), searches=()), of_source)
    return lower(rest.replace(source=query.source, outputs=own.outputs, searches=own.searches), child)


def _of_another(column: ast.Column, *aliases: str | None) -> ArgumentError:
    """Return the error for a column of what is no source of the query."""
    rule, hint = "takes the alias of a source", f'write col("{column.name}", of="{aliases[0]}")'
    why = f"the query has the aliases {' and '.join(map(repr, aliases))}"
    return ArgumentError("col", rule, f"of={column.table!r}", hint, why=why)


def _qualified(query: Statement) -> Iterable[ast.Column]:
    """Return the columns of a query's own clauses that say which source they are from."""
    own = query.replace(source=None, joined=None)
    return dict.fromkeys(part for part in walk(own) if isinstance(part, ast.Column) and part.table)


def over_both(query: Statement, child: Plan, lower: Lower) -> Plan:
    """
    Return the plan of a query over the columns that it reads of both sources, each under a name of its own.

    Raises:
        ArgumentError: a source has no alias, or a column does not say which source it is from.
    """
    join, left = query.joined, query.source
    if join is None or not isinstance(left, (Dataset, DerivedQuery)) or left.alias is None:
        rule, why = (
            "takes a query whose own source has an alias",
            "each column of a join is read by the alias of its source",
        )
        raise ArgumentError("join", rule, "none", 'write from_("hub://org/a", alias="a")', why=why)
    _require_qualified(query, left.alias, join.source.alias)
    read = tuple(_qualified(query)) or tuple(_left_key(join.on, left.alias))
    there = {column: helper(f"j{number}") for number, column in enumerate(read, 1)}
    columns = tuple(ast.Aliased(column, label) for column, label in there.items())
    outer = query.replace(outputs=tuple(map(_with_name, query.outputs)), source=None, joined=None)
    clauses = _renamed(outer, there)
    plan = Join(child, rows_of(join.source, lower), join.on, join.how, columns, texts=_texts(clauses))
    return lower(clauses, _join(query, plan))


def _with_name(output: Expression) -> Expression:
    """Return an output of a join under its own name."""
    return ast.Aliased(output, output.name) if isinstance(output, ast.Column) and output.table else output


def _require_qualified(query: Statement, *aliases: str | None) -> None:
    """Refuse ``*``, and columns that are from no source of a join, or do not say from which."""
    if not query.outputs or any(isinstance(output, ast.Star) for output in query.outputs):
        hint = 'write select(id=col("id", of="a"), other=col("id", of="b"))'
        why = "the engine rejects `*` where both sources have a column of one name"
        raise ArgumentError("join", "takes the columns by name", "`*`", hint, why=why)
    _refuse_unqualified(query)
    for column in _qualified(query):
        if column.table not in aliases:
            raise _of_another(column, *aliases)


def rows_of(source: Dataset | DerivedQuery, lower: Lower) -> Plan:
    """Return the rows of a source that may have a name."""
    if isinstance(source, Dataset):
        return Scan(source.url, source.alias, source.schema)
    return Subquery(lower(source.query), source.alias)


def _join(query: Statement, plan: Join) -> Join:
    """Return a join with the unfiltered source of a left or right one, from which the row of nulls is made."""
    missing = missing_side(plan)
    if missing is None or query.joined is None:
        return plan
    sources = (query.source, query.joined.source)
    if any(isinstance(part, Sampling) for source in sources if source is not None for part in walk(source)):
        rule = "takes sources that are not drawn at random where it is a left or right join"
        hint = "draw from the joined rows: select(..).from_(joined).sample_by(..)"
        raise ArgumentError("join", rule, "sample_by", hint, why="this join reads its sources several times")
    source = sources[missing is plan.right]
    return plan.replace(unfiltered=_unfiltered(missing), is_grouped=_has_groups(source))


def _texts(clauses: Statement) -> tuple[str, ...]:
    """Return the columns that clauses compare with a text."""
    compared = [below(part) for part in walk(clauses)]
    with_text = (parts for parts in compared if any(isinstance(part, ast.String) for part in _flat(parts)))
    return tuple({part.name: None for parts in with_text for part in parts if isinstance(part, ast.Column)})


def _flat(parts: Iterable[object]) -> Iterable[object]:
    """Yield the parts of a node, and those of its tuples."""
    for part in parts:
        yield from part if isinstance(part, tuple) else (part,)


def _has_groups(source: Record | None) -> bool:
    """Tell whether there are groups in a source."""
    parts = () if source is None else walk(source)
    return any(
        isinstance(part, Statement) and (part.unique or part.parts_per_group is not None or is_grouped(part))
        for part in parts
    )


def _unfiltered(plan: Plan) -> Plan:
    """Return a source with the same columns and all the rows that there are: where they are filtered there may be none."""
    return plan.replace(child=_whole(plan.child)) if isinstance(plan, Subquery) else plan


def _whole(plan: Plan) -> Plan:
    """Return a query without what filters, orders and cuts its rows, at every level down to a search for words, which the engine does in one form only."""
    base = plan
    while isinstance(base, CLAUSES):
        if ranks_words(base):
            return plan
        base = base.child
    if ranks_words(base) or not isinstance(base, (Extend, Aggregate)):
        return plan
    child = base.child
    if isinstance(child, Union):
        return base.replace(child=Subquery(_whole(child.children[0])))
    return base.replace(child=_unfiltered(child))


def ranks_words(node: Plan) -> bool:
    """Tell whether an operation is a search that the engine does in one form only."""
    return any(isinstance(part, ast.Function) and part.name.lower() in FLAT for part in own_nodes(node))


def _left_key(on: ast.Comparison, alias: str) -> Iterable[ast.Column]:
    """Yield the column of a source in the equality of a join: something has to be selected."""
    return (side for side in (on.left, on.right) if isinstance(side, ast.Column) and side.table == alias)


def _renamed(outer: Statement, there: Mapping[ast.Column, str]) -> Statement:
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
        named = (isinstance(node, ast.Column) and not node.table) or isinstance(node, QualifiedName)
        return columns.get(node.name, node) if named else node  # type: ignore[attr-defined]  # both have a name

    rest = found.replace(outputs=(), searches=())
    return rebuild(rest, resolve).replace(outputs=found.outputs, searches=found.searches)


def _refuse_unqualified(query: Statement) -> None:
    """Refuse a column that does not say which source it is from, unless it is an output."""
    made = {output_name(output) for output in query.outputs} | {search.alias for search in query.searches}
    scores = [search.column for search in query.searches if not isinstance(search, Fusion)]
    unknown = (*_unqualified((*query.outputs, *scores)),)
    read = _unqualified((*query.conditions, *query.groups, *query.keys))
    others = (part for part in read if part.name not in made or getattr(part, "place", None) == "source")
    for part in (*unknown, *others):
        rule, why = "takes columns with the alias of their source", "both sources may have a column of this name"
        raise ArgumentError("join", rule, repr(part.name), f'write col("{part.name}", of="a")', why=why)


def _unqualified(nodes: Iterable[Record]) -> Iterable[ast.Column | QualifiedName]:
    """Yield the names in expressions that do not say which source they are from."""
    parts = (part for node in nodes for part in walk(node))
    return (
        part
        for part in parts
        if isinstance(part, QualifiedName) or (isinstance(part, ast.Column) and part.table is None)
    )


def join_keys(node: Join) -> tuple[ast.Column, ...]:
    """Return the columns of the equality."""
    found = tuple(part for part in (node.on.left, node.on.right) if isinstance(part, ast.Column))
    aliases = {alias_of(node.left), alias_of(node.right)}
    if {part.table for part in found} != aliases or len(aliases) != len(found):
        rule = "takes the equality of one column of each source, with two different aliases"
        hint, why = 'write col("id", of="a") == col("uid", of="b")', "the engine supports no other join condition"
        raise ArgumentError("on", rule, shown_on(node), hint, why=why)
    return found


def shown_on(node: Join) -> str:
    """Return the equality of a join for a message."""
    from tql_grammar.printing.printer import to_tql

    return f"`{to_tql(node.on)}`"
