"""
Cache of compiled texts, keyed by the query without its values.

The shape of a query is all of it but its values: its vectors, and the numbers and texts that something is compared with.
The text of a shape is kept in pieces with places for the values, so a query that differs in nothing else is written without making its tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tql.expressions.logical import Membership, Range
from tql.values.literal import LARGEST_INT
from tql_grammar import ast
from tql_grammar.printing.parts import Slot, merged
from tql_grammar.printing.printer import WRITERS
from tql_grammar.record import Record
from tql_grammar.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from tql.statement import Statement

    Add = Callable[[Any], None]
    Shaper = Callable[[Any, "Values", Add], object]

T = TypeVar("T")
# How many shapes are kept, how many values one may have, and how many characters beside them.
MOST_SHAPES = 1_000
MOST_VALUES = 100
LONGEST = 10_000
# What stands right below these is a value; everywhere else a number or a text can change the form of the text.
COMPARING = frozenset({ast.Comparison, ast.Between, ast.In, Range, Membership})
PLAIN = frozenset({str, int, type(None)})
SEVERAL = 2
EMPTY: tuple[object, ...] = ()

_texts: dict[Hashable, list[str]] = {}


class Uncacheable(Exception):  # noqa: N818 - an outcome, not an error
    """A query whose text is made anew each time: it knows the columns of its source, is very deep, or has very many values."""


class Values:
    """
    The values of a query, in the order in which its shape has them.

    Attributes:
        nodes: the values; one that is the same as another stands here once.
        places: the number of each value by its identity.
        fixed: the identities of literals that are part of the shape.
    """

    __slots__ = ("_equal", "_vectors", "fixed", "nodes", "places")

    def __init__(self) -> None:
        """Begin without any."""
        self.nodes: list[ast.Node] = []
        self.places: dict[int, int] = {}
        self.fixed: list[int] = []
        self._equal: dict[Hashable, int] = {}
        self._vectors: list[ast.Vector] = []

    def literal(self, node: ast.Number | ast.String) -> tuple[type, int]:
        """Return the type of a literal, and the number of the first one that is the same."""
        number = self._equal.setdefault((type(node), _spelled(node)), len(self.nodes))
        if number == len(self.nodes):
            self._add(node)
        self.places[id(node)] = number
        return type(node.value), number

    def vector(self, node: ast.Vector) -> int:
        """Return the number of a vector."""
        number = self.places.get(id(node))
        if number is None:
            number = self.places[id(node)] = len(self.nodes)
            self._add(node)
            self._vectors.append(node)
        return number

    def _add(self, node: ast.Node) -> None:
        """Add a value, if there are not too many."""
        if len(self.nodes) == MOST_VALUES:
            raise Uncacheable
        self.nodes.append(node)

    def pattern(self) -> Hashable:
        """Return which vectors are the same."""
        if len(self._vectors) < SEVERAL:
            return None
        bits = [vector.leaf() for vector in self._vectors]
        return tuple(map(bits.index, bits))


def text(query: Statement, write: Callable[[Statement, Mapping[int, int], T], list[str]], wanted: T) -> str | None:
    """
    Return the text of a query, or None for one that has no shape.

    Args:
        query: any query.
        write: returns the pieces of the text, given the query, the values by their identities, and what is wanted; called where the shape is new.
        wanted: what the text depends on besides.
    """
    values = Values()
    shape: list[Hashable] = [wanted]
    try:
        _SHAPES[type(query)](query, values, shape.append)
    except (Uncacheable, RecursionError):
        return None
    if len(values.nodes) > 1:
        shape.append(values.pattern())
    key = tuple(shape)
    if values.fixed and not values.places.keys().isdisjoint(values.fixed):
        return None
    nodes = values.nodes
    known = _texts.get(key)
    if known is None:
        known = merged(write(query, values.places, wanted))
        if len(_texts) >= MOST_SHAPES:
            _texts.clear()
        if _is_whole(known, len(nodes)):
            _texts[key] = known
    written: list[Any] = []
    for piece in known:
        if isinstance(piece, Slot):
            # Literals have no parts: their text is written at once.
            node = nodes[piece.number]
            written += WRITERS[type(node)](node)
        else:
            written.append(piece)
    return "".join(written)


def forget() -> None:
    """Forget every shape."""
    _texts.clear()


def kept() -> int:
    """Return how many shapes are known."""
    return len(_texts)


def _is_whole(known: list[str], count: int) -> bool:
    """Tell whether pieces are worth keeping: each value has its place in them, and they are not long."""
    numbers = {piece.number for piece in known if isinstance(piece, Slot)}
    return len(numbers) == count and sum(map(len, known)) <= LONGEST


# What follows adds to a shape what stands for a part: its class or length first, which says what comes after it.


def _compared(item: object, values: Values, add: Add) -> None:
    """Add one side of a comparison: a number or a text is a value."""
    if isinstance(item, tuple):
        add(len(item))
        for part in item:
            _compared(part, values, add)
    elif isinstance(item, ast.Negate):
        add(ast.Negate)
        _compared(item.operand, values, add)
    elif isinstance(item, ast.String) or (isinstance(item, ast.Number) and item.value <= LARGEST_INT):
        add(values.literal(item))
    elif type(item) in PLAIN:
        add(item)
    else:
        _SHAPES[type(item)](item, values, add)


def _fixed(node: ast.Number | ast.String, values: Values, add: Add) -> None:
    """Add a literal that is part of the shape: itself."""
    values.fixed.append(id(node))
    add((type(node), _spelled(node)))


def _spelled(node: ast.Number | ast.String) -> Hashable:
    """Return what tells a literal from others of its class: 1 from 1.0, and 0.0 from -0.0."""
    return node.value if type(node.value) is not float else (float, repr(node.value))


def _parts(items: tuple[Any, ...], values: Values, add: Add) -> None:
    """Add a tuple."""
    add(len(items))
    for part in items:
        if type(part) in PLAIN:
            add(part)
        else:
            _SHAPES[type(part)](part, values, add)


def _of_record(kind: type[Record]) -> Shaper:
    """Return what adds the records of a class."""
    fields = kind._fields

    def by_value(item: Record, values: Values, add: Add) -> None:
        add(kind)
        for field in fields:
            _compared(item.__dict__[field], values, add)

    def record(item: Record, values: Values, add: Add) -> None:
        add(kind)
        state = item.__dict__
        for field in fields:
            part: Any = state[field]
            if part is EMPTY or type(part) in PLAIN:
                add(part)
            else:
                _SHAPES[type(part)](part, values, add)

    return by_value if kind in COMPARING else record


def _column(column: ast.Column, _values: Values, add: Add) -> None:
    """Add a column."""
    add((column.name, column.table))


def _vector(vector: ast.Vector, values: Values, add: Add) -> None:
    """Add a vector: its length, and which of the values it is."""
    add((ast.Vector, vector.size, values.vector(vector)))


def _unknown(_item: object, _values: Values, _add: Add) -> None:
    """Refuse: what depends on the columns of a source is written anew, and so is what is not known."""
    raise Uncacheable


class _Shapes(dict[type, "Shaper"]):
    """What adds the parts of each class to a shape."""

    def __missing__(self, kind: type) -> Shaper:
        """Return that of a class that comes for the first time."""
        made = self[kind] = _of_record(kind) if issubclass(kind, Record) else _unknown
        return made


_SHAPES = _Shapes()
_SHAPES |= {
    tuple: _parts,
    ast.Column: _column,
    ast.Vector: _vector,
    ast.Number: _fixed,
    ast.String: _fixed,
    Schema: _unknown,
    bool: lambda item, _values, add: add((bool, item)),
    float: lambda item, _values, add: add((float, repr(item))),
}
