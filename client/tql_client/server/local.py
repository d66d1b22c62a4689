"""Local server of the hosted service's protocol; the real engine runs the queries, in worker processes."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from tql_client.errors import ConfigError
from tql_client.extras import missing
from tql_client.protocol.address import LOOPBACK
from tql_client.protocol.credentials import Secret
from tql_client.server.answers import Answers, ServedDatasets
from tql_client.server.limits import default_workers, limits_of_this_process
from tql_client.server.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from tql_client.playground.playground import Playground
    from tql_client.server.application import Application, Engine
    from tql_client.server.limits import Limits

PATH, PAGE_PATH = "/api/query/v1", "/playground/"
SECONDS = 300.0
START_SECONDS = 20.0
WAIT_SECONDS = 0.5
IN_MEMORY = "mem://"


class Server:
    """
    A running server.

    As a context manager, it stops at the end of the block.

    Attributes:
        url: the URL of the query endpoint.
        page: the URL of the page of the playground, or None.
        token: the token that clients must send, or None.
        workers: the number of worker processes for queries that do not take long; 0 for the engine in this process.
    """

    def __init__(  # noqa: PLR0913 - each is one independent choice, by name
        self,
        datasets: Mapping[str, str],
        token: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        workers: int | None = None,
        timeout: float = SECONDS,
        limits: Limits | None = None,
        may_crash: bool = False,
        ui: bool = False,
        example: str = "",
    ) -> None:
        """
        Open the datasets, and start the server; see `serve`.

        Args:
            datasets: see `serve`.
            token: see `serve`.
            host: see `serve`.
            port: see `serve`.
            workers: see `serve`.
            timeout: see `serve`.
            limits: the limits of the server.
            may_crash: also send queries to the workers that are known to crash the engine.
            ui: see `serve`.
            example: the text with which the page's editor begins.
        """
        if host not in LOOPBACK:
            message = f"`host` must be one of {', '.join(sorted(LOOPBACK))}, got {host!r}: the server is for development and tests on this machine only"
            raise ConfigError(message)
        if not isinstance(datasets, Mapping):
            message = f"`datasets` must be a dict of paths by the names of the datasets, got {datasets!r}: write serve({{'docs': {datasets!r}}}), and connect(server.url, dataset='docs')"
            raise ConfigError(message)
        self.workers = _count(workers, datasets)
        seconds, metrics = _seconds(timeout), Metrics()
        self._socket = _bind(host, port)
        try:
            job = ServedDatasets(dict(datasets), may_crash)
            self._engine = _engine(job, self.workers, seconds, metrics)
        except BaseException:
            self._socket.close()
            raise
        try:
            limits = limits or limits_of_this_process()
            self._playground = _page(self._engine, example) if ui else None
            application = _application(self._engine, token, limits, metrics, self._playground)
            self._uvicorn, self._thread = _start(application, limits, metrics, self._socket)
        except BaseException:
            self._socket.close()
            self._engine.close()
            raise
        printed_host = f"[{host}]" if ":" in host else host
        self.token = token
        address = f"http://{printed_host}:{self._socket.getsockname()[1]}"
        self.url = f"{address}{PATH}"
        self.page = f"{address}{PAGE_PATH}" if ui else None

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.close()

    def close(self) -> None:
        """Stop the server after the running queries."""
        self._uvicorn.should_exit = True
        self._thread.join()
        self._socket.close()
        self._engine.close()
        if self._playground is not None:
            self._playground.close()

    def wait(self) -> None:
        """Block until the program is interrupted."""
        # Ctrl-C during `Thread.join` marks the thread as ended in Python 3.11, and `close` would not wait for it.
        while self._thread.is_alive():
            time.sleep(WAIT_SECONDS)


def serve(  # noqa: PLR0913 - each is one independent choice
    datasets: Mapping[str, str],
    token: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    workers: int | None = None,
    timeout: float = SECONDS,
    ui: bool = False,
) -> Server:
    """
    Start a local server of the hosted service's protocol, with datasets on this machine.

    The engine runs in worker processes: a query that crashes it or never ends is an error for its own client only.

    Args:
        datasets: the path of each dataset, by the name that queries use in FROM.
        token: the token that clients must send; None accepts every client on this machine.
        host: a loopback address.
        port: the port; 0 selects a free one.
        workers: the number of worker processes, each of which has all datasets open; by default one more than the processors of this machine.
            0 runs the engine in this process, which is the default for datasets in its memory, ``mem://``: no other process can read them.
        timeout: seconds that a query may run, after which its worker process is killed.
        ui: also serve the page of the playground, in which a browser on this machine writes and runs queries.

    Returns:
        The running server; its `url` is the URL of the query endpoint, its `page` that of the page.

    Raises:
        ConfigError: *host* is not a loopback address, the port is in use, or *workers* or *timeout* is invalid.
        NotFound: no dataset exists at a path.
        MissingExtra: the engine, starlette or uvicorn is not installed.

    Example:
        ``with serve({"hub://org/dataset": "./data"}, token="secret") as server: connect(server.url, token="secret")``
    """
    return Server(datasets, token, host, port, workers=workers, timeout=timeout, ui=ui)


def _count(workers: int | None, datasets: Mapping[str, str]) -> int:
    """Return the number of worker processes, or raise if it is invalid."""
    in_memory = next((name for name, path in datasets.items() if path.startswith(IN_MEMORY)), None)
    if workers is None:
        return default_workers() if in_memory is None else 0
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
        message = f"`workers` must be a number of processes, 0 or more, got {workers!r}"
        raise ConfigError(message)
    if workers and in_memory is not None:
        message = f"`workers` must be 0 or omitted, since the dataset {in_memory!r} is in the memory of this process, which worker processes cannot read: write it to disk, or let this process run its queries"
        raise ConfigError(message)
    return workers


def _seconds(timeout: float) -> float:
    """Return the seconds that a query may run, or raise if they are invalid."""
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < math.inf:
        message = f"`timeout` must be a positive number of seconds, got {timeout!r}"
        raise ConfigError(message)
    return float(timeout)


def _engine(job: ServedDatasets, workers: int, seconds: float, metrics: Metrics) -> Engine:
    """Return worker processes, or the engine in this process."""
    if workers:
        from tql_client.server.workers import Pool

        return Pool(job, workers, seconds, metrics)
    try:
        from tql_client.server.application import InProcess
    except ImportError:
        raise missing("the server needs starlette", "embedded") from None
    answers = Answers(job.paths, may_crash=job.may_crash)
    answers.require_open()
    return InProcess(answers, seconds)


def _bind(host: str, port: int) -> socket.socket:
    """
    Return a bound socket; its port is known before the server starts.

    The socket has an explicit protocol, because asyncio sets TCP_NODELAY only then; otherwise a small response waits 40 ms for the acknowledgement of the client.
    """
    if not isinstance(port, int):
        message = f"`port` must be a number, got {port!r}: write int(..) for a value of the environment"
        raise ConfigError(message)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        reason = error.strerror if isinstance(error, OSError) else "a port is a number up to 65535"
        message = f"the port {port} cannot be used ({reason}): pass another one, or 0 for a free port"
        raise ConfigError(message) from None
    return bound


def _application(
    engine: Engine, token: str | None, limits: Limits, metrics: Metrics, page: Playground | None
) -> Application:
    """Return the application."""
    with _libraries_of_the_server():
        from tql_client.server.application import Application
    return Application(engine, Secret(token) if token else None, limits, metrics, page)


def _page(engine: Engine, example: str) -> Playground:
    """Return the replies to the page of the playground."""
    from tql_client.playground.playground import Playground

    return Playground(engine.answer, example)


@contextlib.contextmanager
def _libraries_of_the_server() -> Iterator[None]:
    """Raise `MissingExtra` for an import within the block that fails."""
    try:
        yield
    except ImportError as error:
        needed = f"the server needs {(error.name or 'uvicorn').partition('.')[0]}"
        raise missing(needed, "embedded") from None


def _start(
    application: Application, limits: Limits, metrics: Metrics, bound: socket.socket
) -> tuple[Any, threading.Thread]:
    """Start uvicorn in a thread, and return both."""
    with _libraries_of_the_server():
        import uvicorn

        from tql_client.server.connections import BoundedProtocol

    config = uvicorn.Config(
        application.asgi(),
        http=type("Connection", (BoundedProtocol,), {"limits": limits, "metrics": metrics}),
        loop="asyncio",
        log_level="error",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=math.ceil(limits.idle_seconds),
        timeout_graceful_shutdown=5,
        backlog=limits.connections // 2,
        h11_max_incomplete_event_size=limits.header_bytes,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="tql-server", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            message = f"the server did not start within {START_SECONDS:g} seconds: see the log of uvicorn"
            raise ConfigError(message)
        time.sleep(0.005)
    return server, thread
