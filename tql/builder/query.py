"""The query of the builder: a frozen `Statement`, and one method for each clause."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Self, TypeVar

from tql import parameters
from tql.builder import arguments as clauses
from tql.builder import searches as search
from tql.builder.composed import Composed
from tql.compiler.compile import compiled
from tql.compiler.template import text
from tql.expressions.expr import Expr, Key
from tql.messages import shown
from tql.statement import DerivedQuery
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.syntax import Syntax
    from rich.text import Text

    from tql.compiler.prepare import Prepared
    from tql.statement import Dataset
    from tql.views.diff import Difference
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.explain.levels import QueryLevel
    from tql_grammar.schema import Schema

Column = str | Expr
T = TypeVar("T")


class Query(Composed):
    """
    A query: what to select, from where, which rows, in which order, how many.

    It is frozen: every method returns a new query, and the old one stays as it was.
    ``str(q)`` is the TQL text, ``repr(q)`` the Python expression that makes it.
    Calls are clauses, not steps: their order does not matter, and ``limit`` applies after ``where`` wherever it is in the chain; nest with ``select().from_(q)`` to filter what was cut.
    """

    __slots__ = ()

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
        return self._changed(outputs=clauses.outputs(self.statement, columns, named))

    def from_(self, source: str | Query, alias: str | None = None, schema: Schema | None = None) -> Self:
        """
        Take the rows of a dataset or of another query, instead of any source given before.

        Args:
            source: the url of a dataset, ``"hub://org/dataset"``, or a query; the text then holds it in parentheses.
            alias: a name for the source, for ``col(name, of=alias)``.
            schema: the columns of the dataset; with it names and types are looked at, and the text is right for their types and indexes.
        """
        return self._changed(source=_source(source, alias, schema))

    def join(self, source: str | Query, on: Expr, how: str = "inner", alias: str | None = None) -> Self:
        """
        Pair the rows of another source with those of ``from_`` that match: ``from a as a join b as b on a.id = b.uid``.

        Both sources need an alias, and columns are named with it: ``col("id", of="a")``; ``select("*")`` is refused.
        Keys match where they are equal; null and NaN match nothing. Rows come in no promised order: ``order_by`` gives one. Where a left or right join, of at most 16,777,215 rows, matches nothing, the columns of the other source are None: ``is_null()`` finds these rows and no other condition on those columns holds for them. A function, an element or a score of such a column is refused: the other source may compute it. Where the other source is an empty dataset no row comes back at all. Without ``schema=`` the engine fails where keys are null numbers, may never end where they are NaN, matches a null text with an empty one, takes an empty text for a missing one in ``is_null()``, and fails to order or group by missing numbers.

        Args:
            source: the url of a dataset, or a query.
            on: an equality of one column of each source, ``col("id", of="a") == col("uid", of="b")``.
            how: "inner" keeps pairs that match; "left" also the other rows of ``from_``; "right" also the other rows of *source*.
            alias: the name of *source* in this query.

        Raises:
            ArgumentError: a second join, another kind, no alias, or a condition that the engine cannot join by.
        """
        return self._changed(joined=clauses.joined(self.statement, _source(source, alias), on, how))

    def where(self, *conditions: Expr) -> Self:
        """
        Keep the rows for which all *conditions* hold, together with those given before: ``where a > 1 and b = 'x'``.

        A name means an output of this query where it made one (an alias, a score), else a column of the source.
        A condition that is not always there goes into `when`: ``.when(year, lambda q: q.where(col("year") == year))``.

        Raises:
            ArgumentError: something is no condition, such as None, a str or a bool.
        """
        return self._changed(conditions=(*self.statement.conditions, *clauses.conditions(conditions)))

    def similarity(
        self, column: Column, vector: object, metric: str = "cosine", as_: str | None = "score", *, exact: bool = False
    ) -> Self:
        """
        Score each row by the closeness of an embedding to a vector, as the last column: ``cosine_similarity(embedding, ARRAY[..]) as score``.

        It does not sort: ``.order_by(as_)`` puts the closest first, whatever the metric.
        Where an index of the embeddings was built, and the score is the only key of an order that is cut by ``limit``, the rows of "cosine" and "l2" are those that the index finds:
        nearly the closest, among the rows that ``where`` keeps. `explain` says where that may be.

        Args:
            column: the column of embeddings, each of shape (d,); for maxsim (m, d).
            vector: shape (d,), converted to float32; for maxsim (n, d).
            metric: "cosine" in [-1, 1], "dot", and "maxsim" >= 0, higher is closer;
                "l2", "l1", "linf" and "hamming" >= 0, lower is closer;
                "mmr" ranks by relevance and diversity and needs ``as_=None``.
            as_: the name of the score; None adds the closeness to the keys of the order instead, closest first, and returns no score.
            exact: whether every row is looked at, whatever indexes there are: the closest, and slower.

        Raises:
            ArgumentError: *vector* has another shape, is empty, is not numeric or not finite; *metric* is unknown; *as_* is taken.
        """
        found = search.similarity(column, vector, metric, as_, exact=exact)
        return self._saying(clauses.searched("similarity", self.statement, found))

    def bm25(self, column: Column, text: str | Expr, as_: str | None = "score") -> Self:
        """
        Score each row by the words of a text that it holds, as the last column; rows without any of them are left out.

        The engine runs it in one form: ``order by bm25_similarity(text, 'words') desc limit 5``.
        So the score has to be the only key of ``order_by``, the best first, and there has to be a ``limit``; the column needs a BM25 index.

        Args:
            column: the column of texts.
            text: the words to look for.
            as_: the name of the score, float32 >= 0, higher is closer; None sorts by it and does not return it.

        Raises:
            ArgumentError: when it is written, if order or limit are not as above.
        """
        return self._saying(clauses.searched("bm25", self.statement, search.bm25(column, text, as_)))

    def hybrid(  # noqa: PLR0913 - each is one independent choice, by name
        self,
        *,
        vector: tuple[Column, object] | list[tuple[Column, object]],
        text: tuple[Column, str] | list[tuple[Column, str]],
        weights: list[float] | None = None,
        key: str = "id",
        k: int = 60,
        candidates: int = 100,
        as_: str = "score",
        exact: bool = False,
    ) -> Self:
        """
        Fuse vector and text searches by reciprocal ranks, in one statement; the score is the last column.

        Each search ranks the rows that ``where`` keeps, from 1; a row's score is the sum of ``weight / (k + rank)`` over the searches that have it among their *candidates*.
        Rows that no search has are left out. ``order_by(as_)`` puts the best first, ties by the key.

        Args:
            vector: ``(column, vector)``, ranked by the cosine, or several of them as a list.
            text: ``(column, words)``, ranked by BM25, or several of them as a list.
            weights: a number above 0 for each search, vectors first; all 1 unless given.
            key: a column of texts or integers that is different in every row.
            k: the constant of reciprocal rank fusion, >= 0: a larger one lowers the advantage of the first ranks.
            candidates: how many rows of each search count, >= 1.
            as_: the name of the score, float64 > 0, higher is better.
            exact: whether every row is looked at; else the candidates of a vector are those that an index of the embeddings finds, where one was built.

        Raises:
            ArgumentError: a wrong argument; when it is written, if the query selects ``*``.
        """
        found = search.fusion(vector, text, weights, key, k, candidates, as_, exact=exact)
        return self._saying(clauses.searched("hybrid", self.statement, found))

    def sample_by(
        self,
        weights: Column,
        replace: bool = True,  # noqa: FBT001, FBT002 - the contract's second argument
        limit: int | None = None,
        percent: float | None = None,
    ) -> Self:
        """
        Draw rows at random from those that ``where`` keeps: ``sample by weights replace false limit 10``.

        ``order_by`` and ``limit`` concern the rows that were drawn.

        Args:
            weights: a number for each row, >= 0; a row is drawn in proportion to it. At least one has to be above 0: else the engine never ends.
            replace: whether a row may be drawn again.
            limit: how many rows; as many as there are unless given.
            percent: how many percent of the rows, in place of limit.
        """
        return self._changed(sampling=clauses.sampling(weights, replace, limit, percent))

    def ungroup_by(self, n: int | None = None) -> Self:
        """
        Take the groups of the source apart: a row for each member, in the order of the groups; single values are repeated.

        The source has to be a grouped query with at least one column that is no key and no aggregate: ``select("k", "id").from_(grouped).ungroup_by()``.

        Args:
            n: into how many pieces each group goes, instead of single rows; columns stay lists then.
        """
        return self._changed(parts_per_group=clauses.parts_per_group(n))

    def bind(self, **values: object) -> Self:
        """
        Give parameters their values: ``q.bind(v=vector)`` for each ``param("v")``.

        Raises:
            ArgumentError: there is no such parameter, or no literal for the value.
        """
        return self._saying(parameters.bind(self.statement, values))

    def to_prepared(self) -> Prepared:
        """
        Return the text with ``?``, and the names of the parameters in the order in which the engine takes their values.

        Raises:
            ArgumentError: the query has no parameters, or one where the engine does not accept it: in a subquery, IN, BETWEEN, LIMIT or a subscript.
        """
        from tql.compiler.prepare import prepared

        return prepared(self.statement)

    def group_by(self, *expressions: Column) -> Self:
        """
        Make one row of all rows that agree in *expressions*, after those given before.

        Selected keys come back as single values; ``fn.count()``, ``fn.sum``, ``fn.mean``, ``fn.min``, ``fn.max`` and ``fn.first`` reduce the rows of a group to one value;
        any other column comes back as the list of the group's values.
        ``where`` on columns of the source filters rows before they are grouped, on outputs and aggregates it filters groups; ``order_by`` and ``limit`` concern groups.
        A query with one of those functions among its outputs and no keys is one group; in ``where`` and ``order_by`` of a query that is not grouped they are refused.
        The engine compares keys as float32, so close numbers fall into one group; with a schema groups are exact: see `order_by`.
        """
        return self._changed(groups=clauses.groups(self.statement, expressions))

    def distinct(self) -> Self:
        """
        Keep one of the rows that agree in every column of the result; order and limit concern what is kept.

        It compiles to GROUP BY, since the engine ignores DISTINCT, and needs the columns by name. Texts are compared by their bytes, numbers as by `group_by`.

        Raises:
            ArgumentError: when it is written, if the query selects ``*``.
        """
        return self._changed(unique=True)

    def union(self, other: Query) -> Query:
        """Return the rows of both queries, each once, compared as in `distinct`; ``order_by`` and ``limit`` after it concern the whole."""
        return self._combined("union", other)

    def union_all(self, other: Query) -> Query:
        """Return the rows of this query, then those of the other."""
        return self._combined("union_all", other)

    def intersect(self, other: Query) -> Query:
        """Return the rows that are in both queries, each once, compared as in `distinct`."""
        return self._combined("intersect", other)

    def except_(self, other: Query) -> Query:
        """Return the rows of this query that are not in the other, each once, compared as in `distinct`."""
        return self._combined("except_", other)

    def _combined(self, operator: str, other: object) -> Query:
        """Return a query over the rows of a set operation."""
        if not isinstance(other, Query):
            raise ArgumentError(operator, "takes a query", shown(other))
        return Query(clauses.combined(operator, self.statement, other.statement))

    def order_by(self, *keys: Column | Key) -> Self:
        """
        Sort the rows by *keys*, the first the most significant, after those given before; rows that tie stay in the order of the source.

        The score of a search sorts the best first, whatever the metric; every other key ascends; `asc` and `desc` say otherwise.
        The engine keeps one key only, so several become nested selects, and compares it as float32: numbers that agree in about seven digits, as epoch seconds or prices do, tie.
        With a schema (``from_(.., schema=)``, or an embedded client) numbers of every type, computed ones too, are sorted exactly, NaN and null last, in two to five selects; a float64 from 1e-28 to 3.4e38 in magnitude. Compared as float32 stay a similarity without a name, and a value of JSON: write ``col("meta")["year"] * 1.0``.
        """
        return self._changed(keys=(*self.statement.keys, *clauses.keys(keys)))

    def limit(self, rows: int | None) -> Self:
        """Return at most *rows* rows, instead of any limit given before; None for all: ``limit 5``."""
        return self._changed(row_limit=clauses.rows("limit", rows))

    def offset(self, rows: int | None) -> Self:
        """Leave out the first *rows* rows, instead of any offset given before: ``offset 10``."""
        return self._changed(row_offset=clauses.rows("offset", rows))

    def when(self, condition: object, function: Callable[[Self], Self]) -> Self:
        """Return ``function(query)`` where *condition* is true in Python, else the query as it is."""
        return function(self) if condition else self

    def pipe(self, function: Callable[[Self], T]) -> T:
        """Return ``function(query)``, so that your own functions fit into a chain."""
        return function(self)

    def check(self, schema: object = None) -> list[Diagnostic]:
        """Return the diagnostics of the query text: where the engine would not do what it says, and advice about searches."""
        from tql.findings import findings

        return findings(str(self), schema)

    def to_tql(self, *, pretty: bool = False) -> str:
        """Return the TQL text, on one line or laid out."""
        if not pretty:
            return str(self)
        from tql_grammar.printing.formatter import format_text

        return format_text(str(self))

    def diff(self, other: Query) -> Difference:
        """
        Return in what another query differs, in the words of the builder; ``str`` of it has a line for each change.

        ``-`` is said by this query only, ``+`` by the other only, ``~`` marks vectors with other numbers.
        """
        from tql.views.diff import difference

        return difference(self.statement, other.statement if isinstance(other, Query) else other)

    def explain(self) -> QueryLevel:
        """
        Return the SELECTs of the query text and why each one is around the one below; ``str`` of it draws the tree.

        Raises:
            ArgumentError: no text has the query's meaning.
        """
        from tql_grammar.explain.levels import explained

        return explained(*compiled(self.statement))

    def _repr_html_(self) -> str:
        """Return the query for a notebook, escaped, long vectors elided."""
        from tql.views.notebook import html

        return html(self.statement)

    def __rich__(self) -> Syntax | Text:
        """Return the query for a terminal that rich writes to: the text with colours."""
        from tql.views.notebook import coloured

        return coloured(self.statement)

    def __dir__(self) -> list[str]:
        """Return what completes in an editor: the methods of the builder, and `replace`."""
        own = (label for label in vars(Query) if callable(getattr(Query, label)) and label[0] != "_")
        return sorted([*own, "replace"])

    def __str__(self) -> str:
        """Return the TQL text on one line."""
        return text(self.statement)

    def __repr__(self) -> str:
        """Return the Python expression that makes this query, long vectors elided."""
        from tql.views.query_source import query

        return query(self.statement)


def _source(source: str | Query, alias: str | None, schema: Schema | None = None) -> Dataset | DerivedQuery:
    """Return a dataset or a query as a source."""
    if not isinstance(source, Query):
        return clauses.dataset(source, alias, schema)
    if schema is not None:
        rule = "takes the columns of a dataset: those of a query are known by the schema of its own source"
        raise ArgumentError("schema", rule, "a query")
    return DerivedQuery(source.statement, clauses.alias(alias))


def select(*columns: Column, **named: Column) -> Query:
    """
    Begin a query: ``select("text")`` is ``select text``, ``select()`` is ``select *``.

    See `Query.select`.
    """
    if named or set(map(type, columns)) != {str}:
        return EMPTY.select(*columns, **named)
    return _selected(columns)


EMPTY = Query()


@functools.lru_cache(maxsize=256)
def _selected(columns: tuple[str, ...]) -> Query:
    """Return a query of columns by their names, always the same one for the same names: it is frozen."""
    return EMPTY.select(*columns)
