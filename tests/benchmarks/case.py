"""A case of the benchmark: two ways timed in alternating pairs in one process, and the median of their ratios."""

from __future__ import annotations

import gc
import importlib
import math
import os
import statistics
import time
import tracemalloc
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

# `make bench-smoke` runs each case with one pair, which measures nothing.
PAIRS = int(os.environ.get("TQL_PAIRS", "15"))
LEAST_SECONDS = 0.02


class Row(NamedTuple):
    """
    One line of the table.

    Attributes:
        case: what is done.
        reference: beside what.
        ours: our seconds, or bytes, for one time; a ratio alone has none.
        theirs: the reference's.
        ratio: the median of the pairs.
        target: the largest ratio that holds.
    """

    case: str
    reference: str
    ours: float
    theirs: float
    ratio: float
    target: float

    @property
    def holds(self) -> bool:
        """Whether the target is kept."""
        return self.ratio <= self.target


class Case(NamedTuple):
    """
    One case: two functions that are timed, or one that measures by itself.

    Attributes:
        name: what is done.
        reference: beside what.
        target: the largest ratio that holds.
        prepare: returns our function and the reference's, or the numbers themselves: ours, theirs, ratio.
        check: tells whether the two ways agree, and the fast one with the slow one; for `make bench-smoke` too.
    """

    name: str
    reference: str
    target: float
    prepare: Callable[[], tuple[Callable[[], object], Callable[[], object]] | tuple[float, float, float]]
    check: Callable[[], bool] = lambda: True

    def runs(self) -> bool:
        """Tell whether both ways run and agree, whatever they take."""
        return self.check() and math.isfinite(self.row().ratio)

    def row(self) -> Row:
        """Return the line of the table."""
        found = self.prepare()
        ours, theirs, ratio = found if len(found) == 3 else paired(*found)
        return Row(self.name, self.reference, ours, theirs, ratio, self.target)


def peer(name: str) -> Any:
    """Return a library that ours is compared with; the extra `bench` installs it, and the type checkers' environment has none."""
    return importlib.import_module(name)


def paired(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float, float]:
    """Return the median seconds of both, and the median of the ratios of alternating pairs."""
    times = [_times(act) for act in (ours, theirs)]
    gc.collect()
    pairs = [(_seconds(ours, times[0]), _seconds(theirs, times[1])) for _ in range(PAIRS)]
    own, other = zip(*pairs, strict=True)
    return statistics.median(own), statistics.median(other), statistics.median(one / two for one, two in pairs)


def growth(make: Callable[[int], Callable[[], object]], small: int, large: int) -> tuple[float, float, float]:
    """Return the seconds an element of the larger and of the smaller size, and their ratio."""
    own, other, ratio = paired(make(large), make(small))
    return own / large, other / small, ratio * small / large


def growth_of_memory(make: Callable[[int], Callable[[], object]], small: int, large: int) -> tuple[float, float, float]:
    """Return the bytes an element of the larger and of the smaller size, at their peak, and their ratio."""
    own, other = peak(make(large)) / large, peak(make(small)) / small
    return own, other, own / other


def peak(act: Callable[[], object]) -> int:
    """Return the most memory that a function holds at a time; it runs once before, so that nothing is loaded in it."""
    act()
    tracemalloc.start()
    try:
        act()
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return most


def _times(act: Callable[[], object]) -> int:
    """Return how often to run a function so that its time can be measured; what its first run loads or makes is not counted."""
    act()
    count = 1
    while _seconds(act, count) * count < LEAST_SECONDS:
        count *= 2
    return count


def _seconds(act: Callable[[], object], times: int) -> float:
    """Return the seconds of one run, over some."""
    begin = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - begin) / times
