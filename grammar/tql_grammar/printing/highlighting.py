"""Pygments lexer of TQL, registered as an entry point, based on the grammar's lexer and keywords."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from pygments.lexer import Lexer
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

from tql_grammar.functions import CATALOGUE
from tql_grammar.syntax.keywords import TOKEN_OF_WORD
from tql_grammar.syntax.lexer import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pygments.token import _TokenType

WORDS = {"TRUE", "FALSE", "NULL"}
PUNCTUATION = frozenset("(){}[],;.:?")
OF_KIND = {
    "COMMENT": Comment.Single,
    "VECTOR": Number.Float,
    "CHARACTER_VARYING": Keyword,
    "QUOTED": Name.Variable,
    "STRING": String.Single,
    "FLOAT": Number.Float,
    "INTEGER": Number.Integer,
    "UNKNOWN": Error,
}
OPENING = re.compile(r"[ \t\n]*\(")
CALLABLE = frozenset(name.upper() for name in CATALOGUE)


class TqlLexer(Lexer):
    """TQL, the Tensor Query Language of Deep Lake; characters that the engine does not read are error tokens."""

    name = "TQL"
    aliases: ClassVar[Sequence[str]] = ["tql"]
    filenames: ClassVar[Sequence[str]] = ["*.tql"]
    mimetypes: ClassVar[Sequence[str]] = ["text/x-tql"]
    url = "https://docs.deeplake.ai"

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Yield offset, type and text of each token, and of the blanks before it."""
        for match in TOKEN.finditer(text):
            start = match.start(match.lastgroup) if match.lastgroup else match.end()
            if match.start() < start:
                yield match.start(), Whitespace, text[match.start() : start]
            if match.lastgroup:
                yield start, _kind(match, text), match[match.lastgroup]


def _kind(match: re.Match[str], text: str) -> _TokenType:
    """Return the Pygments type of a token."""
    kind = str(match.lastgroup)
    word = match[kind]
    if kind == "NAME":
        return _word(word.upper(), called=OPENING.match(text, match.end()) is not None)
    if kind == "SYMBOL":
        return Punctuation if word in PUNCTUATION else Operator
    return OF_KIND[kind]


def _word(word: str, *, called: bool) -> _TokenType:
    """Return the Pygments type of a word."""
    if word in WORDS:
        return Keyword.Constant
    if word in TOKEN_OF_WORD:
        return Keyword
    if called:
        return Name.Function if word in CALLABLE else Name
    return Name
