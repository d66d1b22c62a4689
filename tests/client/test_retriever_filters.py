"""Filters and arguments of the retrievers over the real engine: tenants, dicts, JSON, and the errors of what is not there."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.structured_query import Comparator, Comparison
from llama_index.core.vector_stores.types import FilterOperator, MetadataFilter, MetadataFilters

from tests.client.test_retrievers import Model
from tql import ArgumentError, all_of, any_of, col
from tql_client import connect, langchain, llamaindex
from tql_client.langchain import Search, TqlRetriever

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_client import Client

COUNT, LENGTH = 24, 16
MODEL = DeterministicFakeEmbedding(size=LENGTH)
ROWS: list[dict[str, Any]] = [
    {
        "id": number,
        "tenant": ("acme", "other")[number % 2],
        "lang": ("en", "de", "fr")[number % 3],
        "ts": number,
        "meta": {"lang": ("en", "de", "fr")[number % 3], "year": 2000 + number, "of": {"page": number % 4}},
    }
    for number in range(COUNT)
]
SEARCH = Search("e", "text", ("id", "tenant", "lang"))
TENANT = {"tenant": "acme"}


def selected(function: Callable[[dict[str, Any]], bool]) -> list[int]:
    """Return the ids of the rows that Python selects."""
    return [row["id"] for row in ROWS if function(row)]


def ids(found: list[Any]) -> list[int]:
    """Return the sorted ids of documents or nodes."""
    return sorted(one.metadata["id"] for one in found)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a dataset of two tenants."""
    columns: dict[str, Any] = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    texts = [f"document {number}" for number in range(COUNT)]
    columns |= {"text": texts, "e": [np.asarray(MODEL.embed_query(text), np.float32) for text in texts]}
    place, types = str(tmp_path_factory.mktemp("filters") / "d"), deeplake.types
    dataset = deeplake.create(place)
    kinds = {"id": types.Int64(), "ts": types.Int64(), "meta": types.Dict(), "e": types.Embedding(LENGTH)}
    kinds["text"] = types.Text(types.BM25)
    for name in columns:
        dataset.add_column(name, kinds.get(name, types.Text()))
    dataset.append(columns)
    dataset.commit()
    return place


@pytest.fixture
def client(path: str) -> Iterator[Client]:
    """Return a client, whose threads end with the test."""
    with connect(path) as made:
        yield made


def retriever(client: Client, **options: Any) -> TqlRetriever:
    """Return a retriever of all rows."""
    given: dict[str, Any] = {"client": client, "embeddings": MODEL, "search": SEARCH, "k": COUNT, **options}
    return TqlRetriever(**given)


# --- tenants ----------------------------------------------------------------------------------------------------------

CALLS: list[tuple[str, Callable[[TqlRetriever, Any], list[Any]]]] = [
    ("invoke", lambda one, given: one.invoke("x", filter=given)),
    ("bind", lambda one, given: one.bind(filter=given).invoke("x")),
    ("ainvoke", lambda one, given: asyncio.run(one.ainvoke("x", filter=given))),
    ("batch", lambda one, given: one.batch(["x", "y"], filter=given)[1]),
    ("abatch", lambda one, given: asyncio.run(one.abatch(["x", "y"], filter=given))[1]),
]
GIVEN: list[tuple[Any, Callable[[dict[str, Any]], bool]]] = [
    ({"lang": "en"}, lambda row: row["lang"] == "en"),
    (col("lang") == "en", lambda row: row["lang"] == "en"),
    ((col("lang") == "en") | (col("lang") == "de"), lambda row: row["lang"] != "fr"),
    (Comparison(comparator=Comparator.EQ, attribute="lang", value="en"), lambda row: row["lang"] == "en"),
    (None, lambda _row: True),
    ({}, lambda _row: True),
    (all_of([]), lambda _row: True),
    (any_of([]), lambda _row: False),
    ({"tenant": "other"}, lambda row: row["tenant"] == "other"),
    ({"$or": [{"tenant": "other"}, {"lang": "en"}]}, lambda row: row["tenant"] == "other" or row["lang"] == "en"),
]
OWN = [TENANT, col("tenant") == "acme", Comparison(comparator=Comparator.EQ, attribute="tenant", value="acme")]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
def test_no_call_leaves_the_filter_of_the_retriever(client: Client, call: tuple[str, Any]) -> None:
    """A filter of a call is added to that of the constructor by AND, whatever it is, and however the call is made."""
    for own, (given, python) in itertools.product(OWN, GIVEN):
        expected = set(selected(python)) & set(selected(lambda row: row["tenant"] == "acme"))

        assert ids(call[1](retriever(client, filter=own), given)) == sorted(expected)


