"""Each rule about text and syntax finds its example, and the engine's parser agrees with ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.oracle import CRASH, Oracle
from tql_grammar.errors import ParseError
from tql_grammar.lint.check import check
from tql_grammar.printing.formatter import format_text
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.findings import syntax_rules, text_rules
from tql_grammar.syntax.parser import parse, read

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = (*text_rules.RULES, *syntax_rules.RULES)
# Texts that other people published, with the verdict of the engine's parser.
PUBLISHED = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "corpus" / "real_world.jsonl").read_text(encoding="utf-8").splitlines()
]


MISTAKES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "corpus" / "mistakes.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """Return the engine's parser."""
    found = Oracle()
    yield found
    found.close()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_finds_its_example(rule: text_rules.TextRule | syntax_rules.SyntaxRule, oracle: Oracle) -> None:
    """It is the first finding, and `parse` raises on it."""
    reading = read(rule.example)

    assert reading.diagnostics[0].code == rule.code
    assert reading.engine_position == oracle.position(rule.example)
    with pytest.raises(ParseError):
        parse(rule.example)


@pytest.mark.parametrize("entry", PUBLISHED, ids=range(len(PUBLISHED)))
def test_a_published_text_has_the_verdict_of_the_engine(entry: dict[str, str], oracle: Oracle) -> None:
    """The engine accepts or rejects the same texts, at the same place; a text that crashes it is rejected here as not a query."""
    reading = read(entry["query"])

    position = oracle.position(entry["query"])
    if position == CRASH:
        assert [finding.code for finding in reading.diagnostics] == ["TQL190"]
        return
    assert reading.engine_position == position
    assert reading.parses == (reading.engine_position is None)


@pytest.mark.parametrize("entry", PUBLISHED, ids=range(len(PUBLISHED)))
def test_printing_and_formatting_keep_the_tree(entry: dict[str, str]) -> None:
    """Reading the printed text gives an equal tree; formatting again changes nothing."""
    reading = read(entry["query"])
    if reading.tree is None:
        with pytest.raises(ParseError):
            format_text(entry["query"])
        return
    assert parse(to_tql(reading.tree)) == reading.tree
    if not reading.diagnostics:
        laid_out = format_text(entry["query"], 30)
        assert parse(laid_out) == reading.tree
        assert format_text(laid_out, 30) == laid_out


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["query"])
def test_a_mistake_has_its_hint(mistake: dict[str, str]) -> None:
    """A common mistake has its code and its hint."""
    first = check(mistake["query"])[0]

    assert (first.code, mistake["hint"] in (first.hint or "")) == (mistake["code"], True), first
