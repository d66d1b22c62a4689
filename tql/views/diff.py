"""Difference of two queries, in the words of the builder."""

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
    One thing that one query says and the other does not.

    Attributes:
        sign: "-" for what the first says, "+" for what the other says, "~" for numbers of a vector that are others.
        call: the method and its arguments, vectors elided.
        within: the methods whose query it is in, from the outside: ``("from_",)`` for the source.
        note: in what vectors differ.
    """

    sign: Literal["-", "+", "~"]
    call: str
    within: tuple[str, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        """Return one line."""
        where = "".join(f"in {method}: " for method in self.within)
        return f"{self.sign} {where}{self.call}{f'  ({self.note})' if self.note else ''}"


class Difference(Record):
    """What one query says and another does not; it is false where they say the same."""

    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is a difference."""
        return bool(self.changes)

    def __str__(self) -> str:
        """Return a line for each change."""
        return "\n".join(map(str, self.changes)) or "no difference"


def difference(query: Statement, other: object) -> Difference:
    """
    Return the changes that lead from *query* to *other*.

    Raises:
        ArgumentError: *other* is no query.
    """
    if not isinstance(other, Statement):
        raise ArgumentError("diff", "takes a query", shown(other), "parse(text) makes one of a text")
    return Difference(tuple(_changes(resolved(query), resolved(other), ())))


def _changes(mine: Statement, theirs: Statement, within: tuple[str, ...]) -> Iterator[Change]:
    """Yield the changes of two queries, method by method."""
    ours, others = items(mine), items(theirs)
    for method in METHODS:
        before, after = _parts_of(ours, method), _parts_of(others, method)
        matcher = SequenceMatcher(None, [part.value for part in before], [part.value for part in after], autojunk=False)
        for kind, low, high, start, stop in matcher.get_opcodes():
            if kind != "equal":
                yield from _exchanged(_items(before[low:high]), _items(after[start:stop]), within)


def _parts_of(said: list[Item], method: str) -> list[Part]:
    """Return all that the calls of a clause say."""
    return [part for item in said if item.clause == method for part in _parts(item)]


class Part(NamedTuple):
    """
    One thing that a query says to the engine, and the call that says it.

    Attributes:
        value: what it is, in physical form: a call is the same as another one that makes the same condition, and as the text of that.
        item: the call; a range says two conditions.
    """

    value: object
    item: Item


def _parts(item: Item) -> list[Part]:
    """Return all that a call says."""
    value = lowered(item.value) if isinstance(item.value, Record) else item.value
    values = value.operands if isinstance(value, ast.And) and item.method == "where" else (value,)
    return [Part(one, item) for one in values]


def _items(parts: Iterable[Part]) -> list[Item]:
    """Return the calls of some parts, each once."""
    return list({id(part.item): part.item for part in parts}.values())


def _exchanged(before: list[Item], after: list[Item], within: tuple[str, ...]) -> Iterator[Change]:
    """Yield the changes that exchange some items for others."""
    if len(before) == len(after):
        for mine, theirs in zip(before, after, strict=True):
            yield from _changed(mine, theirs, within)
        return
    yield from (Change("-", _call(item), within) for item in before)
    yield from (Change("+", _call(item), within) for item in after)


def _changed(mine: Item, theirs: Item, within: tuple[str, ...]) -> Iterator[Change]:
    """Yield the changes that exchange one item for another."""
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
    """Return a call as it is written."""
    return f"{item.method}({item.text})"


def _query(item: Item) -> Statement | None:
    """Return the query inside of a source."""
    inner = getattr(item.value, "query", item.value)
    return inner if isinstance(inner, Statement) else None


def _numbers(mine: object, theirs: object) -> str:
    """Return in what the vectors of two items differ."""
    notes = [_vector(one, other) for one, other in zip(_vectors(mine), _vectors(theirs), strict=False) if one != other]
    return "; ".join(notes)


def _vectors(value: object) -> Iterable[ast.Vector]:
    """Yield the vectors of an item."""
    return (part for part in walk(value) if isinstance(part, ast.Vector)) if isinstance(value, Record) else ()


def _vector(mine: ast.Vector, theirs: ast.Vector) -> str:
    """Return in what two vectors differ."""
    import numpy as np

    apart = np.abs(mine.array.astype("f8") - theirs.array.astype("f8"))
    return f"{np.count_nonzero(apart)} of {apart.size} numbers differ, by at most {apart.max():.6g}"
