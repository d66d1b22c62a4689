"""Tables of rows for people, as text, Markdown and HTML; long values and long results are cut."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_ROWS = 20
WIDEST = 60
WIDTH = 120
FEW = 4


def cell(value: Any, widest: int = WIDEST) -> str:  # noqa: ANN401 - any value of a result
    """Return a value on one line: null, the beginning of a long text, the first numbers of a vector and their count."""
    if value is None:
        return "null"
    if isinstance(value, str):
        text = "".join(character if character.isprintable() else " " for character in value[: widest + 1])
    elif isinstance(value, (list, dict)):
        text = _nested(value)
    else:
        text = repr(value)
    return text if len(text) <= widest else text[: widest - 1] + "…"


def _nested(value: list[Any] | dict[str, Any]) -> str:
    """Return a list or an object as JSON, a long list of numbers by its first ones."""
    if isinstance(value, list) and len(value) > 2 * FEW:
        return f"[{', '.join(cell(part) for part in value[:FEW])}, … {len(value)} in all]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _cells(names: Sequence[str], rows: Iterable[dict[str, Any]], widest: int = WIDEST) -> list[list[str]]:
    """Return the names and the rows as texts."""
    return [[cell(name, widest) for name in names], *([cell(row[name], widest) for name in names] for row in rows)]


def as_text(names: Sequence[str], rows: Sequence[dict[str, Any]], width: int = WIDTH) -> str:
    """Return rows as columns of text, cut to *width* characters a line; numbers stand to the right."""
    cells = _cells(names, rows, max(8, min(WIDEST, width)))
    numeric = [all(isinstance(row[name], (int, float, type(None))) for row in rows) for name in names]
    widths = [max(len(line[index]) for line in cells) for index in range(len(names))]
    lines = ["  ".join(_aligned(*part) for part in zip(line, widths, numeric, strict=True)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * one for one in widths))
    return "\n".join(line if len(line) <= width else line[: width - 1] + "…" for line in lines)


def _aligned(text: str, width: int, right: bool) -> str:  # noqa: FBT001 - one of three columns
    """Return a text with blanks before or after it."""
    return text.rjust(width) if right else text.ljust(width)


def as_markdown(names: Sequence[str], rows: Iterable[dict[str, Any]]) -> Iterable[str]:
    """Yield the lines of a table of Markdown."""
    yield f"| {' | '.join(_escaped(cell(name)) for name in names)} |"
    yield f"|{' --- |' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(_escaped(cell(row[name])) for name in names)} |"


def _escaped(text: str) -> str:
    """Return a text that ends no cell of Markdown."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def as_html(names: Sequence[str], rows: Iterable[dict[str, Any]], caption: str) -> str:
    """Return rows as a table of HTML."""
    first, *others = _cells(names, rows)
    head = "".join(f"<th>{html.escape(name)}</th>" for name in first)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(text)}</td>' for text in line)}</tr>" for line in others)
    return (
        f"<table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
