"""Comments of a Python file that ignore rules: the statement of each comment, and the work of finding it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.grammar.growth import steps
from tql_grammar.diagnostic import Diagnostic
from tql_grammar.python.ignores import Statements, without_ignored

RANGES = st.lists(
    st.tuples(st.integers(1, 12), st.integers(0, 5)).map(lambda drawn: (drawn[0], sum(drawn))), max_size=8
)
QUERY = 'ds.query("select id from D order by a, b")'
FILES = {
    "behind statements": f"{QUERY}  # tql: ignore[TQL301]\n",
    "above statements": f"# tql: ignore[TQL301]\n{QUERY}\n",
    "above nothing": "# tql: ignore[TQL301]\n\n",
    "in one statement": "    1,  # tql: ignore[TQL301]\n",
}


@given(ranges=RANGES, line=st.integers(1, 20), is_alone=st.booleans())
def test_the_statement_of_a_comment(ranges: list[tuple[int, int]], line: int, *, is_alone: bool) -> None:
    """It is the smallest one with the line, or else the next one below a comment of its own line."""
    around = [lines for lines in ranges if lines[0] <= line <= lines[1]]
    below = [lines for lines in ranges if lines[0] > line]
    expected = min(below, default=(line, line)) if is_alone else (line, line)
    if around:
        expected = min(around, key=lambda lines: lines[1] - lines[0])

    assert Statements(ranges).lines(line, is_alone=is_alone) == expected


@pytest.mark.parametrize("kind", FILES)
def test_work_grows_as_the_number_of_comments(kind: str) -> None:
    """Four times the file takes less than eight times as many bytecodes; a comparison of each comment with each statement or finding would take sixteen."""

    def kept(count: str) -> object:
        body = FILES[kind] * int(count)
        file = f"rows = [\n{body}]\n" if kind == "in one statement" else body
        places = (match.span() for match in re.finditer("order by|1,", file))
        return without_ignored(file, [Diagnostic.at(file, *place, "TQL301", "error", "") for place in places])

    kept("2")
    short, long = steps(kept, "50"), steps(kept, "200")

    assert long < 8 * short, (short, long)
