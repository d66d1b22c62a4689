"""Descriptions of the words of a query text, for hover: columns, functions, keywords, rules, sources and their aliases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.absent import ABSENT
from tql_grammar.completion.explanations import explanations
from tql_grammar.completion.keywords import BY_TOKEN
from tql_grammar.completion.names import signature_of
from tql_grammar.completion.outline import column_types, level_at
from tql_grammar.completion.place import place_at
from tql_grammar.diagnostic import documentation
from tql_grammar.functions import CATALOGUE
from tql_grammar.record import Record
from tql_grammar.syntax.keywords import SYMBOLS
from tql_grammar.syntax.lexer import cut_at_nul, kind_at, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tql_grammar.completion.keywords import Keyword
    from tql_grammar.completion.outline import Schemas
    from tql_grammar.functions import Function
    from tql_grammar.schema import Column
    from tql_grammar.syntax.lexer import Token

CODE = re.compile(r"TQL\d{3}")
SIGNS = frozenset(SYMBOLS.values())


class Description(Record):
    """
    The description of a word.

    Attributes:
        kind: "function", "column", "alias", "keyword" or "rule".
        title: the word with its type or its parameters.
        text: sentences in Markdown.
        start: 0-based character offset of the word.
        end: 0-based character offset, exclusive.
    """

    kind: str
    title: str
    text: str
    start: int
    end: int

    def __str__(self) -> str:
        """Return title and text as Markdown."""
        return f"```tql\n{self.title}\n```\n\n{self.text}\n"


class _Word(NamedTuple):
    """A word of a text: the index of its token (`at`), the tokens, the text and the schemas."""

    at: int
    tokens: Sequence[Token]
    text: str
    schemas: Schemas

    @property
    def token(self) -> Token:
        """The token."""
        return self.tokens[self.at]

    def kind(self, distance: int) -> str:
        """Return the kind of the token at a distance; "" where there is none."""
        return kind_at(self.tokens, self.at + distance)

    def described(self, kind: str, title: str, text: str) -> Description:
        """Return a description of the word."""
        return Description(kind, title, text, self.token.start, self.token.end)


def describe(text: str, offset: int, schemas: Schemas) -> Description | None:
    """Return the description of the word at an offset of a query text, or None where there is none; the code of a rule is described in comments too."""
    rule = _rule(text, offset)
    if rule is not None:
        return rule
    read = tokens(cut_at_nul(text))[:-1]
    near = [number for number, token in enumerate(read) if token.start <= offset <= token.end]
    if not near:
        return None
    # Between a word and a sign it is the word.
    index = max(near, key=lambda number: (read[number].kind not in SIGNS, number))
    word = _Word(index, read, text, schemas)
    found = (describer(word) for describer in DESCRIBERS)
    return next((description for description in found if description is not None), None)


def _rule(text: str, offset: int) -> Description | None:
    """Return the description of the rule whose code is at an offset."""
    found = next((match for match in CODE.finditer(text) if match.start() <= offset <= match.end()), None)
    rule = None if found is None else explanations().get(found[0])
    if found is None or rule is None:
        return None
    meant = f"\n\nwrite\n\n```tql\n{rule.meant}\n```" if rule.meant else ""
    written = f"{rule.why}\n\n```tql\n{rule.example}\n```{meant}\n\n{documentation(found[0])}"
    return Description("rule", f"{found[0]} {rule.title} ({rule.severity})", written, found.start(), found.end())


def _function(word: _Word) -> Description | None:
    """Return the description of a function that is called, or named alone."""
    name = str(word.token.value)
    is_called = word.kind(1) == "LPAR" or len(word.tokens) == 1
    if word.kind(0) not in {"NAME", "ALL"} or not is_called or word.kind(-1) == "DOT":
        return None
    function, absent = CATALOGUE.get(name.lower()), ABSENT.get(name.upper())
    if function is not None:
        return word.described("function", function.name + signature_of(function), function_text(function))
    if absent is None:
        return None
    return word.described("function", name, f"The engine has no such function (TQL201): {absent.text}.")


def function_text(function: Function) -> str:
    """Return the meaning of a function, and the form in which the builder writes it."""
    form = f"\n\nIn 64 bits: `{function.form}`" if function.promotes and function.form else ""
    meaning = function.meaning.replace("``", "`")
    return f"{meaning}{form}"


def _column(word: _Word) -> Description | None:
    """Return the description of a column, or of the alias of a source."""
    if word.kind(0) != "NAME" or word.kind(1) == "LPAR":
        return None
    token = word.token
    level = level_at(place_at(word.text, token.start), word.schemas)
    name = str(token.value)
    if word.kind(1) == "DOT" and name in level.scope.aliases:
        columns = column_types(level, name)
        return word.described("alias", name, f"A source with the columns {', '.join(columns) or '..'}.")
    qualifier = str(word.tokens[word.at - 2].value) if word.kind(-1) == "DOT" and word.at > 1 else None
    known = column_types(level, qualifier)
    if name not in known:
        return None
    return word.described("column", _typed(name, known[name]), _sentences(known[name]))


def _typed(name: str, column: Column | None) -> str:
    """Return a column with its type."""
    return name if column is None else f"{name}: {column}"


def _sentences(column: Column | None) -> str:
    """Return sentences about a column."""
    if column is None:
        return "A column that a subquery computes."
    found = [text for applies, text in FACTS if applies(column)]
    lists = {"classes are": column.classes, "first rows have the keys": column.keys}
    listed = [f"Its {words} {', '.join(names)}." for words, names in lists.items() if names]
    return " ".join(["A column of the source.", *found, *listed])


FACTS: tuple[tuple[Callable[[Column], bool], str], ...] = (
    (lambda column: column.nullable, "Its values can be null."),
    (lambda column: column.inferred, "Its type is that of values that were returned."),
    (lambda column: "inverted" in column.indexes, "An inverted index finds its words."),
    (lambda column: "bm25" in column.indexes, "A BM25 index ranks its words."),
    (lambda column: "exact" in column.indexes, "An index finds its whole texts."),
    (lambda column: column.kind == "embedding", "The engine may rank its vectors by an index."),
    (
        lambda column: column.is_stale,
        "Rows were updated after an index was built, which finds them by their old values.",
    ),
)


def _keyword(word: _Word) -> Description | None:
    """Return the description of a keyword."""
    keyword: Keyword | None = BY_TOKEN.get(word.kind(0))
    if keyword is None:
        return None
    if keyword.code and word.kind(-1) not in keyword.unless:
        return word.described(
            "keyword", keyword.word, f"{keyword.meaning}\n\n{keyword.code}: {explanations()[keyword.code].title}"
        )
    example = "" if keyword.code else f"\n\n```tql\n{keyword.example}\n```"
    return word.described("keyword", keyword.word, f"{keyword.meaning}{example}")


DESCRIBERS: tuple[Callable[[_Word], Description | None], ...] = (_function, _column, _keyword)
