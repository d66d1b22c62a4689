"""The measured verdicts hold, and the printed and the laid-out form of a text bring the rows of the text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.differential.sizes import SIZED
from tests.oracle import CRASH, Oracle, Runner
from tql_grammar import ast
from tql_grammar.printing.formatter import format_text
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.parser import read
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "corpus" / "engine_verdicts.jsonl").read_text("utf-8").splitlines()
]
# Some cases are too long to be kept: "AND x100 :: select .." tells what they are made of, and how often.
SHORT = re.compile(r"(.*?) x?(\d+) :: ")

# Reading a column of sequences ends the engine's process now and then.
AT_RANDOM = "mem://s"
# The columns of one byte a number. SQRT reads them as floats of two bytes: half of them lies behind the column, and is whatever was there.
OF_BYTES = frozenset({"u8", "v8"})


def text_of(case: dict[str, Any]) -> str:
    """Return the text of a case."""
    short = SHORT.match(case["query"])
    return SIZED[short[1]](int(short[2])) if short else case["query"]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """Return the engine's parser."""
    found = Oracle()
    yield found
    found.close()


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Return the engine with the data of the cases."""
    found = Runner()
    yield found
    found.close()


@pytest.mark.parametrize("part", range(8))
def test_measured_texts_have_their_verdict(part: int, oracle: Oracle) -> None:
    """Accepted or refused alike, at the same place, by the engine of the file, the engine here, and the reader."""
    cases = CASES[part::8]
    assert len(cases) > 200
    for case in cases:
        text = text_of(case)
        reading = read(text)
        position = oracle.position(text)
        if position == CRASH:
            assert case["engine"].startswith("CRASH")
            assert reading.diagnostics
            continue
        assert (reading.engine_position, reading.parses) == (position, position is None), text
        told = re.match(r"RuntimeError: Pos (\d+)", case["engine"])
        assert position == (int(told[1]) if told else None), text


def repeatable(tree: ast.Query) -> bool:
    """Tell whether a query has the same rows each time."""
    return not any(isinstance(node, ast.Sample) or _is_drawn(node) for node in walk(tree))


def _is_drawn(node: object) -> bool:
    """Tell whether a function has another result each time."""
    if not isinstance(node, ast.Function):
        return False
    name = node.name.upper()
    below = {part.name for part in walk(node) if isinstance(part, ast.Column)}
    return name == "RANDOM" or (name == "SQRT" and not OF_BYTES.isdisjoint(below))


@pytest.mark.parametrize("part", range(8))
def test_printing_and_laying_out_keep_the_rows(part: int, runner: Runner) -> None:
    """The same names, the same values, in the same order."""
    compared = 0
    for case in CASES[part::8]:
        text = text_of(case)
        tree = read(text).tree
        if case["engine"] != "ok" or tree is None or not repeatable(tree) or AT_RANDOM in text:
            continue
        expected = runner.ask(text)
        assert isinstance(expected, dict), text
        assert {len(values) for values in expected["rows"].values()} <= {case["rows"]}, text
        assert runner.ask(to_tql(tree)) == expected, text
        if not read(text).diagnostics:
            assert runner.ask(format_text(text, 20)) == expected, text
        compared += 1
    assert compared > 90


def test_the_engine_still_dies_of_what_the_cases_say(runner: Runner) -> None:
    """Nothing is feared without need: each of these texts ends the process."""
    feared = [text_of(case) for case in CASES if case["engine"].startswith("CRASH")]
    certain = [text for text in feared if AT_RANDOM not in text]

    assert len(certain) > 8
    assert [runner.ask(text) for text in certain] == [CRASH] * len(certain)
