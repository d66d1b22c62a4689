"""Rules about texts that end the engine's process, or never end."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.reads import WEIGHT
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.typing.inference import infer
from tql_grammar.walk import own_parts, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

COMPUTING: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def _sample_info(subject: Subject) -> Iterator[Finding]:
    """Yield SAMPLE_INFO."""
    for _, node in subject.parts(ast.Function):
        if isinstance(node, ast.Function) and node.name.lower() == "sample_info":
            yield subject.finding(
                node, "SAMPLE_INFO ends the engine's process (SIGSEGV) on every column that was tried"
            )


def _empty_word(subject: Subject) -> Iterator[Finding]:
    """Yield CONTAINS of the empty text in an indexed column."""
    for scope, node in subject.parts(ast.Function):
        if isinstance(node, ast.Function) and node.name.lower() == "contains" and ast.String("") in node.arguments:
            column = scope.column(node.arguments[0])
            if column is not None and column.is_text and column.is_indexed:
                yield subject.finding(
                    node,
                    "CONTAINS of '' in a column with an index ends the engine's process",
                    "leave the condition out: every text contains the empty one",
                )


def _nullable_range(subject: Subject) -> Iterator[Finding]:
    """Yield BETWEEN over nullable numbers."""
    for scope, node in subject.parts(ast.Between):
        if isinstance(node, ast.Between):
            column = scope.column(node.operand)
            if column is not None and column.nullable and column.is_number:
                yield subject.finding(
                    node, "BETWEEN over a nullable number ends the engine's process", "write x >= 1 and x <= 5"
                )


def _shapes(subject: Subject) -> Iterator[Finding]:
    """Yield LOGICAL_AND and LOGICAL_OR of arrays with other dimensions."""
    for scope, node in subject.parts(ast.Function):
        if isinstance(node, ast.Function) and node.name.lower() in {"logical_and", "logical_or"}:
            found = [column for argument in node.arguments if (column := infer(argument, scope)) is not None]
            if len({len(column.shape) for column in found}) > 1:
                yield subject.finding(
                    node, f"{node.name} of arrays with other dimensions ends the engine's process, or is refused"
                )


def _endless_sample(subject: Subject) -> Iterator[Finding]:
    """Yield samples in which no row can be drawn."""
    for scope in subject.scopes:
        sample = scope.select.sample_by
        if sample is None:
            continue
        if isinstance(sample.limit, ast.Negate):
            yield subject.finding(sample.limit, "a negative number of rows: the engine asks for too much memory")
        if _is_never_drawn(sample.weights):
            yield subject.finding(
                sample.weights, "no row can be drawn: the engine never ends", "give at least one row a weight above 0"
            )


def _is_never_drawn(weights: ast.Node) -> bool:
    """Tell whether no row has a weight above 0, whatever the rows are."""
    if isinstance(weights, ast.Function) and weights.name.lower() in {"max_weight", "sum_weight"}:
        pairs = [pair for pair in weights.arguments if isinstance(pair, ast.Pair)]
        return bool(pairs) and all(_is_never_drawn(pair.weight) for pair in pairs)
    value = _constant(weights)
    return value is not None and value <= 0


def _constant(node: ast.Node) -> float | None:
    """Return the value of a weight that is the same for every row, or None."""
    if isinstance(node, (ast.Number, ast.Boolean)):
        return node.value
    if isinstance(node, ast.Negate):
        value = _constant(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.And):
        return 0 if 0 in map(_constant, node.operands) else None
    return _computed(node.operators, [*map(_constant, node.operands)]) if isinstance(node, ast.Chain) else None


def _computed(operators: Sequence[str], values: list[float | None]) -> float | None:
    """Return what constants come to, from the left to the right; a product with 0 is 0."""
    if set(operators) == {"*"} and 0 in values:
        return 0
    first, *others = values
    for sign, value in zip(operators, others, strict=True):
        compute = COMPUTING.get(sign)
        if compute is None or first is None or value is None or (sign == "/" and not value):
            return None
        first = compute(first, value)
    return first


def _empty_dot(subject: Subject) -> Iterator[Finding]:
    """Yield dot products of columns of integers whose rows may be empty."""
    for scope, node in subject.parts(ast.Function):
        if isinstance(node, ast.Function) and node.name.lower() == "dot":
            found = [infer(argument, scope) for argument in node.arguments]
            if found and all(column is not None and None in column.shape and "int" in column.dtype for column in found):
                yield subject.finding(
                    node,
                    "DOT of two arrays of integers ends the engine's process where a row is empty",
                    "write sum(a * b)",
                )


def _grouped_pair(subject: Subject) -> Iterator[Finding]:
    """Yield computations of two columns in a grouped select that may have no rows."""
    for scope in subject.scopes:
        if not scope.select.group_by or scope.select.where is None:
            continue
        for output in scope.select.columns:
            names = {part.name for part in own_parts(output) if isinstance(part, ast.Column)}
            calls = any(isinstance(part, ast.Function) for part in own_parts(output))
            if len(names) > 1 and calls:
                message = (
                    "computed of two columns over groups: where the condition leaves no rows, the engine never ends"
                )
                yield subject.finding(
                    output, message, "compute one level out: select s / n as mean from (select sum(a) as s, ..)"
                )


def _nullable_shape(subject: Subject) -> Iterator[Finding]:
    """Yield SHAPE of a nullable column in a grouped select."""
    for _, scope, clause, _, call in subject.places(ast.Function):
        if clause == "SELECT" and scope.select.group_by and call.name.lower() == "shape" and call.arguments:
            column = scope.column(call.arguments[0])
            if column is not None and column.nullable and column.is_number:
                message = "SHAPE of a nullable column over groups ends the engine's process"
                yield subject.finding(call, message, "count by a column that is never null")


def _sequence(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of sequences inside of ANY and ALL."""
    for scope, node in subject.parts(ast.Function):
        if isinstance(node, ast.Function) and node.name.lower() in {"any", "all"}:
            for part in own_parts(node):
                column = scope.column(part)
                if column is not None and column.kind == "sequence":
                    yield subject.finding(node, f"{node.name} over a column of sequences ends the engine's process")
                    break


