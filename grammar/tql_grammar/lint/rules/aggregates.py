"""Rules about GROUP BY and aggregates where TQL differs from SQL: lists of a group's values, positions as keys, and aggregates without groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.reads import POSITION
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.literals import is_number
from tql_grammar.outputs import bare, output_name
from tql_grammar.schema import INTEGERS
from tql_grammar.typing.inference import infer
from tql_grammar.walk import own_parts, subselect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.rule import Place
    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope

    Condition = ast.Comparison | ast.In | ast.Between | ast.Like

# The functions that are aggregates of groups, and reductions of one array elsewhere.
AGGREGATES = frozenset({"sum", "avg", "amin", "amax", "prod"})


def _of_group(subject: Subject) -> Iterator[Finding]:
    """Yield conditions on all values of a group, among the outputs of a grouped SELECT: IN, BETWEEN, LIKE, and = of a text."""
    for place in subject.places(ast.In, ast.Between, ast.Like, ast.Comparison):
        if place.clause == "SELECT" and place.scope.select.group_by and _is_text_or_list(place.part, place.scope):
            message = "the operand is the list of a group's values: the engine rejects the condition, or does not evaluate it for each value"
            hint = "compute the condition in a subquery: select k from (select txt in ('a') as k, grp from ..) group by grp"
            yield subject.finding(place.part, message, hint)


def _is_text_or_list(node: Condition, scope: SelectScope) -> bool:
    """Tell whether a condition is IN, BETWEEN or LIKE on a column, or compares a text column."""
    if not isinstance(node, ast.Comparison):
        return isinstance(node.operand, ast.Column)
    found = [(side, scope.column(side)) for side in (node.left, node.right)]
    texts = any(isinstance(side, ast.String) or (column and column.is_text) for side, column in found)
    return texts and any(isinstance(side, ast.Column) for side, _ in found)


def _lists(scope: SelectScope) -> dict[str, bool]:
    """Return the outputs of a grouped subquery that are lists of a group's values, each with whether it is a key."""
    inner = subselect(scope.select.source)
    if inner is None or not inner.group_by or scope.select.ungroup_by is not None:
        return {}
    outputs = {output_name(output): bare(output) for output in inner.columns}
    return {
        name: column in inner.group_by
        for name, column in outputs.items()
        if name is not None and isinstance(column, ast.Column)
    }


def _compared_list(subject: Subject) -> Iterator[Finding]:
    """Yield conditions and sort keys that read a list of a group's values as one value."""
    lists = {id(scope): found for scope in subject.scopes if (found := _lists(scope))}
    yield from _compared_lists(subject, lists) if lists else ()


def _compared_lists(subject: Subject, lists: dict[int, dict[str, bool]]) -> Iterator[Finding]:
    """Yield conditions and sort keys that read one of some lists, by scope and name, as one value; the engine compares each element in ANY and ALL."""
    for _, scope, clause, whole, node in _of_one_value(subject):
        known = lists.get(id(scope), {})
        column = bare(whole) if isinstance(node, ast.Column) and clause == "ORDER BY" else _compared(node)
        if not isinstance(column, ast.Column) or column.name not in known:
            continue
        if isinstance(node, ast.Column) is not (clause == "ORDER BY") or _is_right(node, is_key=known[column.name]):
            continue
        message = f"`{column.name}` is a list of a group's values, as the subquery selects it without a function: the engine rejects this, or compares wrongly"
        hint = f"write {column.name}[0] as {column.name} in the subquery for the key of the group, and sum(..), amax(..) or any(..) for other columns"
        yield subject.finding(node, message, hint)


def _of_one_value(subject: Subject) -> list[Place]:
    """Return conditions and columns, without the conditions on each element of a list."""
    elements = {id(part) for _, call in subject.parts(ast.Function) for part in _of_each_element(call)}
    places = subject.places(ast.Comparison, ast.In, ast.Between, ast.Like, ast.Column)
    return [place for place in places if id(place.part) not in elements]


def _of_each_element(call: ast.Function) -> Iterator[ast.Comparison]:
    """Yield the comparison with a number in ANY or ALL, which the engine evaluates for each value of a list."""
    for part in call.arguments if call.name.lower() in {"any", "all"} else ():
        if isinstance(part, ast.Comparison) and (is_number(part.left) or is_number(part.right)):
            yield part


