"""Tokens: their sources and their form; no output shows one."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NoReturn, Protocol
from urllib.parse import urlsplit

from tql_client.errors import ConfigError
from tql_client.protocol.address import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "ACTIVELOOP_TOKEN"
TRUSTED_DOMAINS = ("activeloop.ai", "deeplake.ai")
LONGEST = 8192
_SHAPE = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class Secret:
    """A token that shows itself to nobody: not in a repr, a log, or a pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Take a token; white space round it is dropped."""
        self._value = _accepted(value)

    def reveal(self) -> str:
        """Return the token, for the one header that carries it."""
        return self._value

    def __repr__(self) -> str:
        """Show nothing."""
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """Show nothing."""
        return repr(self)

    def __reduce__(self) -> NoReturn:
        """Refuse to leave the process."""
        message = "a token is not pickled: connect again in the other process"
        raise TypeError(message)


def _accepted(value: object) -> str:
    """Return a token of the form that RFC 6750 allows, or say what is wrong without repeating any of it."""
    if not isinstance(value, str):
        message = f"`token` takes a str, got {type(value).__name__}"
        raise ConfigError(message)
    token = value.strip()
    if not token:
        message = "`token` takes at least one character, got none"
        raise ConfigError(message)
    if len(token) > LONGEST:
        message = f"`token` takes at most {LONGEST} characters, got {len(token)}"
        raise ConfigError(message)
    if not _SHAPE.fullmatch(token):
        message = "`token` takes letters, digits and - . _ ~ + / with = at the end, got another character (a line break or a quote, perhaps, from copying)"
        raise ConfigError(message)
    return token


def is_trusted(host: str) -> bool:
    """Tell whether the environment's token may go to *host*: the service itself and nobody else."""
    name = host.lower().rstrip(".")
    return any(name == domain or name.endswith("." + domain) for domain in TRUSTED_DOMAINS)


def token_for(url: str, token: str | Callable[[], str] | None, file: str | None = None) -> TokenSource | None:
    """
    Return what gives the token for each attempt at a url: the argument, the file, or ``ACTIVELOOP_TOKEN`` where the host is of the service.

    Returns:
        None where no token is given and the host is this machine: then none is sent.

    Raises:
        ConfigError: a host beyond this machine needs a token and there is none, or it has a wrong shape.
    """
    if token is not None and file is not None:
        message = "`connect` takes token=.. or token_file=.., got both"
        raise ConfigError(message)
    if callable(token):
        return CalledToken(token)
    found = token if token is not None else read_file(file) if file is not None else _environment(url)
    return None if found is None else FixedToken(Secret(found))


def _environment(url: str) -> str | None:
    """Return the environment's token where it may go to the host of *url*."""
    host = urlsplit(url).hostname or ""
    if host in LOOPBACK:
        return None
    found = os.environ.get(VARIABLE) if is_trusted(host) else None
    if not found:
        message = f"no token: pass connect(.., token=..), or set {VARIABLE} in the environment, which goes to {' and '.join(TRUSTED_DOMAINS)} only"
        raise ConfigError(message)
    return found


def read_file(path: str) -> str:
    """Return the text of a token's file."""
    try:
        with open(path, encoding="utf-8") as lines:  # noqa: PTH123 - pathlib costs 8 ms to import
            return lines.read(LONGEST + 2)
    except (OSError, ValueError) as error:
        message = f"the token's file cannot be read: {type(error).__name__}"
        raise ConfigError(message) from None


class TokenSource(Protocol):
    """What gives the token of each attempt; `renews` tells whether asking again may give another."""

    renews: bool

    def __call__(self) -> Secret:
        """Return the token."""
        ...


class FixedToken:
    """Gives one token always."""

    renews = False

    def __init__(self, secret: Secret) -> None:
        """Take the token."""
        self._secret = secret

    def __call__(self) -> Secret:
        """Return the token."""
        return self._secret


class CalledToken:
    """Asks the user's function for the token of each attempt."""

    renews = True

    def __init__(self, ask: Callable[[], str]) -> None:
        """Take the function."""
        self._ask = ask

    def __call__(self) -> Secret:
        """Return a token."""
        return Secret(self._ask())
