"""Versions of the engine: the ones that were measured, and the ones that are refused with the reason."""

from __future__ import annotations

import functools
import re
import warnings

from tql_client.errors import ConfigError
from tql_client.extras import command
from tql_grammar.engines import NEWEST, Engine, installed_engine

Version = tuple[int, ...]

NAME = "deeplake"
# The versions on which every query of `tests/engines` has the rows that it means; for 4.7.0 it is compiled differently, see `tql_grammar.engines`.
MEASURED = frozenset({"4.7.0", "4.7.1", "4.7.2", "4.7.3", "4.7.4"})
OLDEST: Version = (4, 7, 0)
_NUMBERS = re.compile(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")


def installed() -> str:
    """Return the name and the version of the installed engine with "measured", "not measured" or "not supported", for people."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version(NAME)
    except PackageNotFoundError:
        return f"{NAME} is not installed"
    unmeasured = "not supported" if _is_too_old(found) else "not measured"
    return f"{NAME} {found} ({'measured' if found in MEASURED else unmeasured})"


@functools.cache
def present_engine() -> Engine:
    """Return the installed engine, for which queries are compiled; the newest one if none is installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return installed_engine(version(NAME))
    except PackageNotFoundError:
        return NEWEST


@functools.cache
def require_supported(found: str) -> None:
    """
    Accept a measured version of the engine, and warn about one that was not measured; the cache limits the warning to one per process.

    Raises:
        ConfigError: the version is older than the measured ones; its rows differ.
    """
    if _is_too_old(found):
        raise ConfigError(_too_old(found))
    if found not in MEASURED:
        message = f"{NAME} {found} was not measured, so its rows may differ from those that queries mean; measured are 4.7.0 to 4.7.4: {command('embedded')}"
        warnings.warn(message, RuntimeWarning, stacklevel=4)


def _is_too_old(found: str) -> bool:
    """Return whether a version is older than the measured ones; False for an unknown one."""
    match = _NUMBERS.match(found)
    return match is not None and tuple(int(part or 0) for part in match.groups()) < OLDEST


def _too_old(found: str) -> str:
    """Return the message about a version that is too old."""
    reason = "before 4.7 some queries have other rows than they mean, and some end the process"
    return f"{NAME} {found} is not supported: {reason}\nhint: install 4.7.0 or later: {command('embedded')}"
