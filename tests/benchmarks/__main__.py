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
from tests.benchmarks.page import BENCHMARKS, rows_of, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.benchmarks.case import Case, Row

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
    return [row for row in rows_of(folder)[0] if row.case in names]


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
        (folder / BENCHMARKS).write_text(json.dumps(data, indent=1) + "\n", "utf-8")
        write(folder)
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
