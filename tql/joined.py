"""
A query that names its sources by aliases, as a query over the columns that it reads of them.

Each column of a join has a name of its own there: outside of the join every clause is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tql.aggregates import is_aggregate
from tql.clauses import output_name
from tql.grouping import is_grouped
from tql.placed import Placed
from tql.search import Fusion, Search, TextSearch
from tql.statement import Both, Dataset, DerivedQuery
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tql.expr import Key
    from tql.statement import Statement
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

    # Returns the columns of the source of a query.
    See = Callable[[Statement], Scope]


# The column of a left or right join with the number of the other source's row, 0 where nothing matches.
MATCH = "zmatch"


def names_its_source(query: Statement) -> bool:
    """Tell whether a query without a join has columns that say which source they are from."""
    alias = getattr(query.source, "alias", None)
    return alias is not None and query.joined is None and any(_qualified(query))


def over_one(query: Statement) -> Statement:
    """
    Return a query with the plain names of its only source: in a query with an order the engine does not find its alias.

    Raises:
        ArgumentError: a column is from a source of another name.
    """
    alias = query.source.alias  # type: ignore[union-attr]  # by `names_its_source`
    for column in _qualified(query):
        if column.table != alias:
            raise _of_another(column, alias)

    def plain_name(node: Record) -> Record:
        return ast.Column(node.name) if isinstance(node, ast.Column) and node.table else node

    clauses = rebuild(query.replace(source=None), plain_name)
    return clauses.replace(source=query.source)


def _of_another(column: ast.Column, *aliases: str | None) -> ArgumentError:
    """Return the error for a column of what is no source of the query."""
    rule = "takes the alias of a source of the query, " + " or ".join(map(repr, aliases))
    return ArgumentError("col", rule, f"of={column.table!r}", f'col("{column.name}", of="{aliases[0]}")')


def _qualified(query: Statement) -> Iterable[ast.Column]:
    """Return the columns of a query's own clauses that say which source they are from."""
    own = query.replace(source=None, joined=None)
    return dict.fromkeys(part for part in walk(own) if isinstance(part, ast.Column) and part.table)


def over_both(query: Statement, see: See) -> Statement:
    """
    Return a query over the columns that it reads of both sources, each under a name of its own.

    Raises:
        ArgumentError: a source has no alias, or a column does not say which source it is from.
    """
    join, left = query.joined, query.source
    if join is None or not isinstance(left, (Dataset, DerivedQuery)) or left.alias is None:
        rule = "takes a query whose own source has an alias"
        raise ArgumentError("join", rule, "none", 'from_("hub://org/a", alias="a")')
    if not query.outputs or any(isinstance(output, ast.Star) for output in query.outputs):
        rule = "takes the columns by name: the engine refuses `*` where both sources have a column of one name"
        raise ArgumentError("join", rule, "*", 'select(id=col("id", of="a"), other=col("id", of="b"))')
    _refuse_unqualified(query)
    for column in _qualified(query):
        if column.table not in {left.alias, join.source.alias}:
            raise _of_another(column, left.alias, join.source.alias)
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
    return _told_apart(_renamed(outer, there), both, see).replace(source=both)


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
        named = (isinstance(node, ast.Column) and not node.table) or isinstance(node, Placed)
        return columns.get(node.name, node) if named else node  # type: ignore[attr-defined]  # both have a name

    rest = found.replace(outputs=(), searches=())
    return rebuild(rest, resolve).replace(outputs=found.outputs, searches=found.searches)


def _refuse_unqualified(query: Statement) -> None:
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


class Missing(NamedTuple):
    """
    The columns of a left or right join that are null where nothing matches.

    Attributes:
        labels: all of them.
        empty: those that hold values which the engine takes for null, such as an empty text.
        unknown: those of unknown type.
        single: those that are known to be one number or text.
    """

    labels: frozenset[str]
    empty: frozenset[str]
    unknown: frozenset[str]
    single: frozenset[str]


def _missing(query: Statement, both: Both, alias: str | None, see: See) -> Missing:
    """Return the columns of the source with this alias."""
    known = see(query.replace(source=both)).columns or {}
    labels = frozenset(part.alias for part in both.columns if getattr(part.expression, "table", None) == alias)
    types = {label: column for label in labels if (column := known[label]) is not None}
    return Missing(
        labels,
        empty=frozenset(label for label, column in types.items() if may_be_empty(column)),
        unknown=labels - set(types),
        single=frozenset(label for label, column in types.items() if column.is_number or column.is_text),
    )


