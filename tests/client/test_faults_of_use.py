"""The other rows of the fault matrix: tokens, proxies, cookies, threads, forks, signals, asyncio, clocks, the engine in this process and the local server."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import json
import logging
import os
import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from http import client as http_client
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest
import requests

from tests import leftovers
from tests.client.fault_server import ANSWER, QUERY, ROWS, FaultServer, answer, body_of, head, head_of, raw, stall
from tests.client.matrix import SLACK, client_of, outcome, tried
from tql import ArgumentError, TqlError, col, select
from tql_client import connect, serve
from tql_client.errors import AuthenticationError, Cancelled, ClosedError, ConfigError
from tql_client.protocol.credentials import FixedToken, Secret

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.client.matrix import Outcome
    from tql_client.server.local import Server

    See = Callable[[Outcome], Outcome]

CANARY = "canary-0000-secret-token"
BODY = json.dumps(ANSWER).encode()


# --- tokens ----------------------------------------------------------------------------------------------------------

ODD_TOKENS = ["a\nX-Evil: 1", "a\x00b", "a\x7fb", "a b", "tökén", "a…", "", " ", "a\rb", "=a", "a" * 9000, "a'b"]


@pytest.mark.fault(53, "an invalid token: ConfigError, nothing sent, not shown")
@pytest.mark.parametrize("token", ODD_TOKENS)
def test_odd_tokens(token: str, tmp_path: Path) -> None:
    """An invalid token from the argument, a function or a file is rejected before anything is sent, and not shown."""
    file = tmp_path / "token"
    file.write_bytes(token.encode())
    with FaultServer(answer()) as server:
        given: list[dict[str, Any]] = [{"token": token}, {"token": lambda: token}, {"token_file": str(file)}]
        for options in given:
            with pytest.raises(ConfigError) as caught:
                connect(server.url, **options).query(QUERY)
            assert len(token) < 3 or token not in "".join(traceback.format_exception(caught.value))
        assert server.requests == []


@pytest.mark.fault(53, "an invalid token: ConfigError, nothing sent, not shown")
def test_a_token_with_a_newline_at_its_end() -> None:
    """Line breaks around a token, from editors or `echo`, are removed."""
    with FaultServer(answer()) as server, connect(server.url, token=f"{CANARY}\n") as client:
        client.query(QUERY)

        assert head_of(server.requests[0])["authorization"] == f"Bearer {CANARY}"


@pytest.mark.fault(54, "netrc machine and default entries: the client's token is sent")
@pytest.mark.parametrize("entry", ["machine 127.0.0.1", "default"])
def test_netrc(entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Netrc is ignored, with and without a token."""
    file = tmp_path / "netrc"
    file.write_text(f"{entry} login a password b\n")
    monkeypatch.setenv("NETRC", str(file))
    with FaultServer(answer()) as server:
        connect(server.url, token=CANARY).query(QUERY)
        connect(server.url).query(QUERY)

        assert [head_of(request).get("authorization") for request in server.requests] == [f"Bearer {CANARY}", None]


