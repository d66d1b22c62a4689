"""The silent traps: a text as people write it brings other rows than it says, and the builder's text brings the right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import dataset, run
from tql import ArgumentError, col, desc, fn, select

if TYPE_CHECKING:
    from tql import Query

WORDS = ["a*b", "a.b", "aXb", "a%b", "a?b", "a\nb", "", "doc 5", "doc 12", "A.B", "a(b", "a[b"]
ROWS = [{"id": number, "grp": number % 3, "t": word} for number, word in enumerate(WORDS)]
IDS = list(range(len(WORDS)))


@pytest.fixture(scope="module")
def data() -> Any:
    """Return a dozen rows."""
    return dataset("traps", {"id": "int64", "grp": "int64", "t": "text"}, ROWS)


def where(holds: Any) -> list[dict[str, Any]]:
    """Return the numbers of the rows for which something holds."""
    return [{"id": row["id"]} for row in ROWS if holds(row)]


TRAPS = [
    pytest.param(
        "select id order by grp, id desc",
        select("id").order_by("grp", desc("id")),
        [{"id": number} for number in sorted(IDS, key=lambda number: (number % 3, -number))],
        id="second sort key",
    ),
    pytest.param(
        "select distinct grp",
        select("grp").distinct().order_by("grp"),
        [{"grp": 0}, {"grp": 1}, {"grp": 2}],
        id="distinct",
    ),
    pytest.param(
        "(select id where id < 3) union (select id where id > 9) limit 2",
        select("id").where(col("id") < 3).union_all(select("id").where(col("id") > 9)).limit(2),
        [{"id": 0}, {"id": 1}],
        id="limit after union",
    ),
    pytest.param("select id where t < 'b'", select("id").where(col("t") < "b"), where(lambda row: row["t"] < "b"), id="text <"),
    pytest.param("select id where t >= 'b'", select("id").where(col("t") >= "b"), where(lambda row: row["t"] >= "b"), id="text >="),
    pytest.param("select id where t like 'a.b'", select("id").where(col("t").like("a.b")), [{"id": 1}], id="like with a dot"),
    pytest.param("select id where t like 'a(b'", select("id").where(col("t").like("a(b")), [{"id": 10}], id="like with a parenthesis"),
    pytest.param("select id where t like 'a_b'", select("id").where(col("t").like("a_b")), where(lambda row: len(row["t"]) == 3 and row["t"][0] == "a" and row["t"][2] == "b"), id="like with _"),
    pytest.param("select id where t like '%'", select("id").where(col("t").like("%")), where(lambda _: True), id="like anything"),
    pytest.param("select id where id = 010", select("id").where(col("id") == int("010")), [{"id": 10}], id="octal"),
    pytest.param(
        "select grp[0] as grp, shape(id)[0] as n group by grp having shape(id)[0] > 9",
        select("grp", n=fn.count()).group_by("grp").where(fn.count() > 9),
        [],
        id="having",
    ),
    pytest.param(
        "select grp[0] as grp group by grp limit 2",
        select("grp").group_by("grp").order_by(desc("grp")).limit(1),
        [{"grp": 2}],
        id="limit of groups",
    ),
    pytest.param(
        "select id where id in (2.9)", select("id").where(col("id").in_([2.9])), [], id="in cuts fractions"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("naive", "query", "expected"), TRAPS)
def test_the_naive_text_brings_other_rows(naive: str, query: Query, expected: list[dict[str, Any]], data: Any) -> None:
    """Without a word from the engine."""
    assert run(data, naive) != expected
    assert run(data, str(query)) == expected


def test_an_alias_is_not_seen_at_its_own_level(data: Any) -> None:
    """The engine refuses it; where the source has a column of the name it takes that one."""
    query = select("id", rest=col("id") % 5).order_by("rest").limit(3)

    with pytest.raises(RuntimeError, match='Tensor "rest" does not exist'):
        run(data, "select id, id % 5 as rest order by rest limit 3")
    assert run(data, str(query)) == [{"id": 0, "rest": 0}, {"id": 5, "rest": 0}, {"id": 10, "rest": 0}]


def test_a_query_inside_in_is_refused(data: Any) -> None:
    """The engine answers no rows, and never runs the sub-query; the message says what to do."""
    assert run(data, 'select id where id in (select id from "mem://traps" where id < 3)') == []
    with pytest.raises(ArgumentError, match="run it first"):
        col("id").in_(select("id"))  # type: ignore[arg-type]  # the wrong use

    inner = run(data, str(select("id").where(col("id") < 3)))
    assert inner == run(data, str(select("id").where(col("id").in_([row["id"] for row in inner]))))


def test_not_in_front_of_in(data: Any) -> None:
    """The engine reads `NOT id IN ..` as `(NOT id) IN ..`."""
    with pytest.raises(RuntimeError, match="Expected tensor name"):
        run(data, "select id where not id in (1, 2)")
    assert where(lambda row: row["id"] not in {1, 2}) == run(data, str(select("id").where(~col("id").in_([1, 2]))))


def test_ten_thousand_conditions() -> None:
    """A chain of them ends the engine's process; the builder writes them balanced."""
    from tests.oracle import CRASH, Runner

    text = "id = -1"
    runner = Runner()
    many = select("id").where(*(col("id") != number for number in range(100, 10_100))).from_("mem://u")
    chain = f'select id from "mem://u" where {" and ".join([text] * 10_000)}'
    try:
        assert runner.ask(chain) == CRASH
        found = runner.ask(str(many))
    finally:
        runner.close()
    assert found["rows"]["id"] == ["1", "2", "2", "3", "30", "40"]
