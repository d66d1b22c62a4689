"""Values that `write` stores as they are, those that it refuses before it creates anything, and frames."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tql import col, fn, select
from tql_client import connect
from tql_client.datasets import write
from tql_client.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def written(columns: Any, path: Path) -> list[dict[str, Any]]:
    """Return the rows of a new dataset."""
    with connect(write(columns, str(path / "d"))) as client:
        return client.query(select()).rows


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [1, 2**64]}, "'a' takes no 18446744073709551616 in row 1: integers have 64 bits"),
        ({"a": [2**63]}, "'a' takes no 9223372036854775808 in row 0: integers have 64 bits"),
        ({"a": [0.5, -(2**63) - 1]}, "'a' takes no -9223372036854775809 in row 1"),
        ({"a": [1, 2], "b": ["x"]}, "one value for each row: 'a' has 2, 'b' has 1"),
        ({"a": [1, 2], "at": [None, NOW]}, r"'at' takes no datetime.* in row 1: .*int\(value.timestamp\(\)\) or value"),
        ({"a": [NOW.date()]}, "the engine stores no times"),
        ({"a": [None, None]}, "'a' cannot be inferred from its values: all 2 are None"),
        ({"a": []}, "'a' cannot be inferred from its values: it has none"),
        ({}, "takes one column or more, got none"),
        ({"a": [1, "x"]}, "'a' cannot be inferred, it has 1 in row 0 and 'x' in row 1"),
        ({"a": [True, 1]}, "'a' cannot be inferred, it has True in row 0 and 1 in row 1"),
        ({"a": [b"x"]}, "'a' takes no b'x' in row 0"),
        ({"a": [[1, 2], [0.5]]}, r"'a' takes no \[0.5\] in row 1: it has 1 numbers, and row 0 has 2"),
        ({"a": [[1, 2], [2**64]]}, "'a' takes no 18446744073709551616 in row 1: integers have 64 bits"),
        ({"a": [[], []]}, r"'a' takes no \[\] in row 0: a vector has one number or more"),
        ({"a": [[1, 2], None]}, "'a' takes no None in row 1: a column of lists has a list in each row"),
        ({"a": [["x"]]}, "in row 0: a list of numbers has numbers only; write a list of another kind as JSON"),
        ({"a": [{"x", "y"}]}, "in row 0: a set has no order: write a list of another kind as JSON"),
        ({"a": [[1.0], [1.0, 2.0]]}, "it has 2 numbers, and row 0 has 1: vectors have equal lengths; write a list of"),
        ({"a": [[1, None]]}, "in row 0: a list of numbers has numbers only"),
        ({"a": "text"}, "'a' takes a list with a value for each row, got 'text'"),
        ({"a": 3}, "'a' takes a list with a value for each row, got 3"),
        ({3: [1]}, "the name of a column is a text, got 3"),
    ],
)  # fmt: skip
def test_values_that_are_not_stored(columns: Any, words: str, tmp_path: Path) -> None:
    """The error names the column, the row and the value, and nothing is created."""
    with pytest.raises(ConfigError, match=words):
        write(columns, str(tmp_path / "d"))
    assert not (tmp_path / "d").exists()


def test_the_largest_and_the_smallest_integer(tmp_path: Path) -> None:
    """Both are stored as they are."""
    assert written({"a": [2**63 - 1, -(2**63)]}, tmp_path) == [{"a": 2**63 - 1}, {"a": -(2**63)}]


def test_lists_of_integers_of_several_lengths(tmp_path: Path) -> None:
    """They are arrays, and a condition finds their elements."""
    path = write({"id": [1, 2, 3], "tags": [[1, 2**62 + 1], [], [3]]}, str(tmp_path / "d"))
    with connect(path) as client:
        found = client.query(select().where(fn.any(col("tags") == 2**62 + 1))).rows
        tags = client.query(select("tags").order_by("id")).rows

    assert found == [{"id": 1, "tags": [1, 2**62 + 1]}]
    assert tags == [{"tags": [1, 2**62 + 1]}, {"tags": []}, {"tags": [3]}]


def test_a_dataset_that_exists(tmp_path: Path) -> None:
    """It stays as it is."""
    assert written({"a": [1]}, tmp_path) == [{"a": 1}]
    with pytest.raises(ConfigError, match="is a dataset already: choose another path, or remove it first"):
        write({"a": [2]}, str(tmp_path / "d"))


def test_scalars_of_numpy_and_missing_texts(tmp_path: Path) -> None:
    """They are stored as those of Python; NaN in a column of texts is null."""
    columns = {"i": np.arange(2), "f": [np.float32(0.5), np.nan], "t": ["a", math.nan], "b": np.array([True, False]), "e": np.eye(2)}  # fmt: skip
    found = written(columns, tmp_path)

    assert math.isnan(found[1].pop("f"))
    assert found == [{"i": 0, "f": 0.5, "t": "a", "b": True, "e": [1, 0]}, {"i": 1, "t": None, "b": False, "e": [0, 1]}]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_frames(frame: Any, tmp_path: Path) -> None:
    """Their columns are read by name, with nulls."""
    columns: dict[str, list[Any]] = {"id": [1, 2], "t": ["a", None], "x": [0.5, 1.5], "e": [[1.0, 0.0], [0.0, 1.0]]}

    expected = [{name: values[row] for name, values in columns.items()} for row in range(2)]
    assert written(frame(columns), tmp_path) == expected


def test_nulls_of_pandas(tmp_path: Path) -> None:
    """`pd.NA` is null, and a time of pandas is refused."""
    assert written(pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}), tmp_path) == [{"n": 1}, {"n": None}]
    with pytest.raises(ConfigError, match=r"takes no Timestamp\(.*in row 0: the engine stores no times"):
        write(pd.DataFrame({"at": [NOW]}), str(tmp_path / "times"))


def test_a_null_of_json_in_frames(tmp_path: Path) -> None:
    """The engine answers `{}` for it: frames have null among values that are no objects, and keep an object among objects."""
    metas = [{"year": 2020, "o": {"a": 1}}, {"year": None, "o": {}}, {"year": 2022, "o": {"a": 2}}]
    with connect(write({"id": [1, 2, 3], "meta": metas}, str(tmp_path / "d"))) as client:
        found = client.query(select("id", year=col("meta")["year"], o=col("meta")["o"]).order_by("id"))
        frames = found.to_arrow().to_pydict(), found.to_polars().to_dict(as_series=False)

    assert [row["year"] for row in found.rows] == [2020, {}, 2022]
    assert [frame["year"] for frame in frames] == [[2020, None, 2022]] * 2
    assert [frame["o"] for frame in frames] == [[{"a": 1}, {"a": None}, {"a": 2}]] * 2
    assert found.to_pandas()["year"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("nan", ["null", "error"])
def test_a_dataset_has_no_decoding_of_nan(nan: Any, tmp_path: Path) -> None:
    """The option is for endpoints; here it had no effect."""
    path = write({"x": [1.0]}, str(tmp_path / "d"))
    with pytest.raises(ConfigError, match=f"`nan` decodes the answers of endpoints, got '{nan}'"):
        connect(path, nan=nan)
    with connect(path, nan="keep") as client:
        assert client.query("select x")["x"] == [1.0]
