"""Random queries as data: expressions, clauses and sources, which the builder composes and the reference executes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Column:
    """A column of the source, or an output of the query; `of` is the alias of a joined source, or "source" or "output"."""

    name: str
    of: str | None = None


@dataclass(frozen=True)
class Literal:
    """A number, text or bool; `bound` makes it a parameter that is bound later."""

    value: Any
    bound: bool = False


@dataclass(frozen=True)
class Arithmetic:
    """``left sign right``."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Negative:
    """``-value``."""

    value: Node


@dataclass(frozen=True)
class Compare:
    """A comparison."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Between:
    """A test for a range."""

    value: Node
    low: Any
    high: Any


@dataclass(frozen=True)
class Member:
    """IN and NOT IN."""

    value: Node
    members: tuple[Any, ...]
    negated: bool = False


@dataclass(frozen=True)
class Null:
    """IS NULL and IS NOT NULL."""

    value: Node
    negated: bool = False


@dataclass(frozen=True)
class Pattern:
    """A test of a text by one of the methods of `Expr`."""

    method: str
    value: Node
    text: str


@dataclass(frozen=True)
class Logic:
    """AND, "&", and OR, "|"."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Not:
    """A negation."""

    value: Node


@dataclass(frozen=True)
class Part:
    """A subscript: a key of JSON, an index, or the indices of a matrix."""

    value: Node
    index: Any


@dataclass(frozen=True)
class Call:
    """A function of one argument: `abs`, or a reduction of the array of one row."""

    name: str
    value: Node


@dataclass(frozen=True)
class Length:
    """The first dimension of an array: ``shape(value)[0]``."""

    value: Node


@dataclass(frozen=True)
class Holds:
    """``contains``: whether an array has an element."""

    value: Node
    element: Any


@dataclass(frozen=True)
class HasKey:
    """``contains`` of ``keys``: whether an object of JSON has a key."""

    value: Node
    key: str


@dataclass(frozen=True)
class Aggregate:
    """A function of the rows of a group."""

    name: str
    value: Node | None = None


@dataclass(frozen=True)
class RowNumber:
    """The number of the row in the source."""


Node = (
    Column
    | Literal
    | Arithmetic
    | Negative
    | Compare
    | Between
    | Member
    | Null
    | Pattern
    | Logic
    | Not
    | Part
    | Call
    | Length
    | Holds
    | HasKey
    | Aggregate
    | RowNumber
)


@dataclass(frozen=True)
class Table:
    """A dataset, by its name."""

    name: str


@dataclass(frozen=True)
class Joined:
    """A join of two sources, whose aliases are "a" and "b", on the equality of two columns."""

    left: Source
    right: Source
    how: str
    keys: tuple[str, str]


@dataclass(frozen=True)
class Combined:
    """A chain of set operations."""

    first: Drawn
    others: tuple[tuple[str, Drawn], ...]


@dataclass(frozen=True)
class Search:
    """A similarity search; without an alias it is the sort key of the query, as it always is with "mmr". *exact* forbids an index, which finds nearly the closest rows."""

    column: str
    vector: tuple[float, ...]
    metric: str
    alias: str | None
    exact: bool = True

    @property
    def is_certain(self) -> bool:
        """Whether it is documented which rows are the first."""
        return self.exact and self.metric != "mmr"


@dataclass(frozen=True)
class Words:
    """A search for words; without an alias it is the sort key of the query."""

    column: str
    words: str
    alias: str | None


@dataclass(frozen=True)
class Fused:
    """A hybrid search by vectors, and by words that no row has."""

    column: str
    vectors: tuple[tuple[float, ...], ...]
    words: str | None
    weights: tuple[float, ...] | None
    k: int
    candidates: int
    alias: str


@dataclass(frozen=True)
class Sample:
    """A sample of the rows."""

    weights: Node
    replace: bool
    limit: int | None


@dataclass(frozen=True)
class Key:
    """A sort key; the direction is "asc", "desc" or None."""

    value: Node
    direction: str | None = None


@dataclass(frozen=True)
class Drawn:
    """
    A drawn query.

    Attributes:
        source: a dataset, a query, a join or a chain of set operations.
        outputs: names and expressions of the outputs; none for ``*``. A column under its own name is selected by its name.
        where: conditions on rows, and on outputs.
        groups: keys of groups.
        distinct: whether duplicates are left out.
        keys: sort keys.
        limit: the number of rows.
        offset: the number of skipped rows.
        per: the outputs of which each group of equal values has its own limit.
        search: a search.
        sample: a sample.
        ungrouped: whether the groups of the source are split.
        order: seed of the order of the calls.
        shadow: the output with the name of another column of the source.
    """

    source: Source
    outputs: tuple[tuple[str, Node], ...] = ()
    where: tuple[Node, ...] = ()
    groups: tuple[Node, ...] = ()
    distinct: bool = False
    keys: tuple[Key, ...] = ()
    limit: int | None = None
    offset: int | None = None
    per: tuple[Node, ...] = ()
    search: Search | Words | Fused | None = None
    sample: Sample | None = None
    ungrouped: bool = False
    order: int = 0
    shadow: str | None = None


Source = Table | Drawn | Joined | Combined


def without(drawn: Drawn, **changes: Any) -> Drawn:
    """Return a query with other clauses."""
    return replace(drawn, **changes)
