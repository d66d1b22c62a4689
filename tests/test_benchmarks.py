"""The benchmark's cases agree with their references, and its fast paths with the slow ones; times are measured by ``make bench`` alone."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.benchmarks import answers, composing
from tests.benchmarks.__main__ import CASES, chart, main, page
from tests.benchmarks.case import LEAST_SECONDS, PAIRS, Case, Row, paired

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} / {case.reference}")
def test_both_ways_agree(case: Case) -> None:
    """Bits, bytes and rows."""
    assert case.check()


def test_smoke() -> None:
    """The command for it."""
    assert main(["--smoke"]) == 0


def test_numbers_are_numbers() -> None:
    """A case measures something: the bytes of the documented query are fewer than those of the snippet."""
    ours, theirs, ratio = composing.sizes()
    assert 0 < ours < theirs
    assert ratio == ours / theirs
    assert answers.texts_agree()


def test_the_first_run_is_not_measured() -> None:
    """What a first run makes and keeps does not decide how often the next ones are run."""
    runs = itertools.count()

    def first_slow() -> None:
        if next(runs) == 0:
            time.sleep(2 * LEAST_SECONDS)

    paired(first_slow, lambda: None)
    assert next(runs) > 10 * PAIRS


def test_the_page() -> None:
    """A line for each row, and what it was measured with."""
    written = page([Row("a", "b", 1, 2, 0.5, 1.0), Row("c", "d", 3, 2, 1.5, 1.0)], {"numpy": "2"})
    assert "| a | b | 0.5 | 1 | holds |" in written
    assert "| c | d | 1.5 | 1 | missed |" in written
    assert "numpy 2" in written


def test_the_page_in_the_documentation() -> None:
    """It is that of the figures that lie beside it, all of one run, and has every case."""
    kept = json.loads((DOCS / "benchmarks.json").read_text("utf-8"))
    rows = [Row(**{name: value for name, value in row.items() if name != "holds"}) for row in kept["rows"]]

    assert page(rows, kept["versions"]) == (DOCS / "speed.md").read_text("utf-8")
    assert chart(rows) == (DOCS / "benchmarks.svg").read_text("utf-8")
    assert [(row.case, row.reference) for row in rows] == [(case.name, case.reference) for case in CASES]


def test_the_chart() -> None:
    """One bar for each row, whatever the names are."""
    rows = [Row("a", "b", 1, 2, 0.5, 1.0), Row("c", "d", 3, 2, 1.5, 1.0)]
    assert [row.holds for row in rows] == [True, False]
    drawn = ET.fromstring(chart(rows))  # noqa: S314 - our own
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}rect"))) == 2
