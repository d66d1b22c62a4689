"""Proposals for a place in a query text."""

from __future__ import annotations

import re
from typing import Literal

from tql_grammar.record import Record

Kind = Literal["column", "alias", "class", "key", "dataset", "function", "keyword", "snippet"]


# A part of a snippet to fill in: its number, and its default.
PART = re.compile(r"\$\{\d+:((?:[^\\}]|\\.)*)\}|\$\d+")
ESCAPED = re.compile(r"\\([\\$}])")


class Proposal(Record):
    """
    One word, or form of a query, that can be written at a place.

    Attributes:
        label: the word, as a list shows it.
        kind: "column", "alias" of a source, "class" of a class label, "key" of JSON, "dataset", "function", "keyword" or "snippet".
        text: the text that replaces the characters ``[start, end)``; in a snippet ``${1:name}`` is a part to fill in, as in the Language Server Protocol.
        start: 0-based character offset.
        end: 0-based character offset, exclusive.
        detail: the type of a column, or the parameters of a function.
        code: the code of the rule that `check` has against it at this place; "" for none. Proposals with a code come last.
        continuation: the text that has to follow, without which `check` has a finding: `` = 'x'`` after a column of text in WHERE.
    """

    label: str
    kind: Kind
    text: str
    start: int
    end: int
    detail: str = ""
    code: str = ""
    continuation: str = ""

    def applied(self, text: str) -> str:
        """Return a text with the proposal in it; the parts of a snippet have their names."""
        written = plain(self.text) if self.kind == "snippet" else self.text
        return text[: self.start] + written + text[self.end :]


def plain(text: str) -> str:
    """Return a snippet with the defaults of its parts."""
    return PART.sub(lambda match: ESCAPED.sub(r"\1", match[1] or ""), text)
