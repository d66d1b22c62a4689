"""Transports for tests that record queries: answers from given rows, from the engine in this process, or from kept exchanges."""

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
    """Answers with rows that were made up: the next ones of several, the last ones for ever, none where none were given."""

    def __init__(self) -> None:
        """Answer with no rows."""
        self._answers: list[Answer] = []

    def give(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Answer with rows, after those that were given before."""
        given = list(rows)
        names = tuple(dict.fromkeys(name for row in given for name in row))
        self._answers.append(Answer(names, [{name: row.get(name) for name in names} for row in given]))

    def send(self, call: Call) -> Answer:  # noqa: ARG002 - what a transport is given
        """Answer."""
        if not self._answers:
            return Answer((), [])
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def close(self) -> None:
        """Do nothing."""


class Recorder(Client):
    """
    A client for tests: it checks every query, keeps it, and answers.

    Attributes:
        queries: what was sent, queries of the builder and texts as they were given, in order.
        texts: the text of each.
    """

    def __init__(self, dataset: str | None = None) -> None:
        """Answer with no rows until told otherwise."""
        self._canned = Canned()
        super().__init__(self._canned, dataset, needs_source=False)
        self.queries: list[Query | str] = []
        self.texts: list[str] = []

    def answer(self, *rows: Mapping[str, Any]) -> Recorder:
        """Answer the next query with these rows, and the last rows that were given for ever."""
        self._canned.give(rows)
        return self

    def engine(self, path: str, dataset: str | None = None) -> Recorder:
        """Answer with what the engine in this process finds in the dataset at *path*, with its columns known to the check; requires the `embedded` extra."""
        transport = EmbeddedTransport(DatasetTarget(path, dataset))
        self._transport: Transport = transport
        self._schemas = transport.schemas
        return self

    def _query(self, query: Query | str, **options: Any) -> Result:  # noqa: ANN401 - handed on
        """Check a query, keep it, and answer."""
        text = self.compile(query)
        self.queries.append(query)
        self.texts.append(text)
        return super()._query(query, **options)


class Cassette:
    """Exchanges over HTTP, kept in a file: the query, whether rows or columns were asked for, the status and the body; no header, and so no token."""

    def __init__(self, path: Path, *, recording: bool) -> None:
        """
        Read the exchanges that are kept, unless they are to be recorded.

        Raises:
            ConfigError: nothing was recorded.
        """
        self._path = path
        self._recording = recording
        self._exchanges: list[dict[str, Any]] = []
        if recording:
            return
        if not path.is_file():
            message = f"there is no {path}: run pytest --tql-record once, with the service at hand"
            raise ConfigError(message)
        self._exchanges = json.loads(path.read_text("utf-8"))

    def __call__(self, call: Call, send: Callable[[Call], Exchange]) -> Exchange:
        """Return the exchange of a call: the next one that was kept for it, or a new one."""
        asked = {"query": call.query, "as_list": call.as_list}
        if self._recording:
            found = send(call)
            self._exchanges.append({**asked, "status": found.status, "body": bytes(found.body).decode("utf-8")})
            self._write()
            return found
        for number, kept in enumerate(self._exchanges):
            if all(kept[key] == value for key, value in asked.items()):
                del self._exchanges[number]
                return Exchange(kept["status"], headers={}, body=kept["body"].encode(), framed=True)
        message = f"{self._path} holds no answer to this query any more: {call.query[:200]!r}; run pytest --tql-record"
        raise ConfigError(message)

    def _write(self) -> None:
        """Write the exchanges."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._exchanges, indent=1, ensure_ascii=False) + "\n", "utf-8")
