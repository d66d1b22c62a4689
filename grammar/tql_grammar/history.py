"""The history of a dataset: which of its indexes are stale."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Operations, as the engine describes them.
BUILT = re.compile(r"Added (?P<kind>inverted|clustered) index block \D*(?P<rows>\d+) .*to column (?P<column>\d+)")
APPENDED = re.compile(r"Appended \d+ rows to column (?P<column>\d+)")
DELETED = re.compile(r"Deleted \d+ rows")
UPDATED = re.compile(r"Updated \d+ rows in column (?P<column>\d+)")
DROPPED = re.compile(r"Dropped \w+ index on column (?P<column>\d+)")
# The rows of a block from which the scores of words are right, whatever the blocks before it are; of 12 datasets, 8 had wrong ones with blocks of 100, 1 and 1 rows, 1 with 10, 10 and 10, and none with several of 30 or more.
FEW = 50
OF_TEXT = re.compile(r"Created (bm25|exact_text) index on column (?P<column>\d+)")


def stale_indexes(history: Iterable[Any], texts: int) -> frozenset[str]:
    """
    Return the kinds of indexes, "inverted" and "clustered", of which one was built before rows of its column were updated, or deleted and others appended; "clustered" and "words" also if rows were deleted, and "words" if a few were appended.

    Over the rows that a deletion leaves, and over the blocks of several appends, an index of words has scores of its parts: the same text has two scores, and the best rows are others.
    An index of embeddings takes deleted rows for some of the nearest, and leaves them out of these: of 2,000 rows without 500, a limit of 10 had 5 to 9.
    An index lacks the first row that is appended after the last one was deleted; which rows were deleted the history does not say.
    The history of a dataset names columns by numbers only, so all indexes of a kind count as stale.
    Those of words are current once that of each text has been built again.

    Args:
        history: the versions of the dataset.
        texts: the number of columns of text with an index.
    """
    found = _Indexes()
    for operation in (str(one) for version in history for one in getattr(version, "operations", ())):
        for pattern, happen in OPERATIONS:
            if match := pattern.match(operation):
                happen(found, **match.groupdict())
    parted = found.shortened | found.small
    is_parted = "inverted" in map(found.kinds.get, parted)
    words = {"words"} if is_parted and len(found.texts - parted) < texts else frozenset[str]()
    return frozenset(found.stale.values()) | words


class _Indexes:
    """The indexes of a dataset by the numbers of their columns: their kinds, those that are stale, those of which rows were deleted, those with a small block after another one, and those of texts that were built again."""

    def __init__(self) -> None:
        """Begin without any."""
        self.kinds: dict[str, str] = {}
        self.stale: dict[str, str] = {}
        self.shortened: set[str] = set()
        self.small: set[str] = set()
        self.texts: set[str] = set()

    def build(self, column: str, kind: str, rows: str) -> None:
        """Add an index, or a block of one."""
        if column in self.kinds and int(rows) < FEW:
            self.small.add(column)
        self.kinds[column] = kind

    def drop(self, column: str) -> None:
        """Remove an index."""
        self.kinds.pop(column, None)
        self.stale.pop(column, None)
        self.shortened.discard(column)
        self.small.discard(column)
        self.texts.discard(column)

    def build_again(self, column: str) -> None:
        """Note an index of text."""
        self.texts.add(column)

    def update(self, column: str) -> None:
        """Note rows that an index keeps with their old values."""
        if column in self.kinds:
            self.stale[column] = self.kinds[column]

    def delete(self) -> None:
        """Note rows that all indexes lose; one of embeddings still counts them among the nearest."""
        self.shortened |= self.kinds.keys()
        self.stale |= {column: kind for column, kind in self.kinds.items() if kind == "clustered"}

    def append(self, column: str) -> None:
        """Note rows that an index may lack."""
        if column in self.shortened:
            self.update(column)


OPERATIONS: tuple[tuple[re.Pattern[str], Callable[..., None]], ...] = (
    (BUILT, _Indexes.build),
    (DROPPED, _Indexes.drop),
    (OF_TEXT, _Indexes.build_again),
    (UPDATED, _Indexes.update),
    (DELETED, _Indexes.delete),
    (APPENDED, _Indexes.append),
)
