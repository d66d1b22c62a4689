"""Evidence that a string in a Python file is TQL: its receiver, the imports, a url, a dataset or a marker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.python.values import HOLE, Origin, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

BEGINS = re.compile(r"(?:\s|\(|--[^\n]*\n)*select\b", re.IGNORECASE)
MARK = re.compile(r"#\s*tql\b")
MARK_INSIDE = re.compile(r"--\s*tql\b", re.IGNORECASE)
DATASET = re.compile(r'(?:from|join)\s+"(?:hub|al|mem|s3|gs|gcs|az|azure|file)://|"(?:hub|al)://', re.IGNORECASE)
SERVICE = re.compile(r"activeloop|deep_?lake|/api/query\b", re.IGNORECASE)
URL = re.compile(r"(?:hub|al)://|https?://[^/]*activeloop", re.IGNORECASE)
# The origins that have to do with Deep Lake, and those whose `query` takes TQL whatever it begins with.
DEEP_LAKE = re.compile(r"deep_?lake|activeloop|^(?:tql|tql_client|hub)\b", re.IGNORECASE)
TAKES_TQL = re.compile(r"^(?:deeplake|tql_client)\.(?!VectorStore\b)")
RECEIVER = re.compile(r"(?:^|[._])(?:ds|dataset|deep_?lake\w*)(?:$|[._])", re.IGNORECASE)
# A file without any of this evidence has no query.
POSSIBLE = re.compile(
    r'deep_?lake|activeloop|tql|\bhub\b|/api/query\b|\b(?:from|join)\s+\\?"\w+://|al://|(?:\b|_)(?:ds|dataset)(?:_\w*)?\.',
    re.IGNORECASE,
)


class Verdict(NamedTuple):
    """
    Whether a string is read as TQL.

    Attributes:
        read: whether it is.
        reason: why.
        weight: the strength of the evidence; of several uses of a string the strongest counts.
    """

    read: bool
    reason: str
    weight: int = 0


WEAK, ELSEWHERE, CERTAIN = 1, 2, 3


class Context(NamedTuple):
    """
    The place of a string in a file.

    Attributes:
        use: the words for where it goes, for example "the argument of `ds.query`".
        name: the keyword or the key that it has; "" for a positional argument.
        receiver: the expression whose method is called, as written; "" for none.
        origins: the values of the receiver.
        method: the name of the method or the function.
        urls: the urls of a request; None for other calls.
        marked: whether the statement has the comment ``# tql``.
    """

    use: str
    name: str = ""
    receiver: str = ""
    origins: tuple[Value, ...] = ()
    method: str = ""
    urls: tuple[str, ...] | None = None
    marked: bool = False


def is_certain_receiver(context: Context) -> bool:
    """Tell whether the receiver takes nothing but TQL."""
    return any(TAKES_TQL.search(path) for path in _paths(context.origins)) and not context.name


def verdict(text: str, context: Context, libraries: Iterable[str]) -> Verdict:
    """
    Return whether a string is read as TQL.

    Args:
        text: the string, with NUL for interpolated values.
        context: its place.
        libraries: the modules of Deep Lake that the file imports, and its urls in the file.
    """
    if not BEGINS.match(text) and not (is_certain_receiver(context) and text.strip(HOLE + " \n")):
        return Verdict(read=False, reason="it does not begin with SELECT")
    for found in (
        _of_text(text, context),
        _of_receiver(context) if context.urls is None else _of_request(context.urls),
    ):
        if found is not None:
            return found
    library = next(iter(libraries), None)
    if library is not None:
        return Verdict(read=True, reason=f"the file uses `{library}`", weight=WEAK)
    return Verdict(
        read=False, reason="no receiver, import, url or dataset says that it is TQL; mark it with the comment # tql"
    )


def _of_text(text: str, context: Context) -> Verdict | None:
    """Return the verdict by a marker, the text itself or its keyword."""
    if context.marked:
        return Verdict(read=True, reason="the statement is marked # tql", weight=CERTAIN)
    if MARK_INSIDE.search(text):
        return Verdict(read=True, reason="it has the comment -- tql", weight=CERTAIN)
    if DATASET.search(text):
        return Verdict(read=True, reason="it names a dataset of Deep Lake", weight=CERTAIN)
    if "tql" in context.name.lower():
        return Verdict(read=True, reason=f"it has the name `{context.name}`", weight=CERTAIN)
    return None


def _of_receiver(context: Context) -> Verdict | None:
    """Return the verdict by the object whose method is called, or None if its origin is unknown."""
    paths = list(_paths(context.origins))
    for path in paths:
        if DEEP_LAKE.search(path):
            return Verdict(read=True, reason=f"`{context.receiver}` comes from `{path}`", weight=CERTAIN)
    if paths:
        reason = f"`{context.receiver}` comes from `{paths[0]}`, which is not Deep Lake"
        return Verdict(read=False, reason=reason, weight=ELSEWHERE)
    if RECEIVER.search(context.receiver):
        return Verdict(read=True, reason=f"`{context.receiver}` has the name of a dataset", weight=CERTAIN)
    return None


def _of_request(urls: tuple[str, ...]) -> Verdict | None:
    """Return the verdict by the url of a request, or None if it is unknown."""
    for url in urls:
        if SERVICE.search(url):
            return Verdict(read=True, reason=f"the request goes to {url.replace(HOLE, '..')}", weight=CERTAIN)
    shown = next((url.replace(HOLE, "..") for url in urls if "://" in url), None)
    if shown is None:
        return None
    return Verdict(
        read=False, reason=f"the request goes to {shown}; mark the statement with the comment # tql", weight=ELSEWHERE
    )


def _paths(values: tuple[Value, ...]) -> Iterable[str]:
    """Yield the paths of objects from other modules."""
    return (value.path for value in values if isinstance(value, Origin))
