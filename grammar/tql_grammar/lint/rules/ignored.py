"""Rules about clauses that the engine parses and ignores."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tql_grammar import ast
from tql_grammar.ast import Span
from tql_grammar.diagnostic import Edit
from tql_grammar.lint.edits import Fix, last_end
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.nullable import is_nullable_text
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.lexer import BLANKS
from tql_grammar.typing.scopes import queries
from tql_grammar.walk import joined, rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_grammar.typing.scopes import SelectScope

DISTINCT = re.compile(r"select\s+(distinct\s+)", re.IGNORECASE)
SMALL = frozenset({"int8", "int16", "uint8", "uint16"})
HAVING = re.compile(r"\bhaving\Z", re.IGNORECASE)


def _distinct(subject: Subject) -> Iterator[Finding]:
    """Yield SELECT DISTINCT."""
    for scope in subject.scopes:
        select = scope.select
        if select.distinct or select.distinct_on:
            message = "the engine ignores DISTINCT and returns duplicate rows"
            yield subject.finding(select, message, _by_groups(scope), _grouped(subject, scope))


def _by_groups(scope: SelectScope) -> str:
    """Return the hint for DISTINCT, with the columns of the SELECT; a nullable text needs a key for null."""
    columns = scope.select.columns
    names = [column.name for column in columns if isinstance(column, ast.Column) and column.table is None]
    if len(names) < len(columns) or not names:
        return "group by the columns instead: select grp[0] as grp from .. group by grp"
    written = {name: to_tql(ast.Column(name)) for name in names}
    outputs = ", ".join(f"{name}[0] as {name}" for name in written.values())
    keys = ", ".join(
        f"{key}, {key} is null" if is_nullable_text(ast.Column(name), scope, "SELECT") else key
        for name, key in written.items()
    )
    return f"group by the columns instead: select {outputs} from .. group by {keys}"  # noqa: S608 - advice


def _grouped(subject: Subject, scope: SelectScope) -> Fix | None:
    """Return the fix that groups by the columns in place of DISTINCT: of texts and small integers of one dataset, with no clause but FROM and WHERE."""
    select = scope.select
    span = select.span or Span(0, 0)
    found = DISTINCT.match(subject.text, span.start)
    if found is None or subject.tree is not select or not _is_plain(scope):
        return None
    columns = [column for column in select.columns if isinstance(column, ast.Column)]
    keys = tuple(key for column in columns for key in _keys(column, scope))
    distinct = Edit(found.start(1), found.end(1), "")
    group_by = Edit(span.end, span.end, f" group by {', '.join(map(to_tql, keys))}")
    outputs = tuple(ast.Aliased(ast.Subscript(column, (ast.Number(0),)), column.name) for column in columns)
    edits = (distinct, *map(_first, columns), group_by)
    return Fix(edits, select, select.replace(distinct=False, columns=outputs, group_by=keys))


def _first(column: ast.Column) -> Edit:
    """Return the edit that selects the first value of a column in each group."""
    span, written = column.span or Span(0, 0), to_tql(column)
    return Edit(span.start, span.end, f"{written}[0] as {written}")


def _is_plain(scope: SelectScope) -> bool:
    """Tell whether a SELECT DISTINCT has different columns by which the engine groups exactly, of one dataset, and no clause but FROM and WHERE."""
    select = scope.select
    plain = ast.Select(select.columns, select.source, select.where, distinct=True)
    if select != plain or not (select.source is None or isinstance(select.source, ast.Table)):
        return False
    return len({*select.columns}) == len(select.columns) and all(_is_exact(column, scope) for column in select.columns)


def _keys(column: ast.Column, scope: SelectScope) -> tuple[ast.Expression, ...]:
    """Return the group keys of a column: itself, and whether it is null if it is a nullable text."""
    return (column, ast.IsNull(column)) if is_nullable_text(column, scope, "SELECT") else (column,)


def _is_exact(column: ast.Expression, scope: SelectScope) -> bool:
    """Tell whether an output is a column by which the engine groups exactly: a text, or an integer that float32 stores, without null."""
    known = scope.column(column)
    if known is None or not known.is_single or known.is_label or getattr(column, "table", None) is not None:
        return False
    return known.is_text or (known.dtype in SMALL and not known.nullable)


def _having(subject: Subject) -> Iterator[Finding]:
    """Yield HAVING."""
    for select in subject.selects:
        if select.having is not None:
            yield subject.finding(
                select.having,
                "the engine ignores HAVING and returns all groups",
                "filter the groups in an outer query: select * from (select .. group by ..) where ..",
                _outside(subject.text, select, select.having),
            )


def _outside(text: str, select: ast.Select, having: ast.Expression) -> Fix | None:
    """Return the fix that moves HAVING to the WHERE of an outer query; None if it reads anything but outputs, or a clause follows it."""
    condition = _on_outputs(having, select)
    if condition is None or select.span is None or having.span is None or having.span.end != select.span.end:
        return None
    found = HAVING.search(text[: having.span.start].rstrip(BLANKS), select.span.start)
    if found is None:
        return None
    end = last_end(text, select.span.start, found.end() - len("having"))
    where = Edit(found.end() - len("having"), having.span.end, f"where {to_tql(condition)}")
    edits = (Edit(select.span.start, select.span.start, "select * from ("), Edit(end, end, ")"), where)
    return Fix(edits, select, ast.Select((ast.Star(),), ast.Derived(select.replace(having=None)), condition))


def _on_outputs(having: ast.Expression, select: ast.Select) -> ast.Expression | None:
    """Return a condition with each aliased expression of a SELECT replaced by its alias. It is None where the condition reads anything else, or the key of the group by a name that is an alias too."""
    outputs = [output for output in select.columns if isinstance(output, ast.Aliased)]
    condition = rebuild(having, lambda node: next((ast.Column(o.alias) for o in outputs if o.expression == node), node))
    others = {ast.Column(output.alias) for output in outputs if not _is_value_of(output)}
    aliases = {ast.Column(output.alias) for output in outputs}
    keys = _columns(having) & _columns(*select.group_by)
    return condition if _columns(condition) <= aliases and not keys & others else None


def _columns(*nodes: ast.Expression) -> set[ast.Column]:
    """Return the columns that expressions read."""
    return {part for node in nodes for part in walk(node) if isinstance(part, ast.Column)}


def _is_value_of(output: ast.Aliased) -> bool:
    """Tell whether an output is the value of the column that its alias names: ``grp[0] as grp``."""
    node = output.expression
    first = isinstance(node, ast.Subscript) and node.indices == (ast.Number(0),)
    return first and isinstance(node, ast.Subscript) and node.operand == ast.Column(output.alias)


def _in_query(subject: Subject) -> Iterator[Finding]:
    """Yield IN with a subquery."""
    for _, part in subject.parts(ast.In):
        if isinstance(part.members, ast.Query):
            value = "true" if part.negated else "false"
            message = f"the engine never runs the subquery: the condition is {value} for every row"
            yield subject.finding(part, message, "run the subquery first, and write its values: x IN (1, 2)")


def _top(subject: Subject) -> Iterator[Finding]:
    """Yield LIMIT in a SELECT with TOP."""
    for select in subject.selects:
        if select.top is not None and select.limit is not None and select.limit.count is not None:
            yield subject.finding(
                select.limit, "the engine uses this LIMIT and ignores TOP, even if TOP is smaller", "keep one of them"
            )


class Ignored(NamedTuple):
    """
    A part of a node that the engine ignores.

    Attributes:
        what: its name in the message, a format string with the node as ``{0}``.
        of: returns it from the node, or a false value where it is absent.
        hint: the remedy, a format string too.
    """

    what: str
    of: Callable[[Any], object]
    hint: str = "remove it"


CLAUSES = (
    Ignored(
        "WITH",
        lambda query: query.with_,
        "write the query in place of the name {0.with_[0].name}: from (select ..)",
    ),
    Ignored("WITH HINT", lambda query: query.hints),
    Ignored("FOR", lambda query: query.locks),
)
COLUMN_NAMES = Ignored(
    "the column names after an alias",
    lambda source: source.alias_columns,
    "rename the columns in a subquery: (select id as x ..)",
)
# The ignored parts of each class of nodes.
IGNORED: dict[type, tuple[Ignored, ...]] = {
    ast.SetOperation: CLAUSES,
    ast.Select: (*CLAUSES, Ignored("EXPAND BY, which is deprecated", lambda select: select.expand_by)),
    ast.Derived: (COLUMN_NAMES,),
    ast.Table: (
        COLUMN_NAMES,
        Ignored("`{0.schema}.`", lambda table: table.schema, "remove it, or put the whole name in double quotes"),
    ),
    ast.Join: (Ignored("ON in a CROSS JOIN", lambda join: join.kind == "cross" and join.on, "write JOIN"),),
    ast.Function: (
        Ignored(
            "DISTINCT inside a function call",
            lambda call: call.distinct,
            "leave duplicates out in a subquery: from (select x[0] as x from .. group by x)",
        ),
    ),
    ast.Aliased: (Ignored("an alias of `*`", lambda output: isinstance(output.expression, ast.Star)),),
}


def _others(subject: Subject) -> Iterator[Finding]:
    """Yield the other clauses that the engine ignores."""
    for node in _holders(subject):
        for ignored in IGNORED.get(type(node), ()):
            found = ignored.of(node)
            if found:
                first = found[0] if isinstance(found, tuple) else found
                spans = (getattr(part, "span", None) for part in (first, node))
                span = next(filter(None, spans), Span(0, len(subject.text)))
                yield Finding(span, f"the engine ignores {ignored.what.format(node)}", ignored.hint.format(node))


def _holders(subject: Subject) -> Iterator[ast.Node]:
    """Yield the nodes that may have ignored parts: queries, their sources, calls and outputs."""
    for query in queries(subject.tree):
        yield query
        yield from joined(query.source) if isinstance(query, ast.Select) else ()
    yield from (node for _, node in subject.parts(ast.Function, ast.Aliased))


RULES = (
    Rule(
        code="TQL302",
        title="DISTINCT",
        severity="error",
        explanation="The engine parses DISTINCT and DISTINCT ON and ignores them.",
        example="select distinct grp from D",
        find=_distinct,
        meant="select grp[0] as grp from D group by grp",
    ),
    Rule(
        code="TQL303",
        title="HAVING",
        severity="error",
        explanation="The engine parses HAVING and ignores it, even if it names columns that do not exist.",
        example="select grp[0] as g, shape(id)[0] as n from D group by grp having shape(id)[0] > 6",
        find=_having,
        meant="select * from (select grp[0] as g, shape(id)[0] as n from D group by grp) where n > 6",
    ),
    Rule(
        code="TQL304",
        title="IN with a subquery",
        severity="error",
        explanation="The engine never runs the subquery, even if its source does not exist: IN is false for every row, and NOT IN is true.",
        example="select id from D where id in (select uid from U)",
        find=_in_query,
        meant="select id from D where id in (0, 1, 2, 3, 4, 5)",
    ),
    Rule(
        code="TQL310",
        title="clause that the engine ignores",
        severity="error",
        explanation="The engine parses and ignores WITH, WITH HINT, FOR UPDATE, EXPAND BY, column names after an alias of a source, ON in a CROSS JOIN, DISTINCT inside a function call, an alias of *, and a schema before the name of a table.",
        example="select d.x from D as d(x)",
        find=_others,
    ),
    Rule(
        code="TQL335",
        title="TOP with LIMIT",
        severity="error",
        explanation="If a SELECT has both TOP and LIMIT, the engine uses LIMIT, even if TOP is smaller.",
        example="select top 3 id from D limit 5",
        find=_top,
        meant="select id from D limit 3",
    ),
)
