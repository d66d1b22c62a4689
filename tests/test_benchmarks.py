"""Cases of the benchmark agree with their references, and fast paths with slow ones; ``make bench`` measures times."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.benchmarks import answers, composing, growing
from tests.benchmarks.__main__ import CASES, PARTS, measured, smoke
from tests.benchmarks.case import LEAST_SECONDS, PAIRS, Case, Row, paired
from tests.benchmarks.page import amount, chart, growth_of, page, rows_of

DOCS = Path(__file__).parents[1] / "docs"
AGREEING = [case for case in CASES if case.check is not Case._field_defaults["check"]]


@pytest.mark.parametrize("case", AGREEING, ids=lambda case: f"{case.name} / {case.reference}")
def test_both_ways_agree(case: Case) -> None:
    """Both ways return the same bits, bytes and rows."""
    assert case.check()


def test_smoke(capsys: pytest.CaptureFixture[str]) -> None:
    """The smoke run executes each case, and reports one whose ways disagree."""
    runs = itertools.count()
    good = Case("a", "b", 0.0, lambda: (lambda: next(runs), lambda: None), lambda: True)
    assert smoke([good]) == 0
    assert next(runs) > 1
    assert smoke([good._replace(name="c", check=lambda: False), good]) == 1
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["runs", "DISAGREES", "runs"]


def test_numbers_are_numbers() -> None:
    """A case with numbers measures something: the documented query has fewer bytes than the snippet."""
    ours, theirs, ratio = composing.sizes()
    assert 0 < ours < theirs
    assert ratio == ours / theirs
    assert answers.texts_agree()


def test_a_missed_target_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If a target is missed, the command exits with 1, and still writes the figures."""
    kept, missed = Case("a", "b", 1.0, lambda: (1.0, 2.0, 0.5)), Case("c", "d", 1.0, lambda: (3.0, 2.0, 1.5))
    assert measured([kept]) == 0
    assert measured([kept, missed, kept], tmp_path) == 1
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["holds", "holds", "MISSED", "holds"]
    rows = json.loads((tmp_path / "benchmarks.json").read_text("utf-8"))["rows"]
    assert [row["holds"] for row in rows] == [True, False, True]
    assert {path.name for path in tmp_path.iterdir()} == {"benchmarks.json", "benchmarks.svg", "speed.md"}


def test_the_first_run_is_not_measured() -> None:
    """The first run, which loads modules and fills caches, does not affect the number of repetitions."""
    runs = itertools.count()

    def first_slow() -> None:
        if next(runs) == 0:
            time.sleep(2 * LEAST_SECONDS)

    paired(first_slow, lambda: None)
    assert next(runs) > 10 * PAIRS


def test_the_page() -> None:
    """The page has a line for each row, and the versions of the measured libraries."""
    written = page([Row("a", "b", 1, 2, 0.5, 1.0), Row("c", "d", 3, 2, 1.5, 1.0)], {"numpy": "2"})
    assert "| a | b | 1,000 ms | 2,000 ms | 0.5 | 1 | holds |" in written
    assert "| c | d | 3,000 ms | 2,000 ms | 1.5 | 1 | missed |" in written
    assert amount(Row("memory of x", "b", 16881, 2, 0.5, 1.0), 16881) == "16,881 bytes"
    assert "Growth" not in written
    assert "numpy 2" in written
    assert "Whole calls" not in written
    call = Row("e", "the engine", 0.002, 0.001, 2.0, 1.15, 0.001)
    assert call.holds
    assert not call._replace(ours=0.003, ratio=3.0).holds
    assert "| e | the engine | 2 ms | 1 ms | 2 | 2.15 | holds |" in page([call], {})
    grown = page([call], {}, {"f": [(1000, 0.5, 0.25), (10_000, 3.0, 2.0)]})
    assert "| call | 1,000 rows | 10,000 rows |" in grown
    assert "| f | 0.5 / 0.25 | 3 / 2 |" in grown


def test_the_page_in_the_documentation() -> None:
    """The page in the documentation has the figures of docs/benchmarks.json, and every case; the whole calls are there after a run of `make bench`, and the growth after one of `make bench-growth`, all of them or none."""
    rows, compared = rows_of(DOCS)
    grown = growth_of(DOCS)

    assert page(rows, compared, grown) == (DOCS / "speed.md").read_text("utf-8")
    if grown is not None:
        assert growing.chart(grown) == (DOCS / "growth.svg").read_text("utf-8")
        assert [len(points) for points in grown.values()] == [len(growing.ROWS)] * 10
    assert chart(rows) == (DOCS / "benchmarks.svg").read_text("utf-8")
    assert [(row.case, row.reference) for row in rows] in [
        [(case.name, case.reference) for case in cases] for cases in (PARTS, CASES)
    ]


def test_the_chart() -> None:
    """The chart has one bar for each row, for any names."""
    rows = [Row("a", "b", 1, 2, 0.5, 1.0), Row("c", "d", 3, 2, 1.5, 1.0)]
    assert [row.holds for row in rows] == [True, False]
    drawn = ET.fromstring(chart(rows))  # noqa: S314 - XML of this test
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}rect"))) == 2
