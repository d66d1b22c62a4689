"""
Detection of leaked resources: open files, threads and child processes of this process, read from /proc.

Fixtures of a wider scope start before the first snapshot of a test, and start their resources at once, so no test is blamed for them.
Without /proc only threads are compared.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import deeplake  # noqa: F401 - the files that it opens at import stay open
import polars as pl

from tql_client.transport import deadline
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES = Path("/proc")
OPEN = "/proc/self/fd"
NUMBER = re.compile(r"\d+")
# Seconds for threads to end, and for servers to close the connections of closed clients.
PATIENCE = 10.0
PAUSE = 0.01


# Started before any test, and kept: the watchdog thread of all clients, and the runtime of polars.
with deadline.guarded(deadline.FAR):
    pl.LazyFrame({"a": [1]}).collect()


def _names(folder: Path) -> list[str]:
    """Return the names in a folder of /proc, or none if it no longer exists."""
    with contextlib.suppress(OSError):
        return [entry.name for entry in folder.iterdir()]
    return []


class Held(Record):
    """
    The resources of this process.

    Attributes:
        files: the number of open files of each kind: sockets, pipes, and files by their path without digits.
        threads: the threads that Python started, without threads of the engine that called Python.
        children: the commands of the child processes, by process id.
    """

    files: Counter[str]
    threads: frozenset[threading.Thread]
    children: dict[int, str]


def held() -> Held:
    """Return the resources of this process now."""
    threads = frozenset(one for one in threading.enumerate() if not isinstance(one, threading._DummyThread))  # noqa: SLF001 - the only mark of a thread that Python did not start
    return Held(Counter(_files()), threads, {child: _command(child) for child in children("self")})


def left_behind(before: Held) -> list[str]:
    """Return the new resources since *before*, after waiting until those that are ending have ended."""
    late = time.monotonic() + PATIENCE
    while (found := list(_more(before, held()))) and time.monotonic() < late:
        time.sleep(PAUSE)
    return found


def _more(before: Held, after: Held) -> Iterator[str]:
    """Yield a description of each new resource."""
    for kind, count in (after.files - before.files).items():
        yield f"{count} open: {kind}"
    for thread in after.threads - before.threads:
        yield f"thread: {thread.name}"
    if len(after.children) > len(before.children):  # a restarted process has another id
        yield from (f"child: {after.children[one]}" for one in after.children.keys() - before.children.keys())


def _files() -> Iterator[str]:
    """Yield the kind of each open file, except those of /proc, which this function opens."""
    # Twice for each test, so without the objects of pathlib, which take three times as long.
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = os.listdir(OPEN)  # noqa: PTH208 - see above
    for name in names:
        with contextlib.suppress(OSError):
            target = os.readlink(f"{OPEN}/{name}")  # noqa: PTH115 - see above
            if not target.startswith("/proc/"):
                yield NUMBER.sub("N", target)


def _limit(process: int | str) -> int | None:
    """Return the largest number of files that a process may open, or None if it has ended."""
    with contextlib.suppress(OSError):
        return resource.prlimit(0 if process == "self" else int(process), resource.RLIMIT_NOFILE)[0]
    return None


def children(process: int | str) -> list[int]:
    """Return the ids of the child processes of a process."""
    found: list[int] = []
    tasks = f"/proc/{process}/task"
    for task in _names(Path(tasks)):
        with contextlib.suppress(OSError), open(f"{tasks}/{task}/children", "rb") as file:  # noqa: PTH123 - as above
            found += map(int, file.read().split())
    return found


def _command(process: int) -> str:
    """Return the command of a process."""
    with contextlib.suppress(OSError):
        return (PROCESSES / str(process) / "cmdline").read_text("utf-8", "replace").replace("\0", " ").strip()
    return ""


class Watch:
    """
    Counts the open files of this process and its descendants ten times a second, and keeps the maximum.

    A process with another limit than this one is left out: it is there to test that limit.
    """

    EACH = 0.1

    def __init__(self) -> None:
        """Start the watch."""
        self.highest = 0
        self._limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="open-files", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the watch."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        """Count until the watch is stopped."""
        while not self._ended.wait(self.EACH):
            waiting: list[int | str] = ["self"]
            while waiting:
                process = waiting.pop()
                if _limit(process) == self._limit:
                    self.highest = max(self.highest, len(_names(PROCESSES / str(process) / "fd")))
                waiting += children(process)
