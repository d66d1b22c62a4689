"""
Deadlines of calls, enforced by one watchdog thread that shuts down the sockets of late calls.

A socket timeout restarts with every byte, so a server that sends one byte per second can block a caller forever.
After the shutdown, the blocked read sees the end of the connection.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FAR = float("inf")


class Guard:
    """The deadline of one call, and the socket that the call currently uses."""

    def __init__(self, deadline: float) -> None:
        """Create a guard with a deadline in seconds of `time.monotonic`."""
        self.deadline = deadline
        self.fired = False
        self._socket: socket.socket | None = None

    @property
    def seconds_left(self) -> float:
        """The seconds until the deadline; 0 after the socket was shut down."""
        return 0.0 if self.fired else max(0.0, self.deadline - time.monotonic())

    def watch(self, connection: socket.socket) -> None:
        """Set the socket to shut down at the deadline; if it has passed, shut it down now."""
        self._socket = connection
        if self.fired:
            self.fire()

    def fire(self) -> None:
        """Shut the socket down."""
        self.fired = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may already be closed
                socket.socket.shutdown(
                    self._socket, socket.SHUT_RDWR
                )  # the method of the base class: that of a TLS socket would first send a close notification


class Watchdog:
    """The thread that fires guards at their deadlines; the first call starts it, and restarts it in a forked child."""

    def __init__(self) -> None:
        """Create a watchdog; the thread starts with the first call."""
        self._reset()

    def _reset(self) -> None:
        """Discard all state; a forked child has no thread."""
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._guards: set[Guard] = set()
        self._wake = FAR
        self._thread: threading.Thread | None = None

    def add(self, guard: Guard) -> None:
        """Start watching a call."""
        if self._process != os.getpid():
            self._reset()
        with self._changed:
            self._guards.add(guard)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="tql-deadlines", daemon=True)
                self._thread.start()
            if guard.deadline < self._wake:
                self._changed.notify()

    def remove(self, guard: Guard) -> None:
        """Stop watching a call."""
        with self._changed:
            self._guards.discard(guard)

    def _watch(self) -> None:
        """Run the thread: fire each guard at its deadline."""
        with self._changed:
            while True:
                now = time.monotonic()
                for guard in [guard for guard in self._guards if guard.deadline <= now]:
                    self._guards.discard(guard)
                    guard.fire()
                self._wake = min((guard.deadline for guard in self._guards), default=FAR)
                self._changed.wait(None if self._wake == FAR else max(0.0, self._wake - now))


WATCHDOG = Watchdog()
_current = threading.local()


@contextlib.contextmanager
def guarded(deadline: float) -> Iterator[Guard]:
    """Enforce a deadline on the sockets that this thread uses within the block."""
    guard = _current.guard = Guard(deadline)
    WATCHDOG.add(guard)
    try:
        yield guard
    finally:
        _current.guard = None
        WATCHDOG.remove(guard)


def current() -> Guard | None:
    """Return the active guard of this thread, or None."""
    guard: Guard | None = getattr(_current, "guard", None)
    return guard


def use(connection: socket.socket | None) -> None:
    """Set the socket of the active guard of this thread."""
    guard = current()
    if guard is not None and connection is not None:
        guard.watch(connection)
