"""Threads of asyncio calls and of batches: they carry context variables, their number is bounded, and a thread that cannot start is an error of the client."""

from __future__ import annotations

import contextvars
import os
import threading
from typing import TYPE_CHECKING, TypeVar

from tql_client.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future, ThreadPoolExecutor

T = TypeVar("T")
# Threads of the asyncio calls of one client.
THREADS = 60


class Threads:
    """
    The threads of a client's asyncio calls: at most `THREADS`; further calls wait for a free one, and their timeouts include the wait.

    They start with the first call; a forked child starts its own.
    """

    def __init__(self) -> None:
        """Start with no thread."""
        self._pool: ThreadPoolExecutor | None = None
        self._process = os.getpid()
        self._changing = threading.Lock()

    def submit(self, act: Callable[[], T]) -> Future[T]:
        """Call a function in a thread, with the context variables of the caller."""
        if self._process != os.getpid():
            self.__init__()  # type: ignore[misc]  # as in a new object
        from concurrent.futures import ThreadPoolExecutor

        with self._changing:
            self._pool = self._pool or ThreadPoolExecutor(THREADS, thread_name_prefix="tql-async")
            return start(self._pool, act)

    def close(self) -> None:
        """End the threads after their calls."""
        if self._process == os.getpid():
            with self._changing:
                pool, self._pool = self._pool, None
            if pool is not None:
                pool.shutdown(wait=False)


def start(pool: ThreadPoolExecutor, act: Callable[[], T]) -> Future[T]:
    """
    Call a function in a thread of a pool, with the context variables of the caller.

    Raises:
        Unavailable: the process cannot start a thread.
    """
    try:
        return pool.submit(contextvars.copy_context().run, act)
    except RuntimeError as error:
        message = f"the query was not run: the process cannot start another thread ({error})"
        hint = "lower the concurrency, or raise the limit of threads or memory of the process"
        failure = Unavailable(503, message, hint=hint)
    raise failure
