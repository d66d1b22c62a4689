"""A text with the key of one without findings has the findings that it has without the cache: none; reading it whole is the judge."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tql import Schema, check, col, select
from tql_grammar import checks
from tql_grammar.checks import cache
from tql_grammar.parser import read

if TYPE_CHECKING:
    from tql_grammar.checks.rule import Rule

CORPUS = Path(__file__).parents[1] / "corpus"
TEXTS = [
    json.loads(line)["query"]
    for name in ("engine_verdicts.jsonl", "real_world.jsonl")
    for line in (CORPUS / name).read_text(encoding="utf-8").splitlines()
]
EXAMPLES = [text for rule in checks.RULES for text in (rule.example, rule.meant) if text]
LITERAL = re.compile(r"'(?:[^']|'')*'|(?<![A-Za-z0-9_.\"])[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
NUMBERS = [
    "0", "1", "2", "3", "7", "10", "100", "010", "0.0", "0.5", "1.0", "2.50", ".5", "5.", "1e5", "1e400", "100000.0", "100000",
    "4611686018427387904", "9223372036854775807", "9223372036854775808", "123456789012345678901", "-1", "-0", "1-1", "1_0",
]  # fmt: skip
STRINGS = ["''", "'a'", "'it''s'", "'a%'", "'.*'", "'\\d'", "'x\ny'", "'day'", "'1 day'", "'--'", "'\"'", "'é'"]
VECTORS = [
    "array[1,2]",
    "ARRAY[0,0]",
    "array[0.0, 1e-60]",
    "array[1e39,1]",
    "array[-0,1]",
    "array[1,2,3]",
    "array[ 1 , 2 ]",
]


# The columns of a dataset that no text names: with them every rule looks at a text, also those that speak of types.
ELSEWHERE: dict[str | None, Schema] = {"mem://elsewhere": Schema(elsewhere="int64")}


def slow(text: str) -> list[object]:
    """Return the findings of a text that is read whole, by all rules."""
    return list(checks.check_reading(read(text), ELSEWHERE))


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, str]:
    """Return a text, and one with other literals in some of their places."""
    text = draw(st.sampled_from(TEXTS) | st.sampled_from(EXAMPLES))

    def other(match: re.Match[str]) -> str:
        if draw(st.booleans()):
            return match[0]
        return draw(st.sampled_from(STRINGS if match[0][0] == "'" else NUMBERS))

    one, two = (LITERAL.sub(other, text) for _ in range(2))
    return one, two


@settings(max_examples=int(os.environ.get("TQL_TEXTS", "5000")) // 4, deadline=None)
@given(texts=changed())
def test_the_cache_changes_no_finding(texts: tuple[str, str]) -> None:
    """After one text was checked, one that differs in some literals has its own findings."""
    cache.forget()
    for text in texts:
        assert check(text) == slow(text)


@pytest.mark.parametrize("rule", checks.RULES, ids=lambda rule: rule.code)
def test_no_rule_looks_at_a_value_that_the_key_leaves_out(rule: Rule) -> None:
    """The findings of a rule's example stay after a text was checked that differs in one literal: the key keeps the values that a rule looks at."""
    text, wanted = rule.example, slow(rule.example)
    for match in LITERAL.finditer(text):
        for other in STRINGS if match[0][0] == "'" else NUMBERS:
            cache.forget()
            check(text[: match.start()] + other + text[match.end() :])
            assert check(text) == wanted


@pytest.mark.parametrize(
    "query", ["select id from d order by cosine_similarity(e, {}) desc", "select l2_norm(e - {}) as s from d"]
)
@pytest.mark.parametrize("one", VECTORS)
def test_vectors_keep_their_findings(query: str, one: str) -> None:
    """A vector of zeros, or beyond float32, is found after a plain one was checked."""
    cache.forget()
    for two in VECTORS:
        for text in (query.format(one), query.format(two)):
            assert check(text) == slow(text)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("select id from d where a > 1 and b = 'x'", "select id from d where a > 27 and b = 'it''s'"),
        ("select id from d where a > -1.5 limit 3", "select id from d where a > -22.25 limit 44"),
        ("select id from d where a in (1, 2)", "select id from d where a in (33, 4)"),
        ("select l2_norm(e - array[1,2]) as s from d", "select l2_norm(e - array[3,-4e-5]) as s from d"),
    ],
)  # fmt: skip
def test_the_same_key_is_found_again(first: str, second: str) -> None:
    """Texts that differ in values only are read once."""
    cache.forget()
    assert check(first) == []
    assert cache.is_clean(cache.cache_key(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("select id from d where a = 'x'", "select id from d where a = ''"),
        ("select id from d where a = 1", "select id from d where a = 1.0"),
        ("select id from d where a = 1", "select id from d where a = -1"),
        ("select id from d where a = 1 or b = 1", "select id from d where a = 1 or b = 2"),
        ("select a[0:5] as x from d", "select a[0:0] as x from d"),
        ("select id from d where a like 'x'", "select id from d where a like 'x.*'"),
        ("select id from d sample by 1 limit 5", "select id from d sample by 0 limit 5"),
        (
            "select e - array[1,2] as x from d group by e - array[1.0,2]",
            "select e - array[1,2] as x from d group by e - array[3,2]",
        ),
        ('select id from d where "a1" = 1', 'select id from d where "a2" = 1'),
        ("select id from d where a1 = 1", "select id from d where a2 = 1"),
    ],
)
def test_what_matters_is_part_of_the_key(first: str, second: str) -> None:
    """Kinds, signs, equal values, names, and every number or text that is no value are told apart."""
    assert cache.cache_key(first) != cache.cache_key(second)


def test_what_the_builder_writes_has_one_key() -> None:
    """Searches with other vectors of the same length have one key."""
    made = {
        cache.cache_key(
            str(select("a").where(col("b") > 1.5).similarity("e", np.random.default_rng(seed).normal(size=64)))
        )
        for seed in range(5)
    }
    assert len(made) == 1
    assert None not in made


@pytest.mark.parametrize("text", ["select 1 -- tql: ignore[TQL301]", "select \0", "select id from d where a = 1e5", "select id from d where a = 010", "x" * 5000, f"select id from d where a = '{'x' * 100_000}'"])  # fmt: skip
def test_some_texts_have_no_key(text: str) -> None:
    """Comments, NUL, odd numbers and long texts are read anew each time."""
    assert cache.cache_key(text) is None


def test_keys_do_not_pile_up() -> None:
    """The number of keys that are kept has a bound."""
    cache.forget()
    for number in range(cache.MOST_KEYS + 10):
        cache.remember(str(number))
    assert cache.kept() <= cache.MOST_KEYS
    cache.forget()
