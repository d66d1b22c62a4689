"""Conditions on texts and JSON that an outer join has in a subquery: where nothing matches, the engine reads a missing one as an empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope


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

        rule = f"takes no such test of `{operand.name}`, which is missing where a join has no match"
        why = "a query over the join reads a missing text as an empty one"
        hint = "put the condition in the query of the join: select(..).join(..).where(col('t', of='b').is_null())"
        raise ArgumentError("where", rule, f"`{to_tql(node)}`", hint, why=why)


def _is_same_for_both(node: Expression) -> bool:
    """Tell whether neither a missing text nor an empty one meets a condition."""
    if isinstance(node, ast.Comparison):
        return node.operator == "=" and _is_text(node.right)
    return isinstance(node, ast.In) and isinstance(node.members, tuple) and all(map(_is_text, node.members))


def _is_text(node: object) -> bool:
    """Tell whether a node is a text that is not empty."""
    return isinstance(node, ast.String) and bool(node.value)
