"""Know which colour each part of a text has: a lexer for Pygments, which finds it by its entry point, made of the grammar's own lexer and keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pygments.lexer import Lexer
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

from tql_grammar.functions import CATALOGUE
from tql_grammar.keywords import TOKEN_OF_WORD
from tql_grammar.lexer import TOKEN

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from pygments.token import _TokenType

WORDS = {"TRUE", "FALSE", "NULL"}
PUNCTUATION = frozenset("(){}[],;.:?")
OF_KIND = {
    "VECTOR": Number.Float,
    "CHARACTER_VARYING": Keyword,
    "QUOTED": Name.Variable,
    "STRING": String.Single,
    "FLOAT": Number.Float,
    "INTEGER": Number.Integer,
    "UNKNOWN": Error,
}
CALLABLE = frozenset(name.upper() for name in CATALOGUE)


class TqlLexer(Lexer):
    """TQL, the Tensor Query Language of Deep Lake; what the engine does not read is an error."""

    name = "TQL"
    aliases: ClassVar[Sequence[str]] = ["tql"]
    filenames: ClassVar[Sequence[str]] = ["*.tql"]
    mimetypes: ClassVar[Sequence[str]] = ["text/x-tql"]
    url = "https://docs.deeplake.ai"

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Yield place, kind and text of each token."""
        for match in TOKEN.finditer(text):
            yield match.start(), _kind(match, text), match.group()


def _kind(match: re.Match[str], text: str) -> _TokenType:
    """Return the kind of a token, as Pygments has it."""
    kind, word = match.lastgroup, match.group()
    if kind is None:
        return Comment.Single if word.startswith("--") else Whitespace
    if kind == "NAME":
        return _word(word.upper(), called=text[match.end() :].lstrip(" \t\n")[:1] == "(")
    if kind == "SYMBOL":
        return Punctuation if word in PUNCTUATION else Operator
    return OF_KIND[kind]


def _word(word: str, *, called: bool) -> _TokenType:
    """Return the kind of a word."""
    if word in WORDS:
        return Keyword.Constant
    if word in TOKEN_OF_WORD:
        return Keyword
    if called:
        return Name.Function if word in CALLABLE else Name
    return Name
