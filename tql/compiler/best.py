"""
The first rows of each group: ``limit(3, per="kind")``.

The rows are sorted by the columns of the groups, then by the keys of the order, and numbered; groups of them know the number of their first row;
taken apart, a row is kept if its number is less than that plus the limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.compiler.grouped import is_grouped, refuse_sample
from tql.compiler.sets import as_columns, required_names
from tql.compiler.steps import all_outputs
from tql.expressions.expr import Key
from tql.plan.helpers import helper
from tql.plan.names import read_names, reject_renamed, selected_names
from tql.plan.nodes import Plan, Score, Subquery
from tql.statement import LAST_CLAUSES, Search, Statement
from tql_grammar import ast
from tql_grammar.ast.traced import as_number
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from tql.compiler.steps import Lower

PLACE, FIRST, PER = "place", "first", "per"
REASON = "the first rows of each group are counted from the first row of the group"


def best_of_each(query: Statement, child: Plan, lower: Lower) -> Plan:
    """
    Return the first rows of each group, in the order of the query.

    Raises:
        ArgumentError: a column of the groups or of the order is not selected, or the query has a clause that it does not go with.
    """
    searches = [search.alias for search in query.searches]
    labels = required_names("limit", selected_names(query.outputs or (ast.Star(),), searches, child))
    _require_outputs(query, labels)
    reject_renamed("order_by", query.keys, all_outputs(query))
    rows = lower(query.replace(**LAST_CLAUSES), child)
    scores = tuple(Score(search.alias, search.best) for search in query.searches if isinstance(search, Search))
    columns, per = as_columns(labels), query.limit_per
    order = tuple(Key(column, None) for column in per)
    ordered = lower(Statement(outputs=columns, keys=(*order, *query.keys)), Subquery(rows, reason=REASON), scores)
    place, first = ast.Column(helper(PLACE)), ast.Column(helper(FIRST))
    number = ast.Aliased(ast.Function("row_number"), place.name)
    keys = tuple(ast.Aliased(column, helper(f"{PER}{position}")) for position, column in enumerate(per, 1))
    numbered = lower(Statement(outputs=(*columns, number, *keys)), Subquery(ordered, reason=REASON))
    start = ast.Aliased(ast.Function("first", (place,)), first.name)
    by = tuple(ast.Column(key.alias) for key in keys)
    groups = lower(Statement(outputs=(*columns, place, start), groups=by), Subquery(numbered, reason=REASON))
    members = lower(Statement(outputs=(*columns, place, first), parts_per_group=0), Subquery(groups, reason=REASON))
    is_first = ast.Comparison("<", ast.Chain(("-",), (place, first)), as_number(query.row_limit or 0))
    kept = Statement(outputs=columns, conditions=(is_first,), keys=query.keys)
    return lower(kept, Subquery(members, reason=REASON), scores)


def _require_outputs(query: Statement, labels: tuple[str, ...]) -> None:
    """Refuse what the first rows of groups do not go with."""
    refuse_sample("limit", query)
    if (
        query.row_offset is not None
        or is_grouped(query)
        or any(not isinstance(part, Search) for part in query.searches)
    ):
        rule = "takes per in a query without groups, offset, bm25 and hybrid"
        why = "the rows of each group are numbered"
        hint = "use that query as the source: select(..).from_(query).limit(3, per=..)"
        raise ArgumentError("limit", rule, "per", hint, why=why)
    for node in (*query.limit_per, *query.keys):
        for label, _ in read_names(node):
            if label not in labels:
                rule = "takes outputs as per, and as the keys of its order"
                why = "the rows are cut after the select list is computed"
                raise ArgumentError("limit", rule, repr(label), f"select it too: select({label!r}, ..)", why=why)
