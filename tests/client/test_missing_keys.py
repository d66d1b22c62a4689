"""Missing keys of JSON as sort keys and in the filters of retrievers, as docs/filter.md says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tql import Expr, col, desc, select
from tql_client import connect, langchain
from tql_client.datasets import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tql_client import Client

VALUES: list[dict[str, Any]] = [
    {"n": 10, "t": "b"},
    {},
    {"n": -5, "t": ""},
    {"n": 9, "t": "10"},
    {"n": None, "t": None},
    {"n": 0, "t": "9"},
    {"n": -2.5, "t": "a"},
]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """Return a client of a JSON column."""
    with connect(write({"id": list(range(len(VALUES))), "m": VALUES}, tmp_path / "d")) as made:
        yield made


@pytest.mark.parametrize("key", ["n", "t"])
def test_a_missing_key_sorts_first(client: Client, key: str) -> None:
    """It comes last with `desc`, with the columns known and without; `is_null()` as the key before sorts it last both ways."""
    value: Expr = col("m")[key]
    present = sorted(row[key] for row in VALUES if row.get(key) is not None)
    missing = [None] * (len(VALUES) - len(present))
    expected = {
        select("id").order_by(value): [*missing, *present],
        select("id").order_by(desc(value)): [*present[::-1], *missing],
        select("id").order_by(value.is_null(), value): [*present, *missing],
        select("id").order_by(value.is_null(), desc(value)): [*present[::-1], *missing],
    }

    for query, values in expected.items():
        for sent in (query, str(query)):
            found = client.query(sent, on_findings="ignore")["id"]
            assert [VALUES[number].get(key) for number in found] == values


def test_a_missing_key_in_a_filter(client: Client) -> None:
    """`$ne` leaves it out, and `$nin` keeps it."""
    found = {}
    for sign, operand in (("$ne", 0), ("$nin", [0])):
        condition = langchain.condition({"m.n": {sign: operand}})
        assert condition is not None
        found[sign] = client.query(select("id").where(condition))["id"]

    assert found == {"$ne": [0, 2, 3, 6], "$nin": [0, 1, 2, 3, 4, 6]}
