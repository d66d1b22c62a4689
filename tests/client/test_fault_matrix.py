"""Fault matrix over HTTP: for each fault of a real server on a raw socket, or of the machine, the outcome, the number of attempts, and the time."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from tests.client.fault_server import (
    ANSWER,
    QUERY,
    ROWS,
    FaultServer,
    answer,
    chunked,
    drip,
    head,
    head_of,
    raw,
    reset,
    stall,
)
from tests.client.matrix import SECONDS, SLACK, client_of, outcome, tried
from tql_client import connect
from tql_client.protocol.credentials import CalledToken, FixedToken, Secret
from tql_client.transport import session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.client.fault_server import Behaviour
    from tests.client.matrix import Outcome
    from tql_client import Result

    See = Callable[[Outcome], Outcome]

BODY = json.dumps(ANSWER).encode()
SHORT = 0.4


def served(see: See, *behaviours: Behaviour, **options: Any) -> tuple[Outcome, list[bytes]]:
    """Return the outcome of a query to a server with some behaviours, and the requests that it received."""
    with FaultServer(*behaviours) as server:
        found = see(tried(server.url, **options))
        return found, server.requests


@pytest.fixture
def hole() -> Iterator[tuple[str, int]]:
    """Return an address whose connection queue is full: connections are neither accepted nor rejected."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.settimeout(0)
            one.connect_ex(listening.getsockname())
            waiting.append(one)
        yield listening.getsockname()
        for one in waiting:
            one.close()


# --- no connection ---------------------------------------------------------------------------------------------------


@pytest.mark.fault(1, "connection refused: ConnectError after 3 attempts")
def test_refused(see: See) -> None:
    """No server listens at the address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = see(tried(f"http://127.0.0.1:{port}/q"))

    assert (found.seen, found.error.attempts, len(found.pauses)) == ("ConnectError", 3, 2)


@pytest.mark.fault(2, "refused once, then ok: result, attempts=2")
def test_refused_once(see: See) -> None:
    """The server starts while the client waits."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started: list[FaultServer] = []

    class Starting(list[float]):
        """A wait of the client, during which the server starts."""

        def append(self, pause: float) -> None:
            """Start the server."""
            assert pause >= 0
            started.append(FaultServer(answer(), port=port))

    with client_of(f"http://127.0.0.1:{port}/q", pauses=Starting()) as client:
        found = see(outcome(lambda: client.query(QUERY)))
    with started[0]:
        assert len(started[0].requests) == 1

    assert found.seen == "result"
    assert found.result.meta.attempts == 2


@pytest.mark.fault(3, "SYN black hole: ConnectTimeout in time, retried within the total")
def test_black_hole(see: See, hole: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each attempt takes the connect timeout at most; the test shortens it from 5 s."""
    monkeypatch.setattr(session, "CONNECT_SECONDS", SHORT)
    found = see(tried(f"http://127.0.0.1:{hole[1]}/q"))

    assert (found.seen, found.error.attempts) == ("ConnectTimeout", 3)
    assert 3 * SHORT <= found.seconds < 3 * SHORT + SLACK


@pytest.mark.fault(3, "SYN black hole: ConnectTimeout in time, retried within the total")
def test_black_hole_ends_with_the_total(see: See, hole: tuple[str, int]) -> None:
    """The total timeout is shorter than the connect timeout."""
    found = see(tried(f"http://127.0.0.1:{hole[1]}/q", timeout=SHORT))

    assert found.seen in {"ConnectTimeout", "DeadlineExceeded"}
    assert found.seconds < SHORT + SLACK


@pytest.mark.fault(4, "3 dead addresses: still within the deadline")
def test_dead_addresses(see: See, hole: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """All addresses of a host name share the connect timeout of one attempt."""
    several = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", hole[1])) for last in (1, 2, 3)]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **named: several if host == "dead.test" else real(host, *rest, **named),
    )
    with (
        socket.create_server(("127.0.0.2", hole[1]), backlog=0),
        socket.create_server(("127.0.0.3", hole[1]), backlog=0),
    ):
        found = see(tried(f"http://dead.test:{hole[1]}/q", timeout=SHORT))

    assert found.seen in {"ConnectTimeout", "DeadlineExceeded", "ConnectError"}
    assert found.seconds < SHORT + SLACK


@pytest.mark.fault(4, "3 dead addresses: still within the deadline")
def test_the_first_address_that_answers(see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreachable address leaves time for the next one."""
    with FaultServer(answer()) as server:
        port = int(server.url.rsplit(":", 1)[1].split("/")[0])
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", address)
            for address in (("127.0.0.9", port), ("127.0.0.1", port))
        ]
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *rest, **named: found if host == "two.test" else real(host, *rest, **named),
        )
        seen = see(tried(f"http://two.test:{port}/q"))

    assert seen.seen == "result"
    assert seen.result.meta.attempts == 1


