"""Know what a query is: plain frozen data, and one method for each clause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from tql import clauses
from tql.expr import Expr, Key
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql.clauses import AsWritten, Combined, Dataset, Unordered
    from tql.search import Search
    from tql_grammar.ast import Expression
    from tql_grammar.diagnostic import Diagnostic

Column = str | Expr
T = TypeVar("T")


class Query(Record):
    """
    A query: what to select, from where, which rows, in which order, how many.

    It is frozen: every method returns a new query, and the old one stays as it was.
    ``str(q)`` is the TQL text, ``repr(q)`` the Python expression that makes it.
    Clauses, not steps: the order of the calls does not matter, and ``limit`` cuts what ``where`` has left, wherever it stands in the chain; nest with ``select().from_(q)`` to filter what was cut.
    """

    outputs: tuple[Expression, ...] = ()
    searches: tuple[Search, ...] = ()
    source: Dataset | DerivedQuery | AsWritten | Combined | Unordered | None = None
    conditions: tuple[Expression, ...] = ()
    groups: tuple[Expression, ...] = ()
    keys: tuple[Key, ...] = ()
    unique: bool = False
    row_limit: int | None = None
    row_offset: int | None = None

    def select(self, *columns: Column, **named: Column) -> Self:
        """
        Add columns to the result, in the order of the arguments: ``select text, meta['year'] as year``.

        Without any, all columns are selected: ``select *``.

        Args:
            columns: names of columns of the source, or expressions; a computed one needs a name, by ``.as_(name)``.
            named: expressions under a name: ``select("text", year=col("meta")["year"])``.

        Raises:
            ArgumentError: a name comes twice, or a computed column has no name.
        """
        return self.replace(outputs=clauses.outputs(self, columns, named))

    def from_(self, source: str | Query, alias: str | None = None) -> Self:
        """
        Take the rows of a dataset or of another query, instead of any source given before.

        Args:
            source: the url of a dataset, ``"hub://org/dataset"``, or a query; the text then holds it in parentheses.
            alias: a name for the source, for ``col(name, of=alias)``.
        """
        if isinstance(source, Query):
            return self.replace(source=DerivedQuery(source, clauses.alias(alias)))
        return self.replace(source=clauses.dataset(source, alias))

    def where(self, *conditions: Expr | None) -> Self:
        """
        Keep the rows for which all *conditions* hold, together with those given before: ``where a > 1 and b = 'x'``.

        A name means an output of this query where it made one (an alias, a score), else a column of the source; None is left out.

        Raises:
            ArgumentError: something is no condition, such as a str or a bool.
        """
        return self.replace(conditions=(*self.conditions, *clauses.conditions(conditions)))

    def similarity(self, column: Column, vector: object, metric: str = "cosine", as_: str | None = "score") -> Self:
        """
        Score each row by the closeness of an embedding to a vector, as the last column: ``cosine_similarity(embedding, ARRAY[..]) as score``.

        It does not sort: ``.order_by(as_)`` puts the closest first, whatever the metric.

        Args:
            column: the column of embeddings, each of shape (d,); for maxsim (m, d).
            vector: shape (d,), converted to float32; for maxsim (n, d).
            metric: "cosine" in [-1, 1], "dot" and "maxsim", higher is closer;
                "l2", "l1", "linf" and "hamming" >= 0, lower is closer;
                "mmr" ranks by relevance and diversity and needs ``as_=None``.
            as_: the name of the score; None adds the closeness to the keys of the order instead, closest first, and returns no score.

        Raises:
            ArgumentError: *vector* has another shape, is empty, is not numeric or not finite; *metric* is unknown; *as_* is taken.
        """
        return clauses.similarity(self, column, vector, metric, as_)

    def group_by(self, *expressions: Column) -> Self:
        """
        Make one row of all rows that agree in *expressions*, after those given before.

        Selected keys come back as single values; ``fn.count()``, ``fn.sum``, ``fn.mean``, ``fn.min``, ``fn.max`` and ``fn.first`` reduce the rows of a group to one value;
        any other column comes back as the list of the group's values.
        ``where`` on columns of the source filters rows before they are grouped, on outputs and aggregates it filters groups; ``order_by`` and ``limit`` concern groups.
        A query with one of those functions and no keys is one group.
        """
        return self.replace(groups=clauses.groups(self, expressions))

    def distinct(self) -> Self:
        """
        Keep one of the rows that agree in every column of the result; order and limit concern what is kept.

        It compiles to GROUP BY, since the engine ignores DISTINCT, and needs the columns by name.
        Numbers are compared as float64, texts by their bytes.

        Raises:
            ArgumentError: when it is written, if the query selects ``*``.
        """
        return self.replace(unique=True)

    def union(self, other: Query) -> Query:
        """Return the rows of both queries, each once; ``order_by`` and ``limit`` after it concern the whole."""
        return clauses.combined("union", self, other)

    def union_all(self, other: Query) -> Query:
        """Return the rows of this query, then those of the other."""
        return clauses.combined("union_all", self, other)

    def intersect(self, other: Query) -> Query:
        """Return the rows that are in both queries, each once."""
        return clauses.combined("intersect", self, other)

    def except_(self, other: Query) -> Query:
        """Return the rows of this query that are not in the other, each once."""
        return clauses.combined("except_", self, other)

    def order_by(self, *keys: Column | Key) -> Self:
        """
        Sort the rows by *keys*, the first the most significant, after those given before; rows that tie stay in the order of the source.

        The score of a search sorts the best first, whatever the metric; every other key ascends; `asc` and `desc` say otherwise.
        The engine keeps one key only, so several become nested selects.
        """
        return self.replace(keys=(*self.keys, *clauses.keys(keys)))

    def limit(self, rows: int | None) -> Self:
        """Return at most *rows* rows, instead of any limit given before; None for all: ``limit 5``."""
        return self.replace(row_limit=clauses.rows("limit", rows))

    def offset(self, rows: int | None) -> Self:
        """Leave out the first *rows* rows, instead of any offset given before: ``offset 10``."""
        return self.replace(row_offset=clauses.rows("offset", rows))

    def when(self, condition: object, function: Callable[[Self], Self]) -> Self:
        """Return ``function(query)`` where *condition* is true in Python, else the query as it is."""
        return function(self) if condition else self

    def pipe(self, function: Callable[[Self], T]) -> T:
        """Return ``function(query)``, for steps of one's own in a chain."""
        return function(self)

    def check(self, schema: object = None) -> list[Diagnostic]:
        """Return what the engine would make of the query other than it says, and advice about searches."""
        from tql.checking import check

        return check(self, schema)

    def to_tql(self, *, pretty: bool = False) -> str:
        """Return the TQL text, on one line or laid out."""
        from tql.compile import compile_query

        text = compile_query(self)
        if not pretty:
            return text
        from tql_grammar.formatter import format_text

        return format_text(text)

    def __str__(self) -> str:
        """Return the TQL text on one line."""
        return self.to_tql()

    def __repr__(self) -> str:
        """Return the Python expression that makes this query, long vectors elided."""
        from tql.show import query

        return query(self)


class DerivedQuery(Record):
    """A query as the source of another: ``from (select ..) as s``."""

    query: Query
    alias: str | None = None


def select(*columns: Column, **named: Column) -> Query:
    """
    Begin a query: ``select("text")`` is ``select text``, ``select()`` is ``select *``.

    See `Query.select`.
    """
    return Query().select(*columns, **named)
