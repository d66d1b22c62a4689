"""Rules about types: comparisons that the engine rejects, casts, and conditions that are none. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.edits import exchanged
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.literals import is_literal, literals_of
from tql_grammar.rewrite.comparison import number, rounded
from tql_grammar.schema import INTEGERS, NOT_NUMERIC, did_you_mean
from tql_grammar.typing.inference import infer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.schema import Column


def _clash(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of texts with numbers."""
    for scope, node in subject.parts(ast.Comparison):
        if isinstance(node, ast.Comparison):
            left, right = infer(node.left, scope), infer(node.right, scope)
            if left is not None and right is not None and _differ(left, right):
                message = f"{left} beside {right}: the engine answers `Can't compare values of dtypes: ..`"
                yield subject.finding(node, message, "write texts in single quotes, and numbers without")


def _differ(left: Column, right: Column) -> bool:
    """Tell whether one side is a text and the other no text; class labels are compared with both, and JSON with anything."""
    if "json" in {left.dtype, right.dtype} or left.is_label or right.is_label or "bytes" in {left.dtype, right.dtype}:
        return False
    return (left.dtype == "text") is not (right.dtype == "text")


def _like(subject: Subject) -> Iterator[Finding]:
    """Yield LIKE over what is no text."""
    for scope, node in subject.parts(ast.Like):
        if isinstance(node, ast.Like):
            column = infer(node.operand, scope)
            json = isinstance(node.operand, ast.Subscript) and node.operand.is_keyed
            if json or (column is not None and not column.is_text):
                message = "LIKE takes a column of texts: the engine answers `Like operator is applicable only on textual column.`"
                yield subject.finding(node.operand, message)


def _label(subject: Subject) -> Iterator[Finding]:
    """Yield names that are no class of a column."""
    for scope, node in subject.parts(ast.Comparison, ast.In):
        pairs = node.sides if isinstance(node, ast.Comparison) else _memberships(node)
        for operand, literal in pairs:
            column = scope.column(operand)
            classes = () if column is None else column.classes
            if classes and isinstance(literal, ast.String) and literal.value not in classes:
                message = f"the engine answers `{literal.value} is not valid value for tensor ..`"
                yield subject.finding(literal, message, did_you_mean(literal.value, classes, "classes"))


def _memberships(node: ast.In) -> tuple[tuple[ast.Expression, ast.Expression], ...]:
    """Return the operand of IN with each of the members."""
    return tuple((node.operand, member) for member in literals_of(node))


def _members(subject: Subject) -> Iterator[Finding]:
    """Yield texts in lists for numbers."""
    for scope, node in subject.parts(ast.In, ast.Between):
        column = scope.column(node.operand)
        if column is None or column.is_label or column.dtype == "json":
            continue
        for literal in literals_of(node):
            if (
                is_literal(literal)
                and column.dtype not in {"json", "bytes"}
                and isinstance(literal, ast.String) is not column.is_text
                and column.is_single
            ):
                yield subject.finding(
                    literal, f"the column is {column}: the engine cannot convert {subject.written(literal)} to it"
                )
                break


def _truth(subject: Subject) -> Iterator[Finding]:
    """Yield columns as conditions that are no bools."""
    for scope in subject.scopes:
        if scope.select.where is None:
            continue
        for part in _conditions(scope.select.where):
            column = infer(part, scope)
            if column is not None and (column.shape or column.dtype in NOT_NUMERIC) and not scope.select.group_by:
                message = f"this is {column}: the engine takes a text or JSON for false, and looks at the first element of an array"
                yield subject.finding(part, message, "compare it, or write ANY(..) or ALL(..)")


def _conditions(node: ast.Expression) -> Iterator[ast.Expression]:
    """Yield what AND, OR and NOT join."""
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, (ast.And, ast.Or)):
            stack.extend(part.operands)
        elif isinstance(part, ast.Not):
            stack.append(part.operand)
        else:
            yield part


