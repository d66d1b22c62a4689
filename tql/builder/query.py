"""`Query`: an immutable query with one method for each clause of TQL."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Never, Self, TypeVar

from tql import parameters
from tql.builder import arguments as clauses
from tql.builder.searches import SearchMethods
from tql.decisions import holds
from tql.messages import shown
from tql.statement import DerivedQuery
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tql.columns import Filter, GroupKey, HasColumns, Output, Weight
    from tql.compiler.prepare import Prepared
    from tql.expressions.expr import Key
    from tql.statement import Dataset
    from tql.views.diff import Difference
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.explain.levels import QueryLevel
    from tql_grammar.schema import Schema

T = TypeVar("T")


class Query(SearchMethods):
    """
    An immutable query; every method returns a new query with one more clause.

    ``str(q)`` is the TQL text, ``repr(q)`` the Python expression that builds the query.
    Methods add clauses, not steps: their order does not matter, and ``where`` applies before ``limit`` wherever it is in the chain.
    To filter after a limit, use the limited query as the source: ``select().from_(q).where(..)``.
    """

    __slots__ = ()

    def select(self, *columns: Output, **named: Output) -> Self:
        """
        Add columns to the result, in the order of the arguments; a query without any selects all columns, ``select *``.

        Example: ``select("text", year=col("meta")["year"])`` generates ``select text, meta['year'] as year``.

        Args:
            columns: names of columns of the source, or expressions; a computed column needs a name, by ``.as_(name)``.
            named: expressions by their names in the result.

        Raises:
            ArgumentError: two columns have the same name, or a computed column has no name.
        """
        return self._changed(outputs=clauses.outputs(self.statement, columns, named))

    def from_(self, source: str | Query | HasColumns, alias: str | None = None, schema: Schema | None = None) -> Self:
        """
        Read the rows of a dataset or of another query; a second call replaces the source.

        Example: ``select("text").from_("hub://org/books")`` generates ``select text from "hub://org/books"``.

        Args:
            source: the url of a dataset, a `Table` with a source, or a query, which becomes a subquery in parentheses.
            alias: the name of the source in ``col(name, of=alias)``.
            schema: the columns of the dataset. With it, names and types are checked, and the TQL depends on the types and indexes of the columns.

        Raises:
            ArgumentError: *source* is neither a url nor a query, or *schema* is given for a query.
        """
        return self._changed(source=_source(source, alias, schema))

    def join(
        self,
        source: str | Query | HasColumns,
        on: Filter,
        how: str = "inner",
        alias: str | None = None,
        schema: Schema | None = None,
    ) -> Self:
        """
        Join a second source on the equality of two columns.

        Example: ``select(id=col("id", of="a")).from_("x", "a").join("y", col("id", of="a") == col("uid", of="b"), alias="b")`` generates
        ``select zj1 as id from (.. from (..) as a join (..) as b on a.zkey = b.zkey)..``.

        Both sources need an alias, and every column names its source: ``col("id", of="a")``; ``select("*")`` is rejected.
        Null and NaN keys match nothing, and the order of the rows is undefined without ``order_by``.

        In a left or right join, the columns of unmatched rows are None: ``is_null()`` finds these rows, and any other condition on those columns is false for them; its negation, ``not_in`` too, is true. In a query over the join, a missing text or JSON is an empty one.
        Functions, elements and scores of these columns are rejected here; compute them in the joined query. The source with unmatched rows may have up to 16,777,215 rows.

        Without ``schema=``, the engine fails on null numbers as keys, and may not terminate on NaN keys. It matches null texts with empty ones,
        treats empty texts as null in ``is_null()``, and fails to sort or group by null numbers.

        Args:
            source: the url of a dataset, a `Table` with a source, or a query.
            on: an equality of one column of each source, ``col("id", of="a") == col("uid", of="b")``.
            how: "inner" keeps matching pairs; "left" also keeps the unmatched rows of ``from_``, and "right" those of *source*.
            alias: the name of *source* in this query.
            schema: the columns of *source*, as for `from_`.

        Raises:
            ArgumentError: the query already has a join, *how* is another kind, an alias is missing, or *on* is another condition.
        """
        return self._changed(joined=clauses.joined(self.statement, _source(source, alias, schema), on, how))

    def where(self, *conditions: Filter, **named: Never) -> Self:
        """
        Keep the rows that meet all *conditions*, and those of earlier calls.

        Example: ``select("id").where(col("year") > 2000, col("kind") == "novel")`` generates ``select id where year > 2000 and kind = 'novel'``.

        A name refers to an output of this query, such as an alias or a score, if there is one, and to a column of the source otherwise. For an optional condition use `when`: ``.when(year, lambda q: q.where(col("year") == year))``.

        Raises:
            ArgumentError: an argument is not a condition, such as None, a str or a bool.
        """
        clauses.refuse_more("where", named)
        return self._changed(conditions=(*self.statement.conditions, *clauses.conditions(conditions)))

    def sample_by(
        self,
        weights: Weight,
        replace: bool = True,  # noqa: FBT001, FBT002 - the contract's second argument
        limit: int | None = None,
        percent: float | None = None,
    ) -> Self:
        """
        Draw a random sample of the rows that ``where`` keeps; ``order_by`` and ``limit`` apply to the sample.

        Example: ``select("id").sample_by("weight", replace=False, limit=10)`` generates ``select id where weight > 0 sample by weight replace false limit 10``.

        Args:
            weights: a column or expression, >= 0 in each row; the probability of a row is proportional to it. Rows with a weight of 0 are never drawn, and do not count.
            replace: whether a row may be drawn more than once.
            limit: the size of the sample; by default the number of rows with a weight above 0.
            percent: the size of the sample in percent of those rows, in (0, 100], instead of *limit*.

        Raises:
            ArgumentError: both *limit* and *percent* are given, or one of them is out of range.
        """
        return self._changed(sampling=clauses.sampling(weights, replace, limit, percent))

    def ungroup_by(self, n: int | None = None) -> Self:
        """
        Split the groups of a grouped source into rows again, in the order of the groups; keys and aggregates are repeated.

        Example: ``select("k", "id").from_(select("k", "id").group_by("k")).ungroup_by()`` generates
        ``select k, id from (select k[0] as k, id from (select k, id) group by k) ungroup by split``.

        The source needs at least one column that is neither a key nor an aggregate.

        Args:
            n: the number of parts that each group is split into, >= 1; columns are lists then. By default each member is a row.

        Raises:
            ArgumentError: *n* is out of range; or, when the query is compiled, the source is not a grouped query.
        """
        return self._changed(parts_per_group=clauses.parts_per_group(n))

    def bind(self, **values: object) -> Self:
        """
        Set the values of parameters; other parameters stay unset.

        Example: ``select("id").where(col("year") > param("year")).bind(year=2000)`` generates ``select id where year > 2000``.

        Raises:
            ArgumentError: the query has no parameter of that name, or TQL has no literal for the value.
        """
        return self._saying(parameters.bind(self.statement, values))

    def to_prepared(self) -> Prepared:
        """
        Return the text with ``?`` for each parameter, and the names of the parameters in the order of the text.

        Example: ``select("id").where(col("year") > param("year")).to_prepared().text`` generates ``select id where year > ?``.

        Raises:
            ArgumentError: the query has no parameters, or one where the engine does not accept it: in a subquery, IN, BETWEEN, LIMIT or a subscript.
        """
        from tql.compiler.prepare import prepared

        return prepared(self.statement)

    def group_by(self, *expressions: GroupKey, **named: Never) -> Self:
        """
        Group the rows by *expressions*, after those of earlier calls; the result has one row per group.

        Example: ``select("kind", n=fn.count()).group_by("kind")`` generates ``select kind[0] as kind, sum(zn) as n from (select kind, 1 as zn) group by kind``.

        ``fn.count()``, ``fn.sum``, ``fn.mean``, ``fn.min``, ``fn.max`` and ``fn.first`` aggregate the rows of a group. Selected keys are single values; any other column is the list of the group's values.
        ``where`` on columns of the source filters rows before grouping; on outputs and aggregates it filters groups. ``order_by`` and ``limit`` apply to groups.
        Without ``group_by``, a query that selects an aggregate is one group of all its rows, and aggregates in ``where`` or ``order_by`` are rejected.
        The engine compares keys as float32, so numbers that are close to each other share a group; with a schema, groups are exact, as for `order_by`.

        Raises:
            ArgumentError: the query has a search; or, when it is compiled, it selects ``*``.
        """
        clauses.refuse_more("group_by", named)
        return self._changed(groups=clauses.groups(self.statement, expressions))

    def distinct(self, *columns: Never) -> Self:
        """
        Remove duplicate rows from the result; ``order_by`` and ``limit`` apply afterwards.

        Example: ``select("kind").distinct()`` generates ``select kind[0] as kind from (select kind) group by kind``.

        The engine ignores DISTINCT, so the query uses GROUP BY. Texts are compared by their bytes, numbers as in `group_by`.

        Raises:
            ArgumentError: there are arguments; or, when it is compiled, the query selects ``*``.
        """
        clauses.refuse_more("distinct", dict.fromkeys(columns))
        return self._changed(unique=True)

    def union(self, other: Query) -> Query:
        """
        Return the distinct rows of both queries, of the types of `union_all`; later ``order_by`` and ``limit`` apply to the union.

        Example: ``select("id").from_("a").union(select("id").from_("b"))`` generates
        ``select id[0] as id from ((.. from (select id from a)) union all (.. from (select id from b))) group by id``.
        """
        return self._combined("union", other)

    def union_all(self, other: Query) -> Query:
        """
        Return the rows of both queries, duplicates included. Columns of several types of numbers get the common type of numpy: an integer and a float give float64, which is exact up to 2^53.

        Example: ``select("id").from_("a").union_all(select("id").from_("b"))`` generates
        ``select id from ((.. from (select id from a)) union all (.. from (select id from b)))``.
        """
        return self._combined("union_all", other)

    def intersect(self, other: Query) -> Query:
        """
        Return the distinct rows that are in both queries.

        Example: ``select("id").from_("a").intersect(select("id").from_("b"))`` generates
        ``select id from (.. ((.. from (select id from a)) union all (.. from (select id from b))) group by id) where zlow != zhigh``.
        """
        return self._combined("intersect", other)

    def except_(self, other: Query) -> Query:
        """
        Return the distinct rows of this query that are not in *other*.

        Example: ``select("id").from_("a").except_(select("id").from_("b"))`` generates
        ``select id from (.. ((.. from (select id from a)) union all (.. from (select id from b))) group by id) where zhigh = 1``.
        """
        return self._combined("except_", other)

    def _combined(self, operator: str, other: object) -> Query:
        """Return a query over the rows of a set operation."""
        if not isinstance(other, Query):
            raise ArgumentError(operator, "takes a query", shown(other))
        return Query(clauses.combined(operator, self.statement, other.statement))

    def order_by(self, *keys: GroupKey | Key, **named: Never) -> Self:
        """
        Sort the rows by *keys*, most significant first, after those of earlier calls.

        Example: ``select("id").order_by("kind", "year")`` generates ``select id from (select * order by year) order by kind``.

        A key ascends by default, and the score of a search sorts best first, for every metric; `asc` and `desc` set the direction.
        The engine sorts by one key only, so the compiler nests one subquery per key, least significant first. It also compares numbers as float32: those that agree in about seven digits, such as epoch seconds, tie.
        With a schema (``from_(.., schema=..)``, or an embedded client), numbers of every type sort exactly, NaN and null last, in two to five subqueries; a float64 does from 1e-28 to 3.4e38 in magnitude.
        Similarities without a name and JSON values are always compared as float32; for JSON write ``col("meta")["year"] * 1.0``.

        Raises:
            ArgumentError: a key is not a column, an expression or a `Key`.
        """
        clauses.refuse_more("order_by", named)
        return self._changed(keys=(*self.statement.keys, *clauses.keys(keys)))

    def limit(self, rows: int | None, per: GroupKey | Sequence[GroupKey] | None = None) -> Self:
        """
        Return at most *rows* rows, or all for None; a later call replaces the limit.

        Args:
            rows: the number of rows.
            per: one or several outputs: the limit then applies to the rows of each of their values, the first ones in the order of `order_by`.

        Example: ``select("id").limit(5)`` generates ``select id limit 5``;
        ``select("id", "kind", "price").order_by("price").limit(3, per="kind")`` has the three cheapest rows of each kind.

        Raises:
            ArgumentError: *rows* is no number of rows, or *per* names no column.
        """
        found = clauses.limit_per(per)
        if found and rows is None:
            raise ArgumentError("limit", "takes a number of rows with per", "None")
        return self._changed(row_limit=clauses.rows("limit", rows), limit_per=found)

    def offset(self, rows: int | None) -> Self:
        """Skip the first *rows* rows; a later call replaces the offset. Example: ``select("id").limit(5).offset(10)`` generates ``select id limit 5 offset 10``."""
        return self._changed(row_offset=clauses.rows("offset", rows) or None)

    def when(self, condition: object, function: Callable[[Self], Self]) -> Self:
        """
        Return ``function(query)`` if *condition* is true in Python, otherwise the query unchanged.

        Example: ``select("id").when(2020, lambda q: q.where(col("year") == 2020))`` generates ``select id where year = 2020``.

        While `explore` runs the program, a true condition stands for both.

        Raises:
            ArgumentError: *function* is no function, or returns no query, for example since it has no ``return``; or *condition* is one on rows.
        """
        if not holds(clauses.python_condition(condition, function)):
            return self
        changed = function(self)
        if not isinstance(changed, Query):
            raise ArgumentError(
                "when", "takes a function that returns a query", shown(changed), "return query.where(..)"
            )
        return changed

    def pipe(self, function: Callable[[Self], T]) -> T:
        """Return ``function(query)``, to call a function in a chain. Example: ``select("id").pipe(lambda q: q.limit(5))`` generates ``select id limit 5``."""
        return function(self)

    def check(self, schema: object = None) -> list[Diagnostic]:
        """Return the diagnostics of the query text: errors, warnings and search advice, as `tql.check` does."""
        from tql.findings import findings_of

        return findings_of(self.statement, str(self), schema)

    def to_tql(self, *, pretty: bool = False) -> str:
        """Return the TQL text, on one line or formatted over several lines. Example: ``select("id").to_tql()`` generates ``select id``."""
        if not pretty:
            return str(self)
        from tql_grammar.printing.formatter import format_text

        return format_text(str(self))

    def diff(self, other: Query) -> Difference:
        """
        Return the differences from this query to *other*, as calls of the builder; ``str`` of the result has one line for each.

        ``-`` marks calls of this query only, ``+`` calls of *other* only, and ``~`` vectors with different numbers.

        Raises:
            ArgumentError: *other* is not a query.
        """
        from tql.views.diff import difference

        return difference(self.statement, other.statement if isinstance(other, Query) else other)

    def explain(self) -> QueryLevel:
        """
        Return the nested SELECTs of the query text, each with the reason why it exists; ``str`` of the result draws the tree.

        Where the text has an expression that the compiler generated from a call, such as a pattern of LIKE, the SELECT shows the call: ``where col('t').startswith('ab')``.
        No columns are known; `Client.explain` explains the text that a client sends, with the columns that it knows.

        Raises:
            ArgumentError: the query cannot be compiled.
        """
        from tql.views.levels import explain

        return explain(self.statement)

    def __dir__(self) -> list[str]:
        """Return the names that editors complete: the methods of the clauses, and `replace`."""
        own = (
            label for label in vars(Query) | vars(SearchMethods) if callable(getattr(Query, label)) and label[0] != "_"
        )
        return sorted([*own, "replace"])


def _source(source: str | Query | HasColumns, alias: str | None, schema: Schema | None) -> Dataset | DerivedQuery:
    """Return a dataset or a query as a source."""
    if not isinstance(source, Query):
        return clauses.dataset(source, alias, schema)
    if schema is not None:
        hint = "pass schema=.. to from_ of the inner query, which determines the columns of the outer one"
        raise ArgumentError("schema", "takes the columns of a dataset", "a query as the source", hint)
    return DerivedQuery(parameters.settled(source.statement), clauses.alias(alias))


def select(*columns: Output, **named: Output) -> Query:
    """
    Return a new query of these columns, or of all columns without arguments; see `Query.select`.

    Example: ``select()`` generates ``select *``.
    """
    if named or set(map(type, columns)) != {str}:
        return EMPTY.select(*columns, **named)
    return _selected(columns)


EMPTY = Query()


@functools.lru_cache(maxsize=256)
def _selected(columns: tuple[str, ...]) -> Query:
    """Return a query of columns by name, cached, since queries are immutable."""
    return EMPTY.select(*columns)
