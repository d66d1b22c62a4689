"""The real engine in this process, as it answers queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql_client.engine.open_files import require_room
from tql_client.engine.opened import Opened, engine, local_path, open_dataset, wait_for
from tql_client.engine.sources import resolve
from tql_client.errors import ClosedError, Replaced
from tql_client.protocol.wire import Answer
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tql_client.engine.opened import Snapshot
    from tql_client.protocol.call import Call
    from tql_grammar.schema import Schema

CLOSED = "the client is closed: connect again"


class Datasets:
    """The datasets that are answered from here, by name, each opened once."""

    def __init__(
        self,
        paths: Mapping[str, str],
        default_dataset: str | None = None,
        *,
        allow_sources: bool = False,
        credentials: Mapping[str, str] | None = None,
        may_crash: bool = False,
    ) -> None:
        """
        Open the datasets for reading.

        Args:
            paths: a path or url by each name.
            default_dataset: the name of the dataset that a query without FROM reads; None refuses such a query.
            allow_sources: let the engine open what other names stand for.
            credentials: what the engine takes to open the paths.
            may_crash: run texts that end the process as well; see `resolve`.

        Raises:
            MissingExtra: the engine is not installed.
            NotFound: there is no dataset at a path.
        """
        self._paths = {name: local_path(path) for name, path in paths.items()}
        self._default_path = None if default_dataset is None else self._paths[default_dataset]
        self._allow_sources = allow_sources
        self._may_crash = may_crash
        self._opened = {path: Opened(path, credentials) for path in dict.fromkeys(self._paths.values())}

    def answer(self, call: Call, *, refreshed: bool = False) -> Answer:
        """
        Run one query, and return its columns.

        Args:
            call: the query; one that ends the process is refused before the engine sees it.
            refreshed: whether the query was written for what `schemas` returned just now: it then runs on the same rows.

        Raises:
            APIError: the engine refuses the query; the status is the one that a server gives.
            NotFound: the dataset was deleted.
            Unavailable: the process can open too few files for the engine to read any.
            DeadlineExceeded: the time is over; the engine cannot be stopped, and its answer is dropped.
        """
        require_room()
        try:
            return self._answered(call, refreshed=refreshed)
        except Replaced:  # the dataset was opened again: once more, since a SELECT only reads
            return self._answered(call, refreshed=True)

    def _answered(self, call: Call, *, refreshed: bool) -> Answer:
        """Run one query once."""

        def snapshot(path: str) -> Snapshot:
            if path not in read:
                opened = self._at(path)
                read[path] = opened.current() if refreshed else opened.refreshed(call)
            return read[path]

        read: dict[str, Snapshot] = {}
        found = resolve(
            call.query,
            self._paths,
            self._default_path,
            lambda path: snapshot(path).schema,
            allow_sources=self._allow_sources,
            may_crash=self._may_crash,
        )
        try:
            return _answered(snapshot(found.path), found.text, call)
        except Replaced:
            self._at(found.path).reopened(call)
            raise

    def schemas(self, call: Call) -> dict[str | None, Schema]:
        """Return the columns of the datasets as they are committed now, by their names, and under None those of the default dataset."""
        known = {path: self._at(path).refreshed(call).schema for path in dict.fromkeys(self._paths.values())}
        named: dict[str | None, Schema] = {name: known[path] for name, path in self._paths.items()}
        return named if self._default_path is None else {None: known[self._default_path], **named}

    def _at(self, path: str) -> Opened:
        """Return the dataset at a path, unless they were closed meanwhile."""
        found = self._opened.get(path)
        if found is None:
            raise ClosedError(CLOSED)
        return found

    def close(self) -> None:
        """Let go of the datasets."""
        self._opened.clear()


class DatasetTarget(Record):
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
        return f"DatasetTarget({self.path!r}, {self.dataset!r})"


class EmbeddedTransport:
    """
    Answers queries with the engine in this process, from one dataset.

    A query's source has to be the path, or the name given as *dataset*: for any other source the engine would go to the network.
    """

    def __init__(self, place: DatasetTarget, *, may_crash: bool = False) -> None:
        """Open the dataset for reading; see `Datasets`."""
        path = place.path
        known = [path, local_path(path), *([place.dataset] if place.dataset else [])]
        self._path = path
        self._datasets = Datasets(
            dict.fromkeys(known, path),
            path,
            allow_sources=place.allow_sources,
            credentials=place.credentials,
            may_crash=may_crash,
        )

    def __repr__(self) -> str:
        """Return the path."""
        return f"EmbeddedTransport({self._path!r})"

    def send(self, call: Call) -> Answer:
        """Run one query on the rows for which `schemas` was asked last, and return its columns; see `Datasets.answer`."""
        return self._datasets.answer(call, refreshed=True)

    def schemas(self, call: Call) -> dict[str | None, Schema]:
        """Return the columns of the dataset as it is committed now, by every name that stands for it; a client asks before each query. See `Datasets.schemas`."""
        return self._datasets.schemas(call)

    def close(self) -> None:
        """Let go of the dataset."""
        self._datasets.close()


def _answered(snapshot: Snapshot, text: str, call: Call) -> Answer:
    """Return the columns that a text selects."""
    with snapshot.asked():
        future = snapshot.dataset.query_async(text)
        wait_for(future, call, snapshot.dataset)
        view = future.result()
    return _answer(snapshot, view)


def _answer(snapshot: Snapshot, view: Any) -> Answer:  # noqa: ANN401 - the engine ships no types
    """Return the columns of a view."""
    with snapshot.asked():
        names = tuple(column.name for column in view.schema.columns)
        return Answer(names, {name: _values(view, name) for name in names})


def _values(view: Any, name: str) -> Any:  # noqa: ANN401 - the engine ships no types
    """
    Return the values of a column.

    Two columns cannot be read whole: computed texts of no rows, and the norms of arrays of which every one is empty in a committed dataset
    (``InvalidType: Dtype is unknown``, measured with 4.7.1 and 4.7.4), whose rows can be read one by one.
    """
    if len(view) == 0 and str(view.schema[name].dtype).startswith("text"):
        return []
    try:
        return view[name][:]
    except engine().InvalidType:
        return [row[name] for row in view]


__all__ = ["DatasetTarget", "Datasets", "EmbeddedTransport", "engine", "local_path", "open_dataset"]
