"""Rules about JSON: comparisons with columns, values that a subquery selects, and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from tql_grammar import ast
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.crashes import filters
from tql_grammar.lint.rules.literals import literals_of
from tql_grammar.lint.rules.nullable import missing
from tql_grammar.outputs import bare
from tql_grammar.rewrite.json_values import is_json_value
from tql_grammar.typing.inference import infer
from tql_grammar.typing.scopes import defining_expression
from tql_grammar.walk import below, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.typing.scopes import SelectScope


def _is_json(node: ast.Node, scope: SelectScope) -> bool:
    """Tell whether a node is a JSON column, a value of one, or the output of a subquery that is one of these values."""
    if is_json_value(node):
        inner = node
        while isinstance(inner, ast.Subscript):
            inner = inner.operand
        column = scope.column(inner)
        return column is None or column.dtype == "json"
    column = scope.column(node)
    return (column is not None and column.dtype == "json") or is_json_value(defining_expression(scope.select, node))


class Rows(NamedTuple):
    """
    The sources of a value's rows.

    Attributes:
        json: whether the engine reads them as JSON, as in a comparison.
        column: whether they come from a column that is not JSON.
        mixed: whether the value, or a part of it, combines both.
    """

    json: bool = False
    column: bool = False
    mixed: bool = False


def _mixed(output: ast.Node, scope: SelectScope) -> Iterator[ast.Node]:
    """Yield the innermost parts of an output that combine JSON with another column."""
    nodes: list[tuple[ast.Node, list[ast.Node]]] = []
    stack = [output]
    while stack:
        node = stack.pop()
        parts = [] if _is_json(node, scope) or _is_keys(node) else _operands(node)
        nodes.append((node, parts))
        stack += parts
    rows: dict[int, Rows] = {}
    for node, parts in reversed(nodes):
        below_ = [rows[id(part)] for part in parts]
        found = rows[id(node)] = _rows(node, parts, below_, scope)
        if found.mixed and not any(part.mixed for part in below_):
            yield node


def _rows(node: ast.Node, parts: list[ast.Node], below_: list[Rows], scope: SelectScope) -> Rows:
    """Return the sources of a value's rows, from those of its operands."""
    if _is_json(node, scope):
        return Rows(json=True)
    column = any(part.column for part in below_)
    if _gives_plain_rows(node, parts, scope):
        return Rows(column=column)
    json = any(part.json for part in below_)
    return Rows(json, column or isinstance(node, ast.Column), any(part.mixed for part in below_) or _meet(below_))


def _gives_plain_rows(node: ast.Node, parts: list[ast.Node], scope: SelectScope) -> bool:
    """Tell whether a value computed from JSON is no longer JSON: a test for null, or arithmetic directly on JSON."""
    if isinstance(node, (ast.Chain, ast.Negate)):
        return any(_is_json(part, scope) for part in parts)
    return isinstance(node, ast.IsNull)


def _meet(rows: list[Rows]) -> bool:
    """Tell whether one operand reads JSON, and another operand a column."""
    json = [number for number, part in enumerate(rows) if part.json]
    column = [number for number, part in enumerate(rows) if part.column]
    return bool(json and column) and len({*json, *column}) > 1


def _operands(node: ast.Node) -> list[ast.Node]:
    """Return the operands of a node."""
    flat = (item for part in below(node) for item in (part if isinstance(part, tuple) else (part,)))
    return [part for part in flat if isinstance(part, ast.Node) and not isinstance(part, ast.Query)]


def _is_keys(node: ast.Node) -> bool:
    """Tell whether a node is a call of KEYS."""
    return isinstance(node, ast.Function) and node.name.lower() == "keys"


def _selected(subject: Subject) -> Iterator[Finding]:
    """Yield combinations of JSON with another column in the SELECT list."""
    for scope in subject.scopes:
        for output in map(bare, scope.select.columns):
            if isinstance(output, (ast.Column, ast.Star)):  # a column alone combines nothing
                continue
            for node in _mixed(output, scope):
                message = (
                    "comparing or combining JSON with another column in the SELECT list crashes the engine process"
                )
                hint = "write js['k'] + 0 for a JSON number, or move the condition to WHERE, where it works"
                yield subject.finding(node, message, hint)


