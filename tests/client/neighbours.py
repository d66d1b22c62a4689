"""
Eight clients of a local server, while another one sends queries that crash the engine and queries that never end.

``python -m tests.client.neighbours [KILLERS] [ENDLESS] [--unchecked]`` (``make neighbours``: 200 and 50, both ways) prints the durations of the eight clients' searches without and with the other client.
It exits with 1 if one of their answers is an error or has other rows, or if the 99th percentile of their durations is more than twice as long with the other client.

Without ``--unchecked``, `tql serve` rejects the queries that it knows to crash the engine or to block it, and kills the workers of the others once their client gives up.
With it, the server also runs those that it knows, so each of them ends a worker process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import deeplake
import numpy as np
import requests

from tests.client.throughput import WARM, Figures, of_server, queries
from tql_client import connect
from tql_client.cli import demo
from tql_client.server.local import Server
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

KILLERS = [
    'select sample_info(e) as x from "k"',
    "select id from \"k\" where contains(t, '')",
    'select e[0:4:0] as x from "k"',
    'update "k" set id = 1',
    'delete from "k"',
    'select id from "k" sample by 0.0 replace true',
    'select id from "k" sample by id * 0 replace true limit 3',
    'select id from "k" where ' + " or ".join(["id = 1"] * 2_100),
    'select id from "k" where n between 1 and 5',
    'select logical_and(m > 1, e > 1) as x from "k"',
    'select sum(id) - sum(n) as x from "k" where id > 99 group by id',
]
# The first is known to block the engine, and rejected; the others take longer than any client waits.
ENDLESS = [
    'select id from "k" sample by 0.0 replace true limit 5',
    'select count(*) from (select e from "k" sample by 1 replace true limit 20000000) where cosine_similarity(e, e) > 2',
    f'select {"+".join(["cosine_similarity(embedding, embedding)"] * 900)} as x from "{demo.NAME}"',
]
CLIENTS = 8
# Words of those of `KILLERS` that block the engine and do not crash it.
BLOCKERS = ("sample by", "sum(id)")
# Seconds that the other client waits for a query that never ends, and for one that crashes the engine: another worker starts before the answer.
PATIENCE, CRASHING_SECONDS = 1.5, 300.0
SECONDS = 10.0
MOST_SLOWER = 2.0
# Seconds that a worker may need to start on a loaded machine.
STARTING = 60.0


def write_killed(path: str) -> None:
    """Write a dataset on which each of `KILLERS` crashes or blocks the engine."""
    made = deeplake.create(path)
    types = deeplake.types
    for name, kind in {
        "id": types.Int64(),
        "n": types.Nullable(types.Int64()),
        "t": types.Text(types.Inverted),
        "e": types.Embedding(4),
        "m": types.Array("float32", 2),
    }.items():
        made.add_column(name, kind)
    made.append({
        "id": [1, 2], "n": [1, None], "t": ["a b", "b"], "e": np.ones((2, 4), np.float32), "m": [np.ones((3, 2), np.float32)] * 2,
    })  # fmt: skip
    made.commit()


def figures(server: Server) -> dict[str, float]:
    """Return the figures of a server that have one value, by name."""
    text = requests.get(server.url.partition("/api")[0] + "/metrics", timeout=10).text
    return {name: float(value) for name, value in re.findall(r"^tql_server_([\w{}=\"]+) ([\d.]+)$", text, re.MULTILINE)}


def eventually(holds: Callable[[], bool]) -> bool:
    """Return whether a condition holds within some seconds."""
    end = time.monotonic() + STARTING
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def annoy(url: str, killers: int, endless: int) -> Counter[str]:
    """Send deadly and endless queries one after the other, and return the number of each outcome."""
    texts = [KILLERS[number % len(KILLERS)] for number in range(killers)]
    for number in range(endless):
        texts.insert((number + 1) * len(texts) // (endless + 1), ENDLESS[number % len(ENDLESS)])
    outcomes: Counter[str] = Counter()
    with connect(url, dataset="k", timeout=CRASHING_SECONDS, attempts=1) as client:
        impatient = client.with_options(timeout=PATIENCE)
        for text in texts:
            never_ends = text in ENDLESS or any(words in text for words in BLOCKERS)
            try:
                (impatient if never_ends else client).query(text, on_findings="ignore")
                outcomes["rows"] += 1
            except TqlError as error:
                outcomes[f"{type(error).__name__} {getattr(error, 'status', '')}".strip()] += 1
    return outcomes


@contextmanager
def served(folder: str, *options: str) -> Iterator[tuple[str, int]]:
    """Run a server in a process of its own, and provide its URL and its process."""
    command = [sys.executable, "-m", "tests.client.neighbours", "serve", folder, *options]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=root) as program:
        assert program.stdout is not None
        try:
            yield program.stdout.readline().strip(), program.pid
        finally:
            program.terminate()


def run_server(folder: str, *, unchecked: bool) -> None:
    """Run a server of both datasets until this process is ended."""
    paths = {demo.NAME: f"{folder}/pydocs", "k": f"{folder}/k"}
    if not unchecked:
        command = [sys.executable, "-m", "tql_client", "serve", *(f"{name}={path}" for name, path in paths.items())]
        os.execv(sys.executable, command)  # noqa: S606 - our own command
    with Server(paths, may_crash=True) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        server.wait()


def measure(
    folder: str, texts: Sequence[str], killers: int, endless: int, *options: str, seconds: float = SECONDS
) -> tuple[Figures, Figures, Counter[str]]:
    """Return the figures of the clients without and with the other client, and the outcomes of its queries."""
    with served(folder, *options) as (url, process):
        of_server(url, process, texts, CLIENTS, seconds=WARM)
        before = of_server(url, process, texts, CLIENTS, seconds=seconds)
        command = [sys.executable, "-m", "tests.client.neighbours", "annoy", url, str(killers), str(endless)]
        root = Path(__file__).parents[2]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as other:
            ended = threading.Event()

            def wait(process: subprocess.Popen[str], ended: threading.Event) -> None:
                process.wait()
                ended.set()

            threading.Thread(target=wait, args=(other, ended), daemon=True).start()
            during = of_server(url, process, texts, CLIENTS, until=ended)
            assert other.stdout is not None
            outcomes = Counter(eval(other.stdout.read()))  # noqa: S307 - from our own process
        after = of_server(url, process, texts, CLIENTS, seconds=seconds)
    return Figures(*((one + two) / 2 for one, two in zip(before, after, strict=True))), during, outcomes


def main() -> int:
    """Measure, print the figures, and compare them with the target; or run as one of the processes."""
    if sys.argv[1:2] == ["serve"]:
        run_server(sys.argv[2], unchecked="--unchecked" in sys.argv)
        return 0
    if sys.argv[1:2] == ["annoy"]:
        sys.stdout.write(repr(dict(annoy(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))))
        return 0
    killers, endless = (*map(int, [one for one in sys.argv[1:] if one.isdecimal()]), 200, 50)[:2]
    options = [one for one in sys.argv[1:] if one.startswith("--")]
    data = demo.read_data()
    with tempfile.TemporaryDirectory() as folder:
        demo.write_dataset(f"{folder}/pydocs", data, lambda _done, _total: None)
        write_killed(f"{folder}/k")
        without, during, outcomes = measure(folder, queries(data), killers, endless, *options)
    ratio = during.p99 / without.p99
    sys.stdout.write(
        f"| | q/s | p50 ms | p99 ms | CPU ms per query |\n|---|---|---|---|---|\n| without | {without} |\n| with | {during} |\n"
    )
    sys.stdout.write(
        f"the other client: {dict(outcomes)}\np99 {ratio:.2f} times (at most {MOST_SLOWER:g}), {'holds' if ratio <= MOST_SLOWER else 'MISSED'}\n"
    )
    return ratio > MOST_SLOWER


if __name__ == "__main__":
    sys.exit(main())
