"""The datasets that the engine has opened in this process, each seen as it was committed last; the only module that imports deeplake."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tql_client.engine.open_files import require_room
from tql_client.errors import (
    APIError,
    Cancelled,
    ConfigError,
    DeadlineExceeded,
    NotFound,
    Replaced,
    by_status,
)
from tql_client.extras import command, missing
from tql_client.protocol.call import STOPPED
from tql_client.protocol.messages import hint
from tql_grammar.errors import TqlError
from tql_grammar.lint.engine_messages import engine_position, status_of
from tql_grammar.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tql_client.protocol.call import Call

SERVER_FAILED = 500
FIRST_POLL, LONGEST_POLL = 0.00005, 0.02
LATE = "the engine did not answer in the time given: pass connect(.., timeout=seconds) for more; it works on, and its answer is dropped"
TRUNCATING = (4, 7, 1)
_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")
# What the engine still works on though nobody waits for it: it ends the process where its dataset is let go of meanwhile.
_LEFT: list[tuple[Any, Any]] = []
_LEAVING = threading.Lock()
_MISSING = re.compile(r"does not exist|not found|No such|Failed to open", re.IGNORECASE)
# The engine's classes for what its storage does not give; any other class is about the query.
_OF_STORAGE = re.compile(r"KeyError|Storage|Log|HTTP|Gcs|OSError|MemoryError|Permission|FileNotFound")


def engine() -> Any:  # noqa: ANN401 - the engine ships no types
    """
    Return the engine's module; one whose ``%`` is another function is warned of once.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import deeplake
    except ImportError:
        raise missing("the engine is not installed", "embedded") from None
    _warn_of(str(getattr(deeplake, "__version__", "")))
    return deeplake


@functools.cache
def _warn_of(version: str) -> None:
    """Warn of an engine whose ``%`` is not the one that queries are written for; the cache lets it be said once in a process."""
    if has_other_remainder(version):
        message = (
            f"deeplake {version} computes `%` as the IEEE remainder, `7 % 10` is -3: queries with `%`, and sorts and groups by large numbers, "
            f"have other rows than they say; install 4.7.1 or later: {command('embedded')}"
        )
        warnings.warn(message, RuntimeWarning, stacklevel=3)


def has_other_remainder(version: str) -> bool:
    """Tell whether ``%`` of an engine is the IEEE remainder, as before 4.7.1, and not that of SQL; a version that is not known has SQL's."""
    found = _VERSION.match(version)
    return found is not None and tuple(int(part or 0) for part in found.groups()) < TRUNCATING


def local_path(url: str) -> str:
    """Return what the engine opens for a path or a ``file://`` url."""
    return unquote(urlsplit(url).path) if url.startswith("file://") else url


def open_dataset(path: str, credentials: Mapping[str, str] | None = None, call: Call | None = None) -> Any:  # noqa: ANN401 - the engine ships no types
    """Return the dataset at a path, opened for reading, or raise when a call is over; one in memory is shared with whoever made it."""
    deeplake = engine()
    require_room()
    name = "open" if path.startswith("mem://") else "open_read_only"
    given = {} if credentials is None else {"creds": dict(credentials)}
    try:
        if call is None:
            return getattr(deeplake, name)(path, **given)
        future = getattr(deeplake, f"{name}_async")(path, **given)
        wait_for(future, call)
        return future.result()
    except TqlError:
        raise
    except Exception as error:  # noqa: BLE001 - the engine raises its own classes, below Exception only
        raise _unopened(error, path) from None


def wait_for(future: Any, call: Call, dataset: Any = None) -> None:  # noqa: ANN401 - the engine ships no types
    """
    Wait until the engine has done something, while other threads go on.

    Args:
        future: what the engine gave.
        call: says how long.
        dataset: on which it works.

    Raises:
        Cancelled: the call was ended.
        DeadlineExceeded: its time is over; the engine cannot be stopped, and what it makes is dropped.
    """
    try:
        _wait(future, call)
    except BaseException:  # Ctrl-C too
        _leave(future, dataset)
        raise


def _leave(future: Any, dataset: Any) -> None:  # noqa: ANN401 - the engine ships no types
    """Keep what the engine still works on, and let go of what was left before and is done."""
    with _LEAVING:
        _LEFT[:] = [left for left in _LEFT if not left[0].is_completed()]
        _LEFT.append((future, dataset))


def _wait(future: Any, call: Call) -> None:  # noqa: ANN401 - the engine ships no types
    """Wait for a future, as long as a call lasts."""
    pause = FIRST_POLL
    while not future.is_completed():
        if call.stop.is_cancelled:
            raise Cancelled(STOPPED)
        if call.seconds_left <= 0:
            raise DeadlineExceeded(LATE)
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL)


