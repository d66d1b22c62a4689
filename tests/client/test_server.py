"""Local server: it survives invalid and aborted requests, stops gracefully, describes itself, and logs no secret; the engine in this process does not block other threads."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest
import requests
from jsonschema import Draft202012Validator

from tests.client.matrix import SLACK
from tests.client.neighbours import KILLERS, eventually, figures, write_killed
from tql import select
from tql_client import connect, serve
from tql_client.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tql_client.server.local import Server

TOKEN = "canary-of-this-server"  # noqa: S105 - the token of a server of this test
COUNT, LENGTH = 200_000, 64
SLOW = select("id").similarity("e", np.ones(LENGTH, np.float32)).order_by("score").limit(5)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a dataset that is slow to search."""
    path = str(tmp_path_factory.mktemp("large") / "d")
    made = deeplake.create(path)
    made.add_column("id", deeplake.types.Int64())
    made.add_column("e", deeplake.types.Embedding(LENGTH))
    made.append({"id": list(range(COUNT)), "e": np.random.default_rng(0).random((COUNT, LENGTH), np.float32)})
    made.commit()
    return path


@pytest.fixture
def server(large: str) -> Iterator[Server]:
    """Return a server of the dataset, which has two names."""
    with serve({"d": large, "hub://org/two": large}, token=TOKEN) as running:
        yield running


def ask(server: Server) -> int:
    """Return the number of rows of a query."""
    with connect(server.url, token=TOKEN) as client:
        return len(client.query(select("id").from_("hub://org/two").limit(3)))


def address(server: Server) -> tuple[str, int]:
    """Return the address of a server."""
    found = re.search(r"//([\d.]+):(\d+)/", server.url)
    assert found is not None
    return found[1], int(found[2])


def garbage(rng: random.Random) -> bytes:
    """Return the beginning of a request: complete lines and noise."""
    parts = [
        b"POST /api/query/v1 HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n", b"Host: 127.0.0.1\r\n", b"Content-Length: 99\r\n", b"Content-Length: -1\r\n", b"\r\n",
        b"Transfer-Encoding: chunked\r\n", b"5\r\nabc", b"\x00\xff\xfe", b"{", b'{"query": "select 1"}', b"A" * 70_000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        f"Authorization: Bearer {TOKEN}\r\n".encode(), b"Expect: 100-continue\r\n", b"Upgrade: websocket\r\nConnection: upgrade\r\n",
    ]  # fmt: skip
    return b"".join(rng.choice(parts) for _ in range(rng.randint(1, 8)))


def test_it_outlives_its_clients(server: Server) -> None:
    """After noise, incomplete requests, and connections that stay open or are reset, the server still responds."""
    left = [socket.create_connection(address(server)) for _ in range(50)]
    for one in left[:25]:
        one.sendall(b"POST /api/query/v1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf")

    def annoy(seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311 - not a secret
        with contextlib.suppress(OSError), socket.create_connection(address(server), 5) as one:
            one.settimeout(0.2)
            one.sendall(garbage(rng))
            if rng.random() < 0.5:
                one.recv(1000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(annoy, range(200)))
    assert ask(server) == 3
    for one in left:
        one.close()


def test_it_answers_others_while_it_works(server: Server) -> None:
    """A search of one client does not block the others."""
    with connect(server.url, dataset="d", token=TOKEN) as client, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.query, SLOW)
        assert ask(server) == 3
        assert len(slow.result()) == 5


def test_it_stops_with_grace(large: str) -> None:
    """Requests in flight are completed; then the port is closed."""
    running = serve({"d": large})
    with connect(running.url, dataset="d") as client, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(client.query, SLOW)
        assert eventually(lambda: figures(running)["in_progress"] == 1)
        running.close()
        assert len(answer.result()) == 5
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address(running))


def test_it_describes_itself(server: Server) -> None:
    """Responses match the server's OpenAPI document."""
    url = server.url.partition("/api")[0]
    found = requests.get(f"{url}/openapi.json", timeout=10).json()
    assert requests.get(f"{url}/openapi.json", headers={"Host": "evil.test"}, timeout=10).status_code == 403
    post = found["paths"]["/api/query/v1"]["post"]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for as_list in (True, False):
        body = {"query": 'select id from "d" limit 2', "as_list": as_list}
        Draft202012Validator(post["requestBody"]["content"]["application/json"]["schema"]).validate(body)
        answer = requests.post(server.url, json=body, headers=headers, timeout=30)
        schema = post["responses"]["200"]["content"]["application/json"]["schema"]
        Draft202012Validator(schema).validate(answer.json())
        assert answer.json()["tensors"] == ["id"]
    refusal = requests.post(server.url, json={}, headers=headers, timeout=30)
    schema = post["responses"][str(refusal.status_code)]["content"]["application/json"]["schema"]
    Draft202012Validator(schema).validate(refusal.json())


