"""Findings where the engine does not read the whole query text, or misreads it: the family ``TQL0xx``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.diagnostic import Diagnostic
from tql_grammar.syntax import lexer
from tql_grammar.syntax.findings.place import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tql_grammar.syntax.lexer import Token

LAST_ASCII = "\x7f"
INTEGERS = frozenset({"INTEGER", "INVALID"})


class TextRule(NamedTuple):
    """
    One way in which the engine misreads a query text.

    Attributes:
        code: ``TQL0xx``.
        title: a noun phrase for the mistake.
        message: the effect in the engine; ``{}`` is replaced by the text of the finding.
        hint: the remedy.
        example: a minimal query with the mistake.
        meant: the right form of the example.
    """

    code: str
    title: str
    message: str
    hint: str
    example: str
    meant: str


UNKNOWN = TextRule(
    "TQL001",
    "unknown character",
    "{} is not part of TQL: the engine stops reading here and silently drops the rest of the query",
    "join conditions with AND and OR, begin comments with --, and write parameters as ?",
    "select id from t where id > 15 & id < 17",
    "select id from t where id > 15 and id < 17",
)
RETURN = TextRule(
    "TQL002",
    "carriage return",
    "this is a carriage return: the engine stops reading here and silently drops the rest of the query",
    "end lines with a newline only (LF, not CRLF)",
    "select id from t where id > 15\r\nand id < 17",
    "select id from t where id > 15\nand id < 17",
)
IN_COMMENT = TextRule(
    "TQL003",
    "line that the engine reads as a comment",
    "the engine treats this line as part of the comment above and ignores it, because it starts with a space or a tab, or follows an empty line",
    "start the line after a comment in the first column, with no empty line between",
    "select id from t -- c\n where id = 3",
    "select id from t -- c\nwhere id = 3",
)
NUL = TextRule(
    "TQL004",
    "NUL character",
    "this is a NUL character: the engine stops reading here and silently drops the rest of the query",
    "remove it",
    "select id from t where id > 15 \0 and id < 17",
    "select id from t where id > 15 and id < 17",
)
UNCLOSED = TextRule(
    "TQL005",
    "unclosed quote",
    "{} opens a quote that is never closed: the engine stops reading here and silently drops the rest of the query",
    "close it; inside a string a quote is doubled ('it''s'), and a name in double quotes has at least one character and no newline",
    "select id from t where id > 15 and name = 'x",
    "select id from t where id > 15 and name = 'x'",
)
OCTAL = TextRule(
    "TQL006",
    "octal number",
    "{} begins with 0, so the engine reads it as an octal number: {}",
    "write it without the leading 0",
    "select id from t where id = 010",
    "select id from t where id = 10",
)
UNDERSCORE = TextRule(
    "TQL007",
    "underscore at the start of a name or inside a number",
    "an underscore is not allowed here: the engine stops reading and silently drops the rest of the query",
    'put a name that begins with an underscore in double quotes ("_id"), and write numbers without underscores',
    "select id from t where id > 1_000",
    "select id from t where id > 1000",
)
NOT_ASCII = TextRule(
    "TQL008",
    "character outside ASCII, outside of quotes",
    "{} is outside ASCII and outside of quotes: the engine stops reading here and silently drops the rest of the query",
    "put names with such characters in double quotes, and replace typographic quotes, dashes and blanks with plain ones",
    "select id from t where id > 15 \u2013 2",
    "select id from t where id > 15 - 2",
)
BYTE_ORDER_MARK = TextRule(
    "TQL009",
    "byte order mark",
    "the text begins with a byte order mark (U+FEFF): the engine stops reading here and silently drops the whole query",
    "save the file as UTF-8 without a byte order mark; `tql fix` removes it",
    "\ufeffselect id from t",
    "select id from t",
)
SPLIT_TYPE = TextRule(
    "TQL010",
    "type in two lines at the start of a comment",
    "the engine reads `character varying` as a part of the query, although it is in a comment: the comment begins with it, and it continues in the next line",
    "write a blank after the dashes, or put both words in one line",
    "select cast(a as --character\nvarying (4)\n(9)) as x from t",
    "select cast(a as -- character varying (4)\ncharacter varying (9)) as x from t",
)

RULES = (UNKNOWN, RETURN, IN_COMMENT, NUL, UNCLOSED, OCTAL, UNDERSCORE, NOT_ASCII, BYTE_ORDER_MARK, SPLIT_TYPE)
OF_CHARACTER = {"\r": RETURN, "'": UNCLOSED, '"': UNCLOSED, "_": UNDERSCORE}
# The hints for characters with a probable intention; any other character has the hint of its rule.
HINTS = {
    "&": "join conditions with AND",
    "!": "write != without a blank, or NOT",
    "#": "begin a comment with --",
    "`": 'put names in double quotes: "order"',
    "$": "a parameter is written ?, and the builder has param(name)",
    "@": "a parameter is written ?, and the builder has param(name)",
    "\\": "inside a string a quote is doubled, not escaped: 'it''s'",
    **dict.fromkeys("\u2018\u2019\u201a\u2032", "replace the typographic quote with a plain one: '"),
    **dict.fromkeys(
        "\u201c\u201d\u201e\u2033", "write strings in plain single quotes, and names in plain double quotes"
    ),
    **dict.fromkeys("\u2013\u2014\u2212", "replace the typographic dash with a plain one: -"),
    **dict.fromkeys(
        "\u00a0\u200b\u2009\u202f\ufeff", "replace this character, which only looks like a space, with a plain blank"
    ),
}

MATCHES = (
    "write LIKE '.*regex.*': the pattern is a regular expression of RE2 for the whole text; ILIKE ignores the case"
)
# The hints for operators of PostgreSQL, of several characters or by their first one.
OPERATORS = {
    "@>": "write contains(column, value), and join several with AND",
    "~": MATCHES,
    "!~": f"{MATCHES}; NOT comes before the whole condition",
}


def findings(text: str, tokens: Sequence[Token]) -> Iterator[Diagnostic]:
    """Yield the findings in the order of the text; their spans are the characters that the engine ignores or misreads."""
    found = [_octal(text, token) for token in tokens if token.kind in INTEGERS and _is_octal(text, token)]
    for start, end in lexer.comments(text, tokens):
        found += _in_comment(text, start, end)
    yield from sorted(found, key=lambda diagnostic: diagnostic.start)
    stop = tokens[-1].start
    if stop < len(text):
        yield _diagnostic(text, _rule_at(text, stop), stop, len(text))


def _rule_at(text: str, stop: int) -> TextRule:
    """Return the rule that explains why the engine stops at an offset."""
    character = text[stop]
    if character == "\0":
        return NUL
    if character == "\ufeff" and stop == 0:
        return BYTE_ORDER_MARK
    return OF_CHARACTER.get(character, NOT_ASCII if character > LAST_ASCII else UNKNOWN)


def _in_comment(text: str, start: int, end: int) -> Iterator[Diagnostic]:
    """Yield the tokens inside a comment, and its lines that do not begin with dashes."""
    for token in lexer.in_comment(text, start, end):
        yield _diagnostic(text, SPLIT_TYPE, token.start, token.end)
        yield from _lines_in_comment(text, start, token.start)
        start = token.end
    yield from _lines_in_comment(text, start, end)


def _lines_in_comment(text: str, start: int, end: int) -> Iterator[Diagnostic]:
    """Yield the lines of a part of a comment that do not begin with dashes; its first line is the rest of a line that does, or that a token begins."""
    at = start
    for number, line in enumerate(text[start:end].split("\n")):
        written = line.strip(" \t")
        if number and written and not written.startswith("--"):
            first = at + line.index(written)
            yield _diagnostic(text, IN_COMMENT, first, first + len(written))
        at += len(line) + 1


def _is_octal(text: str, token: Token) -> bool:
    """Tell whether the engine reads a number as octal, with another value than in decimal."""
    if text[token.start] != "0" or token.end == token.start + 1:
        return False
    return text[token.start : token.end].strip("0") != (str(token.value) if token.value else "")


def _octal(text: str, token: Token) -> Diagnostic:
    """Return the finding about an octal number."""
    return _diagnostic(text, OCTAL, token.start, token.end, str(token.value))


def _diagnostic(text: str, rule: TextRule, start: int, end: int, *more: str) -> Diagnostic:
    """Return the finding of a rule."""
    shown = text[start:end] if more else text[start]
    hint = rule.hint if rule is BYTE_ORDER_MARK else _hint(text, start, rule)
    return Diagnostic.at(text, start, end, rule.code, "error", rule.message.format(f"`{shown}`", *more), hint)


def _hint(text: str, start: int, rule: TextRule) -> str:
    """Return the hint for a character, by those around it."""
    if text[start] == "#" and text[start - 1 : start] == "<":
        return postgres("order by cosine_similarity(embedding, ARRAY[..]) desc limit 10, in place of <#>")
    if text[start] == "$" and text[start + 1 : start + 2].isdecimal():
        return postgres("? as a parameter, with values in order, in place of $1; the builder has param(name)")
    of_operator = (hint for sign, hint in OPERATORS.items() if text.startswith(sign, start))
    return next(of_operator, HINTS.get(text[start], rule.hint))
