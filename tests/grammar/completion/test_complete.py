"""Completion: the words that the engine's parser takes, the names of the scope, and the findings of the check."""

from __future__ import annotations

import random
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.grammar.completion.pairs import disagreements, published
from tql import ArgumentError, Schema, check, complete, select
from tql_grammar import ast
from tql_grammar.absent import ABSENT
from tql_grammar.completion.complete import WORD_OF_TOKEN
from tql_grammar.completion.keywords import KEYWORDS
from tql_grammar.completion.names import REJECTED
from tql_grammar.completion.place import allowed, place_at, states_after
from tql_grammar.completion.proposal import Proposal, plain
from tql_grammar.completion.samples import sample_query, with_keys
from tql_grammar.completion.snippets import SNIPPETS, snippets
from tql_grammar.functions import CATALOGUE
from tql_grammar.schema import Column
from tql_grammar.syntax.driver import parse_table
from tql_grammar.syntax.keywords import TOKEN_OF_WORD
from tql_grammar.syntax.lexer import cut_at_nul, tokens
from tql_grammar.syntax.parser import read
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_grammar.record import Record
    from tql_grammar.syntax.lexer import Token

PAIRS = 2_000
FUNCTIONS = {name.lower() for name in ABSENT} | CATALOGUE.keys()
SCHEMA = Schema(
    {
        "id": "int32",
        "price": "float32",
        "flag": "bool",
        "text": "text",
        "maybe": "nullable text",
        "words": "text bm25",
        "e": "embedding[4]",
        "j": "json",
        "arr": "int64[?]",
        "my col": "int32",
        "label": Column.parse("class label int32").replace(classes=("cat", "it's")),
    }
)


def labels(text: str, schema: object = SCHEMA) -> list[str]:
    """Return the labels of the proposals at the ``|`` of a text."""
    return [proposal.label for proposal in proposals(text, schema)]


def proposals(text: str, schema: object = SCHEMA) -> list[Proposal]:
    """Return the proposals at the ``|`` of a text."""
    return complete(text.replace("|", "", 1), text.index("|"), schema)


def test_a_word_is_allowed_exactly_where_the_engine_takes_it(record_property: Callable[[str, object], None]) -> None:
    """The engine's parser refuses none of the words that the grammar allows after a prefix of a query, and takes none of the others."""
    taken, found = disagreements(PAIRS, seed=28)

    record_property(
        "figure", f"completion: of {PAIRS} pairs of a prefix and a word the engine takes {taken}, {len(found)} differ"
    )
    assert found == []
    assert PAIRS / 4 < taken < PAIRS * 3 / 4


def test_each_allowed_keyword_is_proposed() -> None:
    """A proposal begins with each keyword that the grammar allows; ALL before a parenthesis is a function."""
    for text in (
        "",
        "select ",
        "select id ",
        "select id from t ",
        "select id from t where a ",
        "select id from t limit 3 ",
    ):
        words = {word for word in WORD_OF_TOKEN.values() if TOKEN_OF_WORD.get(word) in place_at(text, len(text)).kinds}
        proposed = {proposal.label.upper().split()[0] for proposal in complete(text)}

        assert words - {"CHARACTER VARYING"} <= proposed


def test_the_keywords_are_those_of_the_grammar() -> None:
    """Each keyword with a place in the grammar has a description."""
    table, _ = parse_table()
    kinds = {kind for row in table.rows for kind in row}

    assert {word for word, kind in TOKEN_OF_WORD.items() if kind in kinds} == KEYWORDS.keys()


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_a_keyword_has_the_code_that_check_has_against_it(word: str) -> None:
    """The example of a keyword with a code has that finding, and the example of one without has none."""
    keyword = KEYWORDS[word]
    found = {finding.code for finding in check(keyword.example)}

    assert word in keyword.example.upper()
    assert keyword.code in found if keyword.code else not found


@pytest.mark.parametrize(("name", "clause"), sorted(REJECTED))
def test_a_function_that_a_clause_rejects(name: str, clause: str) -> None:
    """It has the code of the rule, and the form that the engine takes has none."""
    call = (
        "bm25_similarity(words, 'x')" if name == "bm25_similarity" else "mmr_similarity(e, ARRAY[1.0, 2.0, 3.0, 4.0])"
    )
    query = {
        "SELECT": f"select {call} as s from t",
        "WHERE": f"select id from t where {call} > 0",
        "HAVING": f"select id[0] as id from t group by id having {call} > 0",
        "GROUP": f"select id from t group by {call}",
        "SAMPLE": f"select id from t sample by {call} limit 3",
        "ON": f"select a.x, b.y from t as a join u as b on {call} > 0",
    }[clause]

    if clause not in {"HAVING", "ON"}:  # the check does not read them
        assert REJECTED[name, clause] in {finding.code for finding in check(query, SCHEMA)}
    assert check(f"select id from t order by {call} desc limit 3", SCHEMA) == []


