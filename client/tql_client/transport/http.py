"""One query over HTTP: its request, and the answer within the deadline."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from tql_client import errors
from tql_client.protocol.wire import LARGE, PLAIN, Decoding, decode_answer, decode_error, encode_request
from tql_client.transport.deadline import guarded
from tql_grammar.errors import TqlError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tql_client.protocol.call import Call
    from tql_client.protocol.credentials import TokenSource
    from tql_client.protocol.wire import Answer
    from tql_client.transport.deadline import Guard

LARGEST_ANSWER = 256 * 2**20
MIB = 2**20
CHUNK = 2**18
DIGITS = 18
ERROR_STATUS = 400
REDIRECTS = range(300, 400)
LOG = logging.getLogger("tql_client")
ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})


class Exchange(Record):
    """
    What the server answered.

    Attributes:
        status: of HTTP.
        headers: by lower-case names.
        body: decoded.
        framed: whether the answer says where it ends; one that does not may have been cut off.
    """

    status: int
    headers: dict[str, str]
    body: bytes | bytearray
    framed: bool


class HttpTransport:
    """Sends queries to a url over one pooled session."""

    def __init__(  # noqa: PLR0913 - each is one independent choice
        self,
        url: str,
        token: TokenSource | None,
        largest: int = LARGEST_ANSWER,
        decoding: Decoding = PLAIN,
        *,
        verify: bool | str | None = None,
        kept: Callable[[Call, Callable[[Call], Exchange]], Exchange] | None = None,
    ) -> None:
        """
        Prepare; nothing is sent yet.

        Args:
            url: of the endpoint.
            token: gives the token of each attempt.
            largest: bytes of an answer, decoded; more is refused.
            decoding: how JSON is read.
            kept: stands between the calls and the network, for tests that keep exchanges.
            verify: the file of the certificates that are trusted; None asks the environment's REQUESTS_CA_BUNDLE, else those of certifi.

        Raises:
            ConfigError: *verify* is neither a name of a file nor True, False or None.
        """
        self._decoding = decoding
        self._kept = kept
        self._verify = _required(verify)
        self.url = url
        self.largest = largest
        self._token = token
        self._process = 0
        self._said = False
        self._changing = threading.Lock()
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
        try:
            answer = decode_answer(found.body, self._decoding)
        except errors.ProtocolError as error:
            if found.framed or error.kind not in {"not_json", "empty"}:
                raise
            message = f"{error} (the server does not say where its answer ends: it may have been cut off)"
            raise errors.ProtocolError(message, error.kind, retryable=True) from None
        self._say_once(answer, call)
        return answer

    def _say_once(self, answer: Answer, call: Call) -> None:
        """Log that a server answers in the other form than the one that was asked for; the result is the same."""
        whole = answer.size <= LARGE  # a large one is read by columns, however it came
        if whole and answer.data and answer.by_rows is not call.as_list and not self._said:
            self._said = True
            LOG.warning("the server answers with %s, whatever is asked for", "rows" if answer.by_rows else "columns")

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._session.close()

    def _exchange(self, call: Call) -> Exchange:
        """Return what the server answers, or what was kept."""
        return self._sent(call) if self._kept is None else self._kept(call, self._sent)

    def _sent(self, call: Call) -> Exchange:
        """Return what the server answers."""
        import requests

        from tql_client.transport.faults import translated

        if call.seconds_left <= 0:
            raise errors.DeadlineExceeded(_late(self.url))
        try:
            with guarded(call.deadline) as guard, call.stop.during(guard.fire):
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
        from tql_client.transport.session import CONNECT_SECONDS

        left = call.seconds_left
        with self._connections().post(
            self.url,
            data=encode_request(call.query, as_list=call.as_list),
            headers={"X-Request-Id": call.request_id, "X-Retry-Count": str(call.attempt - 1)},
            auth=self._authorize,
            timeout=(min(CONNECT_SECONDS, left), left),
            allow_redirects=False,
            stream=True,
            verify=_verify() if self._verify is None else self._verify,
        ) as response:
            body = self._body(response)
            if guard.fired:
                raise errors.DeadlineExceeded(_late(self.url))
            headers = {name.lower(): value for name, value in response.headers.items()}
            framed = "content-length" in headers or "transfer-encoding" in headers
            return Exchange(response.status_code, headers, body, framed)

    def _connections(self) -> requests.Session:
        """Return the session of this process: a forked child must not use its parent's sockets."""
        if self._session is not None and self._process == os.getpid():
            return self._session
        with self._changing:
            if self._session is None or self._process != os.getpid():
                from tql_client.transport.session import session

                self._session, self._process = session(self.url), os.getpid()
            return self._session

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token into a request; a callable, so that netrc has no say."""
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token().reveal()}"
        return request

    def _body(self, response: requests.Response) -> bytearray:
        """Return the decoded body, unless it is too large or encoded in a way that was not asked for."""
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ENCODINGS:
            message = f"the answer of {self.url} is encoded as {encoding[:40]!r}, which was not asked for"
            raise errors.ProtocolError(message, "not_json")
        announced = response.headers.get("Content-Length", "0").strip()
        if not (announced.isascii() and announced.isdecimal()):
            message = f"the answer of {self.url} has no length: {announced[:DIGITS]!r}"
            raise errors.ProtocolError(message, "not_http")
        if len(announced) > DIGITS or int(announced) > self.largest:
            raise self._too_large()
        body = bytearray()
        for part in response.iter_content(CHUNK):
            body += part  # one buffer: parts that are joined at the end would be there twice
            if len(body) > self.largest:
                raise self._too_large()
        return body

    def _too_large(self) -> errors.ResponseTooLarge:
        """Return the error about an answer that is too large."""
        message = f"the answer of {self.url} is larger than {self.largest / MIB:g} MiB: select fewer rows or columns"
        return errors.ResponseTooLarge(message)


def _late(url: str) -> str:
    """Return the message of a deadline."""
    return f"no answer from {url} in the time given: pass connect(.., timeout=seconds) for more"


def _required(verify: object) -> bool | str | None:
    """Return what certificates are checked against, if it says so: to requests an empty text means that anybody is trusted."""
    if verify is None or isinstance(verify, bool) or (isinstance(verify, str) and verify.strip()):
        return verify
    message = f"`verify` takes the file of the certificates to trust, True, False or None, got {verify!r}: None trusts those of certifi, False trusts anybody"
    raise errors.ConfigError(message)


def _verify() -> bool | str:
    """Return what certificates are checked against."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
