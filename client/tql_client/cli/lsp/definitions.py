"""Definitions of the names of a query: the source of an alias, and the output that a column of a subquery is."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.syntax.lexer import cut_at_nul, tokens
from tql_grammar.syntax.parser import read
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.ast import Span


def definition(text: str, offset: int) -> tuple[int, int] | None:
    """Return the characters that define the name at an offset of a query, or None for any other word."""
    tree = read(text).tree
    found = None if tree is None else _name_at(text, offset)
    if tree is None or found is None:
        return None
    name, is_alias = found
    spans = [span for span in _defining(tree, name, is_alias=is_alias) if not span.start <= offset < span.end]
    return _nearest(spans, offset)


def _defining(tree: ast.Query, name: str, *, is_alias: bool) -> Iterator[Span]:
    """Yield the spans of the sources with an alias, or of the outputs with it."""
    kinds = (ast.Derived, ast.Table) if is_alias else (ast.Aliased,)
    for part in walk(tree):
        if isinstance(part, kinds) and getattr(part, "alias", None) == name and part.span is not None:
            yield part.span


def _name_at(text: str, offset: int) -> tuple[str, bool] | None:
    """Return the name at an offset, and whether it is the alias before a point."""
    pairs = pairwise(tokens(cut_at_nul(text)))
    found = next((pair for pair in pairs if pair[0].start <= offset <= pair[0].end and pair[0].kind == "NAME"), None)
    return None if found is None else (str(found[0].value), found[1].kind == "DOT")


def _nearest(spans: list[Span], offset: int) -> tuple[int, int] | None:
    """Return the span that is nearest to an offset."""
    nearest = min(spans, key=lambda span: abs(span.start - offset), default=None)
    return None if nearest is None else (nearest.start, nearest.end)
