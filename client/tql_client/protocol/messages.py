"""Hints for the errors of a server or of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.lint.engine_messages import advice, missing_column
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

_BY_STATUS = {
    401: "the token is missing, wrong or expired: pass connect(.., token=..), or set ACTIVELOOP_TOKEN for the hosted service",
    403: "the token may not read this dataset",
    404: "check the url of the endpoint and the name of the dataset",
    405: "check the url of the endpoint: it does not accept queries by POST",
    413: "the query is longer than the server accepts: send fewer or shorter literals",
    429: "too many queries: wait, or lower the concurrency",
}


def hint(status: int, description: str, columns: Iterable[str] = ()) -> str | None:
    """Return the hint for an error, or None; *columns* are the column names of the dataset, if known."""
    missing = missing_column(description)
    suggestion = did_you_mean(missing, columns) if missing else None
    return suggestion or advice(description) or _BY_STATUS.get(status)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint with the known name that is most similar to *name*, or None if none is similar."""
    similar = nearest(name, known)
    return f"did you mean `{similar}`?" if similar else None
