"""Concurrent queries: order, bounds and cancellation; pages; and the same from asyncio."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import sys
import time
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest

from tests.client.fault_server import QUERY, FaultServer, answer, body_of, raw, stall
from tests.client.matrix import SLACK, client_of
from tql import ArgumentError, CheckError, Query, col, fn, select
from tql_client import connect
from tql_client.errors import ConfigError, DeadlineExceeded, ServerError

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

NUMBERED = select("a").from_("d")


def echo(connection: socket.socket, request: bytes) -> bool:
    """Respond with the number at the end of a query; later queries get faster responses."""
    number = int(body_of(request)["query"].rpartition(" ")[2])
    time.sleep(0.002 * (5 - number % 5))
    if number == 13:
        return answer({"description": "unlucky"}, 500)(connection, request)
    return answer({"data": {"a": [number]}})(connection, request)


def numbers(results: list[Any]) -> list[Any]:
    """Return the numbers in results, and the classes of errors."""
    return [type(one).__name__ if isinstance(one, Exception) else one["a"][0] for one in results]


def queries(*skipped: int) -> Iterator[Query]:
    """Yield forty queries."""
    return (NUMBERED.limit(number) for number in range(40) if number not in skipped)


@pytest.mark.parametrize("concurrency", [1, 3, 8, 64])
def test_map(concurrency: int) -> None:
    """The results have the order of the queries, an iterator is consumed lazily, and `concurrency` limits the queries in flight."""
    on_way: list[int] = []
    with FaultServer(echo) as server, connect(server.url) as client:

        def taken() -> Iterator[Query]:
            for number, query in enumerate(queries(13)):
                on_way.append(number - len(server.requests))
                yield query

        found = client.map(taken(), concurrency=concurrency)

        assert numbers(found) == [number for number in range(40) if number != 13]
        assert max(on_way) <= concurrency
        assert server.connections <= concurrency


def test_an_error_ends_the_others_or_stands_in_its_place() -> None:
    """With "return", the error replaces the result of its query; with "raise", it is raised."""
    with FaultServer(echo) as server, connect(server.url) as client:
        found = client.map(queries(), on_error="return")
        assert numbers(found) == [*range(13), "ServerError", *range(14, 40)]
        with pytest.raises(ServerError):
            client.map(queries())


def test_an_error_does_not_wait_for_the_others() -> None:
    """With "raise", the first error cancels the queries in flight."""
    with FaultServer(answer({}, 500), stall()) as server, client_of(server.url) as client:
        started = time.monotonic()
        with pytest.raises(ServerError):
            client.map([QUERY] * 5, concurrency=2)

        assert time.monotonic() - started < SLACK


def test_an_interrupt_ends_all() -> None:
    """Ctrl-C while queries are sent cancels them."""
    with FaultServer(stall()) as server, client_of(server.url) as client:

        def taken() -> Iterator[str]:
            yield QUERY
            raise KeyboardInterrupt

        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            client.map(taken())

        assert time.monotonic() - started < SLACK


@pytest.mark.parametrize("options", [{"concurrency": 0}, {"concurrency": True}, {"on_error": "ignore"}])
def test_options_that_mean_nothing(options: dict[str, Any]) -> None:
    """Invalid options are rejected before anything is sent."""
    with FaultServer(echo) as server, connect(server.url) as client:
        with pytest.raises(ArgumentError):
            client.map([QUERY], **options)
        with pytest.raises(ArgumentError):
            client.pages(QUERY, size=0)
        with pytest.raises(ConfigError):
            client.with_options(timeout=0)
        with pytest.raises(ConfigError):
            client.with_options(attempts=0)
        assert server.requests == []


def test_progress_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The progress bar is shown on a terminal, and nothing is written to a file."""
    with FaultServer(echo) as server, connect(server.url) as client:
        file = io.StringIO()
        monkeypatch.setattr(sys, "stderr", file)
        client.map(list(queries(13)), progress=True)
        assert file.getvalue() == ""
        ours, its = pty.openpty()
        with os.fdopen(its, "w") as terminal:
            monkeypatch.setattr(sys, "stderr", terminal)
            client.map(list(queries(13)), progress=True)
        assert b"queries" in os.read(ours, 100_000)
        os.close(ours)


def test_options_of_a_copy() -> None:
    """A copy shares connections and budget, and the client keeps its own options."""
    with FaultServer(answer(), answer(), stall()) as server, connect(server.url, timeout=30) as client:
        client.query(QUERY)
        quick = client.with_options(timeout=0.3, attempts=1)
        quick.query(QUERY)
        assert server.connections == 1
        with pytest.raises(DeadlineExceeded):
            quick.query(QUERY)


