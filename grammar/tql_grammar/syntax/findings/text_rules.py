"""Places where the engine reads another text than the one that is written: the family ``TQL0xx``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.diagnostic import Diagnostic
from tql_grammar.syntax import lexer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tql_grammar.syntax.lexer import Token

LAST_ASCII = "\x7f"
INTEGERS = frozenset({"INTEGER", "INVALID"})


class TextRule(NamedTuple):
    """
    One way in which the engine reads another text.

    Attributes:
        code: ``TQL0xx``.
        title: what it is, in a few words.
        message: what the engine does; ``{}`` stands for the place as written.
        hint: what to write instead.
        example: the smallest text that shows it.
    """

    code: str
    title: str
    message: str
    hint: str
    example: str


UNKNOWN = TextRule(
    "TQL001",
    "unknown character",
    "{} is no part of TQL: the engine stops reading here and silently drops the rest of the query",
    "conditions are joined with AND and OR, comments begin with --, parameters are written ?",
    "select id from t where id > 15 & id < 17",
)
RETURN = TextRule(
    "TQL002",
    "carriage return",
    "a carriage return: the engine stops reading here and silently drops the rest of the query",
    "end lines with a newline alone (LF, not CRLF)",
    "select id from t where id > 15\r\nand id < 17",
)
SWALLOWED = TextRule(
    "TQL003",
    "line swallowed by a comment",
    "this line belongs to the comment above for the engine, because it begins with a blank or follows an empty line: it is silently dropped",
    "begin the line after a comment in its first column, with no empty line between",
    "select id from t -- c\n where id = 3",
)
NUL = TextRule(
    "TQL004",
    "NUL character",
    "a NUL character: the engine stops reading here and silently drops the rest of the query",
    "remove it",
    "select id from t where id > 15 \0 and id < 17",
)
UNCLOSED = TextRule(
    "TQL005",
    "unclosed quote",
    "{} opens a quote that does not close: the engine stops reading here and silently drops the rest of the query",
    "close it; a quote inside a text is doubled ('it''s'), and a name in double quotes takes at least one character and no newline",
    "select id from t where id > 15 and name = 'x",
)
OCTAL = TextRule(
    "TQL006",
    "octal number",
    "{} begins with 0, so the engine reads it as an octal number: {}",
    "write it without the leading 0",
    "select id from t where id = 010",
)
UNDERSCORE = TextRule(
    "TQL007",
    "underscore that begins a name or parts a number",
    "an underscore cannot stand here: the engine stops reading and silently drops the rest of the query",
    'put a name that begins with an underscore in double quotes ("_id"), and write numbers without underscores',
    "select id from t where id > 1_000",
)
NOT_ASCII = TextRule(
    "TQL008",
    "character outside ASCII, outside of quotes",
    "{} is outside ASCII and outside of quotes: the engine stops reading here and silently drops the rest of the query",
    "put names with such characters in double quotes, and replace typographic quotes, dashes and blanks by plain ones",
    "select id from t where id > 15 \u2013 2",
)

RULES = (UNKNOWN, RETURN, SWALLOWED, NUL, UNCLOSED, OCTAL, UNDERSCORE, NOT_ASCII)
OF_CHARACTER = {"\r": RETURN, "'": UNCLOSED, '"': UNCLOSED, "_": UNDERSCORE}
# What a character was probably meant to be; all others have the hint of their rule.
HINTS = {
    "&": "join conditions with AND",
    "!": "write != without a blank, or NOT",
    "#": "begin a comment with --",
    "`": 'put names in double quotes: "order"',
    "$": "a parameter is written ?, and the builder has param(name)",
    "@": "a parameter is written ?, and the builder has param(name)",
    "\\": "a quote inside a text is doubled, not escaped: 'it''s'",
    **dict.fromkeys("\u2018\u2019\u201a\u2032", "replace the typographic quote by a plain one: '"),
    **dict.fromkeys("\u201c\u201d\u201e\u2033", "texts stand in plain single quotes, names in plain double quotes"),
    **dict.fromkeys("\u2013\u2014\u2212", "replace the typographic dash by a plain one: -"),
    **dict.fromkeys("\u00a0\u200b\u2009\u202f\ufeff", "replace the blank by a plain one: this one looks the same"),
}


def findings(text: str, tokens: Sequence[Token]) -> Iterator[Diagnostic]:
    """Yield the places at which the engine reads another text, in the order of the text; the spans are what is lost or misread."""
    found = [_octal(text, token) for token in tokens if token.kind in INTEGERS and _is_octal(text, token)]
    for start, end in lexer.comments(text, tokens):
        found += _swallowed(text, start, end)
    yield from sorted(found, key=lambda diagnostic: diagnostic.start)
    stop = tokens[-1].start
    if stop < len(text):
        yield _diagnostic(text, NUL if text[stop] == "\0" else _rule_of(text[stop]), stop, len(text))


def _rule_of(character: str) -> TextRule:
    """Return why the engine stops at a character."""
    return OF_CHARACTER.get(character, NOT_ASCII if character > LAST_ASCII else UNKNOWN)


def _swallowed(text: str, start: int, end: int) -> Iterator[Diagnostic]:
    """Yield the lines of a comment that do not look like comments."""
    at = start
    for line in text[start:end].split("\n"):
        written = line.strip(" \t")
        if written and not written.startswith("--"):
            first = at + line.index(written)
            yield _diagnostic(text, SWALLOWED, first, first + len(written))
        at += len(line) + 1


def _is_octal(text: str, token: Token) -> bool:
    """Tell whether a number is read as an octal one, with another value."""
    if text[token.start] != "0" or token.end == token.start + 1:
        return False
    return text[token.start : token.end].strip("0") != (str(token.value) if token.value else "")


def _octal(text: str, token: Token) -> Diagnostic:
    """Return the finding about an octal number."""
    return _diagnostic(text, OCTAL, token.start, token.end, str(token.value))


def _diagnostic(text: str, rule: TextRule, start: int, end: int, *more: str) -> Diagnostic:
    """Return the finding of a rule."""
    shown = text[start:end] if more else text[start]
    hint = HINTS.get(text[start], rule.hint)
    return Diagnostic.at(text, start, end, rule.code, "error", rule.message.format(f"`{shown}`", *more), hint)
