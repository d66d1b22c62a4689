"""No value becomes anything but a literal, no name anything but a name: the text reads as the query's own tree, and the engine sees the very values."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.engine import dataset, run
from tests.tql.compiler.test_meaning import several
from tests.tql.queries import floats, integers, labels, queries, strings
from tql import ArgumentError, Query, check, col, fn, raw, select
from tql.compiler.compile import tree
from tql_grammar import ast
from tql_grammar.syntax.parser import parse, read
from tql_grammar.walk import walk

# The engine sums each column for its statistics, and cannot write an infinite sum.
SUMMED = 1e300
numbered = (f"safety{number}" for number in itertools.count())


def holds(label: str) -> bool:
    """Tell whether a dataset can have a column of a name: the engine's own JSON does not hold the others."""
    return label.isprintable() and "\\" not in label and not label.startswith("_")


@several
@given(query=queries)
def test_the_text_reads_as_the_tree(query: Query) -> None:
    """Whatever characters names and texts have, the parser finds the tree that was written, without a finding about the text."""
    try:
        text = str(query)
    except ArgumentError:
        return

    found = read(text)

    assert not [finding for finding in found.diagnostics if finding.code < "TQL4"]
    assert found.tree == tree(query.statement)


@several
@given(texts=st.lists(strings.filter(bool), min_size=1, max_size=5, unique=True), wanted=strings)
def test_the_engine_sees_the_text(texts: list[str], wanted: str) -> None:
    """``==`` finds the rows with exactly the text, for every text."""
    made = dataset(next(numbered), {"id": "int64", "t": "text"}, [{"id": n, "t": t} for n, t in enumerate(texts)])
    for text in (*texts, wanted):
        found = [row["id"] for row in run(made, str(select("id").where(col("t") == text)))]

        assert [number for number, other in enumerate(texts) if other == text] == found


@several
@given(
    whole=st.lists(integers, min_size=1, max_size=4),
    parts=st.lists(floats.filter(lambda number: abs(number) < SUMMED), min_size=4, max_size=4),
)
def test_the_engine_sees_the_number(whole: list[int], parts: list[float]) -> None:
    """``==`` finds the rows with exactly the number, and a number that is selected comes back with every bit."""
    rows = [{"id": n, "i": i, "f": f} for n, (i, f) in enumerate(zip(whole, parts, strict=False))]
    made = dataset(next(numbered), {"id": "int64", "i": "int64", "f": "float64"}, rows)
    for row in rows:
        for column in ("i", "f"):
            text = str(select("id", column).where(col(column) == row[column]))

            assert [other["id"] for other in rows if other[column] == row[column]] == [r["id"] for r in run(made, text)]
        back = run(made, str(select(x=col("id") * 0 + row["f"])))[0]["x"]
        assert (back, math.copysign(1, back)) == (row["f"] + 0.0, math.copysign(1, row["f"] + 0.0))


@several
@given(column=labels.filter(holds), alias=labels)
def test_the_engine_sees_the_name(column: str, alias: str) -> None:
    """A column of any name is read by it, and comes back under any other."""
    assume(column != alias)
    made = dataset(next(numbered), {column: "int64"}, [{column: 3}, {column: 4}])

    query = select(col(column).as_(alias)).where(col(column) > 3)

    assert run(made, str(query)) == [{alias: 4}]


@several
@given(
    label=st.text(st.sampled_from(list("\"\n\0\ud800'ab ")), min_size=1, max_size=4),
    place=st.sampled_from(["col", "of", "as_", "from_", "select", "order_by", "similarity"]),
)
def test_a_name_that_cannot_be_written_is_refused(label: str, place: str) -> None:
    """A double quote, a newline, a NUL or half a surrogate pair: there is an ArgumentError, at once; any other name is written."""
    uses: dict[str, Any] = {
        "col": lambda: col(label),
        "of": lambda: col("a", of=label),
        "as_": lambda: col("a").as_(label),
        "from_": lambda: select().from_(label),
        "select": lambda: select(label),
        "order_by": lambda: select("a").order_by(label),
        "similarity": lambda: select().similarity(label, [1.0], as_="near"),
    }
    if set('"\n\0\ud800') & set(label):
        with pytest.raises(ArgumentError, match=r"takes a name without|that UTF-8 can encode"):
            uses[place]()
    else:
        assert uses[place]() is not None


INJECTIONS = [
    "1; drop table x",
    "id from other",
    "id where true",
    "id) union (select id",
    "id, text",
    "*",
    "distinct id",
    "top 5 id",
    "id limit 5",
    "id order by id",
    "(select id from x",
    "id -- rest\n, text",
    "'it's'",
    "id\r, text",
    "id\0",
    "id @",
    "",
    "   ",
    "id as a, b",
    "/* x",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_raw_takes_one_expression(text: str) -> None:
    """Anything but one expression is refused, at once."""
    if text == "*":
        assert raw(text).node == ast.Star()
        return
    with pytest.raises(ArgumentError, match=r"^`raw` takes one expression of TQL"):
        raw(text)


@several
@given(
    text=st.lists(
        st.sampled_from(
            ["id", "'x'", "1", "(", ")", ",", "from d", "where", "and", "+", "--", ";", "union", "select", "as a"]
        ),
        max_size=6,
    ).map(" ".join)
)
def test_raw_changes_nothing_around_it(text: str) -> None:
    """A text that is taken adds one condition and nothing else to the query."""
    try:
        given_ = raw(text)
        query = select("id").from_("d").where(given_, col("z") == 1).limit(7)
    except ArgumentError:
        return

    found = parse(str(query))

    assert isinstance(found, ast.Select)
    assert found.replace(where=None) == parse("select id from d limit 7")
    assert isinstance(found.where, ast.And)
    assert found.where.operands[-1] == ast.Comparison("=", ast.Column("z"), ast.Number(1))


@several
@given(query=queries)
def test_every_text_of_a_query_is_a_literal(query: Query) -> None:
    """The strings of the emitted tree are those of the text, read back: none became a name or a clause."""
    try:
        text = str(query)
    except ArgumentError:
        return

    written = [part.value for part in walk(tree(query.statement)) if isinstance(part, ast.String)]

    assert [part.value for part in walk(parse(text)) if isinstance(part, ast.String)] == written


def test_functions_take_texts_as_texts() -> None:
    """The text of a search is one literal, whatever is in it."""
    words = "it's; drop -- /* \" \\"

    assert str(fn.contains("a", words)) == "contains(a, 'it''s; drop -- /* \" \\')"


@several
@given(query=queries)
def test_the_checks_have_nothing_against_what_is_built(query: Query) -> None:
    """No text of the builder has an error of the checks: what they find wrong in texts, the builder says otherwise."""
    try:
        text = str(query)
    except ArgumentError:
        return

    assert not [finding for finding in check(text) if finding.severity == "error"]
