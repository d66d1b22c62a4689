"""Places in a query text that is being typed: the word there, and the tokens that the grammar allows in its place."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.syntax import lexer
from tql_grammar.syntax.driver import parse_table, run_parser
from tql_grammar.syntax.lalr import STACK_LIMIT, Malformed
from tql_grammar.syntax.lexer import STOP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tql_grammar.syntax.lalr import Table
    from tql_grammar.syntax.lexer import Token

    Stack = Sequence[int]

REST_OF_WORD = re.compile(r"[A-Za-z0-9_]*")
# The tokens whose text an action of the parser reads: the engine rejects some of them before it reads on.
READ_BY_ACTIONS = frozenset({"DATE", "INTERVAL", "FORMAT", "IMPORT", "CREATE"})
# A name, and a character that a string or a quoted name continues with.
LETTER = "x"


class Place(NamedTuple):
    """
    A place in a text.

    Attributes:
        text: the whole text.
        start: the offset at which the word begins, after the quote of a string or a quoted name.
        end: the offset at which it ends; the characters between are replaced.
        word: the part of the word before the cursor.
        tokens: the tokens before it, without the end of the text.
        states: the states of the parser before it; empty where the tokens before it are no beginning of a query.
        quote: the quote of the string or name that is open; "" outside of quotes.
        readable: whether the engine reads a word there: it does not in a comment, and directly after a number.
    """

    text: str
    start: int
    end: int
    word: str
    tokens: tuple[Token, ...]
    states: tuple[int, ...]
    quote: str = ""
    readable: bool = True

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of the tokens that the grammar allows in the place of the word."""
        if not self.readable:
            return frozenset()
        return allowed(self.states)

    @property
    def after(self) -> list[Token]:
        """The tokens after the word; offsets count from its end."""
        end = self.end + 1 if self.quote and self.text.startswith(self.quote, self.end) else self.end
        return lexer.tokens(lexer.cut_at_nul(self.text[end:]))


def place_at(text: str, offset: int) -> Place:
    """Return the place at an offset of a text."""
    before = text[:offset]
    if "\0" in before:
        return Place(text, offset, offset, "", (), (), readable=False)
    found = lexer.tokens(before + LETTER)
    stop, last = found[-1], found[-2] if len(found) > 1 else None
    if stop.start <= offset:
        return _in_quotes(text, offset, found[:-1], stop.start)
    if last is None or last.end <= offset:
        return Place(text, offset, offset, "", (), (), readable=False)
    if last.value != before[last.start :] + LETTER:
        return _in_quotes(text, offset, found[:-2], last.start)
    rest = REST_OF_WORD.match(text, offset)
    end = rest.end() if rest is not None else offset
    tokens = tuple(found[:-2])
    after_number = bool(tokens) and tokens[-1].end == last.start and tokens[-1].kind in {"INTEGER", "FLOAT", "INVALID"}
    return Place(text, last.start, end, before[last.start :], tokens, states_after(tokens), readable=not after_number)


def _in_quotes(text: str, offset: int, tokens: Sequence[Token], start: int) -> Place:
    """Return the place in a string or quoted name that begins at *start*, or one that the engine does not read."""
    quote = text[start : start + 1]
    if quote not in {"'", '"'} or start >= offset:
        return Place(text, offset, offset, "", (), (), readable=False)
    closing = text.find(quote, offset)
    line_end = text.find("\n", offset)
    closed = closing >= 0 and (line_end < 0 or closing < line_end)
    end = closing if closed else offset
    return Place(text, start + 1, end, text[start + 1 : offset], tuple(tokens), states_after(tokens), quote)


def states_after(tokens: Sequence[Token]) -> tuple[int, ...]:
    """Return the states of the parser after some tokens; empty where they are no beginning of a query."""
    table, _ = parse_table()
    stack: Stack | None = (table.start,)
    for token in tokens:
        stack = advanced(table, stack, token.kind)
        if stack is None:
            return ()
    if _is_malformed(tokens):
        return ()
    return tuple(stack or ())


def _is_malformed(tokens: Sequence[Token]) -> bool:
    """Tell whether the engine rejects the text of one of the tokens, such as that of a date."""
    if READ_BY_ACTIONS.isdisjoint(token.kind for token in tokens):
        return False
    return isinstance(run_parser(_written(tokens)).failure, Malformed)


def _written(tokens: Iterable[Token]) -> str:
    """Return a text with the same tokens."""
    return " ".join(_word(token) for token in tokens)


def _word(token: Token) -> str:
    """Return the text of a token."""
    value = str(token.value)
    if token.kind == "STRING":
        escaped = value.replace("'", "''")
        return f"'{escaped}'"
    return f'"{value}"' if token.kind == "NAME" else value


def advanced(table: Table, stack: Stack | None, kind: str) -> Stack | None:
    """Return the states after a token of a kind, or None if the grammar does not allow it, or the stack of the engine's parser overflows."""
    if not stack:
        return None
    rows, rules = table.rows, table.steps
    states = list(stack)
    while (move := rows[states[-1]].get(kind, 0)) < 0:
        length, origin, _ = rules[-move - 1]
        if length:
            del states[-length:]
        states.append(rows[states[-1]][origin] - 1)
        if len(states) >= STACK_LIMIT:
            return None
    if not move:
        return None
    states.append(move - 1)
    return None if len(states) >= STACK_LIMIT else states


def is_complete(table: Table, stack: Stack | None) -> bool:
    """Tell whether a text may end after some states."""
    if not stack:
        return False
    rows, rules = table.rows, table.steps
    states = list(stack)
    while (move := rows[states[-1]].get(STOP, 0)) < 0:
        length, origin, _ = rules[-move - 1]
        if length:
            del states[-length:]
        states.append(rows[states[-1]][origin] - 1)
    return states[-1] == table.accept


@functools.lru_cache(maxsize=1024)
def allowed(stack: tuple[int, ...]) -> frozenset[str]:
    """Return the kinds of tokens that the grammar allows after some states; `STOP` if the text may end there."""
    if not stack:
        return frozenset()
    table, _ = parse_table()
    # A row has the tokens in capitals, and the nonterminals.
    found = {kind for kind in table.rows[stack[-1]] if kind.isupper() and kind != STOP}
    found = {kind for kind in found if advanced(table, stack, kind) is not None}
    return frozenset(found | {STOP} if is_complete(table, stack) else found)


def continues(stack: Stack | None, tokens: Iterable[Token]) -> bool:
    """Tell whether some tokens, the last of which is the end of the text, complete a query after some states."""
    table, _ = parse_table()
    for token in tokens:
        if token.kind == STOP:
            return is_complete(table, stack)
        stack = advanced(table, stack, token.kind)
        if stack is None:
            return False
    return False
