"""Completion of a query text at an offset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.completion.keywords import BY_TOKEN
from tql_grammar.completion.names import cased, names, values
from tql_grammar.completion.outline import column_types, level_at
from tql_grammar.completion.place import advanced, allowed, place_at
from tql_grammar.completion.proposal import Proposal
from tql_grammar.completion.snippets import snippets
from tql_grammar.completion.verified import Verifier
from tql_grammar.syntax.driver import parse_table
from tql_grammar.syntax.keywords import RESERVED, TOKEN_OF_WORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql_grammar.completion.keywords import Keyword
    from tql_grammar.completion.outline import OpenSelect, Schemas
    from tql_grammar.completion.place import Place

WORD_OF_TOKEN = {TOKEN_OF_WORD[word]: word for word in sorted(RESERVED)} | {"CHARACTER_VARYING": "CHARACTER VARYING"}


def complete(text: str, offset: int, schemas: Schemas) -> list[Proposal]:
    """
    Return the words that can be written at an offset of a query text, the most fitting ones first; those that `check` has a rule against last.

    Args:
        text: the text, complete or not.
        offset: the place, 0-based; the part of a word before it selects the proposals that begin with it.
        schemas: returns the schema of each dataset by its url for the tree of a query; the key None is the default dataset.
    """
    place = place_at(text, offset)
    if not place.kinds:
        return []
    level = level_at(place, schemas)
    found = Verifier(place, level, schemas).verified(_typed(_proposals(place, level, schemas), place))
    unique: dict[tuple[str, str], Proposal] = {}
    for proposal in found:
        unique.setdefault((proposal.label, proposal.kind), proposal)
    return sorted(unique.values(), key=lambda proposal: bool(proposal.code))


def _proposals(place: Place, level: OpenSelect, schemas: Schemas) -> Iterator[Proposal]:
    """Yield all proposals at a place."""
    kinds = place.kinds
    if "STRING" in kinds and place.quote != '"':
        yield from values(place, level)
    if place.quote == "'":
        return
    if "NAME" in kinds:
        yield from names(place, level, [name for name in schemas(None) if name is not None])
    if place.quote:
        return
    if not place.tokens:
        columns = column_types(level)
        for snippet, text in snippets(columns):
            yield Proposal(snippet.label, "snippet", text, place.start, place.end, snippet.meaning)
    yield from keywords(place)


def _typed(proposals: Iterable[Proposal], place: Place) -> Iterator[Proposal]:
    """Yield the proposals that begin with the part of the word that is typed; snippets by the word that they begin with too."""
    typed = place.word.casefold()
    for proposal in proposals:
        if proposal.label.casefold().startswith(typed) or (
            proposal.kind == "snippet" and proposal.text.startswith(typed)
        ):
            yield proposal


def keywords(place: Place) -> Iterator[Proposal]:
    """Yield the keywords that the grammar allows at a place, each with those that have to follow it: ORDER BY."""
    kinds = place.kinds
    upper = _is_upper(place)
    previous = place.tokens[-1].kind if place.tokens else ""
    for kind, word in WORD_OF_TOKEN.items():
        if kind in kinds and not (kind == "ALL" and _is_function(place)):
            written = " ".join([word, *_following(place, kind)])
            keyword = BY_TOKEN.get(kind)
            text = written if upper else written.lower()
            detail = "" if keyword is None else keyword.meaning
            yield Proposal(text, "keyword", text, place.start, place.end, detail, _code(keyword, previous))


def _is_function(place: Place) -> bool:
    """Tell whether ALL is the name of a function at a place, which is proposed with the functions."""
    table, _ = parse_table()
    states = advanced(table, place.states, "ALL")
    return states is not None and allowed(tuple(states)) == {"LPAR"}


def _code(keyword: Keyword | None, previous: str) -> str:
    """Return the code of the rule against a keyword after a token."""
    if keyword is None or previous in keyword.unless:
        return ""
    return keyword.code


def _following(place: Place, kind: str) -> Iterator[str]:
    """Yield the keywords after a keyword that is followed by nothing else."""
    table, _ = parse_table()
    states = advanced(table, place.states, kind)
    while states:
        found = allowed(tuple(states))
        word = WORD_OF_TOKEN.get(next(iter(found))) if len(found) == 1 else None
        if word is None:
            return
        yield word
        states = advanced(table, states, next(iter(found)))


def _is_upper(place: Place) -> bool:
    """Tell whether keywords are written in capitals: as the word that is typed, or as the last keyword before it."""
    if place.word:
        return cased("a", place.word) == "A"
    written = [str(token.value) for token in place.tokens if token.kind in WORD_OF_TOKEN]
    return bool(written) and written[-1].isupper()
