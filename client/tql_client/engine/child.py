"""
Child process that runs the engine, so that a crash or hang of the engine does not affect this process.

The child is ``python -c PROGRAM FD``. It reads a `Job`, then requests, from a socket, and replies to each request with a value or a `TqlError`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tql_client.errors import Cancelled, DeadlineExceeded, EngineCrash
from tql_client.protocol.call import STOPPED, CancelToken
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = "from tql_client.engine.child import main; main()"
POLL = 0.05
ENDING_SECONDS = 60.0
# Seconds for a query in a child: its parent kills it at the deadline, since an engine that goes on would slow down the next query.
CHILD_SECONDS = 1e6
# Seconds between two checks whether the parent process still runs.
PARENT_POLL = 1.0
# Priority of a process whose query takes long, from 0 to 19, the lowest.
LOW_PRIORITY = 19
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_TIMED_OUT = "the query timed out, and the process of the engine was killed: increase the timeout with connect(.., timeout=seconds)"


class Job(Protocol):
    """What a child does; it is pickled."""

    def start(self) -> Callable[[Any], object]:
        """Return the function that the child calls with each request, in the child."""
        ...


class NeverRan(EngineCrash):
    """The engine's process ended before it read the query."""


class Child:
    """
    A child process that runs the engine.

    Attributes:
        process_id: the id of the process that started the child.
    """

    def __init__(self, job: Job) -> None:
        """Start the process."""
        parent_end, child_end = socket.socketpair()
        with child_end:
            # -P: files in the working directory do not shadow modules of Python.
            command = [sys.executable, "-P", "-c", PROGRAM, str(child_end.fileno())]
            self._process = subprocess.Popen(  # noqa: S603 - the command is this Python with this program
                command,
                pass_fds=[child_end.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno() if _has_stderr() else subprocess.DEVNULL,
                # A group of its own: Ctrl-C in a terminal reaches the parent only, which ends the child.
                process_group=0,
            )
        self._connection = Connection(parent_end.detach())
        self.process_id = os.getpid()
        # A process that has already ended says why in its reply to the first request.
        with contextlib.suppress(ConnectionError):
            self._connection.send(job)

    def ask(self, request: object, deadline: float, stop: CancelToken) -> object:
        """
        Send a request, and return the reply.

        Raises:
            Cancelled: the call was cancelled.
            DeadlineExceeded: the call timed out.
            NeverRan: the process ended before it read the request.
            EngineCrash: the process ended while it ran the request.
        """
        try:
            self._connection.send(request)
            while not self._connection.poll(min(POLL, max(0.0, deadline - time.monotonic()))):
                if stop.is_cancelled:
                    raise Cancelled(STOPPED)
                if time.monotonic() > deadline:
                    raise DeadlineExceeded(_TIMED_OUT)
            return self._connection.recv()
        except (EOFError, ConnectionError) as error:
            raise self.crash(error) from None

    def crash(self, error: Exception) -> EngineCrash:
        """
        Return the error for a process that ended, from the exception of its socket.

        The socket is reset if the process left a request unread, and at its end otherwise.
        """
        reason = self._reason()
        if isinstance(error, ConnectionError):
            return NeverRan(500, f"the engine's process ended ({reason}) before it read the query, which was not run")
        return EngineCrash(
            500,
            f"the engine's process ended ({reason}) while it ran the query; the next query starts another process",
        )

    def nonblocking(self) -> socket.socket:
        """Return the socket of the process for asyncio; `ask` cannot be called after that."""
        duplicate = socket.socket(fileno=os.dup(self._connection.fileno()))
        duplicate.setblocking(False)  # noqa: FBT003 - the name of the method says it
        return duplicate

    def lower_priority(self) -> None:
        """Let all other processes run before the threads of this one."""
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PGRP, self._process.pid, LOW_PRIORITY)

    def processor_seconds(self) -> float:
        """Return the seconds of processors that the process has taken; where the system does not say so, the seconds since an arbitrary time."""
        try:
            fields = (
                Path(f"/proc/{self._process.pid}/stat")
                .read_text(encoding="ascii", errors="replace")
                .rpartition(")")[2]
                .split()
            )
            return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
        except (OSError, IndexError, ValueError):
            return time.monotonic()

    def _reason(self) -> str:
        """Return the signal or the exit code that ended the process."""
        code = self._process.wait(ENDING_SECONDS)
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def end(self) -> None:
        """Kill the process."""
        self._connection.close()
        self._process.kill()
        self._process.wait()


def _has_stderr() -> bool:
    """Return whether stderr is a file that a child process can inherit."""
    try:
        sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return False
    return True


def reply_to_all(connection: Connection) -> None:
    """Reply to the requests of the parent until it closes the socket."""
    with contextlib.suppress(EOFError, ConnectionError):
        job: Job = connection.recv()
        run: Callable[[Any], object] | None = None
        while True:
            request = connection.recv()
            try:
                run = run or job.start()
                reply = run(request)
            except TqlError as error:
                reply = error
            connection.send(reply)


def _exit_with(parent: int) -> None:
    """End this process, even during a query, soon after its parent has ended."""
    while os.getppid() == parent:
        time.sleep(PARENT_POLL)
    os._exit(1)


def main() -> None:
    """Run a child process."""
    threading.Thread(target=_exit_with, args=(os.getppid(),), daemon=True).start()
    # Where memory is short, Linux ends this process, not its parent.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    reply_to_all(Connection(int(sys.argv[1])))
