"""Query text of a tree, on one line, with the fewest parentheses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.printing import expressions, queries

if TYPE_CHECKING:
    from tql_grammar.ast import Node
    from tql_grammar.printing.parts import Part

WRITERS = {**expressions.WRITERS, **queries.WRITERS}


def to_tql(node: Node) -> str:
    """
    Return the canonical text of a query, or of a part of one; parsing it gives an equal tree.

    Raises:
        ArgumentError: the tree has a value without a literal in TQL: a name with a double quote, a newline or a NUL, a string with a NUL, NaN.
    """
    return "".join(chunks(node))


def chunks(node: Node) -> list[str]:
    """Return the text in chunks; a parameter is a chunk of its own, a `Mark`, and so is a traced literal, a `Slot`."""
    written: list[str] = []
    stack: list[Part] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            written.append(part)
        elif isinstance(part, tuple):
            inner, level = part
            stack.extend(reversed(expressions.parenthesized(inner, level)))
        else:
            stack.extend(reversed(WRITERS[type(part)](part)))
    return written