@pytest.mark.fault(5, "DNS: no such name: ConnectError, retried once")
@pytest.mark.parametrize("name", ["nowhere.invalid", "a" * 64 + ".test", "a..b"])
def test_no_such_name(see: See, name: str) -> None:
    """Names without an address, and invalid names, do not resolve."""
    found = see(tried(f"http://{name}/q"))

    assert (found.seen, found.error.attempts) == ("UnknownHost", 2)


@pytest.mark.fault(6, "DNS takes 2x the deadline: DeadlineExceeded, late by DNS only")
def test_slow_names(see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    """A DNS lookup cannot be interrupted; nothing is sent after it."""
    with FaultServer(answer()) as server:
        real = socket.getaddrinfo

        def slow(*arguments: Any, **named: Any) -> Any:
            time.sleep(2 * SHORT)
            return real(*arguments, **named)

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        found = see(tried(server.url, timeout=SHORT))

        assert found.seen == "DeadlineExceeded"
        assert found.seconds < 2 * SHORT + SLACK
        assert server.requests == []


# --- responses that do not arrive ------------------------------------------------------------------------------------


@pytest.mark.fault(7, "accepts, never answers: DeadlineExceeded at T, 1 request")
def test_silence(see: See) -> None:
    """The client raises at its timeout."""
    with FaultServer(stall()) as server:
        found = see(tried(server.url, timeout=SHORT))

        assert found.seen == "DeadlineExceeded"
        assert SHORT <= found.seconds < SHORT + SLACK
        assert len(server.requests) == 1


@pytest.mark.fault(8, "header drip: DeadlineExceeded at T")
def test_header_drip(see: See) -> None:
    """Headers that arrive byte by byte would restart a socket timeout each time."""
    found, requests = served(see, drip(head(200, len(BODY), X=("x" * 200)), 0.1), timeout=SHORT)

    assert found.seen == "DeadlineExceeded"
    assert found.seconds < SHORT + SLACK
    assert len(requests) == 1


@pytest.mark.fault(9, "body drip: DeadlineExceeded at T")
def test_body_drip(see: See) -> None:
    """A body that arrives byte by byte ends at the timeout too."""
    found, _ = served(see, drip(BODY, 0.1, whole=head(200, len(BODY))), timeout=SHORT)

    assert found.seen == "DeadlineExceeded"
    assert found.seconds < SHORT + SLACK


@pytest.mark.fault(10, "body stalls half-way: ReadTimeout or DeadlineExceeded")
def test_stall(see: See) -> None:
    """The server sends half of the body, and stalls."""
    found, _ = served(see, stall(head(200, len(BODY)) + BODY[:30]), timeout=SHORT)

    assert found.seen in {"ReadTimeout", "DeadlineExceeded"}
    assert found.seconds < SHORT + SLACK


@pytest.mark.fault(11, "reset before response: retried, then ConnectionLost")
def test_reset(see: See) -> None:
    """The query is sent three times; a complete second response is returned."""
    found, requests = served(see, reset())
    again, _ = served(see, reset(), answer())

    assert (found.seen, found.error.attempts, len(requests)) == ("ConnectionLost", 3, 3)
    assert found.pauses[0] == 0.0
    assert again.result.rows == ROWS
    assert again.result.meta.attempts == 2


@pytest.mark.fault(12, "reset in mid body: retried, then ConnectionLost")
def test_reset_in_the_body(see: See) -> None:
    """The server sends half of the body, and resets the connection."""
    found, requests = served(see, reset(head(200, len(BODY)) + BODY[:30]))

    assert (found.seen, len(requests)) == ("ConnectionLost", 3)


@pytest.mark.fault(13, "stale keep-alive: transparent")
def test_stale_connection(see: See) -> None:
    """The server closes a kept connection, and the next query succeeds."""

    def close_later(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(head(200, len(BODY)) + BODY)
        time.sleep(0.05)
        return False

    with FaultServer(close_later) as server, client_of(server.url) as client:
        client.query(QUERY)
        time.sleep(0.2)
        found = see(outcome(lambda: client.query(QUERY)))

        assert found.seen == "result"
        assert server.connections == 2


@pytest.mark.fault(14, "closes after reading the request: a query that reads is retried at once")
def test_closed_after_the_request(see: See) -> None:
    """The server reads the second request on a kept connection, and closes it without a response."""
    pauses: list[float] = []
    with FaultServer(answer(), raw(b""), answer()) as server, client_of(server.url, pauses=pauses) as client:
        client.query(QUERY)
        found = see(outcome(lambda: client.query(QUERY)))

        assert found.result.meta.attempts == 2
        assert pauses == [0.0]
        assert len({head_of(request)["x-request-id"] for request in server.requests[1:]}) == 1
        assert [head_of(request)["x-retry-count"] for request in server.requests] == ["0", "0", "1"]


@pytest.mark.fault(14, "closes after reading the request: a query that reads is retried at once")
def test_what_is_no_read_is_not_sent_again(see: See) -> None:
    """A statement that writes may have reached the server, so it is not retried."""
    with FaultServer(raw(b"")) as server, client_of(server.url, pauses=[]) as client:
        found = see(outcome(lambda: client.query("delete from t where a = 1", on_findings="ignore")))

        assert found.seen == "ConnectionLost"
        assert len(server.requests) == 1


CUT = [
    (15, raw(head(200, len(BODY) + 1) + BODY), "ConnectionLost", 3),
    (15, raw(head(200, len(BODY)) + BODY[:-20]), "ConnectionLost", 3),
    (16, raw(head() + BODY[:-20]), "ProtocolError", 2),
    (16, raw(head()), "ProtocolError", 2),
    (17, raw(chunked(BODY, end=b"")), "ConnectionLost", 3),
    (17, raw(head(Transfer_Encoding="chunked") + b"xyz\r\n" + BODY), "ConnectionLost", 3),
    (17, raw(head(Transfer_Encoding="chunked") + b"5\r\nab"), "ConnectionLost", 3),
]


@pytest.mark.parametrize(
    ("row", "behaviour", "expected", "requests"),
    [pytest.param(*case, marks=pytest.mark.fault(case[0], f"truncated: {case[2]}, retried")) for case in CUT],
)
def test_cut_answers(see: See, row: int, behaviour: Behaviour, expected: str, requests: int) -> None:
    """A truncated response is never a result."""
    found, sent = served(see, behaviour)

    assert row
    assert (found.seen, len(sent)) == (expected, requests)


def packed(content: bytes = BODY) -> bytes:
    """Return a body as gzip."""
    return gzip.compress(content, mtime=0)


def bare(content: bytes) -> bytes:
    """Return a body as raw deflate."""
    made = zlib.compressobj(wbits=-15)
    return made.compress(content) + made.flush()


@pytest.mark.fault(18, "gzip cut, gzip without CRC: ProtocolError or equal data, never less")
@pytest.mark.parametrize("cut", range(1, len(packed()), 7))
def test_cut_gzip(see: See, cut: int) -> None:
    """For any truncation, the result has all rows or the client raises."""
    found, _ = served(see, answer(packed()[:-cut], Content_Encoding="gzip", keep=False))

    assert found.seen in {"ProtocolError", "ConnectionLost"} or found.result.rows == ROWS


@pytest.mark.fault(19, "invalid gzip: ProtocolError")
def test_no_gzip(see: See) -> None:
    """An uncompressed body has the header of gzip."""
    found, requests = served(see, answer(Content_Encoding="gzip"))

    assert (found.seen, found.error.kind, len(requests)) == ("ProtocolError", "not_json", 1)


@pytest.mark.fault(20, "br or an unknown encoding: ProtocolError that names it")
@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "x-\\x00"])
def test_unknown_encoding(see: See, encoding: str) -> None:
    """A Content-Encoding that the client did not request is rejected."""
    found, _ = served(see, answer(Content_Encoding=encoding))

    assert found.seen == "ProtocolError"
    assert repr(encoding) in str(found.error)


