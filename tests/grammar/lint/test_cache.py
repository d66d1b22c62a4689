"""The cache hides no finding: a query with the cache key of a clean query has no findings when it is checked without the cache."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tql import Schema, check, col, select
from tql_grammar import ast
from tql_grammar.lint import cache
from tql_grammar.lint import check as checks
from tql_grammar.lint.check import READ
from tql_grammar.lint.reads import Reads, readers
from tql_grammar.lint.rule import Rule
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.reads import Readers
    from tql_grammar.lint.rule import Finding, Subject

CORPUS = Path(__file__).parents[2] / "corpus"
TEXTS = [
    json.loads(line)["query"]
    for name in ("engine_verdicts.jsonl", "real_world.jsonl")
    for line in (CORPUS / name).read_text(encoding="utf-8").splitlines()
]
EXAMPLES = [text for rule in checks.RULES for text in (rule.example, rule.meant) if text]
LITERAL = re.compile(r"'(?:[^']|'')*'|(?<![A-Za-z0-9_.\"])[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
NUMBERS = [
    "0", "1", "2", "3", "7", "10", "100", "010", "0.0", "0.5", "1.0", "2.50", ".5", "5.", "1e5", "1e39", "1e400", "1e-400", "0.30000000000000004", "100000.0", "100000",
    "4611686018427387904", "9223372036854775807", "9223372036854775808", "123456789012345678901", "-1", "-0", "1-1", "1_0",
]  # fmt: skip
STRINGS = [
    "''", "'a'", "'it''s'", "'a%'", "'.*'", "'\\d'", "'x\ny'", "'day'", "'1 day'", "'--'", "'\"'", "'é'",
    "'_'", "'%'", "'*'", "'a?'", "'a_b%'", "'a.b'", "'a\\.b'", "'\\*'", "'\\_%'", "'('", "'[a]'", "'x|'", "'a+'", "'\\'", "'k'", "'3'", "'2020-01-31'", "'A]'", "'[5, '",
]  # fmt: skip
VECTORS = [
    "array[1,2]",
    "ARRAY[0,0]",
    "array[0.0, 1e-60]",
    "array[1e39,1]",
    "array[-0,1]",
    "array[1,2,3]",
    "array[ 1 , 2 ]",
]


# Queries with placeholders for numbers (#), texts (@) and vectors (~), at all places of literals.
FORMS = [
    "select abs(a - #) as x from d where sqrt(b * #) > # and data(a, #) = @",
    "select sum(a) as x, # as y, @ as z, -# as w from d where # = # or # < a",
    "select data(a, #) as x, dot(e, ~) + # as y, shape(b)[0] * # as z from d",
    "select shape(e)[0] as x from d where dot(e, ~) + # > 0.5 * #",
    "select a % # as x, # % a as y, b * # % # as z from d where a % # = # order by b % #",
    "select id from d where a between # and # and not (b between @ and @) or c between -# and #",
    "select id from d where a like @ and b ilike (@) or not (c like @)",
    "select id from d where a not like @ and b = @",
    "select id from d where contains(a, @) or contains(a, #) and contains(keys(j), @) or contains(@, @)",
    "select id from d where contains(a, ARRAY[@, @]) and contains(ARRAY[@, @], a)",
    "select id from d where a in (#, #) and b not in (@, @) or c in (#,#)",
    "select id from d where a in\n( #,\n# ) and b in (@ ,@)",
    "select bm25_similarity(t, @) as score from d order by bm25_similarity(t, &) desc limit #",
    "select id from (select id from d order by bm25_similarity(t, @) desc limit #) limit # offset #",
    "select id from d order by a + # limit # offset #",
    "select top # id from d where a > #",
    "select a[#] as x, b[#, #] as y, c[#:#] as z from d",
    "select c[#][#] as x from d where c[0, #] < # or c[#] = @",
    "select a[:#] as x, a[0:#] as y, a[0, 0:#] as w from d",
    "select a[#:#:#] as x from d",
    "select (a * #)[#] as y, (a * b)[#, #:#] as z from d",
    "select (ARRAY[3, 4, 5, 6] * b)[#] as x, (ARRAY[#, #, 7, 8])[#] as y, c * # as z from d",
    "select (ARRAY[3, 4, 5, 6])[#:#] as x, (ARRAY[3, 4, 5, 6])[#] as y, e - ~ as z from d",
    "select (ARRAY[ARRAY[1, 2, 3], ARRAY[4, (5), 6]])[#, #] as x, ARRAY[ARRAY[#, #], ARRAY[#, (#)]] as y from d",
    "select j[@] as x, j[@][@] as y, j[@][#] + 0 as z from d where j[@] = @",
    "select id from d where j[@] in (#, #) or j[@] between # and #",
    "select id from d where j[@][#][@] > # and j['A]'] = # and j[@] != @",
    "select l2_norm(e - ARRAY[#, #]) as x from d where l2_norm(e - array[#,#]) < #",
    "select id from d where kind = @ order by cosine_similarity(e, ~) desc limit #",
    "select id from d order by cosine_similarity(e, array[(#), #]) desc limit #",
    "select l2_norm(e - ~) as x, l2_norm(e - ~) as y from d group by l2_norm(e - ~)",
    "select id from d where any(a > #, #) and b = #",
    "select id from d where all(a and b, -#) and b = @ and c > #",
    "select id from d where any(c and d, - #) or x - # > 3 or y > #",
    "select id from d where any(~ > a, #)",
    "select id from d where any(logical_or(~ > a, ~ < b), (#))",
    'select id from d where "all"(a or b, -(#)) and c > #',
    "select id from d sample by # limit #",
    "select id from d sample by # - # limit # percent",
    "select id from d sample by (#) * # replace false limit #",
    "select id from d sample by a + # > # limit #",
    "select id from d sample by max_weight(a > #: #, b = @: #)",
    "select id from d sample by sum_weight(c in (#, #): #, d = @: #) limit #",
    "select id from d SAMPLE BY # AND a AND # * # limit #",
    "select max_weight(a > #: #, contains(t, @): #) as x from d",
    "select id from (select * from d where a > # sample by a + # limit #) where b + # > # and c = @",
    "select a from (select a from d group by a) ungroup by #",
    "select a[#] as x from (select a from d where b = # group by a) ungroup by split",
    "select a[#] as x from d group by a + #, #, @",
    "select id from d where a + # > b * # or -# < c % # and not (# / # = d)",
    "select id from d where # and a or not # and b = # - (#)",
    "select x from (select id, a + # as x, @ as y from d where b = @ limit #) where x > # limit #",
    "select id from ((select id from d where a > #) union all (select id from u where b = @ and c like @))",
    "select a.id as x from d as a join u as b on a.id = b.uid where a.val > # and b.kind like @",
    "select id from d sample by a limit date @",
    "select id from d sample by a limit interval @",
    "select id from d sample by a limit # days",
    "select id from d where a=# and b<>@ and c>=# and d!=-# or e==@",
    "select id from d where f = # and (((#))) < (((a))) and ((((((((((((((((((((((((((((((#)))))))))))))))))))))))))))))) > b",
    'select "in (" as x from d where "like" = @ and "any(" = # and "a where"=# and "sample" = # and b + # > 3',
]
# & is the literal before it once more.
PLACE = re.compile("[#@~&]")
VARIANTS = 100


# The columns of a dataset that no text names: with them every rule looks at a text, also those that speak of types.
ELSEWHERE: dict[str | None, Schema] = {"mem://elsewhere": Schema(elsewhere="int64")}


def slow(text: str) -> list[object]:
    """Return the findings of a text that is read whole, by all rules."""
    return list(checks.check_parsed(read(text), ELSEWHERE))


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
def test_a_shape_changes_no_finding(texts: tuple[str, str]) -> None:
    """After one text was checked, one that differs in some literals has its own findings."""
    cache.clear()
    for text in texts:
        assert check(text) == slow(text)


def filled(form: str, count: int) -> Iterator[str]:
    """Yield a text with plain literals at its places that differ from each other, then texts that differ from it in some of them."""
    draw = random.Random(form)  # noqa: S311 - the same ones each time
    odd = {"#": NUMBERS, "@": STRINGS, "~": VECTORS}
    signs = PLACE.findall(form)

    def literals(share: float) -> Iterator[str]:
        literal = ""
        for number, sign in enumerate(signs, 1):
            if sign != "&":
                literal = {"#": str(number), "@": f"'w{number}'", "~": f"ARRAY[{number}, 1]"}[sign]
                if draw.random() < share / len(signs):
                    literal = draw.choice(odd[sign])
                elif draw.random() < share / len(signs):
                    literal = literal.replace(str(number), str(number + 100 * draw.randint(1, 9)), 1)
            yield literal

    for text in range(count):
        chosen = literals(1.5 if text else 0.0)
        yield PLACE.sub(lambda _match: next(chosen), form)  # noqa: B023 - called before the next one


def of_one_key(texts: list[str], reads: Readers = READ) -> list[list[str]]:
    """Return the texts that have the same shape, together."""
    groups: dict[str | None, list[str]] = {}
    for text in dict.fromkeys(texts):
        groups.setdefault(cache.cache_key(text, reads), []).append(text)
    groups.pop(None, None)
    return list(groups.values())


def disagreeing(texts: list[str], reads: Readers = READ) -> list[tuple[str, str]]:
    """Return pairs of texts of the same shape of which only one has findings."""
    found = []
    for group in of_one_key(texts, reads):
        clean = [not slow(text) for text in group] if len(group) > 1 else [True]
        if len(set(clean)) > 1:
            found.append((group[clean.index(True)], group[clean.index(False)]))
    return found


@pytest.mark.parametrize("form", FORMS)
def test_texts_of_one_key_have_findings_or_none(form: str) -> None:
    """Queries with the same cache key agree, at every place of a literal and for every pair of literals."""
    texts = list(filled(form, VARIANTS))

    assert disagreeing(texts) == []
    assert any(not slow(text) for text in texts)


def test_texts_of_the_corpus_have_findings_or_none_by_their_key() -> None:
    """Queries with the same cache key agree for the corpus too, with other literals in it."""
    draw = random.Random(0)  # noqa: S311 - the same ones each time
    for text in draw.sample(TEXTS, len(TEXTS) // 8):

        def other(match: re.Match[str]) -> str:
            return match[0] if draw.random() < 0.7 else draw.choice(STRINGS if match[0][0] == "'" else NUMBERS)

        assert disagreeing([text, *(LITERAL.sub(other, text) for _ in range(8))]) == []


def test_thousands_of_pairs_have_one_key() -> None:
    """The tests above compare several queries for each key."""
    groups = [group for form in FORMS for group in of_one_key(list(filled(form, VARIANTS)))]
    assert sum(len(group) * (len(group) - 1) // 2 for group in groups) > 10_000


@pytest.mark.parametrize("place", READ)
def test_what_is_declared_is_read(place: str) -> None:
    """Without the declarations for a place, some queries with the same key differ in their findings, and the tests above notice."""
    others = {other: read for other, read in READ.items() if other != place}
    assert any(disagreeing(list(filled(form, VARIANTS)), others) for form in FORMS)


def seven_is_odd(subject: Subject) -> Iterator[Finding]:
    """Yield BETWEEN from 7."""
    for _, node in subject.parts(ast.Between):
        if node.low == ast.Number(7):
            yield subject.finding(node, "from 7")


def test_a_rule_that_reads_what_it_does_not_declare_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above notice a rule that reads an undeclared literal, and a declared literal is a part of the key."""
    rule = Rule("TQL999", "BETWEEN from 7", "error", "none", "select id from d where a between 7 and 8", seven_is_odd)
    monkeypatch.setattr(checks, "CERTAIN", (*checks.CERTAIN, rule))
    texts = [rule.example, rule.example.replace("7", "5"), rule.example.replace("8", "9")]
    declared = Reads("operand", lambda literal: literal == 7)

    assert disagreeing(texts) == [(texts[1], texts[0])]
    assert disagreeing(texts, readers([declared])) == []
    assert [texts[0], texts[2]] in of_one_key(texts, readers([declared]))


