"""A frozen value around a `Statement`: what a query is to Python, without the methods of its clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from tql import parameters
from tql.lowering import lowered
from tql.statement import Statement
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING = Statement()
FIELDS = len(Statement._fields)


class Composed:
    """
    A statement that is composed call by call; it is frozen, and each call makes a changed copy.

    It is no `Record`: a slot costs less than a dict, and one of these is made by each call of a chain.

    Attributes:
        statement: what was said.
    """

    __slots__ = ("__weakref__", "statement")
    statement: Statement

    def __init__(self, statement: Statement = NOTHING) -> None:
        """Take what the query says."""
        _hold(self, statement)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: a query is frozen."""
        message = f"`{type(self).__name__}` is frozen: make a changed copy instead of setting `{name}`"
        raise AttributeError(message)

    def __delattr__(self, name: str) -> None:
        """Refuse: a query is frozen."""
        self.__setattr__(name, None)

    def __copy__(self) -> Self:
        """Return itself: it is frozen."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Return itself: it is frozen."""
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[Statement]]:
        """Pickle by what it says."""
        return type(self), (self.statement,)

    def __eq__(self, other: object) -> bool:
        """Compare clause by clause, with values in the places of their parameters; two calls that make the same condition are equal, as ``startswith("a")`` and ``like("a%")``."""
        if not isinstance(other, Composed) or type(self) is not type(other):
            return NotImplemented
        mine, theirs = self.statement, other.statement
        return mine == theirs or _meant(mine) == _meant(theirs)

    def __hash__(self) -> int:
        """Agree with ``==``."""
        return hash(_meant(self.statement))

    def replace(self, **changes: object) -> Self:
        """Return a copy with some clauses changed, by the names of the fields of `Statement`."""
        return self._changed(**changes)

    def _changed(self, **changes: object) -> Self:
        """Return a copy with some clauses changed; the one way of all methods, so it makes both records at once."""
        statement = self.statement
        state = statement.__dict__ | changes
        if len(state) != FIELDS:
            return self._saying(statement.replace(**changes))
        changed = _new(Statement)
        _fill(changed, state)
        query = _new(type(self))
        _hold(query, changed)
        return query

    def _saying(self, statement: Statement) -> Self:
        """Return the query that says this."""
        query = _new(type(self))
        _hold(query, statement)
        return query


def _meant(statement: Statement) -> Statement:
    """Return a statement as the engine takes it, with values in the places of their parameters."""
    return parameters.resolved(lowered(statement))


# Make a query and a statement, and give them what they hold though they are frozen, as `tql_grammar.record.made` does: a call less each time.
_new = object.__new__
_fill: Callable[[Statement, dict[str, object]], None] = Record.__dict__["__dict__"].__set__
_hold: Callable[[Composed, Statement], None] = Composed.__dict__["statement"].__set__
