"""Open datasets of the engine in this process, refreshed to the newest version before each query; the only module that imports deeplake."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tql_client.engine.blocked import abandon, require_unblocked
from tql_client.engine.commits import folder_of, newest_commit
from tql_client.engine.open_files import require_room
from tql_client.engine.versions import require_supported
from tql_client.errors import (
    APIError,
    Cancelled,
    ConfigError,
    DeadlineExceeded,
    NotFound,
    Replaced,
    by_status,
)
from tql_client.extras import missing
from tql_client.protocol.call import STOPPED, Call, CancelToken
from tql_client.protocol.messages import hint, is_hosted, path_hint
from tql_grammar.errors import TqlError
from tql_grammar.lint.engine_messages import engine_position, status_of
from tql_grammar.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tql_client.engine.commits import Commit

SERVER_FAILED = 500
# A query that takes no time, unless the engine is blocked.
SHORT = "select * limit 0"
# Seconds between two looks at a future: this part of the time that has passed, so that a call is late by 3 % on average, within these bounds.
PART, FIRST_PAUSE, LONGEST_PAUSE = 1 / 16, 0.00001, 0.02
TIMED_OUT = "the query timed out, and the engine in this process still runs it, since it cannot be interrupted; until it ends, it delays or blocks every other query of the process: increase the timeout with connect(.., timeout=seconds), or use connect(.., isolated=True), which ends the query at its timeout"
# Seconds for opening a dataset, where no call limits them.
OPENING_SECONDS = 60.0
_MISSING = re.compile(r"does not exist|not found|No such|Failed to open", re.IGNORECASE)
# The engine's error classes for failures of the storage; any other class is an error in the query.
_OF_STORAGE = re.compile(r"KeyError|Storage|Log|HTTP|Gcs|OSError|MemoryError|Permission|FileNotFound")


def engine() -> Any:  # noqa: ANN401 - the engine ships no types
    """
    Return the module of the engine; warn once about a version that was not measured.

    Raises:
        MissingExtra: the engine is not installed.
        ConfigError: the engine is older than the measured versions.
    """
    try:
        import deeplake
    except ImportError:
        raise missing("the engine is not installed", "embedded") from None
    require_supported(str(getattr(deeplake, "__version__", "")))
    return deeplake


def local_path(url: str) -> str:
    """Return the path of a ``file://`` URL, and any other path or URL unchanged."""
    return unquote(urlsplit(url).path) if url.startswith("file://") else url


def open_dataset(path: str, credentials: Mapping[str, str] | None = None, call: Call | None = None) -> Any:  # noqa: ANN401 - the engine ships no types
    """
    Return the dataset at a path, opened read-only; a dataset in memory is shared with the code that created it.

    Args:
        path: the path or URL.
        credentials: credentials that the engine uses to open it.
        call: limits the wait; by default `OPENING_SECONDS`.

    Raises:
        EngineBlocked: a query that timed out blocks the engine.
        NotFound: no dataset exists at the path.
        ConfigError: the engine cannot open the dataset.
        Cancelled: the call was cancelled.
        DeadlineExceeded: the call timed out.
    """
    deeplake = engine()
    require_room()
    name = "open" if path.startswith("mem://") else "open_read_only"
    options = {} if credentials is None else {"creds": dict(credentials)}
    call = call or _opening_call()
    require_unblocked(call)
    try:
        future = getattr(deeplake, f"{name}_async")(path, **options)
        wait_for(future, call)
        return future.result()
    except TqlError:
        raise
    except Exception as error:  # noqa: BLE001 - the engine raises its own classes, below Exception only
        raise _opening_error(error, path) from None


def version_of(path: str, snapshot: bool | str, credentials: Mapping[str, str] | None = None) -> str | None:  # noqa: FBT001 - an option, passed on
    """
    Return the version of a dataset that a client keeps, or None for the newest of each query.

    Args:
        path: the path or URL of the dataset.
        snapshot: True for the newest version now, False for none, or the id of a version.
        credentials: credentials that the engine uses to open it.

    Raises:
        ConfigError: *snapshot* is no version of the dataset.
        NotFound: no dataset exists at the path.
    """
    if snapshot is False:
        return None
    dataset = open_dataset(local_path(path), credentials)
    if snapshot is True:
        return str(dataset.version)
    known = [str(version.id) for version in dataset.history]
    if snapshot not in known:
        message = f"`snapshot` must be True, False or the id of a version of the dataset, got {snapshot!r}; the newest ones are {', '.join(known[-3:])}"
        raise ConfigError(message)
    return snapshot


