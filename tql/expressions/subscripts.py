"""Syntax trees of subscripts and slices, and validation of their indices."""

from __future__ import annotations

from typing import SupportsIndex

from tql.messages import shown
from tql.values.literal import literal
from tql_grammar import ast
from tql_grammar.errors import ArgumentError

LONGEST = 2**62


def indices(subscript: object) -> tuple[ast.Expression, ...]:
    """Return the indices of a subscript: integers, slices and JSON keys."""
    parts = subscript if isinstance(subscript, tuple) else (subscript,)
    if not parts:
        raise ArgumentError("[]", "takes integers, slices and JSON keys", shown(subscript))
    if len(parts) > 1 and any(isinstance(part, str) for part in parts):
        rule, hint = (
            "takes one JSON key, and no other index with it",
            'write one after the other: col("m")["list"][0]',
        )
        raise ArgumentError("[]", rule, shown(subscript), hint)
    return tuple(map(_index, parts))


def _index(part: object) -> ast.Expression:
    """Return an integer, a slice or a JSON key."""
    if isinstance(part, str):
        return literal("[]", part)
    return _slice(part) if isinstance(part, slice) else _integer(part)


def _slice(part: slice) -> ast.Slice:
    """Return a slice; one that contains no element of any row raises ArgumentError."""
    first, last, every = (None if bound is None else _integer(bound) for bound in (part.start, part.stop, part.step))
    backwards = part.step is not None and part.step < 1
    if backwards or not range(LONGEST)[part]:
        rule = "takes slices with at least one element and a step of at least 1"
        raise ArgumentError(
            "[]", rule, shown(part), "reverse or skip elements in Python", why="the engine crashes on others"
        )
    return ast.Slice(first, last, every)


def _integer(part: object) -> ast.Expression:
    """Return the literal of an integer, a numpy integer included."""
    if isinstance(part, bool) or not isinstance(part, SupportsIndex):
        why = "the engine accepts no expression as an index" if hasattr(part, "node") else None
        raise ArgumentError("[]", "takes integers, slices and JSON keys", shown(part), why=why)
    return literal("[]", int(part.__index__()))
