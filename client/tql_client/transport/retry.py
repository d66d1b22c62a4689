"""
Retry policy: exponential backoff with jitter, a retry budget, and the failures that are safe to retry.

Retried are connection failures, lost connections, truncated responses, and the statuses 408, 425, 429, 502, 503 and 504;
never a query that crashes or blocks the engine according to `check` (TQL4xx).
The wait before attempt n + 1 is random between 0 and ``min(8, 0.5 * 2**n)`` seconds, or follows Retry-After; the deadline of the call includes all attempts.
The budget of a client starts with 10 tokens: a retry costs 1, and a success adds 0.1.
At 5 tokens or fewer the client pauses: its calls take turns, one retry after each of growing waits that they share, and each success lets the next one go at once.
So an endpoint that is down gets a few requests from all callers together, and a call that can wait until it is up again succeeds.
A call gives up if its attempts are used, or at its deadline.
"""

from __future__ import annotations

import contextlib
import logging
import random
import re
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from tql_client.errors import (
    APIError,
    Cancelled,
    ConfigError,
    ConnectError,
    ConnectionLost,
    ConnectTimeout,
    ProtocolError,
    TransportError,
    UnknownHost,
)
from tql_client.protocol.call import STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_client.protocol.call import Call, Transport
    from tql_client.protocol.wire import Answer

ATTEMPTS = 3
LONGEST_WAIT = 8.0
FIRST_WAIT = 0.5
OVERLOAD_WAIT = 1.0
LONGEST_ASKED = 60.0
SMEAR = 0.1
STATUSES = frozenset({408, 425, 429, 502, 503, 504})
OVERLOAD = frozenset({429, 503})
NOT_SENT = (ConnectError, ConnectTimeout)
TOKENS, LEAST_TOKENS, EARNED = 10.0, 5.0, 0.1
_READS = re.compile(r"(?:\s|--[^\n]*\n)*(?:select\b|with\b|\()", re.IGNORECASE)

# An unknown host and a truncated response are retried only once, for any number of attempts.
TWICE = (UnknownHost, ProtocolError)
LOG = logging.getLogger("tql_client")

Failure = TransportError | APIError | ProtocolError


class Budget:
    """The retry budget of one client: a token bucket, and the turns of calls that wait while it is empty."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with a full bucket; *clock* returns the time in seconds."""
        self._clock = clock
        self._tokens = TOKENS
        self._turns: deque[threading.Event] = deque()
        self._failures = 0
        self._last_turn = 0.0
        self._changing = threading.Lock()

    def earn(self) -> None:
        """Add tokens for a success, end the pause for calls that fail later, and let the next waiting call go."""
        with self._changing:
            self._tokens = min(TOKENS, self._tokens + EARNED)
            self._failures, self._last_turn = 0, 0.0
            if self._turns:
                self._turns.popleft().set()

    def take(self) -> bool:
        """Take a token for a retry, and return whether the bucket had enough."""
        with self._changing:
            if self._tokens <= LEAST_TOKENS:
                return False
            self._tokens -= 1
            return True

    def seconds_to_turn(self, draw: Callable[[float, float], float], most: float) -> float | None:
        """
        Return the seconds until the next turn, and reserve it; it follows the last reserved one after a wait that grows with each.

        Args:
            draw: returns a random number between two numbers.
            most: the seconds that the call can wait; if the turn is later, it is not reserved, and the result is None.
        """
        with self._changing:
            now = self._clock()
            wait = draw(0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** (self._failures + 1)))
            turn = max(now, self._last_turn) + wait
            if turn - now >= most:
                return None
            self._failures, self._last_turn = self._failures + 1, turn
            return turn - now

    @contextlib.contextmanager
    def waiting(self) -> Iterator[threading.Event]:
        """Wait in the order of calls: the event is set when a success lets this call go."""
        go = threading.Event()
        with self._changing:
            self._turns.append(go)
        try:
            yield go
        finally:
            with self._changing, contextlib.suppress(ValueError):  # a success has removed it
                self._turns.remove(go)


