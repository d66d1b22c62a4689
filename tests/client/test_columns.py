"""Columns of the engine as numpy, pandas, polars and Arrow: each has the engine's types, and the values of `Result.columns`."""

from __future__ import annotations

from typing import Any

import deeplake
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tql import col, select
from tql_client import connect
from tql_client.protocol.wire import Answer
from tql_client.results.columns import Lists, Nullable, typed
from tql_client.results.result import Meta, Result

T: Any = deeplake.types
KEPT: list[Any] = []
SINGLE: dict[str, list[Any]] = {
    "int8": [-128, 0, 127],
    "uint8": [0, 1, 255],
    "int16": [-(2**15), 0, 2**15 - 1],
    "uint16": [0, 1, 2**16 - 1],
    "int32": [-(2**31), 0, 2**31 - 1],
    "uint32": [0, 1, 2**32 - 1],
    "int64": [-(2**63), 0, 2**63 - 1],
    "uint64": [0, 1, 2**64 - 1],
    "float32": [0.1, -0.0, float("nan")],
    "float64": [0.1, -1e300, float("nan")],
    "bool": [True, False, True],
}
OF_ENGINE = {name: getattr(T, f"UInt{name[4:]}" if name[0] == "u" else name.title()) for name in SINGLE}


def result(name: str, columns: dict[str, tuple[Any, Any]]) -> Result:
    """Return the result of all rows of a dataset in memory."""
    made = deeplake.create(f"mem://columns_{name}")
    for column, (kind, _values) in columns.items():
        made.add_column(column, kind)
    made.append({column: values for column, (_kind, values) in columns.items()})
    made.commit()
    KEPT.append(made)
    return connect(f"mem://columns_{name}").query(select("*"))


def same(found: list[Any], expected: list[Any], kind: str = "") -> bool:
    """Return whether two lists of values are equal, NaN and the sign of 0 too; a float32 is the float with its shortest digits."""
    if kind == "float32":
        found, expected = (
            [None if value is None else np.float32(value) for value in part] for part in (found, expected)
        )
    return repr(found) == repr(expected)


@pytest.mark.parametrize("kind", SINGLE)
@pytest.mark.parametrize("nulls", ["never", "some", "none", "all"])
def test_numbers(kind: str, nulls: str) -> None:
    """A number keeps its type, a nullable one too, whether the rows have nulls or not."""
    values: list[Any] = {"some": [*SINGLE[kind], None], "all": [None, None]}.get(nulls, SINGLE[kind])
    of_engine = OF_ENGINE[kind]()
    found = result(f"{kind}_{nulls}", {"c": (of_engine if nulls == "never" else T.Nullable(of_engine), values)})

    frame, table, polars = found.to_pandas(), found.to_arrow(), found.to_polars()
    wanted = {"bool": "boolean"}.get(
        kind, kind.replace("ui", "UI").capitalize() if kind[0] != "u" else f"UInt{kind[4:]}"
    )
    assert str(frame["c"].dtype) == (kind if nulls == "never" else wanted)
    assert str(table["c"].type) == {"float32": "float", "float64": "double"}.get(kind, kind)
    assert polars.schema["c"] == {"bool": pl.Boolean}.get(kind) or str(polars.schema["c"]).lower() == kind
    assert same(table["c"].to_pylist(), values, kind)
    assert same(polars["c"].to_list(), values, kind)
    assert [value is pd.NA for value in frame["c"]] == [value is None for value in values] or nulls == "never"
    assert same(found["c"], values, kind)
    if nulls == "never":
        assert str(found.to_numpy("c").dtype) == kind
    if None in values:
        assert found.to_numpy("c").dtype == object


def test_vectors() -> None:
    """An embedding is a list of a fixed size, arrays of different lengths are lists; both have the type of their numbers."""
    matrix = np.arange(12, dtype=np.float32).reshape(4, 3) / 7
    ragged = [np.asarray(part, np.int16) for part in ([1], [], [2, 3], [])]
    found = result(
        "vectors", {"e": (T.Embedding(3), matrix), "r": (T.Array(T.Int16(), 1), ragged), "t": (T.Text(), list("abcd"))}
    )

    table, polars, frame = found.to_arrow(), found.to_polars(), found.to_pandas()
    assert table["e"].type == pa.list_(pa.float32(), 3)
    assert table["r"].type == pa.list_(pa.int16())
    assert polars.schema["e"] == pl.Array(pl.Float32, 3)
    assert np.asarray(table["e"].to_pylist(), np.float32).tobytes() == matrix.tobytes()
    assert table["r"].to_pylist() == polars["r"].to_list() == [part.tolist() for part in ragged] == found["r"]
    assert np.stack(frame["e"].tolist()).tobytes() == matrix.tobytes()
    assert [part.tolist() for part in frame["r"]] == found["r"]
    assert frame["t"].tolist() == table["t"].to_pylist() == list("abcd")


def test_no_rows() -> None:
    """A number without rows keeps its type."""
    found = result(
        "empty", {"n": (T.Int16(), [1]), "e": (T.Embedding(2), np.ones((1, 2), np.float32)), "t": (T.Text(), ["a"])}
    )
    none = connect("mem://columns_empty").query(select("n", "e", "t").where(col("n") > 5))

    assert len(found) == 1
    assert str(none.to_arrow()["n"].type) == "int16"
    assert str(none.to_pandas()["n"].dtype) == "int16"
    assert none.to_arrow().num_rows == none.to_polars().height == len(none.to_pandas()) == 0


@pytest.mark.parametrize(
    "values",
    [["a", None], [{"a": 1}], [[1], None], [np.asarray(1), np.asarray(1.5)], [np.asarray([1]), None], [np.asarray(["a"])], [None]],
    ids=repr,
)  # fmt: skip
def test_other_values_stay_lists(values: list[Any]) -> None:
    """Texts, objects, numbers of several types and nulls of an unknown type have no arrays."""
    assert typed(values, None) is None
    assert len(Result(Answer(("a",), {"a": values}), Meta("q")).to_pandas()) == len(values)


def test_nulls_differ_from_nan() -> None:
    """NaN of a nullable float is no null."""
    found = typed([np.asarray(np.nan), None, np.asarray(1.0)], "nullable[float64]")
    assert isinstance(found, Nullable)
    values = Result(Answer(("a",), {"a": [np.asarray(np.nan), None]}), Meta("q")).to_arrow()["a"]
    assert values.null_count == 1
    assert isinstance(typed([np.asarray([1]), np.asarray([], np.uint8)], None), Lists)


def test_tables_of_many_rows() -> None:
    """A table of the first rows makes no others."""
    found = result("long", {"n": (T.Int64(), list(range(1000)))})
    assert "1000 rows" in str(found)
    assert "columns" not in vars(found)
    assert found.rows[999] == {"n": 999}