def test_the_words_of_published_queries_are_proposed(record_property: Callable[[str, object], None]) -> None:
    """Each word of a published query is proposed where it is written, with a schema of the columns of the query."""
    missed, seconds = [], list[float]()
    for text, token, wanted, schemas in published_words():
        begin = time.process_time()
        found = complete(text[: token.start] + text[token.end :], token.start, schemas)
        seconds.append(time.process_time() - begin)
        if wanted not in {proposal.label for proposal in found} | _words(found):
            missed.append((text, token.start, wanted))

    slowest = sorted(seconds)[len(seconds) * 95 // 100]
    record_property(
        "figure",
        f"completion: {len(seconds)} words of published queries, {len(missed)} not proposed, p95 {slowest * 1000:.1f} ms",
    )
    assert missed == []
    assert len(seconds) > 2_000


def test_the_tokens_of_published_queries_are_allowed() -> None:
    """Each token, of any kind, is one that the grammar allows after those before it."""
    for text in published():
        found = tokens(cut_at_nul(text))
        assert all(token.kind in allowed(states_after(found[:index])) for index, token in enumerate(found)), text


def published_words() -> Iterator[tuple[str, Token, str, dict[str | None, Schema]]]:
    """Yield the words of the published queries, each with its query, the label of its proposal, and the schemas of the query's columns."""
    for text in published():
        tree = read(text).tree
        parts = [*walk(tree)] if tree is not None else []
        schema = Schema({part.name: "inferred unknown" for part in parts if isinstance(part, ast.Column)})
        schemas: dict[str | None, Schema] = {part.name: schema for part in parts if isinstance(part, ast.Table)}
        schemas[None] = schema
        read_tokens = tokens(cut_at_nul(text))
        for token, after in pairwise(read_tokens):
            wanted = _wanted(parts, token, called=after.kind == "LPAR")
            if wanted:
                yield text, token, wanted, schemas


def _words(found: list[Proposal]) -> set[str]:
    """Return the first words of the proposed keywords, in capitals."""
    return {proposal.label.split()[0].upper() for proposal in found if proposal.kind == "keyword"}


def _wanted(parts: list[Record], token: Token, *, called: bool) -> str:
    """Return the label of the proposal for a word of a query; "" for signs, values, new names, and functions of users."""
    word = str(token.value)
    if token.kind in WORD_OF_TOKEN:
        return "all" if token.kind == "ALL" and called else word.upper()
    if token.kind != "NAME":
        return ""
    if called:
        return word.lower() if word.lower() in FUNCTIONS else ""
    return word if any(word in {part.name, getattr(part, "table", None)} for part in _names_at(parts, token)) else ""


def _names_at(parts: list[Record], token: Token) -> list[ast.Column | ast.Table]:
    """Return the columns and datasets of a query that a token is in."""
    found = ((part, part.span) for part in parts if isinstance(part, (ast.Column, ast.Table)))
    return [part for part, span in found if span is not None and span.start <= token.start and token.end <= span.end]


def test_proposals_of_names() -> None:
    """Columns of the right type come first, and what the check rejects comes last with its code."""
    assert labels("select id from t where cosine_sim|") == ["cosine_similarity"]
    assert labels("select cosine_similarity(|")[0] == "e"
    assert labels("select keys(|")[0] == "j"
    assert labels("select id from t order by bm25_similarity(|")[0] == "words"
    assert labels("select id from t where abs(te|") == ["text"]
    assert [proposal.code for proposal in proposals("select id from t where abs(te|")] == ["TQL234"]
    assert [proposal.text for proposal in proposals("select m|") if proposal.kind == "column"] == ["maybe", '"my col"']
    assert [proposal.text for proposal in proposals('select "m|" from t')] == ['"maybe"', '"my col"']
    assert labels("select id from t as |") == []
    assert labels("select id from t -- |") == []
    assert labels("select id from t limit 1|") == []
    assert labels("sel|") == ["vector search", "word search (BM25)", "hybrid search", "select"]
    assert labels("SEL|")[-1] == "SELECT"
    assert labels("select id from t order|") == ["order by"]
    assert labels("select id from |", {"hub://a/b": SCHEMA}) == ["hub://a/b"]
    assert [proposal.text for proposal in proposals("select id from |", {"hub://a/b": SCHEMA})] == ['"hub://a/b"']


def test_proposals_of_strings() -> None:
    """Classes of a label, in quotes, and the keys of JSON that the schema and the text have."""
    assert labels("select id from t where label = |")[:2] == ["cat", "it's"]
    assert [proposal.text for proposal in proposals("select id from t where label = '|'")] == ["'cat'", "'it''s'"]
    assert labels("select id from t where label in ('cat', 'i|")[:1] == ["it's"]
    assert labels("select j['k'], j['|'] from t") == ["k"]
    known = Schema({**SCHEMA.as_dict(), "j": SCHEMA["j"].replace(keys=("it's", "k"))})
    for text in ("j['k'], j['|'] from t", "a.j['|'] from t as a", "j['|'] from (select id, j from t)", "j['|']['k']"):
        assert labels(f"select {text}", known) == ["it's", "k"]
    assert [one.text for one in proposals("select j[| from t", known)][:2] == ["'it''s'", "'k'"]
    assert labels("select j['k']['|'] from t", known) == []
    assert labels("select e['|'] from t", known) == []


def test_keys_of_the_first_rows() -> None:
    """The objects among the values of JSON columns have the keys; one with NUL is in no text."""
    schema = Schema({"id": "int64", "my json": "json", "j": "nullable json"})
    text = sample_query(schema, "hub://a/b")

    assert text == 'select "my json", j from "hub://a/b" limit 20'
    assert check(text, schema) == []
    assert sample_query(schema) == 'select "my json", j limit 20'
    assert sample_query(Schema(id="int64")) is None
    assert sample_query(Schema({'a"b': "json"})) is None
    assert sample_query(schema, 'a"b') is None
    rows: dict[str, list[object]] = {
        "my json": [{"a": 1}, None, [1], "x", {"b\0": 1, "c": {"d": 1}}],
        "j": [],
        "other": [{"z": 1}],
    }
    found = with_keys(schema, rows)
    assert found["my json"].keys == ("a", "c")
    assert found["j"] == schema["j"]
    assert Schema.from_json(found.to_json()) == found
    assert labels("select id from t where text = '|") == []


def test_a_proposal_replaces_its_word() -> None:
    """The part of the word before the cursor, and the part after it."""
    (found,) = [proposal for proposal in proposals("select id from t where te|rm = 'x'") if proposal.label == "text"]

    assert found.applied("select id from t where term = 'x'") == "select id from t where text = 'x'"


def whole_queries() -> Iterator[tuple[str, Proposal]]:
    """Yield the queries that result from proposals at places of queries without findings, each with its proposal."""
    for text in CLEAN:
        for token in tokens(text)[:-1]:
            place = text[: token.start] + text[token.end :]
            for proposal in complete(place, token.start, SCHEMA):
                written = proposal.applied(place) if not proposal.continuation else ""
                written = (
                    written or place[: proposal.start] + proposal.text + proposal.continuation + place[proposal.end :]
                )
                if not proposal.code and read(written).tree is not None:
                    yield written, proposal


CLEAN = (
    "select id from t where price > 3.5 and text = 'x' limit 3",
    "select id, price * 2 as twice from t where not flag order by price desc limit 3",
    "select * from (select *, cosine_similarity(e, ARRAY[1.0, 2.0, 3.0, 4.0]) as score from t) order by score desc limit 3",
    "select id from t where abs(price) > 1",
    "select a.id, b.price from t as a join t as b on a.text = b.text",
)


def test_a_proposal_that_completes_a_query_has_no_finding(record_property: Callable[[str, object], None]) -> None:
    """At the places of queries without findings, each query that results from a proposal without a code has none."""
    for text in CLEAN:
        assert check(text, SCHEMA) == []
    found = [(text, proposal.label, [one.code for one in check(text, SCHEMA)]) for text, proposal in whole_queries()]

    record_property("figure", f"completion: {len(found)} whole queries of proposals")
    assert [case for case in found if case[2]] == []
    assert len(found) > 100


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.label)
def test_a_snippet_has_no_finding(snippet: object) -> None:
    """With the columns of a schema and without one."""
    for columns, schema in ((dict(SCHEMA.as_dict()), SCHEMA), ({}, None)):
        written = {found.label: plain(text) for found, text in snippets(columns)}
        text = written[snippet.label].replace("1.0,2.0", "1.0,2.0,3.0,4.0")  # type: ignore[attr-defined]  # a Snippet

        assert check(text, schema) == []