def _opening_call() -> Call:
    """Return the call of an opening that belongs to no query."""
    return Call("", as_list=False, deadline=time.monotonic() + OPENING_SECONDS, request_id="", stop=CancelToken())


def wait_for(future: Any, call: Call, dataset: Any = None, *, is_query: bool = False) -> None:  # noqa: ANN401 - the engine ships no types
    """
    Wait for a future of the engine without blocking other threads.

    Args:
        future: the future.
        call: limits the wait.
        dataset: the dataset of the query, which stays open until the future is complete.
        is_query: whether the future is that of a query, which may take long, and not of a refresh or an opening.

    Raises:
        Cancelled: the call was cancelled.
        DeadlineExceeded: the call timed out; the engine cannot be interrupted, and its result is discarded.
    """
    try:
        _wait(future, call)
    except BaseException:  # also Ctrl-C
        abandon(future, dataset, dataset.query_async(SHORT) if is_query else None)
        raise


def _wait(future: Any, call: Call) -> None:  # noqa: ANN401 - the engine ships no types
    """
    Look at a future until it is complete, or the call is cancelled or timed out.

    `Future.result` waits as well, and is 0.03 ms faster where another thread calls it, but neither Ctrl-C nor a timeout ends that thread:
    if the query completes while the interpreter ends, the process ends with SIGABRT (4 of 6 processes, measured with 4.7.4). The callback of ``await`` does the same.
    """
    started = time.monotonic()
    while not future.is_completed():
        if call.stop.is_cancelled:
            raise Cancelled(STOPPED)
        now = time.monotonic()
        if now >= call.deadline:
            raise DeadlineExceeded(TIMED_OUT)
        time.sleep(min(LONGEST_PAUSE, FIRST_PAUSE + (now - started) * PART))


def _opening_error(error: Exception, path: str) -> Exception:
    """Return the client's error for an exception of the engine while it opened a dataset."""
    if _MISSING.search(f"{type(error).__name__} {error}"):
        return NotFound(
            404,
            f"there is no dataset at `{path}`",
            hint=path_hint(path),
        )
    hosted = f"\nhint: {path_hint(path)}" if is_hosted(path) else ""
    return ConfigError(f"the dataset at `{path}` cannot be opened: {str(error).strip()}{hosted}")


class Snapshot:
    """
    One version of a dataset.

    A refresh of the engine also changes the views of running queries, so this handle is never refreshed: see `Opened`.

    Attributes:
        dataset: the engine's dataset.
    """

    def __init__(self, dataset: Any) -> None:  # noqa: ANN401 - the engine ships no types
        """Create a snapshot of a dataset that was just opened."""
        self.dataset = dataset
        self._schema: Schema | None = None

    @property
    def schema(self) -> Schema:
        """The schema, read from the dataset once."""
        if self._schema is None:
            with self.translate_errors():
                self._schema = Schema.from_dataset(self.dataset)
        return self._schema

    @contextlib.contextmanager
    def translate_errors(self) -> Iterator[None]:
        """
        Translate every exception of the engine within the block; the block must contain only calls of the engine.

        Raises:
            APIError: the engine rejected the query; the status is the one that a server returns for it.
            Replaced: files of the dataset are missing.
        """
        try:
            yield
        except TqlError:
            raise
        except KeyError as error:
            raise Replaced(SERVER_FAILED, _message_of(error), hint="was the dataset replaced?") from None
        except Exception as error:  # noqa: BLE001 - the engine has about 80 classes, below Exception only
            raise self._translate(error) from None

    def _translate(self, error: Exception) -> APIError:
        """Return the client's error for an exception of the engine."""
        description = _message_of(error)
        columns = [] if self._schema is None else list(self._schema)
        status = SERVER_FAILED if _OF_STORAGE.match(type(error).__name__) else status_of(description)
        return by_status(status)(
            status, description, hint=hint(status, description, columns), position=engine_position(description)
        )


