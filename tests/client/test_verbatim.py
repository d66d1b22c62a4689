"""Texts that are kept as written: of `tql.parse` and of templates; the client checks them before it sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import tql
from tql_client import connect
from tql_client.datasets import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (tql.parse("select id group by id having id > 3"), "TQL303"),
        (tql.query("select id group by id limit {n}", n=3), "TQL307"),
        (tql.query("select id as x where x > {n}", n=1), "TQL210"),
    ],
)
def test_its_errors_are_raised(query: tql.Query, code: str, tmp_path: Path) -> None:
    """A query is sent only without errors, unless they are ignored."""
    with connect(write({"id": [1, 2], "name": ["abc", "b"]}, str(tmp_path / "d"))) as client:
        with pytest.raises(tql.CheckError, match=code):
            client.query(query)
        if code != "TQL210":  # the engine rejects it
            assert client.query(query, on_findings="ignore").names == ("id",)


def test_one_without_errors_is_sent(tmp_path: Path) -> None:
    """Clauses of the builder go on from it."""
    with connect(write({"id": [1, 2], "name": ["abc", "b"]}, str(tmp_path / "d"))) as client:
        query = tql.parse("select id where name like 'a%' limit 5").where(tql.col("id") > 0)
        assert client.query(query).rows == [{"id": 1}]
        assert client.query(tql.query("select id where id in ({ids})", ids=[2, 3])).rows == [{"id": 2}]
