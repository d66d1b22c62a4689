"""Outputs with the name of a column of the source: ``of="output"`` and ``of="source"`` say which one a clause reads, with and without a schema."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import dataset, run
from tql import Schema, col, desc, fn, select
from tql.compiler.compile import compile_query

if TYPE_CHECKING:
    from tql import Query

names = (f"shadows{number}" for number in itertools.count())
KINDS = {"id": "int64", "lang": "text", "tenant": "text", "meta": "json"}
ROWS: list[dict[str, Any]] = [
    {"id": 1, "lang": "de", "tenant": "x", "meta": {"lang": "DE"}},
    {"id": 2, "lang": "de", "tenant": "y", "meta": {"lang": "EN"}},
    {"id": 3, "lang": "en", "tenant": "y", "meta": {"lang": "EN"}},
    {"id": 4, "lang": "en", "tenant": "y", "meta": {"lang": "DE"}},
    {"id": 5, "lang": "en", "tenant": "x", "meta": {"lang": "EN"}},
]
OUTPUT, SOURCE = col("tenant", of="output"), col("tenant", of="source")
TENANT = select(tenant=col("lang"), n=fn.count())
NAMED = select(tenant=col("lang", of="a"), n=fn.count()).from_(select(), alias="a")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(TENANT.group_by(OUTPUT), [("de", 2), ("en", 3)], id="output"),
        pytest.param(TENANT.group_by(OUTPUT).order_by(desc(OUTPUT)), [("en", 3), ("de", 2)], id="sorted output"),
        pytest.param(TENANT.group_by(OUTPUT).where(OUTPUT == "en"), [("en", 3)], id="filtered output"),
        pytest.param(TENANT.group_by(OUTPUT).where(SOURCE == "y"), [("de", 1), ("en", 2)], id="filtered source"),
        pytest.param(TENANT.group_by(SOURCE), [(["de", "en"], 2), (["de", "en", "en"], 3)], id="source"),
        pytest.param(
            TENANT.group_by(SOURCE).order_by(desc(SOURCE)),
            [(["de", "en", "en"], 3), (["de", "en"], 2)],
            id="sorted source",
        ),
        pytest.param(
            select(lang=col("meta")["lang"], n=fn.count()).group_by(col("lang", of="output")),
            [("DE", 2), ("EN", 3)],
            id="a value of JSON",
        ),
        pytest.param(
            select(id=-col("id"), n=fn.count()).group_by(col("id", of="output")),
            [(-5, 1), (-4, 1), (-3, 1), (-2, 1), (-1, 1)],
            id="its own name",
        ),
        pytest.param(
            select(tenant=col("id") * 0, n=fn.count()).group_by(OUTPUT * 2 + 1),
            [([0, 0, 0, 0, 0], 5)],
            id="computed key",
        ),
        pytest.param(
            select("tenant", n=fn.count()).group_by(OUTPUT), [("x", 2), ("y", 3)], id="a column under its own name"
        ),
        pytest.param(
            select(tenant=col("lang"), low=fn.min("id")).group_by(OUTPUT).where(fn.max(col("id", of="source")) > 2),
            [("en", 3)],
            id="an aggregate of the source",
        ),
        pytest.param(
            select("id", tenant=col("lang")).order_by(desc("id")).limit(1, per=OUTPUT), [(2, "de"), (5, "en")], id="per"
        ),
        pytest.param(select(tenant=col("lang")).distinct().order_by(OUTPUT), [("de",), ("en",)], id="distinct"),
        pytest.param(
            NAMED.group_by(col("tenant", of="a")),
            [(["de", "en"], 2), (["de", "en", "en"], 3)],
            id="alias of the source",
        ),
        pytest.param(
            select(tenant=col("lang", of="a"), id="id").from_(select(), alias="a").where(col("tenant", of="a") == "x"),
            [("de", 1), ("en", 5)],
            id="condition by the alias of the source",
        ),
    ],
)
def test_a_clause_reads_the_column_that_it_says(query: Query, expected: list[Any], *, known: bool) -> None:
    """The rows are those of the named column, although another one has the same name."""
    data = dataset(next(names), KINDS, ROWS)
    text = compile_query(query.statement, None, {None: Schema.from_dataset(data)} if known else {})

    found = [tuple(row.values()) for row in run(data, text)]
    has_order = query.statement.keys and not query.statement.limit_per

    assert (found if has_order else sorted(found, key=repr)) == (expected if has_order else sorted(expected, key=repr))
