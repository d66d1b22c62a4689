"""
Soak test: a client sends queries for a long time to servers with occasional faults, and memory, threads and open files must not grow.

``make soak`` runs ``python -m tests.client.soak SECONDS`` for ten minutes. It prints a line from time to time, and exits with 1 if anything grows.
"""

from __future__ import annotations

import gc
import logging
import random
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.client.fault_server import QUERY, ROWS, FaultServer, answer, chunked, drip, head, raw, reset, stall
from tests.client.test_chaos import BODY
from tql_client import connect
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from tql_client import Client

THREADS = 32
SAMPLES = 20
GROWTH = 0.02
FAULTS = [
    raw(b""),
    reset(),
    raw(head(200, len(BODY)) + BODY[:-3]),
    raw(chunked(BODY, end=b"")),
    raw(b"SSH-2.0\r\n"),
    answer(b"nonsense"),
    answer({}, 400),
    answer({}, 500),
    answer({}, 503),
    answer({}, 429),
    answer(b"", 307, Location="/q"),
    drip(BODY[:5], 0.05, whole=head(200, len(BODY))),
    stall(),
]


def state() -> tuple[int, int, int]:
    """Return the memory in KiB, the threads and the open files of this process."""
    gc.collect()
    status = Path("/proc/self/status").read_text("ascii")
    memory = int(status.partition("VmRSS:")[2].split()[0])
    return memory, threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


def main() -> int:
    """Run, and compare the last fifth of the time with the second."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    logging.disable()
    rng = random.Random(0)  # noqa: S311 - not a secret
    good = answer()

    def behave(connection: object, request: bytes) -> bool:
        return (rng.choice(FAULTS) if rng.random() < len(FAULTS) / 100 else good)(connection, request)  # type: ignore[arg-type]  # a socket

    with FaultServer(behave) as server, connect(server.url, timeout=2) as client:
        samples = sampled(server, client, seconds)
    early, late = samples[SAMPLES // 5 : 2 * SAMPLES // 5], samples[-SAMPLES // 5 :]
    memory = max(sample[0] for sample in late) / max(sample[0] for sample in early) - 1
    # Each kept connection also has a thread and a file of the server.
    others = max(max(sample[1:]) for sample in late) <= max(max(sample[1:]) for sample in early) + THREADS
    holds = memory <= GROWTH and others
    sys.stdout.write(f"memory {memory:+.1%} (at most {GROWTH:.0%}), {'holds' if holds else 'MISSED'}\n")
    return not holds


def sampled(server: FaultServer, client: Client, seconds: float) -> list[tuple[int, int, int]]:
    """Send queries from many threads for some seconds, and return the state of the process at intervals."""
    ended, counts = threading.Event(), {"result": 0, "error": 0}

    def ask() -> None:
        while not ended.is_set():
            try:
                assert client.query(QUERY).rows == ROWS
                counts["result"] += 1
            except TqlError:
                counts["error"] += 1
            server.requests.clear()

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    samples = []
    for _ in range(SAMPLES):
        time.sleep(seconds / SAMPLES)
        samples.append(state())
        sys.stdout.write(f"{samples[-1]} KiB, threads, files; {counts}\n")
        sys.stdout.flush()
    ended.set()
    for thread in threads:
        thread.join(10)
    return samples


if __name__ == "__main__":
    sys.exit(main())
