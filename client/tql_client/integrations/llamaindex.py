"""LlamaIndex retriever over TQL: a thin `BaseRetriever` over a client; requires the `llamaindex` extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters

from tql.expressions.expr import Expr
from tql_client.integrations.retriever import Search, compared, joined
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.schema import QueryBundle

    from tql_client.client import Client

# LlamaIndex's operators by the names that `compared` takes.
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


class TqlRetriever(BaseRetriever):
    """
    Finds nodes in a dataset of Deep Lake: ``TqlRetriever(connect(..), embed_model, Search("embedding", "text"), k=3)``.

    ``retriever.retrieve("question")`` returns nodes with the columns `Search.others` as metadata and their score, the best first.
    """

    def __init__(
        self, client: Client, embed_model: BaseEmbedding, search: Search, k: int = 4, filters: object = None
    ) -> None:
        """
        Take what searches.

        Args:
            client: asks.
            embed_model: makes the vector of a question.
            search: where documents are found.
            k: how many.
            filters: `MetadataFilters`, a condition of the builder, or None.
        """
        self._client, self._model, self._search, self._k = client, embed_model, search, k
        self._condition = condition(filters)
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Return the nodes that fit a question."""
        question = query_bundle.query_str
        vector = query_bundle.embedding or self._model.get_query_embedding(question)
        found = self._search.found(self._client, vector, question, self._k, self._condition)
        return [NodeWithScore(node=TextNode(text=text, metadata=others), score=score) for text, others, score in found]


def condition(given: object) -> Any:  # noqa: ANN401 - a condition, or None
    """
    Return the condition that filters are.

    Raises:
        ArgumentError: they are no filters of LlamaIndex and no condition, or TQL has nothing that means them.
    """
    if given is None or isinstance(given, Expr):
        return given
    if isinstance(given, MetadataFilters):
        return joined(getattr(given.condition, "value", "and"), [condition(part) for part in given.filters])
    if isinstance(given, MetadataFilter):
        name = given.operator.value
        return compared(OPERATORS.get(name, name), given.key, given.value)
    raise ArgumentError("filters", "takes MetadataFilters, or a condition of the builder", repr(given))


__all__ = ["Search", "TqlRetriever", "condition"]
