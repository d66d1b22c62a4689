"""
Subscripts and slices in a form that the engine evaluates as Python does.

The engine returns the last element for an index past the end, and does not support negative indices. It reads into the next row for a slice with an open end or an end past the row.
If all rows of a column have the same shape, an index into the column returns all elements from there on when many rows are read at once.
An index into a computed array returns one element, but arithmetic with a number turns a row of one element into a number.
Unary minus and ``a - (a - a)`` keep the shape of every row, so the index is applied to ``-(-a)``: correct for every type, for rows of the same shape, of different shapes, and of one element.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite.elements import NO_ARRAYS
from tql_grammar.rewrite.json_values import is_json_value, require_inside
from tql_grammar.schema import NOT_NUMERIC
from tql_grammar.walk import rebuild, unbounded, walk

if TYPE_CHECKING:
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

N = TypeVar("N", bound=ast.Node)

LAST = 2**63 - 1
WITH_SCHEMA = "give the length of the rows: from_(.., schema=Schema(e='float32[8]'))"


def subscript(node: ast.Subscript, scope: Scope) -> Expression:
    """
    Return a subscript in a form that the engine evaluates as Python does.

    Raises:
        ArgumentError: there is no such form.
    """
    require_inside(node, node.operand, scope)
    _require_lengths(node, scope)
    column = scope.column(node.operand)
    if is_json_value(node) and (column is None or column.dtype == "json"):
        _require_element(node)
        return node
    if column is not None:
        _require_dimensions(node, column)
    shape = column.shape if column is not None and column.shape else (None,) * len(node.indices)
    ragged = column is not None and column.dtype != "json"
    single = len(node.indices) == 1
    found = [
        _index(index, length, ragged=ragged, single=single) for index, length in zip(node.indices, shape, strict=False)
    ]
    return _element(node.replace(indices=(*found, *node.indices[len(found) :])), column)


def _require_lengths(node: ast.Subscript, scope: Scope) -> None:
    """Raise ArgumentError for a length of a value that is no array."""
    operand = node.operand
    if not isinstance(operand, ast.Function) or operand.name.lower() != "shape" or not operand.arguments:
        return
    column = scope.column(operand.arguments[0])
    if column is not None and column.is_single and column.dtype != "json":
        why, hint = f"the column is {column}: its shape is empty", "count rows with fn.count()"
        raise ArgumentError(".shape[..]", "takes an array", _written(node), hint, why=why)


def _require_element(node: ast.Subscript) -> None:
    """Raise ArgumentError for a subscript of JSON other than one key, or one index from 0."""
    if isinstance(node.operand, ast.Subscript) and not is_json_value(node.operand):
        rule, why = "takes a key before an index", "a row of JSON is an object"
        raise ArgumentError("[]", rule, _written(node), "write the key first: col('m')['list'][0]", why=why)
    index = node.indices[0]
    position = _number(index)
    if len(node.indices) == 1 and (isinstance(index, ast.String) or (position is not None and position >= 0)):
        return
    if isinstance(index, ast.Slice) and not node.is_keyed:
        rule, why = "takes no slice of a list in JSON", "the engine fails, or matches no row"
        raise ArgumentError("[]", rule, _written(node), "select the list, and slice it in Python", why=why)
    rule, why = "takes one key, or one index from 0, for JSON", "the engine gives no meaning to others"
    raise ArgumentError("[]", rule, _written(node), "write one after the other: col('m')['list'][0]", why=why)


def _element(node: ast.Subscript, column: Column | None) -> Expression:
    """Return a subscript whose indices return one element in the engine."""
    places = [_number(index) for index in node.indices]
    if not isinstance(node.operand, ast.Column) or all(place is None for place in places):
        return node
    if column is not None and (column.dtype in NOT_NUMERIC or column.kind in NO_ARRAYS):
        return node
    return _one_of_fixed(node, places, column) or _after_slices(node, places, column)


def _one_of_fixed(node: ast.Subscript, places: list[int | None], column: Column | None) -> Expression | None:
    """Return one element of rows of a known and equal shape, as the product of a slice of length one; None for any other subscript."""
    if column is None or None in column.shape or len(places) != len(column.shape):
        return None
    known = [place for place in places if place is not None]
    if len(known) < len(places):
        return None
    cut = tuple(ast.Slice(ast.Number(place), ast.Number(place + 1)) for place in known)
    return ast.Function("prod", (node.replace(indices=cut),))


def _after_slices(node: ast.Subscript, places: list[int | None], column: Column | None) -> Expression:
    """Return a subscript whose slices are applied before its indices: for an index before a slice the engine repeats the first row."""
    last = max(number for number, place in enumerate(places) if place is not None)
    if None not in places[: last + 1]:
        kept = node.indices[: last + 1]
        cut = node.indices[last + 1 :]
        operand = node.operand
        if not all(index == ast.Slice() for index in cut):
            operand = ast.Subscript(operand, (*(ast.Slice() for _ in kept), *cut))
        return ast.Subscript(_same(operand, column), kept)
    first = next(number for number, place in enumerate(places) if place is not None)
    if None in places[first:]:
        rule, why = "takes slices before or after the indices, not between them", "the engine reads other elements"
        hint = "swap the dimensions when the data is written, or slice in Python"
        raise ArgumentError("[]", rule, _written(node), hint, why=why)
    return node.replace(operand=_same(node.operand, column))


def _same(operand: Expression, column: Column | None) -> Expression:
    """Return the same array as a computed expression that keeps the shape of every row."""
    if column is None:
        return ast.Chain(("-",), (operand, ast.Chain(("-",), (operand, operand))))
    if column.dtype.startswith("u") or column.dtype == "bool":
        return ast.Function("abs", (operand,))
    return ast.Negate(ast.Negate(operand))


def merged(node: N) -> N:
    """
    Return *node* with chained subscripts merged: ``b[0, 2]`` for ``b[0][2]``, of which the engine reads other elements.

    Raises:
        ArgumentError: a subscript follows a slice.
    """
    return rebuild(node, _merged) if any(map(_is_chained, walk(node))) else node


def _is_chained(node: Record) -> bool:
    """Tell whether a subscript without a key of JSON follows another one."""
    return isinstance(node, ast.Subscript) and isinstance(node.operand, ast.Subscript) and not is_json_value(node)


def _merged(node: Record) -> Record:
    """Return two chained subscripts as one."""
    if not (isinstance(node, ast.Subscript) and isinstance(node.operand, ast.Subscript) and _is_chained(node)):
        return node
    operand = node.operand
    # The indices before these were checked when the operand itself was merged.
    if any(_number(index) is None for index in operand.indices[operand.__dict__.get("_merged", 0) :]):
        why, hint = "after a slice the engine reads other elements", "write one: col(..)[0, 2] for col(..)[0][2]"
        raise ArgumentError("[]", "takes one subscript", _written(node), hint, why=why)
    made = operand.replace(indices=(*operand.indices, *node.indices))
    # None of the two is a value of JSON, so `is_json_value` need not look through the indices.
    made.__dict__.update(_merged=len(operand.indices), _of_json=False)
    return made


def _require_dimensions(node: ast.Subscript, column: Column) -> None:
    """Raise ArgumentError for more indices than dimensions, and for keys of a column that is not JSON."""
    if column.dtype == "json":
        return
    if node.is_keyed:
        hint = "use the index of an element: col(..)[0]"
        raise ArgumentError("[]", "takes a key for JSON only", _written(node), hint, why=f"the column is {column}")
    if column.kind not in {"image", "other"} and len(node.indices) > len(column.shape):
        rule, hint = "takes at most as many indices as there are dimensions", "leave out the last indices"
        raise ArgumentError("[]", rule, _written(node), hint, why=f"the column is {column}")


def _written(node: Expression) -> str:
    """Return a subscript as TQL."""
    from tql_grammar.printing.printer import to_tql

    return f"`{to_tql(node)}`"


@unbounded
def _number(node: Expression | None) -> int | None:
    """Return the integer of a bound, or None."""
    if isinstance(node, ast.Negate):
        inner = _number(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Number) and isinstance(node.value, int) else None


def _index(index: Expression, length: int | None, *, ragged: bool, single: bool) -> Expression:
    """Return one index."""
    if isinstance(index, ast.Slice):
        return _slice(index, length, ragged=ragged)
    position = _number(index)
    if position is None or (length is None and position >= 0):
        return index
    if length is None:
        if position == -1 and single:
            return ast.Number(LAST)
        rule, why = "takes an index from 0, or -1 alone for the last element", "the engine cannot count from the end"
        raise ArgumentError("[]", rule, str(position), WITH_SCHEMA, why=why)
    if not -length <= position < length:
        rule, why = f"takes an index of the {length} elements", "the engine returns the last one for any other index"
        raise ArgumentError("[]", rule, str(position), f"write one from {-length} to {length - 1}", why=why)
    return ast.Number(position % length)


def _slice(part: ast.Slice, length: int | None, *, ragged: bool) -> ast.Slice:
    """Return a slice with an explicit end."""
    start, stop, step = map(_number, (part.start, part.stop, part.step))
    if (start, stop, step) == (None, None, None):
        return part
    if length is None:
        _require_both_ends(part, start or 0, stop, ragged=ragged)
    else:
        first, stop, every = slice(start, stop, step).indices(length)
        start, step = first, step if every > 0 else every
    if not _has_element(start or 0, stop, step):
        rule, why = "takes slices that hold an element, with a step of at least 1", "others crash the engine process"
        raise ArgumentError("[]", rule, _shown(part), "write an end after the start: [0:8]", why=why)
    low, high, by = (None if bound is None else ast.Number(bound) for bound in (_kept(start, part.start), stop, step))
    return ast.Slice(low, high, by)


def _require_both_ends(part: ast.Slice, start: int, stop: int | None, *, ragged: bool) -> None:
    """Raise ArgumentError for a slice of rows of unknown length that is open, has a negative bound, or may start past the end of a row."""
    if stop is None or stop < 0 or start < 0:
        rule = "takes slices with both ends counted from the start"
        why = "with an open or negative end the engine reads other rows' elements"
        hint = f"write the end, at most the length of the row: [2:8]; or {WITH_SCHEMA}"
        raise ArgumentError("[]", rule, _shown(part), hint, why=why)
    if ragged and start > 0:
        rule = "takes slices from the start where lengths differ from row to row"
        why = "with any other start the engine reads other rows' elements"
        raise ArgumentError("[]", rule, _shown(part), "slice from 0: [0:8]", why=why)


def _has_element(start: int, stop: int | None, step: int | None) -> bool:
    """Tell whether a slice ends after its start, and steps forward."""
    return stop is not None and stop > start and (step is None or step >= 1)


def _kept(start: int | None, written: Expression | None) -> int | None:
    """Return the start of a slice, or None for a start of 0 that was omitted."""
    return None if written is None and not start else start


def _shown(part: ast.Slice) -> str:
    """Return a slice in Python's syntax."""
    bounds = ["" if bound is None else str(_number(bound)) for bound in (part.start, part.stop, part.step)]
    return f"[{':'.join(bounds if part.step is not None else bounds[:2])}]"
