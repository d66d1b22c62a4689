"""Immutable base of `Query` around a `Statement`: equality, pickling, copies, and display as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, Self

from tql import parameters
from tql.attributes import Advised
from tql.lowering import lowered
from tql.statement import Statement
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.syntax import Syntax
    from rich.text import Text

NOTHING = Statement()
FIELDS = len(Statement._fields)


class Composed(Advised):
    """
    An immutable wrapper of a statement; each method of a subclass returns a changed copy.

    It is a slotted class, not a `Record`, because every call of a chain creates one, and a slot is cheaper than a dict.

    Attributes:
        statement: the clauses of the query.
    """

    __slots__ = ("__weakref__", "statement")
    statement: Statement

    def __init__(self, statement: Statement = NOTHING) -> None:
        """Wrap *statement*; without one, the query has no clauses."""
        _hold(self, statement)

    def __setattr__(self, name: str, value: object) -> None:
        """Raise AttributeError: a query is immutable."""
        message = f"`{type(self).__name__}` is frozen: call one of its methods, which return a changed copy, instead of setting `{name}`"
        raise AttributeError(message)

    def __delattr__(self, name: str) -> None:
        """Raise AttributeError: a query is immutable."""
        self.__setattr__(name, None)

    def __copy__(self) -> Self:
        """Return the query itself, since it is immutable."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Return the query itself, since it is immutable."""
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[Statement]]:
        """Pickle by the statement."""
        return type(self), (self.statement,)

    def __eq__(self, other: object) -> bool:
        """Compare clause by clause, with parameters replaced by their values; equivalent conditions are equal, such as ``startswith("a")`` and ``like("a%")``."""
        if not isinstance(other, Composed) or type(self) is not type(other):
            return NotImplemented
        mine, theirs = self.statement, other.statement
        return mine == theirs or _comparable(mine) == _comparable(theirs)

    def __hash__(self) -> int:
        """Return a hash that is consistent with ``==``."""
        return hash(_comparable(self.statement))

    def __str__(self) -> str:
        """Return the TQL text on one line."""
        from tql.compiler.template import text

        return text(self.statement)

    def __repr__(self) -> str:
        """Return the Python expression that builds this query, with long vectors elided."""
        from tql.views.query_source import query

        try:
            return query(self.statement)
        except RecursionError:
            return f"<{type(self).__name__} deeper than Python can walk down>"

    def _repr_html_(self) -> str:
        """Return the query as HTML for notebooks, escaped, with long vectors elided."""
        from tql.views.notebook import html

        return html(self.statement)

    def __rich__(self) -> Syntax | Text:
        """Return the TQL text with syntax highlighting, for rich."""
        from tql.views.notebook import coloured

        return coloured(self.statement)

    __iter__ = None

    if not TYPE_CHECKING:  # a type checker would accept query[0]

        def __getitem__(self, index: object) -> NoReturn:
            """Raise TypeError: a query has no rows before a client sends it."""
            raise TypeError(_SUBSCRIPT.format(code=_slice(index)))

    def replace(self, **changes: object) -> Self:
        """Return a copy with some clauses replaced, by the names of the fields of `Statement`."""
        return self._changed(**changes)

    def _changed(self, **changes: object) -> Self:
        """Return a copy with some clauses replaced; every method calls this, so it creates both records without their constructors."""
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
        """Return a query with this statement."""
        query = _new(type(self))
        _hold(query, statement)
        return query


_SUBSCRIPT = (
    "a query has no rows before a client sends it: write query{code} for the first rows, and client.query(query).rows"
)


def _slice(index: object) -> str:
    """Return the calls in place of a subscript: ``[2:5]`` is ``.limit(3).offset(2)``."""
    first, end = (index.start or 0, index.stop) if isinstance(index, slice) else (index, None)
    if not isinstance(first, int) or first < 0 or not isinstance(end, (int, type(None))):
        return ".limit(5)"
    rows = 1 if not isinstance(index, slice) else 5 if end is None else max(end - first, 0)
    return f".limit({rows}){f'.offset({first})' if first else ''}"


def _comparable(statement: Statement) -> Statement:
    """Return a statement in physical form, with parameters replaced by their values."""
    return parameters.resolved(lowered(statement))


# Create a query and a statement and set their fields although they are immutable, as `tql_grammar.record.made` does, with one call less.
_new = object.__new__
_fill: Callable[[Statement, dict[str, object]], None] = Record.__dict__["__dict__"].__set__
_hold: Callable[[Composed, Statement], None] = Composed.__dict__["statement"].__set__