def test_no_hybrid_search_leaves_it_either(client: Client) -> None:
    """The filter holds for both rankings, and for a question without words."""
    search = Search("e", "text", ("tenant",), words=True)
    one = retriever(client, filter=TENANT, search=search)
    expected = selected(lambda row: row["tenant"] == "acme" and row["lang"] == "en")
    scores = [found.metadata["score"] for found in one.invoke("document", filter={"lang": "en"})]
    best = one.invoke("document", filter=all_of([col("lang") == "en", col("score") > scores[2]]))

    for question in ("document", "", " \n"):
        found = one.invoke(question, filter={"lang": "en"})
        assert sorted(int(document.id or -1) for document in found) == expected
        assert {document.metadata["tenant"] for document in found} == {"acme"}
        assert str(search.query([0.5], question, 3)).count("bm25") == bool(question.strip())
    assert [document.metadata["score"] for document in best] == scores[:2]


def test_the_filters_of_llamaindex(client: Client) -> None:
    """All calls of LlamaIndex have the filters of the constructor, which can be a dict."""
    expected = selected(lambda row: row["tenant"] == "acme" and row["lang"] == "en")
    filters = MetadataFilters(
        filters=[MetadataFilter(key="tenant", value="acme"), MetadataFilter(key="meta.lang", value="en")]
    )
    for given in (filters, {"tenant": "acme", "meta.lang": "en"}, (col("tenant") == "acme") & (col("lang") == "en")):
        one = llamaindex.TqlRetriever(client, Model(), SEARCH, COUNT, given)

        assert ids(one.retrieve("x")) == expected == ids(asyncio.run(one.aretrieve("x")))


def test_an_option_in_a_configuration_is_refused(client: Client) -> None:
    """LangChain ignores it, so that other tenants would be returned; its own keys are taken."""
    one = retriever(client, k=2)
    config: Any = TENANT | {"filter": TENANT}
    for call in (
        lambda: one.with_config(filter=TENANT),
        lambda: one.with_config(config),
        lambda: one.invoke("x", config),
        lambda: asyncio.run(one.ainvoke("x", config)),
    ):
        with pytest.raises(ArgumentError, match=r"LangChain ignores other keys\nhint: .* retriever.bind\(filter=..\)"):
            call()

    assert len(one.with_config(tags=["a"]).invoke("x", {"run_name": "b"}, filter=TENANT)) == 2


# --- dicts ------------------------------------------------------------------------------------------------------------

DICTS: list[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
    ({"ts": 3}, lambda row: row["ts"] == 3),
    ({"ts": {"$gte": 1, "$lt": 5}}, lambda row: 1 <= row["ts"] < 5),
    ({"ts": {"$gt": 1, "$lte": 5}, "lang": "en"}, lambda row: 1 < row["ts"] <= 5 and row["lang"] == "en"),
    ({"lang": {"$eq": "en"}}, lambda row: row["lang"] == "en"),
    ({"lang": {"$ne": "en"}}, lambda row: row["lang"] != "en"),
    ({"lang": ["en", "de"]}, lambda row: row["lang"] in {"en", "de"}),
    ({"lang": ("en",)}, lambda row: row["lang"] == "en"),
    ({"lang": {"en"}}, lambda row: row["lang"] == "en"),
    ({"lang": []}, lambda _row: False),
    ({"ts": {"$in": [1, 2]}}, lambda row: row["ts"] in {1, 2}),
    ({"ts": {"$nin": [1, 2]}}, lambda row: row["ts"] not in {1, 2}),
    ({"meta.lang": "en"}, lambda row: row["meta"]["lang"] == "en"),
    ({"meta.lang": ["en", "de"]}, lambda row: row["meta"]["lang"] != "fr"),
    ({"meta.year": {"$gte": 2005, "$lt": 2009}}, lambda row: 2005 <= row["meta"]["year"] < 2009),
    ({"meta.of.page": 2}, lambda row: row["meta"]["of"]["page"] == 2),
    ({"$or": [{"ts": 1}, {"ts": 2, "lang": "fr"}]}, lambda row: row["ts"] in {1, 2}),
    (
        {"$and": [{"ts": {"$lt": 9}}, {"$or": [{"lang": "en"}, {"lang": "de"}]}], "tenant": "acme"},
        lambda row: row["ts"] < 9 and row["lang"] != "fr" and row["tenant"] == "acme",
    ),
]


