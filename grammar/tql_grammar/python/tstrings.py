"""t-strings of Python 3.14 in a file, which every supported Python reads as f-strings of the same length."""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = re.compile(r"\b(?:[tT][rR]?|[rR][tT])(?=['\"])")
F_OF = str.maketrans("tT", "fF")
# Where Python itself has t-strings, their first token; otherwise a name and a string.
START = getattr(tokenize, "TSTRING_START", None)
STRINGS = frozenset({tokenize.STRING, getattr(tokenize, "FSTRING_START", tokenize.STRING)})


class File(NamedTuple):
    """
    A Python file without t-strings.

    Attributes:
        text: the text, with the prefix of an f-string in place of that of each t-string.
        templates: the offsets of the prefixes.
    """

    text: str
    templates: frozenset[int]


def without_t_strings(source: str) -> File:
    """Return a Python file, with f-strings in place of t-strings."""
    if not PREFIX.search(source):
        return File(source, frozenset())
    lines = [0, *(match.end() for match in re.finditer("\n", source))]
    text, templates = list(source), set()
    for line, column, prefix in _prefixes(source):
        start = lines[line - 1] + column
        text[start : start + len(prefix)] = prefix.translate(F_OF)
        templates.add(start)
    return File("".join(text), frozenset(templates))


def _prefixes(source: str) -> Iterator[tuple[int, int, str]]:
    """Yield the line, the column and the prefix of each t-string, up to the first place that is not Python."""
    before: tokenize.TokenInfo | None = None
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == START:
                yield *token.start, token.string.rstrip("'\"")
            elif before is not None and token.type in STRINGS and before.end == token.start:
                yield *before.start, before.string
            is_prefix = token.type == tokenize.NAME and set(token.string.lower()) in ({"t"}, {"t", "r"})
            before = token if is_prefix else None
    except (tokenize.TokenError, SyntaxError):  # the parser reports it
        return
