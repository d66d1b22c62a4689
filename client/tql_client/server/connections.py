"""Connections of the local server with bounds for their number, their idle time, slow requests and unread answers; the only importer of uvicorn's protocol."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    from tql_client.server.limits import Limits
    from tql_client.server.metrics import Metrics

BUSY = json.dumps(
    {"description": "the server has as many connections as it serves, and none of them is idle: try again"}
).encode()
BUSY_RESPONSE = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BUSY), BUSY)
)


class BoundedProtocol(H11Protocol):
    """
    A connection: it has a request in progress, or it waits for one until a timer ends it.

    Attributes:
        limits: the limits of the server.
        metrics: counts connections.
        waiting_since: when the wait for a request began, in seconds of `time.monotonic`, or None during a request.
    """

    limits: ClassVar[Limits]
    metrics: ClassVar[Metrics]

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - those of uvicorn
        """Create a connection that waits for its first request."""
        super().__init__(*arguments, **named)
        self.waiting_since: float | None = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._has_begun = True
        self._unread = 0

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - an asyncio transport
        """Accept a connection; if there are too many, the one that has waited longest for a request is closed, or this one."""
        super().connection_made(transport)
        self.metrics.count("connections_opened")
        if len(self.connections) > self.limits.connections and not self._make_room():
            self.metrics.count("connections_refused")
            transport.write(BUSY_RESPONSE)
            transport.close()
        self._set_timer(self.limits.header_seconds)

    def _make_room(self) -> bool:
        """Close the connection that has waited longest for a request, and return whether there is one."""
        waiting = [
            other
            for other in self.connections
            if isinstance(other, BoundedProtocol) and other is not self and other.waiting_since is not None
        ]
        if not waiting:
            return False
        min(waiting, key=lambda other: other.waiting_since or 0.0).cut()
        return True

    def data_received(self, data: bytes) -> None:
        """Read data; the headers of a request have to be complete some seconds after its first byte."""
        super().data_received(data)
        if self._is_busy:
            self._stop_timer()
        elif not self._has_begun:
            self._has_begun = True
            self._set_timer(self.limits.header_seconds)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if not self._is_busy:  # otherwise the next request has arrived already
            self.waiting_since, self._has_begun = time.monotonic(), False
            self._set_timer(self.limits.idle_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def cut(self) -> None:
        """Close the connection at once."""
        self.waiting_since = None
        self.metrics.count("connections_cut")
        self.transport.abort()

    @property
    def _is_busy(self) -> bool:
        """Whether a request is in progress."""
        return self.cycle is not None and not self.cycle.response_complete

    def _set_timer(self, seconds: float) -> None:
        """Set the timer of the wait."""
        if self._timer is not None:
            self._timer.cancel()
        self._unread = self.transport.get_write_buffer_size()
        self._timer = self.loop.call_later(
            min(seconds, self.limits.unread_seconds) if self._unread else seconds, self._expire, seconds
        )

    def _stop_timer(self) -> None:
        """End the wait: a request is in progress, or the connection is closed."""
        self.waiting_since = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self, seconds: float) -> None:
        """Close the connection, unless its client has read a part of the answer meanwhile."""
        if 0 < self._unread > self.transport.get_write_buffer_size():
            self._set_timer(seconds)
        else:
            self.cut()
