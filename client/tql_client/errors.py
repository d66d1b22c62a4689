"""
Errors of sending a query and of its answer.

::

    TqlError
     +- ConfigError(ValueError)           a url, token or option that cannot be used; nothing was sent
     +- TransportError                    no answer came
     |   +- ConnectError (UnknownHost), TlsError, ProxyError
     |   +- QueryTimeout(TimeoutError)    ConnectTimeout, ReadTimeout, DeadlineExceeded
     |   +- ConnectionLost                reset, or cut short
     |   +- RedirectRefused, ResponseTooLarge
     +- APIError                          the server answered with an error
     |   +- BadQuery 400 and 422, AuthenticationError 401, PermissionDenied 403, NotFound 404, Conflict 409, Locked 423,
     |      RateLimited 429, ServerError 5xx (BadGateway 502, Unavailable 503, GatewayTimeout 504, EngineCrash of `isolated`, Replaced files)
     +- ProtocolError                     the answer is not what the protocol says
     +- MissingExtra(ImportError)         a library is needed that an extra installs
     +- ClosedError                       the client was closed before the call
     +- Cancelled                         the call was ended from outside: by close(), or by asyncio

All of them pickle, and none holds a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tql_grammar.diagnostic import Diagnostic


class ConfigError(TqlError, ValueError):
    """A url, a token or an option cannot be used; nothing was sent, and the value is not repeated."""


class ClosedError(TqlError):
    """The client was closed before the call."""


class Cancelled(TqlError):
    """The call was ended from outside while it waited."""


class MissingExtra(TqlError, ImportError):
    """A library is missing that one of the package's extras installs."""


class TransportError(TqlError):
    """
    No answer came.

    Attributes:
        attempts: how many times the query was sent.
        elapsed: seconds since the call.
        retryable: whether the same call may work later.
    """

    retryable = True

    def __init__(self, message: str, attempts: int = 1, elapsed: float = 0.0) -> None:
        """Hold what is known of the attempts."""
        super().__init__(message)
        self.attempts = attempts
        self.elapsed = elapsed

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the arguments of the constructor."""
        return type(self), (self.args[0], self.attempts, self.elapsed)


class ConnectError(TransportError):
    """No connection could be made: nothing listens there, or the name is unknown."""


class UnknownHost(ConnectError):
    """The name of the host stands for no address."""


class TlsError(TransportError):
    """The server's certificate, or its TLS, is not acceptable."""

    retryable = False


class ProxyError(TransportError):
    """The proxy refused."""


class QueryTimeout(TransportError, TimeoutError):
    """The answer did not come in time."""


class ConnectTimeout(QueryTimeout):
    """No connection was made in time."""


class ReadTimeout(QueryTimeout):
    """The server was silent for too long."""


class DeadlineExceeded(QueryTimeout):
    """The time for the whole call is over."""


class ConnectionLost(TransportError):
    """The connection ended before the whole answer was there."""


class RedirectRefused(TransportError):
    """The server sent the client elsewhere; nothing was sent on."""

    retryable = False


class ResponseTooLarge(TransportError):
    """The answer is larger than the client takes."""

    retryable = False


class ProtocolError(TqlError):
    """
    The answer is not what the protocol says.

    Attributes:
        kind: "not_http", "not_json", "not_object", "missing_key", "wrong_type", "ragged", "html_page" or "empty".
        retryable: whether the answer may have been cut off on the way, so that the same call may work.
    """

    def __init__(self, message: str, kind: str, retryable: bool = False) -> None:  # noqa: FBT001, FBT002 - an attribute, given by position when it is pickled
        """Hold the kind."""
        super().__init__(message)
        self.kind = kind
        self.retryable = retryable

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the arguments of the constructor."""
        return type(self), (self.args[0], self.kind, self.retryable)


class APIError(TqlError):
    """
    The server answered with an error.

    Attributes:
        status: the HTTP status; for the embedded engine the one that a server would have given.
        description: what the server or the engine says.
        code: the server's own code, or None.
        request_id: for the server's operators, or None.
        hint: what to do about it, or None.
        position: the N of the engine's ``Pos N``, or None.
        retry_after: seconds to wait, as the server asks, or None.
        body_excerpt: the beginning of the answer, at most 500 characters.
        diagnostic: what the answer says about the text that was sent: the place, the rule and the hint; None where the answer is not known.
    """

    def __init__(  # noqa: PLR0913 - data in attributes, one each
        self,
        status: int,
        description: str,
        *,
        code: str | None = None,
        request_id: str | None = None,
        hint: str | None = None,
        position: int | None = None,
        retry_after: float | None = None,
        body_excerpt: str = "",
        diagnostic: Diagnostic | None = None,
    ) -> None:
        """Compose the sentence from the data."""
        tail = f"\nhint: {hint}" if hint else ""
        super().__init__(f"{status}: {description}{tail}")
        self.status = status
        self.description = description
        self.code = code
        self.request_id = request_id
        self.hint = hint
        self.position = position
        self.retry_after = retry_after
        self.body_excerpt = body_excerpt
        self.diagnostic = diagnostic

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the attributes."""
        return _rebuilt, (type(self), dict(self.__dict__))


def _rebuilt(kind: type[APIError], attributes: Mapping[str, object]) -> APIError:
    """Return an error from its attributes."""
    return kind(**attributes)  # type: ignore[arg-type]  # the attributes are the constructor's arguments


class BadQuery(APIError):
    """The engine refuses the query."""


class AuthenticationError(APIError):
    """The token is missing, wrong or expired."""


class PermissionDenied(APIError):
    """The token is good, and may not do this."""


class NotFound(APIError):
    """The dataset, or the path of the url, does not exist."""


class Conflict(APIError):
    """The dataset is in another state than the query takes it to be."""


class Locked(APIError):
    """The dataset is locked."""


class RateLimited(APIError):
    """Too many queries; `retry_after` says when to come back, where the server says so."""


class ServerError(APIError):
    """The server failed."""


class EngineCrash(ServerError):
    """The engine's own process ended while it ran the query; the next query starts another one."""


class Replaced(ServerError):
    """Files that the engine in process knows of are not there any more: the dataset was deleted, or another one took its place."""


class BadGateway(ServerError):
    """A server on the way got no answer."""


class Unavailable(ServerError):
    """The server is down or overloaded."""


class GatewayTimeout(ServerError):
    """A server on the way got no answer in time."""


BY_STATUS: dict[int, type[APIError]] = {
    400: BadQuery,
    401: AuthenticationError,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    422: BadQuery,
    423: Locked,
    429: RateLimited,
    502: BadGateway,
    503: Unavailable,
    504: GatewayTimeout,
}
SERVER_ERRORS = range(500, 600)


def by_status(status: int) -> type[APIError]:
    """Return the class for an HTTP status."""
    return BY_STATUS.get(status) or (ServerError if status in SERVER_ERRORS else APIError)
