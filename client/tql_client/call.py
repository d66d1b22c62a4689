"""Know what a transport is: one call in, one answer out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from tql_grammar.record import Record

if TYPE_CHECKING:
    from tql_client.wire import Answer


class Call(Record):
    """
    One query on its way.

    Attributes:
        query: the text.
        as_list: whether the answer should have one object per row.
        deadline: when the whole call must be over, in seconds of `time.monotonic`.
        request_id: the same for every attempt.
    """

    query: str
    as_list: bool
    deadline: float
    request_id: str

    @property
    def seconds_left(self) -> float:
        """The seconds until the deadline."""
        return self.deadline - time.monotonic()


class Transport(Protocol):
    """What carries a query: HTTP, the engine in this process, or a test's own."""

    def send(self, call: Call) -> Answer:
        """Send one query once, and return its answer."""
        ...

    def close(self) -> None:
        """Let go of connections and handles."""
        ...
