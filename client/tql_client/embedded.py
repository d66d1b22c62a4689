"""Know how the real engine answers in this process; the only module that imports deeplake."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tql_client.errors import APIError, Cancelled, ConfigError, DeadlineExceeded, NotFound, by_status
from tql_client.extras import missing
from tql_client.messages import hint, position, status_of
from tql_client.open_files import require_room
from tql_client.retry import STOPPED
from tql_client.sources import resolve
from tql_client.wire import Answer
from tql_grammar.record import Record
from tql_grammar.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tql_client.call import Call

FIRST_POLL, LONGEST_POLL = 0.0002, 0.02
REFUSALS = (RuntimeError, IndexError, ValueError, TypeError)
_MISSING = re.compile(r"does not exist|not found|No such|Failed to open", re.IGNORECASE)


def engine() -> Any:  # noqa: ANN401 - the engine ships no types
    """
    Return the engine's module.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import deeplake
    except ImportError:
        raise missing("the engine is not installed", "embedded") from None
    return deeplake


def local_path(url: str) -> str:
    """Return what the engine opens for a path or a ``file://`` url."""
    return unquote(urlsplit(url).path) if url.startswith("file://") else url


class Datasets:
    """The datasets that are answered from here, by name, each opened once."""

    def __init__(
        self,
        paths: Mapping[str, str],
        home: str | None = None,
        *,
        allow_sources: bool = False,
        credentials: Mapping[str, str] | None = None,
    ) -> None:
        """
        Open the datasets for reading.

        Args:
            paths: a path or url by each name.
            home: the name of the dataset that a query without FROM reads; None refuses such a query.
            allow_sources: let the engine open what other names stand for.
            credentials: what the engine takes to open the paths.

        Raises:
            MissingExtra: the engine is not installed.
            NotFound: there is no dataset at a path.
        """
        self._paths = {name: local_path(path) for name, path in paths.items()}
        self._home = None if home is None else self._paths[home]
        self._allow_sources = allow_sources
        self._opened = {path: open_dataset(path, credentials) for path in dict.fromkeys(self._paths.values())}
        self._read: dict[str, tuple[object, Schema]] = {}

    def answer(self, call: Call) -> Answer:
        """
        Run one query, and return its columns.

        Raises:
            APIError: the engine refuses the query; the status is the one that a server gives.
            Unavailable: the process can open too few files for the engine to read any.
            DeadlineExceeded: the time is over; the engine cannot be stopped, and its answer is dropped.
        """
        found = resolve(call.query, self._paths, self._home, allow_sources=self._allow_sources)
        dataset = self._opened[found.path]
        require_room()
        try:
            return _answer(_view(dataset, found.text, call))
        except REFUSALS as error:
            raise _refused(str(error), dataset) from None

    def schemas(self) -> dict[str | None, Schema]:
        """Return the columns of the datasets by their names, and under None those of the one at home."""
        known = {path: self._schema(path) for path in self._opened}
        named: dict[str | None, Schema] = {name: known[path] for name, path in self._paths.items()}
        return named if self._home is None else {None: known[self._home], **named}

    def _schema(self, path: str) -> Schema:
        """Return the columns of a dataset, read again when it changed."""
        dataset = self._opened[path]
        state = (dataset.version, tuple(column.name for column in dataset.schema.columns))
        kept = self._read.get(path)
        if kept is None or kept[0] != state:
            kept = self._read[path] = (state, Schema.from_dataset(dataset))
        return kept[1]

    def close(self) -> None:
        """Let go of the datasets."""
        self._opened.clear()


class Place(Record):
    """
    Which dataset answers, and how it is opened.

    Attributes:
        path: what the engine opens: a path, ``file://``, ``mem://``, ``s3://`` and the like.
        dataset: a name by which queries may call it, beside the path.
        allow_sources: whether a query may read other datasets.
        credentials: what the engine takes to open the path, handed on as it is.
    """

    path: str
    dataset: str | None = None
    allow_sources: bool = False
    credentials: Mapping[str, str] | None = None

    def __repr__(self) -> str:
        """Show no credentials."""
        return f"Place({self.path!r}, {self.dataset!r})"


class EmbeddedTransport:
    """
    Answers queries with the engine in this process, from one dataset.

    A query's source has to be the path, or the name given as *dataset*: for any other source the engine would go to the network.
    """

    def __init__(self, place: Place) -> None:
        """Open the dataset for reading; see `Datasets`."""
        path = place.path
        known = [path, local_path(path), *([place.dataset] if place.dataset else [])]
        self._path = path
        self._datasets = Datasets(
            dict.fromkeys(known, path), path, allow_sources=place.allow_sources, credentials=place.credentials
        )

    def __repr__(self) -> str:
        """Return the path."""
        return f"EmbeddedTransport({self._path!r})"

    def send(self, call: Call) -> Answer:
        """Run one query, and return its columns; see `Datasets.answer`."""
        return self._datasets.answer(call)

    def schemas(self) -> dict[str | None, Schema]:
        """Return the columns of the dataset, by every name that stands for it; see `Datasets.schemas`."""
        return self._datasets.schemas()

    def close(self) -> None:
        """Let go of the dataset."""
        self._datasets.close()


def open_dataset(path: str, credentials: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - the engine ships no types
    """Return the dataset at a path, opened for reading; one in memory is shared with whoever made it."""
    deeplake = engine()
    require_room()
    try:
        open_ = deeplake.open if path.startswith("mem://") else deeplake.open_read_only
        return open_(path) if credentials is None else open_(path, creds=dict(credentials))
    except Exception as error:  # noqa: BLE001 - the engine raises its own classes, below Exception only
        raise _unopened(error, path) from None


def _unopened(error: Exception, path: str) -> Exception:
    """Return our error for a dataset that could not be opened."""
    if _MISSING.search(f"{type(error).__name__} {error}"):
        return NotFound(
            404,
            f"there is no dataset at `{path}`",
            hint="check the path: a dataset is a folder that deeplake.create made",
        )
    return ConfigError(f"the dataset at `{path}` cannot be opened: {error}")


def _view(dataset: Any, text: str, call: Call) -> Any:  # noqa: ANN401 - the engine ships no types
    """Return what a text selects, while other threads go on."""
    future = dataset.query_async(text)
    pause = FIRST_POLL
    while not future.is_completed():
        if call.stop.is_asked:
            raise Cancelled(STOPPED)
        if call.seconds_left <= 0:
            message = "the engine did not answer in the time given: pass connect(.., timeout=seconds) for more; it works on, and its answer is dropped"
            raise DeadlineExceeded(message)
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL)
    return future.result()


def _answer(view: Any) -> Answer:  # noqa: ANN401 - the engine ships no types
    """Return the columns of a view."""
    names = tuple(column.name for column in view.schema.columns)
    return Answer(names, {name: _values(view, name) for name in names})


def _values(view: Any, name: str) -> Any:  # noqa: ANN401 - the engine ships no types
    """Return the values of a column; of no rows the engine cannot read texts that were computed."""
    if len(view) == 0 and str(view.schema[name].dtype).startswith("text"):
        return []
    return view[name][:]


def _refused(description: str, dataset: Any) -> APIError:  # noqa: ANN401 - the engine ships no types
    """Return the error for a message of the engine."""
    status = status_of(description)
    columns = [column.name for column in dataset.schema.columns]
    found = hint(status, description, columns)
    return by_status(status)(status, description.strip(), hint=found, position=position(description))
