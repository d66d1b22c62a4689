"""
Know the text in which the engine gives a query its meaning.

Conditions on columns of the source stand in the innermost select, where the engine's indexes are right.
A name that the query made (an alias, a score) is invisible at its own level, so what uses one stands one level further out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql.aggregates import is_aggregate
from tql.clauses import AsWritten, Both, Dataset, Unordered
from tql.coerce import literal
from tql.desugar import plain
from tql.expr import Key, Placed
from tql.grouping import Above, Groups, given_back, is_grouped, refuse_sample, without_nulls
from tql.parameters import require_bound, resolved
from tql.positions import numbers_rows, require_unmoved
from tql.scope import located, result_of, scope_of, touches_index
from tql.search import Fusion
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.printer import pieces, to_tql
from tql_grammar.rewrite.logic import conjunction
from tql_grammar.rewrite.order import ordered
from tql_grammar.rewrite.source import filled, lacks_source
from tql_grammar.rewrite.typed import as_given, condition, require_columns, written
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql.clauses import Joined
    from tql.query import Query
    from tql.search import Direction
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Schema

N = TypeVar("N", bound=ast.Node)


def compile_query(query: Query, dataset: str | None = None, schemas: Mapping[str | None, Schema] | None = None) -> str:
    """
    Return the text to send.

    Args:
        query: what to say.
        dataset: the source of a query that has none; None leaves it without FROM.
        schemas: the columns of datasets by their names, and under None those of the source of a query that has none.

    Raises:
        ArgumentError: no text has the query's meaning.
    """
    schemas = {} if schemas is None else schemas
    found = tree(located(query, dataset, schemas))
    written = pieces(found if dataset is None else filled(found, dataset))
    require_bound("query", written)
    return "".join(written)


def with_source(text: str, dataset: str) -> str:
    """Return a text in which every SELECT without FROM takes its rows from *dataset*; any other text stays as it is."""
    from tql_grammar.parser import read

    found = read(text).tree
    return text if found is None or not lacks_source(found) else to_tql(filled(found, dataset))


def tree(query: Query) -> ast.Query:
    """Return the tree of the text."""
    if isinstance(query.source, AsWritten) and query == type(query)(source=query.source):
        return query.source.tree
    query = plain(resolved(query))
    scope = scope_of(query)
    if is_grouped(query):
        refuse_sample("group_by", query)
        return _grouped(query, scope)
    if query.pieces is not None:
        by = ast.Number(query.pieces) if query.pieces else ast.Split()
        return ast.Select(_outputs(query, scope), _source(query), ungroup_by=by)
    return _rows(query, scope)


def _rows(query: Query, scope: Scope) -> ast.Select:
    """Return the tree of a query with a row for each row of the source: what reads a name that the query makes stands one level further out."""
    made = _made(query)
    numbered = numbers_rows(query)
    inside = [part for part in query.conditions if not (numbered or _uses(part, made))]
    outside = [part for part in query.conditions if numbered or _uses(part, made)]
    keys = [_order(query, key) for key in query.keys]
    require_unmoved(query, outside, filtered=bool(inside))
    require_unmoved(query, [key.expression for key in keys], filtered=bool(query.conditions))
    drawn = [] if query.sampling is None else [query.sampling.weights]
    used = [*outside, *keys, *drawn]
    _refuse_doubtful(used, made, scope)
    require_columns("where", _placed(conjunction(inside)), scope)
    base = ast.Select(_outputs(query, scope), _source(query), _where(inside, scope))
    carried: dict[str, str] = {}
    above = numbered and (keys or drawn or _is_cut(query))
    if outside or above or (drawn and keys) or any(_uses(part, made) for part in used):
        carried = _carried(query, used, made)
        base = _outer(query, base, carried)
        scope = _outside(query, scope, carried)
        rows = ast.Select((ast.Star(),), base.source, _where(outside, scope, carried))
        rows = rows.replace(sample_by=_sample(query, scope, carried))
        base = base.replace(where=rows.where) if not drawn else base.replace(source=ast.Derived(rows))
    elif drawn:
        base = base.replace(sample_by=_sample(query, scope, {}))
        base = ast.Select((ast.Star(),), ast.Derived(base)) if _is_cut(query) else base
    order = [_key(key, scope, carried) for key in keys]
    return _cut(ordered(base, order, scope), query, indexed=any(touches_index(key, scope) for key in order))


def _outside(query: Query, scope: Scope, carried: Mapping[str, str]) -> Scope:
    """Return what the outer level of a query sees: its outputs, and the columns that are carried."""
    result = result_of(query.replace(keys=(), conditions=(), row_limit=None, row_offset=None, sampling=None))
    if result.columns is None:
        return result
    for label in carried:
        require_columns("where / order_by", ast.Column(label), scope)
    there = {there: scope.column(ast.Column(label)) for label, there in carried.items()}
    return result._replace(columns={**result.columns, **there})


def _key(key: ast.Order, scope: Scope, carried: Mapping[str, str]) -> ast.Order:
    """Return a key as its level reads it."""
    found = _placed(_renamed(key, carried))
    require_columns("order_by", found, scope)
    return _typed(found, scope)


def _typed(node: N, scope: Scope) -> N:
    """Return an expression as the engine does what it says for the types of its columns, and raw texts as they are."""
    return written(_placed(node), scope)


def _sample(query: Query, scope: Scope, carried: Mapping[str, str]) -> ast.Sample | None:
    """Return how rows are drawn, reading carried columns by their names at the outer level."""
    sampling = query.sampling
    if sampling is None:
        return None
    amount = None if sampling.amount is None else literal("sample_by", sampling.amount)
    weights = _typed(_renamed(sampling.weights, carried), scope)
    return ast.Sample(weights, sampling.replace_rows, amount, sampling.percent)


def _grouped(query: Query, scope: Scope) -> ast.Select:
    """Return the tree of a query whose rows are groups: conditions on the source inside, all that concerns groups outside."""
    query = query.replace(
        outputs=tuple(without_nulls(output, scope) for output in query.outputs or (ast.Star(),)),
        conditions=tuple(without_nulls(part, scope) for part in query.conditions),
        keys=tuple(without_nulls(key, scope) for key in query.keys),
    )
    made = _made(query)
    by = [made.get(key.name, key) if isinstance(key, ast.Column) else key for key in query.groups]
    about_groups = [_uses(part, made) or any(map(is_aggregate, walk(part))) for part in query.conditions]
    inside = [part for part, groups in zip(query.conditions, about_groups, strict=True) if not groups]
    outside = [part for part, groups in zip(query.conditions, about_groups, strict=True) if groups]
    above = Above(query, by)
    having = [above.read(part) for part in outside]
    order = [above.read(_order(query, key)) for key in query.keys]
    named = above.outputs
    groups = Groups([_typed(key, scope) for key in by], scope)
    require_unmoved(query.replace(keys=()), (*named, *by), filtered=bool(inside))
    for node in (*named, *by, *inside):
        require_columns("group_by", _placed(node), scope)
    core = groups.over(
        _source(query),
        _where(inside, scope),
        tuple(groups.output(output, lambda node: _typed(node, scope)) for output in named),
    )
    if not (having or order or _is_cut(query)) and named == query.outputs:
        return core
    columns = (ast.Star(),) if named == query.outputs else tuple(map(above.column, query.outputs))
    seen = result_of(query.replace(outputs=named, keys=(), conditions=(), row_limit=None, row_offset=None))
    selected = ast.Select(tuple(_typed(column, seen) for column in columns), ast.Derived(core), _where(having, seen))
    return _cut(ordered(selected, [_typed(key, seen) for key in order], seen), query)


def _made(query: Query) -> dict[str, Expression]:
    """Return the names that the query makes, each with its expression; a column that is selected as it is makes none."""
    aliased = {output.alias: output.expression for output in query.outputs if isinstance(output, ast.Aliased)}
    return aliased | {score.alias: score.expression for score in _scores(query)}


def _outputs(query: Query, scope: Scope) -> tuple[Expression, ...]:
    """Return the select list: the selected columns, then the scores."""
    found = tuple(_typed(output, scope) for output in _selected(query))
    for output in found:
        require_columns("select", output, scope)
    if ast.Star() in found and scope.columns is not None:
        _refuse_replaced(found, scope.columns)
    return found


def _refuse_replaced(outputs: Iterable[Expression], columns: Iterable[str]) -> None:
    """Refuse an output beside ``*`` that the engine would put in the place of a column, without a word."""
    for output in outputs:
        if isinstance(output, ast.Aliased) and output.alias in columns:
            rule = "takes other names than those of the columns that `*` selects: the engine would replace the column"
            raise ArgumentError("select", rule, repr(output.alias), "give it another name, by .as_(..) or as_=")


def _selected(query: Query) -> tuple[Expression, ...]:
    """Return what is selected, the scores last."""
    return (*(query.outputs or (ast.Star(),)), *_scores(query))


def _scores(query: Query) -> tuple[ast.Aliased, ...]:
    """Return the scores of searches; a fusion has become other clauses before."""
    return tuple(ast.Aliased(search.score, search.alias) for search in query.searches if not isinstance(search, Fusion))


def _source(query: Query) -> ast.Source | None:
    """Return what FROM names."""
    return None if query.source is None else _written(query.source)


def _written(source: Record) -> ast.Source | None:
    """Return a source as it is written."""
    if isinstance(source, Dataset):
        return None if source.url is None else ast.Table(source.url, source.alias)
    if isinstance(source, AsWritten):
        return ast.Derived(source.tree)
    if isinstance(source, Unordered):
        return ast.Derived(ast.SetOperation(("union",) * (len(source.members) - 1), tuple(map(tree, source.members))))
    if isinstance(source, Both):
        return ast.Derived(ast.Select(source.columns, _join(source.left, source.other)))
    return ast.Derived(tree(source.query), source.alias)  # type: ignore[attr-defined]  # all else was made plain


def _join(left: Record, join: Joined) -> ast.Join:
    """Return a join; a left one is written as a right one, since the engine fails on rows of a left join that match nothing."""
    one, two = _written(left), _written(join.source)
    if join.how == "left":
        return ast.Join(two, one, "right", join.on)  # type: ignore[arg-type]  # both have an alias, so both are written
    return ast.Join(one, two, join.how, join.on)  # type: ignore[arg-type]  # the same, and "inner" or "right"


def _where(parts: list[Expression], scope: Scope, carried: Mapping[str, str] | None = None) -> Expression | None:
    """Return the condition of a select, or None for none."""
    if not parts:
        return None
    whole = as_given(condition(_placed(_renamed(conjunction(parts), carried or {})), scope))
    return None if whole == ast.Boolean(value=True) else whole


def _names(node: Record) -> Iterable[tuple[str, str | None]]:
    """Yield the names that *node* reads, each with "source" or "output" where it says which one."""
    for part in walk(node):
        if isinstance(part, ast.Column) and part.table is None:
            yield part.name, None
        elif isinstance(part, Placed):
            yield part.name, part.place


def _uses(node: Record, made: Mapping[str, Expression]) -> bool:
    """Tell whether *node* reads a name that the query makes."""
    return any(place == "output" or (place is None and label in made) for label, place in _names(node))


def _refuse_doubtful(nodes: Iterable[Record], made: Mapping[str, Expression], scope: Scope) -> None:
    """Refuse a bare name that is known to be both: an output, and another column of the source."""
    both = {
        label
        for label, node in made.items()
        if label in (scope.columns or ()) or any(label == read for read, _ in _names(node))
    }
    for node in nodes:
        for label, place in _names(node):
            if place is None and label in both:
                rule = "takes a name that means one thing: it is an output of this query, and a column of the source"
                raise ArgumentError(
                    "where / order_by",
                    rule,
                    repr(label),
                    f'write col("{label}", of="source") or col("{label}", of="output")',
                )


def _carried(query: Query, nodes: Iterable[Record], made: Mapping[str, Expression]) -> dict[str, str]:
    """Return the columns of the source that the outer level reads and the query does not select, each with its name there."""
    plain = {output.name for output in query.outputs if isinstance(output, ast.Column)}
    everything = not query.outputs or ast.Star() in query.outputs
    read = [
        label
        for node in nodes
        for label, place in _names(node)
        if place == "source" or (place is None and label not in made)
    ]
    carried: dict[str, str] = {}
    for label in read:
        if label in made and everything:
            rule = "takes no column of the source under an output's name while `*` is selected: the engine has one of them only"
            raise ArgumentError(
                "where / order_by", rule, repr(label), "select the columns by name, or give the output another name"
            )
        if label in made:
            carried[label] = _unused(f"z{len(carried) + 1}", made)
        elif label not in plain and not everything:
            carried[label] = label
    return carried


def _unused(label: str, taken: Mapping[str, Expression]) -> str:
    """Return *label*, longer where it is taken."""
    while label in taken:
        label += "z"
    return label


def _outer(query: Query, base: ast.Select, carried: Mapping[str, str]) -> ast.Select:
    """Return a select around *base*, which carries more columns, that gives back the query's own."""
    if not carried:
        return ast.Select((ast.Star(),), ast.Derived(base))
    extra = (
        ast.Column(label) if label == there else ast.Aliased(ast.Column(label), there)
        for label, there in carried.items()
    )
    inner = base.replace(columns=(*base.columns, *extra))
    return ast.Select(tuple(given_back(output) for output in _selected(query)), ast.Derived(inner))


