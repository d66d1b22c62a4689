"""Rules about conditions on arrays and their elements, with which the engine crashes. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare
from tql_grammar.rewrite.json_values import is_json_value
from tql_grammar.typing.inference import TESTS, infer
from tql_grammar.typing.scopes import WithInferred
from tql_grammar.walk import unbounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope

# The kinds of columns whose number of dimensions is not the length of their shape.
WITHOUT_DIMENSIONS = frozenset({"sequence", "image", "other"})


def _is_element(node: ast.Node, subject: Subject, scope: SelectScope) -> bool:
    """Tell whether a node is a subscript of a column or of an output of a subquery that is not JSON."""
    array = _array_of(node)
    column = None if array is None else _column(array, subject, scope)
    return column is not None and column.dtype != "json"


def _column(node: ast.Node, subject: Subject, scope: SelectScope) -> Column | None:
    """Return the type of a column or of an output of a subquery; None for any other node, and for a value of JSON."""
    if not isinstance(node, ast.Column):
        return None
    value, below = subject.computed(node, scope)
    return None if is_json_value(value) else infer(value, WithInferred(below))


def _array_of(node: ast.Node) -> ast.Expression | None:
    """Return the array whose element or slice a node is, or None for any other node, such as a value of JSON."""
    if not isinstance(node, ast.Subscript) or node.is_keyed or is_json_value(node):
        return None
    inner: ast.Expression = node
    while isinstance(inner, ast.Subscript):
        inner = inner.operand
    return inner


def _ranges(subject: Subject) -> Iterator[tuple[ast.Between, ast.Node, SelectScope]]:
    """Yield each BETWEEN with its operand, but for those about the values of a group."""
    for place in subject.places(ast.Between):
        node = place.part
        if isinstance(node, ast.Between) and not (place.clause == "SELECT" and place.scope.select.group_by):
            yield node, bare(node.operand), place.scope


def _between(subject: Subject) -> Iterator[Finding]:
    """Yield BETWEEN on elements and slices of columns, and on sequences."""
    for node, operand, scope in _ranges(subject):
        column = _column(operand, subject, scope)
        if _is_element(operand, subject, scope):
            written = _computed(operand, subject)
            message = "BETWEEN on an element of an array crashes the engine process (SIGSEGV)"
            yield subject.finding(node, message, f"write {written} >= 1 and {written} <= 5")
        elif column is not None and column.kind == "sequence":
            message = "BETWEEN on a sequence crashes the engine process (SIGSEGV)"
            yield subject.finding(node, message, _for_each(node, operand, subject))


def _of_array(subject: Subject) -> Iterator[Finding]:
    """Yield BETWEEN on arrays of more than one element."""
    for node, operand, scope in _ranges(subject):
        column = _column(operand, subject, scope)
        if column is not None and column.kind not in WITHOUT_DIMENSIONS and set(column.shape) - {1}:
            message = (
                f"BETWEEN looks at the first element of {subject.written(operand)} only, inside of ANY and ALL too"
            )
            yield subject.finding(node, message, _for_each(node, operand, subject))


def _for_each(node: ast.Between, operand: ast.Node, subject: Subject) -> str:
    """Return the hint that compares every element of an array with the bounds of BETWEEN."""
    written, low, high = (subject.written(part) for part in (operand, node.low, node.high))
    return f"write any({written} >= {low} and {written} <= {high})"


def _computed(node: ast.Node, subject: Subject) -> str:
    """Return the text of an element of a computed array, which WHERE reads row by row: ``(e * 1)[0]``."""
    array = _array_of(node)
    if array is None or array.span is None or node.span is None:
        return subject.written(node)
    return f"({subject.written(array)} * 1){subject.text[array.span.end : node.span.end]}"


def _joined(subject: Subject) -> Iterator[Finding]:
    """Yield AND and OR, as outputs, of a condition on an array and one with another number of dimensions after it."""
    for scope in subject.scopes:
        stack = [] if scope.select.group_by else [bare(output) for output in scope.select.columns[::-1]]
        while stack:
            node = stack.pop()
            if isinstance(node, (ast.Not, ast.Negate)):
                stack.append(node.operand)
            elif isinstance(node, (ast.And, ast.Or, ast.Chain)):
                stack.append(node.operands[0])
            if isinstance(node, (ast.And, ast.Or)):
                yield from _differing(subject, node, scope)


def _differing(subject: Subject, node: ast.And | ast.Or, scope: SelectScope) -> Iterator[Finding]:
    """Yield AND or OR whose first operand has an array of results, and another one a different number of dimensions."""
    first, *others = (_dimensions(operand, scope) for operand in node.operands)
    if first is not None and any(other is not None and other < first for other in others):
        word = "AND" if isinstance(node, ast.And) else "OR"
        written = subject.written(node.operands[0])
        message = f"`{written}` is true or false for each element: {word} of it and a condition of another shape crashes the engine process (SIGSEGV)"
        yield subject.finding(node, message, f"reduce it: any({written}) or all({written})")


@unbounded
def _dimensions(node: ast.Expression, scope: SelectScope) -> int | None:
    """Return the number of dimensions of a condition's result, or None where it is unknown; AND, OR and NOT have that of their first operand."""
    if isinstance(node, ast.Comparison):
        sides = [_of_value(side, scope) for side in (node.left, node.right)]
        return None if None in sides else max(side for side in sides if side is not None)
    if isinstance(node, (ast.And, ast.Or)):
        return _dimensions(node.operands[0], scope)
    if isinstance(node, ast.Not):
        return _dimensions(node.operand, scope)
    return 0 if isinstance(node, TESTS) else _of_value(node, scope)


