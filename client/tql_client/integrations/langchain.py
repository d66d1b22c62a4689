"""LangChain retriever over TQL: a thin `BaseRetriever` over a client; requires the `langchain` extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings  # noqa: TC002 - pydantic reads the annotations
from langchain_core.retrievers import BaseRetriever
from langchain_core.structured_query import Comparison, FilterDirective, Operation
from pydantic import ConfigDict

from tql.expressions.expr import Expr
from tql_client.client import Client  # noqa: TC001 - as above
from tql_client.integrations.retriever import Search, all_equal, compared, joined
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun


class TqlRetriever(BaseRetriever):
    """
    Finds documents in a dataset of Deep Lake: ``TqlRetriever(client=connect(..), embeddings=model, search=Search("embedding", "text"))``.

    ``retriever.invoke("question", k=3, filter=..)`` returns documents with the columns `Search.others` and the score as metadata, the best first.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    client: Client
    embeddings: Embeddings
    search: Search
    k: int = 4
    filter: Any = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - what LangChain hands over
        **options: Any,  # noqa: ANN401 - LangChain's
    ) -> list[Document]:
        """Return the documents that fit a question."""
        unknown = options.keys() - {"k", "filter"}
        if unknown:
            raise ArgumentError("invoke", "takes k and filter beside the question", ", ".join(sorted(unknown)))
        found = self.search.found(
            self.client,
            self.embeddings.embed_query(query),
            query,
            options.get("k", self.k),
            condition(options.get("filter", self.filter)),
        )
        return [Document(text, metadata={**others, "score": score}) for text, others, score in found]


def condition(given: object) -> Any:  # noqa: ANN401 - a condition, or None
    """
    Return the condition that a filter is: one of the builder's, a dict of columns and values, or LangChain's own comparison or operation.

    Raises:
        ArgumentError: it is none of them, or TQL has nothing that means it.
    """
    if given is None or isinstance(given, Expr):
        return given
    if isinstance(given, dict):
        return all_equal(given)
    if isinstance(given, Comparison):
        return compared(given.comparator.value, given.attribute, given.value)
    if isinstance(given, Operation):
        return joined(given.operator.value, [condition(part) for part in given.arguments])
    kind = (
        "Comparison and Operation"
        if isinstance(given, FilterDirective)
        else "a condition, a dict, Comparison or Operation"
    )
    raise ArgumentError("filter", f"takes {kind}", repr(given))


__all__ = ["Search", "TqlRetriever", "condition"]
