"""Tables of rows as text and Markdown, with long values truncated."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_ROWS = 20
MAX_CELL = 60
WIDTH = 120
FIRST_ITEMS = 4
# The part of a number from its point or its exponent on.
FRACTION = re.compile(r"(?<=\d)[.e].*")


def cell(value: Any, max_width: int = MAX_CELL) -> str:  # noqa: ANN401 - any value of a result
    """Return a value on one line; long strings are truncated, and long lists are abbreviated to their first items and the length."""
    if value is None:
        return "null"
    if isinstance(value, str):
        text = "".join(character if character.isprintable() else " " for character in value[: max_width + 1])
    elif isinstance(value, (list, dict)):
        text = _nested(value)
    else:
        text = repr(value)
    return text if len(text) <= max_width else text[: max_width - 1] + "…"


def _nested(value: list[Any] | dict[str, Any]) -> str:
    """Return a list or an object as JSON; a long list is abbreviated to its first items and the length."""
    if isinstance(value, list) and len(value) > 2 * FIRST_ITEMS:
        return f"[{', '.join(cell(part) for part in value[:FIRST_ITEMS])}, … {len(value)} in all]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _cells(names: Sequence[str], rows: Iterable[dict[str, Any]], max_width: int = MAX_CELL) -> list[list[str]]:
    """Return the names and the rows as strings."""
    return [
        [cell(name, max_width) for name in names],
        *([cell(row[name], max_width) for name in names] for row in rows),
    ]


def as_text(names: Sequence[str], rows: Sequence[dict[str, Any]], width: int = WIDTH) -> str:
    """Return rows as a table of text; lines are truncated to *width* characters, and numbers are aligned at the point."""
    head, *body = _cells(names, rows, max(8, min(MAX_CELL, width)))
    columns = [
        _column(name, [line[index] for line in body], is_number=is_numeric(row[names[index]] for row in rows))
        for index, name in enumerate(head)
    ]
    lines = ["  ".join(line).rstrip() for line in zip(*columns, strict=True)]
    return "\n".join(line if len(line) <= width else line[: width - 1] + "…" for line in lines)


def _column(name: str, texts: Sequence[str], *, is_number: bool) -> list[str]:
    """Return the name of a column, a line of dashes, and its values, all of one width."""
    cells = [name, *(at_point(texts) if is_number else texts)]
    width = max(map(len, cells))
    name, *values = (text.rjust(width) if is_number else text.ljust(width) for text in cells)
    return [name, "-" * width, *values]


def is_numeric(values: Iterable[Any]) -> bool:
    """Return whether all values of a column are numbers or null."""
    return all(isinstance(value, (int, float, type(None))) for value in values)


def at_point(texts: Sequence[str]) -> list[str]:
    """Return numbers, padded at the end so that right-aligned their points are below each other."""
    fractions = [sum(map(len, FRACTION.findall(text))) for text in texts]
    longest = max(fractions, default=0)
    return [text + " " * (longest - fraction) for text, fraction in zip(texts, fractions, strict=True)]


def as_markdown(names: Sequence[str], rows: Iterable[dict[str, Any]]) -> Iterable[str]:
    """Yield the lines of a Markdown table."""
    yield f"| {' | '.join(_escape(cell(name)) for name in names)} |"
    yield f"|{' --- |' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(_escape(cell(row[name])) for name in names)} |"


def _escape(text: str) -> str:
    """Return a string escaped for a cell of a Markdown table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