def may_be_empty(column: Column) -> bool:
    """Tell whether the engine takes a value for null that is none: an empty text, or an empty JSON."""
    return not column.nullable and (column.is_text or column.dtype == "json")


def _told_apart(query: Statement, both: Both, see: See) -> Statement:
    """
    Return a query over a left or right join in which no condition but IS NULL holds where nothing matches, and a missing text or JSON is not an empty one, which the engine takes for null.

    Raises:
        ArgumentError: the engine cannot compute something where nothing matches.
    """
    if both.missing is None:
        return query
    missing = _missing(query, both, both.missing.alias, see)
    _refuse_uncomputable(query, missing)

    def tell(node: Record) -> Record:
        if isinstance(node, ast.IsNull) and _is_one_of(node.operand, missing.empty):
            return _there() if node.negated else _absent()
        if (isinstance(node, CONDITIONS) or _is_contains(node)) and _reads(node, missing.labels):
            return ast.And((_there(), node))  # type: ignore[arg-type]  # a condition
        return node

    found = rebuild(query, tell)
    keys = tuple(key for item in found.keys for key in _absent_last(item, missing.empty))
    groups = [
        key for item in found.groups for key in ((item, _absent()) if _is_one_of(item, missing.empty) else (item,))
    ]
    return found.replace(keys=keys, groups=tuple(groups))


CONDITIONS = (ast.Comparison, ast.Between, ast.In, ast.Like)


def _refuse_uncomputable(query: Statement, missing: Missing) -> None:
    """Refuse what ends the engine, or gives other values, where a row of nulls is read; numbers of known types are nullable, and looked at as those are."""
    grouped = is_grouped(query)
    for part in walk(query):
        if isinstance(part, ast.Chain):
            refused = any(_reads(operand, missing.unknown) for operand in part.operands[1:])
        elif isinstance(part, ast.Function):
            refused = _refuses(part, missing, grouped=grouped)
        else:
            refused = isinstance(part, (Search, TextSearch, Fusion, ast.Subscript)) and _reads(part, missing.labels)
        if refused:
            rule = "takes a column that may have no match by itself, or left of an operator: the engine computes nothing else of a missing value"
            hint = 'compute it in the source: join(select("k", year=col("meta")["year"]).from_(..), ..)'
            raise ArgumentError("join", rule, KINDS.get(type(part), "a search"), hint)


def _refuses(function: ast.Function, missing: Missing, *, grouped: bool) -> bool:
    """Tell whether the engine cannot compute a function of missing values; of their conditions, and the number or the first of them, it can."""
    if _is_contains(function):
        return False
    if grouped and is_aggregate(function):
        numbers = (part for part in function.arguments if isinstance(part, (ast.Column, ast.Chain)))
        return function.name != "first" and any(_reads(part, missing.unknown) for part in numbers)
    return _reads(function, missing.labels - missing.single)


KINDS: dict[type[Record], str] = {
    ast.Chain: "one right of an operator",
    ast.Function: "one in a function",
    ast.Subscript: "an element of one",
}


def _is_contains(node: Record) -> bool:
    """Tell whether a node is a condition in the form of a function."""
    return isinstance(node, ast.Function) and node.name == "contains"


def _reads(node: Record, labels: frozenset[str]) -> bool:
    """Tell whether an expression reads a column of one of these names."""
    return any(_is_one_of(part, labels) for part in walk(node))


def _is_one_of(node: object, labels: frozenset[str]) -> bool:
    """Tell whether a node is a column of one of these names."""
    return isinstance(node, ast.Column) and node.name in labels


def _absent_last(key: Key, told: frozenset[str]) -> tuple[Key, ...]:
    """Return the keys that put missing texts after all others, or before them where the order descends."""
    return (key.replace(expression=_absent()), key) if _is_one_of(key.expression, told) else (key,)


def _there() -> Expression:
    """Return the condition that the other source has a row."""
    return _match("!=")


def _absent() -> Expression:
    """Return the condition that nothing matches."""
    return _match("=")


def _match(operator: Literal["=", "!="]) -> Expression:
    """Return the comparison of the number of the other source's row with 0."""
    return ast.Comparison(operator, ast.Column(MATCH), ast.Number(0))