@pytest.mark.fault(55, "HTTP_PROXY set, loopback url: the proxy sees nothing")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_for_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to this machine bypass proxies."""
    with FaultServer(answer()) as server, FaultServer(answer()) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        connect(server.url.replace("127.0.0.1", host)).query(QUERY)

        assert (len(server.requests), proxy.requests) == (1, [])


PROXIES = {
    "refuses": None,
    "407": raw(head(407, 0, Proxy_Authenticate="Basic")),
    "closes": raw(b""),
    "403": raw(head(403, 0)),
}


@pytest.mark.fault(56, "proxy refuses, 407, closes: ProxyError, its password redacted")
@pytest.mark.parametrize("kind", list(PROXIES))
def test_proxy(see: See, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to other machines use the proxy of the environment, and errors do not show its password."""
    with FaultServer(PROXIES[kind] or raw(b"")) as proxy:
        port = 1 if kind == "refuses" else int(proxy.url.rsplit(":", 1)[1].split("/")[0])
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter2@127.0.0.1:{port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        found = see(tried("https://example.invalid/q", token=FixedToken(Secret(CANARY))))

    assert found.seen == "ProxyError"
    said = "".join(traceback.format_exception(found.error)) + repr(found.error) + str(pickle.dumps(found.error))
    assert "hunter2" not in said
    assert CANARY not in said
    assert not any(CANARY.encode() in request for request in proxy.requests)


@pytest.mark.fault(57, "Set-Cookie in a reply: not sent back")
def test_cookies() -> None:
    """Cookies are not stored, so users of a shared client do not see those of others."""
    with FaultServer(answer(Set_Cookie="id=1; Path=/")) as server, connect(server.url) as client:
        client.query(QUERY)
        client.query(QUERY)

        assert [head_of(request).get("cookie") for request in server.requests] == [None, None]


FAULTS = [
    raw(b""),
    answer({"description": "no"}, 401),
    answer({"description": "broken"}, 500),
    answer(b"nonsense"),
    answer(b"", 307, Location="http://127.0.0.1:1/"),
    raw(b"SSH-2.0\r\n"),
    answer({"description": "slow"}, 429, Retry_After="1000000"),
    stall(),
]


@pytest.mark.fault(58, "errors in logs, reprs, pickles and tracebacks with locals: no token")
@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_no_token_in_errors(number: int, caplog: pytest.LogCaptureFixture) -> None:
    """Errors with their tracebacks, reprs and pickles, and logs, contain no token."""
    caplog.set_level(logging.DEBUG)
    token = FixedToken(Secret(CANARY))
    with FaultServer(FAULTS[number]) as server, client_of(server.url, token=token, pauses=[], timeout=0.5) as client:
        with pytest.raises(TqlError) as caught:
            client.query(QUERY)
        error = caught.value
        seen = [repr(client), repr(client.__dict__), repr(error), str(error), str(pickle.dumps(error)), caplog.text]
        seen += traceback.format_exception(error)
        seen += traceback.TracebackException.from_exception(error, capture_locals=True).format()
        seen += [repr(pickle.loads(pickle.dumps(error))), repr(error.__cause__), repr(error.__context__)]  # noqa: S301 - a pickle of this test

        assert error.__cause__ is None
        assert not [text for text in seen if CANARY in text]
        assert any(CANARY.encode() in request for request in server.requests)


@pytest.mark.fault(59, "debug logs: no token, except for debuglevel of http.client")
def test_debug_logs(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs at DEBUG contain neither the token nor the query; only http.client prints headers, if a program enables it."""
    caplog.set_level(logging.DEBUG)
    token = FixedToken(Secret(CANARY))
    with FaultServer(raw(b""), answer()) as server:
        with client_of(server.url, token=token, pauses=[]) as client:
            client.query(QUERY)
        assert "retrying in" in caplog.text
        assert CANARY not in caplog.text
        assert QUERY not in caplog.text
        monkeypatch.setattr(http_client.HTTPConnection, "debuglevel", 1)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), client_of(server.url, token=token) as client:
            client.query(QUERY)
        assert CANARY in printed.getvalue()


# --- queries ---------------------------------------------------------------------------------------------------------

ODD_TEXTS = ["a\r\nX-Evil: 1", "a\"b\\c'", "é😀\u2028", "x" * 10_000_000, "\x01\x1f\x7f"]


@pytest.mark.fault(60, "CR LF, quotes, 10 MB, lone surrogate: valid JSON, or an ArgumentError; no header")
@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_odd_queries(text: str) -> None:
    """The server receives the exact query text."""
    query = select("a").from_("d").where(col("a") == text)
    with FaultServer(answer()) as server, connect(server.url) as client:
        client.query(query)
        (request,) = server.requests

        assert body_of(request) == {"query": str(query), "as_list": True}
        assert set(head_of(request)) == {
            "host", "user-agent", "accept-encoding", "accept", "connection", "content-type", "x-request-id", "x-retry-count", "content-length",
        }  # fmt: skip


@pytest.mark.fault(60, "CR LF, quotes, 10 MB, lone surrogate: valid JSON, or an ArgumentError; no header")
@pytest.mark.parametrize("text", ["select a from \"d\" where a = '\ud800'", "select a from \"d\" where a = 'b\x00c'"])
def test_what_no_json_holds(text: str) -> None:
    """An invalid query is rejected, and nothing is sent."""
    with FaultServer(answer()) as server, connect(server.url) as client:
        for findings in ("raise", "ignore"):
            with pytest.raises(TqlError if findings == "raise" or "\x00" in text else ArgumentError):
                client.query(text, on_findings=findings)
            if "\x00" in text:
                break

        assert server.requests == []


@pytest.mark.fault(61, "a vector with NaN, of float32, of two dimensions: error before sending, or short digits")
def test_vectors() -> None:
    """Vectors with NaN or infinities, nested and empty ones are rejected; float32 numbers are written with the shortest digits."""
    with FaultServer(answer()) as server, connect(server.url) as client:
        for vector in ([1.0, float("nan")], [float("inf")], [[1.0, 2.0]], []):
            with pytest.raises(ArgumentError):
                client.query(select("a").from_("d").similarity("e", vector).order_by("score").limit(1))
        assert server.requests == []
        client.query(
            select("a").from_("d").similarity("e", np.array([0.1, 1e-9], np.float32)).order_by("score").limit(1)
        )

        assert "ARRAY[0.1,1e-9]" in body_of(server.requests[0])["query"]


# --- threads, processes, signals -------------------------------------------------------------------------------------

THREADS, CALLS = 32, int(os.environ.get("TQL_CALLS", "200"))


@pytest.mark.fault(62, f"32 threads x {CALLS:,} calls: correct results, few connections, unique request ids")
def test_threads() -> None:
    """Each thread receives the responses to its own queries."""

    def echo(connection: socket.socket, request: bytes) -> bool:
        number = int(body_of(request)["query"].rpartition(" ")[2])
        return answer({"data": [{"a": number}]})(connection, request)

    with FaultServer(echo) as server, connect(server.url) as client:
        asked = select("a").from_("d")

        def ask(thread: int) -> int:
            numbers = range(thread * CALLS, (thread + 1) * CALLS)
            return sum(client.query(asked.limit(number))["a"] == [number] for number in numbers)

        with ThreadPoolExecutor(THREADS) as pool:
            assert sum(pool.map(ask, range(THREADS))) == THREADS * CALLS
        assert server.connections <= THREADS
        assert len({head_of(request)["x-request-id"] for request in server.requests}) == THREADS * CALLS


@pytest.mark.fault(63, "fork after use: child and parent have correct results, and share no socket")
def test_fork() -> None:
    """A forked child opens its own connections."""
    with FaultServer(answer()) as server, connect(server.url) as client:
        client.query(QUERY)
        child = os.fork()
        if child == 0:
            os._exit(0 if client.query(QUERY).rows == ROWS else 1)
        assert client.query(QUERY).rows == ROWS
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert server.connections == 2


@pytest.mark.fault(64, "close() during a call: Cancelled; call after close: ClosedError")
def test_close(see: See) -> None:
    """`close` wakes waiting calls at once."""
    with FaultServer(stall()) as server:
        client = client_of(server.url)
        threading.Timer(0.2, client.close).start()
        found = see(outcome(lambda: client.query(QUERY)))

        assert isinstance(found.error, Cancelled)
        assert found.seconds < 0.2 + SLACK
        with pytest.raises(ClosedError):
            client.query(QUERY)


@pytest.mark.fault(64, "close() during a call: Cancelled; call after close: ClosedError")
def test_copies_are_closed_together() -> None:
    """A copy shares the connections: closing either closes both."""
    for number in (0, 1):
        with FaultServer(answer()) as server:
            clients = [client_of(server.url)]
            clients.append(clients[0].with_options(timeout=5))
            clients[number].close()
            for client in clients:
                with pytest.raises(ClosedError):
                    client.query(QUERY)
            assert server.requests == []


@pytest.mark.fault(64, "close() during a call: Cancelled; call after close: ClosedError")
def test_close_ends_the_connections_that_something_holds() -> None:
    """`close` closes all connections, although a traceback refers to the pool of urllib3."""
    with FaultServer(answer()) as server:
        before = leftovers.held()
        client = client_of(server.url)
        client.query(QUERY)
        session = vars(vars(client)["_transport"])["_session"]
        pool = session.get_adapter(server.url).poolmanager.connection_from_url(server.url)
        client.close()

        assert leftovers.left_behind(before) == []
        assert pool.pool is None


@pytest.mark.fault(64, "close() during a call: Cancelled; call after close: ClosedError")
@pytest.mark.parametrize("isolated", [False, True])
def test_close_of_an_engine(*, isolated: bool, tmp_path: Path) -> None:
    """`close` during a query of another thread ends it with `Cancelled`, unless it already has its result."""
    path = str(tmp_path / "d")
    made(path, 200_000)
    if not isolated:
        for number in range(12):
            client = connect(path)
            with ThreadPoolExecutor(4) as pool:
                futures = [pool.submit(outcome, functools.partial(client.query, SLOW)) for _ in range(4)]
                time.sleep(number / 600)
                client.close()
                assert {future.result().seen for future in futures} <= {"Cancelled", "ClosedError", "result"}
    client = connect(path, isolated=isolated)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(outcome, lambda: client.query(SLOW))
        time.sleep(0.02)
        client.close()
        assert future.result().seen in {"Cancelled", "result"}
    with pytest.raises(ClosedError):
        client.query(SLOW)


@pytest.mark.fault(64, "close() during a call: Cancelled; call after close: ClosedError")
def test_close_while_it_waits_to_try_again() -> None:
    """`close` also ends the wait between attempts."""
    with FaultServer(answer({}, 503, Retry_After="30")) as server:
        client = client_of(server.url, timeout=60.0)
        threading.Timer(0.2, client.close).start()
        found = outcome(lambda: client.query(QUERY))

        assert isinstance(found.error, Cancelled)
        assert found.seconds < 0.2 + SLACK


def until(happened: Callable[[], object]) -> None:
    """Wait until a condition is true, up to ten seconds."""
    late = time.monotonic() + 10
    while not happened() and time.monotonic() < late:
        time.sleep(0.01)


INTERRUPTED = """
    import sys, time
    from tql_client import connect
    client = connect(sys.argv[1])
    print("ready", flush=True)
    try:
        client.query('select a from "d"')
    except KeyboardInterrupt:
        started = time.monotonic()
        print(len(client.query('select a from "d"')), flush=True)
"""


@pytest.mark.fault(65, "Ctrl-C during a call: KeyboardInterrupt at once, the connection is not reused")
@pytest.mark.parametrize("behaviour", [stall(), stall(head(200, len(BODY)) + BODY[:20])])
def test_interrupt(behaviour: Any) -> None:
    """Ctrl-C in a separate program raises KeyboardInterrupt, and the next query succeeds."""
    with FaultServer(behaviour, answer()) as server:
        command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED), server.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            until(lambda: server.requests)
            time.sleep(0.1)
            started = time.monotonic()
            program.send_signal(signal.SIGINT)
            assert program.stdout.readline() == "2\n"
            seconds = time.monotonic() - started

        assert seconds < SLACK
        assert server.connections == 2


@pytest.mark.fault(66, "asyncio cancel: the socket is shut down at once")
def test_asyncio_cancel() -> None:
    """Cancelling the task closes the connection, which the server notices."""
    ended: list[float] = []

    def behave(connection: socket.socket, _request: bytes) -> bool:
        connection.recv(1)
        ended.append(time.monotonic())
        return False

    async def act(client: Any) -> float:
        task = asyncio.create_task(client.aquery(QUERY))
        await asyncio.to_thread(until, lambda: server.requests)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(until, lambda: ended)
        return ended[0] - started

    with FaultServer(behave) as server, client_of(server.url) as client:
        assert asyncio.run(act(client)) < SLACK


@pytest.mark.fault(67, "the wall clock jumps during a pause: no effect")
@pytest.mark.parametrize("jump", [-1e9, 1e9])
def test_clock(see: See, jump: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Timeouts use the monotonic clock."""
    with FaultServer(answer({}, 503, Retry_After="0.1"), answer()) as server, client_of(server.url) as client:
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        found = see(outcome(lambda: client.query(QUERY)))

    assert found.seen == "result"
    assert 0.1 <= found.seconds < 0.1 + SLACK


# --- the engine in this process, and the local server ----------------------------------------------------------------


def made(path: str, rows: int) -> None:
    """Create a dataset of numbers and vectors."""
    dataset = deeplake.create(path)
    dataset.add_column("id", deeplake.types.Int64())
    dataset.add_column("e", deeplake.types.Embedding(64))
    dataset.append({"id": list(range(rows)), "e": np.random.default_rng(0).random((rows, 64), np.float32)})
    dataset.commit()


SLOW = select("id").where(col("id") * 1.0 + 0.5 > 0).similarity("e", np.ones(64, np.float32)).order_by("score")


@pytest.mark.fault(68, "embedded: a query longer than the timeout: DeadlineExceeded at T, the next query works")
@pytest.mark.parametrize("isolated", [False, True])
def test_slow_engine(see: See, isolated: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter of the test
    """The call raises at its timeout; an isolated engine is also killed."""
    path = str(tmp_path / "d")
    made(path, 200_000)
    with connect(path, isolated=isolated) as client:
        found = see(outcome(lambda: client.with_options(timeout=0.02).query(SLOW)))
        assert found.seen == "DeadlineExceeded"
        assert found.seconds < 0.02 + SLACK
        assert client.query(select("id").limit(2)).rows == [{"id": 0}, {"id": 1}]


@pytest.mark.fault(69, "embedded: the dataset is deleted: NotFound, or its previous rows")
@pytest.mark.parametrize("isolated", [False, True])
def test_deleted_dataset(see: See, isolated: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter of the test
    """A query of a deleted dataset returns a result or raises a `TqlError`, and a new client raises `NotFound`."""
    path = str(tmp_path / "d")
    made(path, 10)
    with connect(path, isolated=isolated) as client:
        client.query(select("id").limit(2))
        shutil.rmtree(path)
        found = see(outcome(lambda: client.query(select("id").limit(2))))
        assert found.seen in {"NotFound", "result", "APIError", "ServerError", "BadQuery"}
    assert outcome(lambda: connect(path, isolated=isolated)).seen == "NotFound"


CRASHING = "select id from t where id = 1 " + "or id = 1 " * 20_000


@pytest.mark.fault(68, "embedded: a query longer than the timeout: DeadlineExceeded at T, the next query works")
def test_crashing_engine(tmp_path: Path) -> None:
    """A query that crashes the engine is rejected; an isolated engine that runs it raises `EngineCrash`, and the next query succeeds."""
    path = str(tmp_path / "d")
    made(path, 10)
    text = "select e[0:4:0] as x"
    with connect(path, isolated=True) as client:
        with pytest.raises(TqlError, match="TQL403"):
            client.query(text)
        found = outcome(lambda: client.query(text, on_findings="ignore"))
        assert (found.seen, found.error.status) == ("EngineCrash", 500)
        assert "SIGFPE" in str(found.error)
        assert client.query(select("id").limit(2)).rows == [{"id": 0}, {"id": 1}]
        with pytest.raises(TqlError, match="TQL402"):
            client.query(CRASHING)


TOKEN = "canary-of-the-server"  # noqa: S105 - the token of a server of this test


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a dataset of ten rows."""
    path = str(tmp_path_factory.mktemp("local") / "d")
    made(path, 10)
    return path


@pytest.fixture
def local(ten: str) -> Iterator[Server]:
    """Return a local server with a token."""
    with serve({"d": ten}, token=TOKEN) as running:
        yield running


GOOD = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
REQUEST = json.dumps({"query": 'select id from "d" limit 1', "as_list": True}).encode()


@pytest.mark.fault(70, "local server: foreign Host, no token, 100 MB body, GET: 403, 401, 413, 405")
@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("POST", "", GOOD, REQUEST, 200),
        ("POST", "", {**GOOD, "Host": "evil.test"}, REQUEST, 403),
        ("POST", "", {**GOOD, "Host": ""}, REQUEST, 403),
        ("POST", "", {**GOOD, "Authorization": ""}, REQUEST, 401),
        ("POST", "", {**GOOD, "Authorization": "Bearer other"}, REQUEST, 401),
        ("POST", "", {**GOOD, "Authorization": f"Bearer {TOKEN}x"}, REQUEST, 401),
        pytest.param("POST", "", GOOD, b" " * 100 * 2**20, 413, id="too-large"),
        ("GET", "", GOOD, b"", 405),
        ("PUT", "", GOOD, REQUEST, 405),
        ("POST", "/nowhere", GOOD, REQUEST, 404),
        ("POST", "", GOOD, b"", 400),
        ("POST", "", GOOD, b"{", 400),
        pytest.param("POST", "", GOOD, b"[" * 100_000, 400, id="too-deep"),
        ("POST", "", GOOD, b"\xff", 400),
        ("POST", "", GOOD, b'{"query": 3}', 400),
        ("POST", "", GOOD, b'{"query": "select id from \\"d\\"", "as_list": 3}', 400),
        ("POST", "", GOOD, b'{"query": "select id from \\"other\\""}', 404),
        ("POST", "", GOOD, b'{"query": "selec id from \\"d\\""}', 400),
        ("POST", "", GOOD, b'{"query": "delete from t"}', 400),
    ],
)
def test_local_server(  # noqa: PLR0913, PLR0917 - the parts of a request
    local: Any, method: str, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    """Each invalid request gets a status, and an object with a description."""
    found = requests.request(method, local.url + path, headers=headers, data=body, timeout=30)

    assert found.status_code == status
    assert status == 200 or isinstance(found.json()["description"], str)
    assert TOKEN not in found.text


@pytest.mark.fault(31, "401: a token function is called again; a fixed token is not retried")
def test_a_wrong_token(local: Any) -> None:
    """A token that the local server rejects raises `AuthenticationError`."""
    with connect(local.url, token=CANARY) as client, pytest.raises(AuthenticationError):
        client.query('select id from "d"')
