"""Lexer of query texts, exact to the engine's: tokens, comments, and the place where the engine silently stops reading."""

from __future__ import annotations

import functools
import math
import re
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.syntax.keywords import SYMBOLS, TOKEN_OF_WORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Reader = Callable[[str, int, int], "Token"]

# The kind of the end of the text.
STOP = "$END"
LARGEST_INTEGER = 2**63 - 1
SMALLEST_INTEGER = "-9223372036854775808"

BLANKS = " \t\n"
# A comment ends at a newline, unless a blank or another newline follows: then it includes the next line.
# It also includes the next line if only blanks follow the dashes.
# The engine reads CHARACTER VARYING in two lines as a token where the content of a comment begins with it: no rest of a line is longer. The comment goes on after it.
#
# No pattern has a possessive quantifier or an atomic group: `re` of Python before 3.11.5 misreads them around other repetitions.
# Matching is still linear: each pattern matches in one way only, and its last part never fails, or fails at once.
IN_COMMENT = r"(?ai:character)[ \t]*\n[ \t\n]*(?ai:varying)"
CONTENT = rf"(?:(?={IN_COMMENT})|[^\n]*)"
CONTENTS = rf"(?:[ \t]+\n[ \t\n]*{CONTENT}|{CONTENT})(?:\n[ \t\n]+{CONTENT})*"
COMMENT = rf"--{CONTENTS}(?P<IN_COMMENT>{IN_COMMENT}{CONTENTS})*\n?"
FLOAT = r"[0-9]+\.[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+"
# Two quotes are one quote of the string, so a string ends at a quote that no other quote follows.
STRING = "'[^']*(?:''[^']*)*'(?!')"
# Elements with blanks after the sign, octal integers, ``-0`` in a list that is not JSON, and integers near 64 bits are parsed one by one.
ELEMENT = rf"[ \t\n]*(?:(?!{SMALLEST_INTEGER})-?(?:{FLOAT}|[1-9][0-9]{{0,17}})|0)[ \t\n]*"
# The end is optional, so a list with another element does not backtrack; group 1 matches if all elements are plain.
ELEMENTS = re.compile(rf"\[{ELEMENT}(?:,{ELEMENT})*(\]\Z)?")
# Below this, JSON parses numbers as the engine does; the integer ``-0`` is 0 in both.
LARGEST_IN_JSON = 1e17
LONGEST_KEPT = 100_000
# Lists up to this length are parsed without orjson, whose import takes longer.
LONGEST_SHORT = 200

TOKEN = re.compile(
    rf"""
      [ \t\n]*
    (?:
      (?P<VECTOR>(?ai:array)[ \t\n]*\[[-+.,0-9eE \t\n]+\])
    | (?P<CHARACTER_VARYING>(?ai:character)[ \t\n]+(?ai:varying))
    | (?P<NAME>[A-Za-z][A-Za-z0-9_]*)
    | (?P<QUOTED>"[^"\n]+")
    | (?P<STRING>{STRING})
    | (?P<FLOAT>{FLOAT})
    | (?P<INTEGER>[0-9]+|{SMALLEST_INTEGER})
    | (?P<COMMENT>{COMMENT})
    | (?P<SYMBOL>==|!=|<>|<=|>=|\|\||[-+*/(){{}},.;<>=^%:?\[\]|])
    | (?P<UNKNOWN>.)
    | \Z
    )
    """.replace("[ \\t\\n]", r"[\x20\t\n]")
    .replace("[ \\t]", r"[\x20\t]")
    .replace("eE \\t", r"eE\x20\t"),
    re.VERBOSE | re.DOTALL,
)
COMMENTS = re.compile(COMMENT)
TOKENS_IN_COMMENT = re.compile(rf"{CONTENTS}(?P<token>{IN_COMMENT})?")


class Token(NamedTuple):
    """
    One token.

    Attributes:
        kind: its name in the grammar, `STOP`, or ``INVALID`` for an integer that the engine rejects.
        value: the name, the string, the number, or the text as written.
        start: 0-based character offset.
        end: 0-based, exclusive.
        mark: the offset that the engine reports when it does not expect the token; for a string that of its closing quote.
    """

    kind: str
    value: object
    start: int
    end: int
    mark: int


def kind_at(found: Sequence[Token], index: int) -> str:
    """Return the kind of the token at an index; "" where there is none."""
    return found[index].kind if 0 <= index < len(found) else ""


def cut_at_nul(text: str) -> str:
    """Return the part of *text* before a NUL, the part that the engine receives."""
    return text.partition("\0")[0]


class Plain(str):
    """The text of an ARRAY of plain numbers, with the numbers."""

    __slots__ = ("numbers",)
    numbers: list[float]