@pytest.mark.fault(19, "invalid gzip: ProtocolError")
@pytest.mark.parametrize("body", [packed(), zlib.compress(BODY), bare(BODY)], ids=["gzip", "zlib", "deflate"])
def test_packed_answers(see: See, body: bytes) -> None:
    """Gzip and both forms of deflate are decompressed."""
    kind = "gzip" if body[:2] == b"\x1f\x8b" else "deflate"
    found, _ = served(see, answer(body, Content_Encoding=kind))

    assert found.result.rows == ROWS


MIB = 2**20


@pytest.mark.fault(21, "gzip bomb of 1 MB: ResponseTooLarge")
def test_bomb(see: See) -> None:
    """A body of 1 MB that decompresses to 1 GiB is rejected at the limit."""
    bomb = gzip.compress(b" " * 8 * MIB, 9) * 128
    found, requests = served(see, answer(bomb, Content_Encoding="gzip"), largest=8 * MIB)

    assert len(bomb) < 1.1 * MIB
    assert (found.seen, len(requests)) == ("ResponseTooLarge", 1)


@pytest.mark.fault(22, "Content-Length 10 GB: ResponseTooLarge before reading")
def test_announced_length(see: See) -> None:
    """A body with a Content-Length above the limit is not read."""
    found, requests = served(see, raw(head(200, 10**10)))

    assert (found.seen, len(requests)) == ("ResponseTooLarge", 1)


