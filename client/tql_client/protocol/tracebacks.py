"""Tracebacks of errors without the local variables of this package and of the HTTP libraries, among which are requests with their tokens."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

# The packages whose frames are cleared; frames of the program keep their variables.
CLEARED = frozenset({"tql_client", "requests", "urllib3", "http", "ssl", "socket"})


@contextlib.contextmanager
def without_locals() -> Iterator[None]:
    """
    Clear an error that leaves the block: the local variables of its frames, and the exceptions that ``raise .. from None`` suppressed.

    Programs log, store and send errors with all that they refer to, and exceptions of requests refer to the Authorization header.
    """
    try:
        yield
    except TqlError as error:
        _clear(error)
        raise


def _clear(error: BaseException) -> None:
    """Clear an error and its causes."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        _clear_frames(current.__traceback__)
        if current.__suppress_context__ and current.__cause__ is None:
            current.__context__ = None
        current = current.__cause__ or current.__context__


def _clear_frames(trace: TracebackType | None) -> None:
    """Clear the local variables of the frames that have ended."""
    while trace is not None:
        package = str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in CLEARED:
            with contextlib.suppress(RuntimeError):  # the frame still runs: it is that of the block, or above it
                trace.tb_frame.clear()
        trace = trace.tb_next
