"""
The third pass: from names to columns.

A condition on columns of the source goes below the select list, where the engine's indexes are right.
An alias is visible only in the enclosing query, so a clause that reads one goes above the select list;
a column of the source that it also reads becomes a hidden column of the subquery.
Unknown and ambiguous names are rejected here.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tql.compiler.extremes import extremes
from tql.compiler.groups import PostAggregation, over_source, refuse_groups_of_groups, single_valued
from tql.compiler.joins import join_keys
from tql.compiler.reductions import refuse_arrays_of_one, without_nulls
from tql.compiler.together import computed_apart
from tql.compiler.unmatched import told_apart
from tql.expressions.aggregates import is_aggregate
from tql.expressions.physical import physical
from tql.expressions.qualified_name import QualifiedName
from tql.plan.names import (
    computed_columns,
    hidden_columns,
    reject_ambiguous,
    reject_outputs,
    unqualify,
    uses,
)
from tql.plan.nodes import (
    CLAUSES,
    Aggregate,
    Barrier,
    Explode,
    Extend,
    Filter,
    Join,
    Limit,
    Plan,
    Project,
    Sample,
    Sort,
)
from tql.plan.positions import has_row_number, is_positional, positional_call, require_source_order
from tql.plan.schema import alias_of, schema
from tql.plan.scores import direction, score_names, score_of
from tql.plan.tree import inputs, with_inputs
from tql_grammar import ast
from tql_grammar.explain import reasons
from tql_grammar.outputs import aliased, output_name
from tql_grammar.rewrite.json_values import require_selectable, value_names
from tql_grammar.rewrite.logic import conjunction
from tql_grammar.rewrite.typed import require_columns
from tql_grammar.walk import substitute, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tql.compiler.context import Context
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope


B = TypeVar("B", Extend, Aggregate)


class Steps(NamedTuple):
    """
    The clauses of a statement around its select list.

    Attributes:
        conditions: the rows have to meet all of them.
        sample: how rows are drawn.
        keys: the keys of the order.
        limit: how many rows.
    """

    conditions: tuple[Expression, ...] = ()
    sample: Sample | None = None
    keys: tuple[ast.Order, ...] = ()
    limit: Limit | None = None

    @property
    def clauses(self) -> list[tuple[str, ast.Node]]:
        """What the clauses compute, each with its clause: conditions, keys, and the weights of rows that are drawn."""
        drawn = () if self.sample is None else (self.sample.weights,)
        parts = (("where", self.conditions), ("order_by", self.keys), ("sample_by", drawn))
        return [(clause, node) for clause, nodes in parts for node in nodes]

    @property
    def reads(self) -> list[ast.Node]:
        """What the clauses compute."""
        return [node for _, node in self.clauses]


def resolve(plan: Plan, _context: Context) -> Plan:
    """
    Return a plan whose expressions read columns of the rows below them, and have the types of what is computed: from here on a logical expression has its physical form.

    Raises:
        ArgumentError: a name is unknown, or means two things.
    """
    return _resolved(physical(plan))


def _resolved(plan: Plan) -> Plan:
    """Return a plan with every name resolved, the inner queries first."""
    base, steps = _taken_apart(plan)
    child = with_inputs(base, tuple(map(_resolved, inputs(base))))
    rule = _RULES.get(type(base))
    return child if rule is None else rule(child, steps)


def _taken_apart(plan: Plan) -> tuple[Plan, Steps]:
    """Return the select list of a statement, and the clauses around it."""
    steps, conditions = Steps(), []
    while isinstance(plan, CLAUSES):
        if isinstance(plan, Filter):
            conditions.append(plan.predicate)
        else:
            steps = _STEPS[type(plan)](steps, plan)
        plan = plan.child
    return plan, steps._replace(conditions=tuple(reversed(conditions)))


_STEPS: dict[type[Plan], Callable[..., Steps]] = {
    Sample: lambda steps, plan: steps._replace(sample=plan),
    Sort: lambda steps, plan: steps._replace(keys=plan.keys),
    Limit: lambda steps, plan: steps._replace(limit=plan),
}


# --- a row for each row -----------------------------------------------------------------------------------------------


class Split(NamedTuple):
    """
    The conditions of a statement.

    Attributes:
        inside: those below the select list.
        outside: those above it.
    """

    inside: list[Expression]
    outside: list[Expression]


def _split(conditions: Iterable[Expression], is_outside: Callable[[Expression], bool]) -> Split:
    """Return the conditions below and above the select list."""
    found = Split([], [])
    for part in conditions:
        found[is_outside(part)].append(part)
    return found


def _rows(base: Extend, steps: Steps) -> Plan:
    """Return a select list with its clauses: those that read an alias of it are above it."""
    reject_outputs("select", base.outputs)
    _refuse_arrays_of_one(base, steps)
    base, steps = _matched(base, steps)
    made = computed_columns(base.outputs)
    scope = schema(base.child)
    numbered = has_row_number(base.outputs, steps.keys)
    conditions = steps.conditions if numbered else inside_json(steps.conditions, made, scope)
    split = _split(conditions, lambda part: numbered or uses(part, made))
    steps = steps._replace(keys=_directed(base, steps.keys))
    _require_unmoved(steps, split)
    above = steps._replace(conditions=tuple(split.outside))
    reject_ambiguous(above.clauses, made, scope.columns or ())
    plan = _filtered("where", base.child, split.inside, {})
    base, plan, above = _computed_apart(base, plan, above)
    is_outer = split.outside or _reads_outputs(above, made) or (numbered and (above.reads or steps.limit))
    write = _around if is_outer else _within
    return _cut(write(base, plan, above, made), steps)


def _computed_apart(base: Extend, plan: Plan, above: Steps) -> tuple[Extend, Plan, Steps]:
    """Return a select list with its clauses over a plan that has what is computed from several nullable numbers as columns."""
    if base.scores:
        return base, plan, above
    plan, nodes = computed_apart(plan, (*base.outputs, *above.keys), above.reads)
    count = len(base.outputs)
    outputs, keys = nodes[:count], nodes[count:]
    return base.replace(outputs=outputs), plan, above._replace(keys=keys)  # type: ignore[arg-type]  # keys stay keys


def _reads_outputs(steps: Steps, made: Mapping[str, Expression]) -> bool:
    """Tell whether a clause reads a name that the select list makes."""
    return any(uses(part, made) for part in steps.reads)


def _refuse_arrays_of_one(base: Extend | Aggregate, steps: Steps) -> None:
    """Refuse functions of arrays over single numbers of one source."""
    if not isinstance(base.child, Join):
        refuse_arrays_of_one((*base.outputs, *steps.reads), schema(base.child))


def _require_unmoved(steps: Steps, split: Split) -> None:
    """Refuse clauses that count rows where some were left out or reordered before."""
    reordered = steps.sample is not None or len(steps.keys) > 1
    require_source_order(split.outside, reordered=reordered or bool(split.inside))
    require_source_order([key.expression for key in steps.keys], reordered=reordered or bool(steps.conditions))


def _within(base: Extend, plan: Plan, steps: Steps, _made: Mapping[str, Expression]) -> Plan:
    """Return a select list whose aliases no other clause reads: it is above all of them."""
    sampled = _sampled(plan, steps, {})
    return _project(base, _sorted(base, sampled, steps.keys, {}), ())


def _around(base: Extend, plan: Plan, steps: Steps, made: Mapping[str, Expression]) -> Plan:
    """Return the clauses that read a select list above it, with the columns of the source that they read besides."""
    hidden = hidden_columns(base.outputs, steps.reads, made)
    for label in hidden:
        require_columns("where / order_by", ast.Column(label), schema(plan), score_names(base))
    extra = (
        ast.Column(label) if label == there else ast.Aliased(ast.Column(label), there)
        for label, there in hidden.items()
    )
    rows = _project(base, plan, tuple(extra))
    call = next(map(positional_call, filter(is_positional, base.outputs)), "")
    rows = Barrier(rows, reasons.ROW_NUMBERS.format(call=call)) if call else rows
    rows = _filtered("where", rows, steps.conditions, hidden)
    rows = _sampled(rows, steps, hidden)
    rows = _sorted(base, rows, steps.keys, hidden)
    return Project(rows, tuple(map(output_reference, base.outputs)), base.scores) if hidden else rows


def _project(base: Extend, plan: Plan, extra: tuple[Expression, ...]) -> Plan:
    """Return the select list over a plan, with more columns."""
    columns, outputs = tuple(map(unqualify, base.outputs)), aliased(base.outputs)
    for column in columns:
        require_columns("select", column, schema(plan), outputs=outputs)
    return Project(plan, (*columns, *extra), base.scores)


def output_reference(output: Expression) -> Expression:
    """Return an output as a level further out reads it."""
    label = output_name(output)
    return output if label is None else ast.Column(label)


def _filtered(subject: str, plan: Plan, conditions: Iterable[Expression], hidden: Mapping[str, str]) -> Plan:
    """Return the rows of a plan that meet conditions."""
    parts = list(conditions)
    if not parts:
        return plan
    found = [unqualify(part, hidden) for part in parts]
    for part in found:
        require_columns(subject, part, schema(plan))
    return Filter(plan, conjunction(found))


def _sampled(plan: Plan, steps: Steps, hidden: Mapping[str, str]) -> Plan:
    """Return rows of a plan that are drawn."""
    if steps.sample is None:
        return plan
    weights = unqualify(steps.sample.weights, hidden)
    require_columns("sample_by", weights, schema(plan))
    return steps.sample.replace(child=plan, weights=weights)


def _sorted(base: Plan, plan: Plan, keys: tuple[ast.Order, ...], hidden: Mapping[str, str]) -> Plan:
    """Return the rows of a plan in an order."""
    if not keys:
        return plan
    found = tuple(unqualify(key, hidden) for key in keys)
    for key in found:
        require_columns("order_by", key, schema(plan), score_names(base))
    return Sort(plan, found, tuple(score_of(base, key.expression) for key in keys))


def _cut(plan: Plan, steps: Steps) -> Plan:
    """Return the first rows of a plan."""
    return plan if steps.limit is None else steps.limit.replace(child=plan)


def _directed(base: Plan, keys: Iterable[ast.Order]) -> tuple[ast.Order, ...]:
    """Return keys with the direction that they have where none was given: a score sorts the best first."""
    return tuple(direction(base, key) for key in keys)


def _matched(base: B, steps: Steps) -> tuple[B, Steps]:
    """Return clauses of which, over a join, no condition but IS NULL holds where nothing matches."""
    if not isinstance(base.child, Join):
        return base, steps
    base, conditions, keys = told_apart(base, steps.conditions, steps.keys, base.child)
    return base, steps._replace(conditions=conditions, keys=keys)


def inside_json(
    conditions: tuple[Expression, ...], made: Mapping[str, Expression], scope: Scope
) -> tuple[Expression, ...]:
    """Return conditions that read the value of JSON itself, not the output that has it: one level out the engine does not find its texts."""
    values = {label: made[label] for label in value_names(made)}
    if not values or not any(uses(part, values) for part in conditions):
        return conditions
    reject_ambiguous((("where", part) for part in conditions if uses(part, values)), made, scope.columns or ())

    def read(part: Record) -> Record | None:
        named = isinstance(part, ast.Column) or (isinstance(part, QualifiedName) and part.place == "output")
        return made.get(part.name) if named and getattr(part, "table", None) is None else None  # type: ignore[attr-defined]  # a name

    return tuple(substitute(part, read) if uses(part, values) else part for part in conditions)


# --- a row for each group ---------------------------------------------------------------------------------------------


def _groups(base: Aggregate, steps: Steps) -> Plan:
    """Return groups with their clauses: conditions on the source below, all that concerns groups above."""
    _refuse_arrays_of_one(base, steps)
    base, steps = _matched(over_source(base), steps)
    made = computed_columns(base.outputs)
    split = _split(steps.conditions, lambda part: uses(part, made) or _reduces(part))
    above_groups = steps._replace(conditions=tuple(split.outside))
    reject_ambiguous(above_groups.clauses, made, schema(base.child).columns or ())
    rows, base, split, steps = _prepared(base, split, steps)
    scope = schema(rows)
    base = _single_valued(base, rows, scope)
    outputs = base.outputs
    above = PostAggregation(outputs, [*base.keys])
    having = tuple(above.read(without_nulls(part, scope)) for part in split.outside)
    keys = tuple(above.read(without_nulls(key, scope)) for key in _directed(base, steps.keys))
    _require_selectable((*above.outputs, *base.keys), scope, reordered=bool(split.inside))
    reject_outputs("select", above.outputs)
    refuse_groups_of_groups((*above.outputs, *base.keys), rows)
    groups = Aggregate(rows, tuple(map(unqualify, base.keys)), tuple(map(unqualify, above.outputs)))
    plan = _sorted(base, _filtered("where", groups, having, {}), keys, {})
    return _cut(plan if above.outputs == outputs else Project(plan, tuple(map(above.column, outputs))), steps)


def _single_valued(base: Aggregate, rows: Plan, scope: Scope) -> Aggregate:
    """Return groups of rows whose aggregates leave out nulls, and whose outputs of keys and constants are single values."""
    outputs = tuple(without_nulls(output, scope) for output in base.outputs)
    return base.replace(child=rows, outputs=tuple(single_valued(output, base.keys) for output in outputs))


def _prepared(base: Aggregate, split: Split, steps: Steps) -> tuple[Plan, Aggregate, Split, Steps]:
    """Return the rows below groups, and the clauses that read them, in a form that the engine reduces."""
    rows = _filtered("group_by", base.child, split.inside, {})
    rows, nodes = computed_apart(rows, (*base.outputs, *base.keys, *split.outside, *steps.keys))
    rows, nodes = extremes(rows, nodes)
    return (rows, *_reading(nodes, base, split, steps))


def _reading(
    nodes: tuple[ast.Node, ...], base: Aggregate, split: Split, steps: Steps
) -> tuple[Aggregate, Split, Steps]:
    """Return the clauses of groups with other expressions: those of outputs, keys, conditions on groups and the order."""
    found: Iterator[Any] = iter(nodes)
    outputs, keys, outside, order = (
        tuple(islice(found, len(part))) for part in (base.outputs, base.keys, split.outside, steps.keys)
    )
    return base.replace(outputs=outputs, keys=keys), Split(split.inside, [*outside]), steps._replace(keys=order)


def _reduces(node: Expression) -> bool:
    """Tell whether an expression has an aggregate in it."""
    return any(map(is_aggregate, walk(node)))


def _require_selectable(nodes: tuple[Expression, ...], scope: Scope, *, reordered: bool) -> None:
    """Refuse outputs and keys of groups that the engine cannot compute, or whose columns are not there."""
    require_source_order(nodes, reordered=reordered)
    outputs = aliased(nodes)
    for node in nodes:
        require_selectable("select / group_by", node)
    for node in nodes:
        subject = "select" if isinstance(node, ast.Aliased) else "group_by"
        require_columns(subject, unqualify(node), scope, outputs=outputs)


def _members(base: Explode, _steps: Steps) -> Plan:
    """Return the members of groups."""
    reject_outputs("select", base.columns)
    columns = tuple(map(unqualify, base.columns))
    for column in columns:
        require_columns("select", column, schema(base.child))
    return base.replace(columns=columns)


# --- several sources --------------------------------------------------------------------------------------------------


def _join(base: Join, _steps: Steps) -> Plan:
    """Return a join whose columns are there."""
    for side in (base.left, base.right):
        own = (part.expression for part in base.columns)
        for column in (*join_keys(base), *own):
            if isinstance(column, ast.Column) and column.table == alias_of(side):
                require_columns("join", ast.Column(column.name), schema(side))
    return base


_RULES: dict[type[Plan], Callable[..., Plan]] = {Extend: _rows, Aggregate: _groups, Explode: _members, Join: _join}
