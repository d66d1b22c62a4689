"""Several queries at a time: a pool of threads over one client, for programs with and without asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Sized
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Literal

from tql_client.progress import bar, nothing
from tql_client.protocol.call import CancelToken
from tql_grammar.errors import ArgumentError, TqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tql import Query
    from tql_client.results.result import Result


def mapped(
    send: Callable[..., Result],
    queries: Iterable[Query | str],
    concurrency: int,
    on_error: Literal["raise", "return"],
    progress: bool = False,  # noqa: FBT001, FBT002 - handed on from a keyword
) -> list[Any]:
    """Return the results of queries in their order; see `Client.map`."""
    _require(concurrency, on_error)
    results: list[Any] = []
    on_way: dict[Future[Result], tuple[int, CancelToken]] = {}
    advance = bar("queries", len(queries) if isinstance(queries, Sized) else None) if progress else nothing
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="tql-map")
    try:
        for number, query in enumerate(queries):
            while len(on_way) >= concurrency:
                _collect(on_way, results, on_error, advance)
            stop = CancelToken()
            results.append(None)
            on_way[pool.submit(send, query, stop=stop)] = number, stop
        while on_way:
            _collect(on_way, results, on_error, advance)
    finally:
        for _, stop in on_way.values():
            stop.cancel()
        pool.shutdown(cancel_futures=True)
        advance(None)
    return results


def _collect(
    on_way: dict[Future[Result], tuple[int, CancelToken]],
    results: list[Any],
    on_error: str,
    advance: Callable[[int | None], None],
) -> None:
    """Wait for at least one answer, and put the answers that are there in their places."""
    done, _ = wait(on_way, return_when=FIRST_COMPLETED)
    for future in done:
        number, _stop = on_way.pop(future)
        error = future.exception()
        if error is not None and (on_error == "raise" or not isinstance(error, TqlError)):
            raise error
        results[number] = future.result() if error is None else error
    advance(len(done))


def _require(concurrency: int, on_error: str) -> None:
    """Refuse options that mean nothing."""
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise ArgumentError("map", "takes a whole number as concurrency, 1 or more", repr(concurrency))
    if on_error not in {"raise", "return"}:
        raise ArgumentError("map", 'takes "raise" or "return" as on_error', repr(on_error))


def paged(ask: Callable[[Query], Result], query: Query | str, size: int) -> Iterator[Result]:
    """Yield the results of a query's pages; see `Client.pages`."""
    from tql import parse, select

    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ArgumentError("pages", "takes a whole number of rows, 1 or more", repr(size))
    whole = select().from_(parse(query) if isinstance(query, str) else query).limit(size)
    return _pages(ask, whole, size)


def _pages(ask: Callable[[Query], Result], whole: Query, size: int) -> Iterator[Result]:
    """Yield page after page, until one has room left."""
    first = 0
    while True:
        page = ask(whole.offset(first) if first else whole)
        if page or not first:
            yield page
        if len(page) < size:
            return
        first += size


async def awaited(send: Callable[..., Result]) -> Result:
    """Return what *send* returns in a thread of its own; ending the task ends the call."""
    stop = CancelToken()
    pool = ThreadPoolExecutor(1, thread_name_prefix="tql-async")
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, lambda: send(stop=stop))
    except asyncio.CancelledError:
        stop.cancel()
        raise
    finally:
        pool.shutdown(wait=False)


async def amapped(
    send: Callable[..., Result],
    queries: Iterable[Query | str],
    concurrency: int,
    on_error: Literal["raise", "return"],
) -> list[Any]:
    """Return the results of queries in their order, without blocking the loop; see `Client.map`."""
    _require(concurrency, on_error)
    room = asyncio.Semaphore(concurrency)

    async def one(query: Query | str) -> Any:  # noqa: ANN401 - a result, or an error in its place
        async with room:
            try:
                return await awaited(lambda stop: send(query, stop=stop))
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
