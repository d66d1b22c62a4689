"""Formatter of query texts, which keeps every token and every comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.syntax import lexer
from tql_grammar.syntax.lexer import STOP
from tql_grammar.syntax.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    # The blank before a token, the token as written, and its kind.
    Token = tuple[str, str, str]

WIDTH = 88
INDENT = "  "
# The words that begin a line; the second word of a pair, such as BY, stays on it.
LINE_WORDS = frozenset(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "GROUP",
        "HAVING",
        "UNGROUP",
        "ORDER",
        "LIMIT",
        "SAMPLE",
        "UNION",
        "INTERSECT",
        "EXCEPT",
        "AND",
        "OR",
        "JOIN",
        "LEFT",
        "RIGHT",
        "FULL",
        "CROSS",
        "NATURAL",
        "INNER",
        "OUTER",
    ]
)
JOIN_WORDS = frozenset(["LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "INNER", "OUTER"])
NO_BLANK_AFTER = frozenset({"LPAR", "LSQB", "DOT"})
NO_BLANK_BEFORE = frozenset({"RPAR", "RSQB", "DOT", "COMMA", "SEMICOLON", "LSQB"})


def format_text(text: str, width: int = WIDTH) -> str:
    """
    Return *text* formatted: on one line if it fits, else with each clause on its own line and subqueries indented.

    Tokens are unchanged, and every comment is on its own line. Formatting the result again changes nothing.

    Args:
        text: a query.
        width: the maximum length of a line; a longer literal is not broken.

    Raises:
        ParseError: the text is not TQL, or the engine would not read all of it as written.
    """
    parse(text)
    tokens = list(_tokens(text))
    if not any(token.startswith("--") for token, _kind in tokens):
        line = _text(list(_spaced(tokens)))
        if len(line) <= width:
            return line
    return "\n".join(line for whole in _lines(tokens) for line in _broken(whole, width))


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield the tokens as written and the comments, in order, each with its kind."""
    before = 0
    for token in lexer.tokens(text):
        yield from ((line.strip(), "COMMENT") for line in text[before : token.start].split("\n") if line.strip())
        if token.kind != STOP:
            yield text[token.start : token.end], token.kind
        before = token.end


def _spaced(tokens: Iterable[tuple[str, str]]) -> Iterator[Token]:
    """Yield the tokens, each with the blank before it."""
    last, earlier = "", ""
    for token, kind in tokens:
        glued = (
            not last or last in NO_BLANK_AFTER or kind in NO_BLANK_BEFORE or (kind == "LPAR" and _calls(last, earlier))
        )
        yield "" if glued else " ", token, kind
        last, earlier = kind, last


def _calls(kind: str, before: str) -> bool:
    """Tell whether a parenthesis after a token of this kind opens its arguments."""
    if kind == "ALL":
        return before not in {"UNION", "INTERSECT", "EXCEPT"}
    return kind in {"CAST", "EXTRACT"} or (kind == "NAME" and before not in {"AS", "RPAR", "NAME"})


def _broken(line: list[Token], width: int) -> Iterator[str]:
    """Yield a line, broken after commas if it is too long."""
    indent = line[0][0] + INDENT
    written = ""
    for item in _items(line, deepest=0):
        parts = [item] if len(indent) + len(_text(item)) <= width else list(_items(item, deepest=len(item)))
        for part in map(_text, parts):
            if written and len(written) + len(part) > width:
                yield written
                written = indent + part.lstrip()
            else:
                written += part
    yield written


def _items(line: list[Token], deepest: int) -> Iterator[list[Token]]:
    """Yield the items between commas that are inside at most *deepest* parentheses, and outside of brackets."""
    item: list[Token] = []
    depth = brackets = 0
    for token in line:
        kind = token[2]
        depth += (kind == "LPAR") - (kind == "RPAR")
        brackets += (kind == "LSQB") - (kind == "RSQB")
        item.append(token)
        if kind == "COMMA" and depth <= deepest and not brackets:
            yield item
            item = []
    yield item


def _text(tokens: list[Token]) -> str:
    """Return tokens as text."""
    return "".join(blank + token for blank, token, _kind in tokens)


class _Nesting:
    """The open parentheses, and a BETWEEN that waits for its AND, which decide where lines begin."""

    def __init__(self) -> None:
        """Start outside of all parentheses."""
        self._queries: list[bool] = []
        self._last = ""
        self._between = False

    def begins_line(self, kind: str) -> bool:
        """Tell whether the next token begins a line: a clause or the end of a subquery does, but not inside other parentheses."""
        if kind == "SELECT" and self._last == "LPAR":
            self._queries[-1] = True
        if self._queries and not self._queries[-1]:
            return False
        clause = kind in LINE_WORDS and self._last not in JOIN_WORDS and not (kind == "AND" and self._between)
        return clause or kind == "RPAR"

    def steps(self, kind: str) -> int:
        """Return the number of indents of a line that begins with a token."""
        return sum(self._queries) + (kind in {"AND", "OR"})

    def close(self, kind: str) -> None:
        """Close the parentheses at a closing token."""
        if kind == "RPAR" and self._queries:
            self._queries.pop()

    def read(self, kind: str) -> None:
        """Update the state after a token."""
        if kind == "LPAR":
            self._queries.append(False)
        self._between = kind == "BETWEEN" or (self._between and kind != "AND")
        self._last = kind


def _lines(tokens: Iterable[tuple[str, str]]) -> Iterator[list[Token]]:
    """Yield the lines as tokens: one for each clause and comment, indented once per open subquery."""
    line: list[Token] = []
    nesting = _Nesting()
    commented = False
    for blank, token, kind in _spaced(tokens):
        comment = kind == "COMMENT"
        if line and (comment or nesting.begins_line(kind)):
            yield line
            line = []
        if comment:
            yield [("", token, kind)]
            commented = True
            continue
        nesting.close(kind)
        if line:
            line.append((blank, token, kind))
        else:
            # After a comment the engine ignores a line that begins with a blank.
            line.append(("" if commented else INDENT * nesting.steps(kind), token, kind))
            commented = False
        nesting.read(kind)
    yield from filter(None, [line])
