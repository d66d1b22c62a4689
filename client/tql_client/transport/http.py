"""Transport over HTTP: one request per attempt, with the response read within the deadline of the call."""

from __future__ import annotations

import functools
import logging
import os
import threading
from typing import TYPE_CHECKING

from tql_client import errors
from tql_client.protocol.tracebacks import without_locals
from tql_client.protocol.wire import LARGE, PLAIN, Decoding, decode_answer, decode_error, encode_request
from tql_client.transport.deadline import guarded
from tql_client.transport.trust import environment_bundle, validate_cert, validate_verify
from tql_grammar.errors import TqlError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tql_client.protocol.call import Call
    from tql_client.protocol.credentials import Secret, TokenSource
    from tql_client.protocol.wire import Answer
    from tql_client.transport.deadline import Guard

LARGEST_ANSWER = 256 * 2**20
MIB = 2**20
CHUNK = 2**18
DIGITS = 18
# Bytes of a response that an error may quote; white space and the byte order mark before its JSON.
QUOTED, BEFORE_JSON = 2**10, b" \t\r\n\xef\xbb\xbf"
# A shorter token may be a word of a message, and is no secret.
SHORTEST_MASKED, MASK = 8, "***"
ERROR_STATUS = 400
REDIRECTS = range(300, 400)
LOG = logging.getLogger("tql_client")
ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})


class Exchange(Record):
    """
    A response of the server.

    Attributes:
        status: the HTTP status.
        headers: the headers, by lower-case names.
        body: the body, after decompression.
        framed: whether the response has a Content-Length or is chunked; if not, a truncated body cannot be detected.
    """

    status: int
    headers: dict[str, str]
    body: bytes | bytearray
    framed: bool