@pytest.mark.fault(23, "endless chunked body: ResponseTooLarge")
def test_endless(see: See) -> None:
    """An endless chunked body is rejected at the limit."""

    def endless(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(head(Transfer_Encoding="chunked"))
        while True:
            connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")

    found, _ = served(see, endless, largest=4 * MIB)

    assert found.seen == "ResponseTooLarge"


ODD_HEADS = [
    pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 300 + head(200, len(BODY)) + BODY, "result", id="300 x 1xx"),
    pytest.param(
        b"HTTP/1.1 200 X\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(150)) + b"\r\n",
        "ProtocolError",
        id="150 headers",
    ),
    pytest.param(b"HTTP/1.1 200 X\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", "ProtocolError", id="70 kB header"),
]


@pytest.mark.fault(24, "300 x 1xx, 150 headers, 70 kB header: an error or the result, no hang")
@pytest.mark.parametrize(("content", "expected"), ODD_HEADS)
def test_odd_heads(see: See, content: bytes, expected: str) -> None:
    """Many 1xx responses are skipped; too many or too long headers are rejected."""
    found, requests = served(see, raw(content))

    assert (found.seen, len(requests)) == (expected, 1)


@pytest.mark.fault(25, "two Content-Lengths, a negative one: ProtocolError")
@pytest.mark.parametrize("lengths", [("5", "7"), ("-1",), ("1e3",), ("٣",), ("",)])
def test_odd_lengths(see: See, lengths: tuple[str, ...]) -> None:
    """Contradictory or invalid lengths are rejected, since the end of the response is undefined."""
    lines = "".join(f"Content-Length: {length}\r\n" for length in lengths)
    found, _ = served(see, raw(f"HTTP/1.1 200 X\r\n{lines}\r\n".encode() + BODY))

    assert found.seen == "ProtocolError"


