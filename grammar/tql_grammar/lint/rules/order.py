"""Rules about ORDER BY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.ast import Span
from tql_grammar.errors import ArgumentError
from tql_grammar.lint.edits import exchanged, wrapped
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.groups import sorts_groups
from tql_grammar.outputs import aliased
from tql_grammar.printing.printer import to_tql
from tql_grammar.rewrite.order import ordered
from tql_grammar.rewrite.scope import UNKNOWN, Scope
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tql_grammar.lint.edits import Fix
    from tql_grammar.typing.scopes import SelectScope

# A SELECT with one of these clauses is not rewritten as nested sorts.
NOT_NESTED = ("group_by", "sample_by", "top", "distinct", "locks", "hints", "with_")


def _second_key(subject: Subject) -> Iterator[Finding]:
    """Yield the ORDER BY keys after the first."""
    for scope in subject.scopes:
        select = scope.select
        if len(select.order_by) > 1:
            first, last = select.order_by[1].span, select.order_by[-1].span
            if first is not None and last is not None:
                ignored = subject.text[first.start : last.end]
                yield Finding(
                    Span(first.start, last.end),
                    f"the engine sorts by the first key only, and ignores `{ignored}`",
                    "sort by the last key in a subquery, and by the key before it outside: select * from (select * from .. order by b) order by a; the builder's order_by does this",
                    _nested(select, scope),
                )


def _nested(select: ast.Select, scope: SelectScope) -> Fix | None:
    """Return the fix that nests one SELECT per key, the last key innermost, and one for each part of a number that float32 does not store; None for a source with an alias, which an outer query cannot see."""
    if select.span is None or _has_named_source(select) or any(getattr(select, clause) for clause in NOT_NESTED):
        return None
    base = select.replace(order_by=(), limit=None)
    try:
        sorted_ = ordered(base, list(select.order_by), _types(scope))
    except ArgumentError:
        return None
    if select.limit is not None:
        sorted_ = ast.Select((ast.Star(),), ast.Derived(sorted_), limit=select.limit)
    return exchanged(select, to_tql(sorted_), sorted_)


def _types(scope: SelectScope) -> Scope:
    """Return the known types of the columns that the keys read."""
    if scope.columns is None:
        return UNKNOWN
    columns = {name: None if column is None or column.inferred else column for name, column in scope.columns.items()}
    return Scope(columns, is_derived=isinstance(scope.select.source, ast.Derived))


def _has_named_source(select: ast.Select) -> bool:
    """Tell whether a SELECT reads several sources, or one with an alias."""
    return isinstance(select.source, (ast.Join, ast.Zip)) or getattr(select.source, "alias", None) is not None


def _own_name(subject: Subject) -> Iterator[Finding]:
    """Yield keys whose name is both a computed output and a column of the source."""
    for scope in subject.scopes:
        outputs = aliased(scope.select.columns)
        alone = len(scope.select.order_by) == 1 and not scope.select.group_by
        for key in scope.select.order_by:
            column = key.expression
            if isinstance(column, ast.Column) and column.table is None and _is_hidden(column, outputs, scope):
                message = f"ORDER BY reads `{column.name}` from the source, not the output of that name"
                hint = "sort in an outer query: select * from (select .. from ..) order by .."
                yield subject.finding(
                    column, message, hint, wrapped(subject.text, scope.select, key) if alone else None
                )


def _is_hidden(column: ast.Column, outputs: Mapping[str, ast.Expression], scope: SelectScope) -> bool:
    """Tell whether an output with the name of a source column has a different value."""
    output = outputs.get(column.name)
    if output is None or (isinstance(output, ast.Column) and output.name == column.name):
        return False
    if sorts_groups(scope.select) and output == ast.Subscript(column, (ast.Number(0),)):
        return False
    read = {part.name for part in own_parts(output) if isinstance(part, ast.Column)}
    return column.name in read or column.name in (scope.columns or ())


def _constant(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY keys that are constants."""
    for scope in subject.scopes:
        for key in scope.select.order_by:
            if isinstance(key.expression, (ast.Number, ast.String)):
                message = "a constant does not sort the rows, and it is not the position of a column"
                yield subject.finding(key, message, "write the name of the column")


def _sampled(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY in a SELECT with SAMPLE BY."""
    for scope in subject.scopes:
        if scope.select.sample_by is not None and scope.select.order_by:
            message = "SAMPLE BY draws the rows after ORDER BY has sorted them, so the order is lost"
            yield subject.finding(
                scope.select.order_by[0],
                message,
                "sort in an outer query: select * from (select .. sample by ..) order by ..",
            )


RULES = (
    Rule(
        code="TQL301",
        title="second ORDER BY key",
        severity="error",
        explanation="The engine sorts by the first key of ORDER BY and ignores the others. Rows with equal first keys stay in the order of the source.",
        example="select id from D order by grp, id desc",
        find=_second_key,
        meant="select id from (select id, grp from D order by id desc) order by grp",
    ),
    Rule(
        code="TQL326",
        title="ORDER BY an output named like a source column",
        severity="error",
        explanation="`select id + 1 as id .. order by id` sorts by the column of the source, not by the output.",
        example="select 10 - id as id from D order by id",
        find=_own_name,
        meant="select * from (select 10 - id as id from D) order by id",
    ),
    Rule(
        code="TQL328",
        title="ORDER BY a constant",
        severity="error",
        explanation="ORDER BY 1 does not mean the first column: the engine sorts by the constant, which leaves the rows in their order.",
        example="select grp, id from D order by 1",
        find=_constant,
        meant="select grp, id from D order by grp",
    ),
    Rule(
        code="TQL330",
        title="ORDER BY with SAMPLE BY",
        severity="error",
        explanation="SAMPLE BY draws the rows after ORDER BY has sorted them, so the order is lost.",
        example="select id from D order by id desc sample by id replace false limit 20",
        find=_sampled,
        meant="select * from (select id from D sample by id replace false limit 20) order by id desc",
    ),
)
