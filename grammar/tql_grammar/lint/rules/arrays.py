"""Rules about subscripts and slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.reads import AXIS, BOUND
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.literals import is_number
from tql_grammar.typing.inference import infer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.schema import Column

# The kinds of columns whose dimensions are not those of their shape.
WITHOUT_DIMENSIONS = frozenset({"sequence", "other"})


def _index(subject: Subject) -> Iterator[Finding]:
    """Yield indices that are no integers from 0."""
    for _, node in subject.parts(ast.Subscript):
        for index in node.indices:
            plain = isinstance(index, ast.Number) and isinstance(index.value, int)
            if not plain and not isinstance(
                index, (ast.Slice, ast.String, ast.Array, ast.Vector, ast.Null, ast.Subquery)
            ):
                message = "an index is an integer from 0: the engine answers `Indexes should be 1D array.` when the column is read"
                yield subject.finding(
                    index, message, "write the number; the last element is (e * 1)[9223372036854775807]"
                )


def _dimensions(subject: Subject) -> Iterator[Finding]:
    """Yield subscripts with more indices than there are dimensions."""
    for scope, node in subject.parts(ast.Subscript):
        column = infer(node.operand, scope)
        if column is None or column.kind in WITHOUT_DIMENSIONS or scope.select.group_by or node.is_keyed:
            continue
        refused = _refused_indices(node, column)
        if refused is not None:
            yield subject.finding(node, *refused)


def _refused_indices(node: ast.Subscript, column: Column) -> tuple[str, str] | None:
    """Return the message and the hint for indices that a column does not take, or None where it takes them."""
    if column.dtype == "json":
        sliced = any(isinstance(index, ast.Slice) for index in node.indices)
        message = "a part of JSON is taken by its key: the engine refuses anything else"
        return (message, "write meta['key']") if sliced else None
    if len(node.indices) <= len(column.shape):
        return None
    message = (
        f"the engine answers `Can't slice array more than actual dimensions. {len(column.shape)} < {len(node.indices)}`"
    )
    return message, f"it is {column}"


def _keyed(subject: Subject) -> Iterator[Finding]:
    """Yield keys of what is no JSON."""
    for scope, node in subject.parts(ast.Subscript):
        column = infer(node.operand, scope)
        if column is not None and column.dtype != "json" and node.is_keyed and not scope.select.group_by:
            message = f"`['..']` takes a part of JSON, and this is {column}: the engine ignores it"
            yield subject.finding(node, message, "leave it out")


def _axis(subject: Subject) -> Iterator[Finding]:
    """Yield ANY and ALL along another axis than the last, or along none."""
    for scope, part in subject.parts(ast.Function):
        if part.name.lower() in {"any", "all"} and len(part.arguments) > 1:
            column = infer(part.arguments[0], scope)
            axis = part.arguments[1]
            last = axis == ast.Negate(ast.Number(1)) or (
                column is not None and axis == ast.Number(len(column.shape) - 1)
            )
            if not last and (column is not None or not is_number(axis)):
                yield subject.finding(
                    axis,
                    "the engine computes along the last axis only: any other is wrong, or refused",
                    "write -1",
                )


def _slices(subject: Subject) -> Iterator[ast.Slice]:
    """Yield the slices of a text."""
    for _, node in subject.parts(ast.Subscript):
        yield from (index for index in node.indices if isinstance(index, ast.Slice))


def _value(bound: ast.Node | None) -> float | None:
    """Return the value of a bound that is a number without a sign, or None."""
    return bound.value if isinstance(bound, ast.Number) else None


def _open_slices(subject: Subject) -> Iterator[Finding]:
    """Yield slices that read other elements than they say."""
    for index in _slices(subject):
        start = _value(index.start) or 0
        if index.stop is None and (start or (index.stepped and index.start is not None)):
            message = (
                "a slice with a start needs its exact end: the engine takes one element, or reads into the next row"
            )
            yield subject.finding(index, message, "write the end: e[2:8]")


def _beyond(subject: Subject) -> Iterator[Finding]:
    """Yield indices and ends beyond the length of the rows, where that is known."""
    for scope, node in subject.parts(ast.Subscript):
        column = infer(node.operand, scope)
        if column is None or column.dtype == "json":
            continue
        for index, length in zip(node.indices, column.shape, strict=False):
            does = None if length is None else _reads_beyond(index, length)
            if does is not None:
                yield subject.finding(index, f"there are {length} elements: the engine {does[0]}", does[1])


def _reads_beyond(index: ast.Expression, length: int) -> tuple[str, str] | None:
    """Return the engine's answer to an index or an end beyond the length of a row, and the hint; None where it is not beyond."""
    if isinstance(index, ast.Number):
        return ("takes the last one", f"write 0 to {length - 1}") if index.value >= length else None
    start, stop = (_value(index.start), _value(index.stop)) if isinstance(index, ast.Slice) else (None, None)
    if start is None or stop is None or start <= 0 or stop <= length:
        return None
    return "reads into the next row", f"write the end {length}"


