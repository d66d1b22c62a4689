"""The history of a dataset: which of its indexes are stale."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Operations, as the engine describes them.
BUILT = re.compile(r"Added (?P<kind>inverted|clustered) index block .* to column (?P<column>\d+)")
APPENDED = re.compile(r"Appended \d+ rows to column (?P<column>\d+)")
DELETED = re.compile(r"Deleted \d+ rows")
UPDATED = re.compile(r"Updated \d+ rows in column (?P<column>\d+)")
DROPPED = re.compile(r"Dropped \w+ index on column (?P<column>\d+)")


def stale_indexes(history: Iterable[Any]) -> frozenset[str]:
    """
    Return the kinds of indexes, "inverted" and "clustered", of which one was built before rows of its column were updated, or deleted and others appended.

    An index lacks the first row that is appended after the last one was deleted; which rows were deleted the history does not say.
    The history of a dataset names columns by numbers only, so all indexes of a kind count as stale.
    """
    found = _Indexes()
    for operation in (str(one) for version in history for one in getattr(version, "operations", ())):
        for pattern, happen in OPERATIONS:
            if match := pattern.match(operation):
                happen(found, **match.groupdict())
    return frozenset(found.stale.values())


class _Indexes:
    """The indexes of a dataset by the numbers of their columns: their kinds, those that are stale, and those of which rows were deleted."""

    def __init__(self) -> None:
        """Begin without any."""
        self.kinds: dict[str, str] = {}
        self.stale: dict[str, str] = {}
        self.shortened: set[str] = set()

    def build(self, column: str, kind: str) -> None:
        """Add an index, or a block of one."""
        self.kinds[column] = kind

    def drop(self, column: str) -> None:
        """Remove an index."""
        self.kinds.pop(column, None)
        self.stale.pop(column, None)
        self.shortened.discard(column)

    def update(self, column: str) -> None:
        """Note rows that an index keeps with their old values."""
        if column in self.kinds:
            self.stale[column] = self.kinds[column]

    def delete(self) -> None:
        """Note rows that all indexes lose."""
        self.shortened |= self.kinds.keys()

    def append(self, column: str) -> None:
        """Note rows that an index may lack."""
        if column in self.shortened:
            self.update(column)


OPERATIONS: tuple[tuple[re.Pattern[str], Callable[..., None]], ...] = (
    (BUILT, _Indexes.build),
    (DROPPED, _Indexes.drop),
    (UPDATED, _Indexes.update),
    (DELETED, _Indexes.delete),
    (APPENDED, _Indexes.append),
)
