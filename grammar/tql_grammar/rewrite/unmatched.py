"""Texts, JSON and arrays that an outer join has in a subquery: where nothing matches, the engine reads a missing one as an empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import OF_ONE_ROW
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope


# The functions that no missing array meets, as no empty one does.
SAME_FOR_EMPTY = frozenset({"any", "contains"})
# The functions that read a missing value rightly.
OF_MISSING = frozenset({"contains", *OF_ONE_ROW})


def require_matched(node: Expression, operand: Expression, scope: Scope) -> None:
    """
    Require that a condition has one value for a missing text and for an empty one.

    Raises:
        ArgumentError: it differs for them, and only the query of the join has both.
    """
    if not isinstance(operand, ast.Column) or operand.table is not None or not _is_lacking(node, operand, scope):
        return
    if not _is_same_for_both(node):
        from tql_grammar.printing.printer import to_tql

        rule = f"takes no such test of `{operand.name}`, which is missing where a join has no match, or in one query of a set operation"
        why = "a query over these reads a missing text or array as an empty one"
        hint = "put the condition in the query of the join, select(..).join(..).where(col('t', of='b').is_null()), or in those of the set operation"
        raise ArgumentError("where", rule, f"`{to_tql(node)}`", hint, why=why)


def require_present(node: ast.Function | ast.Subscript | ast.Chain, scope: Scope) -> None:
    """
    Require that nothing is computed from a column of unknown type that is missing where a join has no match.

    Raises:
        ArgumentError: something is; without the type no form is known that the engine computes rightly, and it may end.
    """
    if not scope.lost or (isinstance(node, ast.Function) and node.name.lower() in OF_MISSING):
        return
    read = (part for root in _computed(node) for part in walk(root))
    name = next((part.name for part in read if isinstance(part, ast.Column) and part.name in scope.lost), None)
    if name is not None:
        from tql_grammar.printing.printer import to_tql

        rule = f"takes a column that has a value in each row, and `{name}` has none where the join has no match"
        why = "the engine computes with memory that it never wrote, or ends"
        hint = f"give the types of the columns by from_(.., schema=..) and join(.., schema=..), or leave those rows out: .where(col({name!r}, of='b').is_not_null()) in the query of the join"
        raise ArgumentError(_subject(node), rule, f"`{to_tql(node)}`", hint, why=why)


def _computed(node: ast.Function | ast.Subscript | ast.Chain) -> tuple[Expression, ...]:
    """Return the operands that the engine computes with; the first one of arithmetic may be null."""
    if isinstance(node, ast.Chain):
        return node.operands[1:]
    return node.arguments if isinstance(node, ast.Function) else (node.operand,)


def _subject(node: ast.Function | ast.Subscript | ast.Chain) -> str:
    """Return the name of an operation."""
    if isinstance(node, ast.Chain):
        return node.operators[0]
    return node.name if isinstance(node, ast.Function) else "[]"


def _is_lacking(node: Expression, operand: ast.Column, scope: Scope) -> bool:
    """Tell whether a missing value of a column is read as an empty one: a text or JSON, and an array without a fixed length by a test for null."""
    column = scope.column(operand)
    is_array = isinstance(node, ast.IsNull) and column is not None and column.nullable and None in column.shape
    return is_array or operand.name in scope.lacking


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
            hint = f"leave those rows out in the query of the join: .where(col({column.name!r}, of='b').is_not_null()); or compute it in the source of the join"
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
