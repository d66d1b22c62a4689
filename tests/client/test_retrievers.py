"""Retrievers over the real engine: LangChain's test suite, LlamaIndex, and filters compared with Python."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.structured_query import Comparator, Comparison, Operation, Operator
from langchain_tests.integration_tests import RetrieversIntegrationTests
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters

from tql import ArgumentError, col
from tql_client import connect, langchain, llamaindex
from tql_client.datasets import write
from tql_client.integrations.retriever import Search

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tql_client import Client

COUNT, LENGTH = 30, 16
MODEL = DeterministicFakeEmbedding(size=LENGTH)
TEXTS = [f"document {number}" for number in range(COUNT)]
ROWS = [
    {"id": number, "year": 2000 + number % 7, "kind": "abc"[number % 3], "price": number / 2} for number in range(COUNT)
]
SEARCH = Search("e", "text", ("id", "year", "kind", "price"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a dataset with texts, metadata and vectors."""
    columns: dict[str, Any] = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    columns |= {"text": TEXTS, "e": [MODEL.embed_query(text) for text in TEXTS]}
    with connect(write(columns, str(tmp_path_factory.mktemp("retrievers") / "d"))) as made:
        yield made


@pytest.fixture
def of_the_suite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Give the suite its client, whose threads end with the test."""
    columns: dict[str, Any] = {
        "id": list(range(COUNT)),
        "text": TEXTS,
        "e": [MODEL.embed_query(text) for text in TEXTS],
    }
    cls: Any = request.cls
    with connect(write(columns, str(tmp_path / "d"))) as cls.made:
        yield


@pytest.mark.usefixtures("of_the_suite")
class TestLangchain(RetrieversIntegrationTests):
    """LangChain's suite."""

    made: Any

    @property
    def retriever_constructor(self) -> type[langchain.TqlRetriever]:
        """Return the class."""
        return langchain.TqlRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"client": self.made, "embeddings": MODEL, "search": Search("e", "text", ("id",))}

    @property
    def retriever_query_example(self) -> str:
        """Return a question."""
        return "document 7"


def test_the_best_come_first(client: Client) -> None:
    """The documents are those of a search by numpy, with metadata and score."""
    retriever = langchain.TqlRetriever(client=client, embeddings=MODEL, search=SEARCH, k=5)
    vectors = np.array([MODEL.embed_query(text) for text in TEXTS], np.float32)
    asked = np.array(MODEL.embed_query("document 7"), np.float32)
    scores = vectors @ asked / np.linalg.norm(vectors, axis=1) / np.linalg.norm(asked)
    order = np.argsort(-scores, kind="stable")[:5]

    found = retriever.invoke("document 7")
    nodes = llamaindex.TqlRetriever(client, Model(), SEARCH, k=5).retrieve("document 7")

    assert [one.metadata["id"] for one in found] == order.tolist() == [node.metadata["id"] for node in nodes]
    assert [one.page_content for one in found] == [TEXTS[number] for number in order] == [node.text for node in nodes]
    assert [one.metadata["score"] for one in found] == pytest.approx(scores[order].tolist(), abs=1e-6)
    assert [node.score for node in nodes] == pytest.approx(scores[order].tolist(), abs=1e-6)
    assert found[0].metadata == {**ROWS[7], "score": found[0].metadata["score"]}


def test_words_count_too(tmp_path: Path) -> None:
    """With `words`, the ranks by vector and by BM25 are fused, as computed by numpy and by the engine's BM25."""
    texts = ["apple " * (number % 4) + f"pear {number}" for number in range(COUNT)]
    dataset = deeplake.create(str(tmp_path / "d"))
    dataset.add_column("id", deeplake.types.Int64())
    dataset.add_column("text", deeplake.types.Text(deeplake.types.BM25))
    dataset.add_column("e", deeplake.types.Embedding(LENGTH))
    vectors = np.array([MODEL.embed_query(text) for text in texts], np.float32)
    dataset.append({"id": list(range(COUNT)), "text": texts, "e": list(vectors)})
    dataset.commit()
    asked = np.array(MODEL.embed_query("apple"), np.float32)
    by_vector = np.argsort(-(vectors @ asked) / np.linalg.norm(vectors, axis=1), kind="stable").tolist()

    with connect(str(tmp_path / "d")) as client:
        ranked = client.query(
            "select id from d order by bm25_similarity(text, 'apple') desc limit 100".replace(
                " d ", f' "{tmp_path / "d"}" '
            )
        )
        by_words = [row["id"] for row in ranked.rows if "apple" in texts[row["id"]]]
        scores = {number: 1 / (61 + by_vector.index(number)) for number in range(COUNT)}
        for place, number in enumerate(by_words):
            scores[number] += 1 / (61 + place)
        order = sorted(scores, key=lambda number: (-scores[number], number))[:5]
        search = Search("e", "text", ("id",), words=True)
        found = langchain.TqlRetriever(client=client, embeddings=MODEL, search=search, k=5).invoke("apple")
        nodes = llamaindex.TqlRetriever(client, Model(), search, k=5).retrieve("apple")

    assert [one.metadata["id"] for one in found] == order == [node.metadata["id"] for node in nodes]
    assert [one.metadata["score"] for one in found] == pytest.approx([scores[number] for number in order])


