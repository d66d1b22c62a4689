"""Know how one query goes over HTTP and comes back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tql_client import errors
from tql_client.deadline import guarded
from tql_client.wire import decode_answer, decode_error, encode_request
from tql_grammar.errors import TqlError
from tql_grammar.record import Record

if TYPE_CHECKING:
    import requests

    from tql_client.call import Call
    from tql_client.credentials import TokenSource
    from tql_client.deadline import Guard
    from tql_client.wire import Answer

CONNECT_SECONDS = 5.0
LARGEST_ANSWER = 256 * 2**20
MIB = 2**20
CHUNK = 2**18
DIGITS = 18
ERROR_STATUS = 400
REDIRECTS = range(300, 400)
ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})


class Exchange(Record):
    """
    What the server answered.

    Attributes:
        status: of HTTP.
        headers: by lower-case names.
        body: decoded.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class HttpTransport:
    """Sends queries to a url over one pooled session."""

    def __init__(self, url: str, token: TokenSource | None, largest: int = LARGEST_ANSWER) -> None:
        """
        Prepare; nothing is sent yet.

        Args:
            url: of the endpoint.
            token: gives the token of each attempt.
            largest: bytes of an answer, decoded; more is refused.
        """
        self.url = url
        self.largest = largest
        self._token = token
        self._process = 0
        self._session: requests.Session | None = None

    def __repr__(self) -> str:
        """Return the url, without the token."""
        return f"HttpTransport({self.url!r})"

    def send(self, call: Call) -> Answer:
        """
        Post one query, and return the decoded answer.

        Raises:
            TransportError: no answer came.
            APIError: the server answered with an error.
            ProtocolError: the answer is not of the protocol's shape.
        """
        found = self._exchange(call)
        if found.status == 401 and self._token is not None and self._token.renews:  # noqa: PLR2004 - HTTP's number for a token that is not accepted
            found = self._exchange(call)
        if found.status in REDIRECTS:
            message = f"the server at {self.url} sends the query elsewhere ({found.status}): nothing was sent on; use the other url if you trust it"
            raise errors.RedirectRefused(message)
        if found.status >= ERROR_STATUS:
            raise decode_error(found.status, found.body, found.headers)
        return decode_answer(found.body)

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._session.close()

    def _exchange(self, call: Call) -> Exchange:
        """Return what the server answers."""
        import requests

        from tql_client.transport.faults import translated

        if call.seconds_left <= 0:
            raise errors.DeadlineExceeded(_late(self.url))
        try:
            with guarded(call.deadline) as guard:
                return self._posted(call, guard)
        except TqlError:
            raise
        except (
            requests.RequestException,
            OSError,
            ValueError,
            AttributeError,
        ) as error:  # reading from a socket that was shut may raise any of them
            if call.seconds_left <= 0:
                raise errors.DeadlineExceeded(_late(self.url)) from None
            raise translated(error, self.url) from None

    def _posted(self, call: Call, guard: Guard) -> Exchange:
        """Post a query, and read the whole answer."""
        left = call.seconds_left
        with self._connections().post(
            self.url,
            data=encode_request(call.query, as_list=call.as_list),
            headers={"X-Request-Id": call.request_id},
            auth=self._authorize,
            timeout=(min(CONNECT_SECONDS, left), left),
            allow_redirects=False,
            stream=True,
            verify=_verify(),
        ) as response:
            body = self._body(response)
            if guard.fired:
                raise errors.DeadlineExceeded(_late(self.url))
            return Exchange(
                response.status_code, {name.lower(): value for name, value in response.headers.items()}, body
            )

    def _connections(self) -> requests.Session:
        """Return the session of this process: a forked child must not use its parent's sockets."""
        if self._session is None or self._process != os.getpid():
            from tql_client.transport.session import session

            self._session, self._process = session(self.url), os.getpid()
        return self._session

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token into a request; a callable, so that netrc has no say."""
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token().reveal()}"
        return request

    def _body(self, response: requests.Response) -> bytes:
        """Return the decoded body, unless it is too large or encoded in a way that was not asked for."""
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ENCODINGS:
            message = f"the answer of {self.url} is encoded as {encoding[:40]!r}, which was not asked for"
            raise errors.ProtocolError(message, "not_json")
        announced = response.headers.get("Content-Length", "")[:DIGITS]
        if announced.isdecimal() and int(announced) > self.largest:
            raise self._too_large()
        size, parts = 0, []
        for part in response.iter_content(CHUNK):
            size += len(part)
            if size > self.largest:
                raise self._too_large()
            parts.append(part)
        return b"".join(parts)

    def _too_large(self) -> errors.ResponseTooLarge:
        """Return the error about an answer that is too large."""
        message = f"the answer of {self.url} is larger than {self.largest / MIB:g} MiB: select fewer rows or columns"
        return errors.ResponseTooLarge(message)


def _late(url: str) -> str:
    """Return the message of a deadline."""
    return f"no answer from {url} in the time given: pass connect(.., timeout=seconds) for more"


def _verify() -> bool | str:
    """Return what certificates are checked against."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
