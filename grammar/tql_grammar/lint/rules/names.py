"""Rules about names: which ones a clause can see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.edits import wrapped
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import written_names
from tql_grammar.schema import did_you_mean
from tql_grammar.typing.scopes import expressions
from tql_grammar.walk import own_parts, subselect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql_grammar.record import Record


def columns_read(node: Record) -> Iterator[ast.Column]:
    """Yield the columns that an expression reads at its own level."""
    stack: list[object] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Column):
            yield part
        elif isinstance(part, ast.Node) and not isinstance(part, ast.Query):
            stack.extend(reversed([getattr(part, field) for field in part._fields]))
        elif isinstance(part, tuple):
            stack.extend(reversed(part))


def _offered(source: ast.Source | None) -> set[str]:
    """Return the names that a sub-query as the source is known to offer."""
    inner = subselect(source)
    return set() if inner is None else written_names(inner.columns)


def _own_aliases(select: ast.Select) -> set[str]:
    """Return the aliases that a SELECT makes and its source is not known to have, nor the aliased expression reads itself."""
    aliased = [output for output in select.columns if isinstance(output, ast.Aliased)]
    if not aliased:
        return set()
    read = {column.name for output in aliased for column in columns_read(output.expression)}
    return (
        {output.alias for output in aliased}
        - read
        - _offered(select.source)
        - {output.name for output in select.columns if isinstance(output, ast.Column)}
    )


def _clauses(select: ast.Select) -> Iterable[tuple[str, Record]]:
    """Return the clauses that look names up in the source, each with its name."""
    return ((clause, node) for clause, node in expressions(select) if clause != "SELECT")


def _alias_at_own_level(subject: Subject) -> Iterator[Finding]:
    """Yield the uses of an alias in the SELECT that makes it."""
    for select in subject.selects:
        aliases = _own_aliases(select)
        for clause, node in _clauses(select) if aliases else ():
            for column in columns_read(node):
                if column.table is None and column.name in aliases and column.span is not None:
                    message = f'`{column.name}` is an alias of this SELECT, and {clause} sees the columns of the source only: the engine answers `Tensor "{column.name}" does not exist in the dataset.`'
                    hint = (
                        f"put {clause} outside: select * from (select .. as {column.name} from ..) {clause.lower()} .."  # noqa: S608 - advice
                    )
                    edits = wrapped(subject.text, select, select.order_by[0]) if _is_only_key(node, select) else ()
                    yield Finding(column.span, message, hint, edits)


def _is_only_key(node: Record, select: ast.Select) -> bool:
    """Tell whether a node is the one key of an order, and can be moved one level out: the SELECT gives every column that it reads."""
    if len(select.order_by) != 1 or node is not select.order_by[0] or select.group_by:
        return False
    return {column.name for column in columns_read(node)} <= written_names(select.columns)


def _unknown_alias(subject: Subject) -> Iterator[Finding]:
    """Yield the columns that are said to be of a source that is not there."""
    for scope, part in subject.parts(ast.Column, ast.Star):
        table = part.table
        if table is not None and table not in scope.aliases:
            known = ", ".join(scope.aliases)
            hint = f"the aliases are {known}" if known else f'give the source the alias: from ".." as {table}'
            written = subject.written(part)
            yield subject.finding(
                part, f"the engine answers `Dataset alias {table} in expression {written} is not found.`", hint
            )


def _unknown_column(subject: Subject) -> Iterator[Finding]:
    """Yield the names that no column of the source has."""
    for _, scope, clause, _, column in subject.places(ast.Column):
        seen = scope.columns if column.table is None else scope.aliases.get(column.table)
        if seen is None or column.name in seen:
            continue
        own = clause != "SELECT" and column.table is None and column.name in _own_aliases(scope.select)
        if not own:
            message = f'the engine answers `Tensor "{column.name}" does not exist in the dataset.`'
            yield subject.finding(column, message, _meant(subject, column, seen))


def _meant(subject: Subject, column: ast.Column, seen: Iterable[str]) -> str:
    """Return the hint about a name that no column has; in double quotes it may be a text, which only its author knows."""
    hint = did_you_mean(column.name, seen)
    quoted = subject.written(column).startswith('"') and column.table is None
    return f"{hint}; a text is written in single quotes" if quoted else hint


def _ambiguous(subject: Subject) -> Iterator[Finding]:
    """Yield the names that both sides of a join have."""
    for scope in subject.scopes:
        if not isinstance(scope.select.source, ast.Join):
            continue
        for _, node in expressions(scope.select):
            for part in own_parts(node):
                if isinstance(part, ast.Column) and part.table is None and part.name in scope.ambiguous:
                    message = f"the engine answers `Column {part.name} appears in multiple datasets aliases`"
                    yield subject.finding(part, message, f"say which one: {next(iter(scope.aliases), 'a')}.{part.name}")
                elif isinstance(part, ast.Star) and scope.ambiguous:
                    shared = ", ".join(sorted(scope.ambiguous))
                    message = f"both sources have {shared}: the engine answers `Tensor '..' appears in multiple input datasets.`"
                    yield subject.finding(part, message, "name the columns: a.id as x, b.id as y")


RULES = (
    Rule(
        code="TQL213",
        title="alias of a source that is not there",
        severity="error",
        explanation="`a.id` needs a source with the alias a; the engine refuses the query.",
        example="select d.id from D",
        find=_unknown_alias,
        meant="select d.id from D as d",
    ),
    Rule(
        code="TQL215",
        title="column that does not exist",
        severity="error",
        explanation="Names of columns are case-sensitive, and those of a sub-query are what it selects. Known with a schema only. The engine refuses the query.",
        example="select ID from D",
        find=_unknown_column,
        meant="select id from D",
    ),
    Rule(
        code="TQL216",
        title="column that both sides of a join have",
        severity="error",
        explanation="A name that both sources have needs the alias of one of them, and `*` is refused. Known with a schema only.",
        example="select id from D as a join U as b on a.id = b.uid",
        find=_ambiguous,
        meant="select a.id as id from D as a join U as b on a.id = b.uid",
    ),
    Rule(
        code="TQL210",
        title="alias used at its own level",
        severity="error",
        explanation="WHERE, ORDER BY and GROUP BY see the columns of the source, not the aliases of the same SELECT. The engine refuses the query, or takes a column of the source that has the same name.",
        example="select id + 1 as next from D order by next",
        find=_alias_at_own_level,
        meant="select * from (select id + 1 as next from D) order by next",
    ),
)
