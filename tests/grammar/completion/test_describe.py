"""Hover and signature help."""

from __future__ import annotations

import pytest

from tql import Schema, describe, signature
from tql_grammar.completion.explanations import explanations
from tql_grammar.completion.keywords import KEYWORDS
from tql_grammar.functions import CATALOGUE
from tql_grammar.schema import Column

SCHEMA = Schema(
    {
        "id": "int64",
        "e": "embedding[4]",
        "words": "nullable text bm25",
        "label": Column("int32", kind="class label", classes=("cat",)),
    }
)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_each_function_has_a_description_and_a_signature(name: str) -> None:
    """With its meaning, its result and all of its parameters."""
    function = CATALOGUE[name]
    called = f"select {name}("
    found, helped = describe(f"{called}id)", len("select ")), signature(called)

    assert found is not None
    assert helped is not None
    assert found.kind == "function"
    assert function.meaning.replace("``", "`") in str(found)
    assert function.result in found.title
    assert [parameter.name.strip("[]") for parameter in helped.parameters] == [one.name for one in function.parameters]
    assert helped.active == 0
    assert all(parameter.meaning for parameter in helped.parameters)
    assert describe(name) == found.replace(start=0, end=len(name))


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_each_keyword_has_a_description(word: str) -> None:
    """With the rule against it."""
    found = describe(f"x {word}", 2)

    assert found is not None
    assert found.title == word
    assert KEYWORDS[word].meaning in found.text
    assert KEYWORDS[word].code in found.text


@pytest.mark.parametrize("code", sorted(explanations()))
def test_each_rule_has_a_description(code: str) -> None:
    """In a comment that ignores it, too."""
    for text in (code, f"-- tql: ignore[{code}]\nselect 1 as one"):
        found = describe(text, text.index(code) + 3)

        assert found is not None
        assert found.kind == "rule"
        assert f"docs/rules/{code.lower()}.md" in found.text


@pytest.mark.parametrize(
    ("text", "title", "sentence"),
    [
        ("select |id from t", "id: int64", "A column of the source."),
        ("select a.wor|ds from t as a", "words: nullable text bm25", "can be null. A BM25 index"),
        ("select |a.id from t as a", "a", "A source with the columns id, e, words, label."),
        ("select id from t where label| = 'cat'", "label: class label int32", "Its classes are cat."),
        ("select twice| from (select id * 2 as twice from t)", "twice", "A column that a subquery computes."),
        ("select count|(*) as n from t", "count", "TQL201"),
        ("select id from t where id is nul|l", "NULL", "The missing value"),
    ],
)
def test_descriptions_of_names(text: str, title: str, sentence: str) -> None:
    """Columns with their types, aliases with their columns, and functions that do not exist."""
    found = describe(text.replace("|", ""), text.index("|"), SCHEMA)

    assert found is not None
    assert found.title == title
    assert sentence in found.text


@pytest.mark.parametrize(
    "text", ["select nothing| from t", "select 1| as one", "select 'te|xt' as one", "", "select id from t wh|"]
)
def test_no_description(text: str) -> None:
    """Of unknown names, values, and outside of words."""
    assert describe(text.replace("|", ""), max(text.find("|"), 0), SCHEMA) is None


@pytest.mark.parametrize(
    ("text", "active"),
    [
        ("select cosine_similarity(e, ", 1),
        ("select cosine_similarity(e, ARRAY[1, 2, ", 1),
        ("select sum_weight(a > 1: 2.0, b > ", 0),
        ("select sum(dot(e, e), ", 1),
        ("select (", None),
        ("select id", None),
        ("select abs(id)", None),
        ("select id from t where abs(id) in (", None),
    ],
)
def test_the_parameter_at_a_place(text: str, active: int | None) -> None:
    """Commas inside of lists count for the list."""
    found = signature(text)

    assert (None if found is None else found.active) == active
