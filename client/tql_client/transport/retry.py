"""
Retries of failed queries: which ones are sent again, and after how long a wait.

Only what may have gone wrong on the way is repeated: no connection, a lost one, an answer that was cut off, 408, 425, 429, 502, 503, 504;
never a text of which `check` says that it ends the engine's process or blocks it (TQL4xx).
The wait before attempt n + 1 is drawn from 0 to ``min(8, 0.5 * 2**n)`` seconds, unless the server names one; the deadline of the call holds for all attempts together.
A client that fails all the time soon sends each query once only: every repetition costs 1 of 10 tokens, every success earns 0.1, and none is sent at 5 or below.
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

# An unknown name and an answer that was cut off are tried once more, whatever the number of attempts.
TWICE = (UnknownHost, ProtocolError)
LOG = logging.getLogger("tql_client")

Failure = TransportError | APIError | ProtocolError


class Budget:
    """How many repetitions a client may still send."""

    def __init__(self) -> None:
        """Start with all tokens."""
        self._tokens = TOKENS
        self._changing = threading.Lock()

    def earn(self) -> None:
        """Count a success."""
        with self._changing:
            self._tokens = min(TOKENS, self._tokens + EARNED)

    def take(self) -> bool:
        """Take a token for a repetition, if there are enough."""
        with self._changing:
            if self._tokens <= LEAST_TOKENS:
                return False
            self._tokens -= 1
            return True


class Retries:
    """The policy of one client."""

    def __init__(
        self,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] | None = None,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """
        Take the policy's one number.

        Args:
            attempts: how many times a query is sent at most.
            sleep: waits a number of seconds; unless given, less where the call is ended.
            draw: returns a number between two.
        """
        if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 1:
            message = f"`attempts` takes a whole number, 1 or more, got {attempts!r}"
            raise ConfigError(message)
        self._attempts = attempts
        self._sleep = sleep
        self._draw = draw
        self._budget = Budget()

    def with_attempts(self, attempts: int) -> Retries:
        """Return the policy with another number of attempts, and the same budget."""
        made = Retries(attempts, self._sleep, self._draw)
        made._budget = self._budget
        return made

    def send(self, transport: Transport, call: Call) -> tuple[Answer, int]:
        """Return the answer and the number of attempts that it took."""
        started = time.monotonic()
        attempt = 1
        while True:
            try:
                answer = transport.send(call.replace(attempt=attempt))
            except (TransportError, APIError, ProtocolError) as error:
                _note(error, attempt, time.monotonic() - started)
                if call.stop.is_cancelled:
                    raise Cancelled(STOPPED) from None
                pause = self._wait(error, attempt, call)
                if pause is None:
                    raise
                LOG.debug("attempt %d: %s; again in %.2f s", attempt, type(error).__name__, pause)
                (self._sleep or call.stop.wait)(pause)
                attempt += 1
            else:
                self._budget.earn()
                return answer, attempt

    def _wait(self, error: Failure, attempt: int, call: Call) -> float | None:
        """Return the seconds to wait before the next attempt, or None where there is none."""
        most = min(2, self._attempts) if isinstance(error, TWICE) else self._attempts
        if attempt >= most or not is_repeatable(error, call.query):
            return None
        pause = self._pause(error, attempt)
        return pause if pause is not None and pause < call.seconds_left and self._budget.take() else None

    def _pause(self, error: Failure, attempt: int) -> float | None:
        """Return how long to wait: what the server asks for, nothing after a stale connection, else a random time that doubles."""
        asked = getattr(error, "retry_after", None)
        if asked is not None:
            return None if asked > LONGEST_ASKED else asked * (1 + self._draw(0, SMEAR))
        if isinstance(error, ConnectionLost) and attempt == 1:
            return 0.0
        first = OVERLOAD_WAIT if getattr(error, "status", None) in OVERLOAD else FIRST_WAIT
        return self._draw(0, min(LONGEST_WAIT, first * 2**attempt))


def is_repeatable(error: Failure, query: str) -> bool:
    """Tell whether the same call may work the next time, and does no harm if the first one arrived: every SELECT only reads, and one that ends the engine is not sent twice."""
    if isinstance(error, NOT_SENT):
        return True
    if isinstance(error, APIError):
        may_help = error.status in STATUSES
    else:
        may_help = isinstance(error, ConnectionLost) or (isinstance(error, ProtocolError) and error.retryable)
    return may_help and _READS.match(query) is not None and not _ends_engines(query)


def _ends_engines(query: str) -> bool:
    """Tell whether a text ends the engine's process, or never ends: sent again, it would end the next one too."""
    from tql_grammar.lint.check import crash_findings
    from tql_grammar.syntax.parser import read

    return bool(crash_findings(read(query)))


def _note(error: Failure, attempt: int, elapsed: float) -> None:
    """Write into an error what the attempts took."""
    if isinstance(error, TransportError):
        error.attempts, error.elapsed = attempt, elapsed
