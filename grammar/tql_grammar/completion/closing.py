"""The fewest tokens that complete the beginning of a query, so that a query that is being typed has a tree."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from tql_grammar.completion.place import advanced, is_complete
from tql_grammar.syntax.driver import parse_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.syntax.lalr import Table

# The words that close what is open, or stand for what is missing, in the order in which they are tried.
CLOSING = {
    "RPAR": ")",
    "RSQB": "]",
    "NAME": "x",
    "STAR": "*",
    "INTEGER": "1",
    "STRING": "'x'",
    "END": "end",
    "THEN": "then",
    "WHEN": "when",
    "AND": "and",
    "COLON": ":",
    "LPAR": "(",
    "BY": "by",
    "SELECT": "select",
    "FROM": "from",
    "JOIN": "join",
    "ON": "on",
    "NULL": "null",
    "LIKE": "like",
    "IN": "in",
    "AS": "as",
    "HINT": "hint",
    "INT": "int",
}
CLOSERS = frozenset({"RPAR", "RSQB", "END"})
# The most words of one step, and the most steps.
LONGEST, MOST = 3, 200
# The most states that are tried for each number of words.
WIDEST = 24


@functools.lru_cache(maxsize=256)
def closing(states: tuple[int, ...]) -> str | None:
    """Return words that complete a query after some states of the parser, or None if there are no few ones."""
    table, _ = parse_table()
    words: list[str] = []
    for _ in range(MOST):
        if is_complete(table, states):
            return " ".join(words)
        found = _step(table, states)
        if found is None:
            return None
        states, kinds = found
        words += (CLOSING[kind] for kind in kinds)
    return None


def _step(table: Table, states: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[str, ...]] | None:
    """Return the states after the fewest words that complete the query or close something, and the kinds of the words."""
    level: list[tuple[tuple[int, ...], tuple[str, ...]]] = [(states, ())]
    for _ in range(LONGEST):
        following = list(_next(table, level))
        for stack, kinds in following:
            if kinds[-1] in CLOSERS or is_complete(table, stack):
                return stack, kinds
        level = following[:WIDEST]
    return None


def _next(
    table: Table, level: list[tuple[tuple[int, ...], tuple[str, ...]]]
) -> Iterator[tuple[tuple[int, ...], tuple[str, ...]]]:
    """Yield the states after one more word, each once."""
    seen = set()
    for states, kinds in level:
        for kind in CLOSING:
            stack = advanced(table, states, kind)
            if stack is not None and tuple(stack) not in seen:
                seen.add(tuple(stack))
                yield tuple(stack), (*kinds, kind)