class HttpTransport:
    """Sends queries to a URL over one session with a connection pool."""

    def __init__(  # noqa: PLR0913 - each is one independent choice
        self,
        url: str,
        token: TokenSource | None,
        largest: int = LARGEST_ANSWER,
        decoding: Decoding = PLAIN,
        *,
        verify: bool | str | None = None,
        cert: str | tuple[str, str] | None = None,
        cassette: Callable[[Call, Callable[[Call], Exchange]], Exchange] | None = None,
    ) -> None:
        """
        Create a transport; it connects with the first query.

        Args:
            url: the URL of the endpoint.
            token: the source of the token for each attempt.
            largest: the maximum size of a response in bytes, after decompression.
            decoding: the options for decoding JSON.
            cassette: records and replays exchanges, instead of sending each call.
            verify: the path of a CA bundle; None uses REQUESTS_CA_BUNDLE of the environment, or else certifi's bundle.
            cert: the path of the client's certificate with its key, or the paths of both.

        Raises:
            ConfigError: *verify*, *cert* or *largest* is invalid, or a file of theirs does not exist.
        """
        self._decoding = decoding
        self._cassette = cassette
        self._verify = validate_verify(verify)
        self._cert = validate_cert(cert)
        self.url = url
        self.largest = _validate_largest(largest)
        self._token = token
        self._process = 0
        self._has_warned = False
        self._changing = threading.Lock()
        self._session: requests.Session | None = None

    def __repr__(self) -> str:
        """Return the URL, without the token."""
        return f"HttpTransport({self.url!r})"

    def send(self, call: Call) -> Answer:
        """
        Post one query, and return the decoded answer.

        Raises:
            TransportError: no response was received.
            APIError: the server returned an error.
            ProtocolError: the response does not follow the protocol.
        """
        with without_locals():
            return self._send(call)

    def _send(self, call: Call) -> Answer:
        """Post one query, again with another token after 401, and return the decoded answer."""
        exchange = self._exchange(call)
        if exchange.status == 401 and self._token is not None and self._token.renews:  # noqa: PLR2004 - the HTTP status of an expired token
            exchange = self._exchange(call)
        if exchange.status in REDIRECTS:
            message = f"{self.url} redirects to another url ({exchange.status}), and redirects are not followed: pass the other url to connect(..) if you trust it"
            raise errors.RedirectRefused(message)
        if exchange.status >= ERROR_STATUS:
            origin = None if self._token is None else self._token.origin
            raise decode_error(exchange.status, exchange.body, exchange.headers, token=origin)
        try:
            answer = decode_answer(exchange.body, self._decoding)
        except errors.ProtocolError as error:
            if exchange.framed or error.kind not in {"not_json", "empty"}:
                raise
            message = f"{error} (it may be truncated: it has no Content-Length)"
            raise errors.ProtocolError(message, error.kind, retryable=True) from None
        self._warn_once(answer, call)
        return answer

    def _warn_once(self, answer: Answer, call: Call) -> None:
        """Log once if the server ignores `as_list`; the result is the same."""
        is_small = answer.size <= LARGE  # a large response is always decoded by columns
        if is_small and answer.data and answer.by_rows is not call.as_list and not self._has_warned:
            self._has_warned = True
            LOG.warning("the server ignores as_list, and always returns %s", "rows" if answer.by_rows else "columns")

    def close(self) -> None:
        """Close the connections; a forked child leaves those of its parent alone."""
        if self._session is not None and self._process == os.getpid():
            self._session.close()

    def _exchange(self, call: Call) -> Exchange:
        """Return the response of the server, or that of the cassette."""
        return self._send_once(call) if self._cassette is None else self._cassette(call, self._send_once)

    def _send_once(self, call: Call) -> Exchange:
        """Send a query within the deadline, and translate the exceptions of requests."""
        import requests

        from tql_client.transport.faults import translate

        if call.seconds_left <= 0:
            raise errors.DeadlineExceeded(_timeout_message(self.url))
        secret = None if self._token is None else self._token()
        try:
            with guarded(call.deadline) as guard, call.stop.during(guard.fire):
                return _without_token(self._post(call, guard, secret), secret)
        except TqlError:
            raise
        except (
            requests.RequestException,
            OSError,
            ValueError,
            AttributeError,
        ) as error:  # a read from a socket that the watchdog shut down may raise any of these
            if call.seconds_left <= 0:
                raise errors.DeadlineExceeded(_timeout_message(self.url)) from None
            raise translate(error, self.url) from None

    def _post(self, call: Call, guard: Guard, secret: Secret | None) -> Exchange:
        """Post a query, and read the whole response."""
        from tql_client.transport.session import CONNECT_SECONDS

        left = call.seconds_left
        with self._connections().post(
            self.url,
            data=encode_request(call.query, as_list=call.as_list),
            headers={"X-Request-Id": call.request_id, "X-Retry-Count": str(call.attempt - 1)},
            auth=functools.partial(_authorize, secret),
            timeout=(min(CONNECT_SECONDS, left), left),
            allow_redirects=False,
            stream=True,
            verify=environment_bundle() if self._verify is None else self._verify,
            cert=self._cert,
        ) as response:
            body = self._body(response)
            if guard.fired:
                raise errors.DeadlineExceeded(_timeout_message(self.url))
            headers = {name.lower(): value for name, value in response.headers.items()}
            framed = "content-length" in headers or "transfer-encoding" in headers
            return Exchange(response.status_code, headers, body, framed)

    def _connections(self) -> requests.Session:
        """Return the session of this process; a forked child must not use the sockets of its parent."""
        if self._session is not None and self._process == os.getpid():
            return self._session
        with self._changing:
            if self._session is None or self._process != os.getpid():
                from tql_client.transport.session import create_session

                self._session, self._process = create_session(self.url), os.getpid()
            return self._session

    def _body(self, response: requests.Response) -> bytearray:
        """Return the decompressed body, or raise if it is too large or its Content-Encoding was not requested."""
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ENCODINGS:
            message = f"the response from {self.url} has the Content-Encoding {encoding[:40]!r}, which the client did not request"
            raise errors.ProtocolError(message, "not_json")
        announced = response.headers.get("Content-Length", "0").strip()
        if not (announced.isascii() and announced.isdecimal()):
            message = f"the response from {self.url} has an invalid Content-Length: {announced[:DIGITS]!r}"
            raise errors.ProtocolError(message, "not_http")
        if len(announced) > DIGITS or int(announced) > self.largest:
            raise self._too_large()
        body = bytearray()
        for part in response.iter_content(CHUNK):
            body += part  # one buffer: joining a list of parts would need twice the memory
            if len(body) > self.largest:
                raise self._too_large()
        return body

    def _too_large(self) -> errors.ResponseTooLarge:
        """Return the error for a response that is too large."""
        message = f"the response from {self.url} is larger than {self.largest / MIB:g} MiB: select fewer rows or columns, or increase the limit with connect(.., largest_answer=bytes)"
        return errors.ResponseTooLarge(message)


def _authorize(secret: Secret | None, request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add the token to a request; as a callable `auth`, it disables netrc."""
    if secret is not None:
        request.headers["Authorization"] = f"Bearer {secret.reveal()}"
    return request


def _without_token(exchange: Exchange, secret: Secret | None) -> Exchange:
    """Mask the token where a server repeats it in an error, since messages quote it; rows are never changed."""
    is_answer = exchange.status < ERROR_STATUS and exchange.body[:QUOTED].lstrip(BEFORE_JSON)[:1] == b"{"
    token = "" if secret is None or is_answer else secret.reveal()
    if len(token) < SHORTEST_MASKED:
        return exchange
    headers = {name: value.replace(token, MASK) for name, value in exchange.headers.items()}
    return exchange.replace(headers=headers, body=exchange.body.replace(token.encode(), MASK.encode()))


def _timeout_message(url: str) -> str:
    """Return the message of a call that exceeded its deadline."""
    return f"the call to {url} timed out: increase the timeout with connect(.., timeout=seconds)"


def _validate_largest(largest: object) -> int:
    """Return a valid maximum size of a response, or raise."""
    if isinstance(largest, bool) or not isinstance(largest, int) or largest < 1:
        message = f"`largest_answer` must be a number of bytes, 1 or more, got {largest!r}"
        raise errors.ConfigError(message)
    return largest
