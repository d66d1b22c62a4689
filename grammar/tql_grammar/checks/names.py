"""Know the traps about names: which ones a clause can see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.checks.rule import Finding, Rule, Subject
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql_grammar.record import Record


def _selects(tree: ast.Query) -> Iterator[ast.Select]:
    """Yield every SELECT of a text."""
    return (node for node in walk(tree) if isinstance(node, ast.Select))


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
    if not isinstance(source, ast.Derived) or not isinstance(source.query, ast.Select):
        return set()
    return {
        output.alias if isinstance(output, ast.Aliased) else output.name
        for output in source.query.columns
        if isinstance(output, (ast.Aliased, ast.Column))
    }


def _own_aliases(select: ast.Select) -> set[str]:
    """Return the aliases that a SELECT makes and its source is not known to have, nor the aliased expression reads itself."""
    aliased = [output for output in select.columns if isinstance(output, ast.Aliased)]
    read = {column.name for output in aliased for column in columns_read(output.expression)}
    return (
        {output.alias for output in aliased}
        - read
        - _offered(select.source)
        - {output.name for output in select.columns if isinstance(output, ast.Column)}
    )


def _clauses(select: ast.Select) -> Iterable[tuple[str, Record]]:
    """Yield the clauses that look names up in the source, each with its name."""
    if select.where is not None:
        yield "WHERE", select.where
    for key in select.order_by:
        yield "ORDER BY", key


def _alias_at_own_level(subject: Subject) -> Iterator[Finding]:
    """Yield the uses of an alias in the SELECT that makes it."""
    for select in _selects(subject.tree):
        aliases = _own_aliases(select)
        for clause, node in _clauses(select):
            for column in columns_read(node):
                if column.table is None and column.name in aliases and column.span is not None:
                    yield Finding(
                        column.span,
                        f'`{column.name}` is an alias of this SELECT, and {clause} sees the columns of the source only: the engine answers `Tensor "{column.name}" does not exist in the dataset.`',
                        f"put {clause} outside: select * from (select .. as {column.name} from ..) {clause.lower()} ..",  # noqa: S608 - advice
                    )


RULES = (
    Rule(
        code="TQL210",
        title="alias used at its own level",
        severity="error",
        explanation="WHERE, ORDER BY and GROUP BY see the columns of the source, not the aliases of the same SELECT. The engine refuses the query, or takes a column of the source that has the same name.",
        example="select id + 1 as next from D order by next",
        find=_alias_at_own_level,
    ),
)
