"""Know which indices and slices the engine reads as Python does, and refuse the others."""

from __future__ import annotations

from typing import SupportsIndex

from tql.coerce import LARGEST_INT, literal, shown
from tql_grammar import ast
from tql_grammar.errors import ArgumentError


def indices(subscript: object) -> tuple[ast.Expression, ...]:
    """Return what stands between the brackets."""
    if not isinstance(subscript, tuple):
        return (_index(subscript),)
    found = tuple(map(_index, subscript))
    if ast.Number(LARGEST_INT) in found:
        rule = (
            "takes indices from 0 where there are several: the engine refuses the one that stands for the last element"
        )
        raise ArgumentError("[]", rule, shown(subscript))
    return found


def _index(part: object) -> ast.Expression:
    """Return one index."""
    if isinstance(part, str):
        return literal("[]", part)
    if isinstance(part, slice):
        return _slice(part)
    position = _integer_index(part)
    if position == -1:
        return ast.Number(LARGEST_INT)
    if position < 0:
        raise ArgumentError(
            "[]", "takes an index from 0, or -1 for the last element: the engine cannot count from the end", shown(part)
        )
    return ast.Number(position)


def _integer_index(part: object) -> int:
    """Return an int, also of numpy, or refuse."""
    if isinstance(part, bool) or not isinstance(part, SupportsIndex):
        hint = "the engine takes no expressions as indices" if hasattr(part, "node") else None
        raise ArgumentError("[]", "takes integers, slices and JSON keys", shown(part), hint)
    return int(part.__index__())


def _slice(part: slice) -> ast.Slice:
    """Return a slice whose end is known."""
    bounds = [None if bound is None else _integer_index(bound) for bound in (part.start, part.stop, part.step)]
    start, stop, step = bounds
    if start is None and stop is None and step is None:
        return ast.Slice()
    if stop is None or stop < 0 or (start or 0) < 0:
        rule = "takes slices with both ends counted from the start: with an open or negative end the engine reads other rows' elements"
        raise ArgumentError("[]", rule, _shown_slice(part), "write the end, at most the length of the row: [2:8]")
    if stop <= (start or 0) or (step is not None and step < 1):
        raise ArgumentError(
            "[]",
            "takes slices that hold an element, with a step of at least 1: the engine dies on others",
            _shown_slice(part),
        )
    first, end, every = (None if bound is None else ast.Number(bound) for bound in bounds)
    return ast.Slice(first, end, every)


def _shown_slice(part: slice) -> str:
    """Return a slice as it is written."""
    bounds = ["" if bound is None else repr(bound) for bound in (part.start, part.stop, part.step)]
    return f"[{':'.join(bounds if part.step is not None else bounds[:2])}]"
