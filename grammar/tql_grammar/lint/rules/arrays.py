"""Rules about subscripts and slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import WITH_AXIS
from tql_grammar.lint.edits import exchanged
from tql_grammar.lint.reads import AXIS, BOUND
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.literals import is_literal, is_number, literals_of
from tql_grammar.rewrite.comparison import MIRRORED
from tql_grammar.rewrite.json_values import is_json_value
from tql_grammar.schema import NOT_NUMERIC, Column
from tql_grammar.typing.inference import infer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.edits import Fix
    from tql_grammar.lint.rule import Place
    from tql_grammar.typing.scopes import SelectScope

# The clauses that read a column in one piece, not row by row.
IN_BULK = frozenset({"WHERE", "ORDER BY", "GROUP BY"})
# The kinds of columns of arrays that the rules about their elements were measured on.
MEASURED = frozenset({"", "embedding"})
# The kinds of columns whose number of dimensions is not the length of their shape.
WITHOUT_DIMENSIONS = frozenset({"sequence", "other"})


def _index(subject: Subject) -> Iterator[Finding]:
    """Yield indices that are not non-negative integers."""
    for _, node in subject.parts(ast.Subscript):
        for index in node.indices:
            plain = isinstance(index, ast.Number) and isinstance(index.value, int)
            if not plain and not isinstance(
                index, (ast.Slice, ast.String, ast.Array, ast.Vector, ast.Null, ast.Subquery)
            ):
                message = "an index must be a non-negative integer literal: the engine fails with `Indexes should be 1D array.` when the column is read"
                yield subject.finding(
                    index, message, "write the number; for the last element write (e * 1)[9223372036854775807]"
                )


def _dimensions(subject: Subject) -> Iterator[Finding]:
    """Yield subscripts with more indices than dimensions, and slices of JSON."""
    places = subject.places(ast.Subscript)
    inner = {id(place.part.operand) for place in places}
    for place in places:
        node = place.part
        whole = None if id(node) in inner else _before(node)
        column = None if node.is_keyed else _subscripted(place, whole or node.operand)
        count = len(node.indices) if whole is None else _index_count(node)
        refused = None if column is None else _refused_indices(node, column, count)
        if refused is not None:
            yield subject.finding(node, *refused)


def _subscripted(place: Place, operand: ast.Expression) -> Column | None:
    """Return the type of the value that indices are about, or None if it is unknown."""
    column = Column("json") if is_json_value(place.part.operand) else infer(operand, place.scope)
    if column is None or column.kind in WITHOUT_DIMENSIONS:
        return None
    # The values of a group are an array.
    of_group = place.scope.select.group_by and place.clause == "SELECT" and not is_literal(place.part.operand)
    return column.replace(shape=(None, *column.shape)) if of_group else column


def _before(node: ast.Subscript) -> ast.Column | None:
    """Return the column of a subscript of a subscript, whose indices the engine counts together: ``v[0][1]``; None for any other."""
    column = _column_of(node)
    return column if isinstance(node.operand, ast.Subscript) and isinstance(column, ast.Column) else None


def _index_count(node: ast.Expression) -> int:
    """Return the number of all indices of a chain of subscripts."""
    count = 0
    while isinstance(node, ast.Subscript):
        count, node = count + len(node.indices), node.operand
    return count


def _refused_indices(node: ast.Subscript, column: Column, count: int) -> tuple[str, str] | None:
    """Return the message and the hint for so many indices that the engine rejects, or None where it accepts them."""
    if column.dtype == "json":
        sliced = any(isinstance(index, ast.Slice) for index in node.indices)
        message = "JSON is read by its keys: the engine rejects a slice of it"
        return (message, "write meta['key']") if sliced else None
    if count <= len(column.shape):
        return None
    message = f"there are more indices than dimensions: the engine fails with `Can't slice array more than actual dimensions. {len(column.shape)} < {count}`"
    return message, f"the operand is {column}"


def _in_bulk(subject: Subject) -> Iterator[Finding]:
    """Yield subscripts of an array column in WHERE and keys that mix slices and indices, or follow one another."""
    for place in subject.places(ast.Subscript):
        node, scope = place.part, place.scope
        if place.clause in IN_BULK and not scope.select.group_by and _is_misread(node):
            column = scope.column(_column_of(node))
            if column is None or column.dtype != "json":
                written = subject.written(_column_of(node))
                message = f"{place.clause} reads all rows of the column at once, and if they have one shape this subscript reads other elements"
                yield subject.finding(
                    node,
                    message,
                    f"write ({written} * 1)[..] for {written}[..], with all indices in one pair of brackets",
                )


def _is_misread(node: ast.Subscript) -> bool:
    """Tell whether a subscript of a column mixes slices and indices, as in ``m[:, 1]``, or is a subscript of a subscript, ``m[0][1]``."""
    if node.is_keyed or (isinstance(node.operand, ast.Subscript) and node.operand.is_keyed):
        return False
    if isinstance(node.operand, ast.Subscript):
        return isinstance(node.operand.operand, ast.Column)
    slices = sum(isinstance(index, ast.Slice) for index in node.indices)
    return isinstance(node.operand, ast.Column) and 0 < slices < len(node.indices)


def _column_of(node: ast.Expression) -> ast.Expression:
    """Return the operand of the innermost subscript."""
    while isinstance(node, ast.Subscript):
        node = node.operand
    return node


def _keyed(subject: Subject) -> Iterator[Finding]:
    """Yield keys on columns that are not JSON."""
    for scope, node in subject.parts(ast.Subscript):
        column = infer(node.operand, scope)
        if column is not None and column.dtype != "json" and node.is_keyed and not scope.select.group_by:
            message = f"`['..']` reads a key of JSON, and this is {column}: the engine ignores the key"
            yield subject.finding(node, message, "remove the key")


def _axis(subject: Subject) -> Iterator[Finding]:
    """Yield ANY and ALL along an axis that is not known to be the last one."""
    for scope, part in subject.parts(ast.Function):
        if part.name.lower() in WITH_AXIS and len(part.arguments) > 1:
            column = infer(part.arguments[0], scope)
            axis = part.arguments[1]
            last = axis == ast.Negate(ast.Number(1)) or (
                column is not None and axis == ast.Number(len(column.shape) - 1)
            )
            if not last and (column is not None or not is_number(axis)):
                yield subject.finding(
                    axis,
                    "the engine supports the last axis only: along any other it returns wrong results, or rejects the query",
                    "write -1",
                )


def _slices(subject: Subject) -> Iterator[ast.Slice]:
    """Yield the slices of the query."""
    for _, node in subject.parts(ast.Subscript):
        yield from (index for index in node.indices if isinstance(index, ast.Slice))


def _value(bound: ast.Node | None) -> float | None:
    """Return the value of a bound that is an unsigned number, or None."""
    return bound.value if isinstance(bound, ast.Number) else None


def _open_slices(subject: Subject) -> Iterator[Finding]:
    """Yield slices with a start and no end, of which the engine reads the wrong elements."""
    for index in _slices(subject):
        start = _value(index.start) or 0
        if index.stop is None and (start or (index.stepped and index.start is not None)):
            message = "a slice with a start needs an exact end: without one the engine returns a single element, or reads into the next row"
            yield subject.finding(index, message, "write the end: e[2:8]")


def _beyond(subject: Subject) -> Iterator[Finding]:
    """Yield indices and slice ends past the end of the rows, where their length is known."""
    for scope, node in subject.parts(ast.Subscript):
        column = infer(node.operand, scope)
        if column is None or column.dtype == "json":
            continue
        for index, length in zip(node.indices, column.shape, strict=False):
            beyond = None if length is None else _reads_beyond(index, length)
            if beyond is not None:
                effect, hint = beyond
                yield subject.finding(index, f"there are {length} elements: the engine {effect}", hint)


def _reads_beyond(index: ast.Expression, length: int) -> tuple[str, str] | None:
    """Return the effect of an index or a slice end past the end of a row, and the hint; None where it is not past the end."""
    if isinstance(index, ast.Number):
        return ("returns the last one", f"write an index from 0 to {length - 1}") if index.value >= length else None
    start, stop = (_value(index.start), _value(index.stop)) if isinstance(index, ast.Slice) else (None, None)
    if start is None or stop is None or start <= 0 or stop <= length:
        return None
    return "reads into the next row", f"write the end {length}"


def _empty_slices(subject: Subject) -> Iterator[Finding]:
    """Yield slices without an element, and slices with a step of 0."""
    for index in _slices(subject):
        start, stop = _value(index.start), _value(index.stop)
        if _value(index.step) == 0:
            yield subject.finding(index, "a step of 0 crashes the engine process", "remove the step")
        elif start is not None and stop is not None and stop <= start:
            message = (
                "the slice has no element: the engine fails with `get_next_capacity, allocator's max size reached`"
            )
            yield subject.finding(index, message)


def _elements(subject: Subject) -> Iterator[Finding]:
    """Yield outputs that read an element of a column of fixed length, in a SELECT that returns all rows of its dataset."""
    for place in subject.places(ast.Subscript):
        node, scope = place.part, place.scope
        column = scope.column(node.operand) if place.clause == "SELECT" and _returns_all(scope) else None
        if column is not None and _is_array(column) and _reads_element(node, column.shape):
            operand = subject.written(node.operand)
            message = f"if all rows of the dataset are read at once, this is the whole {operand} of each row, or its end, not the element"
            yield subject.finding(node, message, f"write ({operand} * 1)[..]", _computed_element(subject, node, column))


def _returns_all(scope: SelectScope) -> bool:
    """Tell whether a SELECT returns all rows of its dataset, in their order."""
    select = scope.select
    clauses = (select.where, select.order_by, select.limit, select.top, select.sample_by, select.group_by)
    return not scope.changed and not any(clauses)


def _reads_element(node: ast.Subscript, shape: tuple[int | None, ...]) -> bool:
    """Tell whether a subscript of arrays of one known shape has an index that is a number, and not only slices."""
    fits = None not in shape and len(node.indices) <= len(shape)
    return fits and not node.is_keyed and any(isinstance(index, ast.Number) for index in node.indices)


def _computed_element(subject: Subject, node: ast.Subscript, column: Column) -> Fix | None:
    """Return the fix that computes the array before its element is read; None where that changes its numbers, or the text may have another name."""
    operand, span = node.operand, node.span
    if column.dtype in {"bool", "uint64"} or operand.span is None or span is None:
        return None
    written, indices = subject.text[operand.span.start : operand.span.end], subject.text[operand.span.end : span.end]
    computed = ast.Chain(("*",), (operand, ast.Number(1)))
    return exchanged(node, f"({written} * 1){indices}", node.replace(operand=computed))


def _compared_bool(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of ANY or ALL of numbers with a number."""
    for scope, node in subject.parts(ast.Comparison):
        for call, literal in node.sides:
            if is_number(literal) and isinstance(call, ast.Function) and _is_of_numbers(call, node.operator, scope):
                operator = node.operator if call is node.left else MIRRORED[node.operator]
                name, argument = call.name.lower(), call.arguments[0]
                message = f"{name.upper()} is true or false, not the elements: a comparison of it with a number is not one of the elements"
                hint = f"write {name}({subject.written(argument)} {operator} {subject.written(literal)})"
                yield subject.finding(node, message, hint)


