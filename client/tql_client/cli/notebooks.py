"""Lines of a notebook's file: where the JSON has the line of a cell."""

from __future__ import annotations

import functools
import json
import re
from bisect import bisect_right
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# The name of a document that is a cell of a notebook ends with this and its number.
CELL = ":cell "
TOKEN = re.compile(r'(?P<string>"(?:[^"\\]|\\.)*")(?P<colon>\s*:)?|[{}\[\]]')
# The brackets around the members of a cell, and around the lines of its source.
IN_CELL, IN_LINES = "{[{", "{[{["


def line_in_file(name: str, line: int) -> int:
    """
    Return the line of a notebook's file that has a line of a cell, or 1 if it cannot be found.

    Args:
        name: the name of the document: ``book.ipynb:cell 3``.
        line: the line in the cell.
    """
    path, _, number = name.partition(CELL)
    cells = _cells(path)
    lines = cells[int(number) - 1] if int(number) <= len(cells) else []
    return lines[min(line, len(lines)) - 1] if lines else 1


@functools.lru_cache(maxsize=8)
def _cells(path: str) -> list[list[int]]:
    """Return the line of the file for each line of each cell; an empty list for a file that cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return []
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    cells: list[list[int]] = []
    for stack, key, token in _strings(text):
        if stack == IN_CELL and not key:
            cells.append([])
        elif key == "source" and cells:
            count = json.loads(token["string"], strict=False).count("\n")
            cells[-1] += [bisect_right(starts, token.start())] * max(count, 1)
    return cells


def _strings(text: str) -> Iterator[tuple[str, str, re.Match[str]]]:
    """Yield the beginning of each cell with an empty key, and its strings with their keys; each with the brackets around it."""
    stack = key = ""
    for token in TOKEN.finditer(text):
        mark = token[0]
        if mark in {"{", "["}:
            stack += mark
            if stack == IN_CELL:
                key = ""
                yield stack, key, token
        elif mark in {"}", "]"}:
            stack = stack[:-1]
        elif token["colon"]:
            key = token["string"][1:-1] if stack == IN_CELL else key
        elif stack in {IN_CELL, IN_LINES}:
            yield stack, key, token
