"""Transport to the engine in this process, and the datasets that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql_client.engine.open_files import require_room
from tql_client.engine.opened import Opened, engine, local_path, open_dataset, version_of, wait_for
from tql_client.engine.samples import NOTHING_TO_SAMPLE, without_samples
from tql_client.engine.sources import resolve
from tql_client.errors import APIError, ClosedError, Replaced
from tql_client.protocol.wire import Answer
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql_client.engine.opened import Snapshot
    from tql_client.protocol.call import Call
    from tql_grammar.schema import Schema

CLOSED = "the client is closed: create another one with connect(..)"


class Datasets:
    """The datasets that queries can read, by name; each path is opened once."""

    def __init__(  # noqa: PLR0913 - each is one independent choice, by name
        self,
        paths: Mapping[str, str],
        default_dataset: str | None = None,
        *,
        allow_sources: bool = False,
        credentials: Mapping[str, str] | None = None,
        may_crash: bool = False,
        version: str | None = None,
    ) -> None:
        """
        Open the datasets for reading.

        Args:
            paths: the path or URL of each dataset, by name.
            default_dataset: the name of the dataset that queries without FROM read; None rejects these queries.
            allow_sources: allow queries to read other datasets, which the engine opens.
            credentials: credentials that the engine uses to open the paths.
            may_crash: also run queries that crash the engine; see `resolve`.
            version: the version of the datasets that queries read; None for the newest one.

        Raises:
            MissingExtra: the engine is not installed.
            NotFound: no dataset exists at a path.
        """
        self._paths = {name: local_path(path) for name, path in paths.items()}
        self._default_path = None if default_dataset is None else self._paths[default_dataset]
        self._allow_sources = allow_sources
        self._may_crash = may_crash
        self._credentials = credentials
        self._given = frozenset(self._paths)
        self._opened = {path: Opened(path, credentials, None, version) for path in dict.fromkeys(self._paths.values())}

    def answer(self, call: Call, *, refreshed: bool = False) -> Answer:
        """
        Run one query, and return its columns.

        Args:
            call: the query; one that crashes the engine is rejected before the engine runs it.
            refreshed: run on the version of the last call of `schemas`, for which the query was compiled, not on the newest.

        Raises:
            APIError: the engine rejected the query; the status is the one that a server returns for it.
            NotFound: the dataset was deleted.
            Unavailable: the process cannot open the files that the engine needs.
            DeadlineExceeded: the call timed out; the engine cannot be interrupted, so it finishes and its result is discarded.
            EngineBlocked: a query that timed out before blocks the engine.
        """
        require_room()
        try:
            return self._run(call, refreshed=refreshed)
        except Replaced:  # the dataset was opened again; a SELECT only reads, so it is safe to run it again
            return self._run(call, refreshed=True)

    def _run(self, call: Call, *, refreshed: bool) -> Answer:
        """Run one query, without a second attempt."""

        def snapshot(path: str) -> Snapshot:
            if path not in snapshots:
                opened = self._at(path)
                snapshots[path] = opened.current() if refreshed else opened.refresh(call)
            return snapshots[path]

        snapshots: dict[str, Snapshot] = {}
        resolved = resolve(
            call.query,
            self._paths,
            self._default_path,
            lambda path: snapshot(path).schema,
            allow_sources=self._allow_sources,
            may_crash=self._may_crash,
        )
        try:
            return _run_query(snapshot(resolved.path), resolved.text, call)
        except Replaced:
            self._at(resolved.path).reopen(call)
            raise

    def plan(self, call: Call) -> dict[str, Any]:
        """
        Return the engine's plan of a query, which is not run.

        Raises:
            APIError: the engine rejected the query, or is of a version that shows no plan.
        """
        resolved = resolve(
            call.query,
            self._paths,
            self._default_path,
            lambda path: self._at(path).refresh(call).schema,
            allow_sources=self._allow_sources,
            may_crash=self._may_crash,
        )
        snapshot = self._at(resolved.path).refresh(call)
        if not hasattr(snapshot.dataset, "explain_query"):
            raise APIError(400, "this version of the engine shows no plan", hint="install a newer deeplake")
        with snapshot.translate_errors():
            found: dict[str, Any] = snapshot.dataset.explain_query(resolved.text).to_dict()
        return found

    def schemas(self, call: Call, others: Iterable[str | None] = ()) -> dict[str | None, Schema]:
        """
        Return the schemas of the newest versions of the datasets, by name; None is the name of the default dataset.

        Args:
            call: the call that waits for them.
            others: further datasets that the query reads; each is opened if the client may read it, and left out otherwise.

        Raises:
            NotFound: no dataset exists at one of the paths.
        """
        read = {*self._given, *self._open(others, call)}
        paths = {name: path for name, path in self._paths.items() if name in read}
        by_path = {path: self._at(path).refresh(call).schema for path in dict.fromkeys(paths.values())}
        by_name: dict[str | None, Schema] = {name: by_path[path] for name, path in paths.items()}
        return by_name if self._default_path is None else {None: by_path[self._default_path], **by_name}

    def _open(self, others: Iterable[str | None], call: Call) -> frozenset[str]:
        """Open further datasets where queries can read them, and return their names."""
        if not self._allow_sources or not self._opened:
            return frozenset()
        names = frozenset(name for name in others if name is not None)
        for name in names - self._paths.keys():
            path = local_path(name)
            # Other threads read the mappings, so they are replaced, not changed.
            if path not in self._opened:
                self._opened = {**self._opened, path: Opened(path, self._credentials, call)}
            self._paths = {**self._paths, name: path}
        return names

    def _at(self, path: str) -> Opened:
        """Return the dataset at a path, or raise `ClosedError` after `close`."""
        opened = self._opened.get(path)
        if opened is None:
            raise ClosedError(CLOSED)
        return opened

    def close(self) -> None:
        """Close the datasets."""
        self._opened.clear()


# DOT over arrays of integers or float64 gives numbers of the type of an array; in 1 of 1,000 reads of so many rows as a whole, the engine leaves some of them unset (measured with 4.7.1 and 4.7.4).
UNSET, ARRAYS = range(2, 4), "array("
# The types that the engine gives to columns of JSON, to values of JSON, and to arithmetic with them.
OF_JSON = frozenset({"object", "unknown"})


class DatasetTarget(Record):
    """
    The dataset that queries read, and the options to open it.

    Attributes:
        path: the path or URL of the dataset: a folder, ``file://``, ``mem://`` or ``s3://``.
        dataset: another name for it in queries, in addition to the path.
        allow_sources: whether queries can read other datasets.
        credentials: credentials that the engine uses to open the path.
        version: the version that queries read; None for the newest one.
    """

    path: str
    dataset: str | None = None
    allow_sources: bool = False
    credentials: Mapping[str, str] | None = None
    version: str | None = None

    def __repr__(self) -> str:
        """Return the path and the name, without the credentials."""
        return f"DatasetTarget({self.path!r}, {self.dataset!r})"


class EmbeddedTransport:
    """
    Runs queries on one dataset with the engine in this process.

    FROM must be the path or the name of the dataset; the engine would look up any other name on the network.
    """

    def __init__(self, target: DatasetTarget, *, may_crash: bool = False) -> None:
        """Open the dataset for reading; see `Datasets`."""
        path = target.path
        aliases = [path, local_path(path), *([target.dataset] if target.dataset else [])]
        self._path = path
        self._datasets = Datasets(
            dict.fromkeys(aliases, path),
            path,
            allow_sources=target.allow_sources,
            credentials=target.credentials,
            may_crash=may_crash,
            version=target.version,
        )

    def __repr__(self) -> str:
        """Return the path."""
        return f"EmbeddedTransport({self._path!r})"

    def send(self, call: Call) -> Answer:
        """Run one query on the version of the last call of `schemas`, and return its columns; see `Datasets.answer`."""
        return self._datasets.answer(call, refreshed=True)

    def schemas(self, call: Call, others: Iterable[str | None] = ()) -> dict[str | None, Schema]:
        """Return the schema of the newest version of the dataset, by each of its names; a client calls this before each query. See `Datasets.schemas`."""
        return self._datasets.schemas(call, others)

    def close(self) -> None:
        """Close the dataset."""
        self._datasets.close()


def _run_query(snapshot: Snapshot, text: str, call: Call) -> Answer:
    """Run a query on a version of a dataset, and return its columns."""
    with snapshot.translate_errors():
        future = snapshot.dataset.query_async(text)
        wait_for(future, call, snapshot.dataset, is_query=True)
        try:
            view = future.result()
        except RuntimeError as error:
            unsampled = without_samples(text) if str(error) == NOTHING_TO_SAMPLE else None
            if unsampled is None:
                raise
            return _run_query(snapshot, unsampled, call)
    return _answer(snapshot, view)


def _answer(snapshot: Snapshot, view: Any) -> Answer:  # noqa: ANN401 - the engine ships no types
    """Return the columns of a view, the engine's result of a query."""
    with snapshot.translate_errors():
        columns = view.schema.columns
        types = {column.name: str(column.dtype) for column in columns}
        return Answer(
            tuple(column.name for column in columns),
            {name: _values(view, name, kind) for name, kind in types.items()},
            types=types,
        )


