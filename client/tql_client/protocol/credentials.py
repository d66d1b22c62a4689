"""Tokens: their sources and their validation; no repr, log, pickle or attribute contains one."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NoReturn, Protocol
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from tql_client.errors import ConfigError
from tql_client.protocol.address import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "ACTIVELOOP_TOKEN"
TRUSTED_DOMAINS = ("activeloop.ai", "deeplake.ai")
LONGEST = 8192
_SHAPE = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class Secret:
    """A token whose repr and str are masked, that cannot be pickled, and that no attribute of a client leads to."""

    __slots__ = ("__weakref__",)

    def __init__(self, value: str) -> None:
        """Validate a token; leading and trailing white space is removed."""
        _TOKENS[self] = _validated(value)

    def reveal(self) -> str:
        """Return the token, for the Authorization header."""
        return _TOKENS[self]

    def __repr__(self) -> str:
        """Return the masked token."""
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """Return the masked token."""
        return repr(self)

    def __reduce__(self) -> NoReturn:
        """Raise `TypeError`: a pickle would contain the token."""
        message = "a token is not pickled: call connect(..) in the other process"
        raise TypeError(message)


# The tokens are kept outside of their secrets: debuggers and error reporters walk through the attributes of objects.
_TOKENS: WeakKeyDictionary[Secret, str] = WeakKeyDictionary()


def _validated(value: object) -> str:
    """Return a token in the form of RFC 6750, or raise `ConfigError` with a message that does not contain it."""
    if not isinstance(value, str):
        message = f"`token` must be a str, got {type(value).__name__}"
        raise ConfigError(message)
    token = value.strip()
    if not token:
        message = "`token` is empty"
        raise ConfigError(message)
    if len(token) > LONGEST:
        message = f"`token` has {len(token)} characters; at most {LONGEST} are allowed"
        raise ConfigError(message)
    if not _SHAPE.fullmatch(token):
        message = "`token` contains an invalid character, for example a line break or a quote from copying; allowed are letters, digits and - . _ ~ + / with = at the end"
        raise ConfigError(message)
    return token


def is_trusted(host: str) -> bool:
    """Return whether *host* belongs to the hosted service, and may receive the token of the environment."""
    name = host.lower().rstrip(".")
    return any(name == domain or name.endswith("." + domain) for domain in TRUSTED_DOMAINS)


def token_for(url: str, token: str | Callable[[], str] | None, file: str | None = None) -> TokenSource | None:
    """
    Return the source of the token for a URL: the argument, the file, or ``ACTIVELOOP_TOKEN`` if the host is the hosted service.

    Returns:
        None if no token is given and the host is this machine: no token is sent.

    Raises:
        ConfigError: the token is invalid, or missing for another machine.
    """
    if token is not None and file is not None:
        message = "connect(..) got both token=.. and token_file=..: pass one of them"
        raise ConfigError(message)
    if callable(token):
        return CalledToken(token)
    if token is not None:
        return FixedToken(Secret(token), "the token of connect(.., token=..)")
    if file is not None:
        return FixedToken(Secret(read_file(file)), "the token of the file of connect(.., token_file=..)")
    value = _environment(url)
    return None if value is None else FixedToken(Secret(value), f"the token of {VARIABLE} in the environment")


def _environment(url: str) -> str | None:
    """Return the token of the environment if the host of *url* may receive it."""
    host = urlsplit(url).hostname or ""
    if host in LOOPBACK:
        return None
    token = os.environ.get(VARIABLE) if is_trusted(host) else None
    if not token:
        message = f"no token for {host}: pass connect(.., token=..); {VARIABLE} in the environment is sent to {' and '.join(TRUSTED_DOMAINS)} only"
        raise ConfigError(message)
    return token


def read_file(path: str) -> str:
    """Return the content of a token file."""
    try:
        with open(path, encoding="utf-8") as lines:  # noqa: PTH123 - pathlib costs 8 ms to import
            return lines.read(LONGEST + 2)
    except (OSError, ValueError) as error:
        message = f"the file of `token_file` cannot be read ({type(error).__name__})"
        raise ConfigError(message) from None


class TokenSource(Protocol):
    """The interface of token sources; `renews` is whether the next call may return another token, `origin` names the token in a hint."""

    renews: bool
    origin: str

    def __call__(self) -> Secret:
        """Return the token."""
        ...


class FixedToken:
    """Returns the same token for each attempt."""

    renews = False

    def __init__(self, secret: Secret, origin: str = "the token") -> None:
        """Create a source from a token, and the phrase that says from where it came."""
        self._secret = secret
        self.origin = origin

    def __call__(self) -> Secret:
        """Return the token."""
        return self._secret


class CalledToken:
    """Calls the user's function for the token of each attempt."""

    renews = True
    origin = "the token that the function of connect(.., token=..) returned"

    def __init__(self, function: Callable[[], str]) -> None:
        """Create a source from a function."""
        self._function = function

    def __call__(self) -> Secret:
        """Return the token that the function returns now."""
        return Secret(self._function())
