"""Know how the engine cuts a text into tokens, where it silently stops reading, and what it takes for a comment."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.automaton import STOP
from tql_grammar.keywords import SYMBOLS, TOKEN_OF_WORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Reader = Callable[[str, int, int], "Token"]

LARGEST_INTEGER = 2**63 - 1
SMALLEST_INTEGER = "-9223372036854775808"

BLANKS = " \t\n"
# A comment ends at a newline, but not at one that is followed by a blank or by another newline: then it goes on through the next line.
# Blanks up to the end of the line right after the dashes do the same.
COMMENT = r"--(?:[ \t]++\n[ \t\n]*+[^\n]*+|[^\n]*+)(?:\n[ \t\n]++[^\n]*+)*+\n?+"
FLOAT = r"[0-9]++\.[0-9]*+(?:[eE][+-]?[0-9]++)?|\.[0-9]++(?:[eE][+-]?[0-9]++)?|[0-9]++[eE][+-]?[0-9]++"
# Elements with blanks after the sign, octal ones, ``-0`` (whose sign is lost), and those near the limits of 64 bits are read one by one.
ELEMENT = rf"[ \t\n]*+(?:-(?!{SMALLEST_INTEGER[1:]}))?(?:{FLOAT}|(?<!-)0|[1-9][0-9]{{0,17}})[ \t\n]*+"
VECTOR = rf"(?i:array)[ \t\n]*+\[(?>{ELEMENT})(?:,(?>{ELEMENT}))*+\]"

TOKEN = re.compile(
    rf"""
      [ \t\n]++
    | {COMMENT}
    | (?P<VECTOR>{VECTOR})
    | (?P<CHARACTER_VARYING>(?i:character)[ \t]+(?i:varying))
    | (?P<NAME>[A-Za-z][A-Za-z0-9_]*+)
    | (?P<QUOTED>"[^"\n]++")
    | (?P<STRING>'(?:[^']++|'')*+')
    | (?P<FLOAT>{FLOAT})
    | (?P<INTEGER>[0-9]++|{SMALLEST_INTEGER})
    | (?P<SYMBOL>==|!=|<>|<=|>=|\|\||[-+*/(){{}},.;<>=^%:?\[\]|])
    | (?P<UNKNOWN>.)
    """.replace("[ \\t\\n]", r"[\x20\t\n]").replace("[ \\t]", r"[\x20\t]"),
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """
    One token.

    Attributes:
        kind: its name in the grammar, or `STOP`, or ``INVALID`` for what the engine reads as a token of no kind.
        value: the name, the text of the string, the number, or the text as written.
        start: 0-based character offset.
        end: 0-based, exclusive.
        mark: where the engine says the token is; for a string its closing quote.
    """

    kind: str
    value: object
    start: int
    end: int
    mark: int


def cut_at_nul(text: str) -> str:
    """Return what the engine gets to see of *text*: it ends at a NUL."""
    return text.partition("\0")[0]


def tokens(text: str, *, whole_vectors: bool = True) -> Iterator[Token]:
    """
    Yield the tokens that the engine reads, then `STOP`, which starts where the engine stops reading.

    Args:
        text: any text without NUL.
        whole_vectors: whether an ARRAY of plain numbers is one token.
    """
    pattern = TOKEN if whole_vectors else _without_vectors()
    for match in pattern.finditer(text):
        kind = match.lastgroup
        if kind is None:
            continue
        start, end = match.span()
        if kind == "NAME":
            word = match.group()
            yield Token(TOKEN_OF_WORD.get(word.upper(), "NAME"), word, start, end, start)
        elif kind == "SYMBOL":
            word = match.group()
            yield Token(SYMBOLS[word], word, start, end, start)
        elif kind == "UNKNOWN":
            yield Token(STOP, "", start, start, start)
            return
        else:
            yield _READERS[kind](match.group(), start, end)
    yield Token(STOP, "", len(text), len(text), len(text))


def pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and kind of each comment (``COMMENT``) and integer as written, up to `STOP`, where the engine stops reading."""
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "UNKNOWN":
            yield match.start(), match.start(), STOP
            return
        if kind == "INTEGER":
            yield *match.span(), kind
        elif kind is None and text.startswith("--", match.start()):
            yield *match.span(), "COMMENT"
    yield len(text), len(text), STOP


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
    """Return an int64, or a token of no kind where it does not fit."""
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
    "VECTOR": _as_written("VECTOR"),
    "CHARACTER_VARYING": _as_written("CHARACTER_VARYING"),
}


@functools.cache
def _without_vectors() -> re.Pattern[str]:
    """Return the pattern of tokens that knows no vectors."""
    return re.compile(TOKEN.pattern.replace("(?P<VECTOR>", "(?P<VECTOR>(?!)"), TOKEN.flags)
