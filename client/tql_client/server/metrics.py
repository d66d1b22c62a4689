"""Figures of a running server, in the text format of Prometheus."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter

PREFIX = "tql_server"
# Upper bounds of the histogram of durations, in seconds.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
# The counters that exist from the start, each with its meaning.
COUNTERS = {
    "connections_opened": "connections that were accepted",
    "connections_refused": "connections that were refused, because too many were open",
    "connections_cut": "connections that were closed, because their client was idle, too slow, or in the way of others",
    "workers_started": "processes of the engine that were started",
    "workers_not_started": "processes of the engine that could not be started",
    "workers_crashed": "processes of the engine that crashed",
    "workers_timed_out": "processes of the engine that were killed at the end of a query's time",
    "workers_stopped": "processes of the engine that were killed, because queries waited and too many took long",
    "workers_abandoned": "processes of the engine that were killed, because the client had closed its connection",
    "workers_of_long_queries": "processes of the engine that left the pool with a long query",
}


class Metrics:
    """Counters and a histogram; any thread may count."""

    def __init__(self) -> None:
        """Start at zero."""
        self._changing = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._by_status: Counter[int] = Counter()
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def count(self, name: str) -> None:
        """Count an event of `COUNTERS`."""
        with self._changing:
            self._counts[name] += 1

    def answered(self, status: int, seconds: float) -> None:
        """Count an answered query, with its status and its duration."""
        with self._changing:
            self._by_status[status] += 1
            self._buckets[bisect_left(BOUNDS, seconds)] += 1
            self._seconds += seconds

    def text(self, gauges: dict[str, tuple[int, str]]) -> str:
        """Return all figures; *gauges* are current values, each with its meaning."""
        with self._changing:
            counters = [
                _lines(f"{name}_total", meaning, "counter", {"": self._counts[name]})
                for name, meaning in COUNTERS.items()
            ]
            statuses = {f'{{status="{status}"}}': count for status, count in sorted(self._by_status.items())}
            answered = _lines("answers_total", "answers, by HTTP status", "counter", statuses)
            histogram = _lines("seconds", "durations of the answers", "histogram", self._histogram())
        current = [_lines(name, meaning, "gauge", {"": value}) for name, (value, meaning) in gauges.items()]
        return "".join([*current, answered, *counters, histogram])

    def _histogram(self) -> dict[str, float]:
        """Return the samples of the histogram of durations, by suffix."""
        samples: dict[str, float] = {}
        total = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self._buckets, strict=True):
            total += count
            samples[f'_bucket{{le="{bound}"}}'] = total
        return {**samples, "_sum": round(self._seconds, 6), "_count": total}


def _lines(name: str, meaning: str, kind: str, samples: dict[str, float] | dict[str, int]) -> str:
    """Return the lines of a figure."""
    values = "".join(f"{PREFIX}_{name}{suffix} {value}\n" for suffix, value in samples.items())
    return f"# HELP {PREFIX}_{name} {meaning}\n# TYPE {PREFIX}_{name} {kind}\n{values}"
