"""Comments that ignore rules: ``-- tql: ignore[TQL301, TQL302]``, with any case and blanks, and ``301`` for ``TQL301``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMENT = re.compile(r"\btql[ \t]*:[ \t]*ignore\b(?:[ \t]*\[(?P<codes>[^\[\]]*)\])?", re.IGNORECASE)
CODE = re.compile(r"[^\s,]+")


def codes(comment: re.Match[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the codes of a comment, each with its place."""
    if comment["codes"] is not None:
        for match in CODE.finditer(comment.string, *comment.span("codes")):
            written = match[0].upper()
            yield (f"TQL{written}" if written.isdigit() else written), match.span()
