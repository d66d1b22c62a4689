"""LangChain retriever over TQL: a thin `BaseRetriever` over a client; requires the `langchain` extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings  # noqa: TC002 - pydantic reads the annotations
from langchain_core.retrievers import BaseRetriever
from langchain_core.structured_query import Comparison, FilterDirective, Operation
from pydantic import ConfigDict

from tql.expressions.expr import Expr
from tql_client.client import Client  # noqa: TC001 - pydantic reads the annotations
from tql_client.integrations.retriever import Search, combine, compare, equal_to_all
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun


class TqlRetriever(BaseRetriever):
    """
    Retrieves documents from a Deep Lake dataset: ``TqlRetriever(client=connect(..), embeddings=model, search=Search("embedding", "text"))``.

    ``retriever.invoke("question", k=3, filter=..)`` returns documents, the best first, with the columns of `Search.others` and the score as metadata.
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
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain passes it
        **options: Any,  # noqa: ANN401 - LangChain's
    ) -> list[Document]:
        """Return the documents for a question."""
        unknown = options.keys() - {"k", "filter"}
        if unknown:
            raise ArgumentError("invoke", "has the options k and filter", ", ".join(sorted(unknown)))
        documents = self.search.find(
            self.client,
            self.embeddings.embed_query(query),
            query,
            options.get("k", self.k),
            condition(options.get("filter", self.filter)),
        )
        return [Document(text, metadata={**others, "score": score}) for text, others, score in documents]


def condition(filter_: object) -> Any:  # noqa: ANN401 - a condition, or None
    """
    Return the condition of a filter: a condition of the builder, a dict of columns and values, or a comparison or operation of LangChain.

    Raises:
        ArgumentError: the filter has another type, or TQL has no such operator.
    """
    if filter_ is None or isinstance(filter_, Expr):
        return filter_
    if isinstance(filter_, dict):
        return equal_to_all(filter_)
    if isinstance(filter_, Comparison):
        return compare(filter_.comparator.value, filter_.attribute, filter_.value)
    if isinstance(filter_, Operation):
        return combine(filter_.operator.value, [condition(part) for part in filter_.arguments])
    kind = (
        "a Comparison or an Operation"
        if isinstance(filter_, FilterDirective)
        else "a condition of the builder, a dict, a Comparison or an Operation"
    )
    raise ArgumentError("filter", f"must be {kind}", repr(filter_))


__all__ = ["Search", "TqlRetriever", "condition"]
