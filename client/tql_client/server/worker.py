"""A worker process of the local server, asked from asyncio."""

from __future__ import annotations

import asyncio
import pickle
import struct
import time
from typing import TYPE_CHECKING, Any

from tql_client.engine.child import Child
from tql_client.protocol.call import CancelToken
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from tql_client.engine.child import Job
    from tql_client.playground.inspection import Inspection

OPENING_SECONDS = 60.0
# The header of a message of multiprocessing.connection: its size, or -1 and then the size.
SIZE, LARGE_SIZE = struct.Struct("!i"), struct.Struct("!Q")
LARGEST_SIZE = 2**31 - 1


class Worker:
    """A process that runs one query at a time."""

    def __init__(self, job: Job, *, strict: bool) -> None:
        """
        Start the process, and wait until it has opened the datasets.

        Args:
            job: the job of the process.
            strict: raise if one of the datasets cannot be opened; the others can be read otherwise.

        Raises:
            TqlError: a dataset cannot be opened.
            EngineCrash: the process ended.
        """
        self._child = Child(job)
        try:
            self._open(strict=strict)
            self._socket = self._child.nonblocking()
        except BaseException:
            self._child.end()
            raise

    def _open(self, *, strict: bool) -> None:
        """Wait until the process has opened the datasets."""
        reply = self._child.ask(None, time.monotonic() + OPENING_SECONDS, CancelToken())
        if strict and isinstance(reply, TqlError):
            raise reply

    async def ask(self, request: bytes | Inspection) -> Any:  # noqa: ANN401 - from another process
        """
        Run the query in the body of a request, or inspect the datasets, and return the body of the response, or a `TqlError`.

        Raises:
            NeverRan: the process ended before it read the request.
            EngineCrash: the process ended.
        """
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, _message(request))
            return pickle.loads(await self._read())  # noqa: S301 - from our own process
        except (EOFError, ConnectionError) as error:
            raise await asyncio.to_thread(self._child.crash, error) from None

    async def _read(self) -> bytearray:
        """Return the next message of the process."""
        (size,) = SIZE.unpack(await self._read_bytes(SIZE.size))
        if size < 0:
            (size,) = LARGE_SIZE.unpack(await self._read_bytes(LARGE_SIZE.size))
        return await self._read_bytes(size)

    async def _read_bytes(self, count: int) -> bytearray:
        """Return a number of bytes."""
        loop, found = asyncio.get_running_loop(), bytearray(count)
        view, done = memoryview(found), 0
        while done < count:
            read = await loop.sock_recv_into(self._socket, view[done:])
            if read == 0:
                raise EOFError
            done += read
        return found

    def processor_seconds(self) -> float:
        """Return the seconds of processors that the process has taken."""
        return self._child.processor_seconds()

    def lower_priority(self) -> None:
        """Let the other workers run before this one."""
        self._child.lower_priority()

    def end(self) -> None:
        """Kill the process."""
        self._socket.close()
        self._child.end()


def _message(request: bytes | Inspection) -> bytes:
    """Return a message as `multiprocessing.connection` reads it."""
    data = pickle.dumps(request)
    return (SIZE.pack(len(data)) if len(data) <= LARGEST_SIZE else SIZE.pack(-1) + LARGE_SIZE.pack(len(data))) + data
