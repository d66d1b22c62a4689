"""Completion, hover and signature help of query texts, as editors and shells need them; nothing is sent."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from tql.findings import schemas_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tql_grammar import ast
    from tql_grammar.completion.describe import Description
    from tql_grammar.completion.proposal import Proposal
    from tql_grammar.completion.signatures import Signature
    from tql_grammar.schema import Schema


def complete(text: str, offset: int | None = None, schema: object = None) -> list[Proposal]:
    """
    Return the words that can be written at a place of a query text, the most fitting ones first.

    ``complete("select id from D where ", schema=Schema(id="int64", text="text"))`` proposes the columns, the functions and the keywords that the engine's parser takes there;
    each `Proposal` has its text and the characters that it replaces. Words that `check` has a rule against come last, with the code of the rule.

    Args:
        text: the query text, complete or not.
        offset: the place, 0-based, in characters; by default the end of the text. The part of a word before it selects the words that begin with it.
        schema: the `Schema` of the dataset, of a join that of the first one, or a dict of them by the urls of datasets, as for `check`.

    Raises:
        ArgumentError: *offset* is not in the text, or *schema* is neither a `Schema` nor a dict of them.
    """
    from tql_grammar.completion.complete import complete as proposals

    return proposals(text, _place("complete", text, offset), _schemas(schema))


def describe(text: str, offset: int = 0, schema: object = None) -> Description | None:
    """
    Return the description of the word at a place of a query text: a function, a column, a keyword, or the code of a rule; None for any other.

    ``print(describe("cosine_similarity"))`` and ``print(describe("TQL301"))`` print it as Markdown. The arguments are those of `complete`.

    Raises:
        ArgumentError: *offset* is not in the text, or *schema* is neither a `Schema` nor a dict of them.
    """
    from tql_grammar.completion.describe import describe as description

    return description(text, _place("describe", text, offset), _schemas(schema))


def signature(text: str, offset: int | None = None) -> Signature | None:
    """
    Return the signature of the function that is called around a place of a query text, by default its end; None outside of a call.

    ``signature("select cosine_similarity(e, ").active`` is 1: the second parameter, the vector.

    Raises:
        ArgumentError: *offset* is not in the text.
    """
    from tql_grammar.completion.signatures import signature as help_of

    return help_of(text, _place("signature", text, offset))


def _place(subject: str, text: str, offset: int | None) -> int:
    """Return an offset, by default that of the end of the text."""
    if offset is None:
        return len(text)
    if isinstance(offset, int) and 0 <= offset <= len(text):
        return offset
    from tql_grammar.errors import ArgumentError

    raise ArgumentError(
        subject,
        f"takes an offset in characters from 0 to {len(text)}, the length of the text",
        repr(offset),
        "count the characters before the cursor",
        why="completions, descriptions and signatures are those of one place of the text",
    )


def _schemas(schema: object) -> Callable[[ast.Query | None], Mapping[str | None, Schema]]:
    """Return the function that returns the schemas of the datasets of a query."""
    return functools.partial(schemas_of, schema=schema)
