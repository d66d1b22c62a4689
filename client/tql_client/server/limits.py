"""Limits of the local server: each bounds what one client can take from the others."""

from __future__ import annotations

import os

from tql_client.engine.open_files import open_files_limit
from tql_grammar.record import Record

MEBIBYTE = 2**20
MOST_CONNECTIONS = 512


class Limits(Record):
    """
    The limits of a server.

    Attributes:
        connections: open connections; at the limit, a new one replaces the one that has waited longest for a request.
        header_bytes: bytes of the headers of a request.
        header_seconds: seconds for the headers of a request, from the connection or the first byte.
        body_bytes: bytes of the body of a request.
        body_seconds: seconds for the body of a request.
        bodies_bytes: bytes of the bodies of all requests together.
        idle_seconds: seconds that a connection stays open after a request without another one.
        unread_seconds: seconds in which a client reads nothing of an answer.
    """

    connections: int = MOST_CONNECTIONS
    header_bytes: int = 32 * 1024
    header_seconds: float = 10.0
    body_bytes: int = 64 * MEBIBYTE
    body_seconds: float = 30.0
    bodies_bytes: int = 256 * MEBIBYTE
    idle_seconds: float = 75.0
    unread_seconds: float = 30.0


def limits_of_this_process() -> Limits:
    """Return the limits for the number of files that this process can open: half of them are for connections, 512 at most."""
    files = open_files_limit()
    return Limits(connections=MOST_CONNECTIONS if files is None else min(MOST_CONNECTIONS, files // 2))


def default_workers() -> int:
    """Return the number of worker processes that use all processors while the server itself works."""
    return (os.cpu_count() or 1) + 1
