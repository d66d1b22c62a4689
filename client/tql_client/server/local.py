"""Local server of the hosted service's protocol; the real engine runs the queries."""

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
HTTP_ERRORS = {404: f"unknown path: send queries to {PATH}", 405: f"method not allowed: send queries to {PATH} by POST"}
LOG = logging.getLogger("tql_client.server")
LARGEST_REQUEST = 64 * 2**20
SECONDS = 300.0
START_SECONDS = 20.0


class Server:
    """
    A running server.

    As a context manager, it stops at the end of the block.

    Attributes:
        url: the URL of the query endpoint.
        token: the token that clients must send, or None.
    """

    def __init__(self, datasets: Mapping[str, str], token: str | None, host: str, port: int) -> None:
        """Open the datasets, and start the server; see `serve`."""
        if host not in LOOPBACK:
            message = f"`host` must be one of {', '.join(sorted(LOOPBACK))}, got {host!r}: the server is for development and tests on this machine only"
            raise ConfigError(message)
        self._datasets = Datasets(datasets)
        application = _application(self._datasets, Secret(token) if token else None)
        self._socket = _bind(host, port)
        try:
            self._uvicorn, self._thread = _start(application, self._socket)
        except BaseException:
            self._socket.close()
            raise
        printed_host = f"[{host}]" if ":" in host else host
        self.token = token
        self.url = f"http://{printed_host}:{self._socket.getsockname()[1]}{PATH}"

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.close()

    def close(self) -> None:
        """Stop the server after the running queries."""
        self._uvicorn.should_exit = True
        self._thread.join()
        self._socket.close()
        self._datasets.close()

    def wait(self) -> None:
        """Block until the program is interrupted."""
        while self._thread.is_alive():
            self._thread.join(1.0)


def serve(datasets: Mapping[str, str], token: str | None = None, host: str = "127.0.0.1", port: int = 0) -> Server:
    """
    Start a local server of the hosted service's protocol, with datasets on this machine.

    Args:
        datasets: the path of each dataset, by the name that queries use in FROM.
        token: the token that clients must send; None accepts every client on this machine.
        host: a loopback address.
        port: the port; 0 selects a free one.

    Returns:
        The running server; its `url` is the URL of the query endpoint.

    Raises:
        ConfigError: *host* is not a loopback address, or the port is in use.
        NotFound: no dataset exists at a path.
        MissingExtra: the engine, starlette or uvicorn is not installed.

    Example:
        ``with serve({"hub://org/dataset": "./data"}, token="secret") as server: connect(server.url, token="secret")``
    """
    return Server(datasets, token, host, port)


def _bind(host: str, port: int) -> socket.socket:
    """
    Return a bound socket; its port is known before the server starts.

    The socket has an explicit protocol, because asyncio sets TCP_NODELAY only then; otherwise a small response waits 40 ms for the acknowledgement of the client.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        message = f"the port {port} cannot be used ({error.strerror}): pass another one, or 0 for a free port"
        raise ConfigError(message) from None
    return bound


def _start(application: Any, bound: socket.socket) -> tuple[Any, threading.Thread]:  # noqa: ANN401 - a starlette application
    """Start uvicorn in a thread, and return both."""
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
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            message = f"the server did not start within {START_SECONDS:g} seconds: see the log of uvicorn"
            raise ConfigError(message)
        time.sleep(0.005)
    return server, thread


def _application(datasets: Datasets, token: Secret | None) -> Any:  # noqa: ANN401 - a starlette application
    """Return the ASGI application of the server."""
    try:
        from starlette.applications import Starlette
        from starlette.concurrency import run_in_threadpool
        from starlette.exceptions import HTTPException
        from starlette.responses import Response
        from starlette.routing import Route
    except ImportError:
        raise missing("the server needs starlette", "embedded") from None

    def refuse(request: Any, error: APIError) -> Response:  # noqa: ANN401 - a starlette request
        """Return an error response in the form of the hosted service."""
        _log(request, error.status)
        refusal = {"description": error.description, **({"hint": error.hint} if error.hint else {})}
        return Response(json.dumps(refusal), error.status, media_type="application/json")

    async def query(request: Any) -> Response:  # noqa: ANN401 - a starlette request
        request.state.started = time.monotonic()
        try:
            _admit(request.headers, token)
            async with asyncio.timeout(REQUEST_SECONDS):
                body = await _body(request)
            answer = await run_in_threadpool(_run_query, datasets, body)
        except TimeoutError:
            return refuse(request, APIError(408, f"the request was not complete within {REQUEST_SECONDS:g} seconds"))
        except APIError as error:
            return refuse(request, error)
        _log(request, 200)
        return Response(answer, media_type="application/json")

    async def describe(request: Any) -> Response:  # noqa: ANN401 - a starlette request
        try:
            _admit(request.headers, None)
        except APIError as error:
            return refuse(request, error)
        return Response(json.dumps(description(PATH, with_token=token is not None)), media_type="application/json")

    async def fail(request: Any, error: Exception) -> Response:  # noqa: ANN401 - a starlette request
        status = error.status_code if isinstance(error, HTTPException) else 500
        return refuse(request, APIError(status, HTTP_ERRORS.get(status, f"the server failed ({type(error).__name__})")))

    return Starlette(
        routes=[Route(PATH, query, methods=["POST"]), Route(DESCRIPTION, describe, methods=["GET"])],
        exception_handlers={HTTPException: fail, Exception: fail},
    )


def _log(request: Any, status: int) -> None:  # noqa: ANN401 - a starlette request
    """Log one line of JSON for a request, without its token and its query."""
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
    """Raise for a request without the token, or with the Host of another machine (DNS rebinding by a web page)."""
    if urlsplit(f"//{headers.get('host', '')}").hostname not in LOOPBACK:
        raise APIError(403, "the Host header must be a loopback address")
    authorization = headers.get("authorization", "")
    if token is not None and not hmac.compare_digest(authorization.encode(), f"Bearer {token.reveal()}".encode()):
        raise APIError(401, "the token is missing or wrong")


async def _body(request: Any) -> bytes:  # noqa: ANN401 - a starlette request
    """Return the body of a request, or raise if it is too large."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_REQUEST:
            raise APIError(413, f"the request is larger than {LARGEST_REQUEST // 2**20} MiB")
        parts.append(part)
    return b"".join(parts)


def _run_query(datasets: Datasets, body: bytes) -> bytes:
    """Run the query in the body of a request, and return the body of the response."""
    query, as_list = _parse_request(body)
    call = Call(query, as_list, time.monotonic() + SECONDS, "", CancelToken())
    try:
        return encode_answer(datasets.answer(call).data, as_list=as_list)
    except QueryTimeout as error:
        raise APIError(504, str(error)) from None


def _parse_request(body: bytes) -> tuple[str, bool]:
    """Return the query text of a request, and its `as_list`."""
    try:
        request = load(body)
    except Exception:  # noqa: BLE001 - any failure means that the body is not JSON
        request = None
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        raise APIError(400, 'the body of the request must be {"query": "..", "as_list": true}')
    as_list = request.get("as_list", True)
    if not isinstance(as_list, bool):
        raise APIError(400, "`as_list` of the request must be true or false")
    return request["query"], as_list
