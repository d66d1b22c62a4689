"""Cases for responses: decoding compared with requests, one call with a plain session, and many calls with a pool of threads."""

from __future__ import annotations

import json
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import requests

from tests.benchmarks.case import Case, paired
from tests.client.fault_server import FaultServer, answer
from tql import select
from tql_client import connect
from tql_client.protocol.wire import decode_answer
from tql_client.results.result import Meta, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS: dict[str, Any] = {
    "tensors": ["text", "score"],
    "data": [{"text": f"text {number}", "score": number / 7} for number in range(10)],
}
COLUMNS: dict[str, Any] = {
    "tensors": ["text", "score"],
    "data": {name: [row[name] for row in ROWS["data"]] for name in ("text", "score")},
}
TEXTS = json.dumps(
    {"tensors": ["text", "score"], "data": [{"text": "x" * 200, "score": number / 7} for number in range(10_000)]}
).encode()
VECTORS = np.random.default_rng(0).standard_normal((1000, 1536)).astype(np.float32)


def _json(body: bytes) -> Any:
    """Return the JSON value that requests decodes from a body."""
    made = requests.Response()
    made._content = body  # noqa: SLF001 - sets the body as if a server had sent it
    made.encoding = "utf-8"
    return made.json()


def _texts() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return both ways to decode bytes to rows."""
    return lambda: Result(decode_answer(TEXTS), Meta("q")).rows, lambda: _json(TEXTS)["data"]


def texts_agree() -> bool:
    """Return whether both ways have the same rows."""
    return bool(Result(decode_answer(TEXTS), Meta("q")).rows == _json(TEXTS)["data"])


def bodies(*, short: bool) -> bytes:
    """Return a response with vectors, with the digits of float32 or float64."""
    numbers = orjson.loads(orjson.dumps(VECTORS, option=orjson.OPT_SERIALIZE_NUMPY)) if short else VECTORS.tolist()
    return json.dumps({"data": [{"e": vector} for vector in numbers]}).encode()


def _vectors(*, short: bool) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return both ways to decode bytes to one array."""
    body = bodies(short=short)
    return (
        lambda: Result(decode_answer(body), Meta("q")).to_numpy("e"),
        lambda: np.asarray([row["e"] for row in _json(body)["data"]], np.float32),
    )


def vectors_agree() -> bool:
    """Return whether the array has every bit of the vectors."""
    found = (Result(decode_answer(bodies(short=short)), Meta("q")).to_numpy("e") for short in (True, False))
    return all(array.tobytes() == VECTORS.tobytes() for array in found)


def _serve(pipe: Any, body: Any) -> None:
    """Serve responses until the parent process ends."""
    with FaultServer(answer(body)) as server:
        pipe.send(server.url)
        pipe.recv()


@contextmanager
def served(body: Any) -> Iterator[str]:
    """Serve one response from another process."""
    ours, its = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(its, body), daemon=True)
    server.start()
    its.close()
    yield ours.recv()
    ours.send(None)
    server.join()


CALLS = 100


def _call() -> tuple[float, float, float]:
    """Return a call of the client, and one of requests on a kept connection."""
    query = select("text", "score").from_("d").limit(10)
    text = str(query)
    session = requests.Session()
    with served(ROWS) as url, connect(url) as client:

        def bare() -> None:
            for _ in range(CALLS):
                orjson.loads(session.post(url, data=json.dumps({"query": text, "as_list": True})).content)

        def called() -> None:
            for _ in range(CALLS):
                client.query(query).rows  # noqa: B018 - the access decodes the rows

        return paired(called, bare)


def _map() -> tuple[float, float, float]:
    """Return many searches by the client, and by a pool of threads with one session each."""
    count, threads = 2000, 8
    queries = [select("text").from_("d").limit(number + 1) for number in range(count)]
    texts = [str(query) for query in queries]
    local = threading.local()
    with served(COLUMNS) as url, connect(url) as client:

        def post(text: str) -> object:
            session = getattr(local, "session", None)
            if session is None:
                session = local.session = requests.Session()
            return orjson.loads(session.post(url, data=json.dumps({"query": text, "as_list": False})).content)

        def pooled() -> None:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(post, texts))

        return paired(lambda: client.map(queries, concurrency=threads), pooled)


CASES = (
    Case("10,000 rows of text and score", "requests' .json()", 0.6, _texts, texts_agree),
    Case(
        "1,000 x 1,536 floats, 17 digits, to one array",
        ".json() and numpy",
        0.4,
        lambda: _vectors(short=False),
        vectors_agree,
    ),
    Case("1,000 x 1,536 floats, float32 digits, to one array", ".json() and numpy", 0.7, lambda: _vectors(short=True)),
    Case("a call on a kept connection", "requests and orjson", 1.10, _call),
    Case("map of 2,000 queries, 8 at a time", "threads with a session each", 1 / 0.9, _map),
)