def _compared(node: ast.Node) -> ast.Node | None:
    """Return the operand of a condition that is compared with literals, or None."""
    if isinstance(node, ast.Comparison):
        return next((one for one, other in node.sides if isinstance(other, ast.String) or is_number(other)), None)
    return node.operand if isinstance(node, (ast.In, ast.Between, ast.Like)) else None


def _is_right(node: ast.Node, *, is_key: bool) -> bool:
    """Tell whether the engine compares a list rightly: a key, all of whose values are equal, with a number."""
    return is_key and isinstance(node, ast.Comparison) and (is_number(node.left) or is_number(node.right))


def _listed_key(subject: Subject) -> Iterator[Finding]:
    """Yield keys of GROUP BY as outputs without an index: lists of equal values, unless UNGROUP BY takes them apart again."""
    taken = [subselect(select.source) for select in subject.selects if select.ungroup_by is not None]
    for select in subject.selects:
        if not any(select is inner for inner in taken):
            for output in _keys_among_outputs(select):
                written, name = subject.written(bare(output)), output_name(output)
                message = "the key of a group is returned as a list, which has the value once for each row of the group"
                yield subject.finding(output, message, f"write {written}[0] as {name} for the value")


def _keys_among_outputs(select: ast.Select) -> list[ast.Expression]:
    """Return the outputs that are columns of GROUP BY."""
    keys = [key for key in select.group_by if isinstance(key, ast.Column)]
    return [output for output in select.columns if bare(output) in keys]


def _position(subject: Subject) -> Iterator[Finding]:
    """Yield GROUP BY a number which is the position of an output that is not an aggregate."""
    for select in subject.selects:
        for key in select.group_by:
            place = key.value if isinstance(key, ast.Number) and isinstance(key.value, int) else 0
            output = bare(select.columns[place - 1]) if 0 < place <= len(select.columns) else None
            if isinstance(output, ast.Column):
                message = "a number in GROUP BY is a constant, and not the position of an output: there is one group of all rows"
                yield subject.finding(key, message, f"write group by {subject.written(output)}")


def _of_rows(subject: Subject) -> Iterator[Finding]:
    """Yield the outputs of a query without GROUP BY that has nothing but aggregates of numbers that are one value in each row."""
    for scope in subject.scopes:
        calls = [bare(output) for output in scope.select.columns]
        if scope.select.group_by or scope.select is not subject.tree:
            continue
        if all(isinstance(call, ast.Function) and _reduces_a_number(call, scope) for call in calls):
            written = subject.written(scope.select.columns[0])
            message = "without GROUP BY an aggregate has one value for each row: it reduces the elements of one row's array, and here each row has one number"
            yield subject.finding(calls[0], message, f"write select {written} .. group by 1 for all rows")


def _reduces_a_number(call: ast.Function, scope: SelectScope) -> bool:
    """Tell whether a call reduces a number computed from columns of numbers that are never null, and not an array."""
    if call.name.lower() not in AGGREGATES or len(call.arguments) != 1:
        return False
    found = infer(call.arguments[0], scope)
    columns = [scope.column(part) for part in own_parts(call.arguments[0]) if isinstance(part, ast.Column)]
    return found is not None and found.is_number and bool(columns) and all(map(_is_plain_number, columns))


def _is_plain_number(column: Column | None) -> bool:
    """Tell whether a column has one number in each row, and never null."""
    return column is not None and column.is_number and not column.nullable


def _of_constant(subject: Subject) -> Iterator[Finding]:
    """Yield SUM of a constant in a SELECT with GROUP BY."""
    for place in subject.places(ast.Function):
        call = place.part
        counts = place.clause == "SELECT" and place.scope.select.group_by and call.name.lower() == "sum"
        if counts and len(call.arguments) == 1 and _is_constant(call.arguments[0]):
            written = subject.written(call.arguments[0])
            message = f"the sum of a constant is the constant itself, {written}, and not one for each row of the group"
            yield subject.finding(
                call, message, "write shape(x)[0] for the number of rows, with a column x of the group"
            )


