"""Rules about clauses that the engine's parser accepts and the engine ignores."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tql_grammar import ast
from tql_grammar.ast import Span
from tql_grammar.lint.edits import Edit, last_end
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.lexer import BLANKS
from tql_grammar.typing.scopes import queries
from tql_grammar.walk import joined, rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HAVING = re.compile(r"\bhaving\Z", re.IGNORECASE)


def _distinct(subject: Subject) -> Iterator[Finding]:
    """Yield SELECT DISTINCT."""
    for select in subject.selects:
        if select.distinct or select.distinct_on:
            yield subject.finding(
                select,
                "the engine ignores DISTINCT: rows that are alike all come",
                "group by the columns: select grp[0] as grp from .. group by grp",
            )


def _having(subject: Subject) -> Iterator[Finding]:
    """Yield HAVING."""
    for select in subject.selects:
        if select.having is not None:
            yield subject.finding(
                select.having,
                "the engine ignores HAVING, whatever it says",
                "filter outside: select * from (select .. group by ..) where ..",
                _outside(subject.text, select, select.having),
            )


def _outside(text: str, select: ast.Select, having: ast.Expression) -> tuple[Edit, ...]:
    """Return the edits that filter the groups one level out, where the condition is one on outputs and nothing follows it."""
    condition = _on_outputs(having, select)
    if condition is None or select.span is None or having.span is None or having.span.end != select.span.end:
        return ()
    found = HAVING.search(text[: having.span.start].rstrip(BLANKS), select.span.start)
    if found is None:
        return ()
    end = last_end(text, select.span.start, found.end() - len("having"))
    where = Edit(found.end() - len("having"), having.span.end, f"where {to_tql(condition)}")
    return Edit(select.span.start, select.span.start, "select * from ("), Edit(end, end, ")"), where


def _on_outputs(having: ast.Expression, select: ast.Select) -> ast.Expression | None:
    """Return a condition with the aliases of a SELECT in the place of their expressions, or None where it reads anything else."""
    outputs = [output for output in select.columns if isinstance(output, ast.Aliased)]
    condition = rebuild(having, lambda node: next((ast.Column(o.alias) for o in outputs if o.expression == node), node))
    aliases = {ast.Column(output.alias) for output in outputs}
    read = {part for part in walk(condition) if isinstance(part, ast.Column)}
    return condition if read <= aliases else None


def _in_query(subject: Subject) -> Iterator[Finding]:
    """Yield IN with a sub-query."""
    for _, part in subject.parts(ast.In):
        if isinstance(part.members, ast.Query):
            rows = "all rows" if part.negated else "no rows"
            message = f"the engine never runs the sub-query: there are {rows}"
            yield subject.finding(part, message, "run it first, and write its values: x IN (1, 2)")


def _top(subject: Subject) -> Iterator[Finding]:
    """Yield TOP beside LIMIT."""
    for select in subject.selects:
        if select.top is not None and select.limit is not None and select.limit.count is not None:
            yield subject.finding(
                select.limit, "the engine ignores TOP beside it, even where it is smaller", "write one of them"
            )


class Ignored(NamedTuple):
    """
    What the engine ignores in a node.

    Attributes:
        what: how it is called, with the node for `format`.
        of: gives it, or what is false where it is not there.
        hint: what to write instead.
    """

    what: str
    of: Callable[[Any], object]
    hint: str = "leave it out"


CLAUSES = (
    Ignored("WITH", lambda query: query.with_),
    Ignored("WITH HINT", lambda query: query.hints),
    Ignored("FOR", lambda query: query.locks),
)
COLUMN_NAMES = Ignored(
    "the names of columns after an alias",
    lambda source: source.alias_columns,
    "name them in a sub-query: (select id as x ..)",
)
# What is ignored in nodes of each kind.
NOTHING: dict[type, tuple[Ignored, ...]] = {
    ast.SetOperation: CLAUSES,
    ast.Select: (*CLAUSES, Ignored("EXPAND BY, which is deprecated", lambda select: select.expand_by)),
    ast.Derived: (COLUMN_NAMES,),
    ast.Table: (
        COLUMN_NAMES,
        Ignored("`{0.schema}.`", lambda table: table.schema, "leave it out, or put the whole name in double quotes"),
    ),
    ast.Join: (Ignored("ON of a CROSS JOIN", lambda join: join.kind == "cross" and join.on, "write JOIN"),),
    ast.Function: (Ignored("DISTINCT inside of a call", lambda call: call.distinct),),
    ast.Aliased: (Ignored("a name for `*`", lambda output: isinstance(output.expression, ast.Star)),),
}


def _others(subject: Subject) -> Iterator[Finding]:
    """Yield the clauses that do nothing."""
    for node in _holders(subject):
        for ignored in NOTHING.get(type(node), ()):
            found = ignored.of(node)
            if found:
                first = found[0] if isinstance(found, tuple) else found
                spans = (getattr(part, "span", None) for part in (first, node))
                span = next(filter(None, spans), Span(0, len(subject.text)))
                yield Finding(span, f"the engine ignores {ignored.what.format(node)}", ignored.hint)


def _holders(subject: Subject) -> Iterator[ast.Node]:
    """Yield the nodes that may hold what is ignored: queries, what they take their rows from, calls and outputs."""
    for query in queries(subject.tree):
        yield query
        yield from joined(query.source) if isinstance(query, ast.Select) else ()
    yield from (node for _, node in subject.parts(ast.Function, ast.Aliased))


RULES = (
    Rule(
        code="TQL302",
        title="DISTINCT",
        severity="error",
        explanation="DISTINCT and DISTINCT ON are read and ignored.",
        example="select distinct grp from D",
        find=_distinct,
        meant="select grp[0] as grp from D group by grp",
    ),
    Rule(
        code="TQL303",
        title="HAVING",
        severity="error",
        explanation="HAVING is read and ignored, even where it names columns that do not exist.",
        example="select grp[0] as g, shape(id)[0] as n from D group by grp having shape(id)[0] > 6",
        find=_having,
        meant="select * from (select grp[0] as g, shape(id)[0] as n from D group by grp) where n > 6",
    ),
    Rule(
        code="TQL304",
        title="IN with a sub-query",
        severity="error",
        explanation="The sub-query is never run, even where its source does not exist: IN is false for every row, NOT IN true.",
        example="select id from D where id in (select uid from U)",
        find=_in_query,
        meant="select id from D where id in (0, 1, 2, 3, 4, 5)",
    ),
    Rule(
        code="TQL310",
        title="clause that does nothing",
        severity="error",
        explanation="WITH, WITH HINT, FOR UPDATE, EXPAND BY, names of columns after an alias, ON of a CROSS JOIN, DISTINCT inside of a call, a name for *, and what stands before the dot in the name of a table are read and ignored.",
        example="select d.x from D as d(x)",
        find=_others,
    ),
    Rule(
        code="TQL335",
        title="TOP beside LIMIT",
        severity="error",
        explanation="LIMIT wins over TOP, whichever is smaller.",
        example="select top 3 id from D limit 5",
        find=_top,
        meant="select id from D limit 3",
    ),
)
