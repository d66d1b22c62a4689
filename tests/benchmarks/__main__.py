"""
Command line of the benchmark: ``python -m tests.benchmarks [--smoke] [--whole] [--write FOLDER]``.

It prints a table, and exits with 1 if a target is missed; ``--write`` also writes JSON, a chart and a page; ``--smoke`` only verifies that both ways of each case agree.
``--whole`` runs the whole calls only, and keeps the other figures of the folder; TQL_ROWS=1000000 gives them all of their rows.
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

from tests.benchmarks import answers, checking, composing, sorting, starting, whole_calls
from tests.benchmarks.case import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.benchmarks.case import Case

PARTS = (*composing.CASES, *checking.CASES, *starting.CASES, *answers.CASES, *sorting.CASES)
CASES = (*PARTS, *whole_calls.CASES)
PACKAGES = ("numpy", "orjson", "requests", "deeplake", "sqlglot", "SQLAlchemy", "PyPika")


def versions() -> dict[str, str]:
    """Return the versions of the compared libraries."""
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
    """Return the rows as a bar chart: each ratio relative to its target, which is the dashed line."""
    line, left, width = 24, 430, 360
    bars = []
    for number, row in enumerate(rows):
        top = 30 + number * line
        length = min(1.4, row.ratio / row.limit) * width
        colour = "#1a7f37" if row.holds else "#cf222e"
        bars.append(
            f'<text x="{left - 8}" y="{top + 12}" text-anchor="end">{row.case}</text>'
            f'<rect x="{left}" y="{top}" width="{length:.0f}" height="16" fill="{colour}"/>'
            f'<text x="{left + length + 6:.0f}" y="{top + 12}">{row.ratio:.3g} of {row.reference}, target {row.limit:.3g}</text>'
        )
    height = 40 + line * len(rows)
    style = "text{font:11px ui-sans-serif,sans-serif;fill:#24292f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1250 {height}" width="1250" height="{height}"><style>{style}</style>'
        f'<text x="{left}" y="18">each ratio as a part of its target; the line is the target</text>{"".join(bars)}'
        f'<line x1="{left + width}" y1="24" x2="{left + width}" y2="{height - 8}" stroke="#24292f" stroke-dasharray="3"/></svg>\n'
    )


PAGE = """# Speed

`make bench` times each case and its reference in at least 15 alternating pairs, within one process or as whole processes, and writes the median ratios to this page.
Ratio = time of tql / time of the reference; lower is better, and the target is the maximum.
Other machines have other ratios.

![each ratio relative to its target](benchmarks.svg)

| case | reference | ratio | target | verdict |
| --- | --- | ---: | ---: | --- |
"""


WHOLE = """
## Whole calls

A query of the builder, from `Client.query` to its rows or frame, and the engine in the same process that is given the text of an expert, alternating.
The target is 1.15 times the time of the engine and 0.3 ms for the call; that of a frame is 1.3 times the frame of the engine's arrays and 0.1 ms; that of `tql serve` 1.5 ms more than in process.
A missed row has its reason below the table.
Milliseconds depend on the machine and on its load; the ratio is the median of alternating pairs.

| case | ms | ms of the reference | reference | ratio | target | verdict |
| --- | ---: | ---: | --- | ---: | ---: | --- |
"""


WHOLE_END = """
- A call waits twice for the engine: for the newest version, and for the query. It looks at the future of each in pauses of 1/16 of the time that has passed.
  The engine completes a future 0.1 ms later than a query that blocks the thread, but neither Ctrl-C nor a timeout stops a query that blocks.
- An expert's text sorts and groups by a number as float32, which is right for these rows; the builder cannot know that, and sorts by two or three parts.
- The expert's hybrid search groups by a key as float32, and rows of one score come in any order.

`make bench-growth` draws the growth of ten calls from 1,000 to 1,000,000 rows.
"""


REFERENCES = """
## Which form is compiled

The engine has several texts for most meanings. Where differential tests prove them equal, the builder takes the fastest one that the types and indexes allow.

| meaning | form | where | instead of | time |
| --- | --- | --- | --- | ---: |
| count per group | `shape(k)[0] * 1` | a number of a dataset that is never null | `sum(zn)` over `select .., 1 as zn` | 0.83 |
| sum per group | `sum(x)` | int64 and float64 of a dataset that are never null | `sum(x * 1)` | 0.81 |
| mean per group | `avg(x)` | float64 of a dataset that is never null | `avg(x * 1.0)` | - |

The time is that of the form as a part of the one that it replaces: 100,000 rows in 100 groups of an int32, whose keys are two parts; with one key the count takes 0.11.
The engine's statistics of a column cannot save a part of a key: for the uint64 values 1, 2 and 2**64 - 1 the maximum is 2 there.

## What is compared

- The documented query is `select("text").from_(..).similarity("embedding", vector).order_by("score").limit(5)` with 1,536 numbers of float32, from the first call to the query text.
  The documented snippet joins `str(item)` of each number of the same numpy vector, as the examples of the service do.
