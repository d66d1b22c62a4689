"""Rules about rows whose value is null or NaN, in lists of IN, in groups and in sort keys. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import NUMERIC, REDUCTIONS
from tql_grammar.lint.edits import exchanged, followed
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.guards import is_without_nan, tests
from tql_grammar.lint.rules.nullable import NULLABLE, is_filled, is_nullable_text
from tql_grammar.outputs import bare
from tql_grammar.schema import FLOATS
from tql_grammar.typing.scopes import expressions
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.edits import Fix
    from tql_grammar.lint.rules.guards import Guarded
    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope


def _nan_in_list(subject: Subject) -> Iterator[Finding]:
    """Yield IN over float columns, unless a comparison around it, or in a subquery, leaves NaN out."""
    for scope in subject.scopes:
        for _, whole in expressions(scope.select):
            for part in tests(whole):
                if isinstance(part.node, ast.In) and not _is_decided(part.node.operand, part, scope):
                    column = scope.column(part.node.operand)
                    if column is not None and _is_float(column):
                        yield _with_nan(subject, part.node, column)


def _is_decided(operand: ast.Expression, part: Guarded, scope: SelectScope) -> bool:
    """Tell whether a comparison around IN, or in a subquery, decides what is done with NaN."""
    return operand in part.compared or is_without_nan(scope.select, operand)


def _with_nan(subject: Subject, node: ast.In, column: Column) -> Finding:
    """Return the finding about IN over a float column."""
    x = subject.written(node.operand)
    message = f"`{x}` is {column.dtype}: for the engine NaN is in every list, so that IN matches it and NOT IN does not"
    right = f"({x} not in (..) or {x} != {x})" if node.negated else f"({x} in (..) and {x} = {x})"
    return subject.finding(node, message, f"write {right}", _apart(node, column, subject.text))


def _is_float(column: Column) -> bool:
    """Tell whether a column is a single float in each row."""
    return column.is_single and column.dtype in FLOATS


def _apart(node: ast.In, column: Column, text: str) -> Fix | None:
    """Return the fix that decides NaN by a comparison of the column with itself; None with an index, which compares NaN otherwise."""
    span, operand = node.span, node.operand.span
    if span is None or operand is None or column.indexes or isinstance(node.members, ast.Query):
        return None
    x, written = text[operand.start : operand.end], text[span.start : span.end]
    if node.negated:
        unequal = ast.Comparison("!=", node.operand, node.operand)
        return exchanged(node, f"({written} or {x} != {x})", ast.Or((node, unequal)))
    return exchanged(
        node, f"({written} and {x} = {x})", ast.And((node, ast.Comparison("=", node.operand, node.operand)))
    )


def _null_group(subject: Subject) -> Iterator[Finding]:
    """Yield group keys that are nullable text columns, without a test for null among the keys."""
    for scope in subject.scopes:
        keys = scope.select.group_by
        tested = {key.operand for key in keys if isinstance(key, ast.IsNull)}
        for key in keys:
            if isinstance(key, ast.Column) and key not in tested and is_nullable_text(key, scope, "GROUP BY"):
                x = subject.written(key)
                message = f"`{x}` can be null: the engine puts the rows with null and those with '' into one group"
                test = followed(key, f", {x} is null", key)
                fix = None if test is None else _with_key(test, scope, key)
                yield subject.finding(key, message, f"write group by {x}, {x} is null", fix)


def _with_key(fix: Fix, scope: SelectScope, key: ast.Expression) -> Fix:
    """Return the fix that adds the test for null after a group key, with the SELECT that it intends."""
    keys = scope.select.group_by
    after = keys.index(key) + 1
    new = scope.select.replace(group_by=(*keys[:after], ast.IsNull(key), *keys[after:]))
    return fix._replace(old=scope.select, new=new)


def _null_reduced(subject: Subject) -> Iterator[Finding]:
    """Yield reductions of nullable numbers in grouped queries."""
    for scope in subject.scopes:
        for output in scope.select.columns if scope.select.group_by else ():
            for call in own_parts(output):
                column = _nullable_in(call, scope)
                if column is not None:
                    x = subject.written(column)
                    message = f"`{x}` can be null: of a group with a null the engine computes nothing, and fails with `Can't eval dynamic shape array.`"
                    yield subject.finding(
                        call, message, f"leave null out before the rows are grouped: where {x} is not null"
                    )


def _nullable_in(call: ast.Node, scope: SelectScope) -> ast.Column | None:
    """Return the nullable number that a reduction of numbers reads, or None."""
    if not isinstance(call, ast.Function) or call.name.lower() not in NUMERIC & REDUCTIONS:
        return None
    read = (part for argument in call.arguments for part in own_parts(argument))
    return next((part for part in read if isinstance(part, ast.Column) and _can_be_null(part, scope)), None)


def _can_be_null(column: ast.Column, scope: SelectScope) -> bool:
    """Tell whether a column is a number that can be null in the rows that WHERE keeps."""
    known = scope.column(column)
    return (
        known is not None
        and known.is_single
        and known.nullable
        and known.dtype in NULLABLE
        and not is_filled(column, scope, "SELECT")
    )


def _null_sorted(subject: Subject) -> Iterator[Finding]:
    """Yield sort keys that reduce a nullable number, in a query that sorts by no test for null of it."""
    keys = [(scope, bare(key)) for scope in subject.scopes for key in scope.select.order_by]
    tested = {getattr(key.operand, "name", None) for _, key in keys if isinstance(key, ast.IsNull)}
    for scope, key in keys:
        column = None if scope.select.group_by else _first_nullable(key, scope)
        if column is not None and column.name not in tested:
            x = subject.written(column)
            message = (
                f"`{x}` can be null: as a sort key a reduction of null is 0, and rows with null come between the others"
            )
            nan = f", and NaN with {x} = {x}" if getattr(scope.column(column), "dtype", "") in FLOATS else ""
            yield subject.finding(key, message, f"filter null out with where {x} is not null{nan}, and sort by {x}")


def _first_nullable(key: ast.Node, scope: SelectScope) -> ast.Column | None:
    """Return the first nullable number that a reduction in a sort key reads, or None."""
    return next(filter(None, (_nullable_in(part, scope) for part in own_parts(key))), None)


RULES = (
    Rule(
        code="TQL537",
        title="IN over a float column",
        severity="warning",
        explanation="For the engine NaN is in every list: `x in (1.0)` matches the rows with NaN, and `x not in (1.0)` does not. `x = 1.0 or x = 2.0` does not match NaN. Reported only with a schema.",
        example="select id from N where f in (1.0, 7.0)",
        find=_nan_in_list,
        meant="select id from N where (f in (1.0, 7.0) and f = f)",
        needs_schema=True,
    ),
    Rule(
        code="TQL532",
        title="GROUP BY of a text column that can be null",
        severity="warning",
        explanation="As a group key, null is the empty string: rows with null and rows with '' are in one group. A second key, `x is null`, separates them. Reported only with a schema.",
        example="select nt[0] as t, shape(id)[0] as n from N group by nt",
        find=_null_group,
        meant="select nt[0] as t, shape(id)[0] as n from N group by nt, nt is null",
        needs_schema=True,
    ),
    Rule(
        code="TQL533",
        title="reduction of a nullable number in a group",
        severity="warning",
        explanation="In a query with GROUP BY, SUM, AVG, AMIN and the other reductions of a group with a null fail with `Can't eval dynamic shape array.`, and so does the whole query. Reported only with a schema.",
        example="select grp[0] as g, sum(nul) as s from D group by grp",
        find=_null_reduced,
        meant="select grp[0] as g, sum(nul) as s from D where nul is not null group by grp",
        needs_schema=True,
    ),
    Rule(
        code="TQL534",
        title="sort by a reduction of a nullable number",
        severity="warning",
        explanation="ORDER BY rejects a nullable number (TQL219), and sorts a reduction of it, such as `amax(x)`, with null as 0, between the negative and the positive numbers. NaN leaves rows unsorted. Reported only with a schema, and not if a query around it sorts by `x is null`.",
        example="select id from D order by amax(nul)",
        find=_null_sorted,
        meant="select id from D where nul is not null order by nul",
        needs_schema=True,
    ),
)
