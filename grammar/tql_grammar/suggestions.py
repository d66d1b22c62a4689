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


# The types by the names of Python, SQL and other libraries.
OTHER_TYPES = {
    **dict.fromkeys(("int", "integer", "bigint", "long"), "int64"),
    **dict.fromkeys(("str", "string", "varchar", "utf8", "object"), "text"),
    **dict.fromkeys(("float", "double", "real"), "float64"),
    **dict.fromkeys(("boolean",), "bool"),
    **dict.fromkeys(("dict", "jsonb", "struct"), "json"),
    **dict.fromkeys(("vector", "array", "list"), "embedding[384]"),
}


def type_hint(description: object) -> str:
    """Return the question whether a description of a column means a type by a name of another library, or ""."""
    words = description.lower().split() if isinstance(description, str) else []
    meant = next((OTHER_TYPES[word] for word in words if word in OTHER_TYPES), None)
    return f"did you mean {meant!r}? " if meant else ""
