"""Suggestions for misspelt names, ignoring case."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of *names* that is most similar to *name*, or None if none is similar."""
    from difflib import get_close_matches

    by_fold: dict[str, str] = {}
    for other in names:
        by_fold.setdefault(other.casefold(), other)
    found = get_close_matches(name.casefold(), by_fold, n=1)
    return by_fold[found[0]] if found else None