def test_its_log(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Each request logs one line of JSON, without token and query."""
    caplog.clear()
    ask(server)
    requests.get(server.url, timeout=10)
    said = [record.getMessage() for record in caplog.records if record.name == "tql_client.server"]
    lines = list(map(json.loads, said))

    assert [(line["method"], line["status"]) for line in lines] == [("POST", 200), ("GET", 405)]
    assert lines[0]["seconds"] >= 0
    assert re.fullmatch(r"[0-9a-f-]{36}", lines[0]["request_id"])
    assert not [line for line in said if "select" in line or TOKEN in line]


def test_other_threads_go_on(large: str) -> None:
    """Other threads run while the engine in this process searches."""
    with connect(large) as client:
        client.query(SLOW)
        ticks: list[float] = []
        ended = threading.Event()

        def tick() -> None:
            while not ended.is_set():
                ticks.append(time.monotonic())
                time.sleep(0.001)

        thread = threading.Thread(target=tick)
        thread.start()
        started = time.monotonic()
        client.query(SLOW)
        seconds = time.monotonic() - started
        ended.set()
        thread.join()
        longest = max(later - earlier for earlier, later in pairwise(ticks))

    assert seconds > 0.005
    assert longest < max(0.5 * seconds, 0.05)


@pytest.mark.parametrize("path", ["s3://bucket/a", "gs://bucket/a", "az://account/a", "al://org/a"])
def test_paths_and_credentials_reach_the_engine(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials are passed to the engine unchanged, and shown nowhere."""
    seen: list[tuple[Any, ...]] = []
    made = deeplake.create(f"mem://credentials{path[:2]}")
    made.add_column("id", deeplake.types.Int64())
    made.append({"id": [1]})
    made.commit()

    def opened(*given: Any, **named: Any) -> Any:
        seen.append((given, named))
        return deeplake.open_async(f"mem://credentials{path[:2]}")

    monkeypatch.setattr(deeplake, "open_read_only_async", opened)
    credentials = {"aws_access_key_id": "canary-key", "aws_secret_access_key": "canary-secret"}
    with connect(path, credentials=credentials) as client:
        assert client.query(select("id")).rows == [{"id": 1}]
        assert "canary" not in f"{client!r} {client.__dict__}"
    assert seen
    assert all(call == ((path,), {"creds": credentials}) for call in seen)


def test_a_path_in_place_of_the_datasets() -> None:
    """A server takes a dict; the message has the one to write."""
    datasets: Any = "./data"

    with pytest.raises(ConfigError, match=r"write serve\(\{'docs': './data'\}\)"):
        serve(datasets)


def test_an_isolated_engine_needs_a_path() -> None:
    """`isolated` rejects datasets in the memory of this process."""
    with pytest.raises(ConfigError, match="memory"):
        connect("mem://x", isolated=True)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a dataset on which each deadly query crashes or blocks the engine."""
    path = str(tmp_path_factory.mktemp("killed") / "k")
    write_killed(path)
    return path


def test_killers(large: str, killed: str) -> None:
    """Queries that crash or block the engine get the status 400, the reason and a hint; other clients are served all the time."""
    command = [sys.executable, "-m", "tql_client", "serve", f"k={killed}", f"d={large}", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        with connect(url, dataset="d") as neighbour:
            for text in KILLERS:
                found = requests.post(url, json={"query": text, "as_list": True}, timeout=10)
                assert (found.status_code, text) == (400, text)
                assert set(found.json()) <= {"description", "hint"}
                assert neighbour.query(select("id").limit(1)).rows == [{"id": 0}]
        program.send_signal(signal.SIGINT)
        assert program.wait() == 130


def test_a_small_call(server: Server, record_property: Callable[[str, object], None]) -> None:
    """The duration of a small call on an open connection; printed, since it depends on the machine."""
    with connect(server.url, "d", token=TOKEN) as client:
        query = select("id").limit(1)
        client.query(query)
        seconds = []
        for _ in range(50):
            started = time.perf_counter()
            assert len(client.query(query)) == 1
            seconds.append(time.perf_counter() - started)
    record_property(
        "figure", f"a small call of the local server: {sorted(seconds)[25] * 1e3:.1f} ms in the middle of 50"
    )


def test_the_command(large: str, tmp_path: Path) -> None:
    """`tql serve` prints its URL, logs if requested, and Ctrl-C ends it with 130."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    command = [
        sys.executable,
        "-m",
        "tql_client",
        "serve",
        f"d={large}",
        "--port",
        "0",
        "--token-file",
        str(token),
        "--access-log",
    ]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        url = program.stdout.readline().strip()
        with connect(url, dataset="d", token=TOKEN) as client:
            assert len(client.query(select("id").limit(3))) == 3
        started = time.monotonic()
        program.send_signal(signal.SIGINT)
        said = program.stderr.read()
        assert program.wait() == 130
        assert time.monotonic() - started < 5 * SLACK

    assert '"status": 200' in said
    assert "Traceback" not in said
    assert TOKEN not in said
