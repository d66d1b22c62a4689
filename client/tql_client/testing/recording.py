"""Recorder of queries for tests, and cassettes that record and replay HTTP exchanges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tql_client.client import Client
from tql_client.engine.embedded import DatasetTarget, EmbeddedTransport
from tql_client.errors import ConfigError, NotFound
from tql_client.testing.canned import Canned, Once, answer_of
from tql_client.testing.datasets import write
from tql_client.transport.http import Exchange
from tql_client.transport.retry import Retries
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Never

    from tql import Query
    from tql_client.protocol.call import Call, Transport
    from tql_client.results.result import Result
    from tql_grammar.errors import TqlError


class Recorder(Client):
    """
    A client for tests that checks and records every query, and returns given rows or raises given errors.

    Attributes:
        queries: the queries, in order, as they were passed: queries of the builder or query texts.
        texts: the TQL of each query.
    """

    def __init__(self, dataset: str | None = None) -> None:
        """Create a client that returns no rows."""
        self._canned = Canned()
        super().__init__(self._canned, dataset, needs_source=False, retries=Once())
        self._folders = ExitStack()
        self.queries: list[Query | str] = []
        self.texts: list[str] = []

    def __repr__(self) -> str:
        """Return the number of queries, and the answers that are left."""
        count = len(self.queries)
        answers: object = self._transport if self._has_engine else self._canned
        return f"Recorder({count} {'query' if count == 1 else 'queries'}, {answers!r})"

    def answer(self, *rows: Mapping[str, Any] | Sequence[Mapping[str, Any]] | TqlError, **named: Never) -> Recorder:
        """
        Answer the next query with these rows, or with an error, and the query after it with the next call; the answer of the last call repeats.

        A row can lack outputs of the query. An error is raised at once: it is the one that is left after all attempts.

        Args:
            rows: one dict for each row, one list of them, or one error, as ``RateLimited(429, "slow", retry_after=3)`` of `tql_client.errors`.
            named: none; rows are dicts.

        Raises:
            ArgumentError: an argument is neither a row nor an error, or the engine computes the rows.

        Example:
            ``tql_recorder.answer(ServerError(500, "boom")).answer({"id": 1}, {"id": 2})``
        """
        if self._has_engine:
            hint = "use answer or engine, each in a test of its own"
            raise ArgumentError("answer", "has no effect after `engine`", "", hint, why="the engine computes the rows")
        self._canned.give(answer_of(rows, named))
        return self

    def engine(self, data: str | PathLike[str] | Mapping[str, Sequence[Any]], dataset: str | None = None) -> Recorder:
        """
        Run the queries with the engine in this process, and check them against the schema of its dataset. Requires the `embedded` extra.

        Args:
            data: the path of a dataset, or a dict of columns, ``{"id": [1, 2]}``, for a temporary dataset that is removed when the client is closed.
            dataset: the name of the dataset in FROM, for queries that have one: ``engine({"id": [1, 2]}, "hub://org/books")``.

        Raises:
            ArgumentError: *data* is neither a path nor a dict of columns.
            ConfigError: the type of a column cannot be inferred.
            NotFound: no dataset exists at the path.
            MissingExtra: the engine is not installed.
        """
        transport = EmbeddedTransport(DatasetTarget(self._path(data), dataset))
        self._transport.close()
        self._transport: Transport = transport
        self._schemas, self._retries = transport.schemas, Retries()
        return self

    def close(self) -> None:
        """Close the client, and remove its temporary datasets."""
        super().close()
        self._folders.close()

    @property
    def _has_engine(self) -> bool:
        """Whether the engine computes the rows."""
        return self._transport is not self._canned

    def _path(self, data: object) -> str:
        """Return the path of a dataset, which is written if *data* is a dict of columns."""
        if isinstance(data, Mapping):
            folder = TemporaryDirectory(prefix="tql-", ignore_cleanup_errors=True)
            return write(data, str(Path(self._folders.enter_context(folder)) / "data"))
        if isinstance(data, (str, PathLike)):
            return str(fspath(data))
        hint = 'engine("./data"), or engine({"id": [1, 2]})'
        raise ArgumentError("engine", "takes the path of a dataset, or a dict of columns", repr(data), hint)

    def _query(self, query: Query | str, **options: Any) -> Result:  # noqa: ANN401 - options, passed on
        """Check and record a query, and return its rows."""
        text = self.compile(query)
        self.queries.append(query)
        self.texts.append(text)
        try:
            return super()._query(query, **options)
        except NotFound as error:
            if not self._has_engine:
                raise
            known = (error.hint or "").rpartition("; ")[2]
            hint = f'name the data as FROM does: tql_recorder.engine(data, "hub://org/books"); {known}'
            raise NotFound(error.status, error.description, hint=hint) from None


class Cassette:
    """HTTP exchanges in a JSON file: query, as_list, status and body of each; headers are not recorded, and so no token is."""

    def __init__(self, path: Path, *, recording: bool) -> None:
        """
        Open a cassette to record exchanges, or read its file to replay them.

        Raises:
            ConfigError: the file to replay does not exist.
        """
        self._path = path
        self._recording = recording
        self._exchanges: list[dict[str, Any]] = []
        if recording:
            return
        if not path.is_file():
            message = (
                f"the cassette {path} does not exist: run pytest --tql-record once, with a connection to the service"
            )
            raise ConfigError(message)
        self._exchanges = json.loads(path.read_text("utf-8"))

    def __call__(self, call: Call, send: Callable[[Call], Exchange]) -> Exchange:
        """Return the exchange of a call: a new one when recording, else the next recorded one with the same query."""
        request = {"query": call.query, "as_list": call.as_list}
        if self._recording:
            exchange = send(call)
            self._exchanges.append({**request, "status": exchange.status, "body": bytes(exchange.body).decode("utf-8")})
            self._write()
            return exchange
        for number, recorded in enumerate(self._exchanges):
            if all(recorded[key] == value for key, value in request.items()):
                del self._exchanges[number]
                return Exchange(recorded["status"], headers={}, body=recorded["body"].encode(), framed=True)
        message = f"the cassette {self._path} has no response left for the query {call.query[:200]!r}: run pytest --tql-record to record it"
        raise ConfigError(message)

    def _write(self) -> None:
        """Write the file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._exchanges, indent=1, ensure_ascii=False) + "\n", "utf-8")
