"""
Translation of exceptions of requests into errors of the client.

Exceptions of requests hold the request, and so the token; none of them is kept as a cause.
"""

from __future__ import annotations

import re
from functools import partial
from http import client as http
from typing import TYPE_CHECKING

from requests import exceptions
from urllib3.exceptions import (
    ConnectTimeoutError,
    InvalidChunkLength,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from tql_client import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_grammar.errors import TqlError

# The response of a proxy in an exception of http.client.
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3}[^'\"\\\r\n)]{0,60})")
NOT_JSON, WRONG_TYPE, NOT_HTTP = (
    partial(errors.ProtocolError, kind=kind) for kind in ("not_json", "wrong_type", "not_http")
)
# The error of each exception and its message, with the url and the innermost reason; the first matching entry is used.
_TABLE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[str], TqlError], str], ...] = (
    (
        exceptions.ProxyError,
        errors.ProxyError,
        "the proxy for {url} rejected the connection ({reason}): check HTTPS_PROXY and NO_PROXY in the environment; after 407 the proxy needs a user and a password, as in http://user:password@host:port, and after 403 it does not allow this host",
    ),
    (
        exceptions.SSLError,
        errors.TlsError,
        "the TLS connection to {url} failed ({reason}): check the address, which begins with http:// if the server has no TLS, or pass the CA bundle that signed its certificate as connect(.., verify=path) or in REQUESTS_CA_BUNDLE",
    ),
    (
        NameResolutionError,
        errors.UnknownHost,
        "the host name of {url} does not resolve ({reason}): is the address right?",
    ),
    (
        NewConnectionError,
        errors.ConnectError,
        "no server listens at {url} ({reason}): is the server running, and is the address right?",
    ),
    (
        (exceptions.ConnectTimeout, ConnectTimeoutError),
        errors.ConnectTimeout,
        "the connection to {url} timed out: is the address right, and does a firewall block it?",
    ),
    (
        exceptions.ReadTimeout,
        errors.ReadTimeout,
        "{url} sent no data before the timeout: increase it with connect(.., timeout=seconds)",
    ),
    (
        ReadTimeoutError,
        errors.ReadTimeout,
        "{url} stopped sending in the middle of its response: increase the timeout with connect(.., timeout=seconds)",
    ),
    (
        exceptions.ContentDecodingError,
        NOT_JSON,
        "the response from {url} does not match its Content-Encoding",
    ),
    (
        exceptions.InvalidHeader,
        WRONG_TYPE,
        "the response from {url} has contradictory headers",
    ),
    (
        (exceptions.ChunkedEncodingError, InvalidChunkLength, http.RemoteDisconnected, http.IncompleteRead),
        errors.ConnectionLost,
        "the response from {url} ended too early: the server or a proxy closed the connection",
    ),
    (
        http.HTTPException,
        NOT_HTTP,
        "the response from {url} is not valid HTTP ({reason}): is it an HTTP server?",
    ),
    (
        exceptions.ConnectionError,
        errors.ConnectionLost,
        "the connection to {url} was lost before the response ({reason}): is it an HTTP server?",
    ),
)


def translate(error: Exception, url: str) -> TqlError:
    """Return the client's error for an exception of requests, or of the socket below it."""
    causes = list(_causes(error))
    reason = _reason(causes)
    for kind, make, message in _TABLE:
        if any(isinstance(cause, kind) for cause in causes):
            return make(message.format(url=url, reason=reason))
    return errors.TransportError(f"the query could not be sent to {url} ({type(error).__name__})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all exceptions that it holds: as reason, argument, cause or context."""
    seen: set[int] = set()
    stack: list[object] = [error]
    while stack:
        item = stack.pop()
        if isinstance(item, BaseException) and id(item) not in seen:
            seen.add(id(item))
            yield item
            stack.extend([item.__context__, item.__cause__, getattr(item, "reason", None), *item.args])


def _reason(causes: list[BaseException]) -> str:
    """Return the response of a proxy, the innermost message of the operating system, or the name of the innermost exception."""
    tunnels = [match[1] for match in map(_TUNNEL.search, map(str, causes)) if match]
    if tunnels:
        return tunnels[0]
    messages = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    return messages[-1] if messages else type(causes[-1]).__name__
