"""Rules about clauses that take literals only: LIMIT, IN, BETWEEN, LIKE, weights and ARRAY."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.edits import exchanged
from tql_grammar.lint.reads import SIZE
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare
from tql_grammar.walk import unbounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.edits import Fix

NOT_A_LITERAL = "the engine fails with `std::get: wrong index for variant`"
MOST_DIMENSIONS = 64
# Constructs that other rules report wherever they are.
REPORTED_ELSEWHERE = (ast.Null, ast.Subquery, ast.Parameter)


def is_number(node: object) -> bool:
    """Tell whether a node is a number literal, signed or not."""
    while isinstance(node, (ast.Negate, ast.Computed)):
        node = node.operand if isinstance(node, ast.Negate) else node.expression
    return isinstance(node, ast.Number)


def is_literal(node: object) -> bool:
    """Tell whether a node is a number or string literal."""
    return isinstance(node, ast.String) or is_number(node)


def is_text_array(node: object) -> bool:
    """Tell whether a node is an ARRAY of strings, however deep."""
    while isinstance(node, ast.Array):
        node = node.elements[0]
        if isinstance(node, ast.String):
            return True
    return False


def literals_of(node: ast.In | ast.Between) -> tuple[ast.Expression, ...]:
    """Return the members of IN, or the bounds of BETWEEN; none for IN with a subquery."""
    if isinstance(node, ast.Between):
        return node.low, node.high
    return () if isinstance(node.members, ast.Query) else node.members


def _limit(subject: Subject) -> Iterator[Finding]:
    """Yield LIMIT and OFFSET that are not number literals."""
    for scope in subject.scopes:
        limit = scope.select.limit
        for count in () if limit is None else (limit.count, limit.offset):
            if count is not None and not is_number(count) and not isinstance(count, REPORTED_ELSEWHERE):
                yield subject.finding(
                    count,
                    "LIMIT and OFFSET take an integer literal: the engine rejects anything else",
                    "write the number",
                )


def _odd_limit(subject: Subject) -> Iterator[Finding]:
    """Yield LIMIT and OFFSET that are negative or have a fraction."""
    for scope in subject.scopes:
        limit = scope.select.limit
        for count in () if limit is None else (limit.count, limit.offset):
            fraction = isinstance(count, ast.Number) and isinstance(count.value, float)
            if count is not None and (fraction or isinstance(count, ast.Negate)):
                message = "the engine treats a negative LIMIT or OFFSET as 0, and cuts off a fraction"
                yield subject.finding(count, message, "write a non-negative integer")


def _members(subject: Subject) -> Iterator[Finding]:
    """Yield members of IN and bounds of BETWEEN that are not literals."""
    for _, node in subject.parts(ast.In, ast.Between):
        for member in map(bare, literals_of(node)):
            if not is_literal(member) and not isinstance(member, REPORTED_ELSEWHERE):
                yield subject.finding(
                    member,
                    f"IN and BETWEEN take number and string literals only: {NOT_A_LITERAL}",
                    "compare with each value: x = a or x = b",
                )
                break


def _operand(subject: Subject) -> Iterator[Finding]:
    """Yield operands of IN and BETWEEN that are not columns."""
    for _, node in subject.parts(ast.In, ast.Between):
        if isinstance(node, (ast.In, ast.Between)) and not _is_column(node.operand):
            if isinstance(node, ast.In) and isinstance(node.members, ast.Query):
                continue
            word = "IN" if isinstance(node, ast.In) else "BETWEEN"
            reason = "Unknown function with name." if _is_call(node.operand) else "Expected tensor name, but got: .."
            message = f"{word} takes a column on its left: the engine fails with `{reason}`"
            hint = f"write NOT (x {word} ..)" if isinstance(node.operand, ast.Not) else "compare with = < >"
            yield subject.finding(node.operand, message, hint, _negated(subject.text, node))


def _negated(text: str, node: ast.In | ast.Between) -> Fix | None:
    """Return the fix that negates all of IN or BETWEEN: ``x not in (..)``, ``not (x between ..)``."""
    operand = node.operand
    if not isinstance(operand, ast.Not) or not _is_column(operand.operand) or node.span is None:
        return None
    inner = operand.operand.span
    if inner is None:
        return None
    column, rest = text[inner.start : inner.end], text[inner.end : node.span.end]
    if isinstance(node, ast.In) and not node.negated:
        return exchanged(node, f"{column} not{rest}", node.replace(operand=operand.operand, negated=True))
    return exchanged(node, f"not ({column}{rest})", ast.Not(node.replace(operand=operand.operand)))


@unbounded
def _is_column(node: ast.Expression) -> bool:
    """Tell whether IN and BETWEEN accept a node on their left: a column, or a subscript of one."""
    if isinstance(node, ast.Subscript):
        return _is_column(node.operand)
    return isinstance(node, (ast.Column, *REPORTED_ELSEWHERE))


@unbounded
def _is_call(node: ast.Expression) -> bool:
    """Tell whether a node is a call of a function of one column, or a subscript of one."""
    if isinstance(node, ast.Subscript):
        return _is_call(node.operand)
    return isinstance(node, ast.Function) and len(node.arguments) == 1 and _is_column(node.arguments[0])


def _pattern(subject: Subject) -> Iterator[Finding]:
    """Yield LIKE patterns that are not string literals."""
    for _, node in subject.parts(ast.Like):
        if isinstance(node, ast.Like) and not isinstance(node.pattern, (ast.String, *REPORTED_ELSEWHERE)):
            message = "the pattern of LIKE must be a string literal: the engine fails with `Like operator is applicable only on string literals.`"
            yield subject.finding(node.pattern, message, "write the pattern in single quotes")


def _array(subject: Subject) -> Iterator[Finding]:
    """Yield elements of ARRAY that are not literals, or not of the kind of the first element."""
    for _, node in subject.parts(ast.Array):
        for element in node.elements:
            refused = _refused_element(bare(element), bare(node.elements[0]))
            if refused is not None:
                yield subject.finding(element, *refused)
                break


def _refused_element(element: ast.Node, first: ast.Node) -> tuple[str, str | None] | None:
    """Return the message and the hint for an element of ARRAY that the engine rejects, or None where it accepts it."""
    if isinstance(element, ast.Column):
        return (
            "an element of ARRAY must be a literal: the engine fails with `ARRAY element can't contain tensor name.`",
            "write strings in single quotes",
        )
    kind = _kind(element)
    literal = kind != "number" or is_number(element) or isinstance(element, REPORTED_ELSEWHERE)
    return (
        None
        if literal and kind == _kind(first)
        else (f"ARRAY takes literals of one kind, numbers, strings or arrays: {NOT_A_LITERAL}", None)
    )


def _kind(element: ast.Node) -> str:
    """Return the kind of an element of ARRAY; everything but arrays and strings has to be a number."""
    if isinstance(element, (ast.Array, ast.Vector)):
        return "array"
    return "text" if isinstance(element, ast.String) else "number"


def _beyond_float32(subject: Subject) -> Iterator[Finding]:
    """Yield arrays with numbers beyond the range of float32."""
    for _, node in subject.parts(ast.Vector):
        # A sum of float32 numbers stays far below the largest float64, so only an infinity makes it infinite.
        if not math.isfinite(sum(node.numbers)):
            message = "the elements of ARRAY are float32: a number beyond 3.4028235e38 becomes infinity"
            yield subject.finding(node, message, "scale the vector")


def _deep(subject: Subject) -> Iterator[Finding]:
    """Yield arrays with more dimensions than the engine can return."""
    for _, node in subject.parts(ast.Array):
        depth = 0
        inner: ast.Expression = node
        while isinstance(inner, ast.Array):
            depth, inner = depth + 1, inner.elements[0]
        if depth + isinstance(inner, ast.Vector) >= MOST_DIMENSIONS:
            yield subject.finding(
                node,
                "the array has too many dimensions: the engine fails with `number of dimensions must be within [0, 64]` when it is read",
            )


def _mixed_members(subject: Subject) -> Iterator[Finding]:
    """Yield IN with both numbers and strings."""
    for _, node in subject.parts(ast.In):
        if isinstance(node, ast.In) and not isinstance(node.members, ast.Query):
            kinds = {isinstance(member, ast.String) for member in node.members if is_literal(member)}
            if len(kinds) > 1:
                yield subject.finding(node, "IN mixes numbers and strings: the engine cannot convert one to the other")


RULES = (
    Rule(
        code="TQL208",
        title="LIMIT or OFFSET that is not a number",
        severity="error",
        explanation="LIMIT and OFFSET take an integer literal; the engine rejects arithmetic, columns, strings and booleans.",
        example="select id from D limit 1 + 1",
        find=_limit,
        meant="select id from D limit 2",
    ),
    Rule(
        code="TQL209",
        title="IN or BETWEEN with a value that is not a literal",
        severity="error",
        explanation="The members of IN and the bounds of BETWEEN must be number or string literals; the engine rejects expressions, columns, booleans and arrays.",
        example="select id from D where id in (grp, 3)",
        find=_members,
        meant="select id from D where id = grp or id = 3",
    ),
    Rule(
        code="TQL211",
        title="IN or BETWEEN on an operand that is not a column",
        severity="error",
        explanation="IN and BETWEEN take a column on their left; the engine rejects anything else, such as a call of a function. NOT x IN (..) is parsed as (NOT x) IN (..), so it is rejected too.",
        example="select id from D where not id in (1, 2)",
        find=_operand,
        meant="select id from D where id not in (1, 2)",
    ),
    Rule(
        code="TQL212",
        title="IN with both numbers and strings",
        severity="error",
        explanation="The engine converts all members of IN to the type of the column, and rejects the query if it cannot.",
        example="select id from D where id in (1, 'a')",
        find=_mixed_members,
        meant="select id from D where id in (1)",
    ),
    Rule(
        code="TQL214",
        title="LIKE pattern that is not a string",
        severity="error",
        explanation="LIKE takes a string literal on its right; the engine rejects columns and expressions.",
        example="select id from D where text like ntext",
        find=_pattern,
        meant="select id from D where text like 'doc 1'",
    ),
    Rule(
        code="TQL222",
        title="ARRAY with an element that is not a literal",
        severity="error",
        explanation="The elements of ARRAY must be literals of one kind: numbers, strings or arrays. The engine rejects columns, booleans, arithmetic and mixtures.",
        example="select id from D where contains(text, ARRAY['a', 1])",
        find=_array,
        meant="select id from D where contains(text, 'a')",
    ),
    Rule(
        code="TQL240",
        title="array with too many dimensions",
        severity="error",
        explanation="The engine cannot return an ARRAY that is nested in 63 others.",
        example="select " + "ARRAY[" * 64 + "1" + "]" * 64 + " as a from D",
        find=_deep,
        meant="select ARRAY[ARRAY[1]] as a from D",
    ),
    Rule(
        code="TQL329",
        title="negative or fractional LIMIT or OFFSET",
        severity="error",
        explanation="LIMIT -1 returns no rows, OFFSET -1 is OFFSET 0, and LIMIT 2.7 is LIMIT 2.",
        example="select id from D limit -1",
        find=_odd_limit,
        meant="select id from D limit all",
    ),
    Rule(
        code="TQL336",
        title="number in ARRAY beyond float32",
        severity="error",
        explanation="The elements of ARRAY are float32: a number beyond 3.4028235e38 becomes infinity, and so can the result.",
        example="select linf_norm(ARRAY[1e39, 2]) - 1e39 as x from D",
        find=_beyond_float32,
        meant="select 0.0 as x from D",
        reads=(SIZE,),
    ),
)
