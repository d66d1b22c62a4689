"""Rules about GROUP BY and UNGROUP BY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.edits import wrapped
from tql_grammar.lint.reads import COUNT
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.walk import subselect

if TYPE_CHECKING:
    from collections.abc import Iterator


def _ungroup(subject: Subject) -> Iterator[Finding]:
    """Yield UNGROUP BY that the engine rejects."""
    for select in subject.selects:
        by = select.ungroup_by
        if by is None:
            continue
        if select.group_by:
            yield subject.finding(
                by,
                "a SELECT cannot have both GROUP BY and UNGROUP BY: the engine fails with `GROUP and UNGROUP can't be used on the same statement.`",
                "group in a subquery",
            )
        elif not isinstance(by, (ast.Number, ast.Split, ast.Array, ast.Vector)):
            yield subject.finding(
                by,
                "UNGROUP BY takes SPLIT or a number: the engine fails with `UNGROUP BY accepts only number or array`",
                "write UNGROUP BY SPLIT",
            )
        elif isinstance(by, ast.Number) and by.value <= 0:
            yield subject.finding(
                by, "UNGROUP BY takes a number above 0: the engine fails with `Split should be positive number.`"
            )


def _no_group(subject: Subject) -> Iterator[Finding]:
    """Yield UNGROUP BY over a source that is not grouped."""
    for select in subject.selects:
        by = select.ungroup_by
        if by is not None and not select.group_by and not _is_grouped(select.source):
            message = "the source is not grouped: the engine returns no rows, or rejects the query"
            yield subject.finding(
                by, message, "group in a subquery: select .. from (select .. group by ..) ungroup by split"
            )


def _is_grouped(source: ast.Source | None) -> bool:
    """Tell whether a source is a subquery with GROUP BY."""
    inner = subselect(source)
    return inner is not None and bool(inner.group_by)


def _rows_not_groups(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY, LIMIT and OFFSET in a SELECT with GROUP BY."""
    for select in subject.selects:
        node = _clause_of_rows(select) if select.group_by else None
        if node is not None:
            message = "in a SELECT with GROUP BY, ORDER BY and LIMIT apply to the rows before they are grouped"
            hint = "put them in an outer query: select * from (select .. group by ..) order by .. limit .."
            only_limit = node is select.limit and not select.top
            yield subject.finding(node, message, hint, wrapped(subject.text, select, node) if only_limit else None)


def sorts_groups(select: ast.Select) -> bool:
    """Tell whether the one key of ORDER BY is a column of GROUP BY."""
    return len(select.order_by) == 1 and select.order_by[0].expression in select.group_by


def _clause_of_rows(select: ast.Select) -> ast.Node | None:
    """
    Return the first clause that sorts or limits rows: the key of ORDER BY, LIMIT, or the SELECT with TOP.

    Rows sorted by the key of the groups make sorted groups, which are in the order of their first rows.
    """
    if select.order_by and not sorts_groups(select):
        return select.order_by[0]
    limit = select.limit
    if limit is not None and (limit.count is not None or limit.offset is not None):
        return limit
    return select if select.top else None


RULES = (
    Rule(
        code="TQL231",
        title="UNGROUP BY that the engine rejects",
        severity="error",
        explanation="UNGROUP BY takes SPLIT or a number above 0, and cannot be in a SELECT with GROUP BY.",
        example="select id from D group by grp ungroup by split",
        find=_ungroup,
        meant="select id from (select id from D group by grp) ungroup by split",
        reads=(COUNT,),
    ),
    Rule(
        code="TQL307",
        title="ORDER BY or LIMIT with GROUP BY",
        severity="error",
        explanation="In a SELECT with GROUP BY, ORDER BY sorts the rows, and LIMIT and OFFSET restrict them, before they are grouped. Rows that are sorted by a key of the groups make sorted groups.",
        example="select grp[0] as g, shape(id)[0] as n from D group by grp limit 2",
        find=_rows_not_groups,
        meant="select * from (select grp[0] as g, shape(id)[0] as n from D group by grp) limit 2",
    ),
    Rule(
        code="TQL324",
        title="UNGROUP BY over a source that is not grouped",
        severity="error",
        explanation="UNGROUP BY needs a subquery with GROUP BY as its source; over any other source it returns no rows.",
        example="select id from D ungroup by split",
        find=_no_group,
        meant="select id from (select id from D group by grp) ungroup by split",
    ),
)
