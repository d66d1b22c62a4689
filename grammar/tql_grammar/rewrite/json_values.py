"""JSON values: the forms that the engine evaluates correctly, and the errors for those in which it finds no row or ends its process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope

LITERALS = (ast.Number, ast.String, ast.Boolean, ast.Null, ast.Parameter, ast.Array, ast.Vector)
# On a number that a subquery took from JSON, these find the right rows; the others find JSON's null too.
EXACT_OUTSIDE = frozenset({"=", ">", ">="})
QUANTIFIERS = frozenset({"any", "all", "all_strict"})


def is_json_value(node: object) -> bool:
    """Tell whether *node* is a value of JSON: ``meta['year']``, ``meta['tags'][0]``."""
    while isinstance(node, ast.Subscript):
        if node.is_keyed:
            return True
        node = node.operand
    return False


def value_names(outputs: Mapping[str, Expression]) -> frozenset[str]:
    """Return the names of the outputs that are values of JSON."""
    return frozenset(label for label, node in outputs.items() if is_json_value(node))


def require_selectable(subject: str, node: Record) -> None:
    """
    Refuse a selected expression over JSON that ends the engine's process.

    It compares a value of JSON with literals there, one comparison at a time.
    """
    for part in walk(node):
        joined = isinstance(part, (ast.And, ast.Or)) and any(map(_tests_value, part.operands))
        compared = isinstance(part, ast.Comparison) and _compares_with_column(part)
        if joined or compared:
            kind = "AND or OR over a value of JSON" if joined else "the comparison of a value of JSON with a column"
            rule = f"takes no {kind} as an output: the engine's process ends"
            hint = "put the condition in where(..), or select the columns and compare the rows in Python"
            raise ArgumentError(subject, rule, _written(part), hint)


def _tests_value(node: Expression) -> bool:
    """Tell whether an operand of AND or OR tests a value of JSON in another way than by IS NULL."""
    return any(
        not isinstance(part, ast.IsNull) and any(map(is_json_value, _children(part)))
        for part in walk(node)
        if isinstance(part, (ast.Comparison, ast.Like, ast.In, ast.Between, ast.Function))
    )


def _children(node: Record) -> tuple[object, ...]:
    """Return what a condition tests."""
    if isinstance(node, ast.Comparison):
        return node.left, node.right
    return node.arguments if isinstance(node, ast.Function) else (node.operand,)  # type: ignore[attr-defined]  # LIKE, IN, BETWEEN


def _compares_with_column(node: ast.Comparison) -> bool:
    """Tell whether a value of JSON is compared with what is neither a literal nor JSON."""
    sides = node.left, node.right
    return any(map(is_json_value, sides)) and not all(
        is_json_value(side) or isinstance(side, (*LITERALS, ast.Negate)) for side in sides
    )


def require_inside(node: Expression, operand: Expression, scope: Scope) -> None:
    """Refuse a condition, or a subscript, on a value of JSON that a subquery selected, where the engine finds no row or ends its process."""
    if not (isinstance(operand, ast.Column) and operand.table is None and operand.name in scope.json_values):
        return
    if isinstance(node, ast.Comparison) and node.operator in EXACT_OUTSIDE and not isinstance(node.right, ast.String):
        return
    rule = f"takes no such test of `{operand.name}`, a value of JSON that the source selects: outside of that query the engine reads it wrongly"
    hint = "put the condition in the query that selects it: select(..).where(col('meta')['key'] == ..)"
    raise ArgumentError("where / order_by", rule, _written(node), hint)


def quantified(node: ast.Function) -> ast.Function:
    """
    Return ``any(keys(m) = 'k')`` as ``contains(keys(m), 'k')``; the engine finds no row for the first.

    Raises:
        ArgumentError: it is another test of the elements of JSON, for which the engine has no form.
    """
    name = node.name.lower()
    if name not in QUANTIFIERS or len(node.arguments) != 1:
        return node
    (test,) = node.arguments
    if not isinstance(test, ast.Comparison) or not _is_list(test.left):
        return node
    if name == "any" and test.operator == "=" and isinstance(test.right, LITERALS):
        return ast.Function("contains", (test.left, test.right))
    rule = "takes no comparison of the elements of JSON but `==` inside fn.any: the engine compares none of the others"
    subject = f"fn.{name}"
    raise ArgumentError(subject, rule, _written(test), "test for an element with fn.any(col(..) == value)")


def _is_list(node: Expression) -> bool:
    """Tell whether *node* is a list from JSON: its keys, or one of its values."""
    return is_json_value(node) or (isinstance(node, ast.Function) and node.name.lower() == "keys")


def _written(node: Record) -> str:
    """Return an expression as TQL."""
    from tql_grammar.printing.printer import to_tql

    return f"`{to_tql(node)}`"  # type: ignore[arg-type]  # a node
