"""Texts, JSON and arrays that an outer join has in a subquery: where nothing matches, the engine reads a missing one as an empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope


# The functions that no missing array meets, as no empty one does.
SAME_FOR_EMPTY = frozenset({"any", "contains"})


def require_matched(node: Expression, operand: Expression, scope: Scope) -> None:
    """
    Require that a condition has one value for a missing text and for an empty one.

    Raises:
        ArgumentError: it differs for them, and only the query of the join has both.
    """
    if not isinstance(operand, ast.Column) or operand.table is not None or operand.name not in scope.lacking:
        return
    if not _is_same_for_both(node):
        from tql_grammar.printing.printer import to_tql

        rule = f"takes no such test of `{operand.name}`, which is missing where a join has no match, or in one query of a set operation"
        why = "a query over these reads a missing text as an empty one"
        hint = "put the condition in the query of the join, select(..).join(..).where(col('t', of='b').is_null()), or in those of the set operation"
        raise ArgumentError("where", rule, f"`{to_tql(node)}`", hint, why=why)


def require_elements(node: ast.Function | ast.Subscript, scope: Scope) -> None:
    """
    Require that an array of which a function or a subscript takes elements is never missing.

    Raises:
        ArgumentError: a join has rows without it, which the engine reads as empty arrays, or fails to read.
    """
    if isinstance(node, ast.Function) and node.name.lower() in SAME_FOR_EMPTY:
        return
    parts = node.arguments if isinstance(node, ast.Function) else (node.operand,)
    for column in _arrays(parts):
        known = scope.column(column)
        if known is not None and known.nullable and known.shape:
            from tql_grammar.printing.printer import to_tql

            rule = f"takes an array that is never missing, and `{column.name}` is where a join has no match"
            hint = f"leave those rows out: .where(col({column.name!r}).is_not_null()), in an inner query if this is a condition; or compute it in the source of the join"
            why = "the engine reads a missing array as an empty one, or fails"
            subject = node.name if isinstance(node, ast.Function) else "[]"
            raise ArgumentError(subject, rule, to_tql(node), hint, why=why)


def _arrays(nodes: Iterable[Expression]) -> Iterator[ast.Column]:
    """Yield the columns in expressions, below arithmetic and comparisons."""
    for node in nodes:
        if isinstance(node, ast.Column):
            yield node
        elif isinstance(node, ast.Chain):
            yield from _arrays(node.operands)
        elif isinstance(node, ast.Comparison):
            yield from _arrays((node.left, node.right))
        elif isinstance(node, ast.Negate):
            yield from _arrays((node.operand,))


def _is_same_for_both(node: Expression) -> bool:
    """Tell whether neither a missing text nor an empty one meets a condition."""
    if isinstance(node, ast.Comparison):
        return node.operator == "=" and _is_text(node.right)
    return isinstance(node, ast.In) and isinstance(node.members, tuple) and all(map(_is_text, node.members))


def _is_text(node: object) -> bool:
    """Tell whether a node is a text that is not empty."""
    return isinstance(node, ast.String) and bool(node.value)