def test_one_attempt() -> None:
    """A client with one attempt does not retry."""
    with FaultServer(raw(b"")) as server, connect(server.url) as client:
        with pytest.raises(Exception, match="ended too early"):
            client.with_options(attempts=1).query(QUERY)
        assert len(server.requests) == 1


def test_asyncio() -> None:
    """Queries run concurrently, and the event loop is not blocked."""
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0.001)

    async def act(client: Any) -> list[Any]:
        ticking = asyncio.create_task(tick())
        one = await client.aquery(NUMBERED.limit(7))
        many = await client.amap(queries(), concurrency=4, on_error="return")
        with pytest.raises(ServerError):
            await client.amap(queries())
        ticking.cancel()
        return [one, *many]

    with FaultServer(echo) as server, connect(server.url) as client:
        found = asyncio.run(act(client))

    assert numbers(found) == [7, *range(13), "ServerError", *range(14, 40)]
    assert len(ticks) > 10


def test_cancelling_many() -> None:
    """Cancelling ends the tasks, and closes their connections."""

    async def act(client: Any) -> None:
        task = asyncio.create_task(client.amap([QUERY] * 9, concurrency=3))
        await asyncio.to_thread(until_three, server)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with FaultServer(stall()) as server, client_of(server.url) as client:
        started = time.monotonic()
        asyncio.run(act(client))
        assert len(server.requests) == 3
        assert time.monotonic() - started < 2 * SLACK


def until_three(server: FaultServer) -> None:
    """Wait until three requests are in flight."""
    late = time.monotonic() + 10
    while len(server.requests) < 3 and time.monotonic() < late:
        time.sleep(0.01)


# --- pages -----------------------------------------------------------------------------------------------------------

COUNT, LENGTH = 230, 8
VECTORS = np.random.default_rng(3).standard_normal((COUNT, LENGTH)).astype(np.float32)
WORDS = ["red", "green", "blue", "grey"]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a client of a dataset with indexes."""
    path = str(tmp_path_factory.mktemp("pages") / "d")
    made = deeplake.create(path)
    made.indexing_mode = deeplake.IndexingMode.Always
    for name, kind in {
        "id": deeplake.types.Int64(),
        "grp": deeplake.types.Int64(),
        "text": deeplake.types.Text(deeplake.types.BM25),
        "e": deeplake.types.Embedding(LENGTH),
    }.items():
        made.add_column(name, kind)
    made.append(
        {
            "id": list(range(COUNT)),
            "grp": [number % 7 for number in range(COUNT)],
            "text": [f"{WORDS[number % 4]} {WORDS[number % 3]} {number}" for number in range(COUNT)],
            "e": VECTORS,
        }
    )
    made.commit()
    with connect(path) as client:
        yield client


WHOLES: dict[str, Query | str] = {
    "no order": select("id", "grp"),
    "text": "select id from (select * order by grp)",
    "order with ties": select("id").order_by("grp", "id"),
    "condition": select("id").where(col("id") % 3 != 0),
    "own limit": select("id").order_by("id").limit(57).offset(11),
    "search": select("id").similarity("e", VECTORS[0]).order_by("score"),
    "search with its limit": select("id").similarity("e", VECTORS[0]).order_by("score").limit(64),
    "bm25": select("id").bm25("text", "red green").order_by("score").limit(90),
    "groups": select("grp", n=fn.count()).group_by("grp"),
    "nothing": select("id").where(col("id") < 0),
}


def test_a_text_is_checked_before_its_pages(indexed: Any) -> None:
    """As for `query`, a text whose order the engine would ignore is rejected."""
    with pytest.raises(CheckError):
        indexed.pages("select id order by grp, id")


@pytest.mark.parametrize("name", list(WHOLES))
@pytest.mark.parametrize("size", [1, 7, 64, 230, 1000])
def test_pages_are_the_whole(indexed: Any, name: str, size: int) -> None:
    """The pages add up to the rows of the query, and each except the last has the full size."""
    query = WHOLES[name]
    if size == 1 and not isinstance(query, str):
        query = query.limit(9)
    whole = indexed.query(query).rows
    pages = [page.rows for page in indexed.pages(query, size=size)]

    assert [row for page in pages for row in page] == whole
    assert all(len(page) == size for page in pages[:-1])
    assert len(pages) == max(1, -(-len(whole) // size))
