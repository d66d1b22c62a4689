"""Local server of the hosted service's protocol, with the real engine behind it."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from tql_client.engine.embedded import Datasets
from tql_client.errors import APIError, ConfigError, QueryTimeout
from tql_client.extras import missing
from tql_client.protocol.address import LOOPBACK
from tql_client.protocol.call import Call, CancelToken
from tql_client.protocol.credentials import Secret
from tql_client.protocol.wire import encode_answer, load
from tql_client.server.openapi import description

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

PATH = "/api/query/v1"
DESCRIPTION = "/openapi.json"
REQUEST_SECONDS = 30.0
ODD = {404: f"there is nothing at this path: queries go to {PATH}", 405: f"queries are posted to {PATH}"}
LOG = logging.getLogger("tql_client.server")
LARGEST_REQUEST = 64 * 2**20
SECONDS = 300.0
START_SECONDS = 20.0


class Server:
    """
    A running server; `url` is where it answers, and `token` what it wants, or None.

    It is a context manager: leaving the block stops it.
    """

    def __init__(self, datasets: Mapping[str, str], token: str | None, host: str, port: int) -> None:
        """Open the datasets and start to answer."""
        if host not in LOOPBACK:
            message = f"`host` takes an address of this machine ({', '.join(sorted(LOOPBACK))}): the server is for development and tests"
            raise ConfigError(message)
        self._datasets = Datasets(datasets)
        application = _application(self._datasets, Secret(token) if token else None)
        self._socket = _bound(host, port)
        try:
            self._uvicorn, self._thread = _started(application, self._socket)
        except BaseException:
            self._socket.close()
            raise
        shown = f"[{host}]" if ":" in host else host
        self.token = token
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}{PATH}"

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.close()

    def close(self) -> None:
        """Stop answering, after the queries that are running."""
        self._uvicorn.should_exit = True
        self._thread.join()
        self._socket.close()
        self._datasets.close()

    def wait(self) -> None:
        """Answer until the program is interrupted."""
        while self._thread.is_alive():
            self._thread.join(1.0)


def serve(datasets: Mapping[str, str], token: str | None = None, host: str = "127.0.0.1", port: int = 0) -> Server:
    """
    Answer queries over HTTP as the hosted service does, from datasets on this machine.

    ``with serve({"hub://org/dataset": "./data"}, token="secret") as server: connect(server.url, token="secret")``

    Args:
        datasets: the path of each dataset by the name that queries use in FROM.
        token: what clients have to send; None lets anyone on this machine ask.
        host: an address of this machine.
        port: 0 takes a free one.

    Raises:
        ConfigError: *host* is not of this machine, or the port is taken.
        NotFound: there is no dataset at a path.
        MissingExtra: the engine, starlette or uvicorn is not installed.
    """
    return Server(datasets, token, host, port)


def _bound(host: str, port: int) -> socket.socket:
    """
    Return a socket that is bound, so that the port is known before anything answers.

    It names its protocol: asyncio sets TCP_NODELAY only then, without which a small answer waits 40 ms for the client's acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        message = f"`port` {port} cannot be used: {error.strerror}; 0 takes a free one"
        raise ConfigError(message) from None
    return found


def _started(application: Any, bound: socket.socket) -> tuple[Any, threading.Thread]:  # noqa: ANN401 - a starlette application
    """Return a server that answers in a thread of its own."""
    try:
        import uvicorn
    except ImportError:
        raise missing("the server needs uvicorn", "embedded") from None

    config = uvicorn.Config(
        application, log_level="error", access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="tql-server", daemon=True)
    thread.start()
    late = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > late:
            message = "the server did not start"
            raise ConfigError(message)
        time.sleep(0.005)
    return server, thread


