"""
Server with faults, on raw sockets: each request gets the next of a list of behaviours.

A behaviour gets the connection and the request, and returns whether to keep the connection open. The last behaviour repeats.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    Behaviour = Callable[[socket.socket, bytes], bool]

ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": "é"}]
ANSWER = {"message": "Query successful.", "tensors": ["a", "b"], "data": ROWS}
AUTHORIZATION = re.compile(rb"\r\nauthorization: Bearer [^\r]*", re.IGNORECASE)
QUERY = 'select a, b from "d"'


class FaultServer:
    """A server on this machine with its `url`, the `requests` that it received, and the number of `connections`."""

    def __init__(self, *behaviours: Behaviour, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        """Start to listen."""
        self._behaviours = list(behaviours)
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", port), backlog=256)
        self._changing = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self.requests: list[bytes] = []
        self.connections = 0
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}/q"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self) -> Self:
        """Return the server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every socket, wait for the threads, and verify that no request contains the token outside its Authorization header."""
        self.close()
        for request in self.requests:
            assert b"canary-" not in AUTHORIZATION.sub(b"", request)

    def close(self) -> None:
        """Shut down and close every socket, and wait for the threads; closing alone does not wake a thread that is blocked in accept."""
        _shut(self._listening)
        self._accepting.join()
        self._listening.close()
        with self._changing:
            serving = dict(self._open)
        for connection in serving.values():
            _shut(connection)
        for thread in serving:
            thread.join()

    def turn(self, *behaviours: Behaviour) -> None:
        """Set other behaviours, and clear the requests."""
        with self._changing:
            self._behaviours = list(behaviours)
            self.requests = []

    def _accept(self) -> None:
        """Serve each connection in a thread."""
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._changing:
                self._open[thread] = connection
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        """Serve the requests of a connection."""
        thread = threading.current_thread()
        with contextlib.suppress(OSError, ValueError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                with self._changing:
                    self._open[thread] = connection
                connection.do_handshake()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (request := _request(connection)) and self._next(request)(connection, request):
                pass
        with self._changing:
            self._open.pop(thread)
        connection.close()

    def _next(self, request: bytes) -> Behaviour:
        """Return the behaviour for a request."""
        with self._changing:
            self.requests.append(request)
            return self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]


def _shut(connection: socket.socket) -> None:
    """Shut down a socket, which wakes the threads that wait on it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _request(connection: socket.socket) -> bytes:
    """Return one request, head and body, or None at the end of the connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            return b""
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    found = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(found[0].partition(b":")[2]) if found else 0
    while len(body) < length:
        part = connection.recv(65536)
        if not part:
            return b""
        body += part
    return head + b"\r\n\r\n" + body


def raw(content: bytes, *, keep: bool = False) -> Behaviour:
    """Send bytes, and keep or close the connection."""

    def behave(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(content)
        return keep

    return behave


def answer(body: Any = None, status: int = 200, *, keep: bool = True, **headers: str) -> Behaviour:
    """Send a complete response: JSON of an object, or the given bytes."""
    content = body if isinstance(body, bytes) else json.dumps(ANSWER if body is None else body).encode()
    return raw(head(status, len(content), **headers) + content, keep=keep)


def head(status: int = 200, length: int | None = None, **headers: str) -> bytes:
    """Return the head of a response."""
    lines = [f"HTTP/1.1 {status} X"]
    lines += [] if length is None else [f"Content-Length: {length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def drip(content: bytes, seconds: float, *, whole: bytes = b"") -> Behaviour:
    """Send some bytes at once, and the others one by one."""

    def behave(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(whole)
        for byte in content:
            connection.sendall(bytes([byte]))
            time.sleep(seconds)
        return False

    return behave


def stall(content: bytes = b"") -> Behaviour:
    """Send some bytes, and then nothing until the client closes the connection."""

    def behave(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(content)
        connection.recv(1)
        return False

    return behave


def reset(content: bytes = b"") -> Behaviour:
    """Send some bytes, and reset the connection."""

    def behave(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(content)
        if content:
            time.sleep(0.05)  # let them arrive: a reset discards unread data
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return behave


def chunked(*parts: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """Return a chunked response."""
    body = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts)
    return head(Transfer_Encoding="chunked") + body + end


def body_of(request: bytes) -> Any:
    """Return the JSON of a request."""
    return json.loads(request.partition(b"\r\n\r\n")[2])


def head_of(request: bytes) -> dict[str, str]:
    """Return the headers of a request, by lower-case names."""
    lines = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
