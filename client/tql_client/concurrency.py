"""Concurrent queries over one client: a thread pool, for programs with and without asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Sized
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Literal

from tql_client.progress import bar, no_bar
from tql_client.protocol.call import CancelToken
from tql_grammar.errors import ArgumentError, TqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tql import Query
    from tql_client.results.result import Result


def map_queries(
    send: Callable[..., Result],
    queries: Iterable[Query | str],
    concurrency: int,
    on_error: Literal["raise", "return"],
    progress: bool = False,  # noqa: FBT001, FBT002 - passed on from a keyword argument
) -> list[Any]:
    """Return the results of queries in the order of the queries; see `Client.map`."""
    _require(concurrency, on_error)
    results: list[Any] = []
    in_flight: dict[Future[Result], tuple[int, CancelToken]] = {}
    advance = bar("queries", len(queries) if isinstance(queries, Sized) else None) if progress else no_bar
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="tql-map")
    try:
        for number, query in enumerate(queries):
            while len(in_flight) >= concurrency:
                _collect(in_flight, results, on_error, advance)
            stop = CancelToken()
            results.append(None)
            in_flight[pool.submit(send, query, stop=stop)] = number, stop
        while in_flight:
            _collect(in_flight, results, on_error, advance)
    finally:
        for _, stop in in_flight.values():
            stop.cancel()
        pool.shutdown(cancel_futures=True)
        advance(None)
    return results


def _collect(
    in_flight: dict[Future[Result], tuple[int, CancelToken]],
    results: list[Any],
    on_error: str,
    advance: Callable[[int | None], None],
) -> None:
    """Wait until a query is done, and store the results of all queries that are."""
    done, _ = wait(in_flight, return_when=FIRST_COMPLETED)
    for future in done:
        number, _stop = in_flight.pop(future)
        error = future.exception()
        if error is not None and (on_error == "raise" or not isinstance(error, TqlError)):
            raise error
        results[number] = future.result() if error is None else error
    advance(len(done))


def _require(concurrency: int, on_error: str) -> None:
    """Raise `ArgumentError` for invalid options."""
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise ArgumentError("map", "needs `concurrency` to be an integer, 1 or more", repr(concurrency))
    if on_error not in {"raise", "return"}:
        raise ArgumentError("map", 'needs `on_error` to be "raise" or "return"', repr(on_error))


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


async def run_in_thread(send: Callable[..., Result]) -> Result:
    """Return the result of *send*, called in a thread; cancelling the task cancels the call."""
    stop = CancelToken()
    pool = ThreadPoolExecutor(1, thread_name_prefix="tql-async")
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, lambda: send(stop=stop))
    except asyncio.CancelledError:
        stop.cancel()
        raise
    finally:
        pool.shutdown(wait=False)


async def map_queries_async(
    send: Callable[..., Result],
    queries: Iterable[Query | str],
    concurrency: int,
    on_error: Literal["raise", "return"],
) -> list[Any]:
    """Return the results of queries in the order of the queries, without blocking the event loop; see `Client.map`."""
    _require(concurrency, on_error)
    slots = asyncio.Semaphore(concurrency)

    async def one(query: Query | str) -> Any:  # noqa: ANN401 - a result, or an error instead of it
        async with slots:
            try:
                return await run_in_thread(lambda stop: send(query, stop=stop))
            except TqlError as error:
                if on_error == "raise":
                    raise
                return error

    tasks = [asyncio.ensure_future(one(query)) for query in queries]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
