"""Search of the retrievers, by vector or hybrid (vector and BM25), and the documents that it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tql import all_of, param, select
from tql.expressions.metrics import METRICS
from tql_client.integrations.filters import Names
from tql_grammar.errors import ArgumentError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql import Query
    from tql.expressions.expr import Expr
    from tql_client.client import Client
    from tql_client.results.result import Result

SCORE = "score"
KEY = "id"


class Found(NamedTuple):
    """
    A document that a search finds.

    Attributes:
        text: its text; empty for null.
        others: the columns of `Search.others`.
        score: its score.
        key: the value of the key as text, or None without a key.
        metadata: the value of the column of `Search.metadata`, without a column no keys.
    """

    text: str
    others: dict[str, Any]
    score: float
    key: str | None
    metadata: dict[str, Any]


class Search(Record):
    """
    The columns and the kind of search of a retriever.

    Attributes:
        embedding: the name of the column with the vectors.
        text: the name of the column with the texts.
        others: the names of the columns that are returned as metadata.
        metric: the metric, as in `Query.similarity`, except "mmr", which has no score; a hybrid search has "cosine".
        words: whether the search is hybrid: by vector, and by BM25 over `text`, which needs an index. A question without words, as "", is searched by vector only.
        key: the name of a column with unique values, which becomes the id of the documents. A hybrid search needs one: "id" if omitted.
        metadata: the name of a JSON column with the metadata of each document, as langchain-deeplake and LlamaIndex write it.
            Its keys become the metadata of the documents, below the columns of *others*, which win; a name in a filter is one of its keys, unless it is a column that this search names.

    Raises:
        ArgumentError: *others* is not a tuple of names, or the metric has no score.
    """

    embedding: str
    text: str
    others: tuple[str, ...] = ()
    metric: str = "cosine"
    words: bool = False
    key: str | None = None
    metadata: str | None = None

    if not TYPE_CHECKING:  # a type checker would lose the fields

        def __init__(self, *values: object, **named: object) -> None:
            """Take the fields in order, or by name, and check them."""
            super().__init__(*values, **named)
            self.__dict__["others"] = _names(self.others)
            _require_metric(self)

    @property
    def identity(self) -> str | None:
        """The name of the column with the ids of the documents, or None."""
        return self.key or (KEY if self.words else None)

    @property
    def names(self) -> Names:
        """The meaning of the names in a filter of this search."""
        columns = (self.text, *self.others, self.identity, SCORE)
        return Names(self.metadata, tuple(name for name in columns if name is not None))

    def query(self, vector: Any, question: str, count: int, condition: Expr | None = None) -> Query:  # noqa: ANN401 - any type of vector
        """Return the query for the best *count* documents, in order, with the score as the last column."""
        names = dict.fromkeys(filter(None, (self.text, *self.others, self.identity, self.metadata)))
        query = select(*names).where(all_of([condition]))
        if self.words and question.strip():
            texts = (self.text, question)
            query = query.hybrid(vector=(self.embedding, vector), text=texts, key=self.key or KEY, as_=SCORE)
        else:
            query = query.similarity(self.embedding, vector, metric=self.metric, as_=SCORE)
        return query.order_by(SCORE).limit(count)

    def find(self, client: Client, query: Query) -> list[Found]:
        """Return the documents of a query of this search."""
        return self._found(client.query(query, as_list=False))

    async def afind(self, client: Client, query: Query) -> list[Found]:
        """Return the documents of a query of this search, from asyncio."""
        return self._found(await client.aquery(query, as_list=False))

    def _found(self, result: Result) -> list[Found]:
        """Return the documents of the rows of a search."""
        return [
            Found(
                row[self.text] or "",
                {name: row[name] for name in self.others},
                row[SCORE],
                None if self.identity is None or row[self.identity] is None else str(row[self.identity]),
                self._metadata(row),
            )
            for row in result.rows
        ]

    def _metadata(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value of the column of the metadata; no keys for null."""
        value = {} if self.metadata is None else row[self.metadata]
        if value is not None and not isinstance(value, dict):
            rule = f"takes the name of a JSON column, whose values have keys, got {self.metadata!r}, which has"
            raise ArgumentError("metadata", rule, repr(value), "others=(..) takes other columns")
        return value or {}


def _names(others: object) -> tuple[str, ...]:
    """Return the names of the columns of the metadata."""
    names: Iterable[object] = others if isinstance(others, (tuple, list)) else [None]
    found = tuple(name for name in names if isinstance(name, str))
    if isinstance(others, (tuple, list)) and len(found) == len(others):
        return found
    hint = f"others=({others!r},)" if isinstance(others, str) else 'others=("id", "lang")'
    raise ArgumentError("others", "takes a tuple of names of columns", repr(others), hint)


def _require_metric(search: Search) -> None:
    """Raise ArgumentError for a metric that the builder refuses, or that has no score, or of a hybrid search."""
    if search.words and search.metric != "cosine":
        why = "a hybrid search ranks the vectors by cosine similarity"
        raise ArgumentError("metric", 'takes "cosine" with words=True', repr(search.metric), why=why)
    if search.metric in METRICS and not METRICS[search.metric].selectable:
        scored = ", ".join(name for name, metric in METRICS.items() if metric.selectable)
        hint = f'send the query with a client: select("{search.text}").similarity("{search.embedding}", vector, metric="{search.metric}", as_=None).limit(5)'
        why = "the engine ranks by it, and returns no score, which documents have"
        raise ArgumentError("metric", f"takes one of {scored}", repr(search.metric), hint, why=why)
    select(search.text).similarity(search.embedding, param("vector"), metric=search.metric)


def no_attribute(attribute: str, method: str) -> AttributeError:
    """Return the error for a method of other retrievers, with the call to write instead."""
    return AttributeError(f'`TqlRetriever` has no `{attribute}`: write retriever.{method}("question")', name=attribute)


__all__ = ["Found", "Search", "no_attribute"]