def tokens(text: str, *, whole_vectors: bool = True) -> list[Token]:
    """
    Return the tokens that the engine reads, then `STOP`, which starts where the engine stops reading.

    Args:
        text: any text without NUL.
        whole_vectors: whether an ARRAY of plain numbers is one token.
    """
    found: list[Token] = []
    matches = TOKEN.finditer(text)
    while match := next(matches, None):
        kind = match.lastgroup
        if kind is None:
            continue
        start, end = match.span(kind)
        word = match[kind]
        if kind == "NAME":
            found.append(Token(TOKEN_OF_WORD.get(word.upper(), "NAME"), word, start, end, start))
        elif kind == "SYMBOL":
            found.append(Token(SYMBOLS[word], word, start, end, start))
        elif kind == "VECTOR":
            token = _vector(word, start, end) if whole_vectors else _array(word, start)
            if token.kind == "ARRAY":
                matches = TOKEN.finditer(text, token.end)
            found.append(token)
        elif kind == "COMMENT":
            found += in_comment(text, start, end)
        elif kind == "UNKNOWN":
            found.append(Token(STOP, "", start, start, start))
            return found
        else:
            found.append(_READERS[kind](word, start, end))
    found.append(Token(STOP, "", len(text), len(text), len(text)))
    return found


def comments(text: str, read: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each comment between tokens of a text; a comment may have a token inside, see `in_comment`."""
    before, last = 0, read[-1].start
    for token in read:
        while (start := text.find("--", before, token.start)) >= 0:
            before = COMMENTS.match(text, start, last).end()  # type: ignore[union-attr]  # it begins with dashes
            yield start, before
        before = max(before, token.end)


def in_comment(text: str, start: int, end: int) -> list[Token]:
    """Return the tokens that the engine reads inside a comment: CHARACTER VARYING in two lines, at the start of its content."""
    found: list[Token] = []
    at = start + len("--")
    while (match := TOKENS_IN_COMMENT.match(text, at, end)) and match["token"]:
        begin, at = match.span("token")
        found.append(Token("CHARACTER_VARYING", match["token"], begin, at, begin))
    return found


def numbers(written: str) -> list[float] | None:
    """Return the numbers of a list in brackets as float64, or None if the engine reads an element differently from its text."""
    return _kept_numbers(written) if len(written) <= LONGEST_KEPT else _numbers(written)


def _numbers(written: str) -> list[float] | None:
    """Parse a long list as JSON, which is faster, and a short one, or one where JSON could differ, number by number."""
    found = _json(written) if len(written) > LONGEST_SHORT else []
    if found and math.hypot(*found) < LARGEST_IN_JSON:
        return found
    plain = ELEMENTS.match(written)
    return [float(number) for number in written[1:-1].split(",")] if plain and plain[1] else None


def _json(written: str) -> list[float]:
    """Return the numbers of a list that is JSON, or no numbers."""
    import orjson

    try:
        found: list[float] = orjson.loads(written)
    except orjson.JSONDecodeError:
        return []
    return found


# A query is scanned twice in a row: for its cache key, and for its tokens.
_kept_numbers = functools.lru_cache(maxsize=4)(_numbers)


def _vector(word: str, start: int, end: int) -> Token:
    """Return an array of plain numbers as one token, or the word ARRAY before any other list."""
    found = numbers(word[word.index("[") :])
    if found is None:
        return _array(word, start)
    plain = Plain(word)
    plain.numbers = found
    return Token("VECTOR", plain, start, end, start)


def _array(word: str, start: int) -> Token:
    """Return the word ARRAY before a list whose elements are tokens of their own."""
    name = word[: len("array")]
    return Token("ARRAY", name, start, start + len(name), start)


def _quoted(word: str, start: int, end: int) -> Token:
    """Return a name between double quotes."""
    return Token("NAME", word[1:-1], start, end, start)


def _string(word: str, start: int, end: int) -> Token:
    """Return a string without its quotes."""
    return Token("STRING", word[1:-1].replace("''", "'"), start, end, end - 1)


def _float(word: str, start: int, end: int) -> Token:
    """Return a float64."""
    return Token("FLOAT", float(word), start, end, start)


def _integer(word: str, start: int, end: int) -> Token:
    """Return an int64, or an ``INVALID`` token for an integer that does not fit."""
    value = integer(word)
    fits = word == SMALLEST_INTEGER or value <= LARGEST_INTEGER
    return Token("INTEGER" if fits else "INVALID", value, start, end, start)


def _as_written(kind: str) -> Reader:
    """Return a reader of tokens whose value is their text."""
    return lambda word, start, end: Token(kind, word, start, end, start)


def integer(word: str) -> int:
    """Return an integer as the engine reads it: a leading 0 makes it octal, up to the first digit that is not octal."""
    if word[0] == "0":
        octal = re.match("[0-7]+", word)
        return int(octal.group(), 8) if octal else 0
    return int(word) if len(word) <= len(SMALLEST_INTEGER) else LARGEST_INTEGER + 1


_READERS: dict[str, Reader] = {
    "QUOTED": _quoted,
    "STRING": _string,
    "FLOAT": _float,
    "INTEGER": _integer,
    "CHARACTER_VARYING": _as_written("CHARACTER_VARYING"),
}
