"""Round trips of `parse`: a parsed text returns the rows of the text, and the text of a plain query parses to the query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.differential.test_engine import AT_RANDOM, CASES, repeatable, text_of
from tests.oracle import Runner
from tests.tql import meaning
from tql import asc, desc, parse, select
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tql.meaning import Condition


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Return the engine with the data of the cases."""
    found = Runner()
    yield found
    found.close()


@pytest.mark.parametrize("part", range(4))
def test_a_parsed_text_brings_the_rows_of_the_text(part: int, runner: Runner) -> None:
    """The same names, the same values, in the same order, for every case that runs."""
    compared = 0
    for case in CASES[part::4]:
        text = text_of(case)
        reading = read(text)
        known = case["engine"] == "ok" and reading.tree is not None and not reading.diagnostics
        if not known or AT_RANDOM in text or not repeatable(reading.tree):  # type: ignore[arg-type]  # it is known
            continue
        compared += 1
        written = str(parse(text))
        assert written == text or runner.ask(written) == runner.ask(text), text
    assert compared > 180


@given(
    labels=st.lists(st.sampled_from(["id", "my col", "order", "é"]), unique=True, max_size=3),
    conditions=st.lists(meaning.number_tests | meaning.sums | meaning.nulls, max_size=3),
    keys=st.lists(st.tuples(st.sampled_from([asc, desc]), st.sampled_from(["id", "t"])), max_size=1),
    limit=st.none() | st.integers(0, 9),
    offset=st.none() | st.integers(0, 9),
    source=st.none() | st.sampled_from(["hub://org/d", "mem://x"]),
)
def test_a_plain_query_is_parsed_as_the_query(  # noqa: PLR0913, PLR0917 - each is drawn on its own
    labels: list[str],
    conditions: list[Condition],
    keys: list[tuple[type, str]],
    limit: int | None,
    offset: int | None,
    source: str | None,
) -> None:
    """A SELECT without a subquery or a search is parsed clause by clause."""
    query = select(*labels).where(*(condition for condition, _ in conditions))
    query = query.order_by(*(direction(key) for direction, key in keys)).limit(limit).offset(offset)
    query = query if source is None else query.from_(source)

    assert query == parse(str(query))
