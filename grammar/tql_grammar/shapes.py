"""How expressions read a column: its values, or SHAPE of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.walk import below

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql_grammar.record import Record


def reads(node: Record) -> Iterator[tuple[ast.Column, ast.Function | None]]:
    """Yield the columns of an expression in the order of the text, each with the call of SHAPE that reads it, or None where its values are read."""
    stack: list[tuple[object, ast.Function | None]] = [(node, None)]
    while stack:
        part, call = stack.pop()
        if isinstance(part, ast.Column):
            yield part, call
        elif type(part) is tuple:
            stack += [(inner, call) for inner in part[::-1]]
        elif isinstance(part, ast.Node) and not isinstance(part, ast.Query):
            own = part if isinstance(part, ast.Function) and part.name.lower() == "shape" else call
            stack += [(inner, own) for inner in below(part)]


def read_apart(condition: ast.Expression, keys: Iterable[Record]) -> Iterator[tuple[ast.Column, ast.Function | None]]:
    """
    Yield the columns of which a condition reads SHAPE only and one of the keys the values, or the other way round, as `reads` does.

    The engine crashes where a SELECT has both, and its condition reads another column after the first one.
    """
    ways = {(column, call is None) for key in keys for column, call in reads(key)}
    own = [*reads(condition)]
    there = {(column, call is None) for column, call in own}
    for column, call in own:
        is_value = call is None
        if (column, not is_value) in ways and (column, not is_value) not in there:
            yield column, call
