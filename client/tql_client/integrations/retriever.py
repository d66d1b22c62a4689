"""Search of the retrievers, by vector or hybrid (vector and BM25), and conversion of their filters to conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql import all_of, any_of, col, not_, select
from tql_grammar.errors import ArgumentError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tql import Query
    from tql.expressions.expr import Expr
    from tql_client.client import Client

SCORE = "score"
OPERATORS: dict[str, Callable[[Expr, Any], Any]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "in": lambda column, value: column.in_(list(value)),
    "nin": lambda column, value: column.not_in(list(value)),
    "like": lambda column, value: column.like(value),
    "contain": lambda column, value: column.contains(value),
    "is_empty": lambda column, _value: column.is_null(),
}
COMBINATIONS: dict[str, Callable[[list[Any]], Any]] = {
    "and": all_of,
    "or": any_of,
    "not": lambda conditions: not_(any_of(conditions)),
}


class Search(Record):
    """
    The columns and the kind of search of a retriever.

    Attributes:
        embedding: the name of the column with the vectors.
        text: the name of the column with the texts.
        others: the names of the columns that are returned as metadata.
        metric: the metric, as in `Query.similarity`.
        words: whether the search is hybrid: by vector, and by BM25 over `text`, which needs an index.
        key: the name of a column with unique values, which a hybrid search needs.
    """

    embedding: str
    text: str
    others: tuple[str, ...] = ()
    metric: str = "cosine"
    words: bool = False
    key: str = "id"

    def query(self, vector: Any, question: str, count: int, condition: Expr | None = None) -> Query:  # noqa: ANN401 - any type of vector
        """Return the query for the best *count* documents, in order, with the score as the last column."""
        query = select(self.text, *self.others).where(all_of([condition]))
        if self.words:
            query = query.hybrid(vector=(self.embedding, vector), text=(self.text, question), key=self.key, as_=SCORE)
        else:
            query = query.similarity(self.embedding, vector, metric=self.metric, as_=SCORE)
        return query.order_by(SCORE).limit(count)

    def find(
        self,
        client: Client,
        vector: Any,  # noqa: ANN401 - any type of vector
        question: str,
        count: int,
        condition: Expr | None,
    ) -> list[tuple[str, dict[str, Any], float]]:
        """Return the text, the metadata and the score of the best *count* documents."""
        rows = client.query(self.query(vector, question, count, condition), as_list=False).rows
        return [(row[self.text] or "", {name: row[name] for name in self.others}, row[SCORE]) for row in rows]


def compare(operator: str, name: str, value: object, columns: Callable[[str], Expr] = col) -> Any:  # noqa: ANN401 - a condition
    """
    Return the condition of one comparison of a filter.

    Raises:
        ArgumentError: TQL has no such operator.
    """
    if operator not in OPERATORS:
        rule = f"has an operator that TQL does not support, {operator!r}; supported are {', '.join(OPERATORS)}"
        raise ArgumentError("filter", rule, f"{name} {operator} {value!r}")
    return OPERATORS[operator](columns(name), value)


def combine(operator: str, conditions: Sequence[Any]) -> Any:  # noqa: ANN401 - a condition
    """Return the conditions of a filter, combined by AND, OR or NOT."""
    if operator not in COMBINATIONS:
        raise ArgumentError("filter", f"must combine conditions by {', '.join(COMBINATIONS)}", repr(operator))
    return COMBINATIONS[operator](list(conditions))


def equal_to_all(values: Mapping[str, object]) -> Any:  # noqa: ANN401 - a condition
    """Return the condition that each column equals its value."""
    return all_of([compare("eq", name, value) for name, value in values.items()])
