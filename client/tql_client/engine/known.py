"""
Query texts that the engine was found to survive, by their shape: a text of a known shape is not parsed again.

The shape is the text without some literals: those after a comparison, in a list of IN, after LIMIT and OFFSET, and the numbers of vectors.
The rules about crashes read none of these: `tests/client/test_known.py` compares them on texts of every form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from tql_grammar.lint.cache import cache_key
from tql_grammar.lint.reads import Place, whole

if TYPE_CHECKING:
    from tql_grammar.schema import Schema

# The places whose literals the shape leaves out; it has the value of every other literal.
FREE = frozenset({"comparison", "member", "rows", "vector"})
READERS = {place: (whole,) for place in get_args(Place) if place not in FREE}
MOST_SHAPES = 2_000

Shape = tuple[str, "Schema | None"]
_known: set[Shape] = set()


def shape_of(text: str, schema: Schema | None) -> Shape | None:
    """Return the shape of a text for a dataset, or None for a text that is parsed each time: one with comments, or a very long one."""
    key = cache_key(text, READERS)
    return None if key is None else (key, schema)


def is_known(shape: Shape | None) -> bool:
    """Return whether a text of this shape was found to be harmless, and to read only the dataset on which it runs."""
    return shape in _known


def add(shape: Shape | None) -> None:
    """Keep the shape of a harmless text."""
    if shape is not None:
        if len(_known) >= MOST_SHAPES:
            _known.clear()
        _known.add(shape)


def clear() -> None:
    """Forget all shapes."""
    _known.clear()
