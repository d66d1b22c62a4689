"""LlamaIndex retriever over TQL: a thin `BaseRetriever` over a client; requires the `llamaindex` extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters

from tql.expressions.expr import Expr
from tql_client.integrations.filters import HINT, combine, compare, of_dict
from tql_client.integrations.retriever import Search, no_attribute
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.schema import QueryBundle

    from tql_client.client import Client
    from tql_client.integrations.retriever import Found

# The names that `compare` has for LlamaIndex's operators.
OPERATORS = {
    "==": "eq",
    "!=": "ne",
    ">": "gt",
    ">=": "gte",
    "<": "lt",
    "<=": "lte",
    "in": "in",
    "nin": "nin",
    "text_match": "contain",
    "is_empty": "is_empty",
}

METHODS = {
    **dict.fromkeys(("get_relevant_documents", "invoke", "search", "query"), "retrieve"),
    **dict.fromkeys(("aget_relevant_documents", "ainvoke", "aquery"), "aretrieve"),
}


class TqlRetriever(BaseRetriever):
    """
    Retrieves nodes from a Deep Lake dataset: ``TqlRetriever(connect(..), embed_model, Search("embedding", "text"), k=3)``.

    ``retriever.retrieve("question")`` returns nodes with their scores, the best first, and the columns of `Search.others` as metadata; `Search.key` is their id. ``aretrieve`` does the same from asyncio.
    """

    def __init__(
        self, client: Client, embed_model: BaseEmbedding, search: Search, k: int = 4, filters: object = None
    ) -> None:
        """
        Create a retriever.

        Args:
            client: sends the queries.
            embed_model: computes the vector of a question.
            search: the columns and the kind of search.
            k: the number of nodes to return.
            filters: `MetadataFilters`, a condition of the builder, a dict, or None; every node of this retriever satisfies it, as for ``filters={"tenant": "acme"}``.

        Raises:
            ArgumentError: the filters have another type, or TQL has no such operator.
        """
        self._client, self._model, self._search, self._k = client, embed_model, search, k
        self._condition = condition(filters)
        super().__init__()

    if not TYPE_CHECKING:  # a type checker would accept any attribute

        def __getattr__(self, attribute: str) -> object:
            """Raise AttributeError with the call to write instead of a method of other retrievers."""
            if attribute in METHODS:
                raise no_attribute(attribute, METHODS[attribute])
            return object.__getattribute__(self, attribute)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Return the nodes for a question."""
        question = query_bundle.query_str
        vector = query_bundle.embedding or self._model.get_query_embedding(question)
        return _nodes(self._search.find(self._client, self._search.query(vector, question, self._k, self._condition)))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Return the nodes for a question, from asyncio."""
        question = query_bundle.query_str
        vector = query_bundle.embedding or await self._model.aget_query_embedding(question)
        return _nodes(
            await self._search.afind(self._client, self._search.query(vector, question, self._k, self._condition))
        )


def _nodes(found: Iterable[Found]) -> list[NodeWithScore]:
    """Return the results of a search as nodes of LlamaIndex."""
    return [
        NodeWithScore(
            node=TextNode(text=one.text, metadata=one.others, **({} if one.key is None else {"id_": one.key})),
            score=one.score,
        )
        for one in found
    ]


def condition(filter_: object) -> Any:  # noqa: ANN401 - a condition, or None
    """
    Return the condition of filters of LlamaIndex, or of a dict as for LangChain; a condition of the builder is returned unchanged.

    ``MetadataFilter(key="meta.lang", ..)`` is the key ``lang`` of the JSON column ``meta``.

    Raises:
        ArgumentError: the filters have another type, or TQL has no such operator.
    """
    if filter_ is None or isinstance(filter_, Expr):
        return filter_
    if isinstance(filter_, dict):
        return of_dict(cast("dict[str, object]", filter_))
    if isinstance(filter_, MetadataFilters):
        return combine(getattr(filter_.condition, "value", "and"), [condition(part) for part in filter_.filters])
    if isinstance(filter_, MetadataFilter):
        name = filter_.operator.value
        return compare(OPERATORS.get(name, name), filter_.key, filter_.value)
    raise ArgumentError("filters", "must be MetadataFilters, a dict or a condition of the builder", repr(filter_), HINT)


__all__ = ["Search", "TqlRetriever", "condition"]
