"""
Errors of sending a query and of its answer.

::

    TqlError
     +- ConfigError(ValueError)           a url, token or option is invalid; nothing was sent
     +- TransportError                    no response was received
     |   +- ConnectError (UnknownHost), TlsError, ProxyError
     |   +- QueryTimeout(TimeoutError)    ConnectTimeout, ReadTimeout, DeadlineExceeded, EngineBlocked
     |   +- ConnectionLost                reset or truncated
     |   +- RedirectRefused, ResponseTooLarge
     +- APIError                          the server or the engine returned an error
     |   +- BadQuery 400 and 422, AuthenticationError 401, PermissionDenied 403, NotFound 404, Conflict 409, Locked 423,
     |      RateLimited 429, ServerError 5xx (BadGateway 502, Unavailable 503, GatewayTimeout 504, EngineCrash, Replaced)
     +- ProtocolError                     the response does not follow the protocol
     +- RowTypeError(TypeError)           a row does not fit the class that it was asked for as
     +- ConversionError(TypeError)        a column of a result has no type in Arrow or polars
     +- MissingExtra(ImportError)         a library of an extra is not installed
     +- ClosedError                       the client was closed before the call
     +- Cancelled                         close() or asyncio cancelled the call

All of them can be pickled, and none contains a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.errors import MissingExtra as MissingExtra  # noqa: PLC0414 - the alias exports it for type checkers
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tql_grammar.diagnostic import Diagnostic


def _added(error: TqlError) -> dict[str, object]:
    """Return the attributes that a batch adds to an error, for its pickle."""
    return {name: value for name, value in error.__dict__.items() if name in {"__notes__", "index"}}


class ConfigError(TqlError, ValueError):
    """A url, a token or an option is invalid; nothing was sent. The message never contains a token."""


class ClosedError(TqlError):
    """The client was closed before the call."""


class Cancelled(TqlError):
    """`Client.close` or asyncio cancelled the call."""


class ConversionError(TqlError, TypeError):
    """The values of a column have no common type in the library that a result is converted to."""


class TransportError(TqlError):
    """
    No response was received.

    Attributes:
        attempts: the number of attempts.
        elapsed: seconds since the start of the call.
        retryable: whether the same call may succeed later.
    """

    retryable = True

    def __init__(self, message: str, attempts: int = 1, elapsed: float = 0.0) -> None:
        """Create the error from its message and the attempts."""
        super().__init__(message)
        self.attempts = attempts
        self.elapsed = elapsed

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the arguments of the constructor."""
        return type(self), (self.args[0], self.attempts, self.elapsed), _added(self)


class ConnectError(TransportError):
    """The connection failed: no server listens at the address, or the host name does not resolve."""


class UnknownHost(ConnectError):
    """The host name does not resolve."""


class TlsError(TransportError):
    """The TLS handshake failed, or the server's certificate is not trusted."""

    retryable = False


class ProxyError(TransportError):
    """The proxy rejected the connection."""


class QueryTimeout(TransportError, TimeoutError):
    """The call timed out."""


class ConnectTimeout(QueryTimeout):
    """The connection timed out."""


class ReadTimeout(QueryTimeout):
    """The server sent no data before the timeout."""


class DeadlineExceeded(QueryTimeout):
    """The call exceeded its total timeout."""


class EngineBlocked(QueryTimeout):
    """The engine in this process cannot run the query: a query that timed out blocks it, and cannot be interrupted."""

    retryable = False


class ConnectionLost(TransportError):
    """The connection ended before the response was complete."""


class RedirectRefused(TransportError):
    """The server redirected the request; redirects are not followed."""

    retryable = False


class ResponseTooLarge(TransportError):
    """The response is larger than the limit of the client."""

    retryable = False


class ProtocolError(TqlError):
    """
    The response does not follow the protocol.

    Attributes:
        kind: "not_http", "not_json", "not_object", "missing_key", "wrong_type", "ragged", "html_page" or "empty".
        retryable: whether the response may be truncated, and the same call may succeed.
    """

    def __init__(self, message: str, kind: str, retryable: bool = False) -> None:  # noqa: FBT001, FBT002 - an attribute, passed by position when it is pickled
        """Create the error from its message and its kind."""
        super().__init__(message)
        self.kind = kind
        self.retryable = retryable

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the arguments of the constructor."""
        return type(self), (self.args[0], self.kind, self.retryable), _added(self)


class RowTypeError(TqlError, TypeError):
    """
    A row does not fit the class that `Result.as_` was called with.

    Attributes:
        type_name: the name of the class.
        row: the number of the row, from 0; None for a column that the result lacks.
        column: the name of the column.
        wanted: the type of the field.
        got: the value, with its type.
    """

    def __init__(self, type_name: str, row: int | None, column: str, wanted: str, got: str) -> None:
        """Create the error and its message from the attributes."""
        place = f"column {column!r}" if row is None else f"row {row}, column {column!r}"
        hint = "change the type of the field, or select another column"
        super().__init__(f"{type_name}: {place}: wanted {wanted}, got {got}\nhint: {hint}")
        self.type_name, self.row, self.column, self.wanted, self.got = type_name, row, column, wanted, got

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the attributes."""
        return RowTypeError, (self.type_name, self.row, self.column, self.wanted, self.got), _added(self)


class APIError(TqlError):
    """
    The server or the engine returned an error.

    Attributes:
        status: the HTTP status; for the embedded engine, the status that a server returns for the same error.
        description: the message of the server or the engine.
        code: the error code of the server, or None.
        request_id: the id of the request in the server's logs, or None.
        hint: how to fix the error, or None.
        position: the N of the engine's ``Pos N``, or None.
        retry_after: seconds to wait, from the Retry-After header, or None.
        body_excerpt: the first 500 characters of the response.
        diagnostic: the error as a finding about the query text, with place, rule and hint; None for a message that is not recognized.
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
        """Create the error and its message from the attributes."""
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
        added = _added(self)
        given = {name: value for name, value in self.__dict__.items() if name not in added}
        return _rebuilt, (type(self), given), added


def _rebuilt(kind: type[APIError], attributes: Mapping[str, object]) -> APIError:
    """Return an error created from its attributes; pickle calls it."""
    return kind(**attributes)  # type: ignore[arg-type]  # the attributes are the constructor's arguments


class BadQuery(APIError):
    """The engine rejected the query."""


class AuthenticationError(APIError):
    """The token is missing, wrong or expired."""


class PermissionDenied(APIError):
    """The token is valid, but has no permission for the query."""


class NotFound(APIError):
    """The dataset, or the path of the URL, does not exist."""


class Conflict(APIError):
    """The query conflicts with the state of the dataset."""


class Locked(APIError):
    """The dataset is locked."""


class RateLimited(APIError):
    """The client sent too many queries; `retry_after` is the number of seconds to wait, or None."""


class ServerError(APIError):
    """The server failed."""


class EngineCrash(ServerError):
    """The engine's child process ended while it ran the query; the next query starts another one."""


class Replaced(ServerError):
    """Files of an open dataset are missing: the dataset was deleted or replaced."""


class BadGateway(ServerError):
    """A gateway received no valid response from the server."""


class Unavailable(ServerError):
    """The server is down or overloaded."""


class GatewayTimeout(ServerError):
    """A gateway received no response from the server in time."""


MissingExtra.__module__ = __name__  # tracebacks show the name to import

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
    """Return the error class of an HTTP status."""
    return BY_STATUS.get(status) or (ServerError if status in SERVER_ERRORS else APIError)