@pytest.mark.fault(26, "not HTTP: ProtocolError with a hint")
@pytest.mark.parametrize("content", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00\x01\x02\r\n\r\n", b"+PONG\r\n"])
def test_not_http(see: See, content: bytes) -> None:
    """The server speaks another protocol."""
    found, requests = served(see, raw(content))

    assert (found.seen, found.error.kind, len(requests)) == ("ProtocolError", "not_http", 1)
    assert "is it an HTTP server?" in str(found.error)


# --- TLS -------------------------------------------------------------------------------------------------------------

AUTHORITY = trustme.CA()
PAST = datetime.now(UTC) - timedelta(days=1)
CERTIFICATES = {
    "expired": AUTHORITY.issue_cert("127.0.0.1", not_after=PAST),
    "wrong host": AUTHORITY.issue_cert("other.test"),
    "self-signed": trustme.CA().issue_cert("127.0.0.1"),
    "good": AUTHORITY.issue_cert("127.0.0.1"),
}


def context_of(name: str) -> ssl.SSLContext:
    """Return the TLS context of a server."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATES[name].configure_cert(made)
    return made


@pytest.mark.fault(27, "TLS expired, wrong host, self-signed, plain http: TlsError, no retry, hint")
@pytest.mark.parametrize("name", list(CERTIFICATES))
def test_certificates(see: See, name: str) -> None:
    """Only a trusted certificate is accepted."""
    with AUTHORITY.cert_pem.tempfile() as trusted, FaultServer(answer(), tls=context_of(name)) as server:
        found = see(tried(server.url, verify=trusted))

        assert found.seen == ("result" if name == "good" else "TlsError")
        assert server.connections == 1
        assert name == "good" or "REQUESTS_CA_BUNDLE" in str(found.error)


@pytest.mark.fault(27, "TLS expired, wrong host, self-signed, plain http: TlsError, no retry, hint")
def test_no_tls(see: See) -> None:
    """A server without TLS responds to an https URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        attempts = []

        def answer_plainly() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        attempts.append(connection.recv(1000))
                        connection.sendall(head(400, 0))

        thread = threading.Thread(target=answer_plainly, daemon=True)
        thread.start()
        found = see(tried(f"https://127.0.0.1:{listening.getsockname()[1]}/q"))
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()

    assert (found.seen, len(attempts)) == ("TlsError", 1)


@pytest.mark.fault(9, "body drip: DeadlineExceeded at T")
def test_drip_over_tls(see: See) -> None:
    """The deadline holds over TLS too."""
    behaviour = drip(BODY, 0.1, whole=head(200, len(BODY)))
    with AUTHORITY.cert_pem.tempfile() as trusted, FaultServer(behaviour, tls=context_of("good")) as server:
        found = see(tried(server.url, verify=trusted, timeout=SHORT))

    assert found.seen == "DeadlineExceeded"
    assert found.seconds < SHORT + SLACK


# --- responses with an error status -------------------------------------------------------------------------------------------


@pytest.mark.fault(28, "redirects: RedirectRefused, 1 request, not followed")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300, 304])
def test_redirects(see: See, status: int) -> None:
    """A redirect is not followed, and neither the query nor the token is sent to its target, even on the same server."""
    with FaultServer(answer()) as other, FaultServer(answer(b"", status, Location=other.url)) as server:
        found = see(tried(server.url, token=FixedToken(Secret("t"))))
        looped = FaultServer(answer(b"", status, Location="/q"))
        with looped:
            again = see(tried(looped.url))

        assert found.seen == again.seen == "RedirectRefused"
        assert (len(server.requests), len(looped.requests), other.requests) == (1, 1, [])


BODIES = [
    ({"description": "bad"}, "bad"),
    ({"error": "bad"}, "bad"),
    ({"error": {"message": "bad"}}, "bad"),
    ({"message": "bad"}, "bad"),
    ({"detail": "bad"}, "bad"),
    ({"description": None, "error": "bad"}, "bad"),
    ({}, "{}"),
    (b"", "the server returned no message"),
    (b"plain words", "plain words"),
    ([1], "[1]"),
    ({"error": "bad", "code": "INVALID", "request_id": "6a"}, "bad"),
]


@pytest.mark.fault(29, "400 with description, error, message, none: BadQuery, text right")
@pytest.mark.parametrize(("body", "text"), BODIES)
def test_bad_query(see: See, body: Any, text: str) -> None:
    """The message of the server is found under each known key."""
    found, requests = served(see, answer(body, 400))

    assert (found.seen, len(requests)) == ("BadQuery", 1)
    assert found.error.description == text or text in found.error.description
    if isinstance(body, dict) and "code" in body:
        assert (found.error.code, found.error.request_id) == ("INVALID", "6a")


@pytest.mark.fault(30, '400 "Pos 46 - syntax error": .position, caret under the query')
def test_position(see: See) -> None:
    """The position in the query is known, and shown with a caret."""
    text = 'select a from "d" where a = 1'
    said = "Pos 24 - syntax error, unexpected IDENTIFIER, expecting ;"
    found, _ = served(see, answer({"description": said}, 400), query=text)

    assert found.error.position == 24
    assert found.error.diagnostic.start == 24
    assert found.error.diagnostic.picture(text).splitlines()[1].index("^") == 24


@pytest.mark.fault(31, "401: a token function is called again; a fixed token is not retried")
def test_token_that_renews(see: See) -> None:
    """After a 401, a token that can change is requested again; a fixed one is not."""
    tokens = iter(["old", "new"])
    with FaultServer(answer({"description": "no"}, 401), answer()) as server:
        found = see(tried(server.url, token=CalledToken(lambda: next(tokens))))

        assert found.seen == "result"
        assert [head_of(request)["authorization"] for request in server.requests] == ["Bearer old", "Bearer new"]
    fixed, requests = served(see, answer({"description": "no"}, 401), token=FixedToken(Secret("t")))
    assert (fixed.seen, len(requests)) == ("AuthenticationError", 1)


