"""Know what is wrong with a text that was read: where, why, and what to write instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tql_grammar.diagnostic import Diagnostic, locate
from tql_grammar.actions.queries import NotSelect
from tql_grammar.lexer import Token

if TYPE_CHECKING:
    from tql_grammar.parser import Outcome, Reading


def reading(text: str, outcome: Outcome) -> Reading:
    """Return what is to be said about a text."""
    from tql_grammar.parser import Reading

    failure = outcome.failure
    if failure is None:
        tree = outcome.statements[0]
        return Reading(text, None if isinstance(tree, NotSelect) else tree, ())
    token = failure.token
    mark = getattr(failure, "mark", token.mark)
    if token.kind == "$END":
        mark = last_match(text, outcome.tokens)
    line_start = text.rfind("\n", 0, mark) + 1
    pos = len(text[line_start:mark].encode("utf-8", "surrogatepass"))
    line, column = locate(text, token.start)
    d = Diagnostic("TQL100", "error", "syntax error", line, column, token.start, token.end)
    return Reading(text, None, (d,), pos, False, text[token.start : token.end], ())


PIECE = re.compile(r"''|[^']+")


def last_match(text: str, tokens: list[Token]) -> int:
    """Return where the engine's lexer began its last step before it stopped reading."""
    stop = tokens[-1].start
    visible = text.partition("\0")[0]
    if stop < len(visible):
        if visible[stop] != "'":
            return stop
        return max((piece.start() for piece in PIECE.finditer(visible, stop + 1)), default=stop)
    before = tokens[-2] if len(tokens) > 1 else None
    trivia = before.end if before else 0
    if trivia == stop:
        return before.mark if before else 0
    return last_trivia(visible, trivia)


BLANK = re.compile(r"[ \t\n]+")
LINE = re.compile(r"[^\n]*")


def last_trivia(text: str, start: int) -> int:
    """Return where the last blank run or piece of a comment begins, from *start* to the end of the text."""
    at, comment, mark = start, False, start
    while at < len(text):
        mark = at
        blank = BLANK.match(text, at)
        end = blank.end() if blank else at
        if not comment:
            comment = not blank
            at = end if blank else at + 2
            continue
        line = LINE.match(text, at).end()
        if text[at] == "\n" and end == at + 1:
            comment = False
            at = end
        else:
            at = max(line, end)
    return mark
