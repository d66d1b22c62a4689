"""
Readers of a dataset while another process commits rows and columns to it: with the engine in this process, in a child process and behind the server.

Every answer is a committed state, at least as new as the last commit before its query, so never older than an answer that ended before.

Run: ``python -m tests.client.freshness SECONDS``, for each of the three ways; ``python -m tests.client.freshness SECONDS FOLDER`` is the writer.
"""

from __future__ import annotations

import mmap
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deeplake

from tql import select
from tql_client import connect, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_client import Client

WAYS = ("embedded", "isolated", "served")
READERS = 4
ROWS = 10
# Every fifth commit adds a column, and fills it in its rows; the column is null in the rows before.
EVERY = 5
COMMITS = 60


class Counters:
    """The number of commits that have begun, and of those that are done, in a file that two processes share."""

    def __init__(self, file: Path) -> None:
        """Map the file."""
        with file.open("r+b") as opened:
            self._shared = memoryview(mmap.mmap(opened.fileno(), 16)).cast("q")

    @property
    def begun(self) -> int:
        """The number of commits that have begun."""
        return self._shared[0]

    @property
    def done(self) -> int:
        """The number of commits that are done."""
        return self._shared[1]

    def begin(self, state: int) -> None:
        """Count a commit that begins."""
        self._shared[0] = state

    def finish(self, state: int) -> None:
        """Count a commit that is done."""
        self._shared[1] = state


def columns_of(state: int) -> list[str]:
    """Return the names of the columns of a state: the dataset after that number of commits."""
    return ["id", *(f"c{number}" for number in range(EVERY, state + 1, EVERY))]


def rows_of(state: int) -> list[dict[str, int | None]]:
    """Return the rows of a state: a column is null in the rows of the commits before its own."""
    return [
        {"id": number, **{name: commit if int(name[1:]) <= commit else None for name in columns_of(state)[1:]}}
        for commit in range(1, state + 1)
        for number in range((commit - 1) * ROWS, commit * ROWS)
    ]


def state_of(names: tuple[str, ...], rows: list[dict[str, Any]]) -> int | None:
    """Return the state that is exactly these rows, or None if there is none."""
    state = len(rows) // ROWS
    rows = sorted(rows, key=lambda row: row["id"])
    return state if list(names) == columns_of(state) and rows == rows_of(state) else None


def commit(dataset: Any, state: int) -> None:
    """Append the rows of a state, after its column if it has a new one, and commit."""
    if state % EVERY == 0:
        dataset.add_column(f"c{state}", deeplake.types.Int64())
    numbers = list(range((state - 1) * ROWS, state * ROWS))
    dataset.append({"id": numbers, **{name: [state] * ROWS for name in columns_of(state)[1:]}})
    dataset.commit()


def write(folder: Path, seconds: float) -> None:
    """Commit states, in a process of its own, and count them."""
    dataset = deeplake.open(str(folder / "d"))
    counters = Counters(folder / "counters")
    for state in range(2, COMMITS + 1):
        counters.begin(state)
        commit(dataset, state)
        counters.finish(state)
        time.sleep(seconds / COMMITS)


class Reader(threading.Thread):
    """A thread that queries until it is stopped, and keeps the number of answers and the first wrong one."""

    def __init__(self, client: Client, counters: Counters, running: Callable[[], bool]) -> None:
        """Create a reader of a client."""
        super().__init__(daemon=True)
        self._client, self._counters, self._running = client, counters, running
        self.answers = 0
        self.states: set[int] = set()
        self.wrong: str | None = None

    def run(self) -> None:
        """Query, and compare each answer with the commits before and during its query."""
        while self._running() and self.wrong is None:
            oldest = self._counters.done
            try:
                result = self._client.query(select())
            except Exception as error:  # noqa: BLE001 - any exception is a wrong answer
                self.wrong = repr(error)
                return
            newest = self._counters.begun
            state = state_of(result.names, result.rows)
            if state is None or not oldest <= state <= newest:
                self.wrong = (
                    f"{len(result)} rows of {result.names} is state {state}, and the commits are {oldest} to {newest}"
                )
                return
            self.answers += 1
            self.states.add(state)


def read(way: str, folder: Path, seconds: float) -> list[Reader]:
    """Return the readers of a dataset after that number of seconds; two of them share a client."""
    dataset = deeplake.create(str(folder / "d"))
    dataset.add_column("id", deeplake.types.Int64())
    commit(dataset, 1)
    (folder / "counters").write_bytes((1).to_bytes(8, sys.byteorder) * 2)
    counters = Counters(folder / "counters")
    with ExitStack() as stack:
        clients = [stack.enter_context(client) for client in _clients(way, str(folder / "d"), stack)]
        command = [sys.executable, "-m", "tests.client.freshness", str(seconds), str(folder)]
        writer = stack.enter_context(subprocess.Popen(command))
        readers = [Reader(clients[number // 2], counters, lambda: writer.poll() is None) for number in range(READERS)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert writer.wait() == 0
    return readers


def _clients(way: str, path: str, stack: ExitStack) -> list[Client]:
    """Return two clients of a dataset."""
    if way == "served":
        server = stack.enter_context(serve({"d": path}))
        return [connect(server.url, "d") for _ in range(2)]
    return [connect(path, isolated=way == "isolated") for _ in range(2)]


def main(seconds: float) -> int:
    """Print a line for each way, and return the exit code: 1 if an answer is wrong."""
    failed = 0
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            readers = read(way, Path(folder), seconds)
        wrong = [reader.wrong for reader in readers if reader.wrong]
        answers, states = sum(reader.answers for reader in readers), set[int]().union(*(one.states for one in readers))
        lines = [f"{way}: {answers} answers of {len(states)} states in {seconds:g} s, {len(wrong)} wrong", *wrong]
        sys.stdout.write("\n  ".join(lines) + "\n")
        failed += len(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    length, *folders = sys.argv[1:]
    if folders:
        write(Path(folders[0]), float(length))
    else:
        sys.exit(main(float(length)))
