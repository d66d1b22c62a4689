"""Validation of endpoint URLs: which hosts may receive a query and its token."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from tql_client.errors import ConfigError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def require_url(url: str, *, allow_insecure: bool = False) -> str:
    """
    Return a URL that may receive the token.

    Raises:
        ConfigError: the URL is not http or https, contains a password, or is http to another machine.
    """
    parts = _parts(url)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        message = "`url` must not contain a user name or password: pass the token as connect(.., token=..)"
        raise ConfigError(message)
    if parts.scheme == "http" and host not in LOOPBACK and not allow_insecure:
        message = f"`url` must be https for {host}: over http the network sees the token and the data; pass allow_insecure=True to allow it"
        raise ConfigError(message)
    return url


def _parts(url: str) -> SplitResult:
    """Return the parts of an http or https URL."""
    message = "`url` is not a valid URL: it must have the form https://host/path"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(message) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or not url.isprintable() or " " in url:
        raise ConfigError(message)
    return parts


def is_loopback(url: str) -> bool:
    """Return whether the host of a URL is this machine."""
    return urlsplit(url).hostname in LOOPBACK
