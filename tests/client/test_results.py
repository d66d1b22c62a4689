"""Results: rows, columns, numpy, pandas, polars, Arrow, and tables of text and HTML, equal for both forms of a response."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from typing import Any

import numpy as np
import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.tql.compiler.test_meaning import several
from tql_client.errors import MissingExtra
from tql_client.extras import command
from tql_client.protocol import wire
from tql_client.protocol.values import LONG
from tql_client.protocol.wire import Answer, decode_answer, encode_answer
from tql_client.results import html_table, table
from tql_client.results.result import Meta, Result

NUMBERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_infinity=True, allow_nan=True)
TEXTS = st.text(max_size=8)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "int": NUMBERS,
    "float": FLOATS,
    "bool": st.booleans(),
    "text": TEXTS,
    "nullable int": st.none() | NUMBERS,
    "nullable text": st.none() | TEXTS,
    "vector": st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
    "ragged": st.lists(NUMBERS, max_size=3),
    "object": st.dictionaries(TEXTS, NUMBERS | TEXTS | st.none(), max_size=2),
}

# Values that resemble vectors: floats and integers, some beyond 64 bits, nulls, strings and lists.
_NUMBERS = st.floats(width=32) | st.floats() | NUMBERS | st.integers(2**63, 2**70) | st.booleans()
VECTORS = (
    st.lists(st.floats(width=32), min_size=2, max_size=2)
    | st.lists(_NUMBERS, min_size=2, max_size=2)
    | st.lists(_NUMBERS | st.none() | TEXTS | st.lists(_NUMBERS, max_size=2), max_size=3)
    | st.none()
)


@st.composite
def columns(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Return columns of some kinds, all of equal length."""
    count = draw(st.integers(0, 5))
    names = draw(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4, unique=True))
    return {
        name: draw(st.lists(KINDS[draw(st.sampled_from(list(KINDS)))], min_size=count, max_size=count))
        for name in names
    }


def result_of(data: dict[str, list[Any]], *, as_list: bool) -> Result:
    """Return the result of a response in one form."""
    return Result(decode_answer(encode_answer(data, as_list=as_list)), Meta("select"))


def same(left: Any, right: Any) -> bool:
    """Return whether two values are equal, including NaN and their types."""
    return repr(left) == repr(right)


@several
@given(data=columns(), as_list=st.booleans())
def test_rows_and_columns(data: dict[str, list[Any]], as_list: bool) -> None:  # noqa: FBT001 - drawn
    """Names keep their order, and values their type, in both forms."""
    result = result_of(data, as_list=as_list)
    count = len(next(iter(data.values())))
    if as_list and not count:
        assert result.rows == []
        return

    assert result.names == tuple(data)
    assert same(result.columns, data)
    assert len(result) == count == len(list(result))
    assert bool(result) is bool(count)
    assert same(result.rows, [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)])
    assert all(same(result[name], data[name]) for name in data)


@several
@given(data=columns(), as_list=st.booleans())
def test_frames(data: dict[str, list[Any]], as_list: bool) -> None:  # noqa: FBT001 - drawn
    """A pandas DataFrame has the columns and the length of the result, and an Arrow table its values, unless Arrow rejects them."""
    result = result_of(data, as_list=as_list)
    frame = result.to_pandas()
    assert list(frame.columns) == list(result.names)
    assert len(frame) == len(result)
    try:
        expected = pa.table(result.columns)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, ValueError):
        return
    assert repr(result.to_arrow().to_pydict()) == repr(expected.to_pydict())
    if "\0" not in str(expected.schema):  # NUL ends a name in C
        assert pa.table(result).schema == expected.schema
    assert pa.RecordBatchReader.from_stream(result).read_all().num_rows == len(result)


PLAIN: dict[str, list[Any]] = {
    "n": [1, 2, 3],
    "f": [0.5, math.nan, 2.0],
    "t": ["a", "é", ""],
    "m": [None, "x", None],
    "k": [1, None, 3],
}


@pytest.mark.parametrize("as_list", [True, False])
def test_nulls_and_nan(as_list: bool) -> None:  # noqa: FBT001 - a parameter
    """Null and NaN differ in the libraries that can represent both."""
    result = result_of(PLAIN, as_list=as_list)

    polars = result.to_polars()
    assert polars["m"].to_list() == [None, "x", None]
    assert polars["k"].null_count() == 1
    assert polars["f"].is_nan().to_list() == [False, True, False]
    assert polars["f"].null_count() == 0
    pandas = result.to_pandas()
    assert pandas["m"].isna().tolist() == [True, False, True]
    assert pandas["n"].dtype == np.int64
    assert pd.isna(pandas["f"][1])
    arrow = result.to_arrow()
    assert arrow["m"].null_count == 2
    assert arrow["f"].null_count == 0
    assert pl.DataFrame(result).equals(polars, null_equal=True)
    assert result.to_numpy("k").tolist() == [1, None, 3]
    assert result.to_numpy("k").dtype == object


