"""LlamaIndex retriever over TQL: a thin `BaseRetriever` over a client; requires the `llamaindex` extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters
from llama_index.core.vector_stores.utils import metadata_dict_to_node

from tql.expressions.expr import Expr
from tql_client.integrations.filters import ALL_COLUMNS, HINT, combine, compare, of_dict
from tql_client.integrations.retriever import Search, no_attribute
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.schema import BaseNode, QueryBundle

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
    "text_match_insensitive": "contain_ignoring_case",
    "contains": "element",
    "any": "any",
    "all": "all",
    "is_empty": "is_empty",
}

# The key of the metadata in which the stores of LlamaIndex write the node itself.
CONTENT = "_node_content"

METHODS = {
    **dict.fromkeys(("get_relevant_documents", "invoke", "search", "query"), "retrieve"),
    **dict.fromkeys(("aget_relevant_documents", "ainvoke", "aquery"), "aretrieve"),
}


class TqlRetriever(BaseRetriever):
    """
    Retrieves nodes from a Deep Lake dataset: ``TqlRetriever(connect(..), embed_model, Search("embedding", "text"), k=3)``.

    ``retriever.retrieve("question")`` returns nodes with their scores, the best first, and the keys of `Search.metadata` and the columns of `Search.others` as metadata; `Search.key` is their id. Nodes that LlamaIndex wrote come back as they were, with their relationships. ``aretrieve`` does the same from asyncio.
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
        self._condition = condition(filters, search)
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
    return [NodeWithScore(node=_node(one), score=one.score) for one in found]


def _node(one: Found) -> BaseNode:
    """Return a result as a node: the node that LlamaIndex stored in the metadata, or one of its text and metadata."""
    if CONTENT in one.metadata:
        node = metadata_dict_to_node(one.metadata, one.text)
        node.metadata = {**node.metadata, **one.others}
    else:
        node = TextNode(text=one.text, metadata={**one.metadata, **one.others})
    if one.key is not None:
        node.node_id = one.key
    return node


def condition(filter_: object, search: Search | None = None) -> Expr | None:
    """
    Return the condition of filters of LlamaIndex, or of a dict as for LangChain; a condition of the builder is returned unchanged.

    ``MetadataFilter(key="meta.lang", ..)`` is the key ``lang`` of the JSON column ``meta``; with the `Search.metadata` of *search*, ``key="lang"`` is the key of that column.
    ``contains``, ``any`` and ``all`` test the elements of a list, or the substrings of a text; ``text_match_insensitive`` takes a text.

    Raises:
        ArgumentError: the filters have another type, or TQL has no such operator.
    """
    if filter_ is None or isinstance(filter_, Expr):
        return filter_
    names = ALL_COLUMNS if search is None else search.names
    if isinstance(filter_, dict):
        return of_dict(cast("dict[str, object]", filter_), names)
    if isinstance(filter_, MetadataFilters):
        parts = [condition(part, search) for part in filter_.filters]
        return combine(getattr(filter_.condition, "value", "and"), parts)
    if isinstance(filter_, MetadataFilter):
        name = filter_.operator.value
        return compare(OPERATORS.get(name, name), filter_.key, filter_.value, names)
    hint = HINT.replace("filter=", "filters=")
    raise ArgumentError("filters", "must be MetadataFilters, a dict or a condition of the builder", repr(filter_), hint)


__all__ = ["Search", "TqlRetriever", "condition"]
