"""
What a process holds, as Linux tells it under /proc: open files, threads and child processes, so that a test that leaves one behind fails.

Fixtures of a wider scope are there before a test is looked at; what such a fixture starts, it starts at once, so that no test is blamed for it.
Where there is no /proc, threads alone are compared.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import deeplake  # noqa: F401 - what it opens, it opens when it is imported, and keeps
import polars as pl

from tql_client.transport import deadline
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES = Path("/proc")
SELF = PROCESSES / "self"
NUMBER = re.compile(r"\d+")
# Seconds in which a thread that was told to end does so, and a server closes the connections that its clients left.
PATIENCE = 10.0
PAUSE = 0.01


# What is one for the process and stays is there before any test: the thread that watches the deadlines of all clients, and the runtime of polars.
with deadline.guarded(deadline.FAR):
    pl.LazyFrame({"a": [1]}).collect()


def _names(folder: Path) -> list[str]:
    """Return the names in a folder of /proc; none where it is gone."""
    with contextlib.suppress(OSError):
        return [entry.name for entry in folder.iterdir()]
    return []


class Held(Record):
    """
    What this process holds.

    Attributes:
        files: how many of each kind are open: sockets, pipes, and files by their path without its digits.
        threads: those that Python started; one of the engine's that has called Python, to log something, is listed too, and stays with the engine.
        children: the commands of the child processes, by their numbers.
    """

    files: Counter[str]
    threads: frozenset[threading.Thread]
    children: dict[int, str]


def held() -> Held:
    """Return what this process holds now."""
    threads = frozenset(one for one in threading.enumerate() if not isinstance(one, threading._DummyThread))  # noqa: SLF001 - the one sign of such a thread
    return Held(Counter(_files()), threads, {child: _command(child) for child in children("self")})


def left_behind(before: Held) -> list[str]:
    """Return what is held now and was not before, once what is ending has had the time for it."""
    late = time.monotonic() + PATIENCE
    while (found := list(_more(before, held()))) and time.monotonic() < late:
        time.sleep(PAUSE)
    return found


def _more(before: Held, after: Held) -> Iterator[str]:
    """Yield in words what is held in addition."""
    for kind, count in (after.files - before.files).items():
        yield f"{count} open: {kind}"
    for thread in after.threads - before.threads:
        yield f"thread: {thread.name}"
    if len(after.children) > len(before.children):  # one that was started again has another number
        yield from (f"child: {after.children[one]}" for one in after.children.keys() - before.children.keys())


def _files() -> Iterator[str]:
    """Yield the kind of each open file, but for those of /proc, which are open while somebody looks."""
    for name in _names(SELF / "fd"):
        with contextlib.suppress(OSError):
            target = str((SELF / "fd" / name).readlink())
            if not target.startswith("/proc/"):
                yield NUMBER.sub("N", target)


def children(process: int | str) -> list[int]:
    """Return the numbers of the child processes of a process."""
    found: list[int] = []
    for task in _names(PROCESSES / str(process) / "task"):
        with contextlib.suppress(OSError):
            found += map(int, (PROCESSES / str(process) / "task" / task / "children").read_text("ascii").split())
    return found


def _command(process: int) -> str:
    """Return the command of a process."""
    with contextlib.suppress(OSError):
        return (PROCESSES / str(process) / "cmdline").read_text("utf-8", "replace").replace("\0", " ").strip()
    return ""


class Watch:
    """Looks every tenth of a second how many files this process and each process below it have open."""

    EACH = 0.1

    def __init__(self) -> None:
        """Begin."""
        self.highest = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="open-files", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        """Look, until the end."""
        while not self._ended.wait(self.EACH):
            waiting: list[int | str] = ["self"]
            while waiting:
                process = waiting.pop()
                self.highest = max(self.highest, len(_names(PROCESSES / str(process) / "fd")))
                waiting += children(process)
