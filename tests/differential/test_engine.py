"""Measured verdicts of the engine hold, and the printed and the formatted form of a query return its rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.differential.measured import AT_RANDOM, CASES, repeatable, text_of
from tests.oracle import CRASH, Oracle, Runner
from tql_grammar.printing.formatter import format_text
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    """Parser, stored verdict and engine accept or reject a text alike, at the same position."""
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


@pytest.mark.parametrize("part", range(8))
def test_printing_and_laying_out_keep_the_rows(part: int, runner: Runner) -> None:
    """The printed and the formatted form return the same names and values, in the same order."""
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
    """The engine still crashes on each query whose stored verdict is a crash."""
    feared = [text_of(case) for case in CASES if case["engine"].startswith("CRASH")]
    certain = [text for text in feared if AT_RANDOM not in text]

    assert len(certain) > 8
    assert [runner.ask(text) for text in certain] == [CRASH] * len(certain)
