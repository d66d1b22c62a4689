"""The TQL of whole queries, round trips of their text and repr, and their immutability."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from tql import Query, all_of, any_of, asc, col, desc, fn, param, parse, raw, select
from tql.compiler.compile import compile_query, with_source
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.parser import parse as parse_tree

vector = np.array([0.5, 1.0], "f4")
D = "hub://org/dataset"
base = select("text").from_(D)
scored = base.similarity("embedding", vector)
COSINE = "cosine_similarity(embedding, ARRAY[0.5,1.0])"

TEXTS = [
    pytest.param(select(), "select *", id="everything"),
    pytest.param(select("text"), "select text", id="one column, no source"),
    pytest.param(base, f'select text from "{D}"', id="one column"),
    pytest.param(select("text", "my col").from_("nearby"), 'select text, "my col" from nearby', id="two columns"),
    pytest.param(
        base.select(year=col("meta")["year"]),
        f"select text, meta['year'] as year from \"{D}\"",
        id="a keyword is an alias",
    ),
    pytest.param(
        select("*", n=fn.row_number()).from_(D), f'select *, row_number() as n from "{D}"', id="all and one more"
    ),
    pytest.param(base.where(col("a") > 1), f'select text from "{D}" where a > 1', id="where"),
    pytest.param(
        base.where(col("a") > 1).where(col("b") == 2), f'select text from "{D}" where a > 1 and b = 2', id="where twice"
    ),
    pytest.param(base.where(col("a").in_([])), f'select text from "{D}" where false', id="where nothing"),
    pytest.param(base.where(col("a").not_in([])), f'select text from "{D}"', id="where true"),
    pytest.param(base.order_by("id"), f'select text from "{D}" order by id', id="order"),
    pytest.param(base.order_by(asc("id")), f'select text from "{D}" order by id asc', id="ascending"),
    pytest.param(base.order_by(desc(col("id") % 3)), f'select text from "{D}" order by id % 3 desc', id="descending"),
    pytest.param(base.limit(5), f'select text from "{D}" limit 5', id="limit"),
    pytest.param(base.limit(5).limit(7).limit(None), f'select text from "{D}"', id="no limit"),
    pytest.param(base.offset(10), f'select text from "{D}" offset 10', id="offset"),
    pytest.param(
        base.limit(int(np.int64(5))).offset(10), f'select text from "{D}" limit 5 offset 10', id="limit and offset"
    ),
    pytest.param(
        base.from_("x", alias="t").where(col("a", of="t") > 1),
        "select text from x as t where a > 1",
        id="alias of the source",
    ),
    pytest.param(scored, f'select text, {COSINE} as score from "{D}"', id="similarity without an order"),
    pytest.param(
        scored.order_by("score").limit(5),
        f'select * from (select text, {COSINE} as score from "{D}") order by score desc limit 5',
        id="similarity",
    ),
    pytest.param(
        select("text").similarity("embedding", vector).order_by("score").limit(5),
        f"select * from (select text, {COSINE} as score) order by score desc limit 5",
        id="similarity without a source",
    ),
    pytest.param(
        base.order_by("score").limit(5).similarity("embedding", vector),
        f'select * from (select text, {COSINE} as score from "{D}") order by score desc limit 5',
        id="the order of the calls does not matter",
    ),
    pytest.param(
        scored.order_by(asc("score")),
        f'select * from (select text, {COSINE} as score from "{D}") order by score asc',
        id="the farthest first",
    ),
    pytest.param(
        scored.where(col("module") == "os.path").order_by("score"),
        f"select * from (select text, {COSINE} as score from \"{D}\" where module = 'os.path') order by score desc",
        id="a condition on the source stands inside",
    ),
    pytest.param(
        scored.where(col("score") > 0.5, col("id") > 3),
        f'select * from (select text, {COSINE} as score from "{D}" where id > 3) where score > 0.5',
        id="a condition on the score stands outside",
    ),
    pytest.param(
        scored.where((col("score") > 0.5) | (col("id") > 3)),
        f'select text, score from (select text, {COSINE} as score, id from "{D}") where score > 0.5 or id > 3',
        id="a condition on both carries the column",
    ),
    pytest.param(
        scored.order_by("score", "id"),
        f'select text, score from (select * from (select text, {COSINE} as score, id from "{D}") order by id desc) order by score desc',
        id="the score, then a column that is carried",
    ),
    pytest.param(
        select().from_(D).similarity("embedding", vector).order_by("score", "id"),
        f'select * from (select * from (select *, {COSINE} as score from "{D}") order by id desc) order by score desc',
        id="everything and the score",
    ),
    pytest.param(
        base.similarity("embedding", vector, metric="l2").order_by("score"),
        f'select * from (select text, l2_norm(embedding - ARRAY[0.5,1.0]) as score from "{D}") order by score',
        id="l2",
    ),
    pytest.param(
        base.similarity("embedding", vector, metric="l1", as_="d").order_by("d"),
        f'select * from (select text, l1_norm(embedding - ARRAY[0.5,1.0]) + 0 as d from "{D}") order by d',
        id="l1",
    ),
    pytest.param(
        base.similarity("embedding", vector, metric="linf", as_="d"),
        f'select text, linf_norm(embedding - ARRAY[0.5,1.0]) + 0 as d from "{D}"',
        id="linf",
    ),
    pytest.param(
        base.similarity("embedding", vector, metric="dot"),
        f'select text, dot(embedding, ARRAY[0.5,1.0]) as score from "{D}"',
        id="dot",
    ),
    pytest.param(
        base.similarity("embedding", vector, metric="hamming"),
        f'select text, hamming_distance(embedding, ARRAY[0.5,1.0])[0] as score from "{D}"',
        id="hamming",
    ),
    pytest.param(
        base.similarity("m", [[1.0, 0.0]], metric="maxsim"),
        f'select text, maxsim(m, ARRAY[ARRAY[1.0,0.0]]) as score from "{D}"',
        id="maxsim",
    ),
    pytest.param(
        base.similarity("embedding", vector, metric="mmr", as_=None).limit(3),
        f'select text from "{D}" order by mmr_similarity(embedding, ARRAY[0.5,1.0]) desc limit 3',
        id="mmr",
    ),
    pytest.param(
        base.similarity("embedding", vector, metric="l2", as_=None).limit(3),
        f'select * from (select text from "{D}" order by l2_norm(embedding - ARRAY[0.5,1.0]) asc) limit 3',
        id="ranked without a score",
    ),
    pytest.param(
        select("text", "score").from_(scored.limit(10)).order_by("score"),
        f'select text, score from (select text, {COSINE} as score from "{D}" limit 10) order by score desc',
        id="a score of the query that is the source",
    ),
    pytest.param(
        select(s="score").from_(scored).order_by("s"),
        f'select * from (select score as s from (select text, {COSINE} as score from "{D}")) order by s desc',
        id="a renamed score",
    ),
    pytest.param(
        base.order_by("a", "b"),
        f'select text from (select * from "{D}" order by b) order by a',
        id="two keys",
    ),
    pytest.param(
        base.order_by(desc("a"), "b"),
        f'select text from (select * from "{D}" order by b desc) order by a desc',
        id="two keys, one turned round",
    ),
    pytest.param(
        base.order_by("a", desc("b")).where(col("c") > 1).limit(3),
        f'select text from (select * from (select * from "{D}" where c > 1 order by row_number() desc) order by b desc) order by a limit 3',
        id="two keys, ties turned round",
    ),
    pytest.param(
        select(next=col("id") + 1).from_(D).where(col("next") > 3).order_by("next"),
        f'select * from (select id + 1 as next from "{D}") where next > 3 order by next',
        id="an alias in where and order",
    ),
    pytest.param(
        select(id=col("id") + 1).from_(D).where(col("id", of="source") > 3),
        f'select id + 1 as id from "{D}" where id > 3',
        id="the column of the source",
    ),
    pytest.param(
        select(id=col("id") + 1).from_(D).where(col("id", of="output") > 3),
        f'select * from (select id + 1 as id from "{D}") where id > 3',
        id="the output",
    ),
    pytest.param(
        select(id=col("id") + 1).from_(D).where(col("id", of="output") > 3).order_by(col("id", of="source")),
        f'select id from (select id + 1 as id, id as z1 from "{D}") where id > 3 order by z1',
        id="the output and the column",
    ),
    pytest.param(
        base.from_(base.limit(3)).where(col("text") == "x"),
        f"select text from (select text from \"{D}\" limit 3) where text = 'x'",
        id="nested",
    ),
    pytest.param(base.when(1 > 2, lambda q: q.limit(3)), f'select text from "{D}"', id="when not"),  # noqa: PLR0133 - false is what is tested
    pytest.param(base.when([1], lambda q: q.limit(3)), f'select text from "{D}" limit 3', id="when"),
    pytest.param(base.pipe(lambda q: q.limit(3)), f'select text from "{D}" limit 3', id="pipe"),
    pytest.param(
        base.similarity("e", [1.0, 0.5], exact=True).order_by("score").limit(3),
        f'select * from (select * from (select text, cosine_similarity(e, ARRAY[1.0,0.5]) as score from "{D}") order by score desc) limit 3',
        id="an exact search",
    ),
    pytest.param(
        base.similarity("e", [1.0, 0.5], "l2", as_=None, exact=True).limit(3),
        f'select text from "{D}" order by l2_norm(e - ARRAY[1.0,0.5]) + 0 asc limit 3',
        id="an exact ranking",
    ),
]


@pytest.mark.parametrize(("query", "text"), TEXTS)
def test_a_query_has_its_text(query: Query, text: str) -> None:
    """Each chain generates the documented TQL."""
    assert text == str(query)


@pytest.mark.parametrize(("query", "text"), TEXTS)
def test_the_grammar_reads_back_the_text_as_it_is(query: Query, text: str) -> None:
    """Every generated text parses, has no findings except advice about searches, and prints as itself."""
    assert text == to_tql(parse_tree(str(query)))
    assert not [finding for finding in query.check() if finding.severity == "error"]


@pytest.mark.parametrize(("query", "text"), TEXTS)
def test_a_parsed_text_is_a_query_with_that_text(query: Query, text: str) -> None:
    """Parsing a text gives a query whose text it is."""
    del query

    assert text == str(parse(text))


@pytest.mark.parametrize(("query", "text"), TEXTS)
def test_a_query_is_a_value(query: Query, text: str) -> None:
    """Pickle, copy and the pasted repr give an equal query with an equal hash."""
    names: dict[str, Any] = {
        "select": select,
        "col": col,
        "fn": fn,
        "raw": raw,
        "all_of": all_of,
        "any_of": any_of,
        "asc": asc,
        "desc": desc,
        "parse": parse,
    }
    pasted = eval(repr(query), names)  # noqa: S307 - pasting is what is tested

    for other in (pickle.loads(pickle.dumps(query)), copy.copy(query), copy.deepcopy(query), pasted):  # noqa: S301 - our own pickle
        assert query == other
        assert hash(query) == hash(other)
        assert text == str(other)


def test_a_method_leaves_the_query_as_it_was() -> None:
    """Every method returns a new query; chains from one query are independent."""
    one, two = base.where(col("a") > 1).limit(1), base.order_by("b")

    assert str(base) == f'select text from "{D}"'
    assert str(one) == f'select text from "{D}" where a > 1 limit 1'
    assert str(two) == f'select text from "{D}" order by b'


def test_what_is_kept_about_a_text_stays_with_its_query() -> None:
    """A changed copy does not reuse the cached text, and a pickle does not contain it."""
    query = base.where(col("a") > param("low"))
    bound = query.bind(low=1)
    before = len(pickle.dumps(bound))

    assert str(bound).endswith("a > 1")
    assert str(bound.bind(low=2)).endswith("a > 2")
    assert str(bound.where(col("b") > 3)).endswith("a > 1 and b > 3")
    assert len(pickle.dumps(bound)) == before
    with pytest.raises(TypeError, match=r"has no field \['nothing'\]"):
        bound.replace(nothing=1)


def test_a_query_cannot_be_changed() -> None:
    """Setting an attribute raises AttributeError."""
    with pytest.raises(AttributeError, match="frozen"):
        base.row_limit = 3


def test_a_plain_query_parses_back_to_an_equal_one() -> None:
    """``parse(str(q)) == q`` for a query of one level without a search."""
    query = (
        base.select(n=col("a") + 1)
        .where(col("a") > 1, col("b").startswith("x"))
        .order_by(desc("id"))
        .limit(5)
        .offset(2)
    )

    assert query == parse(str(query))


def test_building_goes_on_from_a_parsed_text() -> None:
    """Methods extend a parsed text."""
    query = parse(f'select text from "{D}" where a > 1').where(col("b") == 2).limit(3)

    assert str(query) == f'select text from "{D}" where a > 1 and b = 2 limit 3'


def test_a_parsed_text_that_the_engine_reads_its_own_way_stays_as_written() -> None:
    """A parsed query returns the rows of its text, even if the engine ignores a part of it; further clauses nest it."""
    text = "select id from D order by a, b"

    assert str(parse(text)) == text
    assert str(parse(text).limit(3)) == f"select * from ({text}) limit 3"


def test_a_long_vector_is_elided_in_the_repr() -> None:
    """The repr shows length and type of a long vector."""
    query = select("text").similarity("embedding", np.zeros(1536))

    assert repr(query) == "select('text').similarity('embedding', <1536 float32>)"


def test_ten_thousand_conditions_are_emitted_balanced() -> None:
    """A chain of 10,000 conditions prints in parentheses that stay shallow, and reads back as the same query."""
    query = select("id").from_("D")
    for number in range(10_000):
        query = query.where(col("id") > number)

    text = str(query)
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)

    assert deepest < 50
    assert parse(text) == query


def test_a_dataset_is_put_where_a_query_has_no_source() -> None:
    """The client's dataset becomes the source of the innermost select."""
    query = select("text").similarity("embedding", vector).order_by("score")

    assert (
        compile_query(query.statement, D)
        == f'select * from (select text, {COSINE} as score from "{D}") order by score desc'
    )
    assert compile_query(base.statement, "other") == f'select text from "{D}"'
    assert with_source("select id where id > 3", D) == f'select id from "{D}" where id > 3'
    assert with_source("SELECT  id FROM x", D) == "SELECT  id FROM x"
