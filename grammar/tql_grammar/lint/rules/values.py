"""Rules about values that the engine computes or tests otherwise than SQL: nulls under NOT, narrow integers, numbers in CONTAINS, shapes of single values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.computation import Grouped, lengths
from tql_grammar.lint.rules.guards import TESTS, in_where, parts_of
from tql_grammar.lint.rules.json_rows import is_direct_value, is_present
from tql_grammar.lint.rules.nullable import is_filled, is_nullable_text
from tql_grammar.schema import NOT_NUMERIC
from tql_grammar.typing.inference import BOOL, infer
from tql_grammar.typing.scopes import expressions
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.rule import Place
    from tql_grammar.lint.rules.guards import Guarded
    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope

# The types in which arithmetic of two columns wraps around soon, and those in which a difference below zero does.
NARROW = frozenset({"int8", "int16", "uint8", "uint16"})
UNSIGNED = frozenset({"uint8", "uint16", "uint32", "uint64"})
WRAPPING = frozenset("+-*")
PAIR = 2


def _wrapped(subject: Subject) -> Iterator[Finding]:
    """Yield arithmetic on columns of small or unsigned integers, without a literal, whose result wraps around."""
    for place in subject.places(ast.Chain):
        node = place.part
        found = infer(node, Grouped(place.scope) if _is_grouped(place) else place.scope)
        if found is not None and _may_wrap(node, found):
            written = subject.written(node.operands[0])
            message = f"the engine computes this in {found.dtype}, in which a result out of its range wraps around"
            yield subject.finding(node, message, f"write {written} * 1 for {written}: then it is computed in int64")
    for place in subject.places(ast.Negate):
        negated = place.part
        column = None if _is_grouped(place) else place.scope.column(negated.operand)
        if column is not None and column.dtype in NARROW & UNSIGNED:
            message = f"the engine computes - of {column.dtype} in as many bits, in which a result out of its range wraps around"
            yield subject.finding(negated, message, f"write {subject.written(negated.operand)} * -1")


def _may_wrap(node: ast.Chain, found: Column) -> bool:
    """Tell whether a result may be out of the range of its type: that of a small type, or a difference of an unsigned one; a condition, which is 0 or 1, does not count."""
    if any(isinstance(operand, (*TESTS, ast.IsNull, ast.Not, ast.And, ast.Or)) for operand in node.operands):
        return False
    signs = WRAPPING.intersection(node.operators)
    return (found.dtype in NARROW and bool(signs)) or (found.dtype in UNSIGNED and "-" in signs)


def _numbers_in_contains(subject: Subject) -> Iterator[Finding]:
    """Yield CONTAINS of a single number or bool, and of a number in a text."""
    for place in subject.places(ast.Function):
        call = place.part
        if call.name.lower() == "contains" and call.arguments and not _is_output_of_group(place):
            column = infer(call.arguments[0], place.scope)
            refused = None if column is None else _refused_contains(call, column, place.scope)
            if refused is not None:
                node, message, hint = refused
                yield subject.finding(node, f"{message} the engine fails with `Can't get size of scalar array.`", hint)


def _refused_contains(call: ast.Function, column: Column, scope: SelectScope) -> tuple[ast.Expression, str, str] | None:
    """Return the part of CONTAINS that the engine rejects, the message and the hint, or None where it accepts the call."""
    argument, *wanted = call.arguments
    if column.is_single and column.dtype not in NOT_NUMERIC:
        return argument, f"CONTAINS takes a text or an array, and this is {column}:", "compare with ="
    if column.is_text and _has_number(wanted, scope):
        hint = "write the number in single quotes: contains(x, '1')"
        return call, f"CONTAINS of {column} takes a text: with a number", hint
    return None


def _has_number(nodes: list[ast.Expression], scope: SelectScope) -> bool:
    """Tell whether one of some values is known to be a number, a bool, or an array of them."""
    columns = [BOOL if isinstance(node, ast.Boolean) else infer(node, scope) for node in nodes]
    return any(column is not None and column.dtype not in NOT_NUMERIC for column in columns)


def _lists_in_contains(subject: Subject) -> Iterator[Finding]:
    """Yield CONTAINS of a list of several numbers in an array whose elements are numbers."""
    for scope, call in subject.parts(ast.Function):
        if call.name.lower() != "contains" or len(call.arguments) != PAIR:
            continue
        array, wanted = call.arguments
        column = infer(array, scope)
        is_list = isinstance(wanted, ast.Vector) and len(wanted.numbers) > 1
        if is_list and column is not None and not column.kind and len(column.shape) == 1:
            message = "no element of an array of numbers is a list: CONTAINS is false for every row"
            written = subject.written(array)
            yield subject.finding(
                call, message, f"test for each number: contains({written}, 1) and contains({written}, 2)"
            )


def _shape_of_one(subject: Subject) -> Iterator[Finding]:
    """Yield elements of SHAPE of a single value, which has no dimension."""
    for place in subject.places(ast.Subscript):
        scope, node = place.scope, place.part
        call = node.operand
        if isinstance(call, ast.Function) and call.name.lower() == "shape" and not _is_output_of_group(place):
            columns = [infer(argument, scope) for argument in call.arguments]
            if any(column is not None and column.is_single and column.dtype != "json" for column in columns):
                message = "a single value has no dimension, so its shape has no element: the engine fails with `Cannot subscript an empty array.`"
                yield subject.finding(node, message, "in a query with GROUP BY it is the number of the group's rows")


def _is_grouped(place: Place) -> bool:
    """Tell whether an expression reads arrays of the values of each group: in a query with GROUP BY, in any clause but WHERE."""
    return bool(place.scope.select.group_by) and place.clause != "WHERE"


def _is_output_of_group(place: Place) -> bool:
    """Tell whether an expression is an output of a query with GROUP BY, which reads arrays; its keys read single values."""
    return bool(place.scope.select.group_by) and place.clause == "SELECT"


def _of_values(subject: Subject) -> Iterator[Finding]:
    """Yield CONTAINS of numbers outside of WHERE."""
    return in_where(_numbers_in_contains, subject, inside=False)


def _of_shapes(subject: Subject) -> Iterator[Finding]:
    """Yield elements of the shape of single values outside of WHERE."""
    return in_where(_shape_of_one, subject, inside=False)


def _without_value(subject: Subject) -> Iterator[Finding]:
    """Yield the parts of WHERE that have no value in any row."""
    for find in (_numbers_in_contains, _shape_of_one, lengths):
        for finding in in_where(find, subject, inside=True):
            message = f"{finding.message}; not in WHERE, where the condition is false for every row, and NOT of it true"
            yield finding.replace(message=message)


def _null_passes(subject: Subject) -> Iterator[Finding]:
    """Yield conditions on a column or a value of JSON that can be null, under NOT or selected, that no test for null decides."""
    for scope in subject.scopes:
        for clause, whole in expressions(scope.select):
            for part in parts_of(whole, (*TESTS, ast.Function)):
                negated = part.negated or getattr(part.node, "negated", False)
                column = _nullable(part, scope, clause) if negated or clause == "SELECT" else None
                if column is not None:
                    written = subject.written(column)
                    message = f"`{written}` can be null, and a condition on null is false, so that NOT makes it true; in SQL both are null"
                    yield subject.finding(part.node, message, f"write {written} is not null and ..")


def _nullable(part: Guarded, scope: SelectScope, clause: str) -> ast.Expression | None:
    """Return the first operand of a test that can be null and that nothing around it tests for null."""
    if isinstance(part.node, ast.Function):
        return _nullable_text(part, part.node, scope, clause)
    for node in own_parts(part.node):
        if is_direct_value(node, scope):
            return _unless_tested(node, part, scope, clause)
        found = scope.column(node)
        if isinstance(node, ast.Column) and found is not None and found.nullable and node not in part.guards:
            return None if is_filled(node, scope, clause) else node
    return None


def _unless_tested(value: ast.Expression, part: Guarded, scope: SelectScope, clause: str) -> ast.Expression | None:
    """Return a value of JSON that a row may lack, or None if a condition keeps those rows out; LIKE fails on them, which another rule reports."""
    fails = isinstance(part.node, ast.Like)
    return None if fails or value in part.guards or is_present(value, scope, clause) else value


def _nullable_text(part: Guarded, call: ast.Function, scope: SelectScope, clause: str) -> ast.Expression | None:
    """Return the text that a call of CONTAINS searches, a column or a value of JSON, if it can be null."""
    node = call.arguments[0] if call.name.lower() == "contains" and call.arguments else None
    if node is None or node in part.guards:
        return None
    if is_direct_value(node, scope):
        return _unless_tested(node, part, scope, clause)
    return node if isinstance(node, ast.Column) and is_nullable_text(node, scope, clause) else None


RULES = (
    Rule(
        code="TQL362",
        title="CONTAINS of a list of several numbers",
        severity="error",
        explanation="CONTAINS looks for one element. No number is a list of several, so the condition is false for every row; in a matrix it looks for a row. Reported only with a schema.",
        example="select id from D where contains(arr, array[1, 2])",
        find=_lists_in_contains,
        meant="select id from D where contains(arr, 1) and contains(arr, 2)",
        needs_schema=True,
    ),
    Rule(
        code="TQL250",
        title="CONTAINS of a number, or of a number in a text",
        severity="error",
        explanation="CONTAINS takes a text or an array. The engine rejects a single number, and a number to look for in a text; about WHERE see TQL359. Reported only with a schema.",
        example="select contains(id, 2) as k from D",
        find=_of_values,
        meant="select id = 2 as k from D",
        needs_schema=True,
    ),
    Rule(
        code="TQL251",
        title="element of the shape of a single value",
        severity="error",
        explanation="The shape of a single value is empty, and the engine rejects an index into it. In a SELECT with GROUP BY `shape(id)[0]` is the number of rows of the group. Reported only with a schema.",
        example="select shape(id)[0] as n from D",
        find=_of_shapes,
        meant="select shape(arr)[0] as n from D",
        needs_schema=True,
    ),
    Rule(
        code="TQL359",
        title="part of WHERE that has no value",
        severity="error",
        explanation="What the engine rejects in other clauses is false for every row in WHERE, without an error, and NOT of it is true: CONTAINS of a number, or of a number in a text (TQL250), an element of the shape of a single value (TQL251), and vectors of different lengths (TQL235). Reported only with a schema.",
        example="select id from D where contains(id, 2)",
        find=_without_value,
        meant="select id from D where id = 2",
        needs_schema=True,
    ),
    Rule(
        code="TQL526",
        title="arithmetic that wraps around",
        severity="warning",
        explanation="The engine computes with columns of 8 and 16 bits in their type, and with unsigned columns in an unsigned one, as numpy does: 200 + 100 of two uint8 is 44. A literal in the expression makes it int64. Reported only with a schema.",
        example="select id from D where u8 + u8 > 300",
        find=_wrapped,
        meant="select id from D where u8 * 1 + u8 > 300",
        needs_schema=True,
    ),
    Rule(
        code="TQL524",
        title="condition on null under NOT, or selected",
        severity="info",
        explanation="A condition on null is false, so NOT (x = 3), x NOT IN (3) and NOT contains(x, 'a') are true for null, and a selected condition is false for it. In SQL all are null. The same holds for a value of JSON that a row lacks. Columns are reported only with a schema; the severity is info.",
        example="select id from D where nul not in (1, 2)",
        find=_null_passes,
        meant="select id from D where nul is not null and nul not in (1, 2)",
    ),
)
