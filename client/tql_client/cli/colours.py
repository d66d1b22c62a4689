"""Colours of the terminal: of findings, diffs and summaries."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    Paint = Callable[[str, str], str]

CODES = {"error": "31", "warning": "33", "info": "36", "bold": "1", "hint": "32", "-": "31", "+": "32", "@": "36"}
WHEN = ("auto", "always", "never")


def painter(stream: TextIO, when: str = "auto") -> Paint:
    """
    Return the function that colours a text for a stream.

    Args:
        stream: where the text is written.
        when: "always", "never", or "auto": on a terminal, unless NO_COLOR is set.
    """
    automatic = stream.isatty() and not os.environ.get("NO_COLOR")
    return paint if when == "always" or (when == "auto" and automatic) else plain


def paint(text: str, colour: str) -> str:
    """Return a text with the ANSI codes of a colour."""
    return f"\x1b[{CODES[colour]}m{text}\x1b[0m"


def plain(text: str, _colour: str) -> str:
    """Return a text unchanged."""
    return text