def _shared_star(subject: Subject) -> Iterator[Finding]:
    """Yield joins by ``*``, in the parts of the text that the engine ignores too: its parser ends the process."""
    for node in walk(subject.tree):
        if isinstance(node, ast.Join) and isinstance(node.using, ast.Star):
            message = "USING of `*` ends the engine's process while it parses the text"
            yield subject.finding(node.using, message, "name the column: using (id), or on a.id = b.id")


RULES = (
    Rule(
        code="TQL404",
        title="SAMPLE_INFO",
        severity="error",
        explanation="SAMPLE_INFO ends the engine's process (SIGSEGV) on every column that was tried: images, JSON, integers and sequences.",
        example="select sample_info(img) as s from D",
        find=_sample_info,
    ),
    Rule(
        code="TQL405",
        title="CONTAINS of the empty text in an indexed column",
        severity="error",
        explanation="With an index of texts CONTAINS of '' ends the engine's process (SIGSEGV). Known with a schema only.",
        example="select id from X where contains(ti, '')",
        find=_empty_word,
        meant="select id from X where contains(ti, 'apple')",
        needs_schema=True,
    ),
    Rule(
        code="TQL406",
        title="BETWEEN over a nullable number",
        severity="error",
        explanation="BETWEEN over a nullable number ends the engine's process (SIGSEGV). Known with a schema only.",
        example="select id from D where nul between 1 and 5",
        find=_nullable_range,
        meant="select id from D where nul >= 1 and nul <= 5",
        needs_schema=True,
    ),
    Rule(
        code="TQL407",
        title="LOGICAL_AND of arrays with other dimensions",
        severity="error",
        explanation="LOGICAL_AND and LOGICAL_OR of a matrix and a vector end the engine's process (SIGSEGV); of an array and a single value they are refused. Known with a schema only.",
        example="select logical_and(mat > 1, arr > 1) as x from D",
        find=_shapes,
        meant="select logical_and(mat > 1, mat < 5) as x from D",
    ),
    Rule(
        code="TQL408",
        title="SAMPLE BY weights of which none is above 0",
        severity="error",
        explanation="Where no row has a weight above 0 and rows may be drawn again, which is the default, the engine never ends, and no other query of the process is answered any more.",
        example="select id from D sample by 0 limit 3",
        find=_endless_sample,
        meant="select id from D sample by 1 limit 3",
        reads=(WEIGHT,),
    ),
    Rule(
        code="TQL409",
        title="ANY or ALL over sequences",
        severity="error",
        explanation="ANY and ALL over a column of sequences end the engine's process (SIGSEGV). Known with a schema only.",
        example="select id from S where any(seq = 3)",
        find=_sequence,
        needs_schema=True,
    ),
    Rule(
        code="TQL410",
        title="DOT of integers whose rows may be empty",
        severity="error",
        explanation="DOT of two columns of integers ends the engine's process (SIGFPE) where a row has no elements. Known with a schema only.",
        example="select dot(arr, arr) as x from D",
        find=_empty_dot,
        meant="select sum(arr * 1 * arr) as x from D",
    ),
    Rule(
        code="TQL411",
        title="two columns computed over groups that may be none",
        severity="error",
        explanation="A grouped SELECT with a call over two columns never ends where its condition leaves no rows.",
        example="select sum(id) - sum(grp) as x from D where id > 99 group by grp",
        find=_grouped_pair,
        meant="select s - t as x from (select sum(id) as s, sum(grp) as t from D where id > 99 group by grp)",
    ),
    Rule(
        code="TQL412",
        title="SHAPE of a nullable column over groups",
        severity="error",
        explanation="SHAPE of a nullable number in a grouped SELECT ends the engine's process (SIGSEGV). Known with a schema only.",
        example="select grp[0] as g, shape(nul)[0] as n from D group by grp",
        find=_nullable_shape,
        meant="select grp[0] as g, shape(id)[0] as n from D group by grp",
        needs_schema=True,
    ),
    Rule(
        code="TQL413",
        title="join USING every column",
        severity="error",
        explanation="JOIN .. USING (*) and USING (b.*) end the engine's process (SIGSEGV) while it parses the text, wherever they are written.",
        example="select b.name as n from D as a join U as b using (*)",
        find=_shared_star,
        meant="select b.name as n from D as a join U as b using (id)",
    ),
)