STATUSES = {403: "PermissionDenied", 404: "NotFound", 409: "Conflict", 422: "BadQuery", 423: "Locked", 400: "BadQuery"}


@pytest.mark.fault(32, "403, 404, 409, 422, 423: a class of its own, 1 request")
@pytest.mark.parametrize(("status", "expected"), STATUSES.items())
def test_statuses(see: See, status: int, expected: str) -> None:
    """Statuses that a retry cannot fix are not retried."""
    found, requests = served(see, answer({"description": "no"}, status))

    assert (found.seen, found.error.status, len(requests)) == (expected, status, 1)


@pytest.mark.fault(33, "429 + Retry-After 1: waits 1 to 1.1 s, ok")
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after(see: See, status: int) -> None:
    """The server sends Retry-After."""
    found, _ = served(see, answer({"error": "slow"}, status, Retry_After="1"), answer())

    assert found.seen == "result"
    assert found.pauses == [pytest.approx(1.1)]


FAR = ["100000", "Fri, 01 Jan 2099 00:00:00 GMT", str(10**12)]


@pytest.mark.fault(34, "429 + Retry-After of days: RateLimited at once, .retry_after")
@pytest.mark.parametrize("value", FAR)
def test_retry_after_too_long(see: See, value: str) -> None:
    """A Retry-After above the limit is not waited for."""
    found, requests = served(see, answer({"error": "slow"}, 429, Retry_After=value))

    assert (found.seen, len(requests)) == ("RateLimited", 1)
    assert found.error.retry_after > 60
    assert found.seconds < SLACK


ODD_AFTER = [
    "-5",
    "nan",
    "inf",
    "soon",
    "9" * 5000,
    "Mon, 01 Jan 2001 00:00:00 GMT",
    "٣",
    "1e3",
    "",
    "Fri, 99 Foo 2099",
    "2099",
]


@pytest.mark.fault(35, "invalid Retry-After: backoff; 2.5: 2.5 s; never a crash")
@pytest.mark.parametrize("value", ODD_AFTER)
def test_odd_retry_after(see: See, value: str) -> None:
    """An invalid Retry-After is ignored, and a date in the past is 0 seconds."""
    behaviour = raw(f"HTTP/1.1 503 X\r\nRetry-After: {value}\r\nContent-Length: 2\r\n\r\n{{}}".encode(), keep=True)
    found, requests = served(see, behaviour, answer())

    past = "2001" in value
    assert found.seen == ("result" if value != "2099" else found.seen)
    assert len(requests) == 2 or value == "2099"
    assert found.pauses == ([0.0] if past else [2.0]) or value == "2099"


@pytest.mark.fault(35, "invalid Retry-After: backoff; 2.5: 2.5 s; never a crash")
def test_retry_after_with_a_fraction(see: See) -> None:
    """A Retry-After of 2.5 is 2.5 seconds."""
    found, _ = served(see, answer({}, 503, Retry_After="2.5"), answer())

    assert found.pauses == [pytest.approx(2.75)]


@pytest.mark.fault(36, "500: ServerError, 1 request")
def test_server_error(see: See) -> None:
    """A 500 may be a crash of the engine, so the query is not retried."""
    found, requests = served(see, answer({"description": "broken"}, 500))

    assert (found.seen, len(requests)) == ("ServerError", 1)


@pytest.mark.fault(37, "502, 503, 504 with a web page: retried; the error shows its title")
@pytest.mark.parametrize(("status", "expected"), {502: "BadGateway", 503: "Unavailable", 504: "GatewayTimeout"}.items())
def test_web_page(see: See, status: int, expected: str) -> None:
    """An HTML page of 30 kB becomes a one-line message."""
    page = b"<html><head><title>Bad  gateway</title></head><body>" + b"<p>x</p>" * 4000
    found, requests = served(see, answer(page, status))

    assert (found.seen, len(requests)) == (expected, 3)
    assert "Bad  gateway" in str(found.error)
    assert len(str(found.error)) < 500
    assert len(found.error.body_excerpt) <= 500