def _unopened(error: Exception, path: str) -> Exception:
    """Return our error for a dataset that could not be opened."""
    if _MISSING.search(f"{type(error).__name__} {error}"):
        return NotFound(
            404,
            f"there is no dataset at `{path}`",
            hint="check the path: a dataset is a folder that deeplake.create made",
        )
    return ConfigError(f"the dataset at `{path}` cannot be opened: {error}")


class Snapshot:
    """
    A dataset as it was committed at one moment.

    The engine moves the views of a dataset that is refreshed, so one that answers is never refreshed: see `Opened`.

    Attributes:
        dataset: the engine's dataset.
    """

    def __init__(self, dataset: Any) -> None:  # noqa: ANN401 - the engine ships no types
        """Take a dataset that was opened just now."""
        self.dataset = dataset
        self._schema: Schema | None = None

    @property
    def schema(self) -> Schema:
        """The columns, read once."""
        if self._schema is None:
            with self.asked():
                self._schema = Schema.from_dataset(self.dataset)
        return self._schema

    @contextlib.contextmanager
    def asked(self) -> Iterator[None]:
        """
        Give what the engine raises, of whatever class, as our error; only calls of the engine belong inside.

        Raises:
            APIError: the engine refuses; the status is the one that a server gives.
            Replaced: files are not there any more.
        """
        try:
            yield
        except TqlError:
            raise
        except KeyError as error:
            raise Replaced(SERVER_FAILED, _said(error), hint="was the dataset replaced?") from None
        except Exception as error:  # noqa: BLE001 - the engine has about 80 classes, below Exception only
            raise self._refused(error) from None

    def _refused(self, error: Exception) -> APIError:
        """Return our error for one of the engine."""
        description = _said(error)
        columns = [] if self._schema is None else list(self._schema)
        status = SERVER_FAILED if _OF_STORAGE.match(type(error).__name__) else status_of(description)
        return by_status(status)(
            status, description, hint=hint(status, description, columns), position=engine_position(description)
        )


def _said(error: Exception) -> str:
    """Return the engine's message; a KeyError would show it in quotes."""
    return str(error.args[0] if error.args else type(error).__name__).strip()


class Opened:
    """A dataset by its path, of which each query sees what was committed last."""

    def __init__(self, path: str, credentials: Mapping[str, str] | None) -> None:
        """
        Open it.

        Raises:
            NotFound: there is no dataset at the path.
            ConfigError: the engine cannot open it.
        """
        self.path = path
        self._credentials = credentials
        self._changing = threading.Lock()
        self._folder = _folder(path)
        self._current = Snapshot(open_dataset(path, credentials))
        self._probe: Any = open_dataset(path, credentials)

    def current(self) -> Snapshot:
        """Return the dataset as it was committed when `refreshed` was called last."""
        return self._current

    def refreshed(self, call: Call) -> Snapshot:
        """
        Return the dataset as it is committed now.

        A second handle is refreshed, which costs 0.1 to 0.4 ms on a local disk; where it sees another version, the dataset is opened once more.

        Raises:
            NotFound: it was deleted.
            ConfigError: the engine cannot open it any more.
            Unavailable: the process can open too few files for the engine to read any.
            DeadlineExceeded: the engine is busy until the time of the call is over.
        """
        require_room()
        with self._alone(call):
            return self._current if self._is_up_to_date(call) else self._reopened(call)

    def reopened(self, call: Call) -> Snapshot:
        """Return the dataset opened again, whose files were replaced."""
        with self._alone(call):
            return self._reopened(call)

    @contextlib.contextmanager
    def _alone(self, call: Call) -> Iterator[None]:
        """Let one call at a time look at what was committed; one that is ended leaves nothing behind that is half done."""
        if not self._changing.acquire(timeout=max(0.0, call.seconds_left)):
            raise DeadlineExceeded(LATE)
        try:
            yield
        except TqlError:
            self._probe = None
            raise
        finally:
            self._changing.release()

    def _is_up_to_date(self, call: Call) -> bool:
        """Tell whether nothing was committed since the dataset was opened."""
        if _folder(self.path) != self._folder:
            return False
        try:
            if self._probe is None:
                self._probe = open_dataset(self.path, self._credentials, call)
            else:
                future = self._probe.refresh_async()
                wait_for(future, call, self._probe)
                future.wait()  # raises what went wrong
            return bool(self._probe.version == self._current.dataset.version)
        except TqlError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, opening the dataset says what is wrong
            return False

    def _reopened(self, call: Call) -> Snapshot:
        """Return the dataset opened again; what is there now decides."""
        self._folder, self._probe = _folder(self.path), None
        self._current = Snapshot(open_dataset(self.path, self._credentials, call))
        return self._current


def _folder(path: str) -> tuple[int, int] | None:
    """Return what tells the folder of a local dataset from one that took its place, or None for a dataset elsewhere."""
    try:
        found = os.stat(path)  # noqa: PTH116 - it is called for each query, and a Path costs more than the call
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_mtime_ns
