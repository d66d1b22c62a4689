"""A query as plain frozen data: what each clause says, and where the rows are from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

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
    What a query says, clause by clause; the builder makes it, and the compiler reads it.

    Attributes:
        outputs: the columns of the result; none for ``*``.
        searches: the scores, each of which is a column behind the outputs.
        source: where the rows are from; None for the default dataset of the client.
        conditions: all of them hold for each row.
        groups: the keys of groups.
        keys: the keys of the order, the first the most significant.
        unique: whether of rows that agree in every column one is kept.
        row_limit: how many rows at most; None for all.
        row_offset: how many rows are left out first.
        joined: another source.
        sampling: how rows are drawn at random.
        parts_per_group: into how many pieces each group is taken apart, 0 for single rows; None where no groups are.
        bindings: the values of parameters.
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
    joined: JoinClause | None = None
    sampling: Sampling | None = None
    parts_per_group: int | None = None
    bindings: tuple[tuple[str, Expression], ...] = ()


# The clauses that apply to the result of all others, and their values where nothing is said.
LAST_CLAUSES: dict[str, object] = {"keys": (), "row_limit": None, "row_offset": None}


def last_clauses(query: Statement) -> dict[str, Any]:
    """Return the clauses of a statement that apply to the result of all others, by their fields."""
    return {field: query.__dict__[field] for field in LAST_CLAUSES}


class Dataset(Record):
    """A dataset as the source, by its url; without one it is the default dataset of the client."""

    url: str | None
    alias: str | None = None
    schema: Schema | None = None


class DerivedQuery(Record):
    """A query as the source of another: ``from (select ..) as s``."""

    query: Statement
    alias: str | None = None


class VerbatimQuery(Record):
    """A text that was parsed and is kept as it was written, since no chain of clauses gives the same text."""

    tree: ast.Query


class SetOperation(Record):
    """A set operation as the source: "union", "union_all", "intersect" or "except_" of queries with the same columns."""

    operator: str
    members: tuple[Statement, ...]


class Sampling(Record):
    """
    Rows drawn at random: ``SAMPLE BY weights REPLACE FALSE LIMIT 10 PERCENT``.

    Attributes:
        weights: how likely each row is drawn, in proportion.
        replace_rows: whether a row may be drawn again.
        amount: how many rows, or percent of them; None for as many as there are.
        percent: whether *amount* counts percent.
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
        on: an equality of a column of each.
        how: "inner", "left" or "right".
    """

    source: Dataset | DerivedQuery
    on: ast.Comparison
    how: str


class Search(Record):
    """
    A search that gives each row a score.

    Attributes:
        column: what is searched.
        value: the vector, shape (d,), or for maxsim (n, d).
        metric: a name in `METRICS`.
        alias: the name of the score.
        exact: whether no index may rank by it.
    """

    column: Expression
    value: Expression
    metric: str
    alias: str
    exact: bool = False

    @property
    def score(self) -> Expression:
        """The expression of the score."""
        return METRICS[self.metric].score(self.column, self.value)

    @property
    def best(self) -> Direction:
        """The direction that puts the best first."""
        return METRICS[self.metric].best

    @property
    def by_index(self) -> bool:
        """Whether an index may rank by it."""
        return not self.exact and ranked_by_index(self.score) is not None


class TextSearch(Record):
    """
    A search for words that gives each row a BM25 score, higher is closer.

    Attributes:
        column: the text that is searched, with an index.
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
        return word_score(self.column, self.value)


class Leg(Record):
    """One ranking of a hybrid search: the rows by *score*, the best first, with a weight."""

    score: Expression
    best: Direction
    weight: float = 1.0


class Fusion(Record):
    """
    Several rankings fused by reciprocal ranks.

    Attributes:
        legs: the rankings.
        key: the column by which a row of one ranking is known in the others.
        k: what is added to each rank.
        candidates: how many rows of each ranking count.
        alias: the name of the score.
        exact: whether no index of embeddings may rank.
    """

    legs: tuple[Leg, ...]
    key: str
    k: int
    candidates: int
    alias: str
    exact: bool = False
    best: ClassVar[Direction] = "desc"