class Retries:
    """The retry policy of one client."""

    def __init__(
        self,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] | None = None,
        draw: Callable[[float, float], float] = random.uniform,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Create a policy.

        Args:
            attempts: the maximum number of attempts.
            sleep: waits a number of seconds; by default, until the call is cancelled at most.
            draw: returns a random number between two numbers.
            clock: returns the time in seconds.
        """
        if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 1:
            message = f"`attempts` must be an integer, 1 or more, got {attempts!r}"
            raise ConfigError(message)
        self._attempts = attempts
        self._sleep = sleep
        self._draw = draw
        self._clock = clock
        self._budget = Budget(clock)

    def with_attempts(self, attempts: int) -> Retries:
        """Return a policy with another number of attempts, which shares the budget."""
        policy = Retries(attempts, self._sleep, self._draw, self._clock)
        policy._budget = self._budget
        return policy

    def send(self, transport: Transport, call: Call) -> tuple[Answer, int]:
        """Send a query with retries, and return the answer and the number of attempts."""
        started = time.monotonic()
        attempt = 1
        while True:
            try:
                answer = transport.send(call.replace(attempt=attempt))
            except (TransportError, APIError, ProtocolError) as error:
                _record_attempt(error, attempt, time.monotonic() - started)
                if call.stop.is_cancelled:
                    raise Cancelled(STOPPED) from None
                pause = self._wait(error, attempt, call)
                if pause is None:
                    raise
                LOG.debug("attempt %d failed: %s; retrying in %.2f s", attempt, type(error).__name__, pause)
                (self._sleep or call.stop.wait)(pause)
                admitted = self._admit(call)
                if call.stop.is_cancelled:
                    raise Cancelled(STOPPED) from None
                if not admitted:
                    raise
                attempt += 1
            else:
                self._budget.earn()
                return answer, attempt

    def _wait(self, error: Failure, attempt: int, call: Call) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up."""
        most = min(2, self._attempts) if isinstance(error, TWICE) else self._attempts
        if attempt >= most or not is_repeatable(error, call.query):
            return None
        pause = self._pause(error, attempt)
        return pause if pause is not None and pause < call.seconds_left else None

    def _admit(self, call: Call) -> bool:
        """Wait until the budget allows a retry, and return whether it does before the deadline."""
        if self._budget.take():
            return True
        with self._budget.waiting() as go, call.stop.during(go.set):
            turn = self._budget.seconds_to_turn(self._draw, call.seconds_left)
            wait = max(0.0, call.seconds_left) if turn is None else turn
            LOG.debug("the retry waits for its turn, %.2f s at most: too many queries of the client fail", wait)
            (self._sleep or go.wait)(wait)
            return turn is not None or go.is_set()

    def _pause(self, error: Failure, attempt: int) -> float | None:
        """Return the wait in seconds: Retry-After of the server, 0 after a stale connection, else exponential backoff with jitter; None if Retry-After is too long."""
        retry_after = getattr(error, "retry_after", None)
        if retry_after is not None:
            return None if retry_after > LONGEST_ASKED else retry_after * (1 + self._draw(0, SMEAR))
        if isinstance(error, ConnectionLost) and attempt == 1:
            return 0.0
        first = OVERLOAD_WAIT if getattr(error, "status", None) in OVERLOAD else FIRST_WAIT
        return self._draw(0, min(LONGEST_WAIT, first * 2**attempt))


def is_repeatable(error: Failure, query: str) -> bool:
    """Return whether a retry may succeed and is safe if the first attempt reached the server: the query is a SELECT, which only reads, and does not crash the engine."""
    if isinstance(error, NOT_SENT):
        return True
    if isinstance(error, APIError):
        may_succeed = error.status in STATUSES
    else:
        may_succeed = isinstance(error, ConnectionLost) or (isinstance(error, ProtocolError) and error.retryable)
    return may_succeed and _READS.match(query) is not None and not _crashes_engine(query)


def _crashes_engine(query: str) -> bool:
    """Return whether a query crashes or blocks the engine according to `check`."""
    from tql_grammar.lint.check import crash_findings
    from tql_grammar.syntax.parser import read

    return bool(crash_findings(read(query)))


def _record_attempt(error: Failure, attempt: int, elapsed: float) -> None:
    """Set the attempts and the elapsed time of a transport error."""
    if isinstance(error, TransportError):
        error.attempts, error.elapsed = attempt, elapsed
