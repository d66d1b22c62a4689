"""The grammar for plain lark: it is generated, has no conflicts, plain lark loads it, and it accepts the texts that the parser and the engine accept."""

from __future__ import annotations

import json
import os
import random
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import lark
import pytest

from tests.differential.measured import text_of
from tests.differential.texts import texts, walked
from tests.oracle import Oracle
from tql import parse
from tql_grammar.errors import ParseError
from tql_grammar.syntax import standalone
from tql_grammar.syntax.keywords import RESERVED
from tql_grammar.syntax.lark_table import make_table
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(__file__).parents[2] / "corpus"
FILES = ("real_world.jsonl", "engine_verdicts.jsonl", "disagreements.jsonl")
LONGEST = 20_000
WALKS = int(os.environ.get("TQL_TEXTS", "5000")) // 12
# The grammar has no limit of depth.
DEEP = "TQL401"


@cache
def plain(parser: str) -> lark.Lark:
    """Return the grammar as lark loads it."""
    return lark.Lark(standalone.FORMATS["lark"](), parser=parser)


def accepts(text: str, parser: str = "lalr") -> bool:
    """Tell whether the grammar accepts a text."""
    try:
        plain(parser).parse(text)
    except lark.exceptions.LarkError:
        return False
    return True


def expected(text: str) -> tuple[bool, str]:
    """Tell whether the engine's parser accepts all of a text, and return the code of the first finding otherwise."""
    reading = read(text)
    codes = [finding.code for finding in reading.diagnostics if finding.code < "TQL4" or finding.code == DEEP]
    return reading.parses and not any(code < "TQL1" for code in codes), codes[0] if codes else ""


@cache
def corpus() -> list[str]:
    """Return the texts of the corpus."""
    lines = (line for name in FILES for line in (CORPUS / name).read_text(encoding="utf-8").splitlines())
    return [text for text in (text_of(json.loads(line)) for line in lines) if len(text) <= LONGEST]


def test_the_file_is_generated() -> None:
    """``python -m tql_grammar.syntax.standalone`` writes the file again after tql.lark has changed."""
    assert standalone.FORMATS["lark"]() == standalone.standalone()


def test_it_has_no_conflicts() -> None:
    """Each text has one tree: the parse table is made without precedences."""
    assert len(make_table(standalone.standalone()).rows) > 100


def test_its_verdicts_are_those_of_the_parser() -> None:
    """Of the corpus all verdicts agree but those of texts that are nested too deeply: less than one in 200."""
    differ = [expected(text)[1] for text in corpus() if accepts(text) != expected(text)[0]]

    assert set(differ) <= {DEEP}
    assert len(differ) < len(corpus()) / 200


@pytest.mark.parametrize("seed", range(4))
def test_verdicts_of_random_texts_agree(seed: int) -> None:
    """The same for generated and mutated texts."""
    for text in texts(1000 + seed, 250, corpus()):
        verdict, code = expected(text)
        assert accepts(text) == verdict or code == DEEP, text


def test_earley_agrees() -> None:
    """The other parser of lark, which has another lexer, gives the same verdicts."""
    short = [text for text in corpus() if len(text) < 100]
    for text in random.Random(1).sample(short, 60):  # noqa: S311 - repeatable, not secret
        assert accepts(text, "earley") == accepts(text), text


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """Return the engine's parser."""
    found = Oracle()
    yield found
    found.close()


def test_texts_made_from_the_grammar_parse_in_the_engine(oracle: Oracle) -> None:
    """Random walks through the rules give texts that both parsers accept; some statements that are no queries end the engine's process."""
    rng = random.Random(5)  # noqa: S311 - repeatable, not secret
    for text in (walked("plain.lark", rng) for _ in range(WALKS)):
        assert accepts(text), text
        assert expected(text)[0], text
        assert oracle.position(text) in {None, "crash"}, text


def test_ebnf_has_each_rule_and_each_keyword() -> None:
    """The EBNF defines all rules that it uses."""
    written = standalone.ebnf()
    defined = {line.split(" ")[0] for line in written.splitlines() if " ::= " in line}
    assert {"start", "select", "expression", "plain"} <= defined
    assert all(f"'{word}'" in written for word in ("SELECT", "ILIKE", "UNGROUP") if word in RESERVED)


def test_a_lost_part_is_rejected() -> None:
    """A text of which the engine silently drops a part is rejected."""
    in_comment = "select cast(a as --character\nvarying (4)\n(9)) as x from b"
    for text in ("select id # c", "select id\r\nfrom a", "select id -- c\n from a", "select 010 as x", in_comment):
        assert not accepts(text)
        with pytest.raises(ParseError):
            parse(text)
