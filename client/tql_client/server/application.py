"""The HTTP interface of the local server: which requests it accepts, and what it answers."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import re
import time
from typing import TYPE_CHECKING, Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from tql_client.errors import APIError
from tql_client.server.limits import MEBIBYTE
from tql_client.server.openapi import description
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from starlette.requests import Request

    from tql_client.playground.inspection import Inspection
    from tql_client.playground.playground import Playground
    from tql_client.protocol.credentials import Secret
    from tql_client.server.answers import Answers
    from tql_client.server.limits import Limits
    from tql_client.server.metrics import Metrics

PATH = "/api/query/v1"
DESCRIPTION, HEALTH, METRICS = "/openapi.json", "/health", "/metrics"
PLAYGROUND = "/playground/"
HTTP_ERRORS = {404: f"unknown path: send queries to {PATH}", 405: f"method not allowed: send queries to {PATH} by POST"}
LOG = logging.getLogger("tql_client.server")
# The Host headers of this machine. A web page that resolves its own name to this machine (DNS rebinding) has another one.
OWN_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)
JSON_TYPE = re.compile(r"application/json\s*(?:;.*)?", re.IGNORECASE)


class Engine(Protocol):
    """What runs the queries: worker processes, or the engine in this process."""

    async def answer(self, request: bytes | Inspection) -> bytes:
        """Run the query in the body of a request, or inspect the datasets, and return the body of the response."""
        ...

    @property
    def alive(self) -> int:
        """The number of worker processes."""
        ...

    def close(self) -> None:
        """End the processes, or close the datasets."""
        ...


class InProcess:
    """The engine in this process, for datasets in its memory: a query that crashes or never ends affects all others."""

    alive = 0

    def __init__(self, answers: Answers, seconds: float) -> None:
        """Create the engine from open datasets, and the longest that a query runs."""
        self._answers = answers
        self._seconds = seconds

    async def answer(self, request: bytes | Inspection) -> bytes:
        """Run a query, or inspect the datasets, in a thread."""
        return await run_in_threadpool(self._answers.reply, request, self._seconds)

    def close(self) -> None:
        """Close the datasets."""
        self._answers.close()


class Application:
    """The requests of a server."""

    def __init__(
        self, engine: Engine, token: Secret | None, limits: Limits, metrics: Metrics, page: Playground | None = None
    ) -> None:
        """Create the application; clients must send the token, unless it is None. With *page*, it has the page of the playground."""
        self._page = page
        self._engine = engine
        self._token = token
        self._limits = limits
        self._metrics = metrics
        self._in_progress = 0
        self._bytes = 0

    def asgi(self) -> Starlette:
        """Return the ASGI application."""
        get = {HEALTH: self._health, METRICS: self._show_metrics, DESCRIPTION: self._describe}
        routes = [Route(path, self._guarded(endpoint), methods=["GET"]) for path, endpoint in get.items()]
        routes.append(Route(PATH, self._guarded(self._query), methods=["POST"]))
        routes += self._page_routes()
        return Starlette(routes=routes, exception_handlers={HTTPException: self._fail, Exception: self._fail})

    def _page_routes(self) -> list[Route]:
        """Return the routes of the page: its files, which need no token, and what it asks, which does."""
        page = self._page
        if page is None:
            return []
        from tql_client.playground.pages import MEDIA_TYPES, PAGE
        from tql_client.playground.playground import NAMES

        paths = {name: f"{PLAYGROUND}{'' if name == PAGE else name}" for name in MEDIA_TYPES}
        get = [Route(path, self._guarded(self._file(name)), methods=["GET"]) for name, path in paths.items()]
        post = [
            Route(f"{PLAYGROUND}{name}", self._guarded(self._reply(page, name)), methods=["POST"]) for name in NAMES
        ]
        return [*get, *post]

    def _file(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint of a file of the page."""

        async def answer(request: Request) -> Response:
            from tql_client.playground.pages import page_file

            found = page_file(name)
            self._note(request, 200)
            return Response(found.content, headers=found.headers, media_type=found.media_type)

        return answer

    def _reply(self, page: Playground, name: str) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint of what the page asks."""

        async def answer(request: Request) -> Response:
            _require_json(request)
            _require_token(request, self._token)
            async with self._body(request) as body:
                reply = await page.reply(name, body)
            self._note(request, 200)
            headers = {"X-Content-Type-Options": "nosniff"}
            if isinstance(reply, bytes):
                return Response(reply, headers=headers, media_type="application/octet-stream")
            return _json(reply, headers=headers)

        return answer

    def _guarded(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that refuses requests from elsewhere before anything else, and answers an `APIError` in the form of the hosted service."""

        async def answer(request: Request) -> Response:
            request.state.started = time.monotonic()
            try:
                _require_own_origin(request, self._limits)
                return await endpoint(request)
            except TqlError as error:
                return self._refuse(request, error)

        return answer

    async def _query(self, request: Request) -> Response:
        """Run a query."""
        _require_json(request)
        _require_token(request, self._token)
        async with self._body(request) as body:
            self._in_progress += 1
            try:
                answer = await self._until_disconnected(request, self._engine.answer(body))
            finally:
                self._in_progress -= 1
        self._note(request, 200)
        return Response(answer, media_type="application/json")

    @contextlib.asynccontextmanager
    async def _body(self, request: Request) -> AsyncIterator[bytes]:
        """Provide the body of a request, whose bytes count until the request is answered."""
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limits.body_bytes:
            raise self._too_large()
        parts, size = [], 0
        try:
            try:
                async with asyncio.timeout(self._limits.body_seconds):
                    async for part in request.stream():
                        size += len(part)
                        self._bytes += len(part)
                        self._require_size(size)
                        parts.append(part)
            except TimeoutError:
                message = f"the request was not complete within {self._limits.body_seconds:g} seconds"
                raise APIError(408, message) from None
            except ClientDisconnect:
                raise _closed() from None
            yield b"".join(parts)
        finally:
            self._bytes -= size

    def _require_size(self, size: int) -> None:
        """Raise if the body of a request, or those of all requests together, are too large."""
        if size > self._limits.body_bytes:
            raise self._too_large()
        if self._bytes > self._limits.bodies_bytes:
            message = f"the requests in progress have more than {self._limits.bodies_bytes // MEBIBYTE} MiB together: try again"
            raise APIError(503, message)

    def _too_large(self) -> APIError:
        """Return the error of a body that is too large."""
        return APIError(413, f"the request is larger than {self._limits.body_bytes // MEBIBYTE} MiB")

    async def _until_disconnected(self, request: Request, query: Coroutine[Any, Any, bytes]) -> bytes:
        """Return the answer of a query; it is cancelled if its client closes the connection."""
        answer = asyncio.ensure_future(query)
        disconnected = asyncio.ensure_future(_disconnected(request))
        try:
            await asyncio.wait({answer, disconnected}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise _closed()
            return answer.result()
        finally:
            answer.cancel()
            disconnected.cancel()

    async def _health(self, _request: Request) -> Response:
        """Say that the server runs."""
        return _json({"status": "ok", "workers": self._engine.alive, "in_progress": self._in_progress})

    async def _show_metrics(self, _request: Request) -> Response:
        """Return the figures of the server."""
        gauges = {
            "workers": (self._engine.alive, "processes of the engine"),
            "in_progress": (self._in_progress, "queries that wait or run"),
            "body_bytes": (self._bytes, "bytes of the bodies of the requests in progress"),
        }
        return Response(self._metrics.text(gauges), media_type="text/plain; version=0.0.4")

    async def _describe(self, _request: Request) -> Response:
        """Return the OpenAPI document."""
        return _json(description(PATH, with_token=self._token is not None))

    async def _fail(self, request: Request, error: Exception) -> Response:
        """Answer a request that failed elsewhere."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self._refuse(
            request, APIError(status, HTTP_ERRORS.get(status, f"the server failed ({type(error).__name__})"))
        )

    def _refuse(self, request: Request, error: TqlError) -> Response:
        """Return the response of an error, in the form of the hosted service."""
        refusal = error if isinstance(error, APIError) else APIError(500, str(error))
        self._note(request, refusal.status)
        hint = {"hint": refusal.hint} if refusal.hint else {}
        headers = {"Retry-After": "1"} if refusal.status == 503 else None  # noqa: PLR2004 - a status of HTTP
        return _json({"description": refusal.description, **hint}, refusal.status, headers)

    def _note(self, request: Request, status: int) -> None:
        """Count a response, and log one line of JSON for it, without the token and the query of the request."""
        started = getattr(request.state, "started", None)
        seconds = 0.0 if started is None else time.monotonic() - started
        self._metrics.answered(status, seconds)
        if not LOG.isEnabledFor(logging.INFO):
            return
        line = {
            "method": request.method,
            "path": request.scope["path"],  # `request.url` is built from the Host header, which may be no host
            "status": status,
            "seconds": None if started is None else round(seconds, 4),
            "request_id": request.headers.get("x-request-id"),
        }
        LOG.info("%s", json.dumps(line))


def _json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a response of JSON."""
    return Response(json.dumps(value), status, headers, media_type="application/json")


def _closed() -> APIError:
    """Return the error of a request whose client closed the connection."""
    return APIError(499, "the client closed the connection")


async def _disconnected(request: Request) -> None:
    """Wait until the client closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _require_own_origin(request: Request, limits: Limits) -> None:
    """Raise for a request whose headers are too large, and for one of a web page: it has the Host of another machine, or an Origin other than this server."""
    if sum(len(name) + len(value) for name, value in request.headers.raw) > limits.header_bytes:
        raise APIError(431, f"the headers of the request are larger than {limits.header_bytes // 1024} KiB")
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    if OWN_HOST.fullmatch(host) is None:
        raise APIError(403, "the Host header must be a loopback address")
    if origin is not None and origin.lower() != f"http://{host}".lower():
        raise APIError(403, "the Origin header is not this server: web pages of other sites may not use it")


def _require_json(request: Request) -> None:
    """Raise for a body that is declared as another type than JSON: a web page can send such types to any server."""
    if JSON_TYPE.fullmatch(request.headers.get("content-type", "application/json")) is None:
        raise APIError(415, "the Content-Type header must be application/json")


def _require_token(request: Request, token: Secret | None) -> None:
    """Raise for a request without the token."""
    authorization = request.headers.get("authorization", "")
    if token is not None and not hmac.compare_digest(authorization.encode(), f"Bearer {token.reveal()}".encode()):
        raise APIError(401, "the token is missing or wrong")
