"""
The text of a query, by the fastest way that there is to it.

Where parameters have vectors, these are put between chunks of text that were written once: what a query without them costs is paid once.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from tql.compiler.compile import compile_query, tree
from tql.parameters import template_of
from tql_grammar import ast
from tql_grammar.printing.parts import Mark, merged
from tql_grammar.printing.printer import chunks

if TYPE_CHECKING:
    from tql.statement import Statement


class TextParts(NamedTuple):
    """
    The text of a query without values.

    Attributes:
        parts: the text in parts: every second one is a parameter, and the word ARRAY stands before it.
        places: the names of the parameters in the order of the text.
    """

    parts: list[str]
    places: tuple[str, ...]


def text(query: Statement) -> str:
    """
    Return the text of a query on one line.

    Raises:
        ArgumentError: no text has the query's meaning.
    """
    return (text_of_vectors(query) if query.bindings else None) or compile_query(query)


def _text_parts(query: Statement) -> TextParts:
    """Return the text of a query without values: the same for all that are bound to it."""
    found: TextParts | None = query.__dict__.get("_text_parts")
    if found is None:
        written = (("ARRAY", chunk) if isinstance(chunk, Mark) else (chunk,) for chunk in chunks(tree(query)))
        parts = merged(chain.from_iterable(written))
        found = TextParts(parts, tuple(part.name for part in parts if isinstance(part, Mark)))
        query.__dict__["_text_parts"] = found
    return found


def text_of_vectors(query: Statement) -> str | None:
    """Return the text of a query whose parameters all have vectors, or None for any other."""
    bindings = query.bindings
    values: dict[str, Any] = dict(bindings)
    for value in values.values():
        if type(value) is not ast.Vector:
            return None
    template = template_of(query)
    template.require_fitting(bindings)
    written, places = _text_parts(template.query)
    parts = written.copy()
    try:
        parts[1::2] = [values[label].bracketed for label in places]
    except KeyError:
        return None
    return "".join(parts)