@pytest.mark.parametrize("case", DICTS, ids=lambda case: str(case[0]))
def test_dicts(client: Client, case: tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]) -> None:
    """Each form of a dict returns the rows that Python selects."""
    given, python = case

    assert ids(retriever(client).invoke("x", filter=given)) == selected(python)
    assert str(langchain.condition(given)) == str(llamaindex.condition(given))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tenant": None}, r"takes no None, got it for 'tenant'\nhint: leave .* filter=col\(\"tenant\"\).is_null\(\)"),
        ({"tenant": {"$ne": None}}, r"col\(\"tenant\"\).is_null\(\)"),
        ({"lang": ["en", None]}, r"takes values other than None"),
        (
            {"lang": {"$regex": "e"}},
            r"\$eq, \$ne, .* got \{'\$regex': 'e'\} for 'lang'\nhint: .*filter=col\('lang'\).matches\('a\.\*'\)",
        ),
        ({"meta.tags": {"$contains": "a"}}, r"hint: .*filter=col\('meta'\)\['tags'\].contains\('a'\)"),
        ({"lang": {"$is": "e"}}, r"got \{'\$is': 'e'\} for 'lang'\nhint: .*filter=col\(\"ts\"\) >= 1"),
        ({"lang": {}}, r"\$eq, \$ne"),
        ({"meta": {"lang": "en"}}, r"a key of JSON is \"meta.key\""),
        ({"$not": {"lang": "en"}}, r"\$and, \$or, got '\$not'\nhint: negate .*filter=~\(col\("),
        ({"$and": {"lang": "en"}}, r"a list of dicts"),
        ({"$or": []}, r"a list of dicts that are not empty"),
        ({"$or": [{}, {"lang": "en"}]}, r"a list of dicts that are not empty"),
        ({"lang": {"$in": "en"}}, r"takes a list of values for in, nin, any and all, got 'en'"),
        ({"meta.": "en"}, r"column.key for keys of JSON"),
        ({3: "en"}, r"takes names of columns"),
        ({"ts": {"$gte": [1]}}, r"takes one value"),
    ],
    ids=str,
)
def test_dicts_of_other_forms(client: Client, given: Any, message: str) -> None:
    """They are refused, in the constructor and in a call, with the form to write instead."""
    for call in (
        lambda: langchain.condition(given),
        lambda: llamaindex.condition(given),
        lambda: retriever(client, filter=given),
        lambda: retriever(client).invoke("x", filter=given),
        lambda: llamaindex.TqlRetriever(client, Model(), SEARCH, filters=given),
    ):
        with pytest.raises(ArgumentError, match=message):
            call()


def test_values_of_the_other_filters() -> None:
    """None and a text in place of a list are refused there too; `is_empty` has no value."""
    with pytest.raises(ArgumentError, match="takes no None"):
        langchain.condition(Comparison(comparator=Comparator.EQ, attribute="lang", value=None))
    with pytest.raises(ArgumentError, match="takes a list of values"):
        llamaindex.condition(MetadataFilter(key="lang", value="en", operator=FilterOperator.IN))

    assert str(llamaindex.condition(MetadataFilter(key="lang", value=None, operator=FilterOperator.IS_EMPTY))) == (
        "lang is null"
    )


def test_a_key_of_a_column_that_is_not_json(client: Client) -> None:
    """The query is refused before it is sent."""
    with pytest.raises(ArgumentError, match="lang"):
        retriever(client).invoke("x", filter={"lang.code": "en"})


# --- arguments and options --------------------------------------------------------------------------------------------


def test_options(client: Client) -> None:
    """`k` replaces that of the constructor, and a condition on the score is a threshold."""
    one = retriever(client, k=3, filter=TENANT)
    scores = [found.metadata["score"] for found in one.invoke("x", k=COUNT)]
    between = (scores[1] + scores[2]) / 2

    assert len(one.invoke("x")) == len(one.invoke("x", k=None)) == 3
    assert [found.metadata["score"] for found in one.invoke("x", k=COUNT, filter=col("score") > between)] == scores[:2]


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("score_threshold", r'\nhint: write filter=col\("score"\) > .5$'),
        ("top_k", r"\nhint: write k=4$"),
        ("filters", r"\nhint: did you mean 'filter'\?$"),
        ("verbosely", r"got verbosely$"),
    ],
)
def test_options_that_are_not_there(client: Client, option: str, hint: str) -> None:
    """An unknown option is rejected in calls and in the constructor, with the form to write instead."""
    given: dict[str, Any] = {option: 0.5}
    with pytest.raises(ArgumentError, match=f"`invoke` has the options k and filter, got {option}"):
        asyncio.run(retriever(client).ainvoke("x", **given))
    with pytest.raises(ArgumentError, match=f"`invoke` has the options k and filter, .*{hint}"):
        retriever(client).invoke("x", **given)
    with pytest.raises(ArgumentError, match=f"`TqlRetriever` has the arguments client, .*{hint}"):
        retriever(client, **given)


