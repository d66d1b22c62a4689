"""Queries of the builder, composed from random queries as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.tql.signs import EVERY
from tests.tql.world.tables import Draw
from tests.tql.world.terms import (
    Aggregate,
    Arithmetic,
    Between,
    Call,
    Column,
    Combined,
    Compare,
    Drawn,
    Fused,
    HasKey,
    Holds,
    Joined,
    Key,
    Length,
    Literal,
    Logic,
    Member,
    Negative,
    Node,
    Not,
    Null,
    Part,
    Pattern,
    RowNumber,
    Source,
    Table,
    Words,
)
from tql import Expr, Query, Schema, asc, col, desc, fn, param, select

if TYPE_CHECKING:
    from collections.abc import Callable


class Composer:
    """Composes queries with the builder, and collects the values of parameters."""

    def __init__(self, urls: dict[str, str], schemas: dict[str, Schema] | None = None) -> None:
        """Take the urls of tables by their names, and the schemas of those that a client does not know by itself."""
        self.urls = urls
        self.schemas = schemas or {}
        self.bound: dict[str, Any] = {}

    def query(self, drawn: Drawn) -> Query:
        """Return a query of the builder, with its parameters bound."""
        found = self._query(drawn)
        return found.bind(**self.bound) if self.bound else found

    def _query(self, drawn: Drawn) -> Query:
        """Return a query of the builder; its clauses are called in random order."""
        draw = Draw(drawn.order)
        query = self._combined(drawn.source) if isinstance(drawn.source, Combined) else select()
        first, rest = self._calls(drawn)
        draw.shuffle(rest)
        for call in self._ordered(draw, first, rest):
            query = call(query)
        return query

    def _ordered(self, draw: Draw, first: list[Any], rest: list[Any]) -> list[Any]:
        """Return calls in random order; those of one clause whose order has a meaning keep it."""
        for call in first:
            rest.insert(draw.randint(0, len(rest)), call)
        kept = iter(first)
        return [next(kept) if any(call is one for one in first) else call for call in rest]

    def _calls(self, drawn: Drawn) -> tuple[list[Callable[[Query], Query]], list[Callable[[Query], Query]]]:
        """Return the calls whose order has a meaning, and the others."""
        is_key = drawn.search is not None and drawn.search.alias is None
        search = self._search(drawn)
        first = self._source(drawn.source)
        first += [self._call("select", *self._output(label, node)) for label, node in drawn.outputs]
        first += [self._call("group_by", self.column(node)) for node in drawn.groups]
        first += search if is_key else []
        first += [self._call("order_by", self.key(key)) for key in drawn.keys]
        rest = [self._call("where", self.node(node)) for node in drawn.where]
        return first, [*rest, *self._cut(drawn), *self._marks(drawn), *([] if is_key else search), *self._sample(drawn)]

    def _cut(self, drawn: Drawn) -> list[Callable[[Query], Query]]:
        """Return the calls of a limit and of an offset."""
        per = [list(map(self.column, drawn.per))] if drawn.per else []
        limit = [] if drawn.limit is None else [self._call("limit", drawn.limit, *per)]
        return limit if drawn.offset is None else [*limit, self._call("offset", drawn.offset)]

    def _marks(self, drawn: Drawn) -> list[Callable[[Query], Query]]:
        """Return the calls without arguments."""
        distinct = [self._call("distinct")] if drawn.distinct else []
        return [*distinct, self._call("ungroup_by")] if drawn.ungrouped else distinct

    def _search(self, drawn: Drawn) -> list[Callable[[Query], Query]]:
        """Return the call of a search; without a name it is a sort key, and the keys of later calls come after it."""
        search = drawn.search
        if search is None:
            return []
        if isinstance(search, Words):
            return [self._call("bm25", search.column, search.words, search.alias)]
        if isinstance(search, Fused):
            return [_fusion(search)]
        vector, exact = list(search.vector), search.exact and search.metric in {"cosine", "l2"}
        return [lambda query: query.similarity(search.column, vector, search.metric, search.alias, exact=exact)]

    def _sample(self, drawn: Drawn) -> list[Callable[[Query], Query]]:
        """Return the call of a sample."""
        sample = drawn.sample
        if sample is None:
            return []
        return [lambda query: query.sample_by(self.column(sample.weights), sample.replace, sample.limit)]

    @staticmethod
    def _call(method: str, *arguments: Any) -> Callable[[Query], Query]:
        """Return a call of one method."""
        return lambda query: getattr(query, method)(*arguments)

    def _output(self, label: str, node: Node) -> list[Any]:
        """Return the argument of `select` for an output."""
        return [label if node == Column(label) else self.node(node).as_(label)]

    def _source(self, source: Source) -> list[Callable[[Query], Query]]:
        """Return the calls that name a source."""
        if isinstance(source, Combined):
            return []
        if not isinstance(source, Joined):
            one, known = self._named(source), self._schema(source)
            return [lambda query: query.from_(one, schema=known)]
        left, known, right = self._named(source.left), self._schema(source.left), self._named(source.right)
        other = self._schema(source.right)
        right = right if other is None else select().from_(right, schema=other)
        on = col(source.keys[0], of="a") == col(source.keys[1], of="b")
        return [
            lambda query: query.from_(left, "a", known),
            lambda query: query.join(right, on, source.how, "b"),
        ]

    def _schema(self, source: Source) -> Schema | None:
        """Return the schema of a dataset that a client does not know by itself."""
        return self.schemas.get(source.name) if isinstance(source, Table) else None

    def _named(self, source: Source) -> str | Query:
        """Return the url of a dataset, or a query."""
        if isinstance(source, Table):
            return self.urls[source.name]
        return self._query(source if isinstance(source, Drawn) else Drawn(source))

    def _combined(self, source: Combined) -> Query:
        """Return a chain of set operations."""
        query = self._query(source.first)
        for method, other in source.others:
            query = getattr(query, method)(self._query(other))
        return query

    def key(self, key: Key) -> Any:
        """Return a sort key."""
        value = self.column(key.value)
        return value if key.direction is None else {"asc": asc, "desc": desc}[key.direction](value)

    def column(self, node: Node) -> str | Expr:
        """Return the name of a column, or an expression."""
        return node.name if isinstance(node, Column) and node.of is None else self.node(node)

    def node(self, node: Node) -> Expr:
        """Return an expression of the builder."""
        found: Expr = COMPOSED[type(node)](self, node)
        return found

    def operand(self, node: Node) -> Any:
        """Return a value for a literal, a parameter for a bound one, or an expression."""
        if not isinstance(node, Literal):
            return self.node(node)
        if not node.bound:
            return node.value
        label = f"p{len(self.bound)}"
        self.bound[label] = node.value
        return param(label)


def _fusion(search: Fused) -> Callable[[Query], Query]:
    """Return the call of a hybrid search."""
    vectors: list[tuple[Any, object]] = [(search.column, list(vector)) for vector in search.vectors]
    weights = None if search.weights is None else list(search.weights)
    return lambda query: query.hybrid(
        vector=vectors,
        text=[] if search.words is None else [("words", search.words)],
        weights=weights,
        k=search.k,
        candidates=search.candidates,
        as_=search.alias,
        exact=True,
    )


def _binary(make: Composer, node: Any) -> Any:
    """Return an operator of two operands."""
    return EVERY[node.sign](make.operand(node.left), make.operand(node.right))


def _member(make: Composer, node: Member) -> Expr:
    """Return IN or NOT IN."""
    value = make.node(node.value)
    return value.not_in(node.members) if node.negated else value.in_(node.members)


def _null(make: Composer, node: Null) -> Expr:
    """Return IS NULL or IS NOT NULL."""
    value = make.node(node.value)
    return value.is_not_null() if node.negated else value.is_null()


def _aggregate(make: Composer, node: Aggregate) -> Expr:
    """Return an aggregate."""
    found: Expr = getattr(fn, node.name)(*([] if node.value is None else [make.node(node.value)]))
    return found


COMPOSED: dict[type, Callable[[Composer, Any], Any]] = {
    Column: lambda _make, node: col(node.name, node.of),
    Literal: lambda make, node: make.operand(node),
    Arithmetic: _binary,
    Compare: _binary,
    Logic: _binary,
    Negative: lambda make, node: -make.node(node.value),
    Not: lambda make, node: ~make.node(node.value),
    Between: lambda make, node: make.node(node.value).between(node.low, node.high),
    Member: _member,
    Null: _null,
    Pattern: lambda make, node: getattr(make.node(node.value), node.method)(node.text),
    Part: lambda make, node: make.node(node.value)[node.index],
    Call: lambda make, node: getattr(fn, node.name)(make.node(node.value)),
    Length: lambda make, node: fn.shape(make.node(node.value))[0],
    HasKey: lambda make, node: fn.contains(fn.keys(make.node(node.value)), node.key),
    Holds: lambda make, node: make.node(node.value).contains(node.element),
    Aggregate: _aggregate,
    RowNumber: lambda _make, _node: fn.row_number(),
}
