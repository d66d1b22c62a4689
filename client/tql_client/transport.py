"""
Know how one query goes over HTTP and comes back; the only module that imports requests.

The seam is one method, `Transport.send`: one call in, one answer out.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from tql_client import errors
from tql_client.wire import decode_answer, decode_error, encode_request
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tql_client.credentials import Secret
    from tql_client.wire import Answer

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
CONNECT_SECONDS = 5.0
LARGEST_ANSWER = 256 * 2**20
CHUNK = 2**16
ERROR_STATUS = 400
REDIRECTS = range(300, 400)


class Call(Record):
    """
    One query on its way.

    Attributes:
        query: the text.
        as_list: whether the answer should have one object per row.
        deadline: when the whole call must be over, in seconds of `time.monotonic`.
        request_id: the same for every attempt.
    """

    query: str
    as_list: bool
    deadline: float
    request_id: str

    @property
    def seconds_left(self) -> float:
        """The seconds until the deadline."""
        return self.deadline - time.monotonic()


class Transport(Protocol):
    """What carries a query: HTTP, the engine in this process, or a test's replay."""

    def send(self, call: Call) -> Answer:
        """Send one query once, and return its answer."""
        ...

    def close(self) -> None:
        """Let go of connections and handles."""
        ...


def require_url(url: str, *, allow_insecure: bool = False) -> str:
    """Return a url that a token may be sent to, or refuse it."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = "`url` takes https://host/path"
        raise errors.ConfigError(message)
    if parts.username is not None or parts.password is not None:
        message = "`url` takes no user name and password: pass the token as token=.."
        raise errors.ConfigError(message)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not allow_insecure:
        message = f"`url` takes https beyond this machine: over http anyone on the way to {parts.hostname} reads the token and the data; allow_insecure=True insists"
        raise errors.ConfigError(message)
    return url


class HttpTransport:
    """Sends queries to a url over one pooled session."""

    def __init__(self, url: str, token: Secret | None, largest: int = LARGEST_ANSWER) -> None:
        """Prepare the session; nothing is sent yet."""
        self.url = url
        self.largest = largest
        self._token = token
        self._session = _session()
        self._proxies = _proxies(url)

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
        status, headers, body = self._exchange(call)
        if status in REDIRECTS:
            message = f"the server at {self.url} sends the query elsewhere ({status}): nothing was sent on; use the other url if you trust it"
            raise errors.RedirectRefused(message)
        if status >= ERROR_STATUS:
            raise decode_error(status, body, headers)
        return decode_answer(body)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _exchange(self, call: Call) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the server's answer."""
        import requests

        left = call.seconds_left
        if left <= 0:
            raise errors.DeadlineExceeded(_late(self.url))
        try:
            with self._session.post(
                self.url,
                data=encode_request(call.query, as_list=call.as_list),
                headers={"Content-Type": "application/json", "X-Request-Id": call.request_id},
                auth=self._authorize,
                timeout=(min(CONNECT_SECONDS, left), left),
                allow_redirects=False,
                stream=True,
                proxies=self._proxies,
                verify=_verify(),
            ) as response:
                return response.status_code, {name.lower(): value for name, value in response.headers.items()}, self._body(response, call)
        except requests.RequestException as error:
            raise _translated(error, self.url, call) from None

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token into a request; a callable, so that netrc has no say."""
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request

    def _body(self, response: requests.Response, call: Call) -> bytes:
        """Return the decoded body, while it is neither too large nor too late."""
        announced = response.headers.get("Content-Length", "")
        size, parts = 0, []
        if announced.isdigit() and int(announced) > self.largest:
            raise errors.ResponseTooLarge(self._too_large())
        for part in response.iter_content(CHUNK):
            size += len(part)
            if size > self.largest:
                raise errors.ResponseTooLarge(self._too_large())
            if call.seconds_left <= 0:
                raise errors.DeadlineExceeded(_late(self.url))
            parts.append(part)
        return b"".join(parts)

    def _too_large(self) -> str:
        """Return the message about an answer that is too large."""
        return f"the answer is larger than {self.largest // 2**20} MiB: select fewer rows or columns, or page through them"


def _session() -> requests.Session:
    """Return a session that asks the environment for nothing and keeps no cookies."""
    from http.cookiejar import DefaultCookiePolicy

    import requests

    from tql_client import __version__

    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = f"deeplake-tql/{__version__}"
    return session


def _proxies(url: str) -> dict[str, str]:
    """Return the environment's proxies for a url; none for this machine."""
    from requests.utils import get_environ_proxies

    return {} if urlsplit(url).hostname in LOOPBACK else get_environ_proxies(url)


def _verify() -> bool | str:
    """Return what certificates are checked against."""
    import os

    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _late(url: str) -> str:
    """Return the message of a deadline."""
    return f"no answer from {url} in the time given: pass connect(.., timeout=seconds) for more"


def _translated(error: requests.RequestException, url: str, call: Call) -> errors.TqlError:
    """Return our error for one of requests; its own holds the request, and with it the token."""
    import requests

    if call.seconds_left <= 0:
        return errors.DeadlineExceeded(_late(url))
    table: tuple[tuple[type[Exception], Callable[[], errors.TqlError]], ...] = (
        (requests.exceptions.ProxyError, lambda: errors.ProxyError(f"the proxy on the way to {url} refused")),
        (requests.exceptions.SSLError, lambda: errors.TlsError(f"the certificate of {url} is not acceptable: {_reason(error)}")),
        (requests.exceptions.ConnectTimeout, lambda: errors.ConnectTimeout(f"no connection to {url} within {CONNECT_SECONDS:g} seconds")),
        (requests.exceptions.ReadTimeout, lambda: errors.ReadTimeout(f"{url} was silent for too long")),
        (requests.exceptions.ContentDecodingError, lambda: errors.ProtocolError(f"the answer of {url} is not compressed as it says", "not_json")),
        (requests.exceptions.ChunkedEncodingError, lambda: errors.ConnectionLost(f"the answer of {url} ended too early")),
        (requests.exceptions.ConnectionError, lambda: _unconnected(error, url)),
    )
    found = next((make for kind, make in table if isinstance(error, kind)), None)
    return found() if found else errors.TransportError(f"the query could not be sent to {url}: {type(error).__name__}")


def _unconnected(error: Exception, url: str) -> errors.TransportError:
    """Return the error for a connection that was not made, or that was lost."""
    from urllib3.exceptions import NewConnectionError, ReadTimeoutError

    causes = list(_causes(error))
    if any(isinstance(cause, NewConnectionError) for cause in causes):
        return errors.ConnectError(f"nothing answers at {url}: is the server running, and is the address right? ({_reason(error)})")
    if any(isinstance(cause, ReadTimeoutError) for cause in causes):
        return errors.ReadTimeout(f"{url} stopped in the middle of its answer")
    return errors.ConnectionLost(f"the connection to {url} was lost before the answer came")


def _causes(error: BaseException) -> Any:  # noqa: ANN401 - an iterator of exceptions
    """Yield an exception, and what it was made from, by reason, arguments and context."""
    seen: list[BaseException] = []
    stack: list[object] = [error]
    while stack:
        item = stack.pop()
        if isinstance(item, BaseException) and item not in seen:
            seen.append(item)
            yield item
            stack.extend([*item.args, getattr(item, "reason", None), item.__cause__, item.__context__])


def _reason(error: BaseException) -> str:
    """Return the innermost message, which names no address twice."""
    *_, last = (str(cause) for cause in _causes(error) if isinstance(cause, OSError) and cause.args) or ("",)
    return last.rpartition(": ")[2] or type(error).__name__
