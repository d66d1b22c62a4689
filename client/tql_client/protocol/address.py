"""Addresses to which a query and its token may be sent."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from tql_client.errors import ConfigError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def require_url(url: str, *, allow_insecure: bool = False) -> str:
    """
    Return a url that a token may be sent to.

    Raises:
        ConfigError: it is no url of http, holds a password, or would show the token on the way.
    """
    parts = _parts(url)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        message = "`url` takes no user name and password: pass the token as token=.."
        raise ConfigError(message)
    if parts.scheme == "http" and host not in LOOPBACK and not allow_insecure:
        message = f"`url` takes https beyond this machine: over http anyone on the way to {host} reads the token and the data; allow_insecure=True insists"
        raise ConfigError(message)
    return url


def _parts(url: str) -> SplitResult:
    """Return the parts of a url of http or https."""
    message = "`url` takes https://host/path"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(message) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or not url.isprintable() or " " in url:
        raise ConfigError(message)
    return parts


def is_loopback(url: str) -> bool:
    """Tell whether a url is of this machine."""
    return urlsplit(url).hostname in LOOPBACK