def _values(view: Any, name: str, kind: str) -> Any:  # noqa: ANN401 - the engine ships no types
    """
    Return the values of a column.

    Read as a whole, numbers of JSON get the type of the first one: the engine returns the bits of 1.5 as an integer after 3, and fails for some views.
    It fails as well for norms of arrays if every array of a committed dataset is empty (``InvalidType: Dtype is unknown``).
    Such columns are read row by row, in about 0.01 ms a row (measured with 4.7.4).
    """
    if len(view) == 0:
        return _nothing(view, name, kind)
    numbers = _numbers(view, name, kind)
    if numbers is not None:
        return numbers
    is_json = kind in OF_JSON
    errors = (engine().InvalidType, *([RuntimeError] if is_json else []))
    try:
        found = view[name][:]
    except errors:
        return [row[name] for row in view]
    return [row[name] for row in view] if is_json and hasattr(found, "dtype") else found


def _numbers(view: Any, name: str, kind: str) -> Any:  # noqa: ANN401 - the engine ships no types
    """Return the values of a column, read row by row, if they are numbers of which the engine may leave some unset, or else None."""
    if len(view) not in UNSET or not kind.startswith(ARRAYS):
        return None
    import numpy as np

    values = [row[name] for row in view]
    return np.stack(values) if all(getattr(value, "shape", None) == () for value in values) else None


def _nothing(view: Any, name: str, kind: str) -> Any:  # noqa: ANN401 - the engine ships no types
    """
    Return the values of a column without rows: an empty array of its type, or an empty list where the engine fails to read it.

    It fails for computed texts, for renamed JSON, for values of JSON and for arithmetic with them.
    """
    try:
        return [] if kind.startswith("text") else view[name][:]
    except Exception:  # noqa: BLE001 - the engine has about 80 classes, and no row is lost
        return []


__all__ = ["DatasetTarget", "Datasets", "EmbeddedTransport", "engine", "local_path", "open_dataset", "version_of"]