- `orjson.dumps` writes only the same vector, as JSON.
- The small query has three columns, four conditions, an order and a limit, and a new number each time.
  SQLAlchemy Core and PyPika compile the same query with its values in the text.
- A query has a known shape if it differs from an earlier one only in literals that no pass of the compiler reads; a query text, if it differs only in literals that no rule reads.
  The 12 families that are checked are functions, BETWEEN, LIKE, CONTAINS, BM25, hybrid searches, keys of JSON, IN, nested queries, groups, joins and vectors.
  The 10 families that are composed are those that SQL has: without BM25, hybrid searches and vectors, and with an order, LIMIT and OFFSET; both builders create the query and its text in each run, with new literals.
  Cases of growth and of new shapes use new names.
- `sqlglot.parse_one` parses SQL in pure Python, and checks only the syntax; `deeplake.prepare_query` is the engine's parser, in C++.
- Memory is the peak of Python's memory, from the first call to the query text or the findings.
- `import requests` and `import tql` are the times of whole processes, less that of an empty program.
- `.json()` is that of requests on the same bytes; numpy creates an array from its lists.
- The engine sorts by float32, in which times of one minute tie: its own order has other first rows. The exact one sorts three times, by parts of the number.
- A call goes over loopback to a server in another process; the reference is requests and orjson on a kept connection. Many calls are compared with eight threads that have one session each.
"""


def page(rows: Sequence[Row], compared: dict[str, str]) -> str:
    """Return the page of the documentation."""
    lines = [
        f"| {row.case} | {row.reference} | {row.ratio:.3g} | {row.target:.3g} | {_verdict(row)} |\n"
        for row in rows
        if not row.allowance
    ]
    whole = [
        f"| {row.case} | {row.ours * 1000:.3g} | {row.theirs * 1000:.3g} | {row.reference} | {row.ratio:.3g} | {row.limit:.3g} | {_verdict(row)} |\n"
        for row in rows
        if row.allowance
    ]
    said = ", ".join(f"{name} {number}" for name, number in compared.items())
    calls = f"{WHOLE}{''.join(whole)}{WHOLE_END}" if whole else ""
    return f"{PAGE}{''.join(lines)}\nMeasured with {said}.\n{calls}{REFERENCES}"


def _verdict(row: Row) -> str:
    """Return whether a row holds, as a word."""
    return "holds" if row.holds else "missed"


def smoke(cases: Iterable[Case]) -> int:
    """Run each case, and print whether its ways agree; return 1 if any do not."""
    wrong = 0
    for case in cases:
        runs = case.runs()
        wrong |= not runs
        sys.stdout.write(f"{case.name:52} {case.reference:28} {'runs' if runs else 'DISAGREES'}\n")
        sys.stdout.flush()
    return wrong


def kept(folder: Path) -> list[Row]:
    """Return the rows of the parts that a folder has from another run."""
    names = {case.name for case in PARTS}
    data = json.loads((folder / "benchmarks.json").read_text("utf-8"))["rows"]
    rows = (Row(**{name: value for name, value in row.items() if name != "holds"}) for row in data)
    return [row for row in rows if row.case in names]


def measured(cases: Iterable[Case], folder: Path | None = None, before: Iterable[Row] = ()) -> int:
    """Measure each case, print its row, and write the figures, the chart and the page, with rows from another run *before* them; return 1 if a target is missed."""
    rows = [*before]
    for case in cases:
        row = case.row()
        rows.append(row)
        sys.stdout.write(
            f"{row.case:52} {row.ours * 1000:10.3f} ms {row.ratio:8.3f} of {row.reference:28} target {row.limit:6.2f}  {'holds' if row.holds else 'MISSED'}\n"
        )
        sys.stdout.flush()
    if folder:
        data = {"versions": versions(), "rows": [{**row._asdict(), "holds": row.holds} for row in rows]}
        (folder / "benchmarks.json").write_text(json.dumps(data, indent=1) + "\n", "utf-8")
        (folder / "speed.md").write_text(page(rows, versions()), "utf-8")
        (folder / "benchmarks.svg").write_text(chart(rows), "utf-8")
    return int(not all(row.holds for row in rows))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="only verify that both ways of each case agree; TQL_PAIRS=1 shortens it",
    )
    parser.add_argument(
        "--write", metavar="FOLDER", help="also write benchmarks.json, benchmarks.svg and speed.md to a folder"
    )
    parser.add_argument("--whole", action="store_true", help="only the whole calls")
    options = parser.parse_args(arguments)
    cases = whole_calls.CASES if options.whole else CASES
    if options.smoke:
        return smoke(cases)
    folder = Path(options.write) if options.write else None
    return measured(cases, folder, kept(folder) if folder and options.whole else ())


if __name__ == "__main__":
    sys.exit(main())
