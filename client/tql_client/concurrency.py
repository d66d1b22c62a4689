"""Concurrent queries over one client: a thread pool, for programs with and without asyncio."""

from __future__ import annotations

import asyncio
import functools
import time
from collections import deque
from collections.abc import Sized
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from tql_client.errors import DeadlineExceeded
from tql_client.progress import bar, no_bar
from tql_client.protocol.call import CancelToken
from tql_client.protocol.threads import THREADS, start
from tql_grammar.errors import ArgumentError, TqlError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from tql import Query
    from tql_client.protocol.threads import Threads
    from tql_client.results.result import Result

QUEUED = f"the query was not sent: all {THREADS} threads of the client were busy until its timeout; increase the timeout with connect(.., timeout=seconds), or send fewer queries at once"
LONGEST_NOTE = 200


class InFlightQuery(NamedTuple):
    """A query of a batch that runs: its index, its result, and the token that cancels it."""

    number: int
    query: Query | str
    future: Future[Result]
    stop: CancelToken

    def outcome(self, on_error: str) -> Result | TqlError:
        """Return the result, or the error if *on_error* is "return"; wait for it."""
        error = self.future.exception()
        if error is None:
            return self.future.result()
        if not isinstance(error, TqlError):
            raise error
        if on_error == "raise":
            raise name_query(error, self.number, self.query)
        return error


class Batch:
    """The queries of one call of `map` or `imap`, in a pool of threads of its own; as a context manager, it cancels those that run at the end of the block."""

    def __init__(self, send: Callable[..., Result], concurrency: int) -> None:
        """Create a batch without queries."""
        self._send = send
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="tql-map")
        self._stops: set[CancelToken] = set()

    def start(self, number: int, query: Query | str) -> InFlightQuery:
        """Start a query."""
        stop = CancelToken()
        future = start(self._pool, functools.partial(self._send, query, stop=stop))
        self._stops.add(stop)
        future.add_done_callback(lambda _future: self._stops.discard(stop))
        return InFlightQuery(number, query, future, stop)

    def __enter__(self) -> Self:
        """Return the batch."""
        return self

    def __exit__(self, *_: object) -> None:
        """Cancel the queries that run."""
        for stop in list(self._stops):
            stop.cancel()
        self._pool.shutdown(cancel_futures=True)


def name_query(error: TqlError, number: int, query: Query | str) -> TqlError:
    """Return an error with the index of its query in the batch, as an attribute and, with the query, as a note for tracebacks."""
    error.index = number
    error.add_note(f"in query {number} of the batch: {_short(query if isinstance(query, str) else str(query))}")
    return error


def _short(text: str) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join(text[: 2 * LONGEST_NOTE].split())
    return line if len(line) <= LONGEST_NOTE else line[: LONGEST_NOTE - 1] + "…"


def map_queries(
    send: Callable[..., Result],
    queries: Iterable[Query | str],
    concurrency: int,
    on_error: Literal["raise", "return"],
    progress: bool = False,  # noqa: FBT001, FBT002 - passed on from a keyword argument
) -> list[Any]:
    """Return the results of queries in the order of the queries; see `Client.map`."""
    _require("map", concurrency, on_error)
    results: list[Any] = []
    in_flight: dict[Future[Result], InFlightQuery] = {}
    advance = bar("queries", len(queries) if isinstance(queries, Sized) else None) if progress else no_bar
    try:
        with Batch(send, concurrency) as batch:
            for number, query in enumerate(queries):
                while len(in_flight) >= concurrency:
                    _collect(in_flight, results, on_error, advance)
                results.append(None)
                one = batch.start(number, query)
                in_flight[one.future] = one
            while in_flight:
                _collect(in_flight, results, on_error, advance)
    finally:
        advance(None)
    return results


def _collect(
    in_flight: dict[Future[Result], InFlightQuery],
    results: list[Any],
    on_error: str,
    advance: Callable[[int | None], None],
) -> None:
    """Wait until a query is done, and store the results of all queries that are."""
    done, _ = wait(in_flight, return_when=FIRST_COMPLETED)
    for future in done:
        one = in_flight.pop(future)
        results[one.number] = one.outcome(on_error)
    advance(len(done))


def iterate_queries(
    send: Callable[..., Result],
    queries: Iterable[Query | str],
    concurrency: int,
    on_error: Literal["raise", "return"],
) -> Iterator[Any]:
    """Return an iterator over the results of queries in the order of the queries; see `Client.imap`."""
    _require("imap", concurrency, on_error)
    return _in_order(send, queries, concurrency, on_error)


def _in_order(
    send: Callable[..., Result], queries: Iterable[Query | str], concurrency: int, on_error: str
) -> Iterator[Result | TqlError]:
    """Yield results in the order of the queries; no more than *concurrency* queries are ahead of the result that is next."""
    ahead: deque[InFlightQuery] = deque()
    with Batch(send, concurrency) as batch:
        for number, query in enumerate(queries):
            if len(ahead) >= concurrency:
                yield ahead.popleft().outcome(on_error)
            ahead.append(batch.start(number, query))
        while ahead:
            yield ahead.popleft().outcome(on_error)


def _require(method: str, concurrency: int, on_error: str) -> None:
    """Raise `ArgumentError` for invalid options."""
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise ArgumentError(method, "needs `concurrency` to be an integer, 1 or more", repr(concurrency))
    if on_error not in {"raise", "return"}:
        raise ArgumentError(method, 'needs `on_error` to be "raise" or "return"', repr(on_error))


def iterate_pages(send: Callable[[Query], Result], query: Query | str, size: int) -> Iterator[Result]:
    """Yield the result of each page of a query; see `Client.pages`."""
    from tql import parse, select

    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ArgumentError("pages", "needs `size` to be an integer, 1 or more", repr(size))
    first_page = select().from_(parse(query) if isinstance(query, str) else query).limit(size)
    return _pages(send, first_page, size)


def _pages(send: Callable[[Query], Result], first_page: Query, size: int) -> Iterator[Result]:
    """Yield pages until one has fewer than *size* rows."""
    offset = 0
    while True:
        page = send(first_page.offset(offset) if offset else first_page)
        if page or not offset:
            yield page
        if len(page) < size:
            return
        offset += size


async def run_in_thread(threads: Threads, send: Callable[..., Result], seconds: float) -> Result:
    """
    Return the result of *send*, called in a thread; cancelling the task cancels the call.

    Raises:
        DeadlineExceeded: no thread was free before the timeout.
    """
    stop = CancelToken()
    future = threads.submit(functools.partial(send, stop=stop, started=time.monotonic()))
    result = asyncio.wrap_future(future)
    try:
        await asyncio.wait({result}, timeout=seconds)
        if not result.done() and future.cancel():
            raise DeadlineExceeded(QUEUED)
        return await result
    except asyncio.CancelledError:
        stop.cancel()
        result.cancel()
        raise


async def map_queries_async(
    send: Callable[[Query | str], Awaitable[Result]],
    queries: Iterable[Query | str],
    concurrency: int,
    on_error: Literal["raise", "return"],
) -> list[Any]:
    """Return the results of queries in the order of the queries, without blocking the event loop; see `Client.map`."""
    _require("amap", concurrency, on_error)
    slots = asyncio.Semaphore(min(concurrency, THREADS))

    async def one(number: int, query: Query | str) -> Any:  # noqa: ANN401 - a result, or an error instead of it
        async with slots:
            try:
                return await send(query)
            except TqlError as error:
                if on_error == "raise":
                    raise name_query(error, number, query) from None
                return error

    tasks = [asyncio.ensure_future(one(number, query)) for number, query in enumerate(queries)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
