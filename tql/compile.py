"""
The compiler: the text in which the engine gives a query its meaning.

Conditions on columns of the source stand in the innermost select, where the engine's indexes are right.
A name that the query made (an alias, a score) is invisible at its own level, so what uses one stands one level further out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql import shape
from tql.aggregates import is_aggregate
from tql.clauses import refuse_score
from tql.coerce import literal
from tql.desugar import plain
from tql.grouping import Above, Groups, given_back, is_grouped, refuse_sample, refuse_stray_aggregates, without_nulls
from tql.joining import pairs
from tql.lowering import lowered
from tql.naming import all_outputs, carried_columns, made_names, placed, refuse_doubtful, renamed, uses
from tql.ordering import cut_rows, direct, is_cut, is_exact, is_found_by_index, may_lose_rows
from tql.parameters import require_bound, require_fitting, resolved
from tql.placed import Placed
from tql.positions import numbers_rows, require_unmoved
from tql.scope import located, present, result_of, scope_of, touches_index
from tql.statement import AsWritten, Both, Dataset, Statement, Unordered
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.printer import pieces, to_tql
from tql_grammar.printing.parts import Slot
from tql_grammar.rewrite.json_values import require_selectable, value_names
from tql_grammar.rewrite.logic import conjunction
from tql_grammar.rewrite.nullable import require_present
from tql_grammar.rewrite.order import ordered
from tql_grammar.rewrite.source import depth, filled, lacks_source
from tql_grammar.rewrite.typed import as_given, condition, require_columns, written
from tql_grammar.walk import substitute, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql.statement import DerivedQuery
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Schema

N = TypeVar("N", bound=ast.Node)
# So many SELECTs in one another the engine's parser always holds.
SHALLOW = 60
# The source of a query that has none, and whether one that has none and gets none is refused.
Wanted = tuple[str | None, bool]


def compile_query(
    query: Statement,
    dataset: str | None = None,
    schemas: Mapping[str | None, Schema] | None = None,
    *,
    needs_source: bool = False,
) -> str:
    """
    Return the text to send.

    Args:
        query: what to say.
        dataset: the source of a query that has none; None leaves it without FROM.
        schemas: the columns of datasets by their names, and under None those of the source of a query that has none.
        needs_source: whether a query that has none, and gets none, is refused.

    Raises:
        ArgumentError: no text has the query's meaning.
    """
    wanted = dataset, needs_source
    if query.bindings:
        require_fitting(query)
    if schemas:
        return "".join(_pieces(query, {}, wanted, schemas))
    # A query is frozen: without columns from outside, it has one text for each dataset.
    kept = query.__dict__
    known: tuple[Wanted, str] | None = kept.get("_sent")
    if known is not None and known[0] == wanted:
        return known[1]
    text = shape.text(query, _pieces, wanted) or "".join(_pieces(query, {}, wanted))
    kept["_sent"] = wanted, text
    return text


def _pieces(
    query: Statement, values: Mapping[int, int], wanted: Wanted, schemas: Mapping[str | None, Schema] | None = None
) -> list[str]:
    """Return the text to send in pieces, with places for the values that are given by their identities."""
    dataset, needs_source = wanted
    try:
        found = tree(located(query, dataset, schemas or {}))
        if dataset is not None:
            found = filled(found, dataset)
        elif needs_source and lacks_source(found):
            raise without_source(compile_query(query))
        written = pieces(found, values)
    except RecursionError:
        raise _too_deep("more than Python can walk down") from None
    require_bound("query", written)
    levels = depth(found)
    if levels > SHALLOW and not _fits(written):
        raise _too_deep(str(levels))
    return written


def _fits(written: Iterable[str]) -> bool:
    """Tell whether the engine's parser holds all that is open at once in a text."""
    from tql_grammar.parser import read

    return read("".join("0" if isinstance(piece, Slot) else piece for piece in written)).parses


def _too_deep(found: str) -> ArgumentError:
    """Return the error about more SELECTs than the engine can hold."""
    rule = (
        "takes at most about 140 SELECTs in one another: each key of order_by is one, and an exact number two to four"
    )
    return ArgumentError("query", rule, found, "sort by fewer keys, or take fewer steps with from_")


def without_source(text: str) -> ArgumentError:
    """Return the error about a query that names no dataset where it has to."""
    return ArgumentError(
        "query",
        "takes a query that names its dataset, where the client has none",
        repr(text[:60]),
        'pass connect(.., dataset="hub://org/dataset"), or name it in the query with from_',
    )


def with_source(text: str, dataset: str) -> str:
    """Return a text in which every SELECT without FROM takes its rows from *dataset*; any other text stays as it is."""
    from tql_grammar.parser import read

    found = read(text).tree
    return text if found is None or not lacks_source(found) else to_tql(filled(found, dataset))


def tree(query: Statement) -> ast.Query:
    """Return the tree of the text."""
    return _tree(lowered(query))


