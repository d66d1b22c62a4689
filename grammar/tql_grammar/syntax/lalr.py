"""LALR parser: runs a parse table over tokens, to a tree or to the unexpected token."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from tql_grammar.record import Record
from tql_grammar.syntax.lexer import STOP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tql_grammar.syntax.lexer import Token

    Action = Callable[..., object]
    Picker = Callable[[Sequence[object]], Sequence[object]]

# The stack of the engine's parser holds at most this many symbols.
STACK_LIMIT = 1000


class Reduction(Record):
    """
    A rule of the grammar.

    Attributes:
        length: the number of symbols that it reduces.
        origin: the name of the symbol that replaces them.
        name: the name of the alternative, which selects its action.
        kept: the indices of the symbols that are passed to the action.
    """

    length: int
    origin: str
    name: str
    kept: tuple[int, ...]


class Table(Record):
    """
    The grammar as a table.

    Attributes:
        rows: for each state, the move for each symbol: positive is the next state plus 1, negative is the rule to reduce plus 1.
        reductions: the rules.
        start: the initial state.
        accept: the state in which a whole text was parsed.
    """

    rows: tuple[Mapping[str, int], ...]
    reductions: tuple[Reduction, ...]
    start: int
    accept: int

    @property
    def steps(self) -> Sequence[tuple[int, str, Picker]]:
        """The length and the origin of each rule, and the function that picks its kept symbols from the stack of values."""
        known: list[tuple[int, str, Picker]] | None = self.__dict__.get("_steps")
        if known is None:
            known = self.__dict__["_steps"] = [
                (rule.length, rule.origin, _picker([place - rule.length for place in rule.kept]))
                for rule in self.reductions
            ]
        return known


def _picker(places: Sequence[int]) -> Picker:
    """Return a function that picks the values at some negative indices."""
    if len(places) > 1:
        return operator.itemgetter(*places)
    return (lambda values: (values[places[0]],)) if places else lambda _values: ()


class Unexpected(Exception):  # noqa: N818 - an outcome, not an error: the caller turns it into a diagnostic.
    """A token that the grammar does not allow at its place; `states` is the stack of states there."""

    def __init__(self, token: Token, states: Sequence[int]) -> None:
        """Keep the token."""
        super().__init__(token)
        self.token = token
        self.states = tuple(states)


class TooDeep(Exception):  # noqa: N818 - an outcome, not an error: the caller turns it into a diagnostic
    """A `token` at which the stack of the engine's parser overflows."""

    def __init__(self, token: Token) -> None:
        """Keep the token."""
        super().__init__(token)
        self.token = token


class Malformed(Exception):  # noqa: N818 - an outcome, not an error: the caller turns it into a diagnostic
    """A `token` whose text has a wrong form, such as that of a date; `mark` is the offset that the engine reports: the start of the construct."""

    def __init__(self, token: Token, rule: str) -> None:
        """Keep the token and the name of the rule."""
        super().__init__(token, rule)
        self.token = token
        self.rule = rule
        self.mark = token.mark


def run(table: Table, actions: Sequence[Action | None], tokens: Iterable[Token]) -> tuple[object, list[Any]]:
    """
    Parse tokens; return the value of the start rule, and the chains that are still open to growth.

    Args:
        table: the grammar.
        actions: one for each rule, called with its kept values; None returns the only value unchanged.
        tokens: ending with `STOP`.

    Raises:
        Unexpected: the grammar does not allow a token at its place.
        TooDeep: the stack of the engine's parser overflows.
    """
    open_chains: list[Any] = []
    rows = table.rows
    rules = table.steps
    states: list[int] = [table.start]
    values: list[object] = []
    starts: list[int] = []
    end = 0
    for token in tokens:
        kind = token[0]
        while (move := rows[states[-1]].get(kind, 0)) <= 0:
            if not move:
                return _whole(table, actions, states, values, starts, token), open_chains
            length, origin, pick = rules[-move - 1]
            action = actions[-move - 1]
            if length == 1 and action is None:
                # The most frequent case: another name for the same value.
                states[-1] = rows[states[-2]][origin] - 1
                continue
            start = starts[-length] if length else token[2]
            value = _value(action, pick(values), (start, end), open_chains)
            if length:
                del states[-length:], values[-length:], starts[-length:]
            states.append(rows[states[-1]][origin] - 1)
            values.append(value)
            starts.append(start)
            if len(states) >= STACK_LIMIT:
                raise TooDeep(token)
        states.append(move - 1)
        values.append(token)
        starts.append(token[2])
        end = token[3]
        if len(states) >= STACK_LIMIT:
            raise TooDeep(token)
    message = "the tokens end without a stop"
    raise ValueError(message)


def _whole(  # noqa: PLR0913, PLR0917 - the state of `run`
    table: Table,
    actions: Sequence[Action | None],
    states: Sequence[int],
    values: Sequence[object],
    starts: Sequence[int],
    token: Token,
) -> object:
    """
    Return the value of the whole text, if the token without a move is its end.

    Raises:
        Unexpected: the grammar does not allow the token at its place.
        Malformed: an action rejects the symbols before the token; the engine reports this first.
        TooDeep: the stack of the engine's parser overflows.
    """
    if token[0] == STOP and states[-1] == table.accept:
        return values[-1]
    _reduce_complete(table, actions, states, values, starts, token)
    raise Unexpected(token, states)


def _reduce_complete(  # noqa: PLR0913, PLR0917 - the state of `run`
    table: Table,
    actions: Sequence[Action | None],
    path: Sequence[int],
    made: Sequence[object],
    begun: Sequence[int],
    token: Token,
) -> None:
    """
    Reduce the rules that are complete before an unexpected token, as the engine does before it reports the token.

    Raises:
        Malformed: an action rejects the symbols before the token; the engine reports this first.
        TooDeep: the stack of the engine's parser overflows.
    """
    states, values, starts = list(path), list(made), list(begun)
    while ends := [-move - 1 for move in table.rows[states[-1]].values() if move < 0]:
        number = max(sorted(set(ends)), key=ends.count)
        length, origin, pick = table.steps[number]
        first = len(values) - length
        span = (starts[first], starts[-1]) if length else (0, 0)
        values[first:] = [_value(actions[number], pick(values), span, [])]
        starts[first:] = [span[0]]
        del states[len(states) - length :]
        states.append(table.rows[states[-1]][origin] - 1)
        if len(states) >= STACK_LIMIT:
            raise TooDeep(token)


def _value(action: Action | None, kept: Sequence[object], span: tuple[int, int], open_chains: list[Any]) -> object:
    """Return the result of a rule's action, with its span if it is a node."""
    if action is None:
        return kept[0] if kept else None
    try:
        value = action(*kept)
    except Malformed as failure:
        failure.mark = span[0]
        raise
    if isinstance(value, Record):
        state = value.__dict__
        state["_span"] = span
        if "_depth" in state:
            open_chains.append(value)
    return value


def accepts(table: Table, states: Sequence[int], kind: str) -> bool:
    """Tell whether the grammar allows a token of this kind next."""
    stack = list(states)
    while (move := table.rows[stack[-1]].get(kind, 0)) < 0:
        rule = table.reductions[-move - 1]
        if rule.length:
            del stack[-rule.length :]
        stack.append(table.rows[stack[-1]][rule.origin] - 1)
    return move > 0 or (kind == STOP and stack[-1] == table.accept)
