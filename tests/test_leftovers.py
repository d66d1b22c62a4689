"""Leaked files, sockets, threads and child processes are detected; resources that end in time are not reported."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests import leftovers
from tests.conftest import MOST_OPEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAITS = [sys.executable, "-c", "input()"]


@contextlib.contextmanager
def a_file() -> Iterator[None]:
    """Hold an open file."""
    with open(os.devnull, "rb"):  # noqa: PTH123 - a device
        yield


@contextlib.contextmanager
def a_socket() -> Iterator[None]:
    """Hold an open socket."""
    with socket.create_server(("127.0.0.1", 0)):
        yield


@contextlib.contextmanager
def a_thread() -> Iterator[None]:
    """Hold a waiting thread."""
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait, name="waits")
    thread.start()
    yield
    ended.set()
    thread.join()


@contextlib.contextmanager
def a_child() -> Iterator[None]:
    """Hold a waiting child process."""
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE):
        yield


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (a_file, "1 open: /dev/null"),
        (a_socket, "1 open: socket:[N]"),
        (a_thread, "thread: waits"),
        (a_child, f"child: {' '.join(WAITS)}"),
    ],
)
def test_what_is_left_behind_is_seen(
    resource: Callable[[], contextlib.AbstractContextManager[None]], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resource is reported while it exists, and not afterwards."""
    before = leftovers.held()
    with resource():
        monkeypatch.setattr(leftovers, "PATIENCE", 0.3)
        assert expected in leftovers.left_behind(before)
    monkeypatch.undo()
    assert leftovers.left_behind(before) == []


def test_what_ends_in_time_is_not_left_behind() -> None:
    """The detection waits for a thread that is about to end."""
    before = leftovers.held()
    threading.Timer(0.2, lambda: None).start()
    assert leftovers.left_behind(before) == []


def test_no_process_of_the_tests_may_have_many_open_files() -> None:
    """The limit of open files also applies to child processes."""
    command = [sys.executable, "-c", "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"]
    assert int(subprocess.run(command, capture_output=True, check=True).stdout) <= MOST_OPEN