def _renamed(node: N, carried: Mapping[str, str]) -> N:
    """Return *node* reading carried columns by their names at the outer level."""

    def rename(part: Record) -> Record:
        if isinstance(part, Placed) and part.place == "source":
            return ast.Column(carried.get(part.name, part.name))
        return part

    return rebuild(node, rename)


def _placed(node: N) -> N:
    """Return *node* with plain columns, once every name means what it should at its level."""
    return rebuild(node, lambda part: ast.Column(part.name) if isinstance(part, Placed) else part)


def _order(query: Query, key: Key) -> ast.Order:
    """Return a key with the direction that it has where none was given."""
    if key.direction is not None or not isinstance(key.expression, (ast.Column, Placed)):
        return ast.Order(key.expression, key.direction)
    best = _best_direction(query, key.expression)
    return ast.Order(key.expression, best if best == "desc" else None)


def _best_direction(query: Query, label: ast.Column | Placed) -> Direction | None:
    """Return the direction that puts the best first, if a name is the score of a search, here or in the query that is the source."""
    from tql.query import DerivedQuery

    here = isinstance(label, ast.Column) or label.place == "output"
    for search in query.searches:
        if here and search.alias == label.name:
            return search.best
    below = _made(query).get(label.name, label) if here else label
    if isinstance(query.source, DerivedQuery) and isinstance(below, (ast.Column, Placed)):
        return _best_direction(query.source.query, ast.Column(below.name))
    return None


def _is_cut(query: Query) -> bool:
    """Tell whether a query has LIMIT or OFFSET."""
    return query.row_limit is not None or query.row_offset is not None


def _cut(select: ast.Select, query: Query, *, indexed: bool = False) -> ast.Select:
    """Return *select* with LIMIT and OFFSET; an order that could come from an index is made first, since the engine's index ranks by guess, or fails."""
    if not _is_cut(query):
        return select
    select = ast.Select((ast.Star(),), ast.Derived(select)) if indexed else select
    count, skip = (None if rows is None else ast.Number(rows) for rows in (query.row_limit, query.row_offset))
    return select.replace(limit=ast.Limit(count, skip))