@pytest.mark.fault(
    38, "503 always, 100 calls in parallel: at most 5 retries, and those whose turn comes before the deadline"
)
def test_budget(see: See) -> None:
    """The budget limits the retries to a server that is down: 5, and the turns of the pause after 1, 2 and 4 seconds."""
    with FaultServer(answer({"error": "down"}, 503)) as server, client_of(server.url, pauses=[]) as client:
        found = see(outcome(lambda: client.map([QUERY] * 100, concurrency=16, on_error="return")))

        assert {type(one).__name__ for one in found.result} == {"Unavailable"}
        assert 100 < len(server.requests) <= 105 + 3


# --- invalid responses -------------------------------------------------------------------------------------------

ODD_BODIES = [
    (39, b"<!doctype html><title>Log in</title>", "html_page"),
    (39, b"  \n<html>", "html_page"),
    (40, b"", "empty"),
    (41, b"null", "not_object"),
    (41, b"[]", "not_object"),
    (41, b'"x"', "not_object"),
    (41, b"{}", "missing_key"),
    (41, b'{"data": 3}', "wrong_type"),
    (43, b'{"tensors": ["a", "b"], "data": {"a": [1], "b": [1, 2]}}', "ragged"),
    (43, b'{"tensors": ["a", "b"], "data": {"a": [1]}}', "missing_key"),
    (43, b'{"tensors": ["a"], "data": [[1]]}', "wrong_type"),
    (44, b'{"tensors": ["a", "a"], "data": []}', "wrong_type"),
    (44, b'{"tensors": "a", "data": []}', "wrong_type"),
    (47, b'{"data": [{"a": ' + b"9" * 5000 + b"}]}", "not_json"),
    (48, b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not_json"),
    (49, b'{"data": [{"a": "\xff"}]}', "not_json"),
    (49, '{"data": []}'.encode("utf-16"), "not_json"),
    (49, b'{"data": [{"a": "\x00"}]}', "not_json"),
    (49, b'{"data": []}\x00', "not_json"),
    (52, b'{"data": []} x', "not_json"),
    (52, b'{"data": [1,]}', "not_json"),
]


@pytest.mark.parametrize(
    ("row", "body", "kind"),
    [pytest.param(*case, marks=pytest.mark.fault(case[0], f"{case[2]}: ProtocolError")) for case in ODD_BODIES],
)
def test_odd_bodies(see: See, row: int, body: bytes, kind: str) -> None:
    """A response that does not follow the protocol raises, and is not retried."""
    found, requests = served(see, answer(body))

    assert row
    assert found.seen == "ProtocolError"
    assert (found.error.kind, len(requests)) == (kind, 1)


@pytest.mark.fault(40, "empty: ProtocolError")
def test_no_content(see: See) -> None:
    """A 204 response has no body."""
    found, _ = served(see, raw(b"HTTP/1.1 204 X\r\n\r\n", keep=True))

    assert (found.seen, found.error.kind) == ("ProtocolError", "empty")


GOOD_BODIES = [
    (42, b'{"tensors": ["a"], "data": {"a": [1, 2]}}', {}, [{"a": 1}, {"a": 2}]),
    (42, b'{"tensors": ["a"], "data": [{"a": 1}]}', {"as_list": False}, [{"a": 1}]),
    (
        43,
        b'{"tensors": ["a", "b"], "data": [{"a": 1}, {"b": 2, "c": 3}]}',
        {},
        [{"a": 1, "b": None}, {"a": None, "b": 2}],
    ),
    (44, b'{"data": [{"b": 1, "a": 2}, {"c": 3}]}', {}, [{"b": 1, "a": 2, "c": None}, {"b": None, "a": None, "c": 3}]),
    (44, b'{"tensors": ["b", "a"], "data": [{"a": 1, "b": 2}]}', {}, [{"b": 2, "a": 1}]),
    (47, b'{"data": [{"a": 1180591620717411303424}]}', {}, [{"a": float(2**70)}]),
    (49, b'\xef\xbb\xbf{"data": [{"a": 1}]}', {}, [{"a": 1}]),
    (49, b'{"data": [{"a": "\\ud800"}]}', {}, [{"a": "\ud800"}]),
    (50, b'{"data": [{"a": 1, "a": 2}]}', {}, [{"a": 2}]),
]


@pytest.mark.parametrize(
    ("row", "body", "options", "rows"),
    [pytest.param(*case, marks=pytest.mark.fault(case[0], "accepted as documented")) for case in GOOD_BODIES],
)
def test_bodies_that_are_accepted(see: See, row: int, body: bytes, options: dict[str, Any], rows: list[Any]) -> None:
    """Variations of the protocol with one meaning are accepted."""
    found, _ = served(see, answer(body), **options)

    assert row
    assert found.result.rows == rows
    assert [list(one) for one in found.result.rows] == [list(one) for one in rows]


@pytest.mark.fault(42, "as_list ignored by the server: accepted, one warning")
def test_the_other_form_is_told_once(see: See, caplog: pytest.LogCaptureFixture) -> None:
    """Two queries log one warning."""
    with FaultServer(answer(b'{"data": {"a": [1]}}')) as server, client_of(server.url) as client:
        see(outcome(lambda: client.query(QUERY)))
        client.query(QUERY)

    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "the server ignores as_list, and always returns columns"
    ]