class Model(BaseEmbedding):
    """Embedding model of LlamaIndex with the vectors of `MODEL`."""

    def _get_query_embedding(self, query: str) -> list[float]:
        return MODEL.embed_query(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return MODEL.embed_query(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return MODEL.embed_query(text)


COMPARISONS: list[tuple[str, Any, str, str, Any]] = [
    ("year", 2003, "eq", "==", operator.eq),
    ("year", 2003, "ne", "!=", operator.ne),
    ("price", 4.5, "gt", ">", operator.gt),
    ("price", 4.5, "gte", ">=", operator.ge),
    ("year", 2003, "lt", "<", operator.lt),
    ("year", 2003, "lte", "<=", operator.le),
    ("kind", ["a", "c"], "in", "in", lambda value, members: value in members),
    ("kind", ["a"], "nin", "nin", lambda value, members: value not in members),
    ("kind", "b", "contain", "text_match", lambda value, part: part in value),
]


def ids(found: list[Any]) -> list[int]:
    """Return the sorted ids of documents or nodes."""
    return sorted(one.metadata["id"] for one in found)


@pytest.mark.parametrize("case", COMPARISONS, ids=lambda case: case[2])
def test_comparisons(client: Client, case: tuple[str, Any, str, str, Any]) -> None:
    """Each operator of both frameworks returns the rows that Python selects."""
    name, value, theirs, others, python = case
    expected = [row["id"] for row in ROWS if python(row[name], value)]
    retriever = langchain.TqlRetriever(client=client, embeddings=MODEL, search=SEARCH, k=COUNT)
    comparison = Comparison(comparator=Comparator(theirs), attribute=name, value=value)
    filters = MetadataFilters(filters=[MetadataFilter(key=name, value=value, operator=FilterOperator(others))])

    assert ids(retriever.invoke("x", filter=comparison)) == expected
    assert ids(llamaindex.TqlRetriever(client, Model(), SEARCH, COUNT, filters).retrieve("x")) == expected


def test_operations(client: Client) -> None:
    """AND, OR and NOT can be nested."""
    year = Comparison(comparator=Comparator.EQ, attribute="year", value=2003)
    kind = Comparison(comparator=Comparator.EQ, attribute="kind", value="a")
    given = Operation(operator=Operator.OR, arguments=[year, Operation(operator=Operator.NOT, arguments=[kind])])
    expected = [row["id"] for row in ROWS if row["year"] == 2003 or row["kind"] != "a"]
    retriever = langchain.TqlRetriever(client=client, embeddings=MODEL, search=SEARCH, k=COUNT, filter=given)
    filters = MetadataFilters(
        filters=[
            MetadataFilter(key="year", value=2003),
            MetadataFilters(filters=[MetadataFilter(key="kind", value="a")], condition=FilterCondition.NOT),
        ],
        condition=FilterCondition.OR,
    )

    assert ids(retriever.invoke("x")) == expected
    assert ids(llamaindex.TqlRetriever(client, Model(), SEARCH, COUNT, filters).retrieve("x")) == expected
    assert ids(retriever.invoke("x", filter={"year": 2003, "kind": "a"})) == [
        row["id"] for row in ROWS if row["year"] == 2003 and row["kind"] == "a"
    ]
    assert ids(retriever.invoke("x", filter=col("price") > 14)) == [29]


def test_what_cannot_be_said() -> None:
    """A filter of another type is rejected."""
    for odd in (3, "year = 3", [1]):
        with pytest.raises(ArgumentError, match="filter"):
            langchain.condition(odd)
        with pytest.raises(ArgumentError, match="filter"):
            llamaindex.condition(odd)