def _empty_slices(subject: Subject) -> Iterator[Finding]:
    """Yield slices that end before they begin, or do not step."""
    for index in _slices(subject):
        start, stop = _value(index.start), _value(index.stop)
        if _value(index.step) == 0:
            yield subject.finding(index, "a step of 0 ends the engine's process", "leave the step out")
        elif start is not None and stop is not None and stop <= start:
            message = (
                "a slice that holds no element: the engine answers `get_next_capacity, allocator's max size reached`"
            )
            yield subject.finding(index, message)


RULES = (
    Rule(
        code="TQL220",
        title="index that is no integer from 0",
        severity="error",
        explanation="Negative and computed indices, columns and fractions are refused when the column is read.",
        example="select emb[-1] as x from D",
        find=_index,
        meant="select (emb * 1)[3] as x from D",
    ),
    Rule(
        code="TQL221",
        title="more indices than dimensions",
        severity="error",
        explanation="Each index takes one dimension; the engine refuses more of them, and keys of what is no JSON. Known with a schema only.",
        example="select emb[0, 1] as x from D",
        find=_dimensions,
        meant="select (emb * 1)[0] as x from D",
    ),
    Rule(
        code="TQL312",
        title="slice with a start and no end",
        severity="error",
        explanation="`e[2:]` is the element 2, and `e[1::]` reads into the next row's data; the exact end has to be written.",
        example="select arr[1:] as x from D where id = 3",
        find=_open_slices,
        meant="select arr[1:3] as x from D where id = 3",
        reads=(BOUND,),
    ),
    Rule(
        code="TQL403",
        title="slice without an element",
        severity="error",
        explanation="A step of 0 ends the engine's process (SIGFPE), and a slice that ends before it begins makes it ask for too much memory.",
        example="select emb[0:4:0] as x from D",
        find=_empty_slices,
        meant="select emb[0:4] as x from D",
        reads=(BOUND,),
    ),
    Rule(
        code="TQL322",
        title="key of what is no JSON",
        severity="error",
        explanation="`id['k']` of a column that is no JSON is the column itself: the engine ignores the key. Known with a schema only.",
        example="select grp['k'] as x from D",
        find=_keyed,
        meant="select js['k'] as x from D",
    ),
    Rule(
        code="TQL323",
        title="ANY or ALL along another axis than the last",
        severity="error",
        explanation="Along any axis but the last the answer is not that of the elements, and an axis that is not there is refused. Known with a schema only.",
        example="select any(mat > 24, 0) as x from D",
        find=_axis,
        meant="select any(mat > 24, -1) as x from D",
        reads=(AXIS,),
    ),
    Rule(
        code="TQL325",
        title="index or end beyond the row",
        severity="error",
        explanation="An index beyond the last element takes the last one, and a slice that begins later than at 0 and ends beyond the row reads into the next one. Known with a schema only.",
        example="select emb[2:9] as x from D limit 2",
        find=_beyond,
        meant="select emb[2:4] as x from D limit 2",
        reads=(BOUND,),
    ),
)
