"""Limits of the local server: each is tried by a client that does not keep it, and named in docs/serve.md."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from tests.client.matrix import SLACK, outcome
from tests.client.neighbours import figures
from tql import select
from tql_client import connect
from tql_client.datasets import write
from tql_client.server.answers import LARGEST_ANSWER
from tql_client.server.limits import MOST_CONNECTIONS, Limits
from tql_client.server.local import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.client.matrix import Outcome

    See = Callable[[Outcome], Outcome]

FILES = 1024
IDLE_CLIENTS = 900
# Opens connections, sends some bytes over each, and keeps them until stdin ends.
IDLE = """
import socket, sys
from urllib.parse import urlsplit
parts = urlsplit(sys.argv[1])
opened = [socket.create_connection((parts.hostname, parts.port)) for _ in range(int(sys.argv[2]))]
for one in opened:
    try:
        one.sendall(sys.argv[3].encode())
    except OSError:  # cut in favour of later ones
        pass
print("connected", flush=True)
sys.stdin.read()
"""
# Short limits, so that a test takes seconds; test_the_page_names_the_limits compares the page with those of a server.
SHORT = Limits(
    connections=8,
    header_seconds=0.5,
    body_seconds=0.5,
    body_bytes=100_000,
    bodies_bytes=150_000,
    idle_seconds=1.0,
    unread_seconds=2.0,
)
QUERY = json.dumps({"query": 'select id from "d" limit 1'}).encode()
HEAD = "POST /api/query/v1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a dataset with ids and long texts."""
    return write({"id": list(range(2000)), "text": ["x" * 10_000] * 2000}, str(tmp_path_factory.mktemp("limits") / "d"))


@pytest.fixture
def server(path: str) -> Iterator[Server]:
    """Return a server with short limits."""
    with Server({"d": path}, workers=1, limits=SHORT) as running:
        yield running


@pytest.fixture(scope="module")
def shared(path: str) -> Iterator[Server]:
    """Return a server with short limits for tests that do not count."""
    with Server({"d": path}, workers=1, limits=SHORT) as running:
        yield running


def open_socket(url: str) -> socket.socket:
    """Open a connection to a server."""
    parts = urlsplit(url)
    opened = socket.create_connection((parts.hostname or "", parts.port or 0), 10)
    opened.settimeout(10)
    return opened


def answer_to(url: str, data: bytes) -> bytes:
    """Return all that the server sends for some bytes, until it closes the connection."""
    with open_socket(url) as opened, contextlib.suppress(ConnectionError):
        opened.sendall(data)
        return b"".join(iter(lambda: opened.recv(65_536), b""))
    return b""


def seconds_until_closed(url: str, parts: Iterator[bytes]) -> float:
    """Return the seconds after which the server closes a connection, over which a part is sent ten times per second."""
    with open_socket(url) as opened:
        started = time.monotonic()
        opened.settimeout(0.1)
        while time.monotonic() - started < 20:
            with contextlib.suppress(TimeoutError):
                try:
                    opened.sendall(next(parts, b""))
                    if not opened.recv(65_536):
                        break
                except ConnectionError:
                    break
        return time.monotonic() - started


def drip(data: bytes) -> Iterator[bytes]:
    """Yield the bytes of some data one by one."""
    return (data[number : number + 1] for number in range(len(data)))


def works(url: str) -> bool:
    """Return whether a client gets its rows."""
    with connect(url, "d", timeout=30) as client:
        return len(client.query(select("id").limit(3))) == 3


ORIGIN = {"Host": "127.0.0.1", "Content-Type": "application/json"}