def _of_value(node: ast.Expression, scope: SelectScope) -> int | None:
    """Return the number of dimensions of a value, or None where it is unknown, or the array has one element."""
    count, inner = 0, node
    while isinstance(inner, ast.Subscript):
        count, inner = count + sum(not isinstance(index, ast.Slice) for index in inner.indices), inner.operand
    column = infer(inner, WithInferred(scope))
    if column is None or column.kind in WITHOUT_DIMENSIONS or _has_one(inner, column):
        return None
    return max(len(column.shape) - count, 0)


def _has_one(node: ast.Expression, column: Column) -> bool:
    """Tell whether an array has one element in each row, as SHAPE of a vector."""
    return set(column.shape) == {1} or (isinstance(node, ast.Function) and node.name.lower() == "shape")


RULES = (
    Rule(
        code="TQL421",
        title="BETWEEN on an element of an array",
        severity="error",
        explanation="BETWEEN on an element or a slice of a column, or on a sequence, crashes the engine process (SIGSEGV) in every clause. It works on values of JSON. Reported only with a schema.",
        example="select id from D where bin[0] between 3 and 5",
        find=_between,
        meant="select id from D where (bin * 1)[0] >= 3 and (bin * 1)[0] <= 5",
        needs_schema=True,
    ),
    Rule(
        code="TQL371",
        title="BETWEEN on an array",
        severity="error",
        explanation="BETWEEN on an array looks at its first element only, also inside of ANY and ALL. Reported only with a schema.",
        example="select id from D where any(arr between 1 and 2)",
        find=_of_array,
        meant="select id from D where any(arr >= 1 and arr <= 2)",
        needs_schema=True,
    ),
    Rule(
        code="TQL423",
        title="AND or OR of conditions with different numbers of dimensions in SELECT",
        severity="error",
        explanation="As an output, AND or OR whose first condition is about the elements of an array crashes the engine process (SIGSEGV) if another condition has a single value, or another number of dimensions. Inside of ANY and ALL it works. Reported only with a schema.",
        example="select bin > 1 and id > 1 as c from D",
        find=_joined,
        meant="select any(bin > 1) and id > 1 as c from D",
        needs_schema=True,
    ),
)