def test_the_snippets_are_the_forms_of_the_builder() -> None:
    """The searches by vectors and by words have the text of the builder."""
    written = {found.label: plain(text) for found, text in snippets({})}
    vector = select("*").from_("dataset").similarity("embedding", [1.0, 2.0]).order_by("score").limit(10)
    schema = Schema(id="int64", embedding="embedding[2]", text="text bm25")
    hybrid = (
        select("id")
        .from_("dataset", schema=schema)
        .hybrid(vector=("embedding", [1.0, 2.0]), text=("text", "words"), key="id")
        .order_by("score")
        .limit(10)
    )

    assert written["vector search"] == str(vector)
    assert "group by id, id % 17592186044416, id % 4194304" in written["hybrid search"]
    assert "group by id, id % 17592186044416, id % 4194304" in str(hybrid)


def test_an_offset_is_in_the_text() -> None:
    """Any other is an error with the range."""
    with pytest.raises(ArgumentError, match="from 0 to 6"):
        complete("select", 7)
    with pytest.raises(ArgumentError, match="Schema"):
        complete("select ", schema=3)


def test_proposals_at_any_place_of_any_text() -> None:
    """No text is an error, and each proposal replaces the word at the place."""
    drawn = random.Random(28)  # noqa: S311 - a test
    for _ in range(60):
        text = "".join(
            drawn.choice(
                ["select ", "id", " from ", "(", ")", "'", '"', "--", "\n", "é", "😀", "\0", "[", "1", ".", ","]
            )
            for _ in range(12)
        )
        for offset in (0, len(text) // 2, len(text)):
            for proposal in complete(text, offset, SCHEMA):
                assert proposal.start <= offset <= proposal.end
