"""
Schemas of plans: the names, types and nullability of columns, and the columns that the engine may sort by an index.

Only this module derives the columns of an operation from those of its inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql.expressions.aggregates import is_aggregate
from tql.plan.common_types import common_column, is_number, met_column
from tql.plan.helpers import helper
from tql.plan.joined import MATCH, in_join, is_known_to_be_empty, is_unknown, matched
from tql.plan.nodes import Aggregate, Explode, Filter, Join, Project, Scan, Subquery, Union, Verbatim
from tql.plan.stored import lacking_texts, without_nulls
from tql_grammar import ast
from tql_grammar.functions import FLAT, OF_ONE_ROW
from tql_grammar.outputs import output_name
from tql_grammar.rewrite.json_present import kept_values, required_values
from tql_grammar.rewrite.json_values import value_names
from tql_grammar.rewrite.lengths import kept_lengths, required_lengths
from tql_grammar.rewrite.nullable import FirstNull, has_own_nulls, missing, narrowed
from tql_grammar.rewrite.scope import UNKNOWN, Scope, Values, of_schema
from tql_grammar.rewrite.typed import legalize_parts, legalize_value, unwrap_verbatim
from tql_grammar.schema import FLOATS, INTEGERS, Column
from tql_grammar.typing.inference import COUNT, RANK, infer, numbers, promoted
from tql_grammar.walk import substitute, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tql.plan.nodes import Plan
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record

# Aggregates that return a value of their column, and the type that sums and means are promoted with.
OF_ONE = OF_ONE_ROW | {"min", "max"}
SUMS = {"sum": "int64", "mean": "float64"}
INTEGER = Column("int64")
# Types that the engine can sum and average.
NUMERIC = frozenset({"bool", *INTEGERS, *FLOATS})


def schema(plan: Plan) -> Scope:
    """
    Return the columns that an operation over *plan* sees.

    Raises:
        ArgumentError: a set operation combines numbers of two types, and some of them may be null.
    """
    known: Scope | None = plan.__dict__.get("_schema")
    if known is None:
        rule = _RULES.get(type(plan))
        known = schema(plan.child) if rule is None else rule(plan)  # type: ignore[attr-defined]  # all others keep the columns of their child
        plan.__dict__["_schema"] = known
    return known


def bare(output: Expression) -> Expression:
    """Return an output without its name."""
    return output.expression if isinstance(output, ast.Aliased) else output


def is_index_ordered(node: Record, scope: Scope) -> bool:
    """Return whether the engine may use an index to sort by *node* with LIMIT, where it is approximate or fails."""
    parts = list(walk(node))
    if any(isinstance(part, ast.Function) and part.name.lower() in FLAT for part in parts):
        return False
    columns = [part for part in parts if isinstance(part, ast.Column)]
    return any(
        part.name in scope.index_ordered or ((column := scope.column(part)) is not None and column.is_indexed)
        for part in columns
    )


def _of_scan(plan: Scan) -> Scope:
    """Return the columns of a dataset; stale indexes are as wrong for its rows as for those of a subquery."""
    if plan.schema is None:
        return UNKNOWN
    is_derived = any(column.is_stale and not column.shape for _, column in plan.schema.columns)
    return of_schema(plan.schema)._replace(is_derived=is_derived)


def _of_filter(plan: Filter) -> Scope:
    """Return the columns of the rows that meet a condition; columns that the condition requires are not nullable."""
    scope = schema(plan.child)
    present = scope.present | required_values(plan.predicate, scope)
    lengths = {**scope.lengths, **required_lengths(plan.predicate)}
    return matched(narrowed(scope, [plan.predicate]), plan.predicate)._replace(present=present, lengths=lengths)


# --- select lists -----------------------------------------------------------------------------------------------------


def _of_project(plan: Project) -> Scope:
    """Return the columns of a select list, in order, marked as derived: indexes no longer refer to their rows."""
    scope = schema(plan.child)
    json_values, present = _json_values(plan.columns, scope), kept_values(plan.columns, scope)
    unindexed, lacking = _unindexed(plan.columns, scope), _kept(plan.columns, scope.unmatched | scope.lacking)
    found: dict[str, Column | None] = {}
    values: dict[str, Column | None] = {}
    for output in plan.columns:
        if isinstance(output, ast.Star):
            if scope.columns is None:
                return Scope(is_derived=True, json_values=json_values, present=present, unindexed=unindexed)
            found.update(scope.columns)
            values.update(scope.values)
        else:
            name = output_name(output) or ""
            found.pop(name, None)
            found[name] = _selected(output, scope)
    named = [(label, output) for output in plan.columns if (label := output_name(output)) is not None]
    result = _known(found, values, named, scope, lambda node: number_type(node, scope))
    result = _may_lack(result, named, scope)._replace(
        lengths=kept_lengths(plan.columns, scope), lost=_kept(plan.columns, scope.absent | scope.lost)
    )
    if ast.Star() in plan.columns:
        result = result._replace(index_ordered=result.index_ordered | scope.index_ordered.difference(dict(named)))
    return result._replace(json_values=json_values, present=present, unindexed=unindexed, lacking=lacking)


def _kept(outputs: Iterable[Expression], there: frozenset[str]) -> frozenset[str]:
    """Return the names of the outputs that are one of some columns."""
    named = [(output_name(output), bare(output)) for output in outputs]
    kept = there if any(isinstance(node, ast.Star) for _, node in named) else frozenset[str]()
    return kept.union(label for label, node in named if label and isinstance(node, ast.Column) and node.name in there)


def _unindexed(outputs: Iterable[Expression], scope: Scope) -> frozenset[str]:
    """Return the names of the outputs for which the engine uses no index."""
    return scope.unindexed.union(output.alias for output in outputs if isinstance(output, ast.Aliased))


def _known(
    found: dict[str, Column | None],
    values: dict[str, Column | None],
    named: list[tuple[str, Expression]],
    scope: Scope,
    value: Callable[[Expression], Column | None],
) -> Scope:
    """Return the scope of named columns, with the types of computed ones."""
    if scope.columns is not None:
        values.update((label, value(bare(node))) for label, node in named if not found.get(label))
    index_ordered = frozenset(label for label, node in named if is_index_ordered(node, scope))
    return Scope(found, is_derived=True, index_ordered=index_ordered, values=values)


def _may_lack(result: Scope, single: Iterable[tuple[str, Expression]], scope: Scope) -> Scope:
    """Return a scope with the computed columns of one value per row that may be null."""
    labels = scope.nullables.union(label for label, node in single if missing(node, scope))
    computed = (label for label, column in (result.columns or {}).items() if column is None)
    return result._replace(nullables=frozenset(labels.intersection(computed)))


def _selected(output: Expression, scope: Scope) -> Column | None:
    """Return the column of an output, without its indexes if it is renamed, or None for a computed one."""
    node = bare(output)
    column = scope.column(node.columns[0] if isinstance(node, FirstNull) else node)
    if column is None:
        return _computed_nullable(node, scope)
    return column if node is output else _moved(column)


def _computed_nullable(node: Expression, scope: Scope) -> Column | None:
    """Return the column of a computed number that may be null and whose nulls have its type, or None."""
    if not missing(node, scope):
        return None
    found = unwrap_verbatim(legalize_parts(node, scope))
    column = infer(found, Values(scope)) if has_own_nulls(found, scope) else None
    return None if column is None else Column(column.dtype, nullable=True)


def _moved(column: Column) -> Column:
    """Return a column without indexes, which is not searched as an embedding."""
    return column.replace(indexes=(), kind="" if column.kind == "embedding" else column.kind)


def number_type(node: Expression, scope: Scope) -> Column | None:
    """Return the type of an expression with a number for each row, or None; a nullable float keeps its type, also where all values are whole."""
    absences = missing(node, scope)
    found = legalize_value(node, scope)
    known = numbers(found, Values(scope))
    own = infer(found, Values(scope)) if absences else None
    return own if own is not None and own.dtype in FLOATS else known


def _json_values(outputs: tuple[Expression, ...], scope: Scope) -> frozenset[str]:
    """Return the names of the outputs that are JSON values, selected here or in the source."""
    kept = scope.json_values if ast.Star() in outputs else frozenset[str]()
    own = {label: bare(output) for output in outputs if (label := output_name(output))}
    below = {label for label, node in own.items() if isinstance(node, ast.Column) and node.name in scope.json_values}
    return kept | value_names(own) | below


# --- groups -----------------------------------------------------------------------------------------------------------


def _of_aggregate(plan: Aggregate) -> Scope:
    """Return the columns of an aggregation: keys and aggregates are single values, other columns are lists."""
    scope = schema(plan.child)
    found: dict[str, Column | None] = {}
    for output in plan.outputs:
        found[output_name(output) or ""] = _reduced(plan, output, scope)
    named = [(label, output) for output in plan.outputs if (label := output_name(output)) is not None]
    result = _known(found, {}, named, scope, lambda node: _of_groups(plan, node, scope))
    return _may_lack(result, _single(plan, scope), scope)._replace(
        unindexed=_unindexed(plan.outputs, scope), lacking=_kept(plan.outputs, scope.unmatched | scope.lacking)
    )


def _single(plan: Aggregate, scope: Scope) -> Iterator[tuple[str, Expression]]:
    """Yield the names and expressions of outputs with one value per group."""
    for output in () if scope.columns is None else plan.outputs:
        label = output_name(output)
        one = bare(output) in plan.keys or ast.Column(label or "") in plan.keys
        if label is not None and (one or any(map(is_aggregate, walk(output)))):
            yield label, output


def _reduced(plan: Aggregate, output: Expression, scope: Scope) -> Column | None:
    """Return the column of a key or of an aggregate that keeps the type, or None."""
    node = bare(output)
    if isinstance(node, ast.Function) and node.name in OF_ONE and is_aggregate(node):
        column = scope.column(node.arguments[0])
        return None if column is None or not column.is_single else column.replace(indexes=())
    column = scope.column(node)
    is_key = node in plan.keys or ast.Column(output_name(output) or "") in plan.keys
    return None if column is None or not is_key else _moved(column)


def _of_groups(plan: Aggregate, node: Expression, scope: Scope) -> Column | None:
    """Return the type of an output with one number per group, or None."""
    seen: dict[str, Column | None] = {}

    def part(found: Record) -> Record | None:
        if not isinstance(found, ast.Expression):
            return None
        single = found in plan.keys or is_aggregate(found)
        if not single and not isinstance(found, (ast.Column, ast.Star)):
            return None
        label = str(len(seen))
        seen[label] = _of_group(found, scope) if single else None
        return ast.Column(label)

    return numbers(legalize_value(substitute(node, part), UNKNOWN), Values(Scope(values=seen)))


def _of_group(node: Expression, scope: Scope) -> Column | None:
    """Return the type of a group key or an aggregate, or None."""
    if not isinstance(node, ast.Function) or not is_aggregate(node):
        return number_type(node, scope)
    if not node.arguments:
        return COUNT
    found = _of_group(node.arguments[0], scope)
    if found is None or found == RANK or node.name not in SUMS:
        return found
    return Column(promoted(found.dtype, SUMS[node.name])) if found.dtype in NUMERIC else None


def _of_explode(plan: Explode) -> Scope:
    """Return the columns of split groups."""
    scope = schema(plan.child)
    named = [(label, output) for output in plan.columns if (label := output_name(output)) is not None]
    found = {label: _selected(output, scope) or _member_column(plan, bare(output)) for label, output in named}
    return _may_lack(_known(found, {}, named, scope, lambda node: _of_member(plan, node)), named, scope)


def _member_column(plan: Explode, node: Expression) -> Column | None:
    """Return the column whose values a group has as a list, of which each member has one; None for any other expression."""
    source = plan.child.child if isinstance(plan.child, Subquery) else plan.child
    groups = _groups_of(source)
    if plan.parts_per_group or groups is None or schema(source).value(node):
        return None
    own = _named(groups, node)
    column = None if own is None else schema(groups.child).column(own)
    return column if column is None or own == node else _moved(column)


def _named(groups: Aggregate, node: Expression) -> Expression | None:
    """Return the expression of an output of groups that a name refers to, or None."""
    outputs = {output_name(output): bare(output) for output in groups.outputs}
    return outputs.get(node.name) if isinstance(node, ast.Column) else None


def _of_member(plan: Explode, node: Expression) -> Column | None:
    """Return the type of a column of members: of the key or aggregate of its group, or of the value of the member."""
    source = plan.child.child if isinstance(plan.child, Subquery) else plan.child
    groups = _groups_of(source)
    if plan.parts_per_group or not isinstance(node, ast.Column) or groups is None:
        return None
    single = schema(source).value(node)
    if single is not None:
        return single
    own = [bare(output) for output in groups.outputs if output_name(output) == node.name]
    return number_type(own[0], schema(groups.child)) if own else None


def _groups_of(plan: Plan) -> Aggregate | None:
    """Return the aggregation of a query without its subqueries, or None."""
    while not isinstance(plan, Aggregate):
        below: Plan | None = plan.__dict__.get("child")
        if below is None or isinstance(plan, Subquery):
            return None
        plan = below
    return plan


# --- several sources --------------------------------------------------------------------------------------------------


def _of_union(plan: Union) -> Scope:
    """
    Return the columns of a set operation: those of its first member, each with the common type of all members.

    Raises:
        ArgumentError: a column has two types and may be null, and the engine shifts the values after a null; or inferred types do not determine the common type.
    """
    first = (scopes := [schema(child) for child in plan.children])[0]
    if first.columns is None:
        return first
    met = {label: met_column(label, scopes) for label in first.columns}
    unknown = [label for label, column in met.items() if column is None]
    values = {label: common_column([scope.value(ast.Column(label)) for scope in scopes]) for label in unknown}
    lifted = frozenset[str]().union(*(scope.json_values for scope in scopes))
    ordered = frozenset[str]().union(*(scope.index_ordered for scope in scopes))
    met.update(without_nulls(met, lacking := lacking_texts(plan.children, scopes)))
    return first._replace(columns=met, values=values, json_values=lifted, lacking=lacking, index_ordered=ordered)


def missing_side(plan: Join) -> Plan | None:
    """Return the source whose columns are null in unmatched rows, or None for an inner join."""
    return {"left": plan.right, "right": plan.left}.get(plan.how)


def alias_of(plan: Plan) -> str | None:
    """Return the alias of a source, or None."""
    return plan.__dict__.get("alias")


def _of_join(plan: Join) -> Scope:
    """Return the columns of a join by their aliases; the engine may still sort them by the indexes of the sources."""
    known = {alias_of(side): schema(side) for side in (plan.left, plan.right)}
    absent = missing_side(plan)
    result = Scope({} if absent is None else {helper(MATCH): INTEGER}, is_derived=True)
    for part in plan.columns:
        column = part.expression
        if isinstance(column, ast.Column):
            nullable = absent is not None and column.table == alias_of(absent)
            result = _with_column(result, part.alias, ast.Column(column.name), known[column.table], nullable=nullable)
    return result


def _with_column(result: Scope, label: str, name: ast.Column, side: Scope, *, nullable: bool) -> Scope:
    """Return a scope with one more column of a source, which is nullable in an outer join."""
    column, value = side.column(name), side.value(name)
    is_value = value is not None and (is_number(value) or not value.inferred)
    may_lack = column is None and (name.name in side.nullables or (nullable and is_value))
    is_ranked = column is None or is_index_ordered(name, side)
    return result._replace(
        columns={**(result.columns or {}), label: in_join(column, nullable=nullable)},
        values={**result.values, label: in_join(value, nullable=nullable)},
        index_ordered=result.index_ordered | _if(is_ranked, label),
        nullables=result.nullables | _if(may_lack, label),
        unmatched=result.unmatched | _if(nullable and is_known_to_be_empty(column), label),
        absent=result.absent | _if(nullable and is_unknown(column, value), label),
        unindexed=result.unindexed | {label},
    )


def _if(holds: bool, label: str) -> frozenset[str]:  # noqa: FBT001 - the condition that the name says
    """Return a name where a condition holds."""
    return frozenset([label] if holds else [])


_RULES: dict[type[Plan], Callable[[Any], Scope]] = {
    Scan: _of_scan,
    Verbatim: lambda _plan: Scope(is_derived=True),
    Filter: _of_filter,
    Project: _of_project,
    Aggregate: _of_aggregate,
    Explode: _of_explode,
    Union: _of_union,
    Join: _of_join,
}
