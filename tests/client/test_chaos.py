"""
Random sequences of faults, compared with a model of the retry policy: the outcome of a query, its attempts, and the waits.

The model implements the rules of the policy independently; `make chaos` runs ten times as many examples.
"""

from __future__ import annotations

import gc
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client.fault_server import ANSWER, QUERY, ROWS, FaultServer, answer, chunked, head, raw, reset
from tests.client.matrix import SLACK, client_of, outcome
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.client.fault_server import Behaviour

SEQUENCES = int(os.environ.get("TQL_CHAOS", "1000"))
BODY = json.dumps(ANSWER).encode()


class Fault(NamedTuple):
    """
    One fault of a server.

    Attributes:
        name: the name of the example.
        behaviour: the behaviour of the server.
        seen: the class of the error after the last attempt, or "result".
        again: whether the query is retried, if an attempt is left.
        most: the maximum number of attempts after this fault.
        first: half of the longest wait before the second attempt.
        at_once: whether the second attempt follows without a wait.
        asked: the wait in the Retry-After header.
    """

    name: str
    behaviour: Behaviour
    seen: str
    again: bool = False
    most: int = 99
    first: float = 0.5
    at_once: bool = False
    asked: float | None = None


def _status(status: int, seen: str, *, again: bool = False, first: float = 0.5, after: str | None = None) -> Fault:
    """Return the fault of a response with a status."""
    headers: dict[str, Any] = {} if after is None else {"Retry_After": after}
    asked = None if after is None else float(after)
    return Fault(
        f"{status} {after}", answer({"description": "x"}, status, **headers), seen, again, first=first, asked=asked
    )


FAULTS = [
    Fault("rows", answer(), "result"),
    Fault("columns", answer({"tensors": ["a", "b"], "data": {"a": [1, 2], "b": ["x", "é"]}}), "result"),
    Fault("chunked", raw(chunked(BODY[:9], BODY[9:]), keep=True), "result"),
    Fault("close after", raw(head(200, len(BODY), Connection="close") + BODY), "result"),
    Fault("closed", raw(b""), "ConnectionLost", again=True, at_once=True),
    Fault("reset", reset(), "ConnectionLost", again=True, at_once=True),
    Fault("cut", raw(head(200, len(BODY)) + BODY[:-3]), "ConnectionLost", again=True, at_once=True),
    Fault("cut chunk", raw(chunked(BODY, end=b"")), "ConnectionLost", again=True, at_once=True),
    Fault("cut, no length", raw(head() + BODY[:-3]), "ProtocolError", again=True, most=2),
    Fault("no HTTP", raw(b"SSH-2.0\r\n"), "ProtocolError"),
    Fault("no JSON", answer(b"nonsense"), "ProtocolError"),
    Fault("web page", answer(b"<html>"), "ProtocolError"),
    Fault("redirect", answer(b"", 307, Location="/q"), "RedirectRefused"),
    _status(400, "BadQuery"),
    _status(401, "AuthenticationError"),
    _status(403, "PermissionDenied"),
    _status(404, "NotFound"),
    _status(408, "APIError", again=True),
    _status(409, "Conflict"),
    _status(422, "BadQuery"),
    _status(423, "Locked"),
    _status(425, "APIError", again=True),
    _status(429, "RateLimited", again=True, first=1.0),
    _status(429, "RateLimited", again=True, after="3"),
    _status(429, "RateLimited", after="61"),
    _status(500, "ServerError"),
    _status(502, "BadGateway", again=True),
    _status(503, "Unavailable", again=True, first=1.0),
    _status(503, "Unavailable", again=True, after="0"),
    _status(503, "Unavailable", after="9999"),
    _status(504, "GatewayTimeout", again=True),
    _status(501, "ServerError"),
    _status(418, "APIError"),
]


class Expected(NamedTuple):
    """The prediction of the policy: the outcome, the number of requests, and the waits between them."""

    seen: str
    requests: int
    waits: list[float]


class Model:
    """The prediction of the policy for the queries of one client: the tokens of its budget, and the turns of its pause."""

    def __init__(self) -> None:
        """Start with a full budget, at time 0."""
        self.tokens, self.failures, self.last_turn, self.now = 10.0, 0, 0.0, 0.0

    def expected(self, faults: list[Fault], attempts: int) -> Expected:
        """Return the prediction for a query to a server with these faults."""
        waits: list[float] = []
        for number, fault in enumerate(faults, 1):
            if fault.seen == "result":
                self.tokens, self.failures, self.last_turn = min(10.0, self.tokens + 0.1), 0, 0.0
                return Expected("result", number, waits)
            if not fault.again or number >= min(fault.most, attempts):
                return Expected(fault.seen, number, waits)
            longest = min(8.0, fault.first * 2**number)
            at_once = 0.0 if fault.at_once and number == 1 else longest
            waits += [fault.asked * 1.1 if fault.asked is not None else at_once]
            self.now += waits[-1]
            if self.tokens > 5.0:
                self.tokens -= 1.0
            else:
                waits += [self.wait_for_turn()]
        message = "more faults than attempts"
        raise AssertionError(message)

    def wait_for_turn(self) -> float:
        """Return the wait until the next turn, which comes after the last one and a wait that doubles with each."""
        self.failures += 1
        turn: float = max(self.now, self.last_turn) + min(8.0, 0.5 * 2**self.failures)
        wait, self.now, self.last_turn = turn - self.now, turn, turn
        return wait


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """Undo the `gc.freeze` of the examples."""
    yield
    gc.unfreeze()


@settings(max_examples=SEQUENCES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    calls=st.lists(st.lists(st.sampled_from(FAULTS), min_size=4, max_size=4), min_size=1, max_size=4),
    attempts=st.integers(1, 4),
)
def test_faults_in_a_row(calls: list[list[Fault]], attempts: int) -> None:
    """For several queries of one client, each outcome, number of requests and wait is the predicted one, and no query takes long."""
    gc.freeze()  # otherwise the garbage collector scans the logs that pytest keeps of thousands of examples, within the time of a call
    model = Model()
    pauses: list[float] = []
    options: dict[str, Any] = {"pauses": pauses, "attempts": attempts, "clock": lambda: sum(pauses)}
    with FaultServer(answer()) as server, client_of(server.url, **options) as client:
        for faults in calls:
            server.turn(*(fault.behaviour for fault in faults))
            before = len(pauses)
            found = outcome(lambda: client.query(QUERY))
            wanted = model.expected(faults, attempts)

            assert (found.seen, len(server.requests)) == (wanted.seen, wanted.requests), [
                fault.name for fault in faults
            ]
            assert [round(pause, 6) for pause in pauses[before:]] == [round(wait, 6) for wait in wanted.waits]
            assert found.seconds < SLACK
            assert found.error is None or isinstance(found.error, TqlError)
            if found.result is not None:
                assert found.result.rows == ROWS
                assert found.result.meta.attempts == wanted.requests
