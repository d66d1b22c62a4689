"""Statements: queries as immutable data, clause by clause, without behaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tql.expressions.logical import Relevance, Similarity
from tql.expressions.metrics import METRICS, ranked_by_index, word_score
from tql_grammar.record import Record

if TYPE_CHECKING:
    from tql.expressions.expr import Key
    from tql.expressions.metrics import Direction
    from tql_grammar import ast
    from tql_grammar.ast import Expression
    from tql_grammar.schema import Schema


class Statement(Record):
    """
    The clauses of a query: the output of the builder, and the input of the compiler.

    Attributes:
        outputs: the columns of the result; empty for ``*``.
        searches: the searches with a named score; the scores follow the outputs.
        source: the source of the rows; None for the default dataset of the client.
        conditions: the operands of a conjunction.
        groups: the group keys.
        keys: the sort keys, most significant first.
        unique: whether duplicate rows are removed.
        row_limit: the maximal number of rows; None for all.
        row_offset: the number of rows to skip.
        limit_per: the columns whose combinations the limit applies to, each on its own; empty for the limit of all rows.
        joined: the join with a second source.
        sampling: the random sample of the rows.
        parts_per_group: the number of parts that each group of the source is split into, 0 for one row per member; None without ``ungroup_by``.
        bindings: the names and values of parameters.
    """

    outputs: tuple[Expression, ...] = ()
    searches: tuple[Search | TextSearch | Fusion, ...] = ()
    source: Dataset | DerivedQuery | VerbatimQuery | SetOperation | None = None
    conditions: tuple[Expression, ...] = ()
    groups: tuple[Expression, ...] = ()
    keys: tuple[Key, ...] = ()
    unique: bool = False
    row_limit: int | None = None
    row_offset: int | None = None
    limit_per: tuple[ast.Column, ...] = ()
    joined: JoinClause | None = None
    sampling: Sampling | None = None
    parts_per_group: int | None = None
    bindings: tuple[tuple[str, Expression], ...] = ()

    @property
    def is_verbatim(self) -> bool:
        """Whether the rows come from a text that is kept as it was written."""
        return isinstance(self.source, VerbatimQuery)


# The clauses that apply to the result of all others, and their values where nothing is said.
LAST_CLAUSES: dict[str, object] = {"keys": (), "row_limit": None, "row_offset": None, "limit_per": ()}


def last_clauses(query: Statement) -> dict[str, Any]:
    """Return the clauses of a statement that apply to the result of all others, by their fields."""
    return {field: query.__dict__[field] for field in LAST_CLAUSES}


class Dataset(Record):
    """A dataset as the source; without a url, the default dataset of the client."""

    url: str | None
    alias: str | None = None
    schema: Schema | None = None


class DerivedQuery(Record):
    """A query as the source of another: ``from (select ..) as s``."""

    query: Statement
    alias: str | None = None


class VerbatimQuery(Record):
    """A parsed text that no chain of clauses generates, as the source; it is kept verbatim."""

    tree: ast.Query


class SetOperation(Record):
    """A set operation as the source: "union", "union_all", "intersect" or "except_" of queries with the same columns."""

    operator: str
    members: tuple[Statement, ...]


class Sampling(Record):
    """
    A random sample: ``SAMPLE BY weights REPLACE FALSE LIMIT 10 PERCENT``.

    Attributes:
        weights: the weight of each row, proportional to its probability.
        replace_rows: whether a row may be drawn more than once.
        amount: the size of the sample, in rows or percent; None for the number of rows.
        percent: whether *amount* is in percent.
    """

    weights: Expression
    replace_rows: bool = True
    amount: float | None = None
    percent: bool = False


class JoinClause(Record):
    """
    A second source: ``JOIN source ON on``.

    Attributes:
        source: a dataset or a query, with its alias.
        on: an equality of one column of each source.
        how: "inner", "left" or "right".
    """

    source: Dataset | DerivedQuery
    on: ast.Comparison
    how: str


class Search(Record):
    """
    A vector search with a named score.

    Attributes:
        column: the embeddings.
        value: the vector, shape (d,), or (n, d) for maxsim.
        metric: a key of `METRICS`.
        alias: the name of the score.
        exact: whether the score is computed in a form that uses no index.
    """

    column: Expression
    value: Expression
    metric: str
    alias: str
    exact: bool = False

    @property
    def score(self) -> Expression:
        """The expression of the score."""
        call = Similarity(self.metric, self.column, self.value, self.exact)
        return METRICS[self.metric].score(self.column, self.value).with_origin(call)

    @property
    def best(self) -> Direction:
        """The direction that sorts the closest rows first."""
        return METRICS[self.metric].best

    @property
    def by_index(self) -> bool:
        """Whether the engine may use an index to sort by the score."""
        return not self.exact and ranked_by_index(self.score) is not None


class TextSearch(Record):
    """
    A BM25 search with a named score, higher is better.

    Attributes:
        column: the texts, with a BM25 index.
        value: the words.
        alias: the name of the score.
    """

    column: Expression
    value: Expression
    alias: str
    best: ClassVar[Direction] = "desc"

    @property
    def score(self) -> Expression:
        """The expression of the score."""
        return word_score(self.column, self.value).with_origin(Relevance(self.column, self.value))


class Leg(Record):
    """One weighted ranking of a hybrid search: the rows sorted by *score* in the direction *best*."""

    score: Expression
    best: Direction
    weight: float = 1.0


class Fusion(Record):
    """
    A hybrid search: several rankings combined by reciprocal rank fusion.

    Attributes:
        legs: the rankings.
        key: a column of unique values, which identifies a row in every ranking.
        k: the constant that is added to each rank.
        candidates: the number of rows of each ranking.
        alias: the name of the score.
        exact: whether the rankings use no index of embeddings.
    """

    legs: tuple[Leg, ...]
    key: str
    k: int
    candidates: int
    alias: str
    exact: bool = False
    best: ClassVar[Direction] = "desc"
