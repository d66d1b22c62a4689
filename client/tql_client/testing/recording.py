"""Recorder of queries for tests, and cassettes that record and replay HTTP exchanges."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tql_client.client import Client
from tql_client.engine.embedded import DatasetTarget, EmbeddedTransport
from tql_client.errors import ConfigError
from tql_client.protocol.wire import Answer
from tql_client.transport.http import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tql import Query
    from tql_client.protocol.call import Call, Transport
    from tql_client.results.result import Result


class Canned:
    """Transport that returns given rows: one list of rows per query, the last list repeatedly, and no rows if none were given."""

    def __init__(self) -> None:
        """Create a transport that returns no rows."""
        self._answers: list[Answer] = []

    def give(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add the rows for the next query."""
        dicts = list(rows)
        names = tuple(dict.fromkeys(name for row in dicts for name in row))
        self._answers.append(Answer(names, [{name: row.get(name) for name in names} for row in dicts]))

    def send(self, call: Call) -> Answer:  # noqa: ARG002 - the interface of transports
        """Return the next rows."""
        if not self._answers:
            return Answer((), [])
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def close(self) -> None:
        """Do nothing."""


class Recorder(Client):
    """
    A client for tests that checks and records every query, and returns given rows.

    Attributes:
        queries: the queries, in order, as they were passed: queries of the builder or query texts.
        texts: the TQL of each query.
    """

    def __init__(self, dataset: str | None = None) -> None:
        """Create a client that returns no rows."""
        self._canned = Canned()
        super().__init__(self._canned, dataset, needs_source=False)
        self.queries: list[Query | str] = []
        self.texts: list[str] = []

    def answer(self, *rows: Mapping[str, Any]) -> Recorder:
        """Return these rows for the next query; the rows of the last call are returned for all later queries."""
        self._canned.give(rows)
        return self

    def engine(self, path: str, dataset: str | None = None) -> Recorder:
        """Run the queries on the dataset at *path* with the engine in this process, and check them against its schema. Requires the `embedded` extra."""
        transport = EmbeddedTransport(DatasetTarget(path, dataset))
        self._transport: Transport = transport
        self._schemas = transport.schemas
        return self

    def _query(self, query: Query | str, **options: Any) -> Result:  # noqa: ANN401 - options, passed on
        """Check and record a query, and return its rows."""
        text = self.compile(query)
        self.queries.append(query)
        self.texts.append(text)
        return super()._query(query, **options)


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
