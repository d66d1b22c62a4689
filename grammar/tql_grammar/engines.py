"""Versions of the engine, and the table of what a version changed: checks and compiler read it, each by the name of a change."""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

Version = tuple[int, int, int]
# A version, and what follows its numbers in a release before or after the final one.
_NUMBERS = re.compile(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?(?P<rest>.*)")


class Change(NamedTuple):
    """
    A change of the engine, as it was measured.

    Attributes:
        name: what changed, in a few words.
        since: the first version that was measured with the new behaviour; the older versions that were measured have the old one.
        before: the behaviour of older versions, in one sentence.
    """

    name: str
    since: Version
    before: str


REMAINDER = Change(
    "remainder",
    (4, 7, 1),
    "`%` is the IEEE remainder, which is negative where it is nearer to 0, and is computed with float64: `7 % 10` is -3.",
)
INTEGER_KEYS = Change(
    "integer keys",
    (4, 7, 1),
    "The parts by `%` of an integer, by which it is sorted and grouped exactly, are those of a float64: integers beyond `2**53` tie, and of those beyond `2**43` some are out of order.",
)
HAMMING = Change("Hamming distance", (4, 7, 1), "HAMMING_DISTANCE ends the process.")
MEAN = Change("mean of integers", (4, 6, 0), "AVG of an array of integers is an integer: the mean of 1 and 2 is 1.")
LIKE = Change(
    "characters of LIKE",
    (4, 5, 10),
    "LIKE matches bytes, not characters: `?`, `.` and `[..]` match one byte, and most letters outside of ASCII have two or three.",
)
CHANGES = (REMAINDER, INTEGER_KEYS, HAMMING, MEAN, LIKE)


class Engine(NamedTuple):
    """
    A version of the engine.

    Attributes:
        name: as it was named: a version, or "rest".
        version: the version; that of "rest" is below all others.
    """

    name: str
    version: Version

    def lacks(self, change: Change) -> bool:
        """Tell whether the engine has the behaviour from before a change."""
        return self.version < change.since


NEWEST = Engine("4.7.4", (4, 7, 4))
# The hosted service of the REST interface runs an older build of the engine, whose version it does not say: a query has to be right on each version that was measured.
REST = Engine("rest", (0, 0, 0))
RULE = 'takes "rest" or a version of the engine, such as "4.7.0"'


def engine_of(name: object, subject: str = "engine") -> Engine:
    """
    Return the engine of a name, the newest one for None; ``4.5`` is the first release of 4.5, 4.5.0.

    Raises:
        ArgumentError: the name is neither "rest" nor a version, or no text.
    """
    if name is None or name == REST.name:
        return NEWEST if name is None else REST
    found = _NUMBERS.fullmatch(name) if isinstance(name, str) else None
    if found is None or found["rest"]:
        raise ArgumentError(subject, RULE, repr(name), "`tql --version` prints the version that is installed")
    return Engine(found.string, _version(found))


def installed_engine(version: str) -> Engine:
    """Return the engine of an installed version; one that is no number is taken for the newest one."""
    found = _NUMBERS.fullmatch(version)
    numbers = NEWEST.version if found is None else _version(found)
    return Engine(".".join(map(str, numbers)), numbers)


def _version(found: re.Match[str]) -> Version:
    """Return the numbers of a version."""
    major, minor, patch = (int(part or 0) for part in found.groups()[:3])
    return major, minor, patch


# --- the engine of a compilation --------------------------------------------------------------------------------------

_target: ContextVar[Engine] = ContextVar("target", default=NEWEST)


def lacks(change: Change) -> bool:
    """Tell whether the engine that a query is compiled or checked for has the behaviour from before a change."""
    return _target.get().lacks(change)


@contextmanager
def compiling_for(engine: Engine) -> Iterator[None]:
    """Compile and check for an engine."""
    token = _target.set(engine)
    try:
        yield
    finally:
        _target.reset(token)
