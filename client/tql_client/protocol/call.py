"""A call (one query with its deadline), the token that cancels it, and the interface of transports."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from typing import TYPE_CHECKING, Protocol

from tql_client.errors import ClosedError, ConfigError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_client.protocol.wire import Answer


# Seconds that `close` waits for cancelled calls; only a DNS lookup, which cannot be interrupted, takes longer.
DRAIN_SECONDS = 1.0
STOPPED = "the call was cancelled by Client.close() or by asyncio"


class CancelToken:
    """Cancels a call from another thread: waits end at once, and sockets are shut down."""

    def __init__(self) -> None:
        """Create a token that is not cancelled."""
        self._cancelled = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._changing = threading.Lock()

    def cancel(self) -> None:
        """Cancel the call, and run the callbacks."""
        self._cancelled.set()
        with self._changing:
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    @property
    def is_cancelled(self) -> bool:
        """Whether the call is cancelled."""
        return self._cancelled.is_set()

    def wait(self, seconds: float) -> None:
        """Wait a number of seconds, or until the call is cancelled."""
        self._cancelled.wait(seconds)

    @contextlib.contextmanager
    def during(self, callback: Callable[[], None]) -> Iterator[None]:
        """Run *callback* if the call is cancelled before the block ends."""
        with self._changing:
            self._callbacks.append(callback)
        try:
            if self.is_cancelled:
                callback()
            yield
        finally:
            with self._changing:
                self._callbacks.remove(callback)


class InFlight:
    """The running calls of a client and of its copies; after `close`, no call starts."""

    def __init__(self) -> None:
        """Start with no calls."""
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        """Forget the calls: those of the parent belong to it, and its threads may have held the lock during the fork."""
        self._process = os.getpid()
        self._stops: set[CancelToken] = set()
        self._changing = threading.Condition()

    def _lock(self) -> threading.Condition:
        """Return the lock of the calls of this process."""
        if self._process != os.getpid():
            self._reset()
        return self._changing

    @contextlib.contextmanager
    def running(self, stop: CancelToken) -> Iterator[None]:
        """
        Register a call while the block runs.

        Raises:
            ClosedError: the client is closed.
        """
        with self._lock():
            if self._closed:
                message = "the client is closed: create another one with connect(..)"
                raise ClosedError(message)
            self._stops.add(stop)
        try:
            yield
        finally:
            with self._changing:
                self._stops.discard(stop)
                self._changing.notify_all()

    def close(self) -> None:
        """Reject later calls, cancel the running ones, and wait up to `DRAIN_SECONDS` until they have ended; a forked child leaves the calls of its parent alone."""
        with self._lock():
            self._closed = True
            stops = list(self._stops)
        for stop in stops:
            stop.cancel()
        with self._changing:
            self._changing.wait_for(lambda: not self._stops, DRAIN_SECONDS)


class Call(Record):
    """
    One query to send.

    Attributes:
        query: the query text.
        as_list: True for one object per row in the response, False for one list per column.
        deadline: the end of the whole call, in seconds of `time.monotonic`.
        request_id: the id of the call, the same for every attempt.
        stop: cancels the call from another thread.
        attempt: the number of the attempt, from 1.
    """

    query: str
    as_list: bool
    deadline: float
    request_id: str
    stop: CancelToken
    attempt: int = 1

    @property
    def seconds_left(self) -> float:
        """The seconds until the deadline."""
        return self.deadline - time.monotonic()


class Transport(Protocol):
    """The interface that sends queries: over HTTP, or to the engine in this process or in a child process."""

    def send(self, call: Call) -> Answer:
        """Send one query, without retries, and return its answer."""
        ...

    def close(self) -> None:
        """Close the connections and datasets."""
        ...


def require_seconds(timeout: float) -> float:
    """Return a timeout as a float, or raise `ConfigError` if it is not a positive number."""
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < math.inf:
        message = f"`timeout` must be a positive number of seconds, got {timeout!r}"
        raise ConfigError(message)
    return float(timeout)
