"""The clauses of one statement as operations on the rows of its source, in the order in which they happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tql.compiler.grouped import is_grouped, refuse_sample, refuse_score
from tql.expressions.metrics import is_misranked
from tql.plan import nodes
from tql.plan.nodes import Aggregate, Explode, Extend, Filter, Limit, Sample, Score, Sort
from tql.statement import Fusion, Search
from tql_grammar import ast
from tql_grammar.ast.traced import as_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql.plan.nodes import Plan
    from tql.statement import Statement, TextSearch
    from tql_grammar.ast import Expression


class Lower(Protocol):
    """Returns the plan of a statement, over the rows of its source or of *child*; see `tql.compiler.lower.lowered`."""

    def __call__(self, query: Statement, child: Plan | None = None, scores: tuple[Score, ...] = ()) -> Plan:
        """Return the plan."""
        ...


def steps(query: Statement, child: Plan, scores: tuple[Score, ...] = ()) -> Plan:
    """
    Return the clauses of a statement over the rows of *child*.

    Args:
        query: what is said; its source is not looked at.
        child: the rows of its source.
        scores: the outputs that are scores of searches, in addition to those of its own searches.
    """
    if query.parts_per_group is not None:
        return Explode(child, all_outputs(query), query.parts_per_group)
    plan = _groups(query, child) if is_grouped(query) else _select(query, child, scores)
    for operation in nodes.CLAUSES:
        plan = CLAUSES[operation](query, plan)
    return plan


def all_outputs(query: Statement) -> tuple[Expression, ...]:
    """Return the select list, the scores last."""
    scores = (ast.Aliased(search.score, search.alias) for search in query.searches if not isinstance(search, Fusion))
    return (*(query.outputs or (ast.Star(),)), *scores)


def _select(query: Statement, child: Plan, scores: tuple[Score, ...]) -> Plan:
    """Return the outputs of SELECT: a row for each row of the source."""
    return Extend(child, all_outputs(query), (*map(_score, query.searches), *scores))


def _score(search: Search | TextSearch | Fusion) -> Score:
    """Return the description of a score column."""
    if isinstance(search, Search):
        return Score(search.alias, search.best, search.by_index, search.exact or is_misranked(search.score))
    return Score(search.alias, search.best)


def _groups(query: Statement, child: Plan) -> Plan:
    """Return the outputs of SELECT where rows are groups."""
    refuse_sample("group_by", query)
    refuse_score(query)
    return Aggregate(child, query.groups, query.outputs or (ast.Star(),))


def _where(query: Statement, plan: Plan) -> Plan:
    """Return the rows that meet every condition."""
    for condition in query.conditions:
        plan = Filter(plan, condition)
    return plan


def _sample_by(query: Statement, plan: Plan) -> Plan:
    """Return rows that are drawn."""
    drawn = query.sampling
    if drawn is None:
        return plan
    return Sample(plan, drawn.weights, drawn.replace_rows, drawn.amount, drawn.percent)


def _order_by(query: Statement, plan: Plan) -> Plan:
    """Return the rows in their order."""
    return Sort(plan, tuple(ast.Order(key.expression, key.direction) for key in query.keys)) if query.keys else plan


def _limit(query: Statement, plan: Plan) -> Plan:
    """Return the first rows."""
    count, skip = (None if rows is None else as_number(rows) for rows in (query.row_limit, query.row_offset))
    return plan if count is None and skip is None else Limit(plan, count, skip)


# The clause of each operation, in the order of `tql.plan.nodes.CLAUSES`.
CLAUSES: dict[type[Plan], Callable[[Statement, Plan], Plan]] = {
    Filter: _where, Sample: _sample_by, Sort: _order_by, Limit: _limit,
}  # fmt: skip
