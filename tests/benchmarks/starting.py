"""Cases for the start of a process, less that of an empty program."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from tests.benchmarks.case import PAIRS, Case


def _seconds(code: str) -> float:
    """Return the seconds of a process that runs a program."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begin


def _started(code: str) -> tuple[float, float, float]:
    """Return the seconds of a program and of `import requests`, both less an empty program, and their ratio."""
    programs = (code, "import requests", "pass")
    for program in programs:
        _seconds(program)
    found = [tuple(map(_seconds, programs)) for _ in range(PAIRS)]
    ours = statistics.median(one - bare for one, _, bare in found)
    theirs = statistics.median(two - bare for _, two, bare in found)
    return ours, theirs, ours / theirs


CASES = (
    Case("import tql", "import requests", 0.3, lambda: _started("import tql")),
    Case(
        "import tql and the first parse",
        "import requests",
        1.2,
        lambda: _started("import tql; tql.parse('select id from d where a > 1')"),
    ),
)
