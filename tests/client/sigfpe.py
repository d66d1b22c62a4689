"""
Crashes of the engine with SIGFPE at the limit of open files, which the client prevents.

``python -m tests.client.sigfpe RUNS`` (``make sigfpe``: 50) starts processes, prints their exit codes, and exits with 1 if one differs from the expected one:

- asked under load: a question of the demo, three ways, as in tests/client/test_three_ways.py, on a machine with overloaded cores.
- engine without files: the engine alone reads the values of a view while no file can be opened, and crashes.
- client without files: the client rejects the same query with an error, and runs it once files can be opened.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import deeplake

import tql_grammar.lint.check  # noqa: F401 - imported before the limit is reached: modules are files too
from tql_client import connect, serve
from tql_client.cli import demo
from tql_client.engine.open_files import ROOM
from tql_client.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES = 128
PATIENCE = 300.0
ENGINE, CLIENT, LOAD = "engine without files", "client without files", "asked under load"
BURN = "while True: pass"


@contextlib.contextmanager
def full(left: int = 0) -> Iterator[None]:
    """Open files until only a few more can be opened."""
    taken: list[int] = []
    with contextlib.suppress(OSError):
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    try:
        for _ in range(left):
            os.close(taken.pop())
        yield
    finally:
        for one in taken:
            os.close(one)


def written(folder: str) -> tuple[str, demo.Data]:
    """Write the demo's dataset, lower the limit of open files, and return the path and the data."""
    data, path = demo.read_data(), str(Path(folder) / "pydocs")
    demo.write_dataset(path, data, lambda _done, _total: None)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return path, data


def engine_without_files(folder: str) -> None:
    """Read the values of a view of the engine while no file can be opened."""
    path, data = written(folder)
    view = deeplake.open_read_only(path).query(str(demo.nearest(data.vectors[0])))
    with full():
        view["name"][:]


def client_without_files(folder: str) -> None:
    """Query with fewer and fewer free files: each query raises `Unavailable` or returns all rows."""
    path, data = written(folder)
    query = demo.nearest(data.vectors[0])
    with connect(path, dataset=demo.NAME, attempts=1) as client:
        rows = client.query(query).rows
    for left in (0, 1, 2, 5, ROOM - 1, ROOM + 8):
        with connect(path, dataset=demo.NAME, attempts=1) as client:
            client.compile(query)
            with full(left):
                try:
                    found = client.query(query).rows
                except Unavailable:
                    found = None
            assert found == (None if left < ROOM else rows), left
            assert client.query(query).rows == rows


def asked_under_load(folder: str) -> None:
    """Ask a question over HTTP in both forms, and in this process."""
    data, path = demo.read_data(), str(Path(folder) / "pydocs")
    demo.write_dataset(path, data, lambda _done, _total: None)
    query = demo.nearest(data.vectors[0])
    with (
        serve({demo.NAME: path}, token="t") as server,  # noqa: S106 - the token of a server of this process
        connect(server.url, dataset=demo.NAME, token="t") as http,  # noqa: S106 - as above
        connect(path, dataset=demo.NAME) as embedded,
    ):
        rows = embedded.query(query).rows
        assert http.query(query, as_list=True).rows == http.query(query, as_list=False).rows == rows


RUNS: dict[str, Callable[[str], None]] = {
    ENGINE: engine_without_files,
    CLIENT: client_without_files,
    LOAD: asked_under_load,
}


def ended(what: str) -> str:
    """Run one of these modes in a process, and return its end: "exit 0", a signal, or "late"."""
    command = [sys.executable, "-m", "tests.client.sigfpe", what]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parents[2], timeout=PATIENCE, check=False, stderr=subprocess.PIPE, text=True
        )
    except subprocess.TimeoutExpired:
        return "late"
    if done.returncode < 0:
        return signal.Signals(-done.returncode).name
    return f"exit {done.returncode}{done.stderr[-300:] if done.returncode else ''}"


def main() -> int:
    """Start the processes, or run as one of them."""
    what = sys.argv[1] if len(sys.argv) > 1 else "50"
    if what in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            RUNS[what](folder)
        return 0
    holds = True
    for name, count, expected in ((ENGINE, 5, "SIGFPE"), (CLIENT, 5, "exit 0"), (LOAD, int(what), "exit 0")):
        burning = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(2 * (os.cpu_count() or 1))]
        try:
            seen = Counter(ended(name) for _ in range(count))
        finally:
            for one in burning:
                one.kill()
                one.wait()
        holds = holds and seen == {expected: count}
        sys.stdout.write(f"{name}, {count} processes, {len(burning)} others that compute: {dict(seen)}\n")
        sys.stdout.flush()
    return not holds


if __name__ == "__main__":
    sys.exit(main())