def _rounded(subject: Subject) -> Iterator[Finding]:
    """Yield equalities of a float32 column with a number that float32 has not."""
    for scope, node in subject.parts(ast.Comparison):
        for operand, literal in node.sides:
            column, value = scope.column(operand), number(literal)
            if column is None or value is None or not _is_narrow(column):
                continue
            nearest = rounded(column.dtype, value)
            if nearest != value:
                exact = repr(nearest)
                message = f"the column is {column.dtype}, in which {value} is {exact}; the engine compares with {value}"
                yield subject.finding(literal, message, f"write {exact}", exchanged(literal, exact))


def _is_narrow(column: Column) -> bool:
    """Tell whether a column holds floats of 32 bits or fewer, which the engine compares in float64: an index compares in their own type."""
    return column.is_number and column.dtype in {"float16", "float32"} and not column.is_indexed


def _cast(subject: Subject) -> Iterator[Finding]:
    """Yield members of IN and ends of BETWEEN that the column's type cannot hold."""
    for scope, node in subject.parts(ast.In, ast.Between):
        column = scope.column(node.operand)
        if column is None or not column.is_number or column.dtype not in INTEGERS:
            continue
        for literal in literals_of(node):
            value = number(literal)
            if value is not None and not _fits(column.dtype, value):
                message = f"the engine casts it to {column.dtype} first: 2.9 is 2, and 256 is 0 for uint8"
                yield subject.finding(literal, message, "compare with = < >")
                break


def _fits(dtype: str, value: float) -> bool:
    """Tell whether a type of integers holds a number."""
    import numpy as np

    info = np.iinfo(dtype)
    return int(value) == value and info.min <= value <= info.max


def _null_text(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of a nullable text with the empty one, where no test for null stands beside them."""
    tested = {test.operand for _, test in subject.parts(ast.IsNull)}
    for scope, node in subject.parts(ast.Comparison):
        column = scope.column(node.left) if node.operator == "=" and node.right == ast.String("") else None
        if column is not None and column.is_text and column.nullable and node.left not in tested:
            message = "the engine takes null for the empty text"
            yield subject.finding(node, message, f"write {subject.written(node.left)} IS NOT NULL AND ..")


RULES = (
    Rule(
        "TQL217",
        "text compared with a number",
        "error",
        "The engine refuses to compare texts with numbers.",
        "select id from D where id = '3'",
        _clash,
        "select id from D where id = 3",
    ),
    Rule(
        "TQL218",
        "number in a list of texts, or a text in one of numbers",
        "error",
        "IN and BETWEEN cast their literals to the column's type, and the engine refuses those that cannot be.",
        "select id from D where id in ('a')",
        _members,
        "select id from D where id in (1)",
        needs_schema=True,
    ),
    Rule(
        "TQL236",
        "name that is no class",
        "error",
        "A class label is compared with the names of its classes, or with their numbers; the engine refuses other names.",
        "select id from D where label = 'nope'",
        _label,
        "select id from D where label = 'cat'",
        needs_schema=True,
    ),
    Rule(
        "TQL237",
        "LIKE over what is no text",
        "error",
        "LIKE takes a column of texts; values of JSON, numbers and arrays are refused.",
        "select id from D where id like '1'",
        _like,
        "select id from D where text like 'doc 1'",
    ),
    Rule(
        "TQL314",
        "condition that is no bool",
        "error",
        "Texts and JSON are false, and of an array the engine looks at the first element only.",
        "select id from D where emb > 0.5",
        _truth,
        "select id from D where any(emb > 0.5)",
    ),
    Rule(
        "TQL315",
        "float32 compared with a float64",
        "error",
        "`=` and `<` compare in float64: a float32 column is never 0.1, and what is 0.1 in it is larger.",
        "select id from D where f32 = 0.3333333333333333",
        _rounded,
        "select id from D where f32 = 0.3333333432674408",
        needs_schema=True,
    ),
    Rule(
        "TQL316",
        "literal that is cast to the column's type",
        "error",
        "IN and BETWEEN cut fractions and wrap large numbers before they compare.",
        "select id from D where id in (2.9)",
        _cast,
        "select id from D where id = 2.9",
        needs_schema=True,
    ),
    Rule(
        "TQL334",
        "nullable text compared with the empty one",
        "error",
        "`x = ''` holds for null too: the engine takes one for the other.",
        "select id from D where ntext = ''",
        _null_text,
        "select id from D where ntext is not null and ntext = ''",
        needs_schema=True,
    ),
)
