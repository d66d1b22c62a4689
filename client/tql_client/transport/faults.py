"""
Translation of the exceptions of requests into errors of the client.

Theirs hold the request, and with it the token, so none of them is kept as a cause.
"""

from __future__ import annotations

from http import client as http
from typing import TYPE_CHECKING

from requests import exceptions as theirs
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

# The first that fits counts; each is made from the url and the innermost reason.
_TABLE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[str, str], TqlError]], ...] = (
    (theirs.ProxyError, lambda url, reason: errors.ProxyError(f"the proxy on the way to {url} refused ({reason})")),
    (
        theirs.SSLError,
        lambda url, reason: errors.TlsError(
            f"the certificate, or the TLS, of {url} is not acceptable ({reason}): is the address right, and its certificate known here (REQUESTS_CA_BUNDLE)?"
        ),
    ),
    (
        NameResolutionError,
        lambda url, reason: errors.UnknownHost(f"the name in {url} is unknown ({reason}): is the address right?"),
    ),
    (
        NewConnectionError,
        lambda url, reason: errors.ConnectError(
            f"nothing answers at {url} ({reason}): is the server running, and is the address right?"
        ),
    ),
    (
        (theirs.ConnectTimeout, ConnectTimeoutError),
        lambda url, _: errors.ConnectTimeout(
            f"no connection to {url} in time: is the address right, and does a firewall let you through?"
        ),
    ),
    (
        theirs.ReadTimeout,
        lambda url, _: errors.ReadTimeout(f"{url} was silent for too long: pass connect(.., timeout=seconds) for more"),
    ),
    (ReadTimeoutError, lambda url, _: errors.ReadTimeout(f"{url} stopped in the middle of its answer")),
    (
        theirs.ContentDecodingError,
        lambda url, _: errors.ProtocolError(f"the answer of {url} is not compressed as it says", "not_json"),
    ),
    (
        theirs.InvalidHeader,
        lambda url, _: errors.ProtocolError(
            f"the answer of {url} has headers that contradict each other", "wrong_type"
        ),
    ),
    (
        (theirs.ChunkedEncodingError, InvalidChunkLength, http.RemoteDisconnected, http.IncompleteRead),
        lambda url, _: errors.ConnectionLost(f"the answer of {url} ended too early"),
    ),
    (
        http.HTTPException,
        lambda url, reason: errors.ProtocolError(
            f"what answers at {url} does not speak HTTP as it should ({reason}): is it an HTTP server?", "not_http"
        ),
    ),
    (
        theirs.ConnectionError,
        lambda url, reason: errors.ConnectionLost(
            f"the connection to {url} was lost before the answer came ({reason}): is it an HTTP server?"
        ),
    ),
)


def translated(error: Exception, url: str) -> TqlError:
    """Return our error for one of requests, or of the socket below it."""
    causes = list(_causes(error))
    reason = _reason(causes)
    for kind, make in _TABLE:
        if any(isinstance(cause, kind) for cause in causes):
            return make(url, reason)
    return errors.TransportError(f"the query could not be sent to {url} ({type(error).__name__})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that it was made from: by reason, argument, cause and context."""
    seen: set[int] = set()
    stack: list[object] = [error]
    while stack:
        item = stack.pop()
        if isinstance(item, BaseException) and id(item) not in seen:
            seen.add(id(item))
            yield item
            stack.extend([item.__context__, item.__cause__, getattr(item, "reason", None), *item.args])


def _reason(causes: list[BaseException]) -> str:
    """Return the words of the system for what went wrong: the innermost ones."""
    words = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    return words[-1] if words else type(causes[-1]).__name__