def _application(datasets: Datasets, token: Secret | None) -> Any:  # noqa: ANN401 - a starlette application
    """Return the application that answers queries."""
    try:
        from starlette.applications import Starlette
        from starlette.concurrency import run_in_threadpool
        from starlette.exceptions import HTTPException
        from starlette.responses import Response
        from starlette.routing import Route
    except ImportError:
        raise missing("the server needs starlette", "embedded") from None

    def refuse(request: Any, error: APIError) -> Response:  # noqa: ANN401 - a starlette request
        """Return an error as the hosted service does."""
        _log(request, error.status)
        refusal = {"description": error.description, **({"hint": error.hint} if error.hint else {})}
        return Response(json.dumps(refusal), error.status, media_type="application/json")

    async def query(request: Any) -> Response:  # noqa: ANN401 - a starlette request
        request.state.started = time.monotonic()
        try:
            _admit(request.headers, token)
            async with asyncio.timeout(REQUEST_SECONDS):
                body = await _body(request)
            answered = await run_in_threadpool(_answered, datasets, body)
        except TimeoutError:
            return refuse(request, APIError(408, f"the request did not come in {REQUEST_SECONDS:g} seconds"))
        except APIError as error:
            return refuse(request, error)
        _log(request, 200)
        return Response(answered, media_type="application/json")

    async def described(request: Any) -> Response:  # noqa: ANN401 - a starlette request
        try:
            _admit(request.headers, None)
        except APIError as error:
            return refuse(request, error)
        return Response(json.dumps(description(PATH, with_token=token is not None)), media_type="application/json")

    async def odd(request: Any, error: Exception) -> Response:  # noqa: ANN401 - a starlette request
        status = error.status_code if isinstance(error, HTTPException) else 500
        return refuse(request, APIError(status, ODD.get(status, f"the server failed ({type(error).__name__})")))

    return Starlette(
        routes=[Route(PATH, query, methods=["POST"]), Route(DESCRIPTION, described, methods=["GET"])],
        exception_handlers={HTTPException: odd, Exception: odd},
    )


def _log(request: Any, status: int) -> None:  # noqa: ANN401 - a starlette request
    """Write one line of JSON about a request: neither its token nor its query."""
    started = getattr(request.state, "started", None)
    line = {
        "method": request.method,
        "path": request.url.path,
        "status": status,
        "seconds": None if started is None else round(time.monotonic() - started, 4),
        "request_id": request.headers.get("x-request-id"),
    }
    LOG.info("%s", json.dumps(line))


def _admit(headers: Mapping[str, str], token: Secret | None) -> None:
    """Refuse a request with a foreign Host, as a web page could make one by DNS, or without the token."""
    if urlsplit(f"//{headers.get('host', '')}").hostname not in LOOPBACK:
        raise APIError(403, "this server answers requests to this machine's own address only")
    given = headers.get("authorization", "")
    if token is not None and not hmac.compare_digest(given.encode(), f"Bearer {token.reveal()}".encode()):
        raise APIError(401, "the token is missing or wrong")


async def _body(request: Any) -> bytes:  # noqa: ANN401 - a starlette request
    """Return the body of a request, while it is not too large."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_REQUEST:
            raise APIError(413, f"the request is larger than {LARGEST_REQUEST // 2**20} MiB")
        parts.append(part)
    return b"".join(parts)


def _answered(datasets: Datasets, body: bytes) -> bytes:
    """Return the body of the answer to the body of a request."""
    query, as_list = _request(body)
    call = Call(query, as_list, time.monotonic() + SECONDS, "", CancelToken())
    try:
        return encode_answer(datasets.answer(call).data, as_list=as_list)
    except QueryTimeout as error:
        raise APIError(504, str(error)) from None


def _request(body: bytes) -> tuple[str, bool]:
    """Return what a request asks."""
    try:
        found = load(body)
    except Exception:  # noqa: BLE001 - whatever is wrong with a body, it is the sender's
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("query"), str):
        raise APIError(400, 'the body is not {"query": "..", "as_list": true}')
    as_list = found.get("as_list", True)
    if not isinstance(as_list, bool):
        raise APIError(400, "`as_list` is not true or false")
    return found["query"], as_list
