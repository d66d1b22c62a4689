"""
The open files that the engine needs: where it cannot open a file of a dataset, since the process has as many as it may, a thread of the engine divides by zero.

That ends the process (SIGFPE), or the query has no answer. So the engine is asked only while there is room.
"""

from __future__ import annotations

import os

from tql_client.errors import Unavailable

# A query of a large dataset by eight threads has six more files open than the process had before.
ROOM = 32
OPEN = "/dev/fd"


def require_room() -> None:
    """
    Refuse to go on where the process can open fewer files than the engine may need.

    Raises:
        Unavailable: so it is.
    """
    limit = _limit()
    count = _count() if limit is not None else None
    if limit is not None and count is not None and limit - count < ROOM:
        message = f"the engine was not asked: this process has {count} of {limit} files open, and a file that the engine cannot open ends the process"
        hint = "close clients, servers and files that are no longer used, or allow more with `ulimit -n 4096`"
        raise Unavailable(503, message, hint=hint)


def _limit() -> int | None:
    """Return how many files this process may open; None where nothing says so."""
    try:
        import resource
    except ImportError:
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if limit == resource.RLIM_INFINITY else limit


def _count() -> int | None:
    """Return how many files this process has open; None where nothing says so."""
    try:
        return len(os.listdir(OPEN))  # noqa: PTH208 - for every query: a name is enough
    except FileNotFoundError:
        return None
    except OSError:  # the folder itself cannot be opened: there is no room at all
        return _limit()
