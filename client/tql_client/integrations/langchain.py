"""LangChain retriever over TQL: a thin `BaseRetriever` over a client; requires the `langchain` extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableConfig
from langchain_core.structured_query import Comparison, FilterDirective, Operation
from pydantic import ConfigDict

from tql import all_of
from tql.expressions.expr import Expr
from tql_client.client import Client
from tql_client.integrations.filters import ALL_COLUMNS, HINT, combine, compare, of_dict
from tql_client.integrations.retriever import Search, no_attribute
from tql_grammar.errors import ArgumentError
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
    from langchain_core.runnables import Runnable

    from tql_client.integrations.retriever import Found

# The type of each argument that the constructor needs, and an example.
REQUIRED: dict[str, tuple[type, str]] = {
    "client": (Client, 'client=connect("./chunks")'),
    "embeddings": (Embeddings, "embeddings=model, a model that is an Embeddings of LangChain"),
    "search": (Search, 'search=Search("embedding", "text")'),
}
OPTIONS = ("k", "filter")
# Arguments and options of other retrievers.
INSTEAD = {
    "score_threshold": 'filter=col("score") > .5',
    "search_kwargs": "k=4, filter=..",
    "search_type": 'search=Search(.., words=True) is a hybrid search, search=Search(.., metric="l2") one by distance',
    "top_k": "k=4",
    "limit": "k=4",
    "embedding": "embeddings=model",
    "embedding_function": "embeddings=model",
    "where": 'filter={"lang": "en"}',
}

METHODS = {
    **dict.fromkeys(("get_relevant_documents", "similarity_search", "search", "query", "retrieve"), "invoke"),
    **dict.fromkeys(("aget_relevant_documents", "asimilarity_search", "aretrieve"), "ainvoke"),
}


class TqlRetriever(BaseRetriever):
    """
    Retrieves documents from a Deep Lake dataset: ``TqlRetriever(client=connect(..), embeddings=model, search=Search("embedding", "text"))``.

    ``retriever.invoke("question", k=3, filter=..)`` returns documents, the best first, with the keys of `Search.metadata`, the columns of `Search.others` and the score as metadata; `Search.key` is their id.
    ``ainvoke``, ``batch`` and ``abatch`` take the same options, and ``retriever.bind(filter=..)`` is a retriever with an option; ``with_config`` refuses them, as LangChain would ignore them.

    Args:
        client: sends the queries.
        embeddings: the model that computes the vector of a question.
        search: the columns and the kind of search.
        k: the number of documents to return; ``invoke(.., k=3)`` replaces it.
        filter: a condition that every document of this retriever satisfies: a condition of the builder, a dict, or a Comparison or an Operation of LangChain; see `condition`.
            A filter of a call is added to it by AND, so no call returns other documents. One retriever per tenant: ``TqlRetriever(.., filter={"tenant": "acme"})``.

    Raises:
        ArgumentError: an argument has another name or type.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    client: Client
    embeddings: Embeddings
    search: Search
    k: int = 4
    filter: Any = None

    if not TYPE_CHECKING:  # a type checker would lose the fields

        def __init__(self, **given: Any) -> None:  # noqa: ANN401 - the fields
            """Check the arguments before pydantic does, whose errors have no advice."""
            _require_known("TqlRetriever", given, type(self).model_fields)
            for name, (kind, example) in REQUIRED.items():
                if not isinstance(given.get(name), kind):
                    got = repr(given[name]) if name in given else "nothing"
                    raise ArgumentError("TqlRetriever", f"takes {name}", got, f"pass {example}")
            condition(given.get("filter"), given["search"])
            super().__init__(**given)

        def __getattr__(self, attribute: str) -> object:
            """Raise AttributeError with the call to write instead of a method of other retrievers."""
            if attribute in METHODS:
                raise no_attribute(attribute, METHODS[attribute])
            return super().__getattr__(attribute)

    def with_config(self, config: RunnableConfig | None = None, **kwargs: Any) -> Runnable[str, list[Document]]:  # noqa: ANN401 - LangChain's
        """
        Return the retriever with a configuration of LangChain.

        Raises:
            ArgumentError: a key is an option of the retriever, which LangChain would ignore.
        """
        _require_configuration({**(config or {}), **kwargs})
        return super().with_config(config, **kwargs)

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: A002, ANN401 - LangChain's
        """
        Return the documents for a question.

        Raises:
            ArgumentError: an option, or a key of the configuration, is unknown.
        """
        _require_configuration(config or {})
        return super().invoke(input, config, **kwargs)

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: A002, ANN401 - LangChain's
        """Return the documents for a question, from asyncio; see `invoke`."""
        _require_configuration(config or {})
        return await super().ainvoke(input, config, **kwargs)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain passes it
        **options: Any,  # noqa: ANN401 - LangChain's
    ) -> list[Document]:
        """Return the documents for a question."""
        count, wanted = self._wanted(options)
        vector = self.embeddings.embed_query(query)
        return _documents(self.search.find(self.client, self.search.query(vector, query, count, wanted)))

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain passes it
        **options: Any,  # noqa: ANN401 - LangChain's
    ) -> list[Document]:
        """Return the documents for a question, from asyncio."""
        count, wanted = self._wanted(options)
        vector = await self.embeddings.aembed_query(query)
        return _documents(await self.search.afind(self.client, self.search.query(vector, query, count, wanted)))

    def _wanted(self, options: Mapping[str, Any]) -> tuple[int, Any]:
        """Return the number of documents, and the retriever's filter and that of the call, combined by AND."""
        _require_known("invoke", options, OPTIONS)
        count = options.get("k")
        return self.k if count is None else count, all_of(
            [condition(filter_, self.search) for filter_ in (self.filter, options.get("filter"))]
        )


