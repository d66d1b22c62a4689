"""Texts of one shape: they crash the engine together or not at all, so a text of a known shape is not parsed again."""

from __future__ import annotations

import os
import random
import re
from typing import TYPE_CHECKING

import pytest

from tests.grammar.lint.test_cache import FORMS, LITERAL, NUMBERS, STRINGS, TEXTS, filled, of_one_key
from tql import Schema
from tql_client.engine import known
from tql_client.engine.known import READERS
from tql_client.engine.sources import NEVER_RUN, resolve
from tql_client.errors import BadQuery
from tql_grammar.lint.check import CRASH_RULES, crash_findings
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from tql_grammar.lint.rule import Rule

VARIANTS = int(os.environ.get("TQL_TEXTS", "40"))
# Columns of the names in the forms: numbers, nullable ones, arrays of every kind, JSON and texts.
COLUMNS = Schema(
    a="int32[?]",
    b="nullable int64",
    c="float32[?, ?]",
    d="sequence int32",
    e="embedding[3]",
    f="float64",
    id="int64 inverted",
    j="json",
    kind="text exact",
    t="text bm25",
    val="nullable float32",
    x="nullable bool",
    y="bytes",
)
SCHEMAS: tuple[dict[str | None, Schema], ...] = ({}, {None: COLUMNS, "d": COLUMNS, "u": COLUMNS})


def deadly(text: str, schemas: dict[str | None, Schema]) -> list[str]:
    """Return the codes for which a text is not run."""
    parsed = read(text)
    never = [finding.code for finding in parsed.diagnostics if finding.code in NEVER_RUN]
    return sorted({*never, *(finding.code for finding in crash_findings(parsed, schemas))})


def disagreeing(texts: list[str]) -> list[list[str]]:
    """Return the texts of one shape that are not all refused, or all run."""
    groups = [group for group in of_one_key(texts, READERS) if len(group) > 1]
    return [
        group for group in groups for schemas in SCHEMAS if len({bool(deadly(text, schemas)) for text in group}) > 1
    ]


@pytest.mark.parametrize("form", FORMS)
def test_texts_of_one_shape(form: str) -> None:
    """They are all refused, or all run, with every literal in each place."""
    assert disagreeing(list(filled(form, VARIANTS))) == []


def test_texts_of_the_corpus() -> None:
    """Those that were measured on the engine, with other literals, too."""
    draw = random.Random(0)  # noqa: S311 - the same ones each time
    for text in draw.sample(TEXTS, len(TEXTS) // 16):

        def other(match: re.Match[str]) -> str:
            return match[0] if draw.random() < 0.7 else draw.choice(STRINGS if match[0][0] == "'" else NUMBERS)

        assert disagreeing([text, *(LITERAL.sub(other, text) for _ in range(6))]) == []


@pytest.mark.parametrize("rule", CRASH_RULES, ids=lambda rule: rule.code)
def test_a_text_that_is_refused_is_never_known(rule: Rule) -> None:
    """It is refused each time, also after texts that differ from it in one literal were run."""
    text = re.sub(r" from d\b", "", rule.example)

    def refused(query: str) -> bool:
        try:
            resolve(query, {"./d": "./d"}, "./d", lambda _path: COLUMNS, allow_sources=True)
        except BadQuery:
            return True
        return False

    wanted = refused(text)
    for match in LITERAL.finditer(text):
        for literal in STRINGS if match[0][0] == "'" else NUMBERS:
            refused(text[: match.start()] + literal + text[match.end() :])
            assert refused(text) is wanted


def test_what_is_known() -> None:
    """A harmless text makes every vector, number of a comparison, and limit known; for these columns, and where no other dataset is read."""
    known.clear()
    form = "select id, cosine_similarity(e, ARRAY[{0},1,2]) as s where id = {0} limit {0}"
    resolve(form.format(5), {"./d": "./d"}, "./d", lambda _path: COLUMNS)

    assert known.is_known(known.shape_of(form.format(7), COLUMNS))
    assert not known.is_known(known.shape_of(form.format(7).replace("id =", "f ="), COLUMNS))
    assert not known.is_known(known.shape_of(form.format(7), Schema(id="int64")))
    assert not known.is_known(known.shape_of("select id -- 1", COLUMNS))
    resolve('select id from "./d"', {"./d": "./d"}, "./d", lambda _path: COLUMNS)
    assert not known.is_known(known.shape_of('select id from "./d"', COLUMNS))
