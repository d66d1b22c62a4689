"""
Deadlines of calls: a call ends when its time is over, whatever the server does.

A socket's own timeout starts anew with every byte, so a server that sends one byte a second holds a caller for ever.
One thread watches all calls, and shuts the socket of one that is late; the reader then sees the end of the connection.
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
    """The deadline of one call, and the socket that it uses now."""

    def __init__(self, deadline: float) -> None:
        """Take the deadline, in seconds of `time.monotonic`."""
        self.deadline = deadline
        self.fired = False
        self._socket: socket.socket | None = None

    @property
    def seconds_left(self) -> float:
        """The seconds until the deadline; none where the socket was shut."""
        return 0.0 if self.fired else max(0.0, self.deadline - time.monotonic())

    def watch(self, connection: socket.socket) -> None:
        """Take the socket to shut; at once where the time is over already."""
        self._socket = connection
        if self.fired:
            self.fire()

    def fire(self) -> None:
        """Shut the socket."""
        self.fired = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may be closed by now
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # of the class: TLS would say goodbye first


class Watchdog:
    """The thread that watches; it is started by the first call, and again in a forked child."""

    def __init__(self) -> None:
        """Prepare; no thread yet."""
        self._forget()

    def _forget(self) -> None:
        """Start from nothing, as a forked child has to."""
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._guards: set[Guard] = set()
        self._wake = FAR
        self._thread: threading.Thread | None = None

    def add(self, guard: Guard) -> None:
        """Watch a call."""
        if self._process != os.getpid():
            self._forget()
        with self._changed:
            self._guards.add(guard)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="tql-deadlines", daemon=True)
                self._thread.start()
            if guard.deadline < self._wake:
                self._changed.notify()

    def remove(self, guard: Guard) -> None:
        """Watch a call no longer."""
        with self._changed:
            self._guards.discard(guard)

    def _watch(self) -> None:
        """Fire every guard whose time is over, for ever."""
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
    """Watch what this thread does until *deadline*."""
    guard = _current.guard = Guard(deadline)
    WATCHDOG.add(guard)
    try:
        yield guard
    finally:
        _current.guard = None
        WATCHDOG.remove(guard)


def current() -> Guard | None:
    """Return the guard of what this thread does now."""
    guard: Guard | None = getattr(_current, "guard", None)
    return guard


def use(connection: socket.socket | None) -> None:
    """Tell the guard of this thread which socket the call uses now."""
    guard = current()
    if guard is not None and connection is not None:
        guard.watch(connection)
