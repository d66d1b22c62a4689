"""`Client.explain`: the SELECTs of the text that is sent, with the reasons of the compiler and the columns that the client knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tql import ArgumentError, CheckError, ParseError, Query, col, fn, param, select
from tql_client import connect
from tql_client.datasets import write
from tql_grammar.rewrite.source import depth
from tql_grammar.syntax.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_client import Client
    from tql_grammar.explain.levels import QueryLevel

QUERIES = [
    select("id"),
    select("id").order_by("kind", "year"),
    select("id").where(col("text").startswith("a")).order_by("year", "id").limit(2),
    select("id").similarity("e", [1.0, 0.0]).order_by("score").limit(2),
    select("kind", n=fn.count()).group_by("kind").where(fn.count() > 1),
    select("id").where(col("id") < 2).union_all(select("id").where(col("id") > 2)),
    select("id").similarity("e", [1.0, 0.0], as_="a").where(col("a") > 0.1).distinct().order_by("id"),
]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a dataset, whose columns it knows."""
    columns: dict[str, list[Any]] = {"id": [1, 2, 3], "year": [2001, 2002, 2003], "kind": ["a", "b", "a"]}
    columns |= {"text": ["a", "ab", "b"], "e": [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]}
    with connect(write(columns, tmp_path_factory.mktemp("explain") / "d")) as client:
        yield client


@pytest.fixture(scope="module")
def hosted() -> Iterator[Client]:
    """Return a client of an endpoint, to which nothing is sent."""
    with connect("https://example.com/query", dataset="hub://org/data", anonymous=True) as client:
        yield client


def height(level: QueryLevel) -> int:
    """Return the number of nested SELECTs of levels."""
    own = any(word == "select" for word, _ in level.clauses)
    return own + max(map(height, level.below), default=0)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_it_explains_the_text_that_is_sent(query: Query, embedded: Client, hosted: Client) -> None:
    """The SELECTs are as deep as those of the text, with a dataset and without."""
    for client in (embedded, hosted):
        assert height(client.explain(query)) == depth(parse(client.compile(query)))
    assert str(hosted.explain(query)).count('from "hub://org/data"') == hosted.compile(query).count("hub://org/data")


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_dataset_keeps_the_reasons(query: Query, hosted: Client) -> None:
    """A client that knows no column explains what `Query.explain` does, and adds the source."""

    def without_source(level: QueryLevel) -> QueryLevel:
        below = tuple(without_source(one) for one in level.below if one.clauses[0][0] != "from")
        return level.replace(below=below)

    assert without_source(hosted.explain(query)) == query.explain()


def test_the_columns_count(embedded: Client) -> None:
    """int64 keys are sorted by parts, texts by themselves; without the columns, the reasons say that they are unknown."""
    query = select("id").order_by("kind", "year")

    assert "unknown type" in str(query.explain())
    assert "unknown type" not in str(embedded.explain(query))
    assert str(embedded.explain(query)).count("select") == 4


def test_texts(embedded: Client, hosted: Client) -> None:
    """A text is checked, and explained with the source that it gets."""
    assert str(embedded.explain("select id order by id limit 2")).splitlines()[0] == "select id"
    assert 'from "hub://org/data"' in str(hosted.explain("select id"))


def test_errors(embedded: Client) -> None:
    """They are those of `compile`."""
    wrong: list[tuple[Any, type[Exception], str]] = [
        ("select id where", ParseError, "TQL"),
        ("select idd", CheckError, "no column `idd`"),
        (select("idd"), ArgumentError, "idd"),
        (select("id").where(col("id") == param("n")), ArgumentError, "n"),
        (3, ArgumentError, "must be a query"),
    ]
    for query, kind, message in wrong:
        for call in (embedded.explain, embedded.compile):
            with pytest.raises(kind, match=message):
                call(query)
    with (
        connect("https://example.com/query", anonymous=True) as client,
        pytest.raises(ArgumentError, match="names its dataset"),
    ):
        client.explain(select("id"))
