"""Vectors from every protocol: stand-ins of DLPack, `__array__` and the buffer protocol, and pandas, pyarrow and polars themselves."""

from __future__ import annotations

import array
import tracemalloc
from typing import Any

import numpy as np
import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tql import ArgumentError, select
from tql_grammar.floats import PART

NUMBERS = [0.1, -2.5, 3.0]
EXPECTED = str(select().similarity("e", NUMBERS).order_by("score"))


class OfDlpack:
    """An array that supports DLPack only, as those of jax and torch."""

    def __init__(self, values: Any, device: tuple[int, int] = (1, 0)) -> None:
        """Wrap an array."""
        self._held = np.asarray(values, np.float32)
        self._device = device

    def __dlpack__(self, **named: Any) -> Any:
        """Return a capsule of the memory."""
        return self._held.__dlpack__(**named)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return the type of the device: 1 is the CPU, 2 a GPU."""
        return self._device


class OfArray:
    """An array that supports ``__array__`` only."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        """Return the numbers."""
        made = np.asarray(NUMBERS, dtype or np.float64)
        return made.copy() if copy else made


VECTORS = [
    NUMBERS,
    tuple(NUMBERS),
    np.array(NUMBERS),
    np.array(NUMBERS, np.float32),
    np.array([*NUMBERS, *NUMBERS])[:3],
    np.repeat(np.array(NUMBERS, np.float32), 2)[::2],
    np.array(NUMBERS, ">f4"),
    array.array("f", NUMBERS),
    array.array("d", NUMBERS),
    memoryview(array.array("f", NUMBERS)),
    OfDlpack(NUMBERS),
    OfArray(),
    pd.Series(NUMBERS),
    pd.Series(NUMBERS, index=[7, 8, 9], dtype="float32"),
    pd.Series(NUMBERS, dtype="Float64"),
    pd.array(NUMBERS, dtype="Float32"),
    pl.Series(NUMBERS),
    pl.Series(NUMBERS, dtype=pl.Float32),
    pa.array(NUMBERS),
    pa.array(NUMBERS, pa.float32()),
    pa.chunked_array([NUMBERS[:1], NUMBERS[1:]]),
    pd.DataFrame({"e": [NUMBERS]})["e"][0],
    pl.DataFrame({"e": [NUMBERS]})["e"][0],
]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda value: f"{type(value).__module__}.{type(value).__name__}")
def test_every_kind_of_vector(vector: Any) -> None:
    """The same text, bit for bit."""
    assert str(select().similarity("e", vector).order_by("score")) == EXPECTED


ODD = [
    OfDlpack(NUMBERS, (2, 0)),
    pd.Series([1.0, None]),
    pd.Series(["a"]),
    pl.Series([1.0, None]),
    pa.array([1.0, None]),
    pa.array([], pa.float32()),
    pa.array(["a"]),
    OfDlpack([[1.0, 2.0]]),
    b"abc",
    {"a": 1},
    iter(NUMBERS),
]


@pytest.mark.parametrize("value", ODD, ids=lambda value: f"{type(value).__module__}.{type(value).__name__}")
def test_what_is_no_vector(value: Any) -> None:
    """The error is an ArgumentError that names the method."""
    with pytest.raises(ArgumentError, match="similarity"):
        select().similarity("e", value)


def test_memory_is_not_shared() -> None:
    """Changing an array does not change the query that was created from it."""
    held = np.array(NUMBERS, np.float32)
    query = select().similarity("e", held).order_by("score")
    held[0] = 9
    assert str(query) == EXPECTED


@pytest.mark.parametrize("size", [PART - 1, PART, PART + 1, 3 * PART + 7])
def test_a_long_vector_is_written_in_parts(size: int) -> None:
    """A long vector is serialized in parts, with every bit, to the same text."""
    vector = np.random.default_rng(size).standard_normal(size).astype(np.float32)
    text = str(select("id").similarity("e", vector))

    assert f"ARRAY{orjson.dumps(vector, option=orjson.OPT_SERIALIZE_NUMPY).decode()}" in text
    inside = text.partition("ARRAY[")[2].partition("]")[0]
    assert np.array(inside.split(","), np.float32).tobytes() == vector.tobytes()


def test_a_long_vector_takes_less_than_three_times_its_text() -> None:
    """The peak memory of a query with a million numbers, from the vector to the text, is limited."""
    vector = np.random.default_rng(0).standard_normal(1_000_000).astype(np.float32)
    str(select("id").similarity("e", vector[:1]))
    tracemalloc.start()
    try:
        text = str(select("id").similarity("e", vector))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 3 * len(text)