def test_arguments(client: Client) -> None:
    """A missing argument, or one of another type, is a sentence with an example."""
    given: dict[str, Any] = {"client": client, "embedding": MODEL, "search": SEARCH}
    with pytest.raises(ArgumentError, match=r"got embedding\nhint: write embeddings=model$"):
        TqlRetriever(**given)
    del given["embedding"]
    with pytest.raises(
        ArgumentError, match=r"`TqlRetriever` takes embeddings, got nothing\nhint: pass embeddings=model"
    ):
        TqlRetriever(**given)
    with pytest.raises(
        ArgumentError, match=r"takes client, got './chunks'\nhint: pass client=connect\(\"./chunks\"\)$"
    ):
        retriever("./chunks")  # type: ignore[arg-type]  # the mistake
    with pytest.raises(ArgumentError, match=r"takes search, .*\nhint: pass search=Search\(\"embedding\", \"text\"\)$"):
        retriever(client, search=("e", "text"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"others": "id"}, r"`others` takes a tuple of names of columns, got 'id'\nhint: others=\('id',\)$"),
        ({"others": (1,)}, r"`others` takes a tuple of names"),
        ({"metric": "euclid"}, r"`metric` takes one of cosine, .*, got 'euclid'\nhint: did you mean 'l2'\?$"),
        (
            {"metric": "mmr"},
            r"`metric` takes one of cosine, .*, got 'mmr': the engine ranks by it, and returns no score",
        ),
        ({"metric": "l2", "words": True}, r"`metric` takes \"cosine\" with words=True, got 'l2'"),
    ],
    ids=str,
)
def test_searches_that_cannot_be(options: dict[str, Any], message: str) -> None:
    """They are refused when they are made."""
    with pytest.raises(ArgumentError, match=message):
        Search("e", "text", **options)


def test_names_in_a_list() -> None:
    """They are a tuple, as a search is a value."""
    names: Any = ["id", "lang"]

    assert Search("e", "text", names) == Search("e", "text", ("id", "lang"))
    assert hash(Search("e", "text", names)) == hash(Search("e", "text", ("id", "lang")))


def test_the_key_is_the_id(client: Client) -> None:
    """It is a text, and no column of the metadata; without a key, LangChain has none, and LlamaIndex makes one."""
    search = Search("e", "text", ("lang",), key="ts")
    found = retriever(client, search=search, k=3).invoke("document 7")
    nodes = llamaindex.TqlRetriever(client, Model(), search, k=3).retrieve("document 7")

    assert found[0].id == "7" == nodes[0].node.node_id
    assert found[0].metadata.keys() == {"lang", "score"}
    assert [node.node.node_id for node in nodes] == [one.id for one in found]
    assert retriever(client).invoke("x")[0].id is None
    assert llamaindex.TqlRetriever(client, Model(), SEARCH).retrieve("x")[0].node.node_id


def test_methods_of_other_retrievers(client: Client) -> None:
    """They lead to `invoke` and `retrieve`, unless the framework has them, as old LangChain does; other names, and what asks for them, get what they got."""
    chain: Any = retriever(client)
    index: Any = llamaindex.TqlRetriever(client, Model(), SEARCH)
    calls = {
        "get_relevant_documents": (chain, "invoke"),
        "aget_relevant_documents": (chain, "ainvoke"),
        "retrieve": (chain, "invoke"),
        "invoke": (index, "retrieve"),
        "get_relevant_documents ": (index, "retrieve"),
    }
    missing = {name: call for name, call in calls.items() if not hasattr(type(call[0]), name.strip())}
    assert {"retrieve", "invoke"} <= {*missing}
    for name, (one, method) in missing.items():
        with pytest.raises(
            AttributeError, match=rf'`TqlRetriever` has no `.*`: write retriever.{method}\("question"\)$'
        ):
            getattr(one, name.strip())
    for one in (chain, index):
        assert not hasattr(one, "no_such_name")