@pytest.mark.parametrize("as_list", [True, False])
def test_an_embedding_is_one_array(as_list: bool) -> None:  # noqa: FBT001 - a parameter
    """1,000 x 1,536 numbers are one float32 array, bit for bit."""
    vectors = np.random.default_rng(0).standard_normal((1000, 1536)).astype(np.float32)
    result = Result(decode_answer(encode_answer({"e": vectors}, as_list=as_list)), Meta("select"))
    found = result.to_numpy("e")

    assert (found.shape, str(found.dtype)) == ((1000, 1536), "float32")
    assert found.tobytes() == vectors.tobytes()


ARRAYS = [
    ([1, 2], "int64", (2,)),
    ([1.5, 2], "float64", (2,)),
    ([True, False], "bool", (2,)),
    (["a", "b"], "object", (2,)),
    ([[1, 2], [3]], "object", (2,)),
    ([[1, 2], [3, 4]], "int64", (2, 2)),
    ([[0.5], [1.0]], "float32", (2, 1)),
    ([[[0.5, 1]], [[1.0, 2]]], "float32", (2, 1, 2)),
    ([{"a": 1}, {}], "object", (2,)),
    ([None, 1], "object", (2,)),
    ([["a", "b"], ["c", "d"]], "object", (2,)),
    ([2**63, 1], "uint64", (2,)),
    ([2**63, -1], "object", (2,)),
    ([2**70], "float64", (1,)),
    ([1, 0.5], "float64", (2,)),
]


@pytest.mark.parametrize(("values", "dtype", "shape"), ARRAYS)
def test_arrays(values: list[Any], dtype: str, shape: tuple[int, ...]) -> None:
    """Rows of equal type and shape are one array; others are an object array."""
    found = result_of({"a": values}, as_list=False).to_numpy("a")

    assert (str(found.dtype), found.shape) == (dtype, shape)
    assert found.tolist() == values


@several
@given(values=st.lists(VECTORS, max_size=4), by_rows=st.booleans())
def test_arrays_are_those_of_numpy(values: list[Any], by_rows: bool) -> None:  # noqa: FBT001 - a parameter
    """Lists of numbers are one array with numpy's dtype (float32 for floats); other values are an object array."""
    data: Any = [{"a": value} for value in values] if by_rows else {"a": values}
    with np.errstate(over="ignore"):
        found = Result(Answer(("a",), data), Meta("select")).to_numpy("a")
        try:
            wanted = np.asarray(values)
        except ValueError:
            wanted = np.asarray(None)
        if wanted.dtype.kind == "f" and wanted.ndim > 1:
            wanted = wanted.astype(np.float32)

    if wanted.dtype.kind in "iufb":
        assert (found.dtype, found.shape, found.tobytes()) == (wanted.dtype, wanted.shape, wanted.tobytes())
    else:
        assert found.dtype == object
        assert same(list(found), values)


@several
@given(rows=st.lists(st.lists(st.sampled_from("abc"), unique=True), max_size=5), names=st.permutations("abc"))
def test_rows_of_every_order(rows: list[list[str]], names: list[str]) -> None:
    """Each row has the names in the order of the columns, None for missing values, and no other names."""
    names = names[:2]
    sent = [{name: index for index, name in enumerate(row)} for row in rows]
    found = Result(decode_answer(orjson.dumps({"tensors": names, "data": sent})), Meta("select")).rows

    assert [list(row.items()) for row in found] == [[(name, row.get(name)) for name in names] for row in sent]


