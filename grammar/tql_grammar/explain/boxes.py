"""SVG picture of a query's levels: nested boxes, each around the level that it reads from."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tql_grammar.explain.levels import QueryLevel

LINE, PAD, GAP, CHARACTER = 18, 12, 10, 7.3
LONGEST = 90
STYLE = (
    "text{font:12px ui-monospace,monospace;fill:#24292f}.why{fill:#0550ae;font-style:italic}"
    "rect{fill:#0969da;fill-opacity:.06;stroke:#57606a}"
)


class Box(NamedTuple):
    """The box of a level: its size, its lines with their CSS classes, and the boxes inside."""

    width: float
    height: float
    lines: tuple[tuple[str, str], ...]
    below: tuple[Box, ...]


def svg(level: QueryLevel) -> str:
    """Return the picture of a level and all levels below it, as an SVG document."""
    box = _box(level)
    width, height = box.width + 2 * GAP, box.height + 2 * GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img">'
        f"<title>The levels of a query</title><style>{STYLE}</style>{_drawn(box, GAP, GAP)}</svg>\n"
    )


def _box(level: QueryLevel) -> Box:
    """Return the box of a level."""
    lines = [(_cut(f"{word} {text}".strip()), "") for word, text in level.clauses]
    if level.why:
        lines.append((_cut(f"why: {level.why}"), "why"))
    below = tuple(map(_box, level.below))
    widest = max((len(text) * CHARACTER for text, _ in lines), default=0.0)
    inner = sum(box.width for box in below) + GAP * max(0, len(below) - 1)
    height = 2 * PAD + LINE * len(lines) + (GAP + max(box.height for box in below) if below else 0)
    return Box(max(widest, inner) + 2 * PAD, height, tuple(lines), below)


def _cut(text: str) -> str:
    """Return a text, shortened to fit on a line."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _drawn(box: Box, left: float, top: float) -> str:
    """Return the SVG elements of a box at a position."""
    parts = [f'<rect x="{left:.0f}" y="{top:.0f}" width="{box.width:.0f}" height="{box.height:.0f}" rx="6"/>']
    baseline = top + PAD + LINE - 5
    for text, kind in box.lines:
        mark = f' class="{kind}"' if kind else ""
        parts.append(f'<text x="{left + PAD:.0f}" y="{baseline:.0f}"{mark}>{escape(text)}</text>')
        baseline += LINE
    inner_left = left + PAD
    for inner in box.below:
        parts.append(_drawn(inner, inner_left, top + PAD + LINE * len(box.lines) + GAP))
        inner_left += inner.width + GAP
    return "".join(parts)
