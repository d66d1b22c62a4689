"""The first rules on the real engine: the rows of a query with the mistake, and of the query that follows the hint."""

from __future__ import annotations

import pytest

from tests.engine import dataset, run
from tql import Schema, check
from tql_grammar.absent import ABSENT

ROWS = [{"id": number, "grp": number % 3} for number in range(20)]
CASES = [
    pytest.param(
        "select id where id > 15 & id < 17", "select id where id > 15 and id < 17", "TQL001", id="unknown character"
    ),
    pytest.param(
        "select id order by grp, id desc",
        "select id from (select * order by id) order by grp desc",
        "TQL301",
        id="second key",
    ),
]


@pytest.mark.parametrize(("trap", "meant", "code"), CASES)
def test_the_engine_does_something_else(trap: str, meant: str, code: str) -> None:
    """The check finds the mistake, and nothing in the intended query; their rows differ."""
    made = dataset(f"mem://trap{code}", {"id": "int64", "grp": "int64"}, ROWS)

    assert [finding.code for finding in check(trap)] == [code]
    assert check(meant) == []
    assert run(made, trap) != run(made, meant)


def test_the_engine_cuts_the_text_where_the_finding_begins() -> None:
    """The rows are those of the text before the lost span."""
    trap = "select id where id > 15 & id < 17"
    made = dataset("mem://cut", {"id": "int64", "grp": "int64"}, ROWS)

    assert run(made, trap) == run(made, trap[: check(trap)[0].start]) == [{"id": number} for number in range(16, 20)]


def test_the_engine_ignores_a_second_key() -> None:
    """The rows are those of the first key alone."""
    made = dataset("mem://ignored", {"id": "int64", "grp": "int64"}, ROWS)

    assert run(made, "select id order by grp, id desc") == run(made, "select id order by grp")


def test_the_engine_refuses_an_alias_at_its_own_level() -> None:
    """The advice, a sub-query, runs."""
    trap = "select id + 1 as next order by next"
    made = dataset("mem://alias", {"id": "int64", "grp": "int64"}, ROWS)

    assert [finding.code for finding in check(trap)] == ["TQL210"]
    with pytest.raises(RuntimeError, match="does not exist"):
        run(made, trap)
    assert len(run(made, "select * from (select id + 1 as next) order by next")) == len(ROWS)


@pytest.mark.parametrize("name", ABSENT)
def test_the_engine_has_no_function_of_the_name(name: str) -> None:
    """The finding quotes the engine's message at the place of the call."""
    trap = f"select {name}(id) as n"
    made = dataset(f"mem://absent{name}", {"id": "int64"}, [{"id": 1}])
    (finding,) = check(trap)

    assert (finding.code, trap[finding.start : finding.end]) == ("TQL201", f"{name}(id)")
    with pytest.raises(RuntimeError, match=f"Function '{name}' is not found"):
        run(made, trap)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("select id where metadata.year = 3", "metadata['year']"),
        ('select id where name = "doc 5"', "'doc 5'"),
        ("select count(*)", "select shape(id)[0] as n from .. group by kind"),
    ],
)
def test_a_hint_has_the_form_that_is_meant(text: str, hint: str) -> None:
    """A key of JSON that is written as a column, a string in double quotes, and a count lead to the right form."""
    schema = Schema(id="int64", name="text") if '"' in text else None
    (finding,) = check(text, schema)

    assert finding.hint is not None
    assert hint in finding.hint


def test_a_column_that_is_written_in_two_ways_has_no_name() -> None:
    """An expression of one column is named like it, but not if the column is written with the alias of its source too."""
    made = dataset("twice", {"id": "int64"}, [{"id": 1}])

    assert [finding.code for finding in check('select u.id * id from "mem://twice" as u')] == ["TQL206"]
    assert [finding.code for finding in check('select id * id from "mem://twice" as u')] == []
    with pytest.raises(RuntimeError, match="should be aliased"):
        run(made, 'select u.id * id from "mem://twice" as u')


def test_the_engine_takes_no_star_as_an_argument() -> None:
    """COUNT(*) has one finding, that there is no such function: its argument and a missing alias follow from it."""
    made = dataset("mem://star", {"id": "int64"}, [{"id": 1}])

    assert [finding.code for finding in check("select count(*) as n")] == ["TQL201"]
    assert [finding.code for finding in check("select count(*)")] == ["TQL201"]
    assert [finding.code for finding in check("select shape(*) as n")] == ["TQL202"]
    with pytest.raises(RuntimeError, match="STAR is not supported"):
        run(made, "select shape(*) as n")
