"""Hints for the errors of a server or of the engine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tql_grammar.lint.engine_messages import advice, missing_column
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

ENDPOINT = "https://app.activeloop.ai/api/query/v1"
_HOSTED = ("hub://", "al://")
_ADDRESS = re.compile(r"[\w.-]+:\d+(?:/|$)")
_HOST = re.compile(r"[\w.-]*\b(?:activeloop|deeplake)\.ai(?:[:/]|$)", re.IGNORECASE)
_BY_STATUS = {
    403: "the token may not read this dataset",
    404: "check the url of the endpoint and the name of the dataset",
    407: "a proxy between this machine and the endpoint wants a user and a password: write them in HTTPS_PROXY or HTTP_PROXY, as in http://user:password@host:port, or name the endpoint in NO_PROXY",
    405: "check the url of the endpoint: it does not accept queries by POST",
    413: "the query is longer than the server accepts: send fewer or shorter literals",
    429: "too many queries: wait, or lower the concurrency",
}
WEB_PAGE = "the response is a web page, not one of the service: a proxy, a firewall or a load balancer may have sent it"


def token_hint(origin: str | None) -> str:
    """Return the hint for a rejected token; *origin* says from where it came, None that none was sent."""
    if origin is None:
        return "no token was sent: pass connect(.., token=..), or set ACTIVELOOP_TOKEN for the hosted service"
    return f"{origin} was sent, and is wrong, expired, or not a token of this endpoint"


def hint(status: int, description: str, columns: Iterable[str] = ()) -> str | None:
    """Return the hint for an error, or None; *columns* are the column names of the dataset, if known."""
    missing = missing_column(description)
    suggestion = did_you_mean(missing, columns) if missing else None
    return suggestion or advice(description) or _BY_STATUS.get(status)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint with the known name that is most similar to *name*, or None if none is similar."""
    similar = nearest(name, known)
    return f"did you mean `{similar}`?" if similar else None


def is_hosted(path: str) -> bool:
    """Return whether a path names a dataset of the hosted service, or its host."""
    return path.startswith(_HOSTED) or _HOST.match(path) is not None


def path_hint(path: str) -> str:
    """Return the hint for a dataset that cannot be opened at a path."""
    if path.startswith(_HOSTED):
        return f'the engine downloads datasets of the hosted service; to query it there: connect("{ENDPOINT}", dataset="{path}", token=..)'
    if is_hosted(path):
        return f'a URL begins with https://, as in connect("{ENDPOINT}", dataset="hub://org/name", token=..)'
    if _ADDRESS.match(path):
        return f'a URL begins with http:// or https://, as in connect("http://{path}", dataset=name, token=..)'
    return "check the path: a dataset is a folder that deeplake.create made"