def _tree(query: Statement) -> ast.Query:
    """Return the tree of a query in physical form."""
    if isinstance(query.source, AsWritten) and query == Statement(source=query.source):
        return query.source.tree
    if query.bindings:
        require_fitting(query)
    query = resolved(query)
    refuse_stray_aggregates(query)
    query = plain(query, scope_of)
    scope = scope_of(query)
    if is_grouped(query):
        refuse_sample("group_by", query)
        refuse_score(query)
        return _grouped(query, scope)
    if query.pieces is not None:
        by = ast.Number(query.pieces) if query.pieces else ast.Split()
        return ast.Select(_outputs(query, scope), _source(query), ungroup_by=by)
    return _rows(query, scope)


def _rows(query: Statement, scope: Scope) -> ast.Select:
    """Return the tree of a query with a row for each row of the source: what reads a name that the query makes stands one level further out."""
    made = made_names(query)
    numbered = numbers_rows(query)
    conditions = query.conditions if numbered else _inside_json(query.conditions, made, scope)
    inside = [part for part in conditions if not (numbered or uses(part, made))]
    outside = [part for part in conditions if numbered or uses(part, made)]
    keys = [direct(query, key) for key in query.keys]
    require_unmoved(query, outside, filtered=bool(inside))
    require_unmoved(query, [key.expression for key in keys], filtered=bool(query.conditions))
    drawn = [] if query.sampling is None else [query.sampling.weights]
    used = [*outside, *keys, *drawn]
    refuse_doubtful(used, made, scope)
    require_columns("where", placed(conjunction(inside)), scope)
    where = _where(inside, scope)
    whole, scope = scope, present(query, scope)
    base = ast.Select(_outputs(query, scope), _source(query), where)
    carried: dict[str, str] = {}
    above = numbered and (keys or drawn or is_cut(query))
    if outside or above or (drawn and keys) or any(uses(part, made) for part in used):
        carried = carried_columns(query, used, made)
        base = _outer(query, base, carried)
        scope = _outside(query, scope, carried)
        rows = ast.Select((ast.Star(),), base.source, _where(outside, scope, carried))
        rows = rows.replace(sample_by=_sample(query, scope, carried))
        base = base.replace(where=rows.where) if not drawn else base.replace(source=ast.Derived(rows))
    elif drawn:
        base = base.replace(sample_by=_sample(query, whole, {}))
        base = ast.Select((ast.Star(),), ast.Derived(base)) if is_cut(query) else base
    order = [_key(key, scope, carried) for key in keys]
    found = is_found_by_index(query, keys) and not (outside or above or drawn)
    indexed = any(touches_index(key, scope) for key in order) or may_lose_rows(query) or is_exact(query)
    return cut_rows(ordered(base, order, scope), query, indexed=indexed, found=found)


def _inside_json(
    conditions: tuple[Expression, ...], made: Mapping[str, Expression], scope: Scope
) -> tuple[Expression, ...]:
    """Return conditions that read the value of JSON itself, not the output that has it: one level out the engine does not find its texts."""
    values = {label: made[label] for label in value_names(made)}
    if not values or not any(uses(part, values) for part in conditions):
        return conditions
    refuse_doubtful((part for part in conditions if uses(part, values)), made, scope)

    def read(part: Record) -> Record | None:
        named = isinstance(part, ast.Column) or (isinstance(part, Placed) and part.place == "output")
        return made.get(part.name) if named and getattr(part, "table", None) is None else None  # type: ignore[attr-defined]  # a name

    return tuple(substitute(part, read) if uses(part, values) else part for part in conditions)


def _outside(query: Statement, scope: Scope, carried: Mapping[str, str]) -> Scope:
    """Return what the outer level of a query sees: its outputs, and the columns that are carried."""
    result = result_of(query.replace(keys=(), conditions=(), row_limit=None, row_offset=None, sampling=None))
    if result.columns is None:
        return result
    for label in carried:
        require_columns("where / order_by", ast.Column(label), scope)
    there = {there: scope.column(ast.Column(label)) for label, there in carried.items()}
    values = {there: scope.value(ast.Column(label)) for label, there in carried.items()}
    return result._replace(columns={**result.columns, **there}, values={**result.values, **values})


def _key(key: ast.Order, scope: Scope, carried: Mapping[str, str]) -> ast.Order:
    """Return a key as its level reads it."""
    found = placed(renamed(key, carried))
    require_columns("order_by", found, scope)
    return _typed(found, scope)


def _typed(node: N, scope: Scope) -> N:
    """Return an expression as the engine does what it says for the types of its columns, and raw texts as they are."""
    return written(placed(node), scope)


def _sample(query: Statement, scope: Scope, carried: Mapping[str, str]) -> ast.Sample | None:
    """Return how rows are drawn, reading carried columns by their names at the outer level."""
    sampling = query.sampling
    if sampling is None:
        return None
    amount = None if sampling.amount is None else literal("sample_by", sampling.amount)
    weights = _typed(renamed(sampling.weights, carried), scope)
    require_columns("sample_by", weights, scope)
    require_present("sample_by", weights, scope)
    return ast.Sample(weights, sampling.replace_rows, amount, sampling.percent)


