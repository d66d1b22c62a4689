"""Hints about SQL that TQL does not have, for an unexpected token that no rule is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.syntax.findings.place import Place

# The most tokens between FETCH and its number.
FARTHEST = 3


def _nulls(_place: Place) -> str | None:
    """Return the hint about NULLS FIRST and NULLS LAST."""
    return "leave it out: TQL has no NULLS FIRST and NULLS LAST"


def _fetch(place: Place) -> str | None:
    """Return the hint about FETCH FIRST 3 ROWS ONLY."""
    number = next((place.word(at) for at in range(FARTHEST) if place.kind(at) == "INTEGER"), "1")
    return f"write LIMIT {number}"


def _escape(_place: Place) -> str | None:
    """Return the hint about ESCAPE after LIKE."""
    return "leave ESCAPE out: the pattern of LIKE is a regular expression, in which _ is only itself, and a backslash makes a character literal"


def _collate(_place: Place) -> str | None:
    """Return the hint about COLLATE."""
    return "leave COLLATE out: TQL has no collations; ILIKE ignores the case of ASCII letters"


def _similar(place: Place) -> str | None:
    """Return the hint about SIMILAR TO."""
    return f"write LIKE {place.word(2)}: its pattern is a regular expression of RE2" if place.kind(1) == "TO" else None


def _distinct(place: Place) -> str | None:
    """Return the hint about IS DISTINCT FROM."""
    if place.kind(-1) == "IS":
        return "write != in place of IS DISTINCT FROM"
    is_negated = place.kind(-1) == "NOT" and place.kind(-2) == "IS"
    return "write = in place of IS NOT DISTINCT FROM" if is_negated else None


# The hints by the first word of a clause.
OF_WORD: dict[str, Callable[[Place], str | None]] = {
    "NULLS": _nulls,
    "FETCH": _fetch,
    "ESCAPE": _escape,
    "COLLATE": _collate,
    "SIMILAR": _similar,
    "DISTINCT": _distinct,
}


def sql_hint(place: Place) -> str | None:
    """Return the hint about a clause of SQL at a place, or after a word that the parser took for an alias."""
    if place.kind(0) == "LSQB" and place.kind(1) == "NAME" and place.kind(2) == "RSQB":
        return f'put the name in double quotes: "{place.word(1)}"'
    word = "FETCH" if place.word(-1).upper() == "FETCH" else place.word(0).upper()
    find = OF_WORD.get(word)
    return None if find is None else find(place)
