"""Rules about comparisons of JSON: the order with JSON on the right, and numbers of 8 and 16 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import QUANTIFIERS
from tql_grammar.lint.edits import exchanged
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.json import is_json, is_part_of_json
from tql_grammar.rewrite.comparison import MIRRORED
from tql_grammar.rewrite.json_values import NARROW
from tql_grammar.typing.inference import infer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.edits import Fix
    from tql_grammar.lint.rule import Place
    from tql_grammar.typing.scopes import SelectScope

LITERALS = (ast.Number, ast.String)
# The operator that the engine evaluates for one with JSON on the right.
TAKEN = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


def _on_the_right(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons that order JSON on their right side."""
    for place in subject.places(ast.Comparison):
        node, scope = place.part, place.scope
        if node.operator not in TAKEN or not is_value(node.right, scope):
            continue
        message = f"with JSON on the right the engine evaluates `{TAKEN[node.operator]}` for `{node.operator}`"
        left, right = subject.written(node.left), subject.written(node.right)
        if is_value(node.left, scope):
            yield subject.finding(node, message, f"for numbers write {left} {node.operator} {right} + 0")
        else:
            hint = f"write {right} {MIRRORED[node.operator]} {left}"
            yield subject.finding(node, message, hint, _swapped(subject, place))


def _swapped(subject: Subject, place: Place) -> Fix | None:
    """Return the fix that exchanges both sides, where the engine evaluates that as written."""
    node: ast.Comparison = place.part
    left, right = node.left.span, node.right.span
    if left is None or right is None or not _may_follow(node.left, place):
        return None
    operator = MIRRORED[node.operator]
    written = f"{subject.text[right.start : right.end]} {operator} {subject.text[left.start : left.end]}"
    return exchanged(node, written, ast.Comparison(operator, node.right, node.left))


def _may_follow(side: ast.Expression, place: Place) -> bool:
    """Tell whether the engine compares JSON with a side on its right correctly: a literal, and in WHERE a known type of more than 16 bits."""
    if isinstance(side.operand if isinstance(side, ast.Negate) else side, LITERALS):
        return True
    column = infer(side, place.scope) if place.clause == "WHERE" else None
    return column is not None and column.dtype not in NARROW


def _narrow(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of JSON with numbers of 8 or 16 bits."""
    for scope, node in subject.parts(ast.Comparison):
        for one, other in node.sides:
            column = infer(other, scope) if is_value(one, scope) else None
            if column is not None and column.dtype in NARROW and column.is_single:
                message = f"the engine compares JSON with {column.dtype} wrongly: this is the same for every row"
                yield subject.finding(node, message, f"write {subject.written(one)} * 1 for {subject.written(one)}")


def _elements(subject: Subject) -> Iterator[Finding]:
    """Yield ANY and ALL of a comparison of a list in JSON."""
    for scope, call in subject.parts(ast.Function):
        test = call.arguments[0] if call.name.lower() in QUANTIFIERS and call.arguments else None
        if isinstance(test, ast.Comparison) and is_value(test.left, scope) and isinstance(test.right, LITERALS):
            message = f"{call.name.upper()} does not read the elements of a list in JSON: this is false for every row"
            left, right = subject.written(test.left), subject.written(test.right)
            equal = call.name.lower() == "any" and test.operator == "="
            hint = f"write contains({left}, {right})" if equal else "read the rows, and compare the elements in Python"
            yield subject.finding(call, message, hint)


def is_value(node: ast.Node, scope: SelectScope) -> bool:
    """Tell whether a node is a value of JSON, and no whole column of it."""
    return is_part_of_json(node, scope) and is_json(node, scope)


RULES = (
    Rule(
        code="TQL373",
        title="ANY or ALL of a list in JSON",
        severity="error",
        explanation="ANY and ALL are false for every row over a list in JSON, whatever its elements. CONTAINS finds an element.",
        example="select id from D where any(js['n']['a'] = 2)",
        find=_elements,
        meant="select id from D where contains(js['n']['a'], 2)",
    ),
    Rule(
        code="TQL363",
        title="order with JSON on the right",
        severity="error",
        explanation="With a value of JSON on its right the engine evaluates `<` as `<=`, `<=` as `<`, `>` as `>=`, and `>=` as `>`, for columns and literals, numbers and texts. JSON on the left is right, and so is arithmetic on the right, as `js['k'] + 0`.",
        example="select id from D where 3 > js['k']",
        find=_on_the_right,
        meant="select id from D where js['k'] < 3",
    ),
    Rule(
        code="TQL364",
        title="JSON compared with a number of 8 or 16 bits",
        severity="error",
        explanation="A value of JSON equals no int8, int16, uint8 or uint16: `=` matches no row, `!=` all, and an order all or none, with JSON on either side. Arithmetic with a literal makes either side an int64. Reported only with a schema.",
        example="select id from D where js['k'] = u8",
        find=_narrow,
        meant="select id from D where js['k'] * 1 = u8",
        needs_schema=True,
    ),
)
