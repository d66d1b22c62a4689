"""Rule about conditions and searches that an index answers which was built before rows of its column were updated. It needs a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import INDEXED
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.literals import is_literal
from tql_grammar.schema import TEXT_INDEXES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope

MESSAGE = "rows of `{0}` were updated or deleted after its index was built: the engine finds updated rows by their old values, ranks words by wrong scores, and finds fewer of the nearest than a limit asks for"
RANKED = {**INDEXED, "mmr_similarity": "desc"}
AGAIN = "drop and create the index, with a commit after each, or "


def _stale(subject: Subject) -> Iterator[Finding]:
    """Yield conditions of WHERE, and first keys of ORDER BY with LIMIT, that a stale index answers."""
    for place in subject.places(ast.Comparison, ast.In, ast.Between, ast.Function):
        found = _condition(place.part, place.scope) if place.clause == "WHERE" else None
        if found is not None:
            column, hint = found
            written = subject.written(column)
            yield subject.finding(place.part, MESSAGE.format(written), AGAIN + hint.format(written))
    for scope in subject.scopes:
        for key in scope.select.order_by[:1] if scope.select.limit is not None else ():
            found = _search(key, *subject.computed(key.expression, scope))
            if found is not None:
                column, hint = found
                written = subject.written(column)
                yield subject.finding(key, MESSAGE.format(written), AGAIN.removesuffix(", or ") + hint.format(written))


def _condition(node: ast.Node, scope: SelectScope) -> tuple[ast.Expression, str] | None:
    """Return the column of a condition that a stale index answers, and a hint; None for any other condition."""
    operand, hint = _operand(node)
    column = None if operand is None else scope.column(operand)
    if operand is None or column is None or not column.is_stale:
        return None
    return (operand, hint) if _uses_index(node, column) else None


def _operand(node: ast.Node) -> tuple[ast.Expression | None, str]:
    """Return the operand that decides whether the engine uses an index, and the form of the condition that uses none."""
    if isinstance(node, ast.Comparison):
        return (node.left if is_literal(node.right) else None), "write the literal first: 3 = {0}"
    if isinstance(node, ast.In):
        return node.operand, "write 1 = {0} or 2 = {0}"
    if isinstance(node, ast.Between):
        return node.operand, "write 1 <= {0} and 5 >= {0}"
    found = isinstance(node, ast.Function) and node.name.lower() == "contains" and node.arguments
    return (node.arguments[0] if found else None), "write {0} like '*word*'"  # type: ignore[attr-defined]  # a call


def _uses_index(node: ast.Node, column: Column) -> bool:
    """Tell whether the engine answers a condition by an index of its column."""
    if column.is_number:
        return "inverted" in column.indexes and not isinstance(node, ast.Function)
    if not column.is_text or not TEXT_INDEXES & {*column.indexes}:
        return False
    if isinstance(node, ast.Function):
        return True
    equal = isinstance(node, ast.In) or (isinstance(node, ast.Comparison) and node.operator == "=")
    return equal and "exact" in column.indexes


def _search(key: ast.Order, call: ast.Node, scope: SelectScope) -> tuple[ast.Expression, str] | None:
    """Return the column of a search by a stale index, and a hint, of a key and what it computes; None for any other key."""
    if not isinstance(call, ast.Function) or not call.arguments:
        return None
    name = call.name.lower()
    searched = _searched(call.arguments[0])
    column = scope.column(searched)
    if column is None or not column.is_stale:
        return None
    if name == "bm25_similarity":
        return searched, ""
    is_search = (key.direction or "asc") == RANKED.get(name)
    return (searched, ", or write {0} * 1, which uses no index") if is_search else None


def _searched(operand: ast.Expression) -> ast.Expression:
    """Return the column of a search: the argument, or the left side of a difference."""
    is_difference = isinstance(operand, ast.Chain) and operand.operators == ("-",)
    return operand.operands[0] if is_difference else operand  # type: ignore[attr-defined]  # a chain


RULES = (
    Rule(
        code="TQL528",
        title="condition or search on an index that is not current",
        severity="warning",
        explanation="The engine does not update the indexes of a column with its rows: a condition or a search that an index answers finds an updated row by its old value. After a deletion BM25 ranks by wrong scores, the same text has two, and a search of embeddings has fewer rows than its limit. Reported only with a schema that says `stale`, as `Schema.from_dataset` does.",
        example="select id from P where num = 99",
        find=_stale,
        meant="select id from P where 99 = num",
        needs_schema=True,
    ),
)
