"""A call and its transport: one query in, one answer out, and the token that cancels it."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Protocol

from tql_client.errors import ClosedError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_client.protocol.wire import Answer


# Seconds; only a look-up of a name takes longer, which nobody can interrupt.
DRAIN_SECONDS = 1.0
STOPPED = "the call was ended from outside"


class CancelToken:
    """Ends a call from another thread: what it waits for is given up at once."""

    def __init__(self) -> None:
        """Prepare; the call goes on."""
        self._cancelled = threading.Event()
        self._acts: list[Callable[[], None]] = []
        self._changing = threading.Lock()

    def cancel(self) -> None:
        """End the call."""
        self._cancelled.set()
        with self._changing:
            acts = list(self._acts)
        for act in acts:
            act()

    @property
    def is_cancelled(self) -> bool:
        """Whether the call is to end."""
        return self._cancelled.is_set()

    def wait(self, seconds: float) -> None:
        """Wait, or less where the call is to end."""
        self._cancelled.wait(seconds)

    @contextlib.contextmanager
    def during(self, act: Callable[[], None]) -> Iterator[None]:
        """Do *act* when the call is ended in the meantime."""
        with self._changing:
            self._acts.append(act)
        try:
            if self.is_cancelled:
                act()
            yield
        finally:
            with self._changing:
                self._acts.remove(act)


class InFlight:
    """The calls of a client and of its copies that are on their way; once they are closed none begins."""

    def __init__(self) -> None:
        """Prepare; none is on its way."""
        self._stops: set[CancelToken] = set()
        self._closed = False
        self._changing = threading.Condition()

    @contextlib.contextmanager
    def running(self, stop: CancelToken) -> Iterator[None]:
        """
        Count a call as long as it runs.

        Raises:
            ClosedError: they are closed.
        """
        with self._changing:
            if self._closed:
                message = "the client is closed: connect again"
                raise ClosedError(message)
            self._stops.add(stop)
        try:
            yield
        finally:
            with self._changing:
                self._stops.discard(stop)
                self._changing.notify_all()

    def close(self) -> None:
        """Let none begin, end those that are on their way, and wait a moment until they have let go of what they use."""
        with self._changing:
            self._closed = True
            stops = list(self._stops)
        for stop in stops:
            stop.cancel()
        with self._changing:
            self._changing.wait_for(lambda: not self._stops, DRAIN_SECONDS)


class Call(Record):
    """
    One query on its way.

    Attributes:
        query: the text.
        as_list: whether the answer should have one object per row.
        deadline: when the whole call must be over, in seconds of `time.monotonic`.
        request_id: the same for every attempt.
        stop: ends the call from another thread.
        attempt: which one this is, from 1.
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
    """What carries a query: HTTP, the engine in this process, or a test's own."""

    def send(self, call: Call) -> Answer:
        """Send one query once, and return its answer."""
        ...

    def close(self) -> None:
        """Let go of connections and handles."""
        ...
