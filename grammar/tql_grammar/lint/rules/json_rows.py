"""Rules about values of JSON in groups, and about rows in which a value is null or absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from tql_grammar import ast
from tql_grammar.functions import NUMERIC, QUANTIFIERS
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.guards import parts_of, present_value
from tql_grammar.lint.rules.json import GROUPED, is_part_of_json, required_value
from tql_grammar.lint.rules.json_comparisons import is_value
from tql_grammar.outputs import bare
from tql_grammar.rewrite.json_values import EXACT, is_json_value
from tql_grammar.typing.scopes import defining_expression, expressions
from tql_grammar.walk import own_parts, subselect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.rule import Place
    from tql_grammar.typing.scopes import SelectScope

# The functions that fail on values of JSON in the outputs of a grouped query.
OF_VALUES = NUMERIC | QUANTIFIERS | {"keys"}
COMPUTED = (ast.Chain, ast.Negate, ast.Function)
# The condition that no row meets.
NOTHING = ast.Boolean(value=False)


def _grouped(subject: Subject) -> Iterator[Finding]:
    """Yield values of JSON in the outputs of a grouped query: alone, and in what the engine cannot compute of a group."""
    for scope in subject.scopes:
        for output in map(bare, scope.select.columns if scope.select.group_by else ()):
            if isinstance(output, ast.Subscript) and output.is_keyed and is_direct_value(output, scope):
                message = f"in a query with GROUP BY this is the list of the group's whole objects, not of {subject.written(output)}"
                yield subject.finding(output, message, GROUPED)
            for part in _computed(output, scope):
                message = "the engine computes nothing with JSON in the outputs of a query with GROUP BY: it fails with `Dtype is unknown.`, `Dtype object is not numeric.` or `Can't eval dynamic shape array.`"
                yield subject.finding(part, message, GROUPED)


def _computed(output: ast.Node, scope: SelectScope) -> Iterator[ast.Node]:
    """Yield the parts of an output that compute with a value of a column of JSON."""
    for part in own_parts(output):
        if any(is_direct_value(operand, scope) for operand in _operands(part)):
            yield part


def is_direct_value(node: ast.Node, scope: SelectScope) -> TypeGuard[ast.Subscript]:
    """Tell whether a node is a value of a column of JSON, and no output of a subquery."""
    return is_json_value(node) and is_value(node, scope)


def _operands(node: ast.Node) -> tuple[ast.Node, ...]:
    """Return the operands of arithmetic, of a test for null, or of a function that computes with values."""
    if isinstance(node, ast.Chain):
        return node.operands
    if isinstance(node, (ast.Negate, ast.IsNull)):
        return (node.operand,)
    return node.arguments if isinstance(node, ast.Function) and node.name.lower() in OF_VALUES else ()


def _null_found(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons that JSON's null matches, unless a condition keeps it out."""
    for scope in subject.scopes:
        for clause, whole in expressions(scope.select):
            for part in parts_of(whole, (ast.Comparison,)):
                node = part.node
                if not isinstance(node, ast.Comparison) or part.negated or node.operator in EXACT:
                    continue
                value = _compared(node, scope)
                if value is not None and value not in part.guards and not is_present(value, scope, clause):
                    written = subject.written(value)
                    message = f"JSON's null is smaller than every other value, so this also matches rows in which {written} is an explicit null"
                    yield subject.finding(node, message, f"write {written} is not null and ..")


def _compared(node: ast.Comparison, scope: SelectScope) -> ast.Expression | None:
    """Return the value of JSON on one side of a comparison with anything else; of an order that on the left, as another rule reports the right."""
    sides = node.sides if node.operator == "!=" else node.sides[:1]
    found = (one for one, other in sides if is_value(one, scope) and not is_part_of_json(other, scope))
    return next(found, None)


def _without_number(subject: Subject) -> Iterator[Finding]:
    """Yield arithmetic on values of JSON outside of WHERE, which fails if a row has no number."""
    for place in subject.places(*COMPUTED):
        value = None if place.clause == "WHERE" or _is_call(place.part, "keys") else _absent(place)
        if value is not None:
            written = subject.written(value)
            message = f"if {written} is no number in a row, or absent, the engine fails with `Dtype is unknown.`, `Dtype .. is not numeric.` or, in a group, `Can't eval dynamic shape array.`"
            yield subject.finding(place.part, message, f"leave those rows out: where {written} is not null")


def _absent(place: Place) -> ast.Node | None:
    """Return the operand of a part that is a value of JSON which a row may lack; of the outputs of a grouped query only one that a subquery selects."""
    scope, clause = place.scope, place.clause
    grouped = clause == "SELECT" and bool(scope.select.group_by)
    values = (part for part in _operands(place.part) if is_value(part, scope) and not (grouped and is_json_value(part)))
    return next((value for value in values if not is_present(value, scope, clause)), None)


def _is_call(node: ast.Node, name: str) -> bool:
    """Tell whether a node is a call of a function."""
    return isinstance(node, ast.Function) and node.name.lower() == name


def is_present(value: ast.Node, scope: SelectScope, clause: str) -> bool:
    """Tell whether the conditions of WHERE, or those of subqueries, leave out the rows in which a value of JSON is null or absent."""
    select: ast.Select | None = scope.select if clause != "WHERE" else subselect(scope.select.source)
    values = {value, defining_expression(scope.select, value), NOTHING}
    while select is not None:
        if not values.isdisjoint(_required(select)):
            return True
        select = subselect(select.source)
    return False


def _required(select: ast.Select) -> frozenset[ast.Node]:
    """Return the values without which the WHERE of a SELECT is false; NOTHING if it always is."""
    known: frozenset[ast.Node] | None = select.__dict__.get("_required")
    if known is None:
        where = select.where
        conditions = where.operands if isinstance(where, ast.And) else (where,)
        found = (value for test in conditions if test is not None for value in _values(test))
        known = select.__dict__["_required"] = frozenset(found)
    return known


def _values(test: ast.Expression) -> Iterator[ast.Node]:
    """Yield the values without which a condition is false: also those of arithmetic that it compares."""
    if test == NOTHING:
        yield test
    yield from filter(None, (required_value(test), present_value(test)))
    if isinstance(test, ast.Comparison):
        for side, _ in test.sides:
            yield from side.operands if isinstance(side, ast.Chain) else ()


RULES = (
    Rule(
        code="TQL365",
        title="JSON in the outputs of a grouped query",
        severity="error",
        explanation="In the outputs of a query with GROUP BY a value of JSON is the list of the whole objects of the group, also if it is the key. Arithmetic, tests for null and reductions of it are rejected. Select the value in a subquery, and group that.",
        example="select js['k'] as k, shape(id)[0] as c from D group by js['k']",
        find=_grouped,
        meant="select k[0] as k, shape(id)[0] as c from (select id, js['k'] as k from D) group by k",
    ),
    Rule(
        code="TQL539",
        title="JSON that is null or absent in a row",
        severity="info",
        explanation="An explicit null of JSON is smaller than every other value: `!=`, `<` and `<=` match it. Arithmetic on a value of JSON outside of WHERE fails if a row lacks the key, or has no number there. Reported with the severity info.",
        example="select js['f'] + 0 as x from D",
        find=lambda subject: (*_null_found(subject), *_without_number(subject)),
        meant="select js['f'] + 0 as x from D where js['f'] is not null",
    ),
)