@pytest.mark.fault(93, "server: foreign Origin, odd Host, no JSON: 403, 403, 415, before anything else")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (ORIGIN, 200),
        ({**ORIGIN, "Host": "LOCALHOST:80"}, 200),
        ({**ORIGIN, "Host": "[::1]:80"}, 200),
        ({**ORIGIN, "Content-Type": "Application/JSON; charset=utf-8"}, 200),
        ({"Host": "127.0.0.1"}, 200),
        ({**ORIGIN, "Origin": "http://127.0.0.1"}, 200),
        ({**ORIGIN, "Origin": "https://evil.example"}, 403),
        ({**ORIGIN, "Origin": "null"}, 403),
        ({**ORIGIN, "Origin": ""}, 403),
        ({**ORIGIN, "Origin": "http://127.0.0.1:1"}, 403),
        ({**ORIGIN, "Origin": "https://127.0.0.1"}, 403),
        ({**ORIGIN, "Host": "["}, 403),
        ({**ORIGIN, "Host": "[::1"}, 403),
        ({**ORIGIN, "Host": ""}, 403),
        ({**ORIGIN, "Host": "evil@127.0.0.1"}, 403),
        ({**ORIGIN, "Host": "127.0.0.1:80@evil"}, 403),
        ({**ORIGIN, "Host": "127.0.0.1.evil.example"}, 403),
        ({**ORIGIN, "Host": "127.0.0.1/x"}, 403),
        ({**ORIGIN, "Host": "127.0.0.1:x"}, 403),
        ({**ORIGIN, "Host": "\u0661\u0662\u0667.0.0.1"}, 403),
        ({**ORIGIN, "Content-Type": "text/plain"}, 415),
        ({**ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({**ORIGIN, "Content-Type": "application/jsonp"}, 415),
        ({**ORIGIN, "X-Large": "x" * 40_000}, 431),
    ],
)
def test_requests_of_web_pages(shared: Server, headers: dict[str, str], status: int) -> None:
    """A request that a web page of another site could send is refused, whatever its body; so is one with too large headers."""
    parts = urlsplit(shared.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.putrequest("POST", parts.path, skip_host=True)
    for name, value in {**headers, "Content-Length": str(len(QUERY))}.items():
        connection.putheader(name, value.encode("utf-8"))
    connection.endheaders(QUERY)
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()

    assert response.status == status
    assert set(body) == {"message", "tensors", "data"} if status == 200 else {"description"}


@pytest.mark.parametrize("path_", ["/health", "/metrics", "/openapi.json"])
def test_web_pages_read_nothing(shared: Server, path_: str) -> None:
    """The other paths refuse web pages of other sites, too."""
    url = shared.url.partition("/api")[0] + path_

    assert requests.get(url, timeout=10).status_code == 200
    assert requests.get(url, headers={"Origin": "https://evil.example"}, timeout=10).status_code == 403
    assert requests.get(url, headers={"Host": "evil.example"}, timeout=10).status_code == 403


@pytest.mark.fault(94, "server: idle connections, slow headers, slow bodies, unread answers: closed at their limit")
@pytest.mark.parametrize(
    ("parts", "limit"),
    [
        pytest.param(iter([]), SHORT.header_seconds, id="nothing"),
        pytest.param(drip(HEAD.encode()), SHORT.header_seconds, id="slow headers"),
        pytest.param(iter([f"{HEAD}Content-Length: {len(QUERY)}\r\n\r\n".encode() + QUERY]), SHORT.idle_seconds, id="idle"),
        pytest.param(
            iter([f"{HEAD}Content-Length: {len(QUERY)}\r\n\r\n".encode() + QUERY, *drip(HEAD.encode())]),
            SHORT.header_seconds,
            id="slow headers of the second request",
        ),
        pytest.param(
            iter([f"{HEAD}Content-Length: 90000\r\n\r\n".encode(), *drip(b" " * 1000)]),
            SHORT.body_seconds + SHORT.header_seconds,
            id="slow body",
        ),
        pytest.param(
            iter([f"{HEAD}Content-Length: 100001\r\n\r\n".encode(), *drip(b" " * 1000)]), SHORT.header_seconds, id="refused body"
        ),
    ],
)  # fmt: skip
def test_slow_clients(shared: Server, parts: Iterator[bytes], limit: float) -> None:
    """A connection whose client is idle or slow is closed at its limit."""
    works(shared.url)
    seconds = seconds_until_closed(shared.url, parts)

    assert limit - 0.1 <= seconds <= limit + 2 * SLACK
    assert works(shared.url)


@pytest.mark.fault(94, "server: idle connections, slow headers, slow bodies, unread answers: closed at their limit")
def test_unread_answers(server: Server) -> None:
    """An answer of which its client reads nothing is dropped; a client that reads slowly gets all of it."""
    body = json.dumps({"query": 'select text from "d"'}).encode()
    request = f"{HEAD}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
    with open_socket(server.url) as unread, open_socket(server.url) as slow:
        for one in (unread, slow):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            one.sendall(request)
        received = bytearray()
        started = time.monotonic()
        while part := slow.recv(1_000_000):
            received += part
            time.sleep(0.05 if time.monotonic() - started < 2 * SHORT.unread_seconds else 0.0)
        assert time.monotonic() - started > SHORT.unread_seconds
        assert len(received) > 20_000_000
        rest = bytearray()
        with contextlib.suppress(ConnectionError):
            while part := unread.recv(65_536):
                rest += part
    assert len(rest) < 20_000_000
    assert figures(server)["connections_cut_total"] == 1


@pytest.mark.fault(95, "server: a body beyond the cap, declared or not, and many bodies at once: 413, 503")
def test_large_bodies(server: Server) -> None:
    """A body that is declared to be too large is refused before it is sent; one that is not, when it is; and so is one more where others fill the memory."""
    declared = f"{HEAD}Content-Length: 100001\r\nExpect: 100-continue\r\n\r\n".encode()
    assert answer_to(server.url, declared).startswith(b"HTTP/1.1 413")
    chunk = b"186a1\r\n" + b" " * 100_001
    assert answer_to(server.url, f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk).startswith(
        b"HTTP/1.1 413"
    )
    first = f"{HEAD}Content-Length: 90001\r\n\r\n".encode() + b" " * 90_000
    with open_socket(server.url) as opened:
        opened.sendall(first)
        assert answer_to(server.url, first).startswith(b"HTTP/1.1 503")
    assert works(server.url)
    assert figures(server)["body_bytes"] == 0


def test_a_client_that_closes_while_it_sends(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """A connection that its client closes in the middle of the body ends as a cancelled query does, without a traceback."""
    with open_socket(server.url) as opened:
        opened.sendall(f"{HEAD}Content-Length: 90001\r\n\r\n".encode() + b" " * 10)
        time.sleep(0.1)
    assert works(server.url)

    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    assert '{status="499"} 1' in requests.get(server.url.replace("/api/query/v1", "/metrics"), timeout=10).text


@pytest.mark.fault(96, "server: more connections than it serves: idle ones make room, else 503")
def test_many_connections(server: Server) -> None:
    """A new connection replaces the one that has waited longest for a request."""
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(open_socket(server.url)) for _ in range(SHORT.connections)]
        assert works(server.url)
        assert idle[0].recv(1) == b""


@pytest.mark.fault(96, "server: more connections than it serves: idle ones make room, else 503")
def test_many_busy_connections(path: str) -> None:
    """A new connection is refused if all others are in the middle of a request."""
    busy = f"{HEAD}Content-Length: 9\r\n\r\n1".encode()
    limits = SHORT.replace(body_seconds=30.0)
    with Server({"d": path}, workers=1, limits=limits) as server, contextlib.ExitStack() as stack:
        for _ in range(limits.connections):
            one = stack.enter_context(open_socket(server.url))
            one.sendall(busy)
        time.sleep(SLACK)
        assert answer_to(server.url, b"").startswith(b"HTTP/1.1 503")
        stack.close()
        assert works(server.url)
        assert figures(server)["connections_refused_total"] == 1


@pytest.mark.fault(96, "server: more connections than it serves: idle ones make room, else 503")
def test_nine_hundred_idle_clients(path: str, see: See) -> None:
    """With `ulimit -n 1024`, clients are served while 900 others are connected and idle, and while 900 others send slow headers."""
    command = ["sh", "-c", f'ulimit -n {FILES}; exec "$0" -m tql_client serve "d=$1" --workers 1', sys.executable, path]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        url = program.stdout.readline().strip()
        with contextlib.ExitStack() as stack:
            for data in ("", "POST /api"):
                idle = [sys.executable, "-c", IDLE, url, str(IDLE_CLIENTS // 2), data]
                others = stack.enter_context(subprocess.Popen(idle, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
                assert others.stdout is not None
                assert others.stdout.readline() == b"connected\n"
            found = see(outcome(lambda: [works(url) for _ in range(5)]))
            opened = len(os.listdir(f"/proc/{program.pid}/fd"))  # noqa: PTH208 - names are enough
        program.terminate()
        said = program.stderr.read()
    assert found.seen == "result"
    assert opened < FILES
    assert "Traceback" not in said
    assert "out of system resource" not in said


def test_health_and_figures(server: Server) -> None:
    """`/health` says that the server runs; `/metrics` counts the answers by status, and their durations."""
    base = server.url.partition("/api")[0]
    assert works(server.url)
    requests.post(server.url, json={"query": "selec"}, timeout=10)
    health = requests.get(base + "/health", timeout=10)
    text = requests.get(base + "/metrics", timeout=10)

    assert health.json() == {"status": "ok", "workers": 1, "in_progress": 0}
    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'tql_server_answers_total{status="200"} 1\n' in text.text
    assert 'tql_server_answers_total{status="400"} 1\n' in text.text
    assert "tql_server_seconds_count 2\n" in text.text
    assert 'tql_server_seconds_bucket{le="+Inf"} 2\n' in text.text
    lines = [line for line in text.text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"tql_server_[a-z_]+(?:\{[a-z]+=\"[^\"]+\"\})? [0-9.]+", line) for line in lines)


def test_the_page_names_the_limits() -> None:
    """docs/serve.md has the number of each limit."""
    page = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")
    limits = Limits()
    numbers = [
        f"{MOST_CONNECTIONS} connections",
        f"{limits.header_bytes // 1024} KiB",
        f"{limits.header_seconds:g} seconds for the headers",
        f"{limits.body_bytes // 2**20} MiB for a body",
        f"{limits.bodies_bytes // 2**20} MiB for all bodies",
        f"{limits.body_seconds:g} seconds for the body",
        f"{limits.idle_seconds:g} seconds without a request",
        f"{limits.unread_seconds:g} seconds in which",
        f"{LARGEST_ANSWER // 2**20} MiB for an answer",
        "300 seconds for a query",
    ]

    assert [number for number in numbers if number not in page] == []
