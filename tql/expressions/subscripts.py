"""Subscripts and slices of expressions; their text is known once the lengths are."""

from __future__ import annotations

from typing import SupportsIndex

from tql.messages import shown
from tql.values.literal import literal
from tql_grammar import ast
from tql_grammar.errors import ArgumentError

LONGEST = 2**62


def indices(subscript: object) -> tuple[ast.Expression, ...]:
    """Return the indices of a subscript."""
    parts = subscript if isinstance(subscript, tuple) else (subscript,)
    if not parts:
        raise ArgumentError("[]", "takes integers, slices and JSON keys", shown(subscript))
    return tuple(map(_index, parts))


def _index(part: object) -> ast.Expression:
    """Return one index."""
    if isinstance(part, str):
        return literal("[]", part)
    return _slice(part) if isinstance(part, slice) else _integer(part)


def _slice(part: slice) -> ast.Slice:
    """Return a slice, or refuse one that holds no element of any row."""
    first, last, every = (None if bound is None else _integer(bound) for bound in (part.start, part.stop, part.step))
    backwards = part.step is not None and part.step < 1
    if backwards or not range(LONGEST)[part]:
        rule = "takes slices that hold an element, with a step of at least 1: the engine dies on others"
        raise ArgumentError("[]", rule, shown(part), "reverse or skip elements in Python")
    return ast.Slice(first, last, every)


def _integer(part: object) -> ast.Expression:
    """Return an int, also of numpy, or refuse."""
    if isinstance(part, bool) or not isinstance(part, SupportsIndex):
        hint = "the engine takes no expressions as indices" if hasattr(part, "node") else None
        raise ArgumentError("[]", "takes integers, slices and JSON keys", shown(part), hint)
    return literal("[]", int(part.__index__()))
