"""Transport to the engine in a child process, so that a crash or hang of the engine does not affect this process."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from tql_client.engine.child import CHILD_SECONDS, Child, NeverRan
from tql_client.engine.embedded import EmbeddedTransport
from tql_client.errors import Cancelled, ConfigError, DeadlineExceeded
from tql_client.protocol.call import Call, CancelToken
from tql_client.protocol.values import to_python
from tql_client.protocol.wire import Answer
from tql_grammar.errors import TqlError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tql_client.engine.embedded import DatasetTarget
    from tql_grammar.schema import Schema

OPENING_SECONDS = 60.0
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
            DeadlineExceeded: the call timed out; the engine's process was killed, or the query was not run because another one took the whole time.
        """
        with self._turn(call):
            names, data = self._request((call.query, ()), call.deadline, call.stop)
        return Answer(names, data)

    def schemas(self, call: Call, others: Iterable[str | None] = ()) -> Schemas:
        """
        Return the schema of the newest version of the dataset, by each of its names, and those of other datasets that the query reads.

        Raises:
            NotFound: the dataset was deleted.
            EngineCrash: the engine's process ended.
            DeadlineExceeded: the call timed out.
        """
        names = tuple(others) if self._target.allow_sources else ()
        with self._turn(call):
            self._refresh_schemas(call.deadline, call.stop, names)
            return self._schemas

    @contextlib.contextmanager
    def _turn(self, call: Call) -> Iterator[None]:
        """Wait until no other call uses the child; a call that waited in vain was not sent to it."""
        if not self._lock.acquire(timeout=max(0.0, call.seconds_left)):
            raise DeadlineExceeded(_BUSY)
        try:
            if call.stop.is_cancelled:
                raise Cancelled(_NEVER_RAN)
            yield
        finally:
            self._lock.release()

    def close(self) -> None:
        """Kill the child after the running call; a client cancels that call first. A process that was forked leaves the child of its parent alone."""
        if self._child is not None and self._child.process_id != os.getpid():
            return  # a thread of the parent may have held the lock during the fork
        with self._lock:
            self._kill_child()

    def _running(self, deadline: float, stop: CancelToken) -> Child:
        """Return the child process; a new one first opens the dataset and sends its schema."""
        if self._child is None or self._child.process_id != os.getpid():
            child = self._child = Child(IsolatedDataset(self._target))
            try:
                self._keep_schemas(self._ask(child, (None, ()), deadline, stop))
            except TqlError:
                self._kill_child()
                raise
        return self._child

    def _refresh_schemas(self, deadline: float, stop: CancelToken, others: tuple[str | None, ...]) -> None:
        """Request the schemas of the datasets."""
        self._keep_schemas(self._request((None, others), deadline, stop))

    def _keep_schemas(self, changed: Schemas | None) -> None:
        """Keep the schemas of a reply, which is None if they are unchanged."""
        self._schemas = self._schemas if changed is None else changed

    def _request(self, request: object, deadline: float, stop: CancelToken) -> Any:  # noqa: ANN401 - columns or schemas
        """Send a request to the child, and return its reply or raise its error; a child that ended while it was idle is replaced."""
        try:
            return self._ask(self._running(deadline, stop), request, deadline, stop)
        except NeverRan:
            return self._ask(self._running(deadline, stop), request, deadline, stop)

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


_BUSY = "the query was not run: it timed out while the process of the engine ran another query; increase the timeout with connect(.., timeout=seconds)"
_NEVER_RAN = "the query was not run: Client.close() or asyncio cancelled the call while it waited for another one"


class IsolatedDataset(Record):
    """
    The job of the child: it replies with columns or with schemas.

    Attributes:
        target: the dataset that queries read.
    """

    target: DatasetTarget

    def start(self) -> Callable[[Any], object]:
        """Open the dataset, and return the function that replies to a request."""
        transport = EmbeddedTransport(self.target, may_crash=True)
        last_sent: Schemas | None = None

        def reply(request: tuple[str | None, Iterable[str | None]]) -> object:
            nonlocal last_sent
            query, others = request
            deadline = time.monotonic() + CHILD_SECONDS
            call = Call(query or "", as_list=False, deadline=deadline, request_id="", stop=CancelToken())
            if query is not None:
                return _run(transport, call)
            schemas = transport.schemas(call, others)
            unchanged, last_sent = schemas == last_sent, schemas
            return None if unchanged else schemas

        return reply


def _run(transport: EmbeddedTransport, call: Call) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Run a query, and return the names and the values of its columns in a form that can be pickled."""
    answer = transport.send(call)
    return answer.names, {name: _sendable(values) for name, values in answer.data.items()}


def _sendable(values: Any) -> Any:  # noqa: ANN401 - a column as the engine gives it
    """Return a column as a numeric numpy array, or as a list of plain Python values."""
    numeric = type(values).__module__ == "numpy" and values.dtype.kind in "biuf"
    return values if numeric else to_python(values)
