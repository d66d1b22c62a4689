"""Texts that compare, group and compute with JSON: the codes that each has, measured on the engine, and its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.oracle import CRASH, Runner, Tables
from tql import Schema, check, fix
from tql_grammar.lint.check import crash_findings
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS: dict[str | None, Schema] = {
    "mem://j": Schema(
        id="int64",
        i8="int8",
        u16="uint16",
        i64="int64",
        f="float64",
        t="text",
        nt="nullable text",
        nn="nullable int64",
        js="json",
    ),
    "mem://b": Schema(uid="int64", name="text"),
}
VALUES = [
    {"k": 1, "s": "a", "l": [0, 1], "some": 0, "nul": 1},
    {"k": 2, "s": "b", "l": [1, 2], "some": 1, "nul": None},
    {"k": 3, "s": "b", "l": [2, 3], "nul": 3},
    {"k": 5, "s": "x", "l": [3, 4], "some": 3, "nul": None},
]
COLUMNS = {
    "id": ("int64", [0, 1, 2, 3]),
    "i8": ("int8", [1, 2, 9, 0]),
    "u16": ("uint16", [1, 2, 9, 0]),
    "i64": ("int64", [1, 2, 9, 0]),
    "f": ("float64", [1.0, 2.0, 9.0, 0.0]),
    "t": ("text", ["a", "b", "c", "a"]),
    "nt": ("nullable text", ["a", None, "b", "c"]),
    "nn": ("nullable int64", [1, None, 9, 5]),
    "js": ("json", VALUES),
}
# A query, the codes of its findings, its ids, and the ids that SQL means.
WRONG: list[tuple[str, set[str], list[int], list[int]]] = [
    ("select id from j where i64 < js['k']", {"TQL363"}, [0, 1, 3], [3]),
    ("select id from j where i64 <= js['k']", {"TQL363"}, [3], [0, 1, 3]),
    ("select id from j where i64 > js['k']", {"TQL363"}, [0, 1, 2], [2]),
    ("select id from j where f >= js['k']", {"TQL363"}, [2], [0, 1, 2]),
    ("select id from j where 2 > js['k']", {"TQL363"}, [0, 1], [0]),
    ("select id from j where 'b' >= js['s']", {"TQL363"}, [0], [0, 1, 2]),
    ("select id from j where 1 >= js['l'][0]", {"TQL363"}, [0], [0, 1]),
    ("select id from j where t < js['s']", {"TQL363"}, [0, 1, 3], [3]),
    ("select id from j where js['k'] >= js['k']", {"TQL363"}, [], [0, 1, 2, 3]),
    ("select id from (select id, js['k'] as k from j) where 2 > k", {"TQL363"}, [0, 1], [0]),
    ("select id from j where js['k'] = i8", {"TQL364"}, [], [0, 1]),
    ("select id from j where i8 = js['k']", {"TQL364"}, [], [0, 1]),
    ("select id from j where js['k'] = abs(u16)", {"TQL364"}, [], [0, 1]),
    ("select id from j where js['nul'] is not null and js['k'] != u16", {"TQL364", "TQL539"}, [0, 2], [2]),
    ("select id from j where js['nul'] < 5", {"TQL539"}, [0, 1, 2, 3], [0, 2]),
    ("select id from j where js['nul'] != 1", {"TQL539"}, [1, 2, 3], [2]),
    ("select id from j where 5 != js['nul']", {"TQL539"}, [0, 1, 2, 3], [0, 2]),
    ("select id from j where js['some'] not in (1)", {"TQL524"}, [0, 2, 3], [0, 3]),
    ("select id from j where not (js['some'] > 1)", {"TQL524"}, [0, 1, 2], [0, 1]),
    ("select id from j where not contains(nt, 'a')", {"TQL524"}, [1, 2, 3], [2, 3]),
    ("select id from j where not contains(js['some'], 'a')", {"TQL524"}, [0, 1, 2, 3], [0, 1, 3]),
]
# A query without a finding, and its ids.
RIGHT = [
    ("select id from j where i64 > js['k'] + 0", [2]),
    ("select id from j where js['k'] >= i64", [0, 1, 3]),
    ("select id from j where js['k'] * 1 = i8", [0, 1]),
    ("select id from j where js['k'] = i64", [0, 1]),
    ("select id from j where js['k'] = i8 * 1", [0, 1]),
    ("select id from j where js['nul'] is not null and js['nul'] < 5", [0, 2]),
    ("select id from j where nn = js['k'] + 0", [0, 3]),
    ("select id from j where nn != js['k'] + 0", [2]),
    ("select id from (select * from j where nn is not null) where js['k'] = nn", [0, 3]),
    ("select id from j where nt is not null and js['s'] = nt", [0, 2]),
    ("select id from j where js['nul'] > 0 and js['nul'] < 5", [0, 2]),
    ("select id from (select * from j where js['nul'] is not null) where js['nul'] != 1", [2]),
    ("select id from j where js['some'] is not null and js['some'] not in (1)", [0, 3]),
    ("select id from j where nt is not null and not contains(nt, 'a')", [2, 3]),
    ("select id from j where not contains(keys(js), 'some')", [2]),
    ("select id from j where js['some'] + 0 < 2", [0, 1]),
    ("select id from j where js['some'] >= 0 order by -js['some']", [3, 1, 0]),
    ("select id from j order by js['k'] desc", [3, 2, 1, 0]),
    ("select shape(id)[0] as c from j group by js['s']", [1, 2, 1]),
    ("select sum(n) as s from (select t, js['k'] as n from j where js['k'] is not null) group by t", [6, 2, 3]),
]
# A query that fails, and the codes of its findings.
FAILING = [
    ("select js['s'][0] as s, shape(id)[0] as c from j group by js['s']", {"TQL257"}),
    ("select js['k'] + 0 as x from j group by t", {"TQL365"}),
    ("select sum(js['k']) as s from j group by 1", {"TQL365"}),
    ("select amax(js['k'] + 0) as s from j group by t", {"TQL365"}),
    ("select -js['k'] as s from j group by t", {"TQL365"}),
    ("select js['k'] is null as s from j group by t", {"TQL365"}),
    ("select js['some'] - 5 as x from j", {"TQL539"}),
    ("select abs(js['some']) as x from j", {"TQL539"}),
    ("select id from j order by js['some'] + 0", {"TQL539"}),
    ("select id from j order by -js['nul']", {"TQL539"}),
    ("select id[0] as i from j group by js['some'] + 0", {"TQL539"}),
    ("select sum(n) as s from (select js['some'] as n from j) group by 1", {"TQL539"}),
    ("select a.id as x from j as a join b as b using (id)", {"TQL228"}),
    ("select a.id as x from j as a join b as b using (zz)", {"TQL228"}),
    ("select a.id as x from j as a join (select name as id from b) as b using (id)", {"TQL228"}),
    ("select u.*, u.* from j as u", {"TQL207"}),
    ("select a.*, b.* from j as a join b as b on a.id = b.uid", {"TQL207"}),
]


@pytest.fixture(scope="module")
def tables() -> Iterator[Tables]:
    """Return the engine in a child process, with the table of the cases and one to join it with."""
    found = Tables()
    found.ask({"name": "j", "columns": COLUMNS})
    found.ask({"name": "b", "columns": {"uid": ["int64", [1, 2]], "name": ["text", ["x", "y"]]}})
    yield found
    found.close()


def located(text: str) -> str:
    """Return a query over the tables."""
    for name in ("j", "b"):
        text = text.replace(f"from {name}", f'from "mem://{name}"').replace(f"join {name} ", f'join "mem://{name}" ')
    return text


def codes(text: str) -> set[str]:
    """Return the codes of the findings in a query, without those of joins and of indexed keys."""
    return {finding.code for finding in check(text, SCHEMAS, info=True)} - {"TQL512", "TQL515"}


def ids(tables: Tables, text: str) -> Any:
    """Return the first output of each row, or the message of the engine."""
    found = tables.ask(text)
    return found if isinstance(found, str) else [row[0] for row in found]


@pytest.mark.parametrize(("text", "expected", "rows", "meant"), WRONG)
def test_other_rows_are_found(text: str, expected: set[str], rows: list[int], meant: list[int], tables: Tables) -> None:
    """The engine returns other rows than SQL means, and the check says so."""
    assert codes(located(text)) == expected
    assert ids(tables, located(text)) == rows
    assert rows != meant


@pytest.mark.parametrize(("text", "rows"), RIGHT)
def test_a_right_form_is_clean(text: str, rows: list[Any], tables: Tables) -> None:
    """The engine returns the rows that SQL means, and the check finds nothing."""
    assert codes(located(text)) == set()
    assert ids(tables, located(text)) == rows


@pytest.mark.parametrize(("text", "expected"), FAILING)
def test_a_refused_text_is_found(text: str, expected: set[str], tables: Tables) -> None:
    """The engine fails, and the check says so."""
    assert codes(located(text)) == expected
    assert "Error: " in tables.ask(located(text)) or "InvalidType: " in tables.ask(located(text))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("select id from j where js['k'] = nn", "write nn = js['k'] + 0"),
        ("select id from j where nn is not null and js['k'] > nn", "write nn < js['k'] + 0"),
        ("select id from j where nn != js['k']", "write nn != js['k'] + 0"),
        ("select id from j where js['k'] = nn * 2 + 1", "write nn * 2 + 1 = js['k'] + 0"),
        ("select id from (select *, js['k'] as k from j) where k = nn", "write nn = k + 0"),
        ("select id from j order by js['k'] = nn", "write nn = js['k'] + 0"),
    ],
)
def test_a_null_beside_json_is_never_sent(text: str, hint: str) -> None:
    """A nullable number in a comparison with JSON is found, also behind IS NOT NULL in the same WHERE."""
    found = crash_findings(read(located(text)), SCHEMAS)

    assert [(finding.code, finding.hint) for finding in found] == [("TQL416", hint)]


@pytest.mark.parametrize("test", ["js['k'] = nul", "nul is not null and js['k'] < nul", "nul != js['k']"])
def test_a_null_beside_json_ends_the_engine(test: str) -> None:
    """The engine process crashes."""
    runner = Runner()

    try:
        assert runner.ask(f'select id from "mem://t" where {test}') == CRASH
    finally:
        runner.close()


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("select id from j where i64 > js['k']", "select id from j where js['k'] < i64"),
        ("select id from j where not ('b' <= js['s'])", "select id from j where not (js['s'] >= 'b')"),
        ("select -2 < js['k'] as x from j", "select js['k'] > -2 as x from j"),
        ("select id from j where i8 > js['k']", "select id from j where i8 > js['k']"),
        (
            "select id from j where i64 > js['k'] and x > js['k']",
            "select id from j where js['k'] < i64 and x > js['k']",
        ),
        ("select id from j where js['k'] < js['l']", "select id from j where js['k'] < js['l']"),
    ],
)
def test_the_sides_are_exchanged_where_that_is_certain(text: str, fixed: str) -> None:
    """A literal, and in WHERE a column of a known type, goes to the right; numbers of 8 bits and JSON on both sides do not."""
    assert fix(located(text), SCHEMAS) == located(fixed)


@pytest.mark.parametrize("test", ["contains()", "contains(keys())", "contains(keys(js))", "not contains()"])
def test_a_call_without_arguments_is_checked(test: str) -> None:
    """A condition whose call lacks its arguments requires no value."""
    text = located(f"select js['k'] + 0 as x from j where {test}")

    assert "TQL539" in codes(text)
    assert "TQL204" in codes(text)


def test_a_star_with_an_alias_has_the_columns_of_both_sources(tables: Tables) -> None:
    """The engine returns those of the other source too; with one source it does not."""
    text = located("select b.* from (select id, i64 from j) as a join b as b on a.id = b.uid")

    assert codes(text) == {"TQL366"}
    assert tables.ask(text) == [[1, 2, 1, "x"], [2, 9, 2, "y"]]
    assert codes(located("select u.* from b as u")) == set()
    assert tables.ask(located("select u.* from b as u")) == [[1, "x"], [2, "y"]]


def test_a_grouped_value_is_a_list_of_objects(tables: Tables) -> None:
    """The hint has the form of the builder, also for an element of the value."""
    (finding,) = check(located("select js['s'] as s from j group by js['s']"), SCHEMAS)
    (element,) = check(located("select js['s'][0] as s from j group by js['s']"), SCHEMAS)
    meant = located("select s[0] as s, shape(id)[0] as c from (select *, js['s'] as s from j) group by s")

    assert finding.code == "TQL365"
    assert finding.hint == element.hint
    assert "+ 0" not in str(element.hint)
    assert "group by k" in str(element.hint)
    assert check(meant, SCHEMAS) == []
    assert tables.ask(meant) == [["a", 1], ["b", 2], ["x", 1]]
