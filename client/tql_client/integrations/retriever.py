"""The search that the retrievers of frameworks share: by a vector, or by a vector and words, with a condition made from a filter."""

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
JOINTS: dict[str, Callable[[list[Any]], Any]] = {
    "and": all_of,
    "or": any_of,
    "not": lambda conditions: not_(any_of(conditions)),
}


class Search(Record):
    """
    How documents are found.

    Attributes:
        embedding: the column of vectors.
        text: the column of texts.
        others: the columns that come along as metadata.
        metric: as for `Query.similarity`.
        words: whether the words of the question count too, by BM25 over `text`, which needs an index; then `key` names a row.
        key: the column that is unique, for `words`.
    """

    embedding: str
    text: str
    others: tuple[str, ...] = ()
    metric: str = "cosine"
    words: bool = False
    key: str = "id"

    def query(self, vector: Any, question: str, count: int, condition: Expr | None = None) -> Query:  # noqa: ANN401 - anything that is a vector
        """Return the query that finds *count* documents, the best first, with their score as the last column."""
        found = select(self.text, *self.others).where(all_of([condition]))
        if self.words:
            found = found.hybrid(vector=(self.embedding, vector), text=(self.text, question), key=self.key, as_=SCORE)
        else:
            found = found.similarity(self.embedding, vector, metric=self.metric, as_=SCORE)
        return found.order_by(SCORE).limit(count)

    def found(
        self,
        client: Client,
        vector: Any,  # noqa: ANN401 - as above
        question: str,
        count: int,
        condition: Expr | None,
    ) -> list[tuple[str, dict[str, Any], float]]:
        """Return text, metadata and score of the best documents."""
        rows = client.query(self.query(vector, question, count, condition), as_list=False).rows
        return [(row[self.text] or "", {name: row[name] for name in self.others}, row[SCORE]) for row in rows]


def compared(operator: str, name: str, value: object, columns: Callable[[str], Expr] = col) -> Any:  # noqa: ANN401 - a condition
    """
    Return the condition of one comparison of a filter.

    Raises:
        ArgumentError: TQL has nothing that means it.
    """
    if operator not in OPERATORS:
        rule = f"takes a filter by {', '.join(OPERATORS)}: TQL has nothing that means {operator!r}"
        raise ArgumentError("filter", rule, f"{name} {operator} {value!r}")
    return OPERATORS[operator](columns(name), value)


def joined(operator: str, conditions: Sequence[Any]) -> Any:  # noqa: ANN401 - a condition
    """Return the conditions of a filter as one."""
    if operator not in JOINTS:
        raise ArgumentError("filter", f"takes a filter joined by {', '.join(JOINTS)}", repr(operator))
    return JOINTS[operator](list(conditions))


def all_equal(values: Mapping[str, object]) -> Any:  # noqa: ANN401 - a condition
    """Return the condition that columns have these values."""
    return all_of([compared("eq", name, value) for name, value in values.items()])
