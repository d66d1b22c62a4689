"""Rules about JSON: parts that are compared with columns, parts under a new name, and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare
from tql_grammar.rewrite.json_values import is_json_value
from tql_grammar.typing.inference import infer
from tql_grammar.typing.scopes import made_by
from tql_grammar.walk import below, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.typing.scopes import SelectScope


def _is_json(node: ast.Node, scope: SelectScope) -> bool:
    """Tell whether a value is JSON: a column, a part of one, or an output of a sub-query that is a part of one."""
    if is_json_value(node):
        inner = node
        while isinstance(inner, ast.Subscript):
            inner = inner.operand
        column = scope.column(inner)
        return column is None or column.dtype == "json"
    column = scope.column(node)
    return (column is not None and column.dtype == "json") or is_json_value(made_by(scope.select, node))


class Rows(NamedTuple):
    """
    The rows of which a value is made.

    Attributes:
        json: whether they are those of JSON, as the engine reads it for a comparison.
        column: whether they are those of another column.
        mixed: whether the value, or a part of it, is made of both.
    """

    json: bool = False
    column: bool = False
    mixed: bool = False


def _mixed(output: ast.Node, scope: SelectScope) -> Iterator[ast.Node]:
    """Yield the innermost parts of an output that are made of JSON and of another column."""
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
    """Return the rows of which a value is made, from those of its operands."""
    if _is_json(node, scope):
        return Rows(json=True)
    column = any(part.column for part in below_)
    if _gives_plain_rows(node, parts, scope):
        return Rows(column=column)
    json = any(part.json for part in below_)
    return Rows(json, column or isinstance(node, ast.Column), any(part.mixed for part in below_) or _meet(below_))


def _gives_plain_rows(node: ast.Node, parts: list[ast.Node], scope: SelectScope) -> bool:
    """Tell whether the rows of a value are plain ones even of JSON: those of a test for null, and of arithmetic of JSON itself."""
    if isinstance(node, (ast.Chain, ast.Negate)):
        return any(_is_json(part, scope) for part in parts)
    return isinstance(node, ast.IsNull)


def _meet(rows: list[Rows]) -> bool:
    """Tell whether one operand has the rows of JSON, and another one those of a column."""
    return any(one.json and two.column for one in rows for two in rows if one is not two)


def _operands(node: ast.Node) -> list[ast.Node]:
    """Return the nodes of which a value is computed."""
    flat = (item for part in below(node) for item in (part if isinstance(part, tuple) else (part,)))
    return [part for part in flat if isinstance(part, ast.Node) and not isinstance(part, ast.Query)]


def _is_keys(node: ast.Node) -> bool:
    """Tell whether a node is a call of KEYS."""
    return isinstance(node, ast.Function) and node.name.lower() == "keys"


def _selected(subject: Subject) -> Iterator[Finding]:
    """Yield JSON together with another column in the select list."""
    for scope in subject.scopes:
        for output in scope.select.columns:
            for node in _mixed(bare(output), scope):
                message = "JSON compared, or combined, with another column in SELECT ends the engine's process"
                hint = "write js['k'] + 0 for a number of JSON, or the condition in WHERE, where it runs"
                yield subject.finding(node, message, hint)


def _renamed_list(subject: Subject) -> Iterator[Finding]:
    """Yield subscripts of a part of JSON that a sub-query has given a name; by them the outputs of groups take one of the group's values."""
    for scope, node in subject.parts(ast.Subscript):
        if scope.select.group_by and not _is_in(node, scope.select.where):
            continue
        if (
            not node.is_keyed
            and isinstance(node.operand, ast.Column)
            and is_json_value(made_by(scope.select, node.operand))
        ):
            message = f"`{node.operand.name}` is a part of JSON by another name: its elements end the engine's process in WHERE, and are refused elsewhere"
            yield subject.finding(node, message, "write the whole subscript where the column is read: js['l'][0] = 3")


def _is_in(node: ast.Node, whole: ast.Node | None) -> bool:
    """Tell whether a node is a part of another one."""
    return whole is not None and any(part is node for part in walk(whole))


def _renamed_text(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of a text with a part of JSON that a sub-query has given a name."""
    for scope, node in subject.parts(ast.Comparison):
        for one, other in node.sides:
            column = infer(other, scope)
            text = column is not None and column.is_text
            if text and isinstance(one, ast.Column) and is_json_value(made_by(scope.select, one)):
                message = (
                    f"`{one.name}` is a part of JSON by another name: its comparison with a text is false for every row"
                )
                yield subject.finding(node, message, "write the condition in the sub-query: where js['s'] = 'x'")
                break


def _keys(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of the keys of JSON with a text."""
    for _, node in subject.parts(ast.Comparison):
        for one, other in node.sides:
            if _is_keys(one) and isinstance(other, ast.String):
                message = "KEYS is never equal to a text, and ANY of it is false for every row"
                written = f"contains({subject.written(one)}, {subject.written(other)})"
                word = "not " if node.operator == "!=" else ""
                yield subject.finding(node, message, f"write {word}{written} without ANY or ALL")
                break


RULES = (
    Rule(
        code="TQL341",
        title="text of JSON compared one level out",
        severity="error",
        explanation="A text of JSON that a sub-query gives another name is equal to no text, and != has no rows either; as `js['s']` it is compared rightly.",
        example="select id from (select id, js['s'] as s from D) where s = 's2'",
        find=_renamed_text,
        meant="select id from D where js['s'] = 's2'",
    ),
    Rule(
        code="TQL342",
        title="keys of JSON compared with a text",
        severity="error",
        explanation="`any(keys(js) = 'k')` is false for every row; CONTAINS finds a key.",
        example="select id from D where any(keys(js) = 'k')",
        find=_keys,
        meant="select id from D where contains(keys(js), 'k')",
    ),
    Rule(
        code="TQL416",
        title="JSON together with another column in SELECT",
        severity="error",
        explanation="In the select list JSON that is compared with another column, and AND, OR or arithmetic of its comparison with one, end the engine's process (SIGSEGV); in WHERE they run, and so does `js['k'] + 0 = x`.",
        example="select js['k'] = id as x from D",
        find=_selected,
        meant="select js['k'] + 0 = id as x from D",
    ),
    Rule(
        code="TQL417",
        title="subscript of a part of JSON one level out",
        severity="error",
        explanation="A list of JSON that a sub-query gives another name ends the engine's process (SIGSEGV) where WHERE reads an element of it; in SELECT and ORDER BY that is refused.",
        example="select id from (select id, js['n']['a'] as l from D where id % 2 = 0) where l[0] = 2",
        find=_renamed_list,
        meant="select id from D where js['n']['a'][0] = 2",
    ),
)
