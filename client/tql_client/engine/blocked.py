"""
Queries that the engine still runs after their timeouts, and whether they block it.

The engine cannot interrupt a query, and one that never ends blocks every other call of the process: queries of all datasets, refreshes and openings.
A query that is only slow delays them: a short call, made after a timeout, completes then.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from tql_client.errors import Cancelled, EngineBlocked
from tql_client.protocol.call import STOPPED

if TYPE_CHECKING:
    from tql_client.protocol.call import Call

# Seconds without progress of abandoned calls after which the engine is blocked; slow queries delayed a refresh by 0.5 s at most (measured with 4.7.4).
GRACE = 5.0
POLL = 0.01
BLOCKED = "the engine in this process is blocked by a query that timed out and that it cannot interrupt: restart the process, or run queries that may not end with connect(.., isolated=True), which replaces the engine's process"


class _Abandoned:
    """The calls that the engine still runs although no caller waits for them."""

    def __init__(self) -> None:
        """Start without calls."""
        # Queries with their datasets: closing a dataset during a query crashes the process.
        self._queries: list[tuple[Any, Any]] = []
        # Short calls, which are complete at once unless the engine is blocked.
        self._probes: list[Any] = []
        self._progress = 0.0
        self._changing = threading.Lock()

    def __bool__(self) -> bool:
        """Return whether a short call may be incomplete."""
        return bool(self._probes)

    def add(self, future: Any, dataset: Any, probe: Any) -> None:  # noqa: ANN401 - the engine ships no types
        """Keep a call, and a short one that was made after it."""
        with self._changing:
            if not self._probes:
                self._progress = time.monotonic()
            self._queries = [*_incomplete(self._queries), (future, dataset)]
            self._probes.append(probe)

    def blocked_since(self) -> float | None:
        """Return the time at which the last short call or abandoned query completed, or None if no short call is incomplete."""
        with self._changing:
            before = len(self._queries) + len(self._probes)
            self._queries = _incomplete(self._queries)
            self._probes = [probe for probe in self._probes if not probe.is_completed()]
            if len(self._queries) + len(self._probes) < before:
                self._progress = time.monotonic()
            return self._progress if self._probes else None


def _incomplete(queries: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Return the queries that are not complete, with their datasets."""
    return [pair for pair in queries if not pair[0].is_completed()]


_ABANDONED = _Abandoned()


def abandon(future: Any, dataset: Any, probe: Any = None) -> None:  # noqa: ANN401 - the engine ships no types
    """
    Keep a dataset open until its future is complete, and release those whose futures are.

    Args:
        future: the future of a call that timed out or was cancelled.
        dataset: its dataset, or None.
        probe: the future of a short call that was made later, or None if *future* is one itself.
    """
    _ABANDONED.add(future, dataset, probe or future)
    _let_process_exit()


def require_unblocked(call: Call) -> None:
    """
    Raise if the engine is blocked; where this is not known yet, wait until it is, or the call times out.

    Raises:
        EngineBlocked: an abandoned query blocks the engine.
        Cancelled: the call was cancelled.
    """
    while _ABANDONED:
        since = _ABANDONED.blocked_since()
        if since is None:
            return
        if call.stop.is_cancelled:
            raise Cancelled(STOPPED)
        if time.monotonic() > min(since + GRACE, call.deadline):
            raise EngineBlocked(BLOCKED)
        time.sleep(POLL)


@functools.cache
def _let_process_exit() -> None:
    """
    Let the process exit, with its own exit code, though the engine still runs a query.

    The engine's module waits for the query when Python releases it, so it is kept; and ``_exit``, called last of all, skips the destructors of the engine's library, which crash then.
    Both need glibc; elsewhere the process has to be killed.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    cleanup = getattr(sys.modules.get("deeplake._deeplake"), "_cleanup", None)
    if cleanup is not None and hasattr(libc, "on_exit"):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(cleanup))
        libc.on_exit(libc._exit, None)  # type: ignore[union-attr]  # noqa: SLF001 - it has on_exit; the name is that of the C library
