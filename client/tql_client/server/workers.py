"""
Worker processes of the local server: each runs one query at a time, and one that crashes or is killed is replaced.

A query that takes long while others wait leaves the pool with its worker, and another worker takes its place; if too many do, the one with the most work ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from tql_client.engine.child import NeverRan
from tql_client.errors import APIError, ClosedError, EngineCrash
from tql_client.server.answers import timed_out
from tql_client.server.worker import Worker
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from tql_client.engine.child import Job
    from tql_client.playground.inspection import Inspection
    from tql_client.server.metrics import Metrics

# Seconds of processors after which a query is long: if others wait, it leaves the pool. Of a loaded machine, every query takes many seconds.
LONG_SECONDS = 0.25
# Seconds after which a query that takes no processors leaves the pool.
STUCK_SECONDS = 10.0
# Seconds after which a client learns at the earliest that its query crashed the engine.
CRASH_SECONDS = 1.0
# How a query ended before its answer, as counters of `tql_client.server.metrics`.
TIMED_OUT, STOPPED, ABANDONED = "workers_timed_out", "workers_stopped", "workers_abandoned"
# Seconds between two checks for long queries while others wait.
TICK = 0.1


class Running:
    """
    A query and its worker.

    Attributes:
        worker: the worker.
        timer: ends the query.
        started: when the query started, in seconds of `time.monotonic`.
        is_abandoned: whether the client no longer waits for the answer.
        ended_as: the counter of `tql_client.server.metrics` for a query that the timer ended.
    """

    def __init__(self, worker: Worker, seconds: float) -> None:
        """Start the clock."""
        self.worker = worker
        self.timer = asyncio.timeout(seconds)
        self.started = time.monotonic()
        self.is_abandoned = False
        self.ended_as = TIMED_OUT
        self._taken_before: float | None = None

    @property
    def seconds(self) -> float:
        """The seconds since the start of the query."""
        return time.monotonic() - self.started

    def work(self) -> float:
        """Return the seconds of processors that the query has taken since the first call of this method."""
        taken = self.worker.processor_seconds()
        self._taken_before = taken if self._taken_before is None else self._taken_before
        return taken - self._taken_before

    @property
    def is_long(self) -> bool:
        """Whether the query has taken much of a processor, or is stuck."""
        return self.work() > LONG_SECONDS or self.seconds > STUCK_SECONDS

    def end(self, as_: str) -> None:
        """End the query, unless it has ended or ends now."""
        with contextlib.suppress(RuntimeError):
            self.timer.reschedule(asyncio.get_running_loop().time())
            self.ended_as = as_


class Pool:
    """A few workers; queries wait in their order for a free one."""

    def __init__(self, job: Job, count: int, seconds: float, metrics: Metrics) -> None:
        """
        Start the first worker; the others start when a query waits for one.

        Args:
            job: the job of the workers.
            count: the number of workers for queries that do not take long, 1 or more; as many more can run long queries.
            seconds: the longest that a query waits, and the longest that it runs.
            metrics: counts what happens to the workers.

        Raises:
            NotFound: no dataset exists at a path.
            ConfigError: the engine cannot open a dataset.
            MissingExtra: the engine is not installed.
        """
        self._job = job
        self._count = count
        self._seconds = seconds
        self._metrics = metrics
        self._changing = threading.Lock()
        self._alive: set[Worker] = set()
        self._closed = False
        self._starting: set[asyncio.Task[None]] = set()
        self._waiting: deque[asyncio.Future[Running]] = deque()
        self._running: list[Running] = []
        self._long: list[Running] = []
        self._is_ticking = False
        self._free = [self._new_worker(strict=True)]

    def _new_worker(self, *, strict: bool = False) -> Worker:
        """Start a worker."""
        worker = Worker(self._job, strict=strict)
        with self._changing:
            if not self._closed:
                self._alive.add(worker)
                self._metrics.count("workers_started")
                return worker
        worker.end()
        raise ClosedError(_CLOSED)

    async def answer(self, request: bytes | Inspection) -> bytes:
        """
        Run the query in the body of a request, or inspect the datasets, and return the body of the response.

        If the task is cancelled, a query that takes long ends with its worker.

        Raises:
            APIError: the request is invalid, the engine rejected the query or crashed, or the query timed out.
        """
        for _ in range(2 * self._count + 1):
            running = await self._take()
            reply = asyncio.get_running_loop().create_task(self._run(running, request))
            try:
                return await asyncio.shield(reply)
            except NeverRan:  # the worker died while it was idle
                continue
            except EngineCrash:
                await self._recover()
                raise
            except asyncio.CancelledError:
                reply.add_done_callback(_ignore)
                running.is_abandoned = True
                self._tick_later()
                raise
        raise APIError(503, "the processes of the engine end while they are idle: is the machine short of memory?")

    async def _recover(self) -> None:
        """Wait until another worker has started, so that a client that crashes the engine again and again leaves workers and processors to the others."""
        starting = set(self._starting)
        await asyncio.sleep(CRASH_SECONDS)
        if starting:
            await asyncio.wait(starting)

    async def _run(self, running: Running, request: bytes | Inspection) -> bytes:
        """Run a query with a worker, and give the worker back, or replace it."""
        healthy = False
        try:
            async with running.timer:
                reply: bytes | TqlError = await running.worker.ask(request)
            healthy = True
        except TimeoutError:
            self._metrics.count(running.ended_as)
            raise _stopped(running.seconds) if running.ended_as == STOPPED else timed_out(self._seconds) from None
        except EngineCrash:
            self._metrics.count("workers_crashed")
            raise
        finally:
            self._finish(running, healthy=healthy)
        if isinstance(reply, TqlError):
            raise reply
        return reply

    async def _take(self) -> Running:
        """Start the clock of a query on a free worker, after a wait if there is none."""
        if self._free:
            return self._begin(self._free.pop())
        future: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._grow()
        self._tick_later()
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(future)
        except TimeoutError:
            self._withdraw(future)
            raise APIError(503, f"no process of the engine became free within {self._seconds:g} seconds") from None
        except asyncio.CancelledError:
            self._withdraw(future)
            raise

    def _begin(self, worker: Worker) -> Running:
        """Start the clock of a query on a worker."""
        running = Running(worker, self._seconds)
        self._running.append(running)
        return running

    def _withdraw(self, future: asyncio.Future[Running]) -> None:
        """End the wait for a worker, and pass on one that came at the same time."""
        if not future.done():
            self._waiting.remove(future)
        elif future.exception() is None:
            self._finish(future.result(), healthy=True)

    def _release(self, worker: Worker) -> None:
        """Give a worker to the query that waits longest, or keep it."""
        if self._waiting:
            self._waiting.popleft().set_result(self._begin(worker))
        else:
            self._free.append(worker)

    def _finish(self, running: Running, *, healthy: bool) -> None:
        """Release the worker of a query; one that crashed, was interrupted or has a low priority is replaced."""
        if running in self._running and healthy:
            self._running.remove(running)
            self._release(running.worker)
            return
        (self._running if running in self._running else self._long).remove(running)
        self._end(running.worker)
        self._grow()

    def _end(self, worker: Worker) -> None:
        """Kill a worker, without waiting for the end of its process."""
        with self._changing:
            self._alive.discard(worker)
        asyncio.get_running_loop().run_in_executor(None, worker.end)

    def _grow(self) -> None:
        """Start a worker if the pool has room for it."""
        if len(self._free) + len(self._running) + len(self._starting) < self._count:
            task = asyncio.get_running_loop().create_task(self._start())
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def _start(self) -> None:
        """Start a worker; if that fails and no other worker is left, the waiting queries fail."""
        try:
            worker = await asyncio.to_thread(self._new_worker)
        except (TqlError, OSError, RuntimeError) as error:  # no memory, no file, no thread
            self._metrics.count("workers_not_started")
            if not self._free and not self._running and len(self._starting) == 1:
                self._fail(error)
        else:
            self._release(worker)

    def _fail(self, error: Exception) -> None:
        """Fail the waiting queries."""
        while self._waiting:
            self._waiting.popleft().set_exception(_not_started(error))

    def _tick_later(self) -> None:
        """Look for long queries soon."""
        if not self._is_ticking:
            self._is_ticking = True
            asyncio.get_running_loop().call_later(TICK, self._tick)

    def _tick(self) -> None:
        """End the long queries whose clients closed their connections, and take the others out of the pool; a short one is not worth a new worker."""
        self._is_ticking = False
        abandoned = [running for running in (*self._running, *self._long) if running.is_abandoned]
        for running in abandoned:
            if running.is_long:
                running.end(ABANDONED)
        for running in list(self._running):
            self._take_out_if_long(running)
        if abandoned or self._waiting:
            self._tick_later()

    def _take_out_if_long(self, running: Running) -> None:
        """Take a long query out of the pool if others wait; another worker takes the place of its own."""
        if self._waiting and running.seconds > TICK and running.is_long and self._has_room_for_long():
            self._running.remove(running)
            self._long.append(running)
            running.worker.lower_priority()
            self._metrics.count("workers_of_long_queries")
            self._grow()

    def _has_room_for_long(self) -> bool:
        """Return whether another query may leave the pool; if there are too many, the one with the most work ends."""
        lasting = [running for running in self._long if running.ended_as == TIMED_OUT]
        if len(lasting) < self._count:
            return True
        longest = max(lasting, key=Running.work)
        if longest.work() <= LONG_SECONDS:  # they wait for a slow disk or network, or the machine is overloaded
            return False
        longest.end(STOPPED)
        return True

    @property
    def alive(self) -> int:
        """The number of worker processes."""
        return len(self._alive)

    def close(self) -> None:
        """Kill all workers; the event loop of the server has ended."""
        with self._changing:
            self._closed = True
            workers, self._alive = self._alive, set()
        for worker in workers:
            worker.end()


_CLOSED = "the server is closed"


def _ignore(reply: asyncio.Task[bytes]) -> None:
    """Retrieve the error of a query without a client, which asyncio would log otherwise."""
    if not reply.cancelled():
        reply.exception()


def _stopped(seconds: float) -> APIError:
    """Return the error of a query that was ended in favour of others."""
    message = f"the query was ended after {seconds:.1f} seconds, because other queries wait and too many take long"
    return APIError(
        500,
        message,
        hint="simplify the query, or raise the number of processes with `tql serve --workers` or serve(.., workers=n)",
    )


def _not_started(error: Exception) -> TqlError:
    """Return the error of a query for which no worker could be started."""
    return error if isinstance(error, TqlError) else APIError(503, f"no process of the engine can be started ({error})")
