"""
Retrievers over datasets that langchain-deeplake 0.1.0 and llama-index-vector-stores-deeplake 0.6.0 wrote with deeplake 4.7.4.

`make stores` writes them again, each in an environment of its own: langchain-deeplake needs a langchain below 1, which other tests do not.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.structured_query import Comparator, Comparison, Operation, Operator
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import NodeRelationship
from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters

from tests.client.stores.documents import COUNT, IDS, TEXTS, flat, nested, vector
from tql import ArgumentError, col
from tql_client import connect, langchain, llamaindex
from tql_client.langchain import Search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from langchain_core.documents import Document

    from tql_client import Client

    Row = dict[str, Any]

LANGCHAIN = Search("embeddings", "documents", key="ids", metadata="metadata")
LLAMAINDEX = Search("embedding", "text", key="id", metadata="metadata")
# The operators whose conditions the builder refuses below NOT for keys, as LIKE fails where a row lacks the key.
WITHOUT_NOT = {"text_match_insensitive"}
ROWS = [nested(number) for number in range(COUNT)]
# The keys that LlamaIndex's store adds to the metadata.
ADDED = {"_node_content", "_node_type", "doc_id", "document_id", "ref_doc_id"}


class Model(Embeddings):
    """Model of LangChain with the vectors of the documents."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of texts."""
        return [vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return vector(text)


class OtherModel(BaseEmbedding):
    """Model of LlamaIndex with the vectors of the documents."""

    def _get_query_embedding(self, query: str) -> list[float]:
        return vector(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return vector(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return vector(text)


@pytest.fixture(scope="module", params=["langchain", "llamaindex"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Search]]:
    """Return a client of the dataset of each package, and its columns."""
    place = tmp_path_factory.mktemp("stores")
    with tarfile.open(Path(__file__).parent / "stores" / f"{request.param}.tar.gz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # early Python 3.11 has no filters
        archive.extractall(place)  # noqa: S202 - these archives are a part of the tests
    with connect(place) as client:
        yield client, {"langchain": LANGCHAIN, "llamaindex": LLAMAINDEX}[request.param]


def has_lists(store: tuple[Client, Search]) -> bool:
    """Return whether the metadata of the store has lists and objects."""
    return store[1] is LANGCHAIN


def documents(store: tuple[Client, Search], filter_: Any = None, **options: Any) -> list[Document]:
    """Return the documents of a filter by LangChain's retriever."""
    client, search = store
    given: Any = {"client": client, "embeddings": Model(), "search": search, "k": COUNT, **options}
    return langchain.TqlRetriever(**given).invoke(TEXTS[3], filter=filter_)


def nodes(store: tuple[Client, Search], filters: Any = None) -> list[Any]:
    """Return the nodes of a filter by LlamaIndex's retriever."""
    return llamaindex.TqlRetriever(store[0], OtherModel(), store[1], COUNT, filters).retrieve(TEXTS[3])


def selected(python: Callable[[Row], object]) -> set[str]:
    """Return the ids of the documents that Python selects by their metadata."""
    return {IDS[number] for number, row in enumerate(ROWS) if python(row)}


def read(written: Row) -> Row:
    """Return metadata as the engine reads it."""
    return {name: {} if value is None else value for name, value in written.items()}


def test_documents_of_langchain(store: tuple[Client, Search]) -> None:
    """They have their texts, ids and metadata; the engine reads a null as {}, and the integers of a list as floats."""
    lists, found = has_lists(store), {document.id: document for document in documents(store)}
    best = documents(store, k=1)[0]

    assert (best.id, best.page_content) == (IDS[3], TEXTS[3])
    assert best.metadata["score"] == pytest.approx(1)
    assert found.keys() == set(IDS)
    for number, id_ in enumerate(IDS):
        metadata = {name: value for name, value in found[id_].metadata.items() if name not in {"score", *ADDED}}
        assert found[id_].page_content == TEXTS[number]
        assert metadata == read((nested if lists else flat)(number))
        assert {*map(type, metadata.values())} <= {str, int, float, bool, list, dict}


def test_nodes_of_llamaindex(store: tuple[Client, Search]) -> None:
    """Those that LlamaIndex stored come back as they were, with their relationships; others have text, id and metadata."""
    lists, found = has_lists(store), {one.node.node_id: one.node for one in nodes(store)}

    assert found.keys() == set(IDS)
    for number, id_ in enumerate(IDS):
        node = found[id_]
        assert (node.get_content(), node.metadata) == (TEXTS[number], read(nested(number)) if lists else flat(number))
        assert (None if node.source_node is None else node.source_node.node_id) == (
            None if lists else f"file-{number // 3}"
        )
        assert (NodeRelationship.SOURCE in node.relationships) is not lists


DICTS: list[tuple[Row, Callable[[Row], object]]] = [
    ({"lang": "en"}, lambda row: row["lang"] == "en"),
    ({"metadata": {"lang": "en", "year": {"$gt": 2005}}}, lambda row: row["lang"] == "en" and row["year"] > 2005),
    ({"metadata.lang": "en"}, lambda row: row["lang"] == "en"),
    ({"lang": ["en", "de"], "first": True}, lambda row: row["lang"] != "fr" and row["first"]),
    ({"lang": {"$ne": "en"}}, lambda row: row["lang"] != "en"),
    ({"lang": {"$nin": ["en", "de"]}}, lambda row: row["lang"] == "fr"),
    ({"year": {"$gte": 2003, "$lt": 2009}}, lambda row: 2003 <= row["year"] < 2009),
    ({"price": {"$lte": 1.5}}, lambda row: row["price"] <= 1.5),
    ({"page": 5}, lambda row: row.get("page") == 5),
    ({"page": {"$ne": 5}}, lambda row: "page" in row and row["page"] != 5),
    ({"page": {"$nin": [5]}}, lambda row: row.get("page") != 5),
    ({"absent": 1}, lambda _row: False),
    ({"title": "O'Hara's \"Tara\"\nand more"}, lambda row: row["title"].startswith("O'H")),
    (
        {"$or": [{"page": 5}, {"lang": "en", "first": False}]},
        lambda row: row.get("page") == 5 or (row["lang"] == "en" and not row["first"]),
    ),
]


@pytest.mark.parametrize("case", DICTS, ids=lambda case: str(case[0]))
def test_names_are_keys_of_the_metadata(
    store: tuple[Client, Search], case: tuple[Row, Callable[[Row], object]]
) -> None:
    """Both retrievers return the documents that Python selects."""
    given, python = case

    assert {document.id for document in documents(store, given)} == selected(python)
    assert {one.node.node_id for one in nodes(store, given)} == selected(python)


def test_columns_are_columns(store: tuple[Client, Search]) -> None:
    """The columns that the search names, and the score, are no keys of the metadata."""
    search = store[1]

    assert {one.id for one in documents(store, {search.key: [IDS[1], IDS[2]]})} == {IDS[1], IDS[2]}
    assert {one.id for one in documents(store, {search.text: "document 7"})} == {IDS[7]}
    assert {one.id for one in documents(store, {"score": {"$gt": 0.99}})} == {IDS[3]}
    assert {one.id for one in documents(store, col("metadata")["page"] == 5)} == {IDS[5]}


def test_operations_of_langchain(store: tuple[Client, Search]) -> None:
    """The attributes of comparisons are keys, as a self-querying retriever writes them."""
    lang = Comparison(comparator=Comparator.EQ, attribute="lang", value="en")
    title = Comparison(comparator=Comparator.CONTAIN, attribute="title", value="the")
    given = Operation(operator=Operator.OR, arguments=[lang, Operation(operator=Operator.NOT, arguments=[title])])

    assert {one.id for one in documents(store, given)} == selected(
        lambda row: row["lang"] == "en" or "the" not in row["title"]
    )


OPERATORS: list[tuple[str, str, Any, Callable[[Row], object]]] = [
    ("lang", "==", "en", lambda row: row["lang"] == "en"),
    ("year", ">=", 2010, lambda row: row["year"] >= 2010),
    ("lang", "in", ["en", "fr"], lambda row: row["lang"] in {"en", "fr"}),
    ("lang", "nin", ["en", "fr"], lambda row: row["lang"] == "de"),
    ("title", "text_match", "the", lambda row: "the" in row["title"]),
    ("title", "text_match", "% _c", lambda row: "% _c" in row["title"]),
    ("title", "text_match_insensitive", "OF THE", lambda row: "of the" in row["title"].lower()),
    ("title", "text_match_insensitive", "ärger IM bÜ", lambda row: "ärger im bü" in row["title"].lower()),
    ("title", "text_match_insensitive", "% _COTTON_ [A*B?", lambda row: "cotton" in row["title"]),
    ("title", "text_match_insensitive", '"\nAND', lambda row: "more" in row["title"]),
    ("title", "contains", "Büro", lambda row: "Büro" in row["title"]),
    ("note", "is_empty", None, lambda row: not row.get("note")),
]
OF_LISTS: list[tuple[str, str, Any, Callable[[Row], object]]] = [
    ("tags", "contains", "blue", lambda row: "blue" in row["tags"]),
    ("marks", "contains", 5, lambda row: 5 in row["marks"]),
    ("tags", "any", ["blue", "red"], lambda row: {"blue", "red"} & {*row["tags"]}),
    ("marks", "any", [3, 9], lambda row: {3, 9} & {*row["marks"]}),
    ("tags", "any", [], lambda _row: False),
    ("tags", "all", ["blue", "red"], lambda row: {"blue", "red"} <= {*row["tags"]}),
    ("tags", "all", [], lambda _row: True),
    ("of.page", "==", 2, lambda row: row["of"]["page"] == 2),
]


@pytest.mark.parametrize("case", OPERATORS + OF_LISTS, ids=lambda case: f"{case[0]} {case[1]} {case[2]}")
def test_operators_of_llamaindex(store: tuple[Client, Search], case: tuple[str, str, Any, Any]) -> None:
    """Each operator returns what LlamaIndex selects in Python, and so does its negation."""
    name, operator, value, python = case
    if case in OF_LISTS and not has_lists(store):
        python = (lambda _row: True) if value == [] and operator == "all" else (lambda _row: False)
    given = MetadataFilter(key=name, value=value, operator=FilterOperator(operator))
    negated = MetadataFilters(filters=[given], condition=FilterCondition.NOT)

    assert {one.node.node_id for one in nodes(store, MetadataFilters(filters=[given]))} == selected(python)
    if operator in WITHOUT_NOT:
        with pytest.raises(ArgumentError, match="takes a value of JSON that every row has"):
            nodes(store, negated)
    else:
        assert {one.node.node_id for one in nodes(store, negated)} == {*IDS} - selected(python)


def test_values_that_cannot_be() -> None:
    """A list operator takes a list, and a match in any case a text."""
    for operator, value, message in (
        (FilterOperator.ANY, "red", "takes a list of values for in, nin, any and all, got 'red'"),
        (FilterOperator.ALL, "red", "takes a list of values for in, nin, any and all, got 'red'"),
        (FilterOperator.TEXT_MATCH_INSENSITIVE, 5, "takes a text for text_match_insensitive, got 5"),
    ):
        with pytest.raises(ArgumentError, match=message):
            llamaindex.condition(MetadataFilter(key="tags", value=value, operator=operator))


def test_a_column_that_is_no_metadata(store: tuple[Client, Search]) -> None:
    """It is an error that names the argument."""
    client, search = store
    with pytest.raises(ArgumentError, match="`metadata` takes the name of a JSON column"):
        documents((client, Search(search.embedding, search.text, metadata=search.key)))