@pytest.mark.parametrize("rule", checks.RULES, ids=lambda rule: rule.code)
def test_no_rule_looks_at_a_value_that_the_shape_leaves_out(rule: Rule) -> None:
    """A rule's example has its findings after the check of a query that differs in one literal, since the rule declares the literals that it reads."""
    text, wanted = rule.example, slow(rule.example)
    for match in LITERAL.finditer(text):
        for other in STRINGS if match[0][0] == "'" else NUMBERS:
            cache.clear()
            check(text[: match.start()] + other + text[match.end() :])
            assert check(text) == wanted


@pytest.mark.parametrize(
    "query", ["select id from d order by cosine_similarity(e, {}) desc", "select l2_norm(e - {}) as s from d"]
)
@pytest.mark.parametrize("one", VECTORS)
def test_vectors_keep_their_findings(query: str, one: str) -> None:
    """A vector of zeros, or beyond float32, is found after a plain one was checked."""
    cache.clear()
    for two in VECTORS:
        for text in (query.format(one), query.format(two)):
            assert check(text) == slow(text)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("select id from d where a > 1 and b = 'x'", "select id from d where a > 27 and b = 'it''s'"),
        ("select id from d where a > -1.5 limit 3", "select id from d where a > -22.25 limit 44"),
        ("select id from d where a in (1, 2)", "select id from d where a in (33, 4)"),
        ("select id from d where a > 0.5 and b = 1", "select id from d where a > 0.30000000000000004 and b = 1750000000000000000"),
        ("select id from d where a > 1e-5 and b in (.5, 2.)", "select id from d where a > .5e300 and b in (1e400, 00.7)"),
        ("select abs(a - 1) as x from d where data(a, 2) = 'x'", "select abs(a - 30) as x from d where data(a, 44) = ''"),
        ("select id from d where a between 1 and 2", "select id from d where a between 0 and 77"),
        ("select id from d where a like '%a-b'", "select id from d where a like '%h\\.ij'"),
        ("select id from d where contains(a, 'x')", "select id from d where contains(a, 'any (')"),
        ("select j['k'] as x from d where a[1] = 2", "select j['l'] as x from d where a[3] = 4"),
        ("select id from d order by bm25_similarity(t, 'a') desc limit 1", "select id from d order by bm25_similarity(t, 'b') desc limit 2"),
        ("select l2_norm(e - array[1,2]) as s from d", "select l2_norm(e - array[3,-4e-5]) as s from d"),
    ],
)  # fmt: skip
def test_the_same_shape_is_found_again(first: str, second: str) -> None:
    """Texts that differ in values only are read once."""
    cache.clear()
    assert check(first) == []
    assert cache.is_clean(cache.cache_key(second, READ))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("select id from d where a like 'x%'", "select id from d where a like '%'"),
        ("select id from d where any(a > 1, -1)", "select id from d where any(a > 1, -2)"),
        ("select id from d group by a ungroup by 3", "select id from d group by a ungroup by 0"),
        ("select id from d where a = date '2020-01-31'", "select id from d where a = date '2020-01-32'"),
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
    """Kinds, signs, equal values, names, and declared properties of literals lead to different keys."""
    assert cache.cache_key(first, READ) != cache.cache_key(second, READ)


def test_what_the_builder_writes_has_one_key() -> None:
    """Searches with other vectors of the same length are one shape."""
    made = {
        cache.cache_key(
            str(select("a").where(col("b") > 1.5).similarity("e", np.random.default_rng(seed).normal(size=64))), READ
        )
        for seed in range(5)
    }
    assert len(made) == 1
    assert None not in made


@pytest.mark.parametrize("text", ["select 1 -- tql: ignore[TQL301]", "select \0", "select id from d where a = 9223372036854775808", "select id from d where a = -9223372036854775808", "select id from d where a = 010", "x" * 5000, f"select id from d where a = '{'x' * 100_000}'"])  # fmt: skip
def test_some_texts_have_no_key(text: str) -> None:
    """Comments, NUL, octal integers, those beyond 64 bits and long texts are read again each time."""
    assert cache.cache_key(text, READ) is None


def test_keys_do_not_pile_up() -> None:
    """The number of keys that are kept has a bound."""
    cache.clear()
    for number in range(cache.MOST_KEYS + 10):
        cache.add(str(number))
    assert cache.size() <= cache.MOST_KEYS
    cache.clear()
