"""The history of a dataset: which of its indexes are stale."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# Operations, as the engine describes them.
BUILT = re.compile(r"Added (?P<kind>inverted|clustered) index block .* to column (?P<column>\d+)")
UPDATED = re.compile(r"Updated \d+ rows in column (?P<column>\d+)")
DROPPED = re.compile(r"Dropped \w+ index on column (?P<column>\d+)")


def stale_indexes(history: Iterable[Any]) -> frozenset[str]:
    """
    Return the kinds of indexes, "inverted" and "clustered", of which one was built before rows of its column were updated.

    The history of a dataset names columns by numbers only, so all indexes of a kind count as stale.
    """
    kinds: dict[str, str] = {}
    stale: dict[str, str] = {}
    for operation in (str(one) for version in history for one in getattr(version, "operations", ())):
        if found := BUILT.match(operation):
            kinds[found["column"]] = found["kind"]
        elif found := DROPPED.match(operation):
            kinds.pop(found["column"], None)
            stale.pop(found["column"], None)
        elif (found := UPDATED.match(operation)) and found["column"] in kinds:
            stale[found["column"]] = kinds[found["column"]]
    return frozenset(stale.values())
