"""Rows of the fault matrix: the outcome, the attempts and the time of a query under a fault; and the printed table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.client.fault_server import QUERY
from tql_client import Client
from tql_client.transport.http import HttpTransport
from tql_client.transport.retry import Retries
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Callable

ROW, SEEN = "fault", "seen"
SECONDS = 10.0
# Additional seconds that a loaded machine may need.
SLACK = 3.0


class Outcome(NamedTuple):
    """
    The outcome of a query.

    Attributes:
        seen: the name of the error's class, or "result".
        error: the error, or None.
        result: the result, or None.
        seconds: the duration.
        pauses: the waits between attempts in seconds.
    """

    seen: str
    error: Any
    result: Any
    seconds: float
    pauses: list[float]


def client_of(url: str, *, pauses: list[float] | None = None, attempts: int = 3, **options: Any) -> Client:
    """Return a client that records the waits between attempts, and shortens them."""
    timeout = options.pop("timeout", SECONDS)
    token = options.pop("token", None)
    sleep = None if pauses is None else pauses.append
    clock = options.pop("clock", time.monotonic)
    retries = Retries(attempts, sleep=sleep, draw=options.pop("draw", lambda _low, high: high), clock=clock)
    return Client(HttpTransport(url, token, **options), timeout=timeout, retries=retries)


def tried(url: str, query: str = QUERY, **options: Any) -> Outcome:
    """Return the outcome of one query."""
    pauses: list[float] = []
    as_list = options.pop("as_list", True)
    with client_of(url, pauses=pauses, **options) as client:
        return outcome(lambda: client.query(query, as_list=as_list), pauses)


def outcome(act: Callable[[], Any], pauses: list[float] | None = None) -> Outcome:
    """Return the outcome of a call; any exception other than `TqlError` is raised."""
    started = time.monotonic()
    try:
        result = act()
    except TqlError as error:
        return Outcome(type(error).__name__, error, None, time.monotonic() - started, pauses or [])
    return Outcome("result", None, result, time.monotonic() - started, pauses or [])


def table(reports: list[Any]) -> list[str]:
    """Return the lines of the table: row, seconds, expected and seen; for a row with several tests, the slowest."""
    rows: dict[int, Line] = {}
    for report in reports:
        for number, expected in noted(report, ROW):
            line = rows.setdefault(number, Line(expected, set()))
            rows[number] = Line(
                expected,
                line.seen | set(noted(report, SEEN)),
                max(line.seconds, report.duration),
                line.holds and report.outcome == "passed",
            )
    return [
        f"{number:3} {'ok  ' if line.holds else 'FAIL'} {line.seconds:6.2f} s  {line.expected} | {', '.join(sorted(line.seen)) or 'as expected'}"
        for number, line in sorted(rows.items())
    ]


def noted(report: Any, property_: str) -> list[Any]:
    """Return the values that the tests recorded under a name."""
    return [value for name, value in report.user_properties if name == property_]


class Line(NamedTuple):
    """The recorded values of one row."""

    expected: str
    seen: set[str]
    seconds: float = 0.0
    holds: bool = True
