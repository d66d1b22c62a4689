"""Run of the parse table over a query text, to its statements or to the unexpected token."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.syntax import lexer
from tql_grammar.syntax.actions.expressions import freeze_chains
from tql_grammar.syntax.actions.table import actions_for
from tql_grammar.syntax.lalr import Malformed, Table, TooDeep, Unexpected, run
from tql_grammar.syntax.lark_table import make_table
from tql_grammar.syntax.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tql_grammar.syntax.lalr import Action
    from tql_grammar.syntax.lexer import Token


class ParseOutcome(NamedTuple):
    """The tokens of a text, and its statements or the reason why there are none."""

    tokens: list[Token]
    statements: list[object]
    depth: float
    failure: Unexpected | TooDeep | Malformed | None


def run_parser(text: str) -> ParseOutcome:
    """Parse a text without NUL."""
    outcome = _run(lexer.tokens(text))
    if isinstance(outcome.failure, TooDeep):
        return _run(lexer.tokens(text, whole_vectors=False))
    return outcome


def _run(tokens: list[Token]) -> ParseOutcome:
    """Parse tokens."""
    grammar, actions = parse_table()
    try:
        statements, open_chains = run(grammar, actions, tokens)
    except (Unexpected, TooDeep, Malformed) as failure:
        return ParseOutcome(tokens, [], 0, failure)
    return ParseOutcome(tokens, statements, freeze_chains(open_chains), None)  # type: ignore[arg-type]  # the start rule returns a list


@functools.cache
def parse_table() -> tuple[Table, Sequence[Action | None]]:
    """Return the parse table of the grammar, and the action of each of its rules."""
    grammar = table(make_table)
    return grammar, actions_for(rule.name for rule in grammar.reductions)