def _nullable(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of JSON with a nullable number; those in SELECT are found as any other column there."""
    for place in subject.places(ast.Comparison):
        if place.clause == "SELECT":
            continue
        for one, other in place.part.sides:
            column = missing(other, place.scope, place.clause) if _is_json(one, place.scope) else None
            if column is not None:
                written = subject.written(column)
                message = (
                    f"`{column.name}` can be null: comparing a null with JSON crashes the engine process (SIGSEGV)"
                )
                hint = f"write {subject.written(one)} + 0 for a JSON number, or filter null out in a subquery: select .. from (select * from .. where {written} is not null)"  # noqa: S608 - advice
                yield subject.finding(place.part, message, hint)
                break


def _renamed_list(subject: Subject) -> Iterator[Finding]:
    """Yield subscripts of a JSON value that a subquery selects; in the outputs of a grouped query they are indices into the group instead."""
    for scope, node in subject.parts(ast.Subscript):
        if scope.select.group_by and not _is_in(node, scope.select.where):
            continue
        if (
            not node.is_keyed
            and isinstance(node.operand, ast.Column)
            and is_json_value(defining_expression(scope.select, node.operand))
        ):
            message = f"`{node.operand.name}` is a JSON value that a subquery selects: reading one of its elements crashes the engine process in WHERE, and is rejected elsewhere"
            yield subject.finding(node, message, "write the whole path where the JSON column is read: js['l'][0] = 3")


def _selected_element(subject: Subject) -> Iterator[Finding]:
    """Yield outputs that are an element of a JSON list."""
    for scope in subject.scopes:
        for output in scope.select.columns:
            node = bare(output)
            if isinstance(node, ast.Subscript) and _is_element(node) and _is_json(node, scope):
                message = "an element of a JSON list is no output: the engine fails with `String subscript can be applied to Json data only.`"
                yield subject.finding(node, message, f"write {subject.written(node)} + 0 for a number")


def _negative(subject: Subject) -> Iterator[Finding]:
    """Yield negative numbers in IN and BETWEEN of a value of JSON."""
    for scope, node in subject.parts(ast.In, ast.Between):
        negative = next(filter(_is_negative, literals_of(node)), None)
        if negative is not None and _is_json(node.operand, scope):
            message = (
                "IN and BETWEEN of JSON take no negative number: the engine fails with `Can't apply minus on string.`"
            )
            written = subject.written(node.operand)
            yield subject.finding(
                negative, message, f"write {written} = -1 or {written} = 3, or {written} >= -1 and {written} <= 3"
            )


def _is_negative(literal: ast.Expression) -> bool:
    """Tell whether a literal has a minus sign."""
    return isinstance(literal, ast.Negate) or (isinstance(literal, ast.Number) and literal.value < 0)


def _is_element(node: ast.Subscript) -> bool:
    """Tell whether a subscript is an index of a value of JSON, as ``m['l'][0]``."""
    sliced = any(isinstance(index, ast.Slice) for index in node.indices)
    return not (node.is_keyed or sliced) and isinstance(node.operand, ast.Subscript) and is_json_value(node.operand)


def _is_in(node: ast.Node, whole: ast.Node | None) -> bool:
    """Tell whether a node is a part of another one."""
    return whole is not None and any(part is node for part in walk(whole))


def _whole(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of a whole column of JSON."""
    for scope, node in subject.parts(ast.Comparison, ast.In, ast.Between):
        operands = (node.left, node.right) if isinstance(node, ast.Comparison) else (node.operand,)
        found = next((part for part in operands if _is_whole(part, scope)), None)
        if found is not None:
            message = (
                f"`{found.name}` is a column of JSON: nothing is equal to an object, so this is the same for every row"
            )
            yield subject.finding(node, message, f"compare a key of it: {found.name}['key']")


def _is_whole(node: ast.Expression, scope: SelectScope) -> TypeGuard[ast.Column]:
    """Tell whether a node is a column of JSON itself."""
    column = scope.column(node)
    return column is not None and column.dtype == "json" and not _is_part_of_json(node, scope)


def _renamed_text(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of text with a JSON value that a subquery selects."""
    for scope, node in subject.parts(ast.Comparison):
        for one, other in node.sides:
            column = infer(other, scope)
            text = column is not None and column.is_text
            if text and isinstance(one, ast.Column) and is_json_value(defining_expression(scope.select, one)):
                message = f"`{one.name}` is a JSON value that a subquery selects: comparing it with text is false for every row"
                yield subject.finding(node, message, "move the condition into the subquery: where js['s'] = 'x'")
                break


def _renamed_pattern(subject: Subject) -> Iterator[Finding]:
    """Yield LIKE, CONTAINS, and IN and BETWEEN with texts, on a JSON value that a subquery selects."""
    for scope, node in subject.parts(ast.Like, ast.In, ast.Between, ast.Function):
        operand = _text_operand(node)
        if isinstance(operand, ast.Column) and is_json_value(defining_expression(scope.select, operand)):
            message = f"`{operand.name}` is a JSON value that a subquery selects: the engine fails with `Dtype str is not numeric.`"
            yield subject.finding(node, message, "move the condition into the subquery: where js['s'] in ('x')")


def _text_operand(node: ast.Like | ast.In | ast.Between | ast.Function) -> ast.Expression | None:
    """Return the operand of LIKE, CONTAINS, or IN and BETWEEN with strings; None for any other node."""
    if isinstance(node, ast.Function):
        return node.arguments[0] if node.name.lower() == "contains" and node.arguments else None
    texts = isinstance(node, ast.Like) or any(isinstance(literal, ast.String) for literal in literals_of(node))
    return node.operand if texts else None


def _keys(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of KEYS with a string literal."""
    for _, node in subject.parts(ast.Comparison):
        for one, other in node.sides:
            if _is_keys(one) and isinstance(other, ast.String):
                message = "KEYS never equals a string, and ANY over the comparison is false for every row"
                written = f"contains({subject.written(one)}, {subject.written(other)})"
                word = "not " if node.operator == "!=" else ""
                yield subject.finding(node, message, f"write {word}{written} without ANY or ALL")
                break


def _absent(subject: Subject) -> Iterator[Finding]:
    """Yield KEYS of a value of JSON that a row may lack."""
    for place in subject.places(ast.Function):
        value = place.part.arguments[0] if _is_keys(place.part) and place.part.arguments else None
        if value is None or not _is_part_of_json(value, place.scope):
            continue
        source = defining_expression(place.scope.select, value)
        if not any(_has_value(test, (value, source)) for test in filters(place)):
            written = subject.written(value)
            message = f"KEYS crashes the engine process (SIGSEGV) if a row has no {written}"
            hint = f"filter those rows out in a subquery: select .. from (select * from .. where {written} is not null)"  # noqa: S608 - advice
            yield subject.finding(place.part, message, hint)


def _is_part_of_json(node: ast.Node, scope: SelectScope) -> bool:
    """Tell whether a node is a value of a JSON column, or the output of a subquery that is one."""
    return is_json_value(node) or is_json_value(defining_expression(scope.select, node))


def _has_value(test: ast.Expression, values: tuple[ast.Node | None, ...]) -> bool:
    """Tell whether a condition is false for a row that lacks a value of JSON: it is not null, or it is one of the keys; or for every row."""
    if test == ast.Boolean(value=False):
        return True
    if isinstance(test, ast.IsNull):
        return test.negated and test.operand in values
    if not isinstance(test, ast.Function) or test.name.lower() != "contains":
        return False
    keys, *key = test.arguments
    return _is_keys(keys) and ast.Subscript(keys.arguments[0], tuple(key)) in values  # type: ignore[attr-defined]  # a call


RULES = (
    Rule(
        code="TQL252",
        title="LIKE, CONTAINS or IN on JSON text in an outer query",
        severity="error",
        explanation="The engine rejects LIKE, CONTAINS, and IN and BETWEEN with strings, on a JSON text that a subquery selects under an alias. They work on `js['s']` itself.",
        example="select id from (select id, js['s'] as s from D) where s in ('s2')",
        find=_renamed_pattern,
        meant="select id from D where js['s'] in ('s2')",
    ),
    Rule(
        code="TQL257",
        title="element of a JSON list as an output",
        severity="error",
        explanation="The engine rejects an element of a JSON list as an output. In WHERE and ORDER BY, and inside of arithmetic or a condition, an element works.",
        example="select js['n']['a'][0] as x from D where id = 2",
        find=_selected_element,
        meant="select js['n']['a'][0] + 0 as x from D where id = 2",
    ),
    Rule(
        code="TQL258",
        title="negative number in IN or BETWEEN of JSON",
        severity="error",
        explanation="The engine rejects a negative number in IN and BETWEEN on a value of JSON; comparisons with one work.",
        example="select id from D where js['k'] between -1 and 3",
        find=_negative,
        meant="select id from D where js['k'] >= -1 and js['k'] <= 3",
    ),
    Rule(
        code="TQL341",
        title="JSON text compared in an outer query",
        severity="error",
        explanation="A JSON text that a subquery selects under an alias equals no text, and != matches no row either. The comparison works on `js['s']` itself.",
        example="select id from (select id, js['s'] as s from D) where s = 's2'",
        find=_renamed_text,
        meant="select id from D where js['s'] = 's2'",
    ),
    Rule(
        code="TQL342",
        title="JSON keys compared with a string",
        severity="error",
        explanation="`any(keys(js) = 'k')` is false for every row. Use CONTAINS to test for a key.",
        example="select id from D where any(keys(js) = 'k')",
        find=_keys,
        meant="select id from D where contains(keys(js), 'k')",
    ),
    Rule(
        code="TQL361",
        title="column of JSON compared as a whole",
        severity="error",
        explanation="No object is equal to anything, not even to itself: comparisons, IN and BETWEEN of a column of JSON match no row, and `!=` and NOT match every row. Compare a key.",
        example="select id from D where js = 's2'",
        find=_whole,
        meant="select id from D where js['s'] = 's2'",
    ),
    Rule(
        code="TQL416",
        title="JSON combined with another column in SELECT",
        severity="error",
        explanation="In the SELECT list, comparing JSON with another column crashes the engine process (SIGSEGV), and so does combining a JSON comparison with another column by AND, OR or arithmetic. In WHERE both work, and so does `js['k'] + 0 = x` in SELECT.",
        example="select js['k'] = id as x from D",
        find=_selected,
        meant="select js['k'] + 0 = id as x from D",
    ),
    Rule(
        code="TQL417",
        title="subscript of a JSON value in an outer query",
        severity="error",
        explanation="Reading an element of a JSON list that a subquery selects under an alias crashes the engine process (SIGSEGV) in WHERE; in SELECT and ORDER BY it is rejected.",
        example="select id from (select id, js['n']['a'] as l from D where id % 2 = 0) where l[0] = 2",
        find=_renamed_list,
        meant="select id from D where js['n']['a'][0] = 2",
    ),
    Rule(
        code="TQL420",
        title="KEYS of a value of JSON that a row may lack",
        severity="error",
        explanation="KEYS of a key of JSON crashes the engine process (SIGSEGV) if a row lacks the key, in SELECT and in WHERE, and if its value is a number or a text. In SELECT, a condition of the same WHERE keeps those rows out; in WHERE, a subquery has to.",
        example="select keys(js['n']) as k from D",
        find=_absent,
        meant="select keys(js['n']) as k from D where js['n'] is not null",
    ),
    Rule(
        code="TQL422",
        title="nullable number compared with JSON",
        severity="error",
        explanation="Comparing a nullable number with JSON crashes the engine process (SIGSEGV) if a row is null, also if the same WHERE tests for null. It works with `js['k'] + 0` on the right, and if a subquery filters null out. Reported only with a schema.",
        example="select id from D where nul = js['k']",
        find=_nullable,
        meant="select id from D where nul = js['k'] + 0",
        needs_schema=True,
    ),
)