def _is_constant(node: ast.Expression) -> bool:
    """Tell whether an expression is a number, or is computed of numbers only."""
    parts = list(own_parts(node))
    return all(isinstance(part, (ast.Number, ast.Chain, ast.Negate)) for part in parts)


def _quotient(subject: Subject) -> Iterator[Finding]:
    """Yield quotients of integers."""
    for scope, node in subject.parts(ast.Chain):
        found = [infer(operand, scope) for operand in node.operands]
        integers = all(column is not None and column.dtype in INTEGERS for column in found)
        if "/" in node.operators and integers and not _is_whole(node):
            message = "the quotient of two integers has its fraction, unlike in SQL, which cuts it off"
            yield subject.finding(node, message, "for the whole part write (a - a % b) / b, which is right from 0 on")


def _is_whole(node: ast.Chain) -> bool:
    """Tell whether a chain is ``(a - a % b) / b``, which has no fraction."""
    over, under = node.operands[0], node.operands[-1]
    if node.operators != ("/",) or not isinstance(over, ast.Chain) or over.operators != ("-",):
        return False
    return over.operands[1] == ast.Chain(("%",), (over.operands[0], under))


RULES = (
    Rule(
        code="TQL372",
        title="SUM of a constant in a group",
        severity="error",
        explanation="In a SELECT with GROUP BY, `sum(1)` is 1, whatever the number of rows: a constant is not one value for each row. The number of rows of a group is `shape(x)[0]`.",
        example="select grp[0] as g, sum(1) as n from D group by grp",
        find=_of_constant,
        meant="select grp[0] as g, shape(id)[0] as n from D group by grp",
    ),
    Rule(
        code="TQL253",
        title="condition on a group's values",
        severity="error",
        explanation="In a SELECT with GROUP BY a column is the list of a group's values. The engine rejects IN, BETWEEN, LIKE and comparisons of text on it, or evaluates IN and BETWEEN to false.",
        example="select text in ('doc 1') as k from D group by grp",
        find=_of_group,
        meant="select k from (select text in ('doc 1') as k, grp from D) group by grp",
    ),
    Rule(
        code="TQL352",
        title="list of a group's values used as one value",
        severity="error",
        explanation="A column that a grouped subquery selects without a function is a list. Comparisons with it are false, and IN, BETWEEN, LIKE and ORDER BY are rejected; only the key of the group is right with = < > and a number.",
        example="select * from (select id, sum(grp) as s from D group by grp) where id > 5",
        find=_compared_list,
        meant="select * from (select amax(id) as id, sum(grp) as s from D group by grp) where id > 5",
    ),
    Rule(
        code="TQL353",
        title="GROUP BY the position of an output",
        severity="error",
        explanation="A number in GROUP BY is a constant, so all rows are one group. SQL takes it as the position of an output.",
        example="select grp, sum(id) as s from D group by 1",
        find=_position,
        meant="select grp[0] as grp, sum(id) as s from D group by grp",
        reads=(POSITION,),
    ),
    Rule(
        code="TQL520",
        title="key of GROUP BY returned as a list",
        severity="warning",
        explanation="In a SELECT with GROUP BY a column without a function is the list of a group's values, also the column that groups. SQL returns one value.",
        example="select grp, sum(id) as s from D group by grp",
        find=_listed_key,
        meant="select grp[0] as grp, sum(id) as s from D group by grp",
    ),
    Rule(
        code="TQL521",
        title="aggregate without GROUP BY",
        severity="warning",
        explanation="SUM, AVG, AMIN, AMAX and PROD reduce the elements of an array. Without GROUP BY that is the array of one row, and for a column of single numbers the result is the number itself, a row for each row. Reported only with a schema.",
        example="select sum(id) as s from D",
        find=_of_rows,
        meant="select sum(id) as s from D group by 1",
        needs_schema=True,
    ),
    Rule(
        code="TQL522",
        title="quotient of integers",
        severity="info",
        explanation="A quotient of integers has its fraction, unlike in SQL. Reported only with a schema, with the severity info.",
        example="select id / 2 as h from D",
        find=_quotient,
        meant="select (id - id % 2) / 2 as h from D",
        needs_schema=True,
    ),
)
