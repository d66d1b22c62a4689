"""Every fix of many texts, with comments in every gap and parentheses around every part: the result parses in the engine, and loses nothing."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.grammar.lint.located import located
from tests.grammar.lint.test_every_rule import FIXED
from tests.oracle import Oracle, Runner
from tql import check, fix
from tql_grammar import ast
from tql_grammar.lint import check as checks
from tql_grammar.lint.edits import applied
from tql_grammar.syntax.lexer import tokens
from tql_grammar.syntax.parser import read
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql import Diagnostic, Schema
    from tql_grammar.lint.rule import Rule

CORPUS = Path(__file__).parents[2] / "corpus"
MEASURED = [
    json.loads(line)["query"]
    for name in ("engine_verdicts.jsonl", "real_world.jsonl")
    for line in (CORPUS / name).read_text(encoding="utf-8").splitlines()
]
# The texts of compile.md's faults: each had a fix that changed the rows, lost a comment, or did not parse.
HARMED = [
    "(select id from U) union (select id from D) -- c1\nlimit 3",
    "select grp[0] as g, sum(id) as s from D group by grp -- c1\nhaving s > 3",
    "select id from X order by num -- c1\nlimit 3",
    "select id from X order by cosine_similarity(emb, ARRAY[1,2,3,4]) desc -- c1\nlimit 3 offset 2",
    "select id from D order by (l2_norm(emb - ARRAY[1,2,3,4])) desc limit 3",
    "select id from D order by l2_norm(emb - ARRAY[1,2,3,4]) desc limit 3",
    "select id from N where s not like '%'",
    "select id from X where num <> 2.5",
    "select id from D where text < -- c1\n'b'",
    "select id from D order by l2_norm(emb - ARRAY[1,2,3,4]) -- c1\ndesc limit 3",
    "(select id from D union select id from U order by id)",
    "select u.id as a, u.grp as b from D as u order by u.id, u.grp limit 2",
    "select u.id as i, w.id as c from D as u join U as w on u.id = w.id order by w.id, u.id",
    "select id from D where ntext < 'doc 5'",
    "select id from D where ntext not like 'x%'",
    "select id from X where num != 3",
    "select id from D where not nul in (1, 2)",
    'select "id" from D order by id asc, grp desc',
    'select id from D where text = "doc 1"',
]
EXAMPLES = [text for rule in checks.RULES for text in (rule.example, rule.meant) if text]
TEXTS = [located(text) for text in (*EXAMPLES, *HARMED, *MEASURED)]
MARK = re.compile(r"-- c\d+")
QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"\n]*\"|--[^\n]*")


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """Return the engine's parser, in a child process."""
    found = Oracle()
    yield found
    found.close()


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Return the engine with the data of the cases, in a child process."""
    found = Runner()
    yield found
    found.close()


def gaps(text: str) -> list[int]:
    """Return the ends of the tokens of a query, at which a comment can be inserted."""
    return [token.end for token in tokens(text)[:-1]]


def commented(text: str, places: list[int]) -> str:
    """Return a text with a numbered comment at each place, and the next token at the begin of a line."""
    for number, place in sorted(enumerate(sorted(places)), reverse=True):
        text = f"{text[:place]} -- c{number}\n{text[place:].lstrip(' ')}"
    return text


def expressions(text: str) -> list[tuple[int, int]]:
    """Return the spans of the expressions of a query."""
    tree = read(text).tree
    parts = [] if tree is None else [part for part in walk(tree) if isinstance(part, ast.Expression)]
    return sorted({(part.span.start, part.span.end) for part in parts if part.span is not None})


def enclosed(text: str, span: tuple[int, int]) -> str:
    """Return a text with parentheses around one part."""
    start, end = span
    return f"{text[:start]}({text[start:end]}){text[end:]}"


def errors(found: list[Diagnostic]) -> Counter[str]:
    """Return the number of errors of each code."""
    return Counter(item.code for item in found if item.severity == "error")


def signs(text: str) -> Counter[str]:
    """Return the parentheses and the names in double quotes of a text."""
    written = [*QUOTED.findall(text), *re.findall("[()]", QUOTED.sub("", text))]
    return Counter(word for word in written if word[0] in '("')


def assert_harmless(text: str, schemas: dict[str, Schema], oracle: Oracle) -> None:
    """Fail unless each fix of a query, and the query with all fixes, keeps the rest of the text and adds no error."""
    found = check(text, schemas)
    for diagnostic in found:
        if diagnostic.fix is not None:
            assert_kept(text, diagnostic.fix, oracle)
            assert applied(text, diagnostic.edits) == diagnostic.fix
            after = check(diagnostic.fix, schemas)
            assert sum(item.code == diagnostic.code for item in after) < sum(
                item.code == diagnostic.code for item in found
            )
            # Before the fix of a finding about the text or its syntax, the rest of it was not read.
            if diagnostic.code >= "TQL2":
                assert not errors(after) - errors(found), diagnostic.fix
    whole = fix(text, schemas)
    if whole != text:
        assert_kept(text, whole, oracle)
        assert fix(whole, schemas) == whole


def assert_kept(text: str, fixed: str, oracle: Oracle) -> None:
    """Fail unless the engine parses a fixed text, and comments, parentheses and quoted names are those that were written."""
    assert oracle.position(fixed) is None, fixed
    assert MARK.findall(fixed) == MARK.findall(text), fixed
    assert not signs(text) - signs(fixed), fixed


def fixable(schemas: dict[str, Schema]) -> list[str]:
    """Return the texts for which a fix is offered."""
    return [text for text in dict.fromkeys(TEXTS) if any(item.fix is not None for item in check(text, schemas))]


def test_a_comment_in_each_gap(schemas: dict[str, Schema], oracle: Oracle) -> None:
    """Each text that has a fix, with a comment in one gap after the other, and in all of them."""
    texts = fixable(schemas)

    assert len(texts) >= len(FIXED)
    for text in texts:
        places = gaps(text)
        for chosen in ([place] for place in places):
            assert_harmless(commented(text, chosen), schemas, oracle)
        assert_harmless(commented(text, places), schemas, oracle)


def test_parentheses_around_each_part(schemas: dict[str, Schema], oracle: Oracle) -> None:
    """Each text that has a fix, with parentheses around one part after the other."""
    for text in fixable(schemas):
        for span in expressions(text):
            assert_harmless(enclosed(text, span), schemas, oracle)


@settings(max_examples=int(os.environ.get("TQL_TEXTS", "2000")) // 8, deadline=None)
@given(data=st.data())
def test_any_text(data: st.DataObject, schemas: dict[str, Schema], oracle: Oracle) -> None:
    """Any text of the corpus, with parentheses around some parts and comments in some gaps."""
    text = data.draw(st.sampled_from(TEXTS))
    spans = expressions(text)
    for span in data.draw(st.lists(st.sampled_from(spans), max_size=1)) if spans else []:
        text = enclosed(text, span)
    places = gaps(text)
    chosen = data.draw(st.lists(st.sampled_from(places), unique=True, max_size=6)) if places else []

    assert_harmless(commented(text, chosen), schemas, oracle)


@pytest.mark.parametrize("text", [located(text) for text in HARMED])
def test_the_faults(text: str, schemas: dict[str, Schema], oracle: Oracle) -> None:
    """No fix of the texts that had a harmful one does harm, with a schema and without."""
    assert_harmless(text, schemas, oracle)
    assert_harmless(text, {}, oracle)


@pytest.mark.parametrize("text", HARMED[4:8] + HARMED[9:])
def test_nothing_is_offered(text: str, schemas: dict[str, Schema]) -> None:
    """A written direction, a quoted name, a nullable or indexed column, an alias and a set operation in parentheses stay as they are."""
    assert fix(located(text), schemas) == located(text)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.code) for rule in FIXED])
def test_comments_change_no_row(rule: Rule, schemas: dict[str, Schema], runner: Runner) -> None:
    """Where a text with a comment in every gap has a fix, its rows are those of the text without comments."""
    plain = located(rule.example)
    text = commented(plain, gaps(plain))
    found = fix(text, schemas)

    if found != text:
        assert runner.ask(found)["rows"] == runner.ask(fix(plain, schemas))["rows"]
