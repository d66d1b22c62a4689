"""
The engine in a process of its own, which may crash, hang or be stopped without harm to this one.

The child is ``python -m tql_client.engine.isolated FD``: it takes the `DatasetTarget` and then one query after the other from a socket, and answers with columns or an error.
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
    from tql_client.engine.embedded import DatasetTarget
    from tql_grammar.schema import Schema

POLL = 0.05
OPENING_SECONDS = 60.0
ENDING_SECONDS = 60.0
Known = dict[str | None, "Schema"]


class IsolatedTransport:
    """Answers queries with the engine in a child process, one at a time; see `DatasetTarget` for what may be read."""

    def __init__(self, place: DatasetTarget) -> None:
        """
        Start the child, which opens the dataset.

        Raises:
            ConfigError: the dataset lives in this process's memory.
            NotFound: there is no dataset at the path.
            MissingExtra: the engine is not installed.
        """
        if place.path.startswith("mem://"):
            message = (
                "`isolated` takes a dataset on disk or in the cloud: another process cannot see the memory of this one"
            )
            raise ConfigError(message)
        self._place = place
        self._one = threading.Lock()
        self._child: Child | None = None
        self._known: Known = {}
        self._running(time.monotonic() + OPENING_SECONDS, CancelToken())

    def __repr__(self) -> str:
        """Return the path."""
        return f"IsolatedTransport({self._place.path!r})"

    def send(self, call: Call) -> Answer:
        """
        Run one query, and return its columns.

        Raises:
            APIError: the engine refuses the query.
            EngineCrash: the engine's process ended; the next query starts another one.
            DeadlineExceeded: the time is over; the process was stopped.
        """
        left = call.seconds_left
        if not self._one.acquire(timeout=max(0.0, left)):
            raise DeadlineExceeded(_LATE)
        try:
            child = self._running(call.deadline, call.stop)
            names, data = self._asked(child, (call.query, call.seconds_left), call.deadline, call.stop)
        finally:
            self._one.release()
        return Answer(names, data)

    def schemas(self, call: Call) -> Known:
        """
        Return the columns of the dataset as it is committed now, by every name that stands for it.

        Raises:
            NotFound: the dataset was deleted.
            EngineCrash: the engine's process ended.
            DeadlineExceeded: the time is over.
        """
        if not self._one.acquire(timeout=max(0.0, call.seconds_left)):
            raise DeadlineExceeded(_LATE)
        try:
            self._refreshed(self._running(call.deadline, call.stop), call.deadline, call.stop)
            return self._known
        finally:
            self._one.release()

    def close(self) -> None:
        """Stop the child, after the call that runs; a client ends it before."""
        with self._one:
            self._drop()

    def _running(self, deadline: float, stop: CancelToken) -> Child:
        """Return the child; a new one opens the dataset and tells its columns first."""
        if self._child is None or self._child.process_id != os.getpid():
            child = self._child = Child(self._place)
            try:
                self._refreshed(child, deadline, stop)
            except TqlError:
                self._drop()
                raise
        return self._child

    def _refreshed(self, child: Child, deadline: float, stop: CancelToken) -> None:
        """Ask a child for the columns of the dataset, which it sends where they are others than those that it sent last."""
        found = self._asked(child, (None, deadline - time.monotonic()), deadline, stop)
        self._known = self._known if found is None else found

    def _drop(self) -> None:
        """Stop the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _asked(self, child: Child, question: object, deadline: float, stop: CancelToken) -> Any:  # noqa: ANN401 - whatever the child answers
        """Return the child's answer to a question, or raise its error."""
        try:
            answer = child.ask(question, deadline, stop)
        except BaseException:  # Ctrl-C too: the child may be in the middle of an answer
            self._drop()
            raise
        if isinstance(answer, TqlError):
            raise answer
        return answer


_LATE = (
    "the engine did not answer in the time given: pass connect(.., timeout=seconds) for more; its process was stopped"
)


class Child:
    """A process that runs the engine."""

    def __init__(self, place: DatasetTarget) -> None:
        """Start it."""
        ours, its = socket.socketpair()
        with its:
            # -P: a file of the working directory named like a module of Python is not run in its place.
            command = [sys.executable, "-P", "-m", "tql_client.engine.isolated", str(its.fileno())]
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command,
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno() if _has_stderr() else subprocess.DEVNULL,
            )
        self._line = Connection(ours.detach())
        self.process_id = os.getpid()
        self._line.send(place)

    def ask(self, question: object, deadline: float, stop: CancelToken) -> object:
        """Return the answer to a question."""
        try:
            self._line.send(question)
            while not self._line.poll(min(POLL, max(0.0, deadline - time.monotonic()))):
                if stop.is_cancelled:
                    raise Cancelled(STOPPED)
                if time.monotonic() > deadline:
                    raise DeadlineExceeded(_LATE)
            return self._line.recv()
        except (EOFError, ConnectionError):
            raise EngineCrash(500, f"the engine's process ended ({self._reason()}) while it ran the query") from None

    def _reason(self) -> str:
        """Return why the process ended."""
        code = self._process.wait(ENDING_SECONDS)
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def end(self) -> None:
        """Stop the process."""
        self._line.close()
        self._process.kill()
        self._process.wait()


def _has_stderr() -> bool:
    """Tell whether the standard error output is a file that a child can write to."""
    try:
        sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return False
    return True


def answer_all(line: Connection) -> None:
    """Answer the questions of the parent until it is gone."""
    place: DatasetTarget = line.recv()
    transport: EmbeddedTransport | None = None
    told: Known | None = None
    while True:
        try:
            question = line.recv()
        except EOFError:
            return
        try:
            transport = transport or EmbeddedTransport(place, may_crash=True)
            query, seconds = question
            call = Call(
                query or "", as_list=False, deadline=time.monotonic() + seconds, request_id="", stop=CancelToken()
            )
            if query is not None:
                line.send(_answered(transport, call))
            else:
                known = transport.schemas(call)
                line.send(None if known == told else known)
                told = known
        except TqlError as error:
            line.send(error)


def _answered(transport: Any, call: Call) -> tuple[tuple[str, ...], dict[str, Any]]:  # noqa: ANN401 - the embedded transport, imported late
    """Return the names and the columns of a query, as they can be sent to the parent."""
    answer = transport.send(call)
    return answer.names, {name: _sendable(values) for name, values in answer.data.items()}


def _sendable(values: Any) -> Any:  # noqa: ANN401 - a column as the engine gives it
    """Return a column as numbers of numpy, or as plain values."""
    numeric = type(values).__module__ == "numpy" and values.dtype.kind in "biuf"
    return values if numeric else to_python(values)


if __name__ == "__main__":
    answer_all(Connection(int(sys.argv[1])))