def _is_of_numbers(call: ast.Function, operator: str, scope: SelectScope) -> bool:
    """Tell whether a call is ANY or ALL of numbers; for an argument of unknown type, which may be bools, whether the operator is one of size."""
    if call.name.lower() not in WITH_AXIS or len(call.arguments) != 1:
        return False
    found = infer(call.arguments[0], scope)
    return operator in MIRRORED.keys() - {"=", "!="} if found is None else found.dtype not in {*NOT_NUMERIC, "bool"}


def _membership(subject: Subject) -> Iterator[Finding]:
    """Yield IN on columns of arrays, and on elements of them."""
    for place in subject.places(ast.In):
        node, scope = place.part, place.scope
        column = scope.column(_column_of(node.operand))
        grouped = place.clause == "SELECT" and scope.select.group_by
        if column is None or grouped or not _is_array(column) or not literals_of(node):
            continue
        of_element = isinstance(node.operand, ast.Subscript)
        if of_element or column.shape != (1,):
            yield subject.finding(node, *_of_membership(subject, node, of_element=of_element))


def _is_array(column: Column) -> bool:
    """Tell whether a column has an array of numbers in each row."""
    return bool(column.shape) and column.kind in MEASURED and column.dtype not in NOT_NUMERIC


def _of_membership(subject: Subject, node: ast.In, *, of_element: bool) -> tuple[str, str]:
    """Return the message and the hint about IN on an array, or on an element of one."""
    effect = "never matches an element of an array" if of_element else "matches only arrays of one element"
    written, shown = subject.written(node.operand), "{} = {}" if of_element else "any({} = {})"
    members = [shown.format(written, subject.written(member)) for member in literals_of(node)[:2]]
    hint = " or ".join(members) + (" or .." if len(literals_of(node)) > len(members) else "")
    return f"IN {effect}", f"write not ({hint})" if node.negated else f"write {hint}"


