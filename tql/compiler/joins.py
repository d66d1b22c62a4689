"""
Statements that name their sources by aliases, as clauses over the columns that they read of them.

Each column of a join has a name of its own there: outside of the join every clause is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from tql.aggregates import is_aggregate
from tql.clauses import output_name
from tql.compiler.grouped import is_grouped
from tql.placed import Placed
from tql.plan.nodes import Aggregate, Extend, Filter, Join, Limit, Plan, Sample, Scan, Sort, Subquery, Union
from tql.plan.schema import MATCH, alias_of, may_be_empty, missing_side, schema
from tql.search import Fusion
from tql.statement import Dataset, DerivedQuery, Sampling, Statement
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import FLAT
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql.compiler.steps import Lower
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record

    Clauses = tuple["B", tuple[Expression, ...], tuple[ast.Order, ...]]


B = TypeVar("B", Extend, Aggregate)


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

    def plain_name(node: Record) -> Record:
        return ast.Column(node.name) if isinstance(node, ast.Column) and node.table else node

    clauses = rebuild(query.replace(source=None), plain_name)
    return lower(clauses.replace(source=query.source), child)


def _of_another(column: ast.Column, *aliases: str | None) -> ArgumentError:
    """Return the error for a column of what is no source of the query."""
    rule = "takes the alias of a source of the query, " + " or ".join(map(repr, aliases))
    return ArgumentError("col", rule, f"of={column.table!r}", f'col("{column.name}", of="{aliases[0]}")')


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
    columns = tuple(ast.Aliased(column, label) for column, label in there.items())
    both = _join(query, Join(child, rows_of(join.source, lower), join.on, join.how, columns))
    outer = query.replace(
        outputs=tuple(
            ast.Aliased(output, output.name) if isinstance(output, ast.Column) and output.table else output
            for output in query.outputs
        ),
        source=None,
        joined=None,
    )
    return lower(_renamed(outer, there), both)


def rows_of(source: Dataset | DerivedQuery, lower: Lower) -> Plan:
    """Return the rows of a source that may have a name."""
    if isinstance(source, Dataset):
        return Scan(source.url, source.alias, source.schema)
    return Subquery(lower(source.query), source.alias)


def _join(query: Statement, plan: Join) -> Join:
    """Return a join with what a left or right one needs besides: a row of nulls is made of the unfiltered source whose rows may be missing."""
    missing = missing_side(plan)
    if missing is None or query.joined is None:
        return plan
    sources = (query.source, query.joined.source)
    if any(isinstance(part, Sampling) for source in sources if source is not None for part in walk(source)):
        rule = "takes sources that are not drawn at random where it is a left or right join, which reads them several times"
        raise ArgumentError(
            "join", rule, "sample_by", "draw from the joined rows: select(..).from_(joined).sample_by(..)"
        )
    source = sources[missing is plan.right]
    return plan.replace(unfiltered=_unfiltered(missing), is_grouped=_has_groups(source))


def _has_groups(source: Record | None) -> bool:
    """Tell whether there are groups in a source."""
    parts = () if source is None else walk(source)
    return any(
        isinstance(part, Statement) and (part.unique or part.pieces is not None or is_grouped(part)) for part in parts
    )


def _unfiltered(plan: Plan) -> Plan:
    """Return a source with the same columns and all the rows that there are: where they are filtered there may be none."""
    return plan.replace(child=_whole(plan.child)) if isinstance(plan, Subquery) else plan


def _whole(plan: Plan) -> Plan:
    """Return a query without what filters, orders and cuts its rows, at every level down to a search for words, which the engine does in one form only."""
    base = plan
    while isinstance(base, (Filter, Sample, Sort, Limit)):
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
    own = (part for name, part in node.__dict__.items() if name != "child" and isinstance(part, (tuple, ast.Node)))
    nodes = (item for part in own for item in (part if isinstance(part, tuple) else (part,)))
    return any(
        isinstance(part, ast.Function) and part.name.lower() in FLAT
        for item in nodes
        if isinstance(item, ast.Node)
        for part in walk(item)
    )


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


def join_keys(node: Join) -> tuple[ast.Column, ...]:
    """Return the columns of the equality."""
    found = tuple(part for part in (node.on.left, node.on.right) if isinstance(part, ast.Column))
    aliases = {alias_of(node.left), alias_of(node.right)}
    if {part.table for part in found} != aliases or len(aliases) != len(found):
        rule = "takes the equality of one column of each source, by the aliases of the two, which differ"
        raise ArgumentError("on", rule, shown_on(node), 'col("id", of="a") == col("uid", of="b")')
    return found


def shown_on(node: Join) -> str:
    """Return the equality of a join for a message."""
    from tql_grammar.printer import to_tql

    return f"`{to_tql(node.on)}`"


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


def _missing(join: Join, alias: str | None) -> Missing:
    """Return the columns of the source with this alias."""
    known = schema(join).columns or {}
    labels = frozenset(part.alias for part in join.columns if getattr(part.expression, "table", None) == alias)
    types = {label: column for label in labels if (column := known[label]) is not None}
    return Missing(
        labels,
        empty=frozenset(label for label, column in types.items() if may_be_empty(column)),
        unknown=labels - set(types),
        single=frozenset(label for label, column in types.items() if column.is_number or column.is_text),
    )


def told_apart(base: B, conditions: tuple[Expression, ...], keys: tuple[ast.Order, ...], join: Join) -> Clauses[B]:
    """
    Return clauses over a join in which no condition but IS NULL holds where nothing matches, and a missing text or JSON is not an empty one, which the engine takes for null.

    Raises:
        ArgumentError: the engine cannot compute something where nothing matches.
    """
    side = missing_side(join)
    if side is None:
        return base, conditions, keys
    missing = _missing(join, alias_of(side))
    grouped: tuple[Expression, ...] = base.keys if isinstance(base, Aggregate) else ()
    searches = {score.name for score in base.scores} if isinstance(base, Extend) else set[str]()
    for output in base.outputs:
        if output_name(output) in searches and _reads(output, missing.labels):
            raise _uncomputable("a search")
    for node in (*base.outputs, *conditions, *keys, *grouped):
        _refuse_uncomputable(node, missing, grouped=isinstance(base, Aggregate))

    def tell(node: Record) -> Record:
        if isinstance(node, ast.IsNull) and _is_one_of(node.operand, missing.empty):
            return _there() if node.negated else _absent()
        if (isinstance(node, CONDITIONS) or _is_contains(node)) and _reads(node, missing.labels):
            return ast.And((_there(), node))  # type: ignore[arg-type]  # a condition
        return node

    outputs = tuple(rebuild(output, tell) for output in base.outputs)
    base = base.replace(outputs=outputs)
    if isinstance(base, Aggregate):
        by = (rebuild(key, tell) for key in base.keys)
        base = base.replace(
            keys=tuple(part for key in by for part in ((key, _absent()) if _is_one_of(key, missing.empty) else (key,)))
        )
    told = tuple(key for item in keys for key in _absent_last(rebuild(item, tell), missing.empty))
    return base, tuple(rebuild(part, tell) for part in conditions), told


CONDITIONS = (ast.Comparison, ast.Between, ast.In, ast.Like)


def _refuse_uncomputable(node: Record, missing: Missing, *, grouped: bool) -> None:
    """Refuse what ends the engine, or gives other values, where a row of nulls is read; numbers of known types are nullable, and looked at as those are."""
    for part in walk(node):
        if isinstance(part, ast.Chain):
            refused = any(_reads(operand, missing.unknown) for operand in part.operands[1:])
        elif isinstance(part, ast.Function):
            refused = _refuses(part, missing, grouped=grouped)
        else:
            refused = isinstance(part, ast.Subscript) and _reads(part, missing.labels)
        if refused:
            raise _uncomputable(KINDS[type(part)])


def _uncomputable(found: str) -> ArgumentError:
    """Return the error for what the engine cannot compute of a missing value."""
    rule = "takes a column that may have no match by itself, or left of an operator: the engine computes nothing else of a missing value"
    hint = 'compute it in the source: join(select("k", year=col("meta")["year"]).from_(..), ..)'
    return ArgumentError("join", rule, found, hint)


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


def _absent_last(key: ast.Order, told: frozenset[str]) -> tuple[ast.Order, ...]:
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
