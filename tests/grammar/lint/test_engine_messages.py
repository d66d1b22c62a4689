"""Error messages of the engine become findings: the rule that explains each, and its place in the query."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import deeplake
import pytest

from tests.differential.measured import CASES, text_of
from tql_client import connect
from tql_client.errors import APIError
from tql_grammar.lint.engine_messages import explain_message

if TYPE_CHECKING:
    from pathlib import Path

    from tql import Schema

ENDS = ("CRASH", "HANG")


def said(case: dict[str, Any]) -> str:
    """Return the message of the engine, without the name of the exception."""
    return str(case["engine"].removeprefix("[fetch] ").partition(": ")[2])


def test_every_measured_answer_is_known(schemas: dict[str | None, Schema]) -> None:
    """Each message of the measured verdicts has a finding within its query."""
    refused = [case for case in CASES if case["engine"] != "ok" and not case["engine"].startswith(ENDS)]
    assert len(refused) > 900
    for case in refused:
        text = text_of(case)
        found = explain_message(said(case), text, schemas)

        assert found is not None, case["engine"]
        assert 0 <= found.start <= found.end <= len(text) + 1
        assert found.severity == "error"


PLACES = [
    (
        'Tensor "score" does not exist in the dataset. If "score" is ..',
        "select id from D order by score",
        "TQL215",
        "score",
    ),
    (
        'Tensor "next" does not exist in the dataset.',
        "select id + 1 as next from D order by next",
        "TQL210",
        "next",
    ),
    (
        "Function 'COUNT' is not found in external function sources.",
        "select count(id) as n from D",
        "TQL201",
        "count(id)",
    ),
    ("Function 'SHAPE' requires 1 arguments, but 0 is provided.", "select shape() as n from D", "TQL204", "shape()"),
    ("Pos 26 - syntax error, unexpected '&'", "select id from D where 1 < 2 < 3", "TQL103", "<"),
    ("std::get: wrong index for variant", "select id from D limit 1 + 1", "TQL208", "1 + 1"),
    ("std::get: wrong index for variant", "select id from D where id in (grp)", "TQL209", "grp"),
    (
        "CASE is not supported.",
        "select case when id > 1 then 2 end as x from D",
        "TQL203",
        "case when id > 1 then 2 end",
    ),
    ("Dataset alias w in expression w.id is not found.", "select w.id from D as d", "TQL213", "w.id"),
    ("The query source - 'hub://x', is not found or not supported.", 'select id from "hub://x"', "TQL241", "hub://x"),
    ("Key not found", "select id from D where js['s'] like 'a%'", "TQL517", "js['s']"),
    (
        "Can't convert array to json in ORDER expression.",
        "select id from D order by js['n']",
        "TQL244",
        "select id from D order by js['n']",
    ),
    (
        "Can't eval dynamic shape array.",
        "select sum(nul) as s from D group by grp",
        "TQL245",
        "select sum(nul) as s from D group by grp",
    ),
    ("Dtype is unknown.", "select js['f'] + 0 as x from D group by grp", "TQL365", "js['f'] + 0"),
    (
        "Dtype is unknown.",
        "select js['f'] + 0 as x from D",
        "TQL539",
        "select js['f'] + 0 as x from D",
    ),
    ("Dtype object is not numeric.", "select -js['f'] as x from D group by grp", "TQL365", "-js['f']"),
    ("Unknown function with name.", "select id from D where abs(grp) in (1)", "TQL211", "abs(grp)"),
    ("Division by zero.", "select id % 0 as x from D", "TQL259", "id % 0"),
    ("Division by zero.", "select id % grp as x from D", "TQL243", "select id % grp as x from D"),
]


@pytest.mark.parametrize(("message", "text", "code", "place"), PLACES)
def test_an_answer_has_its_place(message: str, text: str, code: str, place: str) -> None:
    """The finding is that of the rule, at the part of the query that the message is about."""
    found = explain_message(message, text)

    assert found is not None
    assert (found.code, text[found.start : found.end]) == (code, place)
    assert found.hint


def test_a_null_in_a_group_has_the_place_of_its_reduction(schemas: dict[str | None, Schema]) -> None:
    """With the schema of the dataset the finding is that of the rule, as an error, at the reduction."""
    text = 'select sum(nul) as s from "mem://t" group by grp'
    found = explain_message("Can't eval dynamic shape array.", text, schemas)

    assert found is not None
    assert (found.code, found.severity, text[found.start : found.end]) == ("TQL533", "error", "sum(nul)")
    assert found.hint == "leave null out before the rows are grouped: where nul is not null"


@pytest.mark.parametrize("message", ["", "out of memory", "the bucket is gone", "503 Service Unavailable"])
def test_an_unknown_answer_passes_through(message: str) -> None:
    """An unknown message has no finding."""
    assert explain_message(message, "select id from D") is None


def test_a_client_s_error_carries_the_finding(tmp_path: Path) -> None:
    """The place refers to the text that was sent; the error pickles with it."""
    data = deeplake.create(str(tmp_path / "ds"))
    data.add_column("id", "int64")
    data.append({"id": [1, 0]})
    data.commit()
    with connect(str(tmp_path / "ds")) as client, pytest.raises(APIError) as caught:
        client.query("select 7 % id as x")

    found = caught.value.diagnostic
    assert found is not None
    assert found.code == "TQL243"
    assert pickle.loads(pickle.dumps(caught.value)).diagnostic == found  # noqa: S301 - our own pickle