@several
@given(data=columns(), width=st.integers(20, 100))
def test_tables(data: dict[str, list[Any]], width: int) -> None:
    """Each shown row is one line, within the width; values do not break HTML or Markdown."""
    result = result_of(data, as_list=False)
    text = table.as_text(result.names, result.rows, width)
    lines = text.split("\n")

    assert len(lines) == 2 + len(result)
    assert max(map(len, lines)) <= width
    shown = result._repr_html_()
    pages = max(1, -(-len(result) // html_table.PAGE))
    assert shown.count("<tr>") == pages + len(result)
    assert shown.count("<td") == len(result) * len(result.names)
    marked = list(table.as_markdown(result.names, result.rows))
    assert len(marked) == 2 + len(result)
    assert all("\n" not in line for line in marked)
    assert "<script>" not in result_of({"<script>": ["<script>"]}, as_list=False)._repr_html_()


def test_what_is_printed() -> None:
    """Numbers are right-aligned; long values and long results are truncated."""
    data: dict[str, list[Any]] = {"id": [7, 12], "text": ["a", "b" * 99], "e": [[0.5] * 20, [1, 2]]}
    result = result_of(data, as_list=True)

    assert str(result) == (
        "id  text                                                          e\n"
        "--  ------------------------------------------------------------  ------------------------------\n"
        " 7  a                                                             [0.5, 0.5, 0.5, 0.5, … 20 in all]\n"
    ).replace("------------------------------\n", "---------------------------------\n") + (
        f"12  {'b' * 59}…  [1, 2]\n(2 rows)"
    )
    assert str(result_of({"a": list(range(99))}, as_list=False)).endswith("(99 rows, 20 shown)")
    assert repr(result) == "Result(2 rows of id, text, e)"


def test_rich() -> None:
    """Rich shows a table, with markup escaped."""
    written = io.StringIO()
    Console(file=written, width=60).print(result_of({"id": [1], "[b]": ["[red]x"]}, as_list=True))
    assert "[red]x" in written.getvalue()
    assert "1 row" in written.getvalue()


MISSING = """
import sys
sys.modules[{name!r}] = None
from tql_client.results.result import Meta, Result
from tql_client.protocol import wire
from tql_client.protocol.values import LONG
from tql_client.protocol.wire import Answer
try:
    Result(Answer(("a",), {{"a": [1]}}), Meta("q")).to_{name}()
except ImportError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_a_missing_library_is_named_with_its_extra(name: str) -> None:
    """The message has the command that installs the library."""
    program = [sys.executable, "-c", MISSING.format(name=name)]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stdout

    assert said == f"{MissingExtra.__name__} {name} is not installed: {command('frames')}\n"


def test_a_column_that_is_not_there() -> None:
    """The error has the names of the columns."""
    with pytest.raises(KeyError, match="no column `x`; it has n, f"):
        result_of(PLAIN, as_list=False)["x"]


LONG_COLUMNS: dict[str, tuple[list[Any], str | None]] = {
    "integers": ([0, -1, 2**53 + 1, 2**63 - 1, -(2**63)], "int64"),
    "floats": ([0.5, -0.0, 1e300, 1 / 3, float("nan"), float("inf")], "float64"),
    "booleans": ([True, False], "bool"),
    "beyond 64 bits": ([1, 2**63], None),
    "both": ([1, 2.5], None),
    "nulls": ([1, None], None),
    "booleans and integers": ([True, 1], None),
    "texts": (["a", "b"], None),
    "vectors": ([[0.5], [1.5]], None),
}


@pytest.mark.parametrize("as_list", [True, False])
@pytest.mark.parametrize("name", LONG_COLUMNS)
def test_long_columns_of_numbers_become_arrays(name: str, as_list: bool) -> None:  # noqa: FBT001 - a parameter
    """Values, rows and frames are those of the same column that stays a list, and its types are those of the values."""
    some, dtype = LONG_COLUMNS[name]
    values = some * (LONG // len(some) + 1)
    body = json.dumps({"tensors": ["v"], "data": [{"v": value} for value in values] if as_list else {"v": values}})
    answer = decode_answer(body.encode())
    result = Result(answer, Meta("q"))
    listed = Result(Answer(("v",), {"v": values}), Meta("q"))

    stored = None if as_list else getattr(answer.data["v"], "dtype", None)
    assert as_list or str(stored) == str(dtype)
    for found in (result, Result(decode_answer(bytearray(body.encode())), Meta("q"))):
        assert repr(found["v"]) == repr(values)
        assert [repr(row["v"]) for row in found.rows] == list(map(repr, values))
    assert repr(result.to_numpy("v").tolist()) == repr(listed.to_numpy("v").tolist())
    assert result.to_numpy("v").dtype == listed.to_numpy("v").dtype
    assert result.to_pandas().dtypes.tolist() == pd.DataFrame({"v": values}).dtypes.tolist()
    assert repr(result.to_pandas()["v"].tolist()) == repr(pd.Series(values).tolist())
    if name not in {"both", "booleans and integers", "beyond 64 bits"}:  # pyarrow.table refuses these
        assert repr(result.to_arrow().to_pydict()) == repr(pa.table({"v": values}).to_pydict())
        assert result.to_arrow().schema == pa.table({"v": values}).schema


def test_a_large_response_has_arrays_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoded in chunks, a long column of numbers is an array as well, for both forms of a response."""
    monkeypatch.setattr(wire, "LARGE", 0)
    values = list(range(LONG))
    for data in ([{"v": value} for value in values], {"v": values}):
        answer = decode_answer(bytearray(json.dumps({"data": data}).encode()))
        assert (str(answer.data["v"].dtype), Result(answer, Meta("q"))["v"]) == ("int64", values)