def _documents(found: Iterable[Found]) -> list[Document]:
    """Return the results of a search as documents of LangChain."""
    return [
        Document(one.text, id=one.key, metadata={**one.metadata, **one.others, "score": one.score}) for one in found
    ]


def _require_known(subject: str, given: Mapping[str, object], known: Iterable[str]) -> None:
    """Raise ArgumentError for an argument or option that does not exist."""
    known = tuple(known)
    unknown = sorted(given.keys() - {*known})
    if unknown:
        names = " and ".join(known) if subject == "invoke" else ", ".join((*REQUIRED, *OPTIONS))
        kind = "the options" if subject == "invoke" else "the arguments"
        raise ArgumentError(subject, f"has {kind} {names}", ", ".join(unknown), _instead(unknown[0], known))


def _instead(name: str, known: Iterable[str]) -> str | None:
    """Return the advice for an unknown argument."""
    similar = nearest(name, known)
    return f"write {INSTEAD[name]}" if name in INSTEAD else f"did you mean {similar!r}?" if similar else None


def _require_configuration(config: Mapping[str, object]) -> None:
    """Raise ArgumentError for an option of the retriever in a configuration, where LangChain ignores it."""
    unknown = sorted(config.keys() - RunnableConfig.__annotations__.keys())
    if unknown:
        rule = f"takes the keys of a RunnableConfig, {', '.join(RunnableConfig.__annotations__)}"
        hint = "options are arguments: retriever.invoke(question, filter=..), or retriever.bind(filter=..)"
        raise ArgumentError("config", rule, ", ".join(unknown), hint, why="LangChain ignores other keys")


def condition(filter_: object, search: Search | None = None) -> Expr | None:
    """
    Return the condition of a filter: a condition of the builder, a dict of columns and values, or a comparison or operation of LangChain.

    The dict is that of Chroma and Pinecone: ``{"lang": "en"}``, ``{"lang": ["en", "de"]}``, ``{"ts": {"$gte": 1, "$lt": 5}}``, ``{"$or": [{..}, {..}]}``;
    its operators are ``$eq``, ``$ne``, ``$gt``, ``$gte``, ``$lt``, ``$lte``, ``$in`` and ``$nin``, and ``"meta.lang"`` is the key ``lang`` of the JSON column ``meta``; for a column whose name has a dot write ``col("a.b") == 1``.
    Names are columns; with the `Search.metadata` of *search* they are keys of that column, unless *search* names a column so: ``{"lang": "en"}`` and ``{"metadata": {"lang": "en"}}`` are both the key ``lang``.
    ``$ne`` leaves out the rows without a value, and ``$nin`` keeps them. Check the type of a value from a request, as a dict in its place has operators.

    Raises:
        ArgumentError: the filter has another type or form, a value is None, or TQL has no such operator.
    """
    if filter_ is None or isinstance(filter_, Expr):
        return filter_
    names = ALL_COLUMNS if search is None else search.names
    if isinstance(filter_, dict):
        return of_dict(cast("dict[str, object]", filter_), names)
    if isinstance(filter_, Comparison):
        return compare(filter_.comparator.value, filter_.attribute, filter_.value, names)
    if isinstance(filter_, Operation):
        return combine(filter_.operator.value, [condition(part, search) for part in filter_.arguments])
    kind = (
        "a Comparison or an Operation"
        if isinstance(filter_, FilterDirective)
        else "a condition of the builder, a dict, a Comparison or an Operation"
    )
    raise ArgumentError("filter", f"must be {kind}", repr(filter_), HINT)


__all__ = ["Search", "TqlRetriever", "condition"]
