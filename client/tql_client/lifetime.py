"""The life of a client: its calls, threads and connections, until it is closed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self

from tql_client.advised import Advised
from tql_client.protocol.call import InFlight
from tql_client.protocol.threads import Threads
from tql_client.protocol.tracebacks import without_locals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_client.protocol.call import CancelToken, Transport


class Closing(Advised):
    """A client that is closed once, by `close` or at the end of a ``with`` or ``async with`` block."""

    def __init__(self, transport: Transport) -> None:
        """Begin without calls and threads, over a transport."""
        self._transport = transport
        self._calls = InFlight()
        self._threads = Threads()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the client."""
        self.close()

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the client in a thread, so that the event loop runs on."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """
        Close the connections and datasets, also those of copies made by `with_options`.

        Running queries raise `Cancelled`; later queries raise `ClosedError`.
        """
        self._calls.close()
        self._threads.close()
        self._transport.close()

    @contextlib.contextmanager
    def _running(self, stop: CancelToken) -> Iterator[None]:
        """Register a call while the block runs; an error that leaves it refers to no local variable of this package."""
        with without_locals(), self._calls.running(stop):
            yield
