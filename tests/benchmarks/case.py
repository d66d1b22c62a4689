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

# `make bench-smoke` runs each case with one pair, which is too few to measure.
PAIRS = int(os.environ.get("TQL_PAIRS", "15"))
LEAST_SECONDS = 0.02


class Row(NamedTuple):
    """
    One row of the table.

    Attributes:
        case: the name of the case.
        reference: the name of the reference.
        ours: seconds or bytes of one run of tql; unused for a case that measures only a ratio.
        theirs: seconds or bytes of one run of the reference.
        ratio: the median ratio of the pairs.
        target: the maximum ratio.
        allowance: the seconds that tql may take on top of it; 0 for most cases.
    """

    case: str
    reference: str
    ours: float
    theirs: float
    ratio: float
    target: float
    allowance: float = 0.0

    @property
    def limit(self) -> float:
        """The maximum ratio, with the allowance as a part of the reference's time."""
        return self.target + self.allowance / self.theirs if self.allowance else self.target

    @property
    def holds(self) -> bool:
        """Whether the ratio is within the limit."""
        return self.ratio <= self.limit


class Case(NamedTuple):
    """
    One case: two functions to time, or a function that measures by itself.

    Attributes:
        name: the name of the case.
        reference: the name of the reference.
        target: the maximum ratio.
        prepare: returns the function of tql and that of the reference, or the numbers: ours, theirs, ratio.
        check: returns whether the two ways agree, and fast paths with slow ones; `make bench-smoke` calls it too.
        allowance: the seconds that tql may take on top of the maximum ratio.
    """

    name: str
    reference: str
    target: float
    prepare: Callable[[], tuple[Callable[[], object], Callable[[], object]] | tuple[float, float, float]]
    check: Callable[[], bool] = lambda: True
    allowance: float = 0.0

    def runs(self) -> bool:
        """Return whether both ways run and agree."""
        return self.check() and math.isfinite(self.row().ratio)

    def row(self) -> Row:
        """Measure the case, and return its row."""
        found = self.prepare()
        ours, theirs, ratio = found if len(found) == 3 else paired(*found)
        return Row(self.name, self.reference, ours, theirs, ratio, self.target, self.allowance)


def peer(name: str) -> Any:
    """Return a peer library of the extra `bench`, which the type checkers do not have installed."""
    return importlib.import_module(name)


def paired(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float, float]:
    """Return the median seconds of both functions, and the median ratio of alternating pairs."""
    times = [_times(act) for act in (ours, theirs)]
    gc.collect()
    return _medians([(_seconds(ours, times[0]), _seconds(theirs, times[1])) for _ in range(PAIRS)])


def slow(ours: Callable[[], object], theirs: Callable[[], object], count: int) -> tuple[float, float, float]:
    """Return the same of functions that take seconds: each runs once in at most *count* pairs, and the first runs count."""
    return _medians([(_seconds(ours, 1), _seconds(theirs, 1)) for _ in range(min(count, PAIRS))])


def _medians(pairs: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the medians of both times, and of their ratios."""
    own, other = zip(*pairs, strict=True)
    return statistics.median(own), statistics.median(other), statistics.median(one / two for one, two in pairs)


def growth(make: Callable[[int], Callable[[], object]], small: int, large: int) -> tuple[float, float, float]:
    """Return the seconds per element for the larger and the smaller size, and their ratio."""
    own, other, ratio = paired(make(large), make(small))
    return own / large, other / small, ratio * small / large


def growth_of_memory(make: Callable[[int], Callable[[], object]], small: int, large: int) -> tuple[float, float, float]:
    """Return the peak bytes per element for the larger and the smaller size, and their ratio."""
    own, other = peak(make(large)) / large, peak(make(small)) / small
    return own, other, own / other


def peak(act: Callable[[], object]) -> int:
    """Return the peak memory of a function; a first run, which is not measured, loads its modules."""
    act()
    tracemalloc.start()
    try:
        act()
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return most


def _times(act: Callable[[], object]) -> int:
    """Return the number of repetitions that makes the time of a function measurable; its first run is not counted."""
    act()
    count = 1
    while _seconds(act, count) * count < LEAST_SECONDS:
        count *= 2
    return count


def _seconds(act: Callable[[], object], times: int) -> float:
    """Return the seconds of one run, averaged over several."""
    begin = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - begin) / times
