"""
Growth of ten whole calls from 1,000 to 1,000,000 rows, as a chart: ``python -m tests.benchmarks.growing [--rows 1000,10000] [--write FOLDER]``.

Each call and the engine with an expert's text run alternately; the chart has the least milliseconds of both, which a busy machine disturbs least, on logarithmic scales.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks.page import GROWN, write
from tests.benchmarks.whole_calls import Whole
from tests.benchmarks.whole_data import GROUPS, TYPES, client, dataset, written
from tql import col, fn, select

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROWS = (1_000, 10_000, 100_000, 1_000_000)
PAIRS = 9
WIDTH = 32
PANEL, ACROSS, PLOT = (250, 190), 5, (190, 110)
OURS, THEIRS = "#0969da", "#8c959f"


def stored(rows: int) -> str:
    """Return the path of so many rows with numbers, a text and short vectors, with built indexes."""
    random = np.random.default_rng(3)
    return written(
        f"growing-{rows}",
        {
            "id": (TYPES.Int64(), np.arange(rows)),
            "k": (TYPES.Int64(TYPES.Inverted), random.permutation(rows)),
            "g": (TYPES.Int16(), random.integers(0, GROUPS, rows).astype(np.int16)),
            "price": (TYPES.Float64(), random.random(rows) * 100),
            "label": (TYPES.Text(), [f"label {number % 1000}" for number in range(rows)]),
            "e": (TYPES.Embedding(WIDTH), random.standard_normal((rows, WIDTH)).astype(np.float32)),
        },
    )


def calls(path: str, rows: int) -> dict[str, Whole]:
    """Return ten calls on so many rows."""
    vector = np.linspace(-1, 1, WIDTH, dtype=np.float32)
    score = f"cosine_similarity(e, ARRAY[{','.join(map(repr, vector.tolist()))}])"
    ids, half = select("id"), rows // 2
    return {
        "first 10 rows": Whole(path, ids.limit(10), "select id limit 10"),
        "a page in the middle": Whole(path, ids.limit(100).offset(half), f"select id limit 100 offset {half}"),
        "equality, index": Whole(path, ids.where(col("k") == half), f"select id where k = {half}"),
        "between, index": Whole(path, ids.where(col("k").between(5, 99)), "select id where k between 5 and 99"),
        "condition, no index": Whole(path, ids.where(col("price") < 0.1), "select id where price < 0.1"),
        "equality of texts": Whole(path, ids.where(col("label") == "label 7"), "select id where label = 'label 7'"),
        "order_by, limit 10": Whole(
            path, select("id", "g").order_by("g").limit(10), "select * from (select id, g order by g) limit 10"
        ),
        "count per group": Whole(
            path, select("g", n=fn.count()).group_by("g"), "select g[0] as g, shape(id)[0] as n group by g"
        ),
        "sum per group": Whole(
            path, select("g", s=fn.sum("price")).group_by("g"), "select g[0] as g, sum(price) as s group by g"
        ),
        f"search of {WIDTH} numbers, index": Whole(
            path,
            ids.similarity("e", vector).order_by("score").limit(10),
            f"select * from (select id, {score} as score) order by score desc limit 10",
        ),
    }


def milliseconds(whole: Whole) -> tuple[float, float]:
    """Return the least milliseconds of a call, and of the engine, in alternating runs."""
    whole.rows()
    whole.read_rows()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(PAIRS):
        for act, into in zip((whole.rows, whole.read_rows), times, strict=True):
            begin = time.perf_counter()
            act()
            into.append((time.perf_counter() - begin) * 1000)
    return min(times[0]), min(times[1])


def measured(sizes: Sequence[int]) -> dict[str, list[tuple[int, float, float]]]:
    """Return the milliseconds of each call by the number of rows, and print them."""
    found: dict[str, list[tuple[int, float, float]]] = {}
    for rows in sizes:
        path = stored(rows)
        for name, whole in calls(path, rows).items():
            ours, theirs = milliseconds(whole)
            found.setdefault(name, []).append((rows, round(ours, 3), round(theirs, 3)))
            sys.stdout.write(f"{rows:9,} rows  {name:30} {ours:9.2f} ms, the engine {theirs:9.2f} ms\n")
            sys.stdout.flush()
        client(path).close()
        dataset.cache_clear()
    return found


def panel(name: str, points: Sequence[Sequence[float]], at: tuple[int, int], most: float) -> str:
    """Return the panel of one call: both lines over the rows."""
    left, top = at
    wide, high = PLOT

    def place(rows: float, value: float) -> str:
        across = (math.log10(rows) - 3) / 3 * wide
        up = (math.log10(max(value, 0.1)) + 1) / (math.log10(most) + 1) * high
        return f"{left + across:.0f},{top + high - up:.0f}"

    drawn = [f'<rect x="{left}" y="{top}" width="{wide}" height="{high}" fill="none" stroke="#d0d7de"/>']
    for column, colour in ((2, THEIRS), (1, OURS)):
        line = " ".join(place(point[0], point[column]) for point in points)
        drawn.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
    ours, theirs = points[-1][1:3]
    drawn.append(f'<text x="{left}" y="{top - 8}">{name}</text>')
    drawn.append(
        f'<text x="{left}" y="{top + high + 16}">at {int(points[-1][0]):,}: {ours:.3g} and {theirs:.3g} ms</text>'
    )
    return "".join(drawn)


def chart(found: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """Return the panels of all calls, five in a row, on the same scales."""
    most = 10.0 ** math.ceil(
        math.log10(max(value for points in found.values() for point in points for value in point[1:]))
    )
    panels = [
        panel(name, points, (20 + number % ACROSS * PANEL[0], 60 + number // ACROSS * PANEL[1]), most)
        for number, (name, points) in enumerate(found.items())
    ]
    width, height = 20 + ACROSS * PANEL[0], 60 + -(-len(panels) // ACROSS) * PANEL[1]
    style = "text{font:12px ui-sans-serif,sans-serif;fill:#24292f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"><style>{style}</style>'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
        f'<text x="20" y="24"><tspan fill="{OURS}">the client</tspan> and <tspan fill="{THEIRS}">the engine with an expert\'s text</tspan>: '
        f"0.1 to {most:,.0f} ms over 1,000 to 1,000,000 rows, both logarithmic</text>{''.join(panels)}</svg>\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.growing", description=__doc__)
    parser.add_argument("--rows", default=",".join(map(str, ROWS)), help="the numbers of rows")
    parser.add_argument("--write", metavar="FOLDER", help="also write growth.json, growth.svg and the page to a folder")
    options = parser.parse_args(arguments)
    found = measured([int(rows) for rows in options.rows.split(",")])
    if options.write:
        folder = Path(options.write)
        (folder / GROWN).write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        (folder / "growth.svg").write_text(chart(found), "utf-8")
        write(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
