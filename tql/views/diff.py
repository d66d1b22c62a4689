"""Difference of two queries, as calls of the builder."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal, NamedTuple

from tql.lowering import lowered
from tql.messages import shown
from tql.parameters import resolved
from tql.statement import Statement
from tql.views.query_source import METHODS, items
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.record import Record
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql.views.query_source import Item


class Change(Record):
    """
    A call that only one of two queries has.

    Attributes:
        sign: "-" for a call of the first query only, "+" for one of the other only, "~" for vectors with different numbers.
        call: the method and its arguments, long vectors elided.
        within: the methods that contain the subquery of the call, outermost first: ``("from_",)`` for the source.
        note: the number of different elements of vectors, and their largest difference.
    """

    sign: Literal["-", "+", "~"]
    call: str
    within: tuple[str, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        """Return the change as one line."""
        where = "".join(f"in {method}: " for method in self.within)
        return f"{self.sign} {where}{self.call}{f'  ({self.note})' if self.note else ''}"


class Difference(Record):
    """The changes between two queries; false if there are none."""

    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is a difference."""
        return bool(self.changes)

    def __str__(self) -> str:
        """Return a line for each change."""
        return "\n".join(map(str, self.changes)) or "no difference"


def difference(query: Statement, other: object) -> Difference:
    """
    Return the changes that lead from *query* to *other*.

    Raises:
        ArgumentError: *other* is not a query.
    """
    if not isinstance(other, Statement):
        raise ArgumentError("diff", "takes a query", shown(other), "parse(text) returns the query of a text")
    mine, theirs = (resolved(statement, with_origins=True) for statement in (query, other))
    return Difference(tuple(_changes(mine, theirs, ())))


def _changes(mine: Statement, theirs: Statement, within: tuple[str, ...]) -> Iterator[Change]:
    """Yield the changes between two statements, method by method."""
    ours, others = items(mine), items(theirs)
    for method in METHODS:
        before, after = _parts_of(ours, method), _parts_of(others, method)
        matcher = SequenceMatcher(None, [part.value for part in before], [part.value for part in after], autojunk=False)
        for kind, low, high, start, stop in matcher.get_opcodes():
            if kind != "equal":
                yield from _exchanged(_items(before[low:high]), _items(after[start:stop]), within)


def _parts_of(said: list[Item], method: str) -> list[Part]:
    """Return the parts of all calls of a method."""
    return [part for item in said if item.clause == method for part in _parts(item)]


class Part(NamedTuple):
    """
    A comparable part of a call; a range has two, one for each comparison.

    Attributes:
        value: the argument in physical form, so that equivalent calls are equal, such as ``startswith("a")`` and ``like("a%")``.
        item: the call.
    """

    value: object
    item: Item


def _parts(item: Item) -> list[Part]:
    """Return the comparable parts of a call."""
    value = lowered(item.value) if isinstance(item.value, Record) else item.value
    values = value.operands if isinstance(value, ast.And) and item.method == "where" else (value,)
    return [Part(one, item) for one in values]


def _items(parts: Iterable[Part]) -> list[Item]:
    """Return the distinct calls of some parts."""
    return list({id(part.item): part.item for part in parts}.values())


def _exchanged(before: list[Item], after: list[Item], within: tuple[str, ...]) -> Iterator[Change]:
    """Yield the changes that replace some calls by others."""
    if len(before) == len(after):
        for mine, theirs in zip(before, after, strict=True):
            yield from _changed(mine, theirs, within)
        return
    yield from (Change("-", _call(item), within) for item in before)
    yield from (Change("+", _call(item), within) for item in after)


def _changed(mine: Item, theirs: Item, within: tuple[str, ...]) -> Iterator[Change]:
    """Yield the changes that replace one call by another: those inside of a subquery, if both have one."""
    inner = _query(mine), _query(theirs)
    if inner[0] is not None and inner[1] is not None:
        found = list(_changes(inner[0], inner[1], (*within, mine.method)))
        if found:
            yield from found
            return
    if mine.text == theirs.text:
        yield Change("~", _call(mine), within, _numbers(mine.value, theirs.value))
        return
    yield Change("-", _call(mine), within)
    yield Change("+", _call(theirs), within)


def _call(item: Item) -> str:
    """Return the source of a call."""
    return f"{item.method}({item.text})"


def _query(item: Item) -> Statement | None:
    """Return the subquery of a call, or None."""
    inner = getattr(item.value, "query", item.value)
    return inner if isinstance(inner, Statement) else None


def _numbers(mine: object, theirs: object) -> str:
    """Return the differences between the vectors of two arguments."""
    notes = [_vector(one, other) for one, other in zip(_vectors(mine), _vectors(theirs), strict=False) if one != other]
    return "; ".join(notes)


def _vectors(value: object) -> Iterable[ast.Vector]:
    """Yield the vectors in an argument."""
    return (part for part in walk(value) if isinstance(part, ast.Vector)) if isinstance(value, Record) else ()


def _vector(mine: ast.Vector, theirs: ast.Vector) -> str:
    """Return the number of different elements of two vectors, and their largest difference."""
    import numpy as np

    apart = np.abs(mine.array.astype("f8") - theirs.array.astype("f8"))
    return f"{np.count_nonzero(apart)} of {apart.size} numbers differ, by at most {apart.max():.6g}"
