"""
Run the benchmark: ``python -m tests.benchmarks [--smoke] [--write FOLDER]``.

It prints a table, writes JSON, a chart and a page where it is asked to, and ends with 1 where a target is missed; ``--smoke`` only runs each case's two ways and looks that they agree.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks import answers, checking, composing, starting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.benchmarks.case import Case, Row

CASES = (*composing.CASES, *checking.CASES, *starting.CASES, *answers.CASES)
PACKAGES = ("numpy", "orjson", "requests", "deeplake", "sqlglot", "SQLAlchemy", "PyPika")


def versions() -> dict[str, str]:
    """Return the versions of what is compared."""
    found = {
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {platform.system()}, {os.cpu_count()} processors",
    }
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def chart(rows: Sequence[Row]) -> str:
    """Return the table as bars: the ratio as a part of its target, which is the line."""
    line, left, width = 24, 430, 360
    bars = []
    for number, row in enumerate(rows):
        top = 30 + number * line
        length = min(1.4, row.ratio / row.target) * width
        colour = "#1a7f37" if row.holds else "#cf222e"
        bars.append(
            f'<text x="{left - 8}" y="{top + 12}" text-anchor="end">{row.case}</text>'
            f'<rect x="{left}" y="{top}" width="{length:.0f}" height="16" fill="{colour}"/>'
            f'<text x="{left + length + 6:.0f}" y="{top + 12}">{row.ratio:.3g} of {row.reference}, target {row.target:.3g}</text>'
        )
    height = 40 + line * len(rows)
    style = "text{font:11px ui-sans-serif,sans-serif;fill:#24292f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1250 {height}" width="1250" height="{height}"><style>{style}</style>'
        f'<text x="{left}" y="18">each ratio as a part of its target; the line is the target</text>{"".join(bars)}'
        f'<line x1="{left + width}" y1="24" x2="{left + width}" y2="{height - 8}" stroke="#24292f" stroke-dasharray="3"/></svg>\n'
    )


PAGE = """# Speed

`make bench` times each case beside its reference, in one process or by whole processes, in at least 15 alternating pairs, and takes the median of their ratios.
It writes this page; another machine has other ratios.
A ratio is our time over that of the reference, so less is better, and a target is the largest that we want.

![each ratio as a part of its target](benchmarks.svg)

| case | beside | ratio | target | |
| --- | --- | ---: | ---: | --- |
"""


REFERENCES = """
## What is compared

- The documented query is `select("text").from_(..).similarity("embedding", vector).order_by("score").limit(5)` with 1,536 numbers of float32, from the first call to the text.
  The documented snippet joins `str(item)` of each number of the same numpy vector; it is what the service's own examples do.
- `orjson.dumps` writes the same vector as JSON, and nothing else.
- The small query has three columns, four conditions, an order and a limit; a number in it is a new one each time.
  SQLAlchemy Core and PyPika make the same query, with its values in the text.
- A shape that was seen before is a query that differs in literals only: for the builder in those that no pass of the compiler reads, for a check in those that no rule reads.
  The 12 families that are checked are functions, BETWEEN, LIKE, CONTAINS, BM25, hybrid searches, keys of JSON, IN, nested queries, groups, joins and vectors.
  The 10 families that are composed are those that SQL has: without BM25, hybrid searches and vectors, and with an order, LIMIT and OFFSET.
  Both builders make the queries and their text in each run, with literals that no query had before.
  Growth, and what is measured for the first time, has names that were not there before.
- `sqlglot.parse_one` reads a text of SQL in pure Python, and looks for no mistakes beyond its syntax; `deeplake.prepare_query` is the engine's parser, in C++.
- Memory is the most that Python holds at a time, from the first call to the text or the verdict.
- `import requests` and `import tql` are whole processes, less one that does nothing.
- `.json()` is that of requests on the same bytes; numpy makes an array of its lists.
- A call goes over loopback to a server in another process, beside requests and orjson on a connection that is kept; many go through eight threads with a session each.
"""


def page(rows: Sequence[Row], compared: dict[str, str]) -> str:
    """Return the page of the documentation."""
    lines = [
        f"| {row.case} | {row.reference} | {row.ratio:.3g} | {row.target:.3g} | {'holds' if row.holds else 'missed'} |\n"
        for row in rows
    ]
    said = ", ".join(f"{name} {number}" for name, number in compared.items())
    return f"{PAGE}{''.join(lines)}\nMeasured with {said}.\n{REFERENCES}"


def smoke(cases: Iterable[Case]) -> int:
    """Run each case, and say whether its ways agree; return 1 if some do not."""
    wrong = 0
    for case in cases:
        runs = case.runs()
        wrong |= not runs
        sys.stdout.write(f"{case.name:52} {case.reference:28} {'runs' if runs else 'DISAGREES'}\n")
        sys.stdout.flush()
    return wrong


def measured(cases: Iterable[Case], folder: Path | None = None) -> int:
    """Measure each case, print a line for it, and write the figures, the chart and the page; return 1 if a target is missed."""
    rows = []
    for case in cases:
        row = case.row()
        rows.append(row)
        sys.stdout.write(
            f"{row.case:52} {row.ratio:8.3f} of {row.reference:28} target {row.target:6.2f}  {'holds' if row.holds else 'MISSED'}\n"
        )
        sys.stdout.flush()
    if folder:
        data = {"versions": versions(), "rows": [{**row._asdict(), "holds": row.holds} for row in rows]}
        (folder / "benchmarks.json").write_text(json.dumps(data, indent=1) + "\n", "utf-8")
        (folder / "speed.md").write_text(page(rows, versions()), "utf-8")
        (folder / "benchmarks.svg").write_text(chart(rows), "utf-8")
    return int(not all(row.holds for row in rows))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="only look that each case runs and that its ways agree; TQL_PAIRS=1 makes it short",
    )
    parser.add_argument("--write", metavar="FOLDER", help="write benchmarks.json, benchmarks.svg and speed.md there")
    options = parser.parse_args(arguments)
    if options.smoke:
        return smoke(CASES)
    return measured(CASES, Path(options.write) if options.write else None)


if __name__ == "__main__":
    sys.exit(main())