def _message_of(error: Exception) -> str:
    """Return the message of an exception of the engine; str of a KeyError would quote it."""
    return str(error.args[0] if error.args else type(error).__name__).strip()


class Opened:
    """An open dataset, reopened when another version was committed, so that each query reads the newest one."""

    def __init__(
        self, path: str, credentials: Mapping[str, str] | None, call: Call | None = None, version: str | None = None
    ) -> None:
        """
        Open the dataset.

        Args:
            path: the path or URL.
            credentials: credentials that the engine uses to open it.
            call: limits the wait.
            version: the version that every query reads; None for the newest one.

        Raises:
            NotFound: no dataset exists at the path.
            ConfigError: the engine cannot open the dataset.
        """
        self.path = path
        self._credentials = credentials
        self._changing = threading.Lock()
        self._folder = folder_of(path)
        self._version = version
        self._current = Snapshot(self._open(call))
        self._probe: Any = open_dataset(path, credentials, call) if version is None else None
        # The commit of the current version, or None where it is not known.
        self._commit: Commit | None = None

    def _open(self, call: Call | None) -> Any:  # noqa: ANN401 - the engine ships no types
        """Return the dataset in the version that queries read."""
        dataset = open_dataset(self.path, self._credentials, call)
        return dataset if self._version is None else dataset.history[self._version].open()

    def current(self) -> Snapshot:
        """Return the version that the last call of `refresh` returned."""
        return self._current

    def refresh(self, call: Call) -> Snapshot:
        """
        Return the newest version of the dataset, or the one that is kept.

        Where the newest commit is that of the current version, this takes 0.01 ms.
        Otherwise a second handle is refreshed, which takes 0.1 to 0.4 ms on a local disk; if it finds another version, the dataset is opened again.

        Raises:
            NotFound: the dataset was deleted.
            ConfigError: the engine can no longer open the dataset.
            Unavailable: the process cannot open the files that the engine needs.
            DeadlineExceeded: the engine was busy until the timeout of the call.
            EngineBlocked: a query that timed out blocks the engine.
        """
        require_unblocked(call)
        if self._version is not None:
            return self._current
        commit = newest_commit(self.path)
        if commit is not None and commit == self._commit:
            return self._current
        require_room()
        with self._locked(call):
            current = self._current if self._is_up_to_date(call) else self._reopen(call)
            self._commit = commit if commit is not None and commit.is_version(current.dataset.version) else None
        return current

    def reopen(self, call: Call) -> Snapshot:
        """Open the dataset again after its files were replaced."""
        with self._locked(call):
            return self._reopen(call)

    @contextlib.contextmanager
    def _locked(self, call: Call) -> Iterator[None]:
        """Allow one call at a time to refresh; a call that fails discards the second handle, whose refresh may be incomplete."""
        if not self._changing.acquire(timeout=max(0.0, call.seconds_left)):
            raise DeadlineExceeded(TIMED_OUT)
        try:
            yield
        except TqlError:
            self._probe = None
            raise
        finally:
            self._changing.release()

    def _is_up_to_date(self, call: Call) -> bool:
        """Return whether the current version is the newest one."""
        if folder_of(self.path) != self._folder:
            return False
        try:
            if self._probe is None:
                self._probe = open_dataset(self.path, self._credentials, call)
            else:
                future = self._probe.refresh_async()
                wait_for(future, call, self._probe)
                future.wait()  # raises the error of the refresh
            return bool(self._probe.version == self._current.dataset.version)
        except TqlError:
            raise
        except Exception:  # noqa: BLE001 - opening the dataset raises the same error, translated
            return False

    def _reopen(self, call: Call) -> Snapshot:
        """Open the newest version of the dataset that is now at the path."""
        self._folder, self._probe = folder_of(self.path), None
        self._current = Snapshot(self._open(call))
        return self._current
