"""
Measure what a step of a chain costs, beside one join of the vector's numbers as text.

``make bench`` runs it; it prints a table, and ends with 1 if a target is missed.
"""

from __future__ import annotations

import sys
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from tql import col, select

if TYPE_CHECKING:
    from collections.abc import Callable

VECTOR = np.random.default_rng(0).standard_normal(1536).astype("f4")
PAIRS = 15


def join() -> None:
    """Write the numbers of the vector one by one."""
    ",".join(str(number) for number in VECTOR)


def chain(steps: int) -> Callable[[], None]:
    """Return a chain of conditions around the vector."""

    def run() -> None:
        query = select("text").similarity("embedding", VECTOR)
        for number in range(steps):
            query = query.where(col("a") > number)

    return run


def seconds(run: Callable[[], None]) -> float:
    """Return how long one run takes."""
    begin = perf_counter()
    run()
    return perf_counter() - begin


def ratio(ours: Callable[[], None], reference: Callable[[], None]) -> float:
    """Return the median of the ratios of runs in pairs."""
    return median(seconds(ours) / seconds(reference) for _ in range(PAIRS))


def main() -> int:
    """Print the table."""
    thousand = chain(1_000)
    found = [
        ("1,000 steps, over one join of 1,536 numbers", ratio(thousand, join), 50.0),
        ("8,000 steps, over 1,000 steps; 8 if all cost alike", ratio(chain(8_000), thousand), 32.0),
    ]
    for case, measured, target in found:
        sys.stdout.write(
            f"{case:52} {measured:7.1f}  target {target:5.1f}  {'holds' if measured < target else 'MISSED'}\n"
        )
    return int(any(measured >= target for _, measured, target in found))


if __name__ == "__main__":
    sys.exit(main())
