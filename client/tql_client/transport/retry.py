"""
Retry policy: exponential backoff with jitter, a retry budget, and the failures that are safe to retry.

Retried are connection failures, lost connections, truncated responses, and the statuses 408, 425, 429, 502, 503 and 504;
never a query that crashes or blocks the engine according to `check` (TQL4xx).
The wait before attempt n + 1 is random between 0 and ``min(8, 0.5 * 2**n)`` seconds, or follows Retry-After; the deadline of the call includes all attempts.
The budget starts with 10 tokens: a retry costs 1, a success adds 0.1, and at 5 or fewer nothing is retried, so a client whose queries keep failing stops retrying.
"""

from __future__ import annotations

import logging
import random
import re
import threading
import time
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
    from collections.abc import Callable

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
    """The retry budget of one client: a token bucket."""

    def __init__(self) -> None:
        """Start with a full bucket."""
        self._tokens = TOKENS
        self._changing = threading.Lock()

    def earn(self) -> None:
        """Add tokens for a success."""
        with self._changing:
            self._tokens = min(TOKENS, self._tokens + EARNED)

    def take(self) -> bool:
        """Take a token for a retry, and return whether the bucket had enough."""
        with self._changing:
            if self._tokens <= LEAST_TOKENS:
                return False
            self._tokens -= 1
            return True


class Retries:
    """The retry policy of one client."""

    def __init__(
        self,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] | None = None,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """
        Create a policy.

        Args:
            attempts: the maximum number of attempts.
            sleep: waits a number of seconds; by default, until the call is cancelled at most.
            draw: returns a random number between two numbers.
        """
        if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 1:
            message = f"`attempts` must be an integer, 1 or more, got {attempts!r}"
            raise ConfigError(message)
        self._attempts = attempts
        self._sleep = sleep
        self._draw = draw
        self._budget = Budget()

    def with_attempts(self, attempts: int) -> Retries:
        """Return a policy with another number of attempts, which shares the budget."""
        policy = Retries(attempts, self._sleep, self._draw)
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
        return pause if pause is not None and pause < call.seconds_left and self._budget.take() else None

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
