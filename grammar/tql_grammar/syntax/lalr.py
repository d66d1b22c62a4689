"""LALR parse table: tokens in, a tree out, or the token that cannot stand where it stands."""

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

# The engine's parser holds this many symbols and no more.
STACK_LIMIT = 1000


class Reduction(Record):
    """
    What a rule of the grammar does.

    Attributes:
        length: the number of symbols that it takes.
        origin: the name of what it makes.
        name: the name of the alternative.
        kept: which of the symbols carry a value.
    """

    length: int
    origin: str
    name: str
    kept: tuple[int, ...]


class Table(Record):
    """
    The grammar as a table.

    Attributes:
        rows: for each state, the move for a token or for what a rule made: positive is the next state plus 1, negative is the rule plus 1.
        reductions: the rules.
        start: the first state.
        accept: the state in which a whole text was read.
    """

    rows: tuple[Mapping[str, int], ...]
    reductions: tuple[Reduction, ...]
    start: int
    accept: int

    @property
    def steps(self) -> Sequence[tuple[int, str, Picker]]:
        """The length and the origin of each rule, and what takes its kept symbols from the values that were read so far."""
        known: list[tuple[int, str, Picker]] | None = self.__dict__.get("_steps")
        if known is None:
            known = self.__dict__["_steps"] = [
                (rule.length, rule.origin, _picker([place - rule.length for place in rule.kept]))
                for rule in self.reductions
            ]
        return known


def _picker(places: Sequence[int]) -> Picker:
    """Return what takes some values, counted from the last."""
    if len(places) > 1:
        return operator.itemgetter(*places)
    return (lambda values: (values[places[0]],)) if places else lambda _values: ()


class Unexpected(Exception):  # noqa: N818 - it is an outcome, not an error: the caller makes a diagnostic of it.
    """A token that cannot stand where it stands; `states` is the stack at that point."""

    def __init__(self, token: Token, states: Sequence[int]) -> None:
        """Hold the place."""
        super().__init__(token)
        self.token = token
        self.states = tuple(states)


class TooDeep(Exception):  # noqa: N818 - the same.
    """More open constructs than the engine's parser can hold, at `token`."""

    def __init__(self, token: Token) -> None:
        """Hold the place."""
        super().__init__(token)
        self.token = token


class Malformed(Exception):  # noqa: N818 - the same.
    """A `token` whose inside is not what its place demands; `mark` is where the engine says so: at the begin of the construct."""

    def __init__(self, token: Token, rule: str) -> None:
        """Hold the place and the rule."""
        super().__init__(token, rule)
        self.token = token
        self.rule = rule
        self.mark = token.mark


def run(table: Table, actions: Sequence[Action | None], tokens: Iterable[Token]) -> tuple[object, list[Any]]:
    """
    Return what the actions make of the tokens, and the nodes that grew while the text was read.

    Args:
        table: the grammar.
        actions: one for each rule, called with the values that it keeps; None passes the only value on.
        tokens: ending with `STOP`.

    Raises:
        Unexpected: a token cannot stand where it stands.
        TooDeep: the engine's parser has no room for it.
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
                # The most frequent of all: another name for the same value.
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


def _whole(  # noqa: PLR0913, PLR0917 - all that `run` knows
    table: Table,
    actions: Sequence[Action | None],
    states: Sequence[int],
    values: Sequence[object],
    starts: Sequence[int],
    token: Token,
) -> object:
    """
    Return the value of a whole text, where a token has no move because it is the end of it.

    Raises:
        Unexpected: the token cannot stand where it stands.
        Malformed: what a rule made is wrong in itself; the engine says this first.
        TooDeep: the engine's parser has no room for what a rule made.
    """
    if token[0] == STOP and states[-1] == table.accept:
        return values[-1]
    _finish(table, actions, states, values, starts, token)
    raise Unexpected(token, states)


def _finish(  # noqa: PLR0913, PLR0917 - all that `run` knows
    table: Table,
    actions: Sequence[Action | None],
    path: Sequence[int],
    made: Sequence[object],
    begun: Sequence[int],
    token: Token,
) -> None:
    """
    End the rules that are open where a token cannot stand, one after the other, as the engine does before it speaks of the token.

    Raises:
        Malformed: what a rule made is wrong in itself; the engine says this first.
        TooDeep: the engine's parser has no room for what a rule made.
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
    """Return what a rule makes of the values that it keeps, with its place in the text if it is a node."""
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
    """Tell whether a token of this kind can stand next."""
    stack = list(states)
    while (move := table.rows[stack[-1]].get(kind, 0)) < 0:
        rule = table.reductions[-move - 1]
        if rule.length:
            del stack[-rule.length :]
        stack.append(table.rows[stack[-1]][rule.origin] - 1)
    return move > 0 or (kind == STOP and stack[-1] == table.accept)
