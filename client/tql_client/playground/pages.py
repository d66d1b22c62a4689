"""The files of the page, and the headers with which a browser loads them from this server only."""

from __future__ import annotations

import functools
import secrets
from importlib.resources import files
from typing import NamedTuple

# Built from client/playground by `make playground`; CodeMirror's licence has to be with its code.
PAGE = "index.html"
MEDIA_TYPES = {
    PAGE: "text/html; charset=utf-8",
    "playground.js": "text/javascript; charset=utf-8",
    "playground.css": "text/css; charset=utf-8",
    "LICENSES.txt": "text/plain; charset=utf-8",
}
# The place in the page of the number that its styles are allowed by: CodeMirror adds its own.
NONCE = b"{{nonce}}"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class File(NamedTuple):
    """
    A file of the page.

    Attributes:
        content: its bytes.
        media_type: its type.
        headers: the headers of the response.
    """

    content: bytes
    media_type: str
    headers: dict[str, str]


def page_file(name: str) -> File:
    """Return a file of the page; the page itself has a new number for its styles each time."""
    nonce = secrets.token_urlsafe(16)
    headers = {**HEADERS, "Content-Security-Policy": POLICY.format(nonce=nonce)}
    return File(_content(name).replace(NONCE, nonce.encode()), MEDIA_TYPES[name], headers)


@functools.cache
def _content(name: str) -> bytes:
    """Return the content of a file of the package."""
    return (files("tql_client.playground") / "static" / name).read_bytes()
