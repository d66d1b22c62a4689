"""
Throughput of the local server, compared with the same engine in one process with as many threads.

``python -m tests.client.throughput [SECONDS] [ROUNDS]`` (``make throughput``) sends the demo's searches over 8 and 64 connections, in alternating rounds with as many threads of an embedded client.
It prints the medians, and exits with 1 if the server answers less than 0.7 of what the engine answers in process, or the 99th percentile of its durations at 8 connections is more than 3 times the median.
"""

from __future__ import annotations

import json
import math
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from tql_client import connect
from tql_client.cli import demo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONNECTIONS = (8, 64)
LEAST_RATIO, MOST_SPREAD = 0.7, 3.0
SECONDS, ROUNDS = 5.0, 5
# Seconds in which all workers start.
WARM = 3.0


class Figures(NamedTuple):
    """Queries per second, the median and the 99th percentile of their durations in milliseconds, and the milliseconds of processors that a query takes, those of its client included."""

    rate: float
    p50: float
    p99: float
    cpu: float

    @classmethod
    def of(cls, durations: Sequence[float], seconds: float, cpu: float) -> Figures:
        """Return the figures of a round."""
        cuts = quantiles([*durations, *durations], n=100)  # of one duration, too
        return cls(len(durations) / seconds, cuts[49] * 1e3, cuts[98] * 1e3, cpu / len(durations) * 1e3)

    def __str__(self) -> str:
        """Return the cells of a table."""
        return f"{self.rate:.0f} | {self.p50:.1f} | {self.p99:.1f} | {self.cpu:.1f}"


def processor_seconds(process: int) -> float:
    """Return the seconds of processors that a process and its children have taken, those that have ended included."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:  # the process has ended
            continue
        if process in {int(folder.name), int(fields[1])}:
            ticks += sum(map(int, fields[11:15] if int(folder.name) == process else fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def request(url: str, text: str) -> bytes:
    """Return an HTTP request with a query."""
    parts = urlsplit(url)
    body = json.dumps({"query": text, "as_list": False}).encode()
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Connection:
    """A connection that sends one request after the other."""

    def __init__(self, url: str, requests: Sequence[bytes], first: int) -> None:
        """Open the connection."""
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests, self._next = requests, first
        self._bodies: dict[int, bytes] = {}
        self._received = bytearray()
        self._started = 0.0

    def send(self) -> None:
        """Send the next request."""
        self._next = (self._next + 1) % len(self._requests)
        self._received = bytearray()
        self._started = time.perf_counter()
        self.socket.sendall(self._requests[self._next])

    def duration(self) -> float | None:
        """Receive data, and return the duration of the request once its response is complete."""
        part = self.socket.recv(262_144)
        assert part, "the server closed the connection"
        self._received += part
        head, blank, body = self._received.partition(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0) if blank else 0
        if not blank or len(body) < size:
            return None
        assert head.startswith(b"HTTP/1.1 200"), self._received
        assert self._bodies.setdefault(self._next, bytes(body)) == body
        return time.perf_counter() - self._started


def completed(selector: selectors.BaseSelector) -> Iterator[float]:
    """Yield the durations of the requests that are complete now, and send the next ones."""
    for key, _ in selector.select(1.0):
        duration = key.data.duration()
        if duration is not None:
            yield duration
            key.data.send()


def of_server(  # noqa: PLR0913 - the two ways to end it included
    url: str,
    process: int,
    texts: Sequence[str],
    connections: int,
    *,
    seconds: float = math.inf,
    until: threading.Event | None = None,
) -> Figures:
    """
    Return the figures of the server with some connections, from one thread, which takes less of the processors than a client for each.

    Raises:
        AssertionError: an answer is not the one that a query has, or an error.
    """
    requests = [request(url, text) for text in texts]
    selector = selectors.DefaultSelector()
    durations: list[float] = []
    opened = [Connection(url, requests, first) for first in range(connections)]
    for one in opened:
        selector.register(one.socket, selectors.EVENT_READ, one)
        one.send()
    taken, started = processor_seconds(process) + time.process_time(), time.perf_counter()
    while time.perf_counter() - started < seconds and not (until is not None and until.is_set()):
        durations += completed(selector)
    elapsed, taken = time.perf_counter() - started, processor_seconds(process) + time.process_time() - taken
    selector.close()
    for one in opened:
        while one.duration() is None:
            pass
        one.socket.close()
    return Figures.of(durations, elapsed, taken)


def of_engine(path: str, texts: Sequence[str], threads: int, seconds: float) -> Figures:
    """Return the figures of the engine in this process with some threads."""
    durations: list[float] = []
    with connect(path, dataset=demo.NAME) as client:
        taken, end = time.process_time(), time.perf_counter() + seconds

        def ask(first: int) -> None:
            number = first
            while time.perf_counter() < end:
                number = (number + 1) % len(texts)
                started = time.perf_counter()
                assert len(client.query(texts[number])) == demo.NEAREST
                durations.append(time.perf_counter() - started)

        asking = [threading.Thread(target=ask, args=(first,)) for first in range(threads)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        taken = time.process_time() - taken
    return Figures.of(durations, seconds, taken)


@contextmanager
def served(path: str, *options: str) -> Iterator[tuple[str, int]]:
    """Run `tql serve` with the demo's data, and provide its URL and its process."""
    command = [sys.executable, "-m", "tql_client", "serve", f"{demo.NAME}={path}", *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        try:
            yield program.stdout.readline().strip(), program.pid
        finally:
            program.terminate()


def queries(data: demo.Data) -> list[str]:
    """Return the demo's searches as query texts."""
    return [str(demo.nearest(vector).from_(demo.NAME)) for vector in data.vectors]


def compare(path: str, texts: Sequence[str], seconds: float, rounds: int) -> dict[int, tuple[Figures, Figures]]:
    """Return the median figures of the server and of the engine in process, by the number of connections."""
    found: dict[int, tuple[Figures, Figures]] = {}
    for count in CONNECTIONS:
        with served(path) as (url, process):
            of_server(url, process, texts, count, seconds=WARM)
            pairs = [
                (of_server(url, process, texts, count, seconds=seconds), of_engine(path, texts, count, seconds))
                for _ in range(rounds)
            ]
        server, engine = (Figures(*map(median, zip(*side, strict=True))) for side in zip(*pairs, strict=True))
        found[count] = server, engine
    return found


def main() -> int:
    """Measure, print the table, and compare the figures with the targets."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    data = demo.read_data()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "pydocs")
        demo.write_dataset(path, data, lambda _done, _total: None)
        found = compare(path, queries(data), seconds, rounds)
    holds = True
    cells = "q/s | p50 ms | p99 ms | CPU ms per query"
    sys.stdout.write(f"| connections | server {cells} | engine in process {cells} | ratio |\n{'|---' * 10}|\n")
    for count, (server, engine) in found.items():
        ratio = server.rate / engine.rate
        holds = holds and ratio >= LEAST_RATIO and (count != CONNECTIONS[0] or server.p99 <= MOST_SPREAD * server.p50)
        sys.stdout.write(f"| {count} | {server} | {engine} | {ratio:.2f} |\n")
    sys.stdout.write(
        "holds\n"
        if holds
        else f"MISSED: at least {LEAST_RATIO} of the engine, p99 at most {MOST_SPREAD:g} times p50 at {CONNECTIONS[0]}\n"
    )
    return not holds


if __name__ == "__main__":
    sys.exit(main())
