"""
Page, chart and figures of the benchmark in the documentation: docs/speed.md is written from docs/benchmarks.json and docs/growth.json.

`make bench` writes the first file, `make bench-growth` the second one, and each of them the page.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.benchmarks.case import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    # The rows, and the milliseconds of the client and of the engine, of each call.
    Growth = Mapping[str, Sequence[Sequence[float]]]

BENCHMARKS, GROWN = "benchmarks.json", "growth.json"
# The reference of the cases that measure a factor of growth, and words in the names of those that measure bytes.
GROWING, OF_BYTES = "orjson.dumps growing alike", ("bytes", "memory")


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
Times depend on the machine and on its load, ratios much less; other machines have other ratios too.

![each ratio relative to its target](benchmarks.svg)

| case | reference | tql | reference | ratio | target | verdict |
| --- | --- | ---: | ---: | ---: | ---: | --- |
"""


WHOLE = """
## Whole calls

A query of the builder, from `Client.query` to its rows or frame, and the engine in the same process that is given the text of an expert, alternating.
The target is 1.15 times the time of the engine and 0.3 ms for the call; that of a frame is 1.3 times the frame of the engine's arrays and 0.1 ms; that of `tql serve` 1.5 ms more than in process.

| case | reference | tql | reference | ratio | target | verdict |
| --- | --- | ---: | ---: | ---: | ---: | --- |
"""


WHOLE_END = """
- A call waits twice for the engine: for the newest version, and for the query. It looks at the future of each in pauses of 1/16 of the time that has passed.
  The engine completes a future 0.1 ms later than a query that blocks the thread, but neither Ctrl-C nor a timeout stops a query that blocks.
- An expert's text sorts and groups by a number as float32, which is right for these rows; the builder cannot know that, and sorts by two or three parts.
- The expert's hybrid search groups by a key as float32, and rows of one score come in any order.
"""


GROWTH = """
## Growth

`make bench-growth` runs ten calls on datasets of 1,000 to 1,000,000 rows with built indexes, and draws the least milliseconds of both in nine alternating runs.

![milliseconds of ten calls over the number of rows](growth.svg)

Milliseconds of the client / of the engine with an expert's text:

"""


REFERENCES = """
## Which form is compiled

The engine has several texts for most meanings. Where differential tests prove them equal, the builder takes the fastest one that the types and indexes allow.

| meaning | form | where | instead of | time |
| --- | --- | --- | --- | ---: |
| count per group | `shape(k)[0] * 1` | a number of a dataset that is never null | `sum(zn)` over `select .., 1 as zn` | 0.83 |
| sum per group | `sum(x)` | int64 and float64 of a dataset that are never null | `sum(x * 1)` | 0.81 |
| mean per group | `avg(x)` | float64 of a dataset that is never null | `avg(x * 1.0)` | - |
| key of groups | `g, g % 1024` | int32 and uint32 | `g % 16777216, g - g % 16777216` | 0.7 |
| key of groups | `g, g % 17592186044416, g % 4194304` | int64 | `g % 4194304, (g - g % 4194304) % 17592186044416, g - g % 17592186044416` | 0.83 |

The time is that of the form as a part of the one that it replaces: 100,000 rows in 100 groups of an int32; where a count has one key instead of two parts, it takes 0.11. The keys are measured on 50,000 rows, by processor time.
The engine's statistics of a column cannot save a part of a key: for the uint64 values 1, 2 and `2**64 - 1` the maximum is 2 there.

An order by an int32 or an int64 is a sort for each part, and no cheaper form is known: a sort of 300,000 rows takes nearly the same time for any key, 0.9 for one with a single value.
These forms of `order_by(k).limit(10)` were tried; the time is that of one plain sort of the engine, which is inexact, as 1, by processor time or by the least of seven runs.

| form | time | verdict |
| --- | ---: | --- |
| one plain sort, with or without an index, with LIMIT in the same SELECT or around it | 1 to 1.05 | inexact |
| three parts, innermost first, as compiled for an int64 | 5.6 | exact |
| the parts selected one level below, and sorted by their names | 7.3 | exact |
| two parts of 24 bits, as compiled for an int32 | 4.1 | exact |
| the number outside, what a float32 leaves of it inside | 5.8 | exact below `2**53` |
| rows joined to the first 10 of a plain sort, before the parts of those sort them | 1.6, and three sorts of few rows | rows of a join have no order, so ties lose theirs |
| groups by the number, of which the first 10 are taken apart | 5.9 | exact |
| the smallest and the largest value by `amin` and `amax`, to see whether one part is enough | 11 | exact, and another query |
| IN with a subquery, a scalar subquery, CAST to a text | - | the engine ignores the first, and rejects the others |

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


def page(rows: Sequence[Row], compared: Mapping[str, str], grown: Growth | None = None) -> str:
    """Return the page of the documentation."""
    parts, whole = ("".join(_line(row) for row in rows if bool(row.allowance) is of_call) for of_call in (False, True))
    said = ", ".join(f"{name} {number}" for name, number in compared.items())
    calls = f"{WHOLE}{whole}{WHOLE_END}" if whole else ""
    return f"{PAGE}{parts}\nMeasured with {said}.\n{calls}{_growth(grown) if grown else ''}{REFERENCES}"


def _line(row: Row) -> str:
    """Return the line of a row in its table."""
    ours, theirs = (amount(row, value) for value in (row.ours, row.theirs))
    verdict = "holds" if row.holds else "missed"
    return f"| {row.case} | {row.reference} | {ours} | {theirs} | {row.ratio:.3g} | {row.limit:.3g} | {verdict} |\n"


def amount(row: Row, value: float) -> str:
    """Return a measured value with its unit: bytes, milliseconds, or the factor by which a cost grows."""
    if row.reference == GROWING:
        return f"x {value:.3g}"
    if any(word in row.case for word in OF_BYTES):
        return f"{value:,.0f} bytes"
    return f"{_digits(value * 1000)} ms"


def _digits(value: float) -> str:
    """Return a number with three significant digits, and with all of those before its point."""
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


def _growth(grown: Growth) -> str:
    """Return the section about growth: the chart and its figures."""
    sizes = [int(point[0]) for point in next(iter(grown.values()))]
    head = f"| call | {' | '.join(f'{size:,} rows' for size in sizes)} |\n| --- |{' ---: |' * len(sizes)}\n"
    lines = (
        f"| {name} | {' | '.join(f'{_digits(ours)} / {_digits(theirs)}' for _, ours, theirs in points)} |\n"
        for name, points in grown.items()
    )
    return f"{GROWTH}{head}{''.join(lines)}"


def rows_of(folder: Path) -> tuple[list[Row], dict[str, str]]:
    """Return the rows of a folder, and the versions that were compared."""
    kept = json.loads((folder / BENCHMARKS).read_text("utf-8"))
    rows = [Row(**{name: value for name, value in row.items() if name != "holds"}) for row in kept["rows"]]
    return rows, kept["versions"]


def growth_of(folder: Path) -> Growth | None:
    """Return the growth of calls that a folder has, or None."""
    growth = folder / GROWN
    found: Growth | None = json.loads(growth.read_text("utf-8")) if growth.exists() else None
    return found


def write(folder: Path) -> None:
    """Write the page and the chart from the figures of a folder."""
    rows, compared = rows_of(folder)
    (folder / "speed.md").write_text(page(rows, compared, growth_of(folder)), "utf-8")
    (folder / "benchmarks.svg").write_text(chart(rows), "utf-8")