RULES = (
    Rule(
        code="TQL368",
        title="element of an array of fixed length as an output",
        severity="error",
        explanation="Where a query returns all rows of a dataset, reading the column of `v[0]` at once returns the whole arrays, and of `v[1]` their ends; row by row it is right, and so is the element of a computed array. Reported only with a schema, for arrays of fixed length; of other arrays it is wrong if all have one length.",
        example="select emb[0] as x from D",
        find=_elements,
        meant="select (emb * 1)[0] as x from D",
        needs_schema=True,
    ),
    Rule(
        code="TQL369",
        title="ANY or ALL compared with a number",
        severity="error",
        explanation="ANY and ALL return true or false: whether an element, or each, is not 0. Compared with a number they are 1 or 0, so `any(x) = 3` is false for every row. Without a schema only < <= > >= are reported, since the argument of any other comparison may be an array of bools.",
        example="select id from D where any(arr) = 2",
        find=_compared_bool,
        meant="select id from D where any(arr = 2)",
    ),
    Rule(
        code="TQL370",
        title="IN on an array",
        severity="error",
        explanation="IN compares the whole array: it matches an array of one element, and no other, and it never matches an element that a subscript reads. Reported only with a schema.",
        example="select id from D where arr in (1, 2)",
        find=_membership,
        meant="select id from D where any(arr = 1) or any(arr = 2)",
        needs_schema=True,
    ),
    Rule(
        code="TQL351",
        title="column of a matrix, or subscript of a subscript, in a condition",
        severity="error",
        explanation="WHERE, ORDER BY and GROUP BY read a column of arrays in one piece. If all rows have one shape, `m[:, 1]` and `m[0][1]` read other elements there; in the SELECT list they are right.",
        example="select id from K where any(m[:, 1] > 3)",
        find=_in_bulk,
        meant="select id from K where any((m * 1)[:, 1] > 3)",
    ),
    Rule(
        code="TQL220",
        title="index that is not a non-negative integer",
        severity="error",
        explanation="Negative indices, fractions, columns and other expressions as indices fail when the column is read.",
        example="select emb[-1] as x from D",
        find=_index,
        meant="select (emb * 1)[3] as x from D",
    ),
    Rule(
        code="TQL221",
        title="more indices than dimensions",
        severity="error",
        explanation="The engine rejects more indices than an array has dimensions, and slices of JSON. Without a schema only slices of a JSON value are reported.",
        example="select emb[0, 1] as x from D",
        find=_dimensions,
        meant="select (emb * 1)[0] as x from D",
    ),
    Rule(
        code="TQL312",
        title="slice with a start and no end",
        severity="error",
        explanation="`e[2:]` returns only element 2, and `e[1::]` reads into the data of the next row. Write the exact end.",
        example="select arr[1:] as x from D where id = 3",
        find=_open_slices,
        meant="select arr[1:3] as x from D where id = 3",
        reads=(BOUND,),
    ),
    Rule(
        code="TQL403",
        title="empty slice, or slice with a step of 0",
        severity="error",
        explanation="A step of 0 crashes the engine process (SIGFPE), and a slice that ends before it starts makes the engine allocate too much memory.",
        example="select emb[0:4:0] as x from D",
        find=_empty_slices,
        meant="select emb[0:4] as x from D",
        reads=(BOUND,),
    ),
    Rule(
        code="TQL322",
        title="key on a column that is not JSON",
        severity="error",
        explanation="If `id` is not JSON, `id['k']` is the column itself: the engine ignores the key. Reported only with a schema.",
        example="select grp['k'] as x from D",
        find=_keyed,
        meant="select js['k'] as x from D",
    ),
    Rule(
        code="TQL323",
        title="ANY or ALL along an axis other than the last",
        severity="error",
        explanation="Along any axis but the last, ANY and ALL return wrong results, and the engine rejects an axis that does not exist. Reported only with a schema.",
        example="select any(mat > 24, 0) as x from D",
        find=_axis,
        meant="select any(mat > 24, -1) as x from D",
        reads=(AXIS,),
    ),
    Rule(
        code="TQL325",
        title="index or slice end past the end of the row",
        severity="error",
        explanation="An index past the end returns the last element, and a slice that starts after 0 and ends past the end of the row reads into the next row. Reported only with a schema.",
        example="select emb[2:9] as x from D limit 2",
        find=_beyond,
        meant="select emb[2:4] as x from D limit 2",
        reads=(BOUND,),
    ),
)