@pytest.mark.fault(45, "unknown keys: kept in meta.extra")
def test_unknown_keys(see: See) -> None:
    """Other keys of the response are in `extra`."""
    found, _ = served(see, answer({**ANSWER, "took": 3}))

    assert found.result.meta.extra == {"took": 3}


def asked(url: str, nan: Any, strict: bool) -> Result:  # noqa: FBT001 - a parameter of the test
    """Return the result of a query with some options."""
    with connect(url, nan=nan, strict=strict) as client:
        return client.query(QUERY)


@pytest.mark.fault(46, "NaN, Infinity, 1e999: as in `nan`, the same for both decoders")
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("strict", [False, True])
def test_no_numbers(see: See, number: str, strict: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """NaN and infinities are floats, None or an error."""
    body = f'{{"data": [{{"a": {number}}}]}}'.encode()
    with FaultServer(answer(body)) as server:
        kept, null, error = (see(outcome(partial(asked, server.url, nan, strict))) for nan in ("keep", "null", "error"))

    assert str(kept.result.rows[0]["a"]) == str(float(number.replace("Infinity", "inf")))
    assert null.result.rows == [{"a": None}]
    assert error.seen == "ProtocolError"


@pytest.mark.fault(47, "2**70: exact if strict, else the nearest float")
def test_strict(see: See) -> None:
    """Integers are exact; duplicate keys and incomplete rows are rejected."""
    bodies = [
        b'{"data": [{"a": %d}]}' % 2**70,
        b'{"data": [{"a": 1, "a": 2}]}',
        b'{"tensors": ["a", "b"], "data": [{"a": 1}]}',
    ]
    with FaultServer(*map(answer, bodies)) as server, connect(server.url, strict=True) as client:
        exact, twice, without = (see(outcome(lambda: client.query(QUERY))) for _ in bodies)

    assert exact.result.rows == [{"a": 2**70}]
    assert (twice.seen, without.seen, without.error.kind) == ("ProtocolError", "ProtocolError", "ragged")


@pytest.mark.fault(51, "text/plain, charset=latin-1 over UTF-8: decoded as UTF-8")
def test_charset(see: See) -> None:
    """The body is decoded as UTF-8, for any charset in a header."""
    body = json.dumps(ANSWER, ensure_ascii=False).encode()
    found, _ = served(see, answer(body, Content_Type="text/plain; charset=latin-1"))

    assert found.result.rows == ROWS


@pytest.mark.fault(52, "not_json: ProtocolError")
def test_the_place_of_what_is_no_json(see: See) -> None:
    """The message has the offset of the error."""
    found, _ = served(see, answer(b'{"data": []} x'))

    assert "char 13" in str(found.error)


@pytest.mark.fault(71, "an unexpected second response: the connection is not reused")
def test_two_answers(see: See) -> None:
    """An unexpected second response on a connection is not used for the next query."""
    evil = answer({"data": [{"a": "evil"}]})

    def two(connection: socket.socket, request: bytes) -> bool:
        answer()(connection, request)
        evil(connection, request)
        return True

    with FaultServer(two, answer()) as server, client_of(server.url) as client:
        client.query(QUERY)
        time.sleep(0.1)
        found = see(outcome(lambda: client.query(QUERY)))

        assert found.result.rows == ROWS


@pytest.mark.fault(72, "status 999: APIError; 299: as 200")
def test_odd_status(see: See) -> None:
    """An unknown status of 400 or more is an error; the body of any 2xx is decoded."""
    unknown, _ = served(see, answer({"error": "odd"}, 999))
    other, _ = served(see, answer(status=299))

    assert (unknown.seen, unknown.error.status) == ("APIError", 999)
    assert other.result.rows == ROWS
    assert SECONDS
