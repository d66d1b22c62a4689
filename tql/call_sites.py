"""Calls in the code of the user: the file and the line, and the first argument as the source has it."""

from __future__ import annotations

import ast
import linecache
import re
import sys
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType, FrameType

# The most characters of a source line, or of a value, in the words of a decision.
LONGEST = 60


def call_site(method: str) -> str:
    """Return the place of the running call of a method, with its first argument: ``app.py:7 when(year)``."""
    frame = _caller()
    if frame is None:
        return method
    code, line = frame.f_code, frame.f_lineno
    argument = _by_position(code, frame.f_lasti, method) or _by_line(code.co_filename, line, method)
    return f"{code.co_filename.rpartition('/')[2]}:{line} {method}{f'({shortened(argument)})' if argument else ''}"


def shortened(text: str) -> str:
    """Return a text in one line, of a limited length."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 2] + ".."


def _caller() -> FrameType | None:
    """Return the frame of the caller of this package."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - `inspect` reads files of all callers
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith(("tql.", "tql_client.")):
        frame = frame.f_back
    return frame


@lru_cache(maxsize=256)
def _by_position(code: CodeType, instruction: int, method: str) -> str | None:
    """Return the first argument of the call at an instruction; None without positions or source, or if another function is called there."""
    first, last, start, end = next(islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    if first is None or last is None or start is None or end is None:
        return None
    lines = [linecache.getline(code.co_filename, number).encode() for number in range(first, last + 1)]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    source = b"".join(lines).decode(errors="replace")
    try:
        call = ast.parse(f"({source}\n)", mode="eval").body
    except SyntaxError:
        return None
    if not isinstance(call, ast.Call) or not call.args or _name(call.func) != method:
        return None
    return ast.get_source_segment(f"({source}\n)", call.args[0])


def _name(function: ast.expr) -> str | None:
    """Return the name of a called function or method."""
    return getattr(function, "attr", None) or getattr(function, "id", None)


def _by_line(file: str, line: int, method: str) -> str | None:
    """Return the first argument of the only call of a method in a line; None if there are several or none."""
    found = re.findall(rf"\b{method}\((?=(.*))", linecache.getline(file, line))
    return _first(found[0]) if len(found) == 1 else None


def _first(text: str) -> str:
    """Return the first argument of the arguments of a call, up to the end of its line."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth < 0 or (depth == 0 and character == ","):
            return text[:index]
    return text.strip()
