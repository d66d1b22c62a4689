"""The rest of the fault matrix: tokens, proxies, cookies, threads, forks, signals, asyncio, clocks, the engine in this process and the local server."""

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


@pytest.mark.fault(53, "a token of another shape: ConfigError, nothing sent, no echo")
@pytest.mark.parametrize("token", ODD_TOKENS)
def test_odd_tokens(token: str, tmp_path: Path) -> None:
    """From the argument, a function or a file: refused before anything is sent, and not repeated."""
    file = tmp_path / "token"
    file.write_bytes(token.encode())
    with FaultServer(answer()) as server:
        given: list[dict[str, Any]] = [{"token": token}, {"token": lambda: token}, {"token_file": str(file)}]
        for options in given:
            with pytest.raises(ConfigError) as caught:
                connect(server.url, **options).query(QUERY)
            assert len(token) < 3 or token not in "".join(traceback.format_exception(caught.value))
        assert server.requests == []


@pytest.mark.fault(53, "a token of another shape: ConfigError, nothing sent, no echo")
def test_a_token_with_a_newline_at_its_end() -> None:
    """As editors and `echo` leave it: taken without."""
    with FaultServer(answer()) as server, connect(server.url, token=f"{CANARY}\n") as client:
        client.query(QUERY)

        assert head_of(server.requests[0])["authorization"] == f"Bearer {CANARY}"


