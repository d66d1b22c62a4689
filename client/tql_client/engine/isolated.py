"""
Transport to the engine in a child process, so that a crash or hang of the engine does not affect this process.

The child is ``python -m tql_client.engine.isolated FD``. It reads the `DatasetTarget`, then queries, from a socket, and replies to each query with columns or an error.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from tql_client.engine.embedded import EmbeddedTransport
from tql_client.errors import Cancelled, ConfigError, DeadlineExceeded, EngineCrash
from tql_client.protocol.call import STOPPED, Call, CancelToken
from tql_client.protocol.values import to_python
from tql_client.protocol.wire import Answer
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql_client.engine.embedded import DatasetTarget
    from tql_grammar.schema import Schema

POLL = 0.05
OPENING_SECONDS = 60.0
ENDING_SECONDS = 60.0
Schemas = dict[str | None, "Schema"]


class IsolatedTransport:
    """Runs queries on one dataset with the engine in a child process, one query at a time."""

    def __init__(self, target: DatasetTarget) -> None:
        """
        Start the child, which opens the dataset.

        Raises:
            ConfigError: the dataset is in the memory of this process.
            NotFound: no dataset exists at the path.
            MissingExtra: the engine is not installed.
        """
        if target.path.startswith("mem://"):
            message = "isolated=True does not support mem:// datasets, because a child process cannot read the memory of this one: use a dataset on disk or in the cloud"
            raise ConfigError(message)
        self._target = target
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._schemas: Schemas = {}
        self._running(time.monotonic() + OPENING_SECONDS, CancelToken())

    def __repr__(self) -> str:
        """Return the path."""
        return f"IsolatedTransport({self._target.path!r})"

    def send(self, call: Call) -> Answer:
        """
        Run one query, and return its columns.

        Raises:
            APIError: the engine rejected the query.
            EngineCrash: the engine's process ended; the next query starts another one.
            DeadlineExceeded: the call timed out; the engine's process was killed.
        """
        left = call.seconds_left
        if not self._lock.acquire(timeout=max(0.0, left)):
            raise DeadlineExceeded(_BUSY)
        try:
            child = self._running(call.deadline, call.stop)
            names, data = self._ask(child, (call.query, call.seconds_left, ()), call.deadline, call.stop)
        finally:
            self._lock.release()
        return Answer(names, data)

    def schemas(self, call: Call, others: Iterable[str | None] = ()) -> Schemas:
        """
        Return the schema of the newest version of the dataset, by each of its names, and those of other datasets that the query reads.

        Raises:
            NotFound: the dataset was deleted.
            EngineCrash: the engine's process ended.
            DeadlineExceeded: the call timed out.
        """
        if not self._lock.acquire(timeout=max(0.0, call.seconds_left)):
            raise DeadlineExceeded(_BUSY)
        try:
            names = tuple(others) if self._target.allow_sources else ()
            self._refresh_schemas(self._running(call.deadline, call.stop), call.deadline, call.stop, names)
            return self._schemas
        finally:
            self._lock.release()

    def close(self) -> None:
        """Kill the child after the running call; a client cancels that call first."""
        with self._lock:
            self._kill_child()

    def _running(self, deadline: float, stop: CancelToken) -> Child:
        """Return the child process; a new one first opens the dataset and sends its schema."""
        if self._child is None or self._child.process_id != os.getpid():
            child = self._child = Child(self._target)
            try:
                self._refresh_schemas(child, deadline, stop)
            except TqlError:
                self._kill_child()
                raise
        return self._child

    def _refresh_schemas(
        self, child: Child, deadline: float, stop: CancelToken, others: tuple[str | None, ...] = ()
    ) -> None:
        """Request the schemas of the datasets; the child replies with None if they are unchanged."""
        changed = self._ask(child, (None, deadline - time.monotonic(), others), deadline, stop)
        self._schemas = self._schemas if changed is None else changed

    def _kill_child(self) -> None:
        """Kill the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _ask(self, child: Child, request: object, deadline: float, stop: CancelToken) -> Any:  # noqa: ANN401 - columns or schemas
        """Send a request to the child, and return its reply or raise its error."""
        try:
            reply = child.ask(request, deadline, stop)
        except BaseException:  # also Ctrl-C: the reply of the child may be incomplete
            self._kill_child()
            raise
        if isinstance(reply, TqlError):
            raise reply
        return reply


_BUSY = "the query timed out while the process of the engine ran another query: increase the timeout with connect(.., timeout=seconds)"
_TIMED_OUT = "the query timed out, and the process of the engine was killed: increase the timeout with connect(.., timeout=seconds)"


class Child:
    """A child process that runs the engine."""

    def __init__(self, target: DatasetTarget) -> None:
        """Start the process."""
        parent_end, child_end = socket.socketpair()
        with child_end:
            # -P: files in the working directory do not shadow modules of Python.
            command = [sys.executable, "-P", "-m", "tql_client.engine.isolated", str(child_end.fileno())]
            self._process = subprocess.Popen(  # noqa: S603 - the command is this Python with this module
                command,
                pass_fds=[child_end.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno() if _has_stderr() else subprocess.DEVNULL,
            )
        self._connection = Connection(parent_end.detach())
        self.process_id = os.getpid()
        self._connection.send(target)

    def ask(self, request: object, deadline: float, stop: CancelToken) -> object:
        """
        Send a request, and return the reply.

        Raises:
            Cancelled: the call was cancelled.
            DeadlineExceeded: the call timed out.
            EngineCrash: the process ended.
        """
        try:
            self._connection.send(request)
            while not self._connection.poll(min(POLL, max(0.0, deadline - time.monotonic()))):
                if stop.is_cancelled:
                    raise Cancelled(STOPPED)
                if time.monotonic() > deadline:
                    raise DeadlineExceeded(_TIMED_OUT)
            return self._connection.recv()
        except (EOFError, ConnectionError):
            raise EngineCrash(
                500,
                f"the engine's process ended ({self._reason()}) while it ran the query; the next query starts another process",
            ) from None

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


def answer_all(connection: Connection) -> None:
    """Reply to the requests of the parent until it closes the socket."""
    target: DatasetTarget = connection.recv()
    transport: EmbeddedTransport | None = None
    last_sent: Schemas | None = None
    while True:
        try:
            request = connection.recv()
        except EOFError:
            return
        try:
            transport = transport or EmbeddedTransport(target, may_crash=True)
            query, seconds, others = request
            call = Call(
                query or "", as_list=False, deadline=time.monotonic() + seconds, request_id="", stop=CancelToken()
            )
            if query is not None:
                connection.send(_run(transport, call))
            else:
                schemas = transport.schemas(call, others)
                connection.send(None if schemas == last_sent else schemas)
                last_sent = schemas
        except TqlError as error:
            connection.send(error)


def _run(transport: Any, call: Call) -> tuple[tuple[str, ...], dict[str, Any]]:  # noqa: ANN401 - the embedded transport, imported late
    """Run a query, and return the names and the values of its columns in a form that can be pickled."""
    answer = transport.send(call)
    return answer.names, {name: _sendable(values) for name, values in answer.data.items()}


def _sendable(values: Any) -> Any:  # noqa: ANN401 - a column as the engine gives it
    """Return a column as a numeric numpy array, or as a list of plain Python values."""
    numeric = type(values).__module__ == "numpy" and values.dtype.kind in "biuf"
    return values if numeric else to_python(values)


if __name__ == "__main__":
    answer_all(Connection(int(sys.argv[1])))
