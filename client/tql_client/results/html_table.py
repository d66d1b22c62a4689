"""Tables of rows as HTML for notebooks: pages of rows, vectors as bars, images as pictures, JSON and long texts that open with a click. Nothing in them is a script."""

from __future__ import annotations

import base64
import html
import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

from tql_client.results.table import MAX_CELL, cell, is_numeric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGE, MOST_PAGES = 20, 10
# Characters of a text or of JSON that a click shows.
MAX_OPENED = 4_000
# A list of so many numbers is a vector, and is drawn with at most so many bars, of 2 x 20 pixels.
LEAST_VECTOR, MOST_BARS, BAR, HEIGHT = 8, 64, 2, 20
# The largest side of a picture in pixels; the colour type of PNG by the number of channels.
MOST_PIXELS, COLOUR_TYPES = 96, {1: 0, 3: 2, 4: 6}


def as_html(names: Sequence[str], count: int, values: Callable[[str, int, int], Sequence[Any]]) -> str:
    """
    Return rows as HTML: a table of the first ones, and further pages that a click opens.

    Args:
        names: the names of the columns.
        count: the number of rows.
        values: returns the values of a column from one row to another, plain ones or numpy's.
    """
    shown = min(count, PAGE * MOST_PAGES)
    caption = f"{count:,} row{'' if count == 1 else 's'}" + (f", {shown} shown" if shown < count else "")
    starts = range(0, max(shown, 1), PAGE)
    pages = [_page(names, [list(values(name, start, min(start + PAGE, shown))) for name in names]) for start in starts]
    others = (
        f"<details><summary>rows {start + 1} to {min(start + PAGE, shown)}</summary>{page}</details>"
        for start, page in zip(starts[1:], pages[1:], strict=True)
    )
    return f"<div>{pages[0]}{''.join(others)}<p>{caption}</p></div>"


def _page(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> str:
    """Return a table."""
    aligned = [' style="text-align:right"' if is_numeric(column) else "" for column in columns]
    head = "".join(f"<th>{html.escape(cell(name))}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td{style}>{_value(value)}</td>' for style, value in zip(aligned, row, strict=True))}</tr>"
        for row in zip(*columns, strict=True)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _value(value: Any) -> str:  # noqa: ANN401 - any value of a result
    """Return a value as HTML."""
    if _is_image(value):
        return _picture(value)
    if type(value).__module__ == "numpy":
        value = value.tolist()
    if _is_vector(value):
        return _bars(value)
    short = cell(value)
    text = value if isinstance(value, str) else short
    if isinstance(value, (dict, list)):
        text = json.dumps(value, ensure_ascii=False, indent=1, default=str)
    if len(text) <= MAX_CELL:
        return html.escape(short)
    opened = text if len(text) <= MAX_OPENED else f"{text[:MAX_OPENED]}…"
    return f'<details><summary>{html.escape(short)}</summary><pre style="white-space:pre-wrap;text-align:left">{html.escape(opened)}</pre></details>'


def _is_vector(value: Any) -> bool:  # noqa: ANN401 - any value of a result
    """Return whether a value is a list of numbers that is too long to be read."""
    return isinstance(value, list) and len(value) >= LEAST_VECTOR and all(type(part) in {int, float} for part in value)


def _bars(vector: list[float]) -> str:
    """Return a vector as bars above and below a line, with its first numbers as the title."""
    count = min(len(vector), MOST_BARS)
    picked = [vector[index * len(vector) // count] for index in range(count)]
    largest = max((abs(part) for part in picked if abs(part) < float("inf")), default=0.0) or 1.0
    middle = HEIGHT / 2
    marks = []
    for place, part in enumerate(picked):
        # NaN, which equals nothing, has no bar.
        length = min(1.0, abs(part) / largest) * middle if part == part else 0.0  # noqa: PLR0124 - a test for NaN
        top = middle - length if part > 0 else middle
        marks.append(f"M{place * BAR} {top:.1f}h{BAR - 0.5}v{length:.1f}h-{BAR - 0.5}z")
    size = f'width="{count * BAR}" height="{HEIGHT}"'
    path = f'<path fill="currentColor" d="{"".join(marks)}"/>'
    drawn = f'<svg {size} role="img"><title>{html.escape(cell(vector))}</title>{path}</svg>'
    return f'<span style="white-space:nowrap">{drawn} {len(vector)} numbers</span>'


def _is_image(value: Any) -> bool:  # noqa: ANN401 - any value of a result
    """Return whether a value is an array of the pixels of an image: uint8, by height, width and channel."""
    return (
        type(value).__module__ == "numpy"
        and str(value.dtype) == "uint8"
        and len(value.shape) == 3  # noqa: PLR2004 - height, width, channel
        and value.shape[2] in COLOUR_TYPES
        and value.size > 0
    )


def _picture(pixels: Any) -> str:  # noqa: ANN401 - an array of numpy
    """Return an image, made smaller, as PNG in the page, with its size as the title."""
    height, width, channels = pixels.shape
    step = -(-max(height, width) // MOST_PIXELS)
    small = pixels[::step, ::step]
    header = struct.pack(">IIBBBBB", small.shape[1], small.shape[0], 8, COLOUR_TYPES[channels], 0, 0, 0)
    lines = b"".join(b"\0" + line.tobytes() for line in small)
    parts = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(lines)), _chunk(b"IEND", b""))
    encoded = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).decode()
    size = f"{width} x {height} pixels"
    return f'<img alt="{size}" title="{size}" src="data:image/png;base64,{encoded}">'


def _chunk(kind: bytes, content: bytes) -> bytes:
    """Return a part of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