@pytest.mark.fault(54, "netrc machine and default entries: our Bearer arrives")
@pytest.mark.parametrize("entry", ["machine 127.0.0.1", "default"])
def test_netrc(entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has no say, with a token and without."""
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
    """What is sent to this machine does not leave it."""
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
    """Beyond this machine the environment's proxy is used, and what it does is told without its password."""
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
    """Threads and users share a client: none sees the other's cookie."""
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


@pytest.mark.fault(58, "an error logged, repr'd, pickled, traced with locals: no token")
@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_no_token_in_errors(number: int, caplog: pytest.LogCaptureFixture) -> None:
    """The token is nowhere but in its one header."""
    caplog.set_level(logging.DEBUG)
    token = FixedToken(Secret(CANARY))
    with FaultServer(FAULTS[number]) as server, client_of(server.url, token=token, pauses=[], timeout=0.5) as client:
        with pytest.raises(TqlError) as caught:
            client.query(QUERY)
        error = caught.value
        seen = [repr(client), repr(client.__dict__), repr(error), str(error), str(pickle.dumps(error)), caplog.text]
        seen += traceback.format_exception(error)
        seen += traceback.TracebackException.from_exception(error, capture_locals=True).format()
        seen += [repr(pickle.loads(pickle.dumps(error))), repr(error.__cause__), repr(error.__context__)]  # noqa: S301 - our own

        assert error.__cause__ is None
        assert not [text for text in seen if CANARY in text]
        assert any(CANARY.encode() in request for request in server.requests)


@pytest.mark.fault(59, "debug log on: our logs redacted; http.client's own debuglevel is beyond us")
def test_debug_logs(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """All loggers at DEBUG: no token, and no query; http.client prints its headers where a program asks it to."""
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
    """The text arrives as it is."""
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
    """Nothing is sent."""
    with FaultServer(answer()) as server, connect(server.url) as client:
        for findings in ("raise", "ignore"):
            with pytest.raises(TqlError if findings == "raise" or "\x00" in text else ArgumentError):
                client.query(text, on_findings=findings)
            if "\x00" in text:
                break

        assert server.requests == []


@pytest.mark.fault(61, "a vector with NaN, of float32, of two dimensions: error before sending, or short digits")
def test_vectors() -> None:
    """Refused with the index, or written in the fewest digits."""
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

THREADS, CALLS = 32, int(os.environ.get("TQL_CALLS", "1000"))


@pytest.mark.fault(62, "32 threads x 1,000 calls: all right, few connections, own request ids")
def test_threads() -> None:
    """Each thread gets its own answers: the number that it asked for comes back."""

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


@pytest.mark.fault(63, "fork after use: child and parent are both right, and share no socket")
def test_fork() -> None:
    """The child makes a connection of its own."""
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
    """What waits is woken up at once."""
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
    """A copy shares the connections: whichever is closed, neither goes on."""
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
    """The traceback of an error holds the pool, and urllib3 closes a pool's connections when nothing holds it any more."""
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
    """A long query in another thread ends with an error of ours, whenever it is closed."""
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
    """The pause ends too."""
    with FaultServer(answer({}, 503, Retry_After="30")) as server:
        client = client_of(server.url, timeout=60.0)
        threading.Timer(0.2, client.close).start()
        found = outcome(lambda: client.query(QUERY))

        assert isinstance(found.error, Cancelled)
        assert found.seconds < 0.2 + SLACK


def until(happened: Callable[[], object]) -> None:
    """Wait until something is so; ten seconds at most."""
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


@pytest.mark.fault(65, "Ctrl-C in the wait: KeyboardInterrupt at once, the connection is not used again")
@pytest.mark.parametrize("behaviour", [stall(), stall(head(200, len(BODY)) + BODY[:20])])
def test_interrupt(behaviour: Any) -> None:
    """In a program of its own; the next query works."""
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


@pytest.mark.fault(66, "asyncio cancel: the socket is shut at once")
def test_asyncio_cancel() -> None:
    """The server sees the end of the connection."""
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
    """Times are measured by a clock that goes on."""
    with FaultServer(answer({}, 503, Retry_After="0.1"), answer()) as server, client_of(server.url) as client:
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        found = see(outcome(lambda: client.query(QUERY)))

    assert found.seen == "result"
    assert 0.1 <= found.seconds < 0.1 + SLACK


# --- the engine in this process, and the local server ----------------------------------------------------------------


def made(path: str, rows: int) -> None:
    """Make a dataset of numbers and vectors."""
    dataset = deeplake.create(path)
    dataset.add_column("id", deeplake.types.Int64())
    dataset.add_column("e", deeplake.types.Embedding(64))
    dataset.append({"id": list(range(rows)), "e": np.random.default_rng(0).random((rows, 64), np.float32)})
    dataset.commit()


SLOW = select("id").where(col("id") * 1.0 + 0.5 > 0).similarity("e", np.ones(64, np.float32)).order_by("score")


@pytest.mark.fault(68, "embedded: a query longer than the timeout: DeadlineExceeded at T, the next query works")
@pytest.mark.parametrize("isolated", [False, True])
def test_slow_engine(see: See, isolated: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter of the test
    """The caller goes on; an engine of its own process is stopped as well."""
    path = str(tmp_path / "d")
    made(path, 200_000)
    with connect(path, isolated=isolated) as client:
        found = see(outcome(lambda: client.with_options(timeout=0.02).query(SLOW)))
        assert found.seen == "DeadlineExceeded"
        assert found.seconds < 0.02 + SLACK
        assert client.query(select("id").limit(2)).rows == [{"id": 0}, {"id": 1}]


@pytest.mark.fault(69, "embedded: the dataset is deleted meanwhile: NotFound, or its rows as they were")
@pytest.mark.parametrize("isolated", [False, True])
def test_deleted_dataset(see: See, isolated: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter of the test
    """A result or an error of ours, and a new client says that nothing is there."""
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
    """A text that ends the engine's process is refused before; where it gets through, the crash is an error and the next query works."""
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


TOKEN = "canary-of-the-server"  # noqa: S105 - it guards a server of this test


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
        ("POST", "", GOOD, b" " * 100 * 2**20, 413),
        ("GET", "", GOOD, b"", 405),
        ("PUT", "", GOOD, REQUEST, 405),
        ("POST", "/nowhere", GOOD, REQUEST, 404),
        ("POST", "", GOOD, b"", 400),
        ("POST", "", GOOD, b"{", 400),
        ("POST", "", GOOD, b"[" * 100_000, 400),
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
    """Each is answered with a status and an object that says why."""
    found = requests.request(method, local.url + path, headers=headers, data=body, timeout=30)

    assert found.status_code == status
    assert status == 200 or isinstance(found.json()["description"], str)
    assert TOKEN not in found.text


@pytest.mark.fault(31, "401: a token that renews is asked for again; a fixed one is not")
def test_a_wrong_token(local: Any) -> None:
    """The local server answers as the service does."""
    with connect(local.url, token=CANARY) as client, pytest.raises(AuthenticationError):
        client.query('select id from "d"')
