"""
Guard for the limit of open files: a query is rejected while the process cannot open the files that the engine needs.

If the engine fails to open a file of a dataset at that limit, one of its threads divides by zero; the process ends with SIGFPE, or the query never returns.
"""

from __future__ import annotations

import os

from tql_client.errors import Unavailable

# Files that must be free; queries on a large dataset from eight threads were measured to open six.
ROOM = 32
OPEN = "/dev/fd"


def require_room() -> None:
    """
    Raise if the process cannot open the files that the engine may need.

    Raises:
        Unavailable: fewer than `ROOM` files are free.
    """
    limit = open_files_limit()
    count = _count() if limit is not None else None
    if limit is not None and count is not None and limit - count < ROOM:
        message = f"the query was not run: this process has {count} of {limit} files open, and the engine crashes if it cannot open a file"
        hint = "close unused clients, servers and files, or raise the limit with `ulimit -n 4096`"
        raise Unavailable(503, message, hint=hint)


def open_files_limit() -> int | None:
    """Return the number of files that this process can open, or None if it is unlimited or unknown."""
    try:
        import resource
    except ImportError:
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if limit == resource.RLIM_INFINITY else limit


def _count() -> int | None:
    """Return the number of files that this process has open, or None if it is unknown."""
    try:
        return len(os.listdir(OPEN))  # noqa: PTH208 - for every query: a name is enough
    except FileNotFoundError:
        return None
    except OSError:  # not even the folder can be opened: no file is free
        return open_files_limit()
