"""Random queries over nullable numbers and JSON: none without an error of the check crashes the engine process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle import CRASH, HANG, Runner
from tql import Schema, check

if TYPE_CHECKING:
    from collections.abc import Iterator

NULL_FREE = '(select * from "mem://t" where nul is not null)'
numbers = st.sampled_from(["nul", "nul", "nul", "id", "i32", "f64", "grp", "1", "3", "2.5"])
texts = st.sampled_from(["js['k'] = id", "js['k'] = 3", "js['s'] = text", "js['s'] = 's2'", "ntext = 'doc 1'", "b"])


def _arithmetic(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return numbers computed of numbers."""
    binary = st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*"]), inner)
    return binary | st.builds("{}({})".format, st.sampled_from(["abs", "sum", "amax", "l1_norm", "-", "-"]), inner)


values = st.recursive(numbers, _arithmetic, max_leaves=3)
tests = st.one_of(
    st.builds("{} {} {}".format, values, st.sampled_from(["=", "!=", "<", ">="]), values),
    st.sampled_from(["nul is null", "nul is not null"]),
    texts,
)


def _logic(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return conditions made of conditions."""
    binary = st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
    return binary | st.builds("{}({})".format, st.sampled_from(["not ", "any"]), inner)


conditions = st.recursive(tests, _logic, max_leaves=4)
sources = st.sampled_from(['"mem://t"', '"mem://t"', '"mem://t"', NULL_FREE])
queries = st.one_of(
    st.builds("select id, {} as k from {}".format, values | conditions, sources),
    st.builds("select id, {} as k from {} where {}".format, values | conditions, sources, conditions),
    st.builds("select id from {} where {}".format, sources, conditions),
    st.builds("select id from {} order by {}".format, sources, values | conditions),
    st.builds("select id[0] as i from {} group by {}".format, sources, values | conditions),
    st.builds("select id from {} sample by max_weight({}: 2, true: 1) limit 3".format, sources, conditions),
)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Return the engine with the data of the cases, in a child process."""
    found = Runner()
    yield found
    found.close()


def is_deadly(text: str, schemas: dict[str, Schema]) -> bool:
    """Tell whether the check reports that a query crashes the process."""
    return any(finding.code.startswith("TQL4") for finding in check(text, schemas))


@settings(
    max_examples=int(os.environ.get("TQL_TEXTS", "2400")) // 4,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(text=queries)
def test_nothing_that_is_clean_ends_the_process(text: str, schemas: dict[str, Schema], runner: Runner) -> None:
    """Whatever has no finding of TQL4xx is answered, by rows or by an error."""
    if not is_deadly(text, schemas):
        assert runner.ask(text) not in (CRASH, HANG), text


DEADLY = [
    'select id from "mem://t" where abs(nul) > 1',
    'select id, -nul < 1 as k from "mem://t"',
    'select id from "mem://t" order by abs(nul) limit 3',
    "select id from \"mem://t\" where nul = js['k']",
    "select id from \"mem://t\" where nul is not null and js['k'] <= nul",
    'select any(logical_and(nul, b)) as k from "mem://t"',
    'select any(logical_and(b, nul)) as k from "mem://t"',
    'select all(abs(nul)) as k from "mem://t"',
    'select hamming_distance(nul, 1) as k from "mem://t"',
    'select id from "mem://t" where bin[0] between 1 and 5',
    'select id, emb[0:2] between 1 and 5 as k from "mem://t"',
    'select not (bin > 1 and id > 1) as k from "mem://t"',
    'select sum(id) / shape(id)[0] as k from "mem://t" where id > 99 group by grp',
    'select amax(id) - amin(grp) as k from (select * from "mem://t" where id > 99) group by grp',
    'select id from "mem://t" sample by abs(0) limit 2',
    "select js['k'] = id as x from \"mem://t\"",
    "select i32 != js['s'] as x from \"mem://t\"",
    'select id = 1 or nul = 3 as k from "mem://t"',
    'select id from "mem://t" where any(nul = 1 or nul = 3)',
    'select id from "mem://t" sample by max_weight(nul > 1: 2) limit 3',
    'select max_weight(nul > 1: 2) as k from "mem://t"',
    'select id[0] as i from "mem://t" group by -nul',
    'select any(not (nul >= 3)) as k from "mem://t"',
    "select js['k'] = 3 or id = 1 as k from \"mem://t\"",
    "select (js['k'] = 3) * id as k from \"mem://t\"",
    'select b.name as n from "mem://t" as a join "mem://u" as b using (b.*)',
    'with q as (select b.name as n from "mem://t" as a join "mem://u" as b using (*)) select id from "mem://t"',
]
SAFE = [
    'select id, abs(nul) as k from "mem://t" where nul is not null',
    'select id from (select id, nul as n from "mem://t" where nul is not null and id > 3 order by id desc) where -n < -9',
    'select id from "mem://t" where nul is not null order by -nul',
    'select nul is null or nul = 3 as k from "mem://t"',
    'select not (nul is not null and nul > 3) and id > 2 as k from "mem://t"',
    'select sum(-nul) as k, sum(abs(nul)) as m from "mem://t"',
    'select id from "mem://t" where nul = 1 or not nul = 3 and id > 2',
    "select js['k'] + 0 = id as x from \"mem://t\"",
    "select js['k'] + 0 = 3 or id = 1 as x from \"mem://t\"",
    "select js['k'] = 3 or js['k'] = 4 or js['k'] is null as x from \"mem://t\"",
    "select js['k'] is null or id = 1 as x from \"mem://t\"",
    'select not nul = 3 as k from "mem://t"',
    "select id from \"mem://t\" where js['k'] = id",
    "select id from \"mem://t\" where nul = js['k'] + 0",
    "select id from (select * from \"mem://t\" where nul is not null) where nul = js['k']",
    'select any(bin > 1) and id > 1 as k from "mem://t"',
    'select sum(id) / amax(id) as k from "mem://t" where id > 99 group by grp',
    'select id from "mem://t" sample by max_weight(nul is not null and nul > 1: 2) limit 3',
    'select id from "mem://t" where nul is not null and id = nul',
]


@pytest.mark.parametrize("text", DEADLY)
def test_what_ends_the_process_is_found(text: str, schemas: dict[str, Schema], runner: Runner) -> None:
    """The engine dies of each, and the check says so."""
    assert is_deadly(text, schemas)
    assert runner.ask(text) in (CRASH, HANG)


@pytest.mark.parametrize("text", SAFE)
def test_what_runs_rightly_has_no_error(text: str, schemas: dict[str, Schema], runner: Runner) -> None:
    """The forms without a null where it is read have no error, and rows."""
    assert not [finding for finding in check(text, schemas) if finding.severity == "error"]
    assert "rows" in runner.ask(text)
