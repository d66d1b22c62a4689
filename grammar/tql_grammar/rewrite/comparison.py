"""
Comparisons in a form that the engine evaluates as written, by the type of the column and its indexes.

The engine uses an index only if the column is on the left of a literal.
With an index it converts the literal to the column's type, matches no row for ``!=`` on numbers and for empty strings, and returns wrong rows over a subquery.
With one NaN in an indexed float column it matches all rows or none, and IN ignores the members after one that no row has.
With the literal on the left (``3 = v``) it compares row by row, and correctly.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite.elements import NO_ARRAYS, ONE
from tql_grammar.rewrite.fitting import fit, rounded
from tql_grammar.rewrite.logic import conjunction, disjunction, negation
from tql_grammar.rewrite.nullable import remedy
from tql_grammar.schema import FLOATS, INTEGERS, NOT_NUMERIC, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.fitting import Operator
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

MIRRORED: dict[str, Operator] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
NO_TEXT, NO_NUMBER = "its values are no texts", "its values are no numbers"
LARGEST_FLOAT_INTEGER = 2**53
LARGEST_LITERAL = 2**63 - 1


def comparison(node: ast.Comparison, scope: Scope) -> Expression:
    """Return a comparison with a literal in a form that the engine evaluates as written; any other is unchanged."""
    column, literal = scope.column(node.left), node.right
    for side in (node.left, node.right):
        refuse_whole_json(node, side, scope)
    if column is None:
        return _of_unknown(node, scope)
    if isinstance(literal, (ast.Column, ast.Null)) or not _is_literal(literal):
        return _columns(node, column, scope.column(literal))
    if not column.is_single:
        return _with_elements(node, literal, column)
    if isinstance(literal, ast.String):
        return _with_text(node, literal, column, is_derived=scope.is_derived)
    value = number(literal)
    if value is None or not column.is_number:
        return _with_other(node, column, value)
    return _with_number(node, value, column, is_derived=scope.is_derived)


def refuse_whole_json(node: Expression, operand: Expression, scope: Scope) -> None:
    """Refuse the comparison of a column of JSON; a value of a key that a subquery selects is none."""
    column = scope.column(operand)
    if isinstance(operand, ast.Column) and column is not None and column.dtype == "json":
        if operand.name in scope.json_values:
            return
        rule, why = "takes a key of a column of JSON", "for the engine nothing is equal to an object, not even itself"
        raise refused(node, rule, why, f'read a key of it: col({operand.name!r})["key"]')


def _with_elements(node: ast.Comparison, literal: Expression, column: Column) -> Expression:
    """Return the comparison of each element of an array with a literal that its type can store; only functions take the result."""
    value = number(literal)
    if column.dtype in NOT_NUMERIC or column.kind in NO_ARRAYS or isinstance(literal, ast.String):
        raise of_many(node, column, ONE)
    if column.dtype == "uint64" and value is not None and abs(value) >= LARGEST_FLOAT_INTEGER:
        rule, why = "takes numbers below 2**53 for an array of uint64", "the engine compares it as float64"
        raise refused(node, rule, why, "compare the rows in Python")
    if value is None or column.dtype not in FLOATS:
        return node
    return node.replace(right=literal_of(rounded(column.dtype, value)))


def number(node: object) -> int | float | None:
    """Return the value of a number literal, or None for any other node."""
    if isinstance(node, ast.Negate) and isinstance(node.operand, ast.Number):
        return -node.operand.value
    return node.value if isinstance(node, ast.Number) else None


def literal_of(value: float) -> Expression:
    """Return the literal of a number."""
    return ast.Negate(ast.Number(-value)) if math.copysign(1, value) < 0 else ast.Number(value)


def _is_literal(node: Expression) -> bool:
    """Tell whether a node is one value that is written out."""
    return isinstance(node, (ast.String, ast.Boolean)) or number(node) is not None


def is_integer(node: Expression) -> bool:
    """Tell whether a node is an integer that is written out."""
    unsigned = node.operand if isinstance(node, ast.Negate) else node
    return isinstance(unsigned, ast.Number) and not unsigned.is_float


def refused(node: Expression, rule: str, why: str, hint: str) -> ArgumentError:
    """Return the error for a comparison of incompatible types."""
    from tql_grammar.printing.printer import to_tql

    return ArgumentError("comparison", rule, f"`{to_tql(node)}`", hint, why=why)


def of_many(node: Expression, column: Column, hint: str) -> ArgumentError:
    """Return the error for a column of arrays."""
    return refused(node, "takes one value in each row", f"a column of {column} has many", hint)


# --- texts -----------------------------------------------------------------------------------------------------------


def _of_unknown(node: ast.Comparison, scope: Scope) -> Expression:
    """Return a comparison on a column of unknown type: an order comparison with a string implies a text column, and a score is compared with the float32 of a number, and a large integer exactly."""
    if scope.is_score(node.left) and (value := number(node.right)) is not None:
        nearest = rounded("float32", value)
        return node if nearest == value else node.replace(right=literal_of(nearest))
    if isinstance(node.right, ast.String) and not isinstance(node.left, ast.Subscript):
        return _TEXT_ORDERS[node.operator](node.left, node.right)
    column = scope.typed_column(node.left) if _is_large(node.right) else None
    return node if column is None or column.dtype not in {"int64", "uint64"} else _with_large(node, column)


def _is_large(node: Expression) -> bool:
    """Tell whether a node is an integer that float64 may not hold."""
    return isinstance(node, ast.Number) and node.is_large and not node.is_float


def _with_large(node: ast.Comparison, column: Column) -> Expression:
    """Return the comparison of an inferred column, which may be a uint64 and have nulls, with a large integer: IN compares it exactly, = and != as float64."""
    near, same = node.replace(operator="="), ast.In(node.left, (node.right,))
    if node.operator == "=":
        return conjunction([near, same])
    if node.operator == "!=":
        return disjunction([node, conjunction([near, negation(same)])])
    if column.dtype == "uint64":
        name = getattr(node.left, "name", "")
        rule, why = "takes numbers below 2**53 for an inferred uint64", "the engine compares it as float64"
        raise refused(node, rule, why, f'give its type: from_(.., schema=Schema({name}="uint64"))')
    return node


def _at_most(text: Expression, bound: ast.String) -> Expression:
    """Return ``text <= bound`` as BETWEEN from the empty string, which is the smallest."""
    return ast.Between(text, ast.String(""), bound)


def _below(text: Expression, bound: ast.String) -> Expression:
    """Return ``text < bound``."""
    return ast.And((_at_most(text, bound), ast.Comparison("!=", text, bound)))


# The engine's own ``<`` on text is always false.
_TEXT_ORDERS: dict[str, Callable[[Expression, ast.String], Expression]] = {
    "=": lambda text, bound: ast.Comparison("=", text, bound),
    "!=": lambda text, bound: ast.Comparison("!=", text, bound),
    "<": _below,
    "<=": _at_most,
    ">": lambda text, bound: ast.Not(_at_most(text, bound)),
    ">=": lambda text, bound: ast.Not(_below(text, bound)),
}


def as_number_hint(text: str, them: str = "it") -> str:
    """Return the hint for a text in place of a number; an ISO date is usually compared with epoch seconds."""
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return f"write {them} without quotes"
    if text.isdigit():
        return f"write {them} without quotes"
    zone = "" if date.tzinfo else ".replace(tzinfo=UTC)"
    return f'if the column has epoch seconds, write int(datetime.fromisoformat("{text}"){zone}.timestamp()), times 1000 for milliseconds'


def _no_text(node: ast.Comparison, literal: ast.String, column: Column) -> ArgumentError:
    """Return the error for a text in place of a number or a bool."""
    if column.dtype == "bool":
        hint = "write True or False, or the column alone: where(col(..)), where(~col(..))"
        return refused(node, f"takes a bool for a column of {column}", NO_TEXT, hint)
    return refused(node, f"takes a number for a column of {column}", NO_TEXT, as_number_hint(literal.value))


def _with_text(node: ast.Comparison, literal: ast.String, column: Column, *, is_derived: bool) -> Expression:
    """
    Return the comparison of a column with a string.

    BETWEEN reads no index of texts; a literal on the left does not either, but meets the class labels of an ORDER BY or GROUP BY.
    """
    if column.is_label:
        return _with_class(node, literal, column, is_derived=is_derived)
    if column.dtype == "json":
        return node
    if not column.is_text:
        raise _no_text(node, literal, column)
    if node.operator in {"=", "!="}:
        found: Expression = node
        if column.is_indexed and (is_derived or not literal.value):
            equal = ast.Between(node.left, literal, literal)
            found = equal if node.operator == "=" else ast.Not(equal)
    else:
        found = _TEXT_ORDERS[node.operator](node.left, literal)
    return not_null(node.left, found) if column.nullable else found


def not_null(operand: Expression, condition: Expression) -> Expression:
    """Return a condition that does not match null, which the engine treats as the empty string."""
    return conjunction([ast.IsNull(operand, negated=True), condition])


def _with_class(node: ast.Comparison, literal: ast.String, column: Column, *, is_derived: bool) -> Expression:
    """Return the comparison of a class label with the name of a class, or with its number: over a set operation the engine knows no names."""
    if node.operator not in {"=", "!="}:
        raise refused(node, "takes = and != for the name of a class", "classes have no order", "compare its number")
    require_class(node, literal, column)
    return node.replace(right=class_number(literal, column)) if is_derived and column.classes else node


def class_number(name: ast.String, column: Column) -> ast.Number:
    """Return the number of a known class."""
    return ast.Number(column.classes.index(name.value))


def require_class(node: Expression, literal: ast.String, column: Column) -> None:
    """Raise ArgumentError for a name that is not one of the known classes of the column."""
    if column.classes and literal.value not in column.classes:
        hint = did_you_mean(literal.value, column.classes, "classes")
        raise refused(node, "takes the name of a class", "the column has no class of this name", hint)


# --- numbers ---------------------------------------------------------------------------------------------------------


def _columns(node: ast.Comparison, column: Column, other: Column | None) -> Expression:
    """Return a comparison of two columns, or of a column with something computed."""
    if column.is_text and node.operator not in {"=", "!="} and (other is None or other.is_text):
        rule, why = "takes a string literal on the right", "the engine orders a text by BETWEEN with literals only"
        raise refused(node, rule, why, "select both columns, and compare the rows in Python")
    is_lost = node.operator == "!=" and column.is_number and column.is_indexed and not column.nullable
    return _unequal(node, other) if is_lost else node


def _unequal(node: ast.Comparison, other: Column | None) -> Expression:
    """Return an inequality of an indexed number, which the engine answers with no rows: the other way round, or as NOT."""
    if other is None or not other.is_indexed:
        return ast.Comparison("!=", node.right, node.left)
    return ast.Not(node.replace(operator="="))


def _with_other(node: ast.Comparison, column: Column, value: float | None) -> Expression:
    """Return the comparison of a column that is not a number, or with a literal that is not a number."""
    if column.is_text or (value is None and column.dtype not in {"bool", "json"} and not column.is_number):
        raise refused(node, f"takes a string for a column of {column}", NO_NUMBER, "write it in quotes")
    return ast.Comparison(MIRRORED[node.operator], node.right, node.left) if column.is_indexed else node


def _with_number(node: ast.Comparison, value: float, column: Column, *, is_derived: bool) -> Expression:
    """Return the comparison of a number column with a literal that its type can store, or a constant if no value of the type decides it."""
    fitted = fit(column.dtype, node.operator, value)
    if isinstance(fitted, bool):
        return _constant(node.left, column, holds=fitted)
    operator, value = fitted
    exact = _of_uint64(node, operator, int(value), column, is_derived=is_derived) if column.dtype == "uint64" else None
    if exact is not None:
        return exact
    literal = literal_of(value)
    if column.is_indexed and (is_derived or operator == "!=" or column.dtype in FLOATS):
        return ast.Comparison(MIRRORED[operator], literal, node.left)
    return ast.Comparison(operator, node.left, literal)


def _of_uint64(
    node: ast.Comparison, operator: Operator, value: int, column: Column, *, is_derived: bool
) -> Expression | None:
    """Return the exact comparison of a uint64, or None if the usual form is exact, or the form for an index is needed."""
    if column.nullable:
        return _wide_nullable(node, operator, value) if value >= LARGEST_FLOAT_INTEGER else None
    if not (is_derived and column.is_indexed):
        return _wide(node.left, operator, value)
    return _negative(node.left, operator, value) if value >= LARGEST_FLOAT_INTEGER else None


def _constant(operand: Expression, column: Column, *, holds: bool) -> Expression:
    """Return a condition that is true, or false, for every value but null, which matches no comparison."""
    return ast.IsNull(operand, negated=True) if holds and column.nullable else ast.Boolean(holds)


def _wide(operand: Expression, operator: str, value: int) -> Expression:
    """Return the comparison of a uint64 as BETWEEN, since all other comparisons are in float64."""
    least, same = ast.Number(0), ast.Number(value)
    if operator in {"=", "!="}:
        found: Expression = ast.Between(operand, same, same)
        return found if operator == "=" else negation(found)
    last = value if operator in {"<=", ">"} else value - 1
    found = ast.Between(operand, least, ast.Number(last)) if last >= 0 else ast.Boolean(value=False)
    return found if operator in {"<", "<="} else negation(found)


def _negative(operand: Expression, operator: Operator, value: int) -> Expression:
    """Return the comparison of a uint64 by its negative, an int64, which is compared exactly and by no index: that of a number beyond ``2**63`` is positive."""
    negative = ast.Negate(operand)
    if operator in {"=", "!="}:
        return ast.Comparison(operator, negative, literal_of(-value))
    last = value if operator in {"<=", ">"} else value - 1
    found = conjunction(
        [ast.Comparison(">=", negative, literal_of(-last)), ast.Comparison("<=", negative, ast.Number(0))]
    )
    return found if operator in {"<", "<="} else negation(found)


def _wide_nullable(node: ast.Comparison, operator: str, value: int) -> Expression:
    """Return the comparison of a nullable uint64 with a number beyond float64 precision as IN, which is exact; BETWEEN crashes on a null."""
    if operator not in {"=", "!="}:
        rule, why = "takes numbers below 2**53 for a nullable uint64", "the engine compares it as float64"
        raise refused(node, rule, why, remedy((node.left,)))  # type: ignore[arg-type]  # a column: its type is known
    found: Expression = ast.In(node.left, (ast.Number(value),))
    return found if operator == "=" else conjunction([ast.IsNull(node.left, negated=True), negation(found)])


def ranges(parts: Iterable[Expression], scope: Scope) -> list[Expression]:
    """
    Return the parts of a conjunction, with each lower bound followed by the upper bound of the same column merged into one BETWEEN.

    For two comparisons the engine reads the index twice, and all rows that match either. Only single integers that are never null are merged: BETWEEN crashes on a null, rounds the bounds of floats, and casts those of arrays.
    """
    found: list[Expression] = []
    for part in parts:
        whole = _range(found[-1], part, scope) if found else None
        if whole is None:
            found.append(part)
        else:
            found[-1] = whole
    return found


def _range(one: Expression, two: Expression, scope: Scope) -> Expression | None:
    """Return BETWEEN for two bounds of the same integer column that is never null, else None; the engine may reject a negative one over a set operation."""
    if not _is_plain_integer(scope.column(_tested(one))):
        return None
    low, high = _lower(one, scope), _upper(two, scope)
    if low is None or high is None or low[0] != high[0] or (scope.is_derived and low[1] < 0):
        return None
    whole = ast.Between(low[0], literal_of(low[1]), literal_of(high[1]))
    return whole.with_origin(one.origin) if one.origin is two.origin else whole


def _is_plain_integer(column: Column | None) -> bool:
    """Tell whether a column has one integer in each row."""
    return column is not None and column.is_number and column.dtype in INTEGERS and not (column.nullable or column.kind)


def _tested(node: Expression) -> Expression | None:
    """Return the operand that a lower bound limits."""
    if isinstance(node, ast.Not) and isinstance(node.operand, ast.Between):
        return node.operand.operand
    return node.left if isinstance(node, ast.Comparison) else None


def _lower(node: Expression, scope: Scope) -> tuple[Expression, int] | None:
    """Return the operand and the integer of a lower bound, or None; BETWEEN does not accept the literal of the smallest integer."""
    if isinstance(node, ast.Not):
        last = _wide_bound(node.operand, scope)
        return None if last is None or last[1] == LARGEST_LITERAL else (last[0], last[1] + 1)
    value = number(node.right) if isinstance(node, ast.Comparison) and node.operator == ">=" else None
    return (node.left, value) if isinstance(value, int) and value >= -LARGEST_LITERAL else None  # type: ignore[attr-defined]  # a comparison


def _upper(node: Expression, scope: Scope) -> tuple[Expression, int] | None:
    """Return the operand and the integer of an upper bound, or None."""
    if isinstance(node, ast.Between):
        return _wide_bound(node, scope)
    value = number(node.right) if isinstance(node, ast.Comparison) and node.operator == "<=" else None
    return (node.left, value) if isinstance(value, int) else None  # type: ignore[attr-defined]  # a comparison


def _wide_bound(node: Expression, scope: Scope) -> tuple[Expression, int] | None:
    """Return the column and the upper bound of a uint64 comparison by `_wide`, or None."""
    if not isinstance(node, ast.Between) or number(node.low) != 0:
        return None
    column, value = scope.column(node.operand), number(node.high)
    return (node.operand, value) if column is not None and column.dtype == "uint64" and isinstance(value, int) else None


def between(node: ast.Between, scope: Scope) -> Expression:
    """Return BETWEEN of strings, which does not match null."""
    refuse_whole_json(node, node.operand, scope)
    column = scope.column(node.operand)
    if column is None:
        return node
    if not column.is_text:
        low = node.low.value if isinstance(node.low, ast.String) else ""
        raise refused(node, f"takes numbers for a column of {column}", NO_TEXT, as_number_hint(low, "them"))
    return not_null(node.operand, node) if column.nullable else node
