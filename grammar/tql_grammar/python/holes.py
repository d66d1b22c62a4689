"""Findings about a text with interpolated values: those that hold whatever the values are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.python.values import HOLE
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tql_grammar.diagnostic import Diagnostic

    Check = Callable[[str], list[Diagnostic]]
    Key = tuple[str, int, int]

# What a value may be outside of quotes; the first that the grammar allows is the base, the others are variations.
OUTSIDE = (
    "1", "10", "z", "y", "'z'", "z = 1", "'z', 'y'", "1, 2, 3", "*", "z, y", "z desc", "z limit 1", "z.y", "ARRAY[1, 2]", "",
    "where z = 1", "and z = 1", "order by z", "limit 1", "offset 1", "asc", "desc", "group by z", "not", "distinct",
    "where", "and", "or", "order by", "limit", ",", "=", "like", "as", "from", "from z", "(", ")", "select z from z", "select z from z where",
)  # fmt: skip
# What a value is after an operator.
OPERANDS = (*OUTSIDE[: OUTSIDE.index("*")], "z, y", "z.y", "ARRAY[1, 2]")
OPERAND = re.compile(r"(?:[=<>,(\[+*/-]|\b(?:like|limit|offset|by|and|or|where|between|in|select))\s*\Z", re.IGNORECASE)
# What a value may be in quotes: dates and intervals have strings of their own.
INSIDE = ("z", "y x", "", "10", "2020-01-01", "3 days")
# The most holes whose values are varied.
MOST_HOLES = 12
SCAN = re.compile(r"'(?:[^']|'')*'?|\"[^\"]*\"?|--[^\n]*|[\s\S]")
WORD_END = re.compile(r"[\w.]*\Z")


class Filled(NamedTuple):
    """A text with a value in each hole, the index of the character that each of its characters comes from, and the length of the text with holes."""

    text: str
    places: tuple[int, ...]
    length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return a span of this text as indices into the characters with holes."""
        last = len(self.places) - 1
        first = self.places[min(start, last)]
        return first, max(first, self.places[min(max(end - 1, start), last)]) + 1


def findings(text: str, check: Check) -> list[Diagnostic]:
    """
    Return the findings about a text, with positions as indices into it.

    Args:
        text: the text, with a NUL for each interpolated value.
        check: the check of one query text.
    """
    holes = [index for index, character in enumerate(text) if character == HOLE]
    if not holes:
        return check(text)
    base: list[str] = []
    others: list[list[str]] = []
    quoted = _quoted(text)
    for number, hole in enumerate(holes):
        allowed = _allowed(text, holes, number, base, quoted)
        if not allowed:
            return _failure(text, hole, base, check, INSIDE if hole in quoted else OUTSIDE)
        base.append(allowed[0])
        others.append(allowed[1:])
    return list(_certain(text, base, others, check))


def _certain(text: str, base: list[str], others: list[list[str]], check: Check) -> Iterator[Diagnostic]:
    """Yield the findings that all values of each hole have."""
    filled = _fill(text, base)
    found = dict(_keyed(filled, check(filled.text)))
    for number, values in enumerate(others[:MOST_HOLES]):
        for value in values:
            filled = _fill(text, [*base[:number], value, *base[number + 1 :]])
            if found and _parses(filled.text):
                same = {(key, finding.message) for key, finding in _keyed(filled, check(filled.text))}
                found = {key: finding for key, finding in found.items() if (key, finding.message) in same}
    for (_, start, end), finding in found.items():
        if text[start:end].strip(HOLE):
            yield finding.replace(start=start, end=end)


def _keyed(filled: Filled, found: Iterable[Diagnostic]) -> Iterator[tuple[Key, Diagnostic]]:
    """Yield findings with their codes and their places in the text with holes."""
    for finding in found:
        start, end = filled.span(finding.start, finding.end)
        to_the_end = finding.end >= len(filled.text)
        yield (finding.code, start, filled.length if to_the_end else end), finding


def _allowed(text: str, holes: Sequence[int], number: int, base: Sequence[str], quoted: dict[int, int]) -> list[str]:
    """Return the values that the grammar allows in a hole, after the base of those before it and before the next one."""
    hole = holes[number]
    end = _horizon(text, holes, number, quoted)
    is_last = end == len(text)
    candidates = INSIDE if hole in quoted else OUTSIDE
    allowed = []
    for value in candidates:
        inside = sum(hole < other < end for other in holes)
        filled = _fill(text[:end], [*base, value, *[value] * inside]).text
        if _parses(filled) if is_last else _goes_on(filled):
            allowed.append(value)
    return allowed


def _horizon(text: str, holes: Sequence[int], number: int, quoted: dict[int, int]) -> int:
    """Return the offset up to which a text is known if all holes up to one of them are filled: that of the token with the next hole."""
    here = quoted.get(holes[number], -1)
    for hole in holes[number + 1 :]:
        token = quoted.get(hole, -1)
        if token == here != -1:
            continue
        if token != -1:
            return token
        glued = WORD_END.search(text, 0, hole)
        return hole if glued is None else max(glued.start(), holes[number] + 1)
    return len(text)


def _failure(text: str, hole: int, base: Sequence[str], check: Check, candidates: Sequence[str]) -> list[Diagnostic]:
    """Return the findings about a text that no value of a hole makes a query: the error before it, or the same one after it."""
    filled = _fill(text[:hole], base)
    if filled.text and not _goes_on(filled.text):
        return [finding.replace(start=key[1], end=key[2]) for key, finding in _keyed(filled, check(filled.text))]
    failures = list(_failures(text, hole, base, check, candidates))
    common = set.intersection(*map(set, failures)) if failures else set()
    following = text.find(HOLE, hole + 1)
    limit = len(text) if following < 0 else following
    return [failures[0][key].replace(start=key[1], end=key[2]) for key in common if hole < key[1] and key[2] <= limit]


def _failures(
    text: str, hole: int, base: Sequence[str], check: Check, candidates: Sequence[str]
) -> Iterator[dict[Key, Diagnostic]]:
    """Yield the syntax errors for each value of a hole that the grammar allows after the text before it."""
    rest = text[hole + 1 :].replace(HOLE, "z")
    is_operand = candidates is OUTSIDE and OPERAND.search(text[:hole]) is not None
    for value in OPERANDS if is_operand else candidates:
        if _goes_on(_fill(text[: hole + 1], [*base, value]).text):
            filled = _fill(text[: hole + 1] + rest, [*base, value])
            yield {key: finding for key, finding in _keyed(filled, check(filled.text)) if finding.code < "TQL2"}


def _goes_on(text: str) -> bool:
    """Tell whether a text is a query, or the beginning of one."""
    result = read(text)
    return result.parses or not result.unexpected


def _parses(text: str) -> bool:
    """Tell whether the engine's parser accepts a text."""
    return read(text).parses


def _fill(text: str, values: Sequence[str]) -> Filled:
    """Return a text with its holes filled."""
    rest = iter(values)
    written = [next(rest, "") if character == HOLE else character for character in text]
    places = tuple(index for index, part in enumerate(written) for _ in part)
    return Filled("".join(written), places or (0,), len(text))


def _quoted(text: str) -> dict[int, int]:
    """Return the holes inside of strings, quoted names and comments, each with the offset where that token begins."""
    tokens = (match for match in SCAN.finditer(text) if len(match.group()) > 1)
    return {
        match.start() + offset: match.start()
        for match in tokens
        for offset, character in enumerate(match.group())
        if character == HOLE
    }
