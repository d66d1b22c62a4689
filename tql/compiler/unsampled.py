"""
Queries whose samples are drawn from no rows.

The engine fails to draw from no rows, and no text has another result: so a client that gets this error sends the query that `without_samples` returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from tql.statement import SetOperation, Statement
from tql_grammar import ast
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from tql_grammar.record import Record

EMPTY_SAMPLE = "Can't sample empty column"


class HasStatement(Protocol):
    """A query of the builder."""

    @property
    def statement(self) -> Statement:
        """The clauses."""
        ...

    def replace(self, **changes: object) -> Self:
        """Return a copy with some clauses replaced."""
        ...


Q = TypeVar("Q", bound=HasStatement)


def without_samples(query: Q, message: str) -> Q | None:
    """
    Return the query that has the rows of *query* where the engine cannot draw a sample, since there are no rows to draw from.

    None if the message is not about a sample, the query draws nothing, or it draws for several operands of a set operation, of which others may have rows.
    """
    parts = list(walk(query.statement)) if EMPTY_SAMPLE in message else []
    drawn = sum(isinstance(part, Statement) and part.sampling is not None for part in parts)
    if not drawn or (drawn > 1 and any(isinstance(part, SetOperation) or _is_outer(part) for part in parts)):
        return None
    found = rebuild(query.statement, _without_rows)
    return query.replace(**{field: found.__dict__[field] for field in found._fields})


def _is_outer(part: Record) -> bool:
    """Tell whether a part is a join that has rows of one source without a match."""
    return getattr(part, "how", "inner") != "inner"


def _without_rows(part: Record) -> Record:
    """Return a statement that draws as one without rows."""
    if not isinstance(part, Statement) or part.sampling is None:
        return part
    return part.replace(sampling=None, conditions=(ast.Boolean(value=False),))
