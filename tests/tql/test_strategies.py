"""Hypothesis strategies of a schema: the engine stores their rows and answers their queries."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tql.columns import same
from tql import ArgumentError, Expr, Query, Schema, check, select
from tql.compiler.compile import compile_query
from tql.strategies import conditions, queries, rows, values
from tql_client import connect
from tql_client.errors import MissingExtra

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = Schema(
    {
        "id": "int64", "small": "int8", "big": "uint64", "price": "float64", "half": "float16", "title": "text", "open": "bool",
        "many": "nullable int32", "name": "nullable text", "meta": "json", "tags": "int32[?]", "e": "embedding[3]", "odd name": "float32",
    }
)  # fmt: skip
TYPES = deeplake.types
ENGINE: dict[str, Any] = {
    "id": TYPES.Int64(), "small": TYPES.Int8(), "big": TYPES.UInt64(), "price": TYPES.Float64(), "half": TYPES.Float16(), "title": TYPES.Text(),
    "open": TYPES.Bool(), "many": TYPES.Nullable(TYPES.Int32()), "name": TYPES.Nullable(TYPES.Text()), "meta": TYPES.Dict(), "tags": TYPES.Array("int32", 1),
    "e": TYPES.Embedding(3), "odd name": TYPES.Float32(),
}  # fmt: skip
SLOW = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def plain(value: Any) -> Any:
    """Return a value so that equal ones are equal in Python; the engine returns None for an empty text, {} for a null of JSON, and the shortest digits of a float32."""
    if isinstance(value, dict):
        return {name: {} if item is None else plain(item) for name, item in value.items()}
    if isinstance(value, (list, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (float, np.floating)):
        with np.errstate(over="ignore"):
            return same(float(np.float32(value)))
    return None if value == "" else value


@SLOW
@given(drawn=rows(SCHEMA, min_size=1, max_size=4))
def test_rows(drawn: list[dict[str, Any]]) -> None:
    """The engine stores the rows, and returns the same values."""
    dataset = deeplake.create("mem://rows-of-strategies")
    try:
        for name, kind in ENGINE.items():
            dataset.add_column(name, kind)
        dataset.append(drawn)
        dataset.commit()
        assert str(Schema.from_dataset(dataset)) == str(SCHEMA)
        with connect("mem://rows-of-strategies") as client:
            found = client.query(select()).rows
    finally:
        deeplake.delete("mem://rows-of-strategies")

    assert [same(row["price"]) for row in found] == [same(row["price"]) for row in drawn]
    assert [{name: plain(value) for name, value in row.items()} for row in found] == [
        {name: plain(value) for name, value in row.items()} for row in drawn
    ]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(query=queries(SCHEMA), condition=conditions(SCHEMA))
def test_queries(query: Query, condition: Expr) -> None:
    """The queries compile, without findings but for advice about searches."""
    for made in (query, select("id").where(condition)):
        text = compile_query(made.statement, None, {None: SCHEMA})
        assert [finding.code for finding in check(text, SCHEMA) if not finding.code.startswith("TQL5")] == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_answers(data: st.DataObject, stored: str) -> None:
    """The engine answers the queries."""
    query = data.draw(queries(SCHEMA))
    with connect(stored) as client:
        assert len(client.query(query).rows) <= 3


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a dataset with three rows."""
    path: Path = tmp_path_factory.mktemp("strategies") / "data"
    dataset = deeplake.create(str(path))
    for name, kind in ENGINE.items():
        dataset.add_column(name, kind)
    row = {"id": 1, "small": 1, "big": 2**63, "price": 19.99, "half": 0.5, "title": "it's", "open": True, "many": None, "name": None, "meta": {"a": 1}, "tags": [1, 2], "e": [1.0, 0.0, 0.5], "odd name": 0.5}  # fmt: skip
    dataset.append([row, {**row, "id": 2, "many": 3, "name": ""}, {**row, "id": 2**53 + 1, "price": float("nan")}])
    dataset.commit()
    return str(path)


@pytest.mark.parametrize(
    "column", ["int8", "uint64", "nullable float32", "class label int32", "sequence int64", "float32[2, ?]", "bytes"]
)
def test_values(column: str) -> None:
    """Each description of a column has values."""
    seen: list[Any] = []

    @settings(max_examples=20, database=None)
    @given(values(column))
    def collect(value: Any) -> None:
        seen.append(value)

    collect()
    assert len(seen) >= 1
    assert (None in seen) == column.startswith("nullable")


def test_arguments() -> None:
    """What is no schema, a type without values, and a schema without plain columns are rejected."""
    wrong: Any = {"id": "int64"}
    for function in (rows, conditions, queries):
        with pytest.raises(ArgumentError, match="takes a Schema"):
            function(wrong)
    with pytest.raises(ArgumentError, match="takes a schema with a column"):
        conditions(Schema(meta="json"))
    with pytest.raises(ArgumentError, match="known type"):
        values("inferred unknown")


def test_without_hypothesis() -> None:
    """The import raises `MissingExtra` with the command."""
    code = "import sys\nsys.modules['hypothesis'] = None\nimport tql.strategies"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    last = done.stderr.splitlines()[-1]
    assert last.endswith(
        "MissingExtra: tql.strategies needs hypothesis, which is not installed: pip install hypothesis"
    )
    assert issubclass(MissingExtra, ImportError)