def _grouped(query: Statement, scope: Scope) -> ast.Select:
    """Return the tree of a query whose rows are groups: conditions on the source inside, all that concerns groups outside."""
    whole, scope = scope, present(query, scope)
    query = query.replace(
        outputs=tuple(without_nulls(output, scope) for output in query.outputs or (ast.Star(),)),
        conditions=tuple(without_nulls(part, scope) for part in query.conditions),
        keys=tuple(without_nulls(key, scope) for key in query.keys),
    )
    made = made_names(query)
    by = [made.get(key.name, key) if isinstance(key, ast.Column) else key for key in query.groups]
    about_groups = [uses(part, made) or any(map(is_aggregate, walk(part))) for part in query.conditions]
    inside = [part for part, groups in zip(query.conditions, about_groups, strict=True) if not groups]
    outside = [part for part, groups in zip(query.conditions, about_groups, strict=True) if groups]
    above = Above(query, by)
    having = [above.read(part) for part in outside]
    order = [above.read(direct(query, key)) for key in query.keys]
    named = above.outputs
    groups = Groups([_typed(key, scope) for key in by], scope)
    require_unmoved(query.replace(keys=()), (*named, *by), filtered=bool(inside))
    for node in (*named, *by):
        require_selectable("select / group_by", node)
    for node in (*named, *by, *inside):
        require_columns("group_by", placed(node), scope)
    core = groups.over(
        _source(query),
        _where(inside, whole),
        tuple(groups.output(output, lambda node: _typed(node, scope)) for output in named),
    )
    if not (having or order or is_cut(query)) and named == query.outputs:
        return core
    columns = (ast.Star(),) if named == query.outputs else tuple(map(above.column, query.outputs))
    seen = result_of(query.replace(outputs=named, keys=(), conditions=(), row_limit=None, row_offset=None))
    selected = ast.Select(tuple(_typed(column, seen) for column in columns), ast.Derived(core), _where(having, seen))
    return cut_rows(ordered(selected, [_typed(key, seen) for key in order], seen), query)


def _outputs(query: Statement, scope: Scope) -> tuple[Expression, ...]:
    """Return the select list: the selected columns, then the scores."""
    found = tuple(_typed(output, scope) for output in all_outputs(query))
    for output in found:
        require_columns("select", output, scope)
        require_selectable("select", output)
    if ast.Star() in found and scope.columns is not None:
        _refuse_replaced(found, scope.columns)
    return found


def _refuse_replaced(outputs: Iterable[Expression], columns: Iterable[str]) -> None:
    """Refuse an output beside ``*`` that the engine would put in the place of a column, without a word."""
    for output in outputs:
        if isinstance(output, ast.Aliased) and output.alias in columns:
            rule = "takes other names than those of the columns that `*` selects: the engine would replace the column"
            raise ArgumentError("select", rule, repr(output.alias), "give it another name, by .as_(..) or as_=")


def _source(query: Statement) -> ast.Source | None:
    """Return what FROM names."""
    return None if query.source is None else _written(query.source)


def _written(source: Record) -> ast.Source | None:
    """Return a source as it is written."""
    if isinstance(source, Dataset):
        return None if source.url is None else ast.Table(source.url, source.alias)
    if isinstance(source, AsWritten):
        return ast.Derived(source.tree)
    if isinstance(source, Unordered):
        return ast.Derived(
            ast.SetOperation(("union all",) * (len(source.members) - 1), tuple(map(_tree, source.members)))
        )
    if isinstance(source, Both):
        return ast.Derived(pairs(source, _named))
    return ast.Derived(_tree(source.query), source.alias)  # type: ignore[attr-defined]  # all else was made plain


def _named(source: Dataset | DerivedQuery) -> ast.Source:
    """Return a side of a join as it is written."""
    return _written(source)  # type: ignore[return-value]  # it has an alias, so it is written


def _where(parts: list[Expression], scope: Scope, carried: Mapping[str, str] | None = None) -> Expression | None:
    """Return the condition of a select, or None for none."""
    if not parts:
        return None
    whole = as_given(condition(placed(renamed(conjunction(parts), carried or {})), scope))
    return None if whole == ast.Boolean(value=True) else whole


def _outer(query: Statement, base: ast.Select, carried: Mapping[str, str]) -> ast.Select:
    """Return a select around *base*, which carries more columns, that gives back the query's own."""
    if not carried:
        return ast.Select((ast.Star(),), ast.Derived(base))
    extra = (
        ast.Column(label) if label == there else ast.Aliased(ast.Column(label), there)
        for label, there in carried.items()
    )
    inner = base.replace(columns=(*base.columns, *extra))
    return ast.Select(tuple(given_back(output) for output in all_outputs(query)), ast.Derived(inner))
