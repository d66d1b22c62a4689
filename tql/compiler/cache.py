"""
Cache of compiled texts, keyed by the query without its literals.

The cache key is the query without the values of its literals: numbers, texts, vectors, the numbers of LIMIT and OFFSET, and the candidates and weights of a hybrid search.
It has the kind of each literal, the length of each vector, and which literals are equal.
The text of a key is kept in chunks with slots for the literals.

Where the key is new, the query is compiled with traced literals, which record reads of their values.
A literal that a pass reads becomes a part of the key, by its value; so a text never depends on a value that its key leaves out.
0, 1 and '' are always parts of the key: the compiler writes them itself, and compares expressions for equality. So are numbers from 2**53 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tql.expressions.logical import PatternMatch, TextMatch
from tql.expressions.physical import pattern_of
from tql.parameters import resolved
from tql.statement import Fusion, Leg, Statement
from tql_grammar import ast
from tql_grammar.ast.traced import traced
from tql_grammar.errors import ArgumentError
from tql_grammar.printing.parts import Slot, merged
from tql_grammar.printing.printer import WRITERS
from tql_grammar.record import Record, made
from tql_grammar.schema import Schema
from tql_grammar.walk import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    Add = Callable[[Any], None]
    Shaper = Callable[[Any, "Literals", Add], object]

T = TypeVar("T")
# The number of texts that are kept, the literals that one may have, and its characters without them.
MOST_TEXTS = 1_000
MOST_LITERALS = 100
LONGEST = 10_000
PLAIN = frozenset({str, int, type(None)})
# The fields that hold numbers without being nodes, and that the compiler writes as literals.
COUNTS: dict[type[Record], tuple[str, ...]] = {
    Statement: ("row_limit", "row_offset"),
    Fusion: ("candidates",),
    Leg: ("weight",),
}
SEVERAL = 2
EMPTY: tuple[object, ...] = ()


class Uncacheable(Exception):  # noqa: N818 - an outcome, not an error
    """A query that is compiled each time: it is very deep, or has very many literals."""


class Branch(NamedTuple):
    """
    The texts of queries of one key, by the value of a literal that a pass reads.

    Attributes:
        slot: the number of the literal.
        texts: the chunks of a text, or another branch, by its value.
    """

    slot: int
    texts: dict[Hashable, list[str] | Branch]


class Texts:
    """The texts that are kept."""

    def __init__(self) -> None:
        """Begin without any."""
        self.of: dict[Hashable, list[str] | Branch] = {}
        self.count = 0

    def forget(self) -> None:
        """Forget every text."""
        self.of, self.count = {}, 0


_kept = Texts()


class Literals:
    """
    The literals of a query, in the order in which its key has them.

    Attributes:
        nodes: the literals; one that is equal to another is here once.
        slots: the number of each literal by its kind and value, and of each vector by its identity.
    """

    __slots__ = ("_vectors", "nodes", "slots")

    def __init__(self) -> None:
        """Begin without any."""
        self.nodes: list[ast.Expression] = []
        self.slots: dict[Hashable, int] = {}
        self._vectors: list[ast.Vector] = []

    def slot(self, node: ast.Number | ast.String) -> int:
        """Return the number of a literal, that of an equal one if there is one."""
        spelled = _spelled(node)
        slot = self.slots.get(spelled)
        if slot is None:
            slot = self.slots[spelled] = self._add(node)
        return slot

    def vector(self, node: ast.Vector) -> int:
        """Return the number of a vector."""
        slot = self.slots.get(id(node))
        if slot is None:
            slot = self.slots[id(node)] = self._add(node)
            self._vectors.append(node)
        return slot

    def _add(self, node: ast.Expression) -> int:
        """Add a literal, if there are not too many."""
        slot = len(self.nodes)
        if slot == MOST_LITERALS:
            raise Uncacheable
        self.nodes.append(node)
        return slot

    def pattern(self) -> Hashable:
        """Return the number of the first equal vector for each vector."""
        if len(self._vectors) < SEVERAL:
            return None
        bits = [vector.leaf() for vector in self._vectors]
        return tuple(map(bits.index, bits))

    def value(self, slot: int) -> Hashable:
        """Return the value of a literal as a part of a key."""
        node = self.nodes[slot]
        return node.bits if isinstance(node, ast.Vector) else _spelled(node)  # type: ignore[arg-type]  # the other literals


def text(query: Statement, write: Callable[[Statement, T], list[str]], wanted: T) -> str | None:
    """
    Return the text of a query, or None for one that has no key, or no text.

    Args:
        query: any query.
        write: returns the chunks of the text, given a query with traced literals and what is wanted; called where the key is new.
        wanted: what the text depends on apart from the query.
    """
    literals = Literals()
    shape: list[Hashable] = [wanted]
    try:
        _SHAPES[type(query)](query, literals, shape.append)
    except (Uncacheable, ArgumentError, RecursionError):
        return None
    if len(literals.nodes) > 1:
        shape.append(literals.pattern())
    key = tuple(shape)
    chunks = _kept.of.get(key)
    # Most queries have no literal that is read.
    if type(chunks) is not list:
        place = _place(key, literals)
        chunks = place.chunks or _compiled(query, literals, place, write, wanted)
    return None if chunks is None else _written(chunks, literals.nodes)


def _compiled(
    query: Statement, literals: Literals, place: Place, write: Callable[[Statement, T], list[str]], wanted: T
) -> list[str] | None:
    """Return the chunks of a text that was not kept, and keep them; None where the query has no text."""
    reads: dict[int, None] = {}
    try:
        chunks = merged(write(_traced(query, literals, reads), wanted))
    except ArgumentError:
        return None
    _keep(chunks, [*reads], place, literals)
    return chunks


class Place(NamedTuple):
    """
    The place of a text among those that are kept.

    Attributes:
        texts: the dictionary that has it, or will have it.
        key: its key there.
        path: the slots of the literals whose values lead to it.
        chunks: the text, if it is kept.
    """

    texts: dict[Hashable, list[str] | Branch]
    key: Hashable
    path: list[int]
    chunks: list[str] | None


def _place(key: Hashable, literals: Literals) -> Place:
    """Return the place of the text of a query: at each branch the value of a literal decides."""
    texts, path = _kept.of, []
    found = texts.get(key)
    while isinstance(found, Branch):
        path.append(found.slot)
        texts, key = found.texts, literals.value(found.slot)
        found = texts.get(key)
    return Place(texts, key, path, found)


def _keep(chunks: list[str], reads: list[int], place: Place, literals: Literals) -> None:
    """Keep a text for queries of its key in which the literals that were read have the same values; the first reads are those on the path to its place."""
    known = len(place.path)
    if reads[:known] != place.path or sum(map(len, chunks)) > LONGEST:
        return
    if _kept.count >= MOST_TEXTS:
        _kept.forget()
        return
    _kept.count += 1
    texts, key = place.texts, place.key
    for slot in reads[known:]:
        branch = Branch(slot, {})
        texts[key] = branch
        texts, key = branch.texts, literals.value(slot)
    texts[key] = chunks


def _written(chunks: list[str], nodes: list[ast.Expression]) -> str:
    """Return a text with literals in its slots."""
    written: list[Any] = []
    for chunk in chunks:
        if isinstance(chunk, Slot):
            # Literals have no parts: their text is written at once.
            node = nodes[chunk.number]
            written += WRITERS[type(node)](node)
        else:
            written.append(chunk)
    return "".join(written)


def forget() -> None:
    """Forget every text."""
    _kept.forget()


def kept() -> int:
    """Return the number of cached texts."""
    return _kept.count


def _traced(query: Statement, literals: Literals, reads: dict[int, None]) -> Statement:
    """Return a query with values in the places of its parameters, in which the literals that have slots are traced."""
    slots = literals.slots
    tracers: dict[Hashable, Any] = {key: traced(literals.nodes[slot], slot, reads) for key, slot in slots.items()}

    def trace(node: Record) -> Record:
        kind = type(node)
        if isinstance(node, TextMatch):
            return _with_pattern(node, tracers)
        counts = COUNTS.get(kind)
        if counts is not None:
            return _with_counts(node, counts, tracers)
        found: Record = node
        if kind is ast.Number or kind is ast.String:
            found = tracers.get(_spelled(node), node)  # type: ignore[arg-type]  # one of the two
        elif kind is ast.Vector:
            found = tracers.get(id(node), node)
        return found

    return rebuild(resolved(query), trace)


def _with_pattern(node: TextMatch, tracers: dict[Hashable, Any]) -> ast.Expression:
    """Return a condition on a text with the traced literal of its pattern; the pattern of one that has none is empty."""
    found = pattern_of(node.replace(text=ast.String(node.text.__dict__["value"])))
    literal = tracers.get((str, found.text))
    return node if literal is None else PatternMatch(node.operand, literal, found.empty, found.fold)


def _with_counts(node: Record, counts: tuple[str, ...], tracers: dict[Hashable, Any]) -> Record:
    """Return a record with traced literals in the places of its numbers; `tql_grammar.ast.traced.as_number` takes both."""
    state = node.__dict__
    changes = {field: tracers[key] for field in counts if (key := _spelled_number(state[field])) in tracers}
    return node.replace(**changes) if changes else node


# --- keys -------------------------------------------------------------------------------------------------------------
# A shaper adds to a key what stands for a part of a query: its class or length first, which says what comes after it.


def _spelled(node: ast.Number | ast.String) -> Hashable:
    """Return the identity of a literal: equal only for equal literals."""
    return _spelled_number(node.value) if type(node) is ast.Number else (str, node.value)


def _spelled_number(value: object) -> Hashable:
    """Return the identity of a number: 1 and 1.0 differ, as 0.0 and -0.0 do."""
    return (float, repr(value)) if type(value) is float else (int, value)


def _number(node: ast.Number, literals: Literals, add: Add) -> None:
    """Add a number: its kind, and which of the literals it is."""
    value = node.value
    if node.is_large or value in {0, 1}:
        add((ast.Number, _spelled_number(value)))
    else:
        add((type(value), literals.slot(node)))


def _string(node: ast.String, literals: Literals, add: Add) -> None:
    """Add a text: which of the literals it is."""
    add((str, literals.slot(node)) if node.value else ast.String)


def _text_match(node: TextMatch, literals: Literals, add: Add) -> None:
    """Add a condition on a text: the form of its pattern, and which of the literals that is."""
    found = pattern_of(node)
    slot = literals.slot(ast.String(found.text)) if found.text else None
    add((TextMatch, node.kind, found.empty, slot))
    _SHAPES[type(node.operand)](node.operand, literals, add)


def _parts(items: tuple[Any, ...], literals: Literals, add: Add) -> None:
    """Add a tuple."""
    add(len(items))
    for part in items:
        if type(part) in PLAIN:
            add(part)
        else:
            _SHAPES[type(part)](part, literals, add)


def _of_record(kind: type[Record]) -> Shaper:
    """Return the function that adds the records of a class to a key."""
    counts = COUNTS.get(kind, ())
    fields = tuple(field for field in kind._fields if field not in counts)

    def record(item: Record, literals: Literals, add: Add) -> None:
        add(kind)
        state = item.__dict__
        for field in fields:
            part: Any = state[field]
            if part is EMPTY or type(part) in PLAIN:
                add(part)
            else:
                _SHAPES[type(part)](part, literals, add)
        for field in counts:
            _count(state[field], literals, add)

    return record


def _count(value: float | None, literals: Literals, add: Add) -> None:
    """Add a number that is no node."""
    if value is None:
        add(None)
    elif value >= 0:
        _number(made(ast.Number, {"value": value}), literals, add)
    else:
        add(_spelled_number(value))


def _column(column: ast.Column, _literals: Literals, add: Add) -> None:
    """Add a column."""
    add((column.name, column.table))


def _vector(vector: ast.Vector, literals: Literals, add: Add) -> None:
    """Add a vector: its length, and which of the literals it is."""
    add((ast.Vector, vector.size, literals.vector(vector)))


def _unknown(_item: object, _literals: Literals, _add: Add) -> None:
    """Refuse what has no key."""
    raise Uncacheable


class _Shapes(dict[type, "Shaper"]):
    """The shaper of each class."""

    def __missing__(self, kind: type) -> Shaper:
        """Return that of a class that comes for the first time."""
        shaper = self[kind] = _of_record(kind) if issubclass(kind, Record) else _unknown
        return shaper


_SHAPES = _Shapes()
_SHAPES |= {
    tuple: _parts,
    ast.Column: _column,
    ast.Vector: _vector,
    ast.Number: _number,
    ast.String: _string,
    TextMatch: _text_match,
    Schema: lambda item, _literals, add: add(item),
    bool: lambda item, _literals, add: add((bool, item)),
    float: lambda item, _literals, add: add((float, repr(item))),
}
