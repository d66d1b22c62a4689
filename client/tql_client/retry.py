"""
Know when a query that failed is sent again, and how long to wait before.

Only what may have gone wrong on the way is repeated: no connection, a lost one, 408, 425, 429, 502, 503, 504.
A query is repeated only if it reads; every SELECT does.
The wait before attempt n + 1 is drawn from 0 to ``min(8, 0.5 * 2**n)`` seconds; the deadline of the call holds for all attempts together.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from tql_client.errors import APIError, ConnectError, ConnectionLost, ConnectTimeout, TransportError

if TYPE_CHECKING:
    from tql_client.transport import Call, Transport
    from tql_client.wire import Answer

ATTEMPTS = 3
LONGEST_WAIT = 8.0
FIRST_WAIT = 0.5
STATUSES = frozenset({408, 425, 429, 502, 503, 504})


def send(transport: Transport, call: Call, attempts: int = ATTEMPTS) -> tuple[Answer, int]:
    """Return the answer and the number of attempts that it took."""
    started = time.monotonic()
    for attempt in range(1, attempts + 1):
        try:
            return transport.send(call), attempt
        except (TransportError, APIError) as error:
            pause = wait(error, attempt)
            if isinstance(error, TransportError):
                error.attempts, error.elapsed = attempt, time.monotonic() - started
            if not is_repeatable(error) or attempt == attempts or pause >= call.seconds_left:
                raise
            time.sleep(pause)
    message = "a call takes at least one attempt"
    raise ValueError(message)


def is_repeatable(error: TransportError | APIError) -> bool:
    """Tell whether the same call may work the next time."""
    if isinstance(error, APIError):
        return error.status in STATUSES
    return isinstance(error, (ConnectError, ConnectTimeout, ConnectionLost))


def wait(error: TransportError | APIError, attempt: int) -> float:
    """Return the seconds to wait before the next attempt: what the server asks for, else a random time that doubles."""
    asked = getattr(error, "retry_after", None)
    return asked if asked is not None else random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**attempt))  # noqa: S311 - spreads load, guards nothing
