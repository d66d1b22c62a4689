"""JSON values: forms that the engine evaluates correctly, and errors for those with which it matches no row or crashes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite.comparison import MIRRORED
from tql_grammar.rewrite.elements import is_quantified
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.rewrite.logic import JOINS, LEAVES, conjunction, negation
from tql_grammar.rewrite.nullable import missing
from tql_grammar.rewrite.scope import Values
from tql_grammar.typing.inference import infer
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope

N = TypeVar("N", bound=ast.Node)
LITERALS = (ast.Number, ast.String, ast.Boolean, ast.Null, ast.Parameter, ast.Array, ast.Vector)
# These find the right numbers of a value of JSON on the left, also one level out; the others find JSON's null too.
EXACT = frozenset({"=", ">", ">="})
BELOW, ABOVE = frozenset({"<", "<="}), frozenset({">", ">="})
# The engine orders null, lists and objects before texts, and texts before numbers: no text is below the first of these bounds, and no number below the second.
FIRST_TEXT, LOWEST = ast.String(""), ast.Negate(ast.Number(sys.float_info.max))
# The types of 8 and 16 bits, with which the engine compares JSON wrongly.
NARROW = frozenset({"int8", "int16", "uint8", "uint16"})


def is_json_value(node: object) -> bool:
    """Tell whether *node* is a value of JSON: ``meta['year']``, ``meta['tags'][0]``."""
    # Each subscript of a chain keeps the answer, since each of them is asked.
    passed: list[ast.Subscript] = []
    found = False
    while isinstance(node, ast.Subscript):
        known: bool | None = node.__dict__.get("_of_json")
        if known is not None or node.is_keyed:
            found = known is not False
            break
        passed.append(node)
        node = node.operand
    for part in passed:
        part.__dict__["_of_json"] = found
    return found


def value_names(outputs: Mapping[str, Expression]) -> frozenset[str]:
    """Return the names of the outputs that are values of JSON."""
    return frozenset(label for label, node in outputs.items() if is_json_value(node))


def require_selectable(subject: str, node: Record) -> None:
    """
    Raise ArgumentError for an output that reads JSON and crashes the engine process.

    In outputs, the engine supports single comparisons of a value of JSON with literals only, and no element of a list unless it computes with it.
    """
    _reject_element(subject, node.expression if isinstance(node, ast.Aliased) else node)
    for part in walk(node):
        kind = _crashing(part)
        if kind is not None:
            rule, why = f"takes no {kind} as an output", "it crashes the engine process"
            hint = "put the condition in where(..), or select the columns and compare the rows in Python"
            raise ArgumentError(subject, rule, _written(part), hint, why=why)


def _crashing(part: Record) -> str | None:
    """Return the name of a condition over JSON that crashes the engine process as an output, or None for any other part."""
    if isinstance(part, (ast.And, ast.Or)) and any(map(_tests_value, part.operands)):
        return "AND or OR over a value of JSON"
    if isinstance(part, ast.Comparison) and _compares_with_column(part):
        return "comparison of a value of JSON with a column"
    return None


def _reject_element(subject: str, output: Record) -> None:
    """Raise ArgumentError for an element of a list in JSON as an output."""
    if isinstance(output, ast.Subscript) and not output.is_keyed and is_json_value(output):
        rule, why = "takes no element of a list in JSON as an output", "the engine fails with an error"
        hint = "compute with a number: add 0; or select the list, and take the element in Python"
        raise ArgumentError(subject, rule, _written(output), hint, why=why)


def _tests_value(node: Expression) -> bool:
    """Tell whether an operand of AND or OR tests a value of JSON, other than with IS NULL."""
    return any(
        not isinstance(part, ast.IsNull) and any(map(is_json_value, _children(part)))
        for part in walk(node)
        if isinstance(part, (ast.Comparison, ast.Like, ast.In, ast.Between, ast.Function))
    )


def _children(node: Record) -> tuple[object, ...]:
    """Return the operands of a condition."""
    if isinstance(node, ast.Comparison):
        return node.left, node.right
    return node.arguments if isinstance(node, ast.Function) else (node.operand,)  # type: ignore[attr-defined]  # LIKE, IN, BETWEEN


def _compares_with_column(node: ast.Comparison) -> bool:
    """Tell whether a comparison is between a value of JSON and something other than a literal or JSON."""
    sides = node.left, node.right
    return any(map(is_json_value, sides)) and not all(
        is_json_value(side) or isinstance(side, (*LITERALS, ast.Negate)) for side in sides
    )


def require_inside(node: Expression, operand: Expression, scope: Scope) -> None:
    """Raise ArgumentError for a condition or subscript on a JSON value of a subquery with which the engine matches no row or crashes."""
    if not (isinstance(operand, ast.Column) and operand.table is None and operand.name in scope.json_values):
        return
    if isinstance(node, ast.Comparison) and node.operator in EXACT and not isinstance(node.right, ast.String):
        return
    rule = f"takes no such test of `{operand.name}`, a value of JSON that the source selects"
    why = "the engine evaluates it correctly only in the query that selects it"
    hint = "put the condition in the query that selects it: select(..).where(col('meta')['key'] == ..)"
    raise ArgumentError("where / order_by", rule, _written(node), hint, why=why)


def of_same_type(node: Expression, scope: Scope) -> Expression:
    """
    Return the condition of a WHERE in which a value of JSON meets a comparison only if it has the type of the literal; the engine orders values of all types, null first.

    ``m['n'] < 5`` becomes ``m['n'] >= LOWEST and m['n'] < 5``, and ``m['s'] > 'b'`` becomes ``m['s'] < LOWEST and m['s'] > 'b'``.
    Between two literals, as in BETWEEN, each order is the bound of the other one.
    """
    if isinstance(node, ast.Comparison):
        return _bounded(as_computed(node, scope))
    if not isinstance(node, (ast.And, ast.Or, ast.Not)):
        return node
    return rebuild(node, lambda part: _with_bounds(part, scope), opaque=LEAVES)


def _with_bounds(node: Record, scope: Scope) -> Record:
    """Return AND, OR or NOT with what its comparisons need."""
    if isinstance(node, ast.Not):
        return negation(_operand(node.operand, scope))
    if isinstance(node, ast.And):
        return conjunction(_operand(operand, scope, node.operands) for operand in node.operands)
    return JOINS[ast.Or](_operand(operand, scope) for operand in node.operands) if isinstance(node, ast.Or) else node


def _operand(node: Expression, scope: Scope, others: Iterable[Expression] = ()) -> Expression:
    """Return an operand with what it needs in an AND with other conditions, if it is a comparison."""
    return _bounded(as_computed(node, scope), others) if isinstance(node, ast.Comparison) else node


def as_computed(node: ast.Comparison, scope: Scope) -> ast.Comparison:
    """
    Return a comparison of a value of JSON with a column that the engine compares with numbers only: ``v = m['n'] + 0``.

    It finds no row, or all, for a column of 8 or 16 bits, and crashes in a row in which a nullable number is null.
    """
    if not _is_value(node.left, scope) or not _takes_numbers(node.right, scope):
        return node
    return ast.Comparison(MIRRORED[node.operator], node.right, ast.Chain(("+",), (node.left, ast.Number(0))))


def _takes_numbers(node: Expression, scope: Scope) -> bool:
    """Tell whether an expression is of 8 or 16 bits, or a number or bool that can be null."""
    if isinstance(node, LITERALS) or is_json_value(node):
        return False
    found = infer(node, Values(scope))
    return bool(missing(node, scope)) or (found is not None and found.dtype in NARROW)


def _is_value(node: Expression, scope: Scope) -> bool:
    """Tell whether an expression is a value of JSON, or a column that is one which the source selects."""
    return is_json_value(node) or (
        isinstance(node, ast.Column) and node.table is None and node.name in scope.json_values
    )


def _bounded(node: ast.Comparison, others: Iterable[Expression] = ()) -> Expression:
    """Return a comparison that no value of JSON of another type meets, given that the conditions *others* are true."""
    bound = _bound(node) if is_json_value(node.left) and not is_json_value(node.right) else None
    return node if bound is None or _is_bounded_by(node, others) else conjunction([bound, node])


def _bound(node: ast.Comparison) -> Expression | None:
    """Return the condition that excludes null, and values of JSON of another type than a literal; None where the engine compares rightly."""
    value, kind = node.left, _literal_type(node.right)
    if node.operator in BELOW and kind is not None:
        return ast.Comparison(">=", value, FIRST_TEXT if kind is str else LOWEST)
    if node.operator in ABOVE and kind is str:
        return ast.Comparison("<", value, LOWEST)
    return None if node.operator in EXACT else ast.IsNull(value, negated=True)


def _is_bounded_by(node: ast.Comparison, others: Iterable[Expression]) -> bool:
    """Tell whether another condition is the other bound of the same value, with a literal of the same type."""
    opposite = {**dict.fromkeys(BELOW, ABOVE), **dict.fromkeys(ABOVE, BELOW)}.get(node.operator, frozenset())
    return any(
        isinstance(other, ast.Comparison)
        and other.left == node.left
        and other.operator in opposite
        and _literal_type(other.right) is _literal_type(node.right) is not None
        for other in others
    )


def _literal_type(node: Expression) -> type | None:
    """Return the type of a text or a number; None for any other expression."""
    unsigned = node.operand if isinstance(node, ast.Negate) else node
    return str if isinstance(node, ast.String) else float if isinstance(unsigned, ast.Number) else None


def type_or_false(node: N) -> N:
    """
    Return an output, a sort key or a group key in which a value of JSON of another type meets no comparison.

    The engine crashes on AND over a value of JSON outside of WHERE, so the bound is a factor: ``(m['n'] >= LOWEST) * (m['n'] < 5)``.
    """
    return rebuild(node, _with_factor, opaque=VerbatimExpression) if any(map(is_json_value, walk(node))) else node


def _with_factor(node: Record) -> Record:
    """Return a comparison times the bound of its value of JSON, where it needs one."""
    found = _bounded(node) if isinstance(node, ast.Comparison) else node
    return ast.Chain(("*",), found.operands) if isinstance(found, ast.And) and found is not node else found


def value_first(node: N, scope: Scope) -> N | ast.Comparison:
    """Return a comparison with the value of JSON on the left: on the right the engine takes `<` for `<=`, and `<=` for `<`."""
    if isinstance(node, ast.Comparison) and _is_value(node.right, scope) and not _is_value(node.left, scope):
        return ast.Comparison(MIRRORED[node.operator], node.right, node.left)
    return node


def require_comparable(node: ast.Comparison) -> None:
    """Raise ArgumentError for an order of two values of JSON: the engine takes `<` for `<=`, and `<=` for `<`."""
    if node.operator not in {"=", "!="} and is_json_value(node.left) and is_json_value(node.right):
        rule, why = "takes = and != for two values of JSON", "the engine orders them wrongly"
        hint = "say that they are numbers: where(col('m')['a'] + 0 < col('m')['b'] + 0)"
        raise ArgumentError("comparison", rule, _written(node), hint, why=why)


def quantified(node: ast.Function) -> ast.Function:
    """
    Return ``contains(keys(m), 'k')`` for ``any(keys(m) = 'k')``, which matches no row in the engine.

    Raises:
        ArgumentError: it is another test of the elements of JSON, which the engine does not support.
    """
    if not is_quantified(node):
        return node
    name = node.name.lower()
    (test,) = node.arguments
    if not isinstance(test, ast.Comparison) or not _is_list(test.left):
        return node
    if name == "any" and test.operator == "=" and isinstance(test.right, LITERALS):
        return ast.Function("contains", (test.left, test.right))
    rule = "takes no comparison of the elements of JSON but `==` inside fn.any"
    hint, why = "test for an element with fn.any(col(..) == value)", "the engine supports no other"
    subject = f"fn.{name}"
    raise ArgumentError(subject, rule, _written(test), hint, why=why)


def _is_list(node: Expression) -> bool:
    """Tell whether *node* is a list from JSON: its keys, or one of its values."""
    return is_json_value(node) or (isinstance(node, ast.Function) and node.name.lower() == "keys")


def _written(node: Record) -> str:
    """Return an expression as TQL."""
    from tql_grammar.printing.printer import to_tql

    return f"`{to_tql(node)}`"  # type: ignore[arg-type]  # a node
