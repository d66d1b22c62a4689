"""Know what the engine's messages mean, and what to do about each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_POSITION = re.compile(r"Pos (\d+)")
_NO_COLUMN = re.compile(r'Tensor "(?P<name>[^"]*)" does not exist')
_VISIBLE = (
    "an alias is visible one level further out only, names are case-sensitive, and a text stands in single quotes"
)
_LENGTHS = "a vector must have the length of the column's embeddings: was it made by the same model?"
_ONE_KIND = "IN, BETWEEN, LIMIT and ARRAY take literals only, all of one kind"

# What a message looks like, the status that a server gives it, and what to do; the first that fits counts.
_MESSAGES: tuple[tuple[re.Pattern[str], int, str], ...] = (
    (_NO_COLUMN, 400, f"the dataset has no such column; {_VISIBLE}"),
    (
        re.compile("Function '[^']*' is not found"),
        400,
        "the engine has no such function: `tql check` says what to write in its place",
    ),
    (re.compile("different length arrays|arrays with different shapes"), 400, _LENGTHS),
    (
        re.compile("query source.*not found|does not exist at path"),
        404,
        "check the name of the dataset in FROM, or the path",
    ),
    (re.compile("syntax error|memory exhausted"), 400, "`tql check` shows the place with a caret"),
    (re.compile("std::get: wrong index for variant"), 400, _ONE_KIND),
)
_BY_STATUS = {
    401: "the token is missing, wrong or expired: pass connect(.., token=..), or set ACTIVELOOP_TOKEN for the hosted service",
    403: "the token may not read this dataset",
    404: "check the url of the endpoint and the name of the dataset",
    405: "check the url of the endpoint: it takes queries by POST",
    413: "the query is longer than the server takes",
    429: "too many queries: wait, or send fewer at a time",
}
DEFAULT_STATUS = 400


def position(description: str) -> int | None:
    """Return the N of the engine's ``Pos N``, or None."""
    found = _POSITION.search(description)
    return int(found[1]) if found else None


def status_of(description: str) -> int:
    """Return the HTTP status that stands for a message of the engine."""
    return next((status for pattern, status, _ in _MESSAGES if pattern.search(description)), DEFAULT_STATUS)


def hint(status: int, description: str, columns: Iterable[str] = ()) -> str | None:
    """Return what to do about an error, where that is known; *columns* are those of the dataset, where they are known."""
    missing = _NO_COLUMN.search(description)
    near = did_you_mean(missing["name"], columns) if missing else None
    known = next((text for pattern, _, text in _MESSAGES if pattern.search(description)), None)
    return near or known or _BY_STATUS.get(status)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the nearest of the known names, or None where none is near."""
    from difflib import get_close_matches

    by_fold = {other.casefold(): other for other in known}
    found = get_close_matches(name.casefold(), by_fold, n=1)
    return f"did you mean `{by_fold[found[0]]}`?" if found else None
