"""The cosine of rows with zero vectors, in every type and form, is numpy's; the engine's own text has the values of other rows where it computes in float64."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest

from tql import col, desc, fn, select
from tql_client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql import Expr

NAMES = itertools.count()
DTYPES = ("int8", "uint8", "int16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64")
WIDTH, ROWS = 3, 60
VECTOR = [1.0, -2.0, 0.5]


def data(seed: int, dtypes: tuple[str, str]) -> tuple[str, Any, dict[str, Any]]:
    """Return the url of a dataset with vectors of which a third is zero, the dataset, and the vectors."""
    random, url = np.random.default_rng(seed), f"mem://cosine{next(NAMES)}"
    dataset = deeplake.create(url)
    vectors = {}
    dataset.add_column("id", deeplake.types.Int64())
    for name, dtype in zip("ab", dtypes, strict=True):
        dataset.add_column(name, deeplake.types.Array(dtype, shape=[WIDTH]))
        drawn = random.integers(0, 100, (ROWS, WIDTH)) * (random.random((ROWS, 1)) < 0.67)
        vectors[name] = drawn.astype(dtype)
    dataset.append({"id": np.arange(ROWS), **vectors})
    dataset.commit()
    return url, dataset, {name: value.astype(float) for name, value in vectors.items()}


def cosine(one: Any, two: Any) -> Any:
    """Return the cosines of rows of vectors, 0 for a zero vector."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    return np.sum(one * two, axis=1) / np.where(lengths == 0, 1, lengths)


def forms(rows: dict[str, Any]) -> Iterator[tuple[Expr, Any]]:
    """Yield cosines of the builder, and their values."""
    a, b, literal = rows["a"], rows["b"], np.array([VECTOR] * ROWS)
    yield fn.cosine_similarity("a", col("b")), cosine(a, b)
    yield fn.cosine_similarity("b", col("a")), cosine(a, b)
    yield fn.cosine_similarity("a", VECTOR), cosine(a, literal)
    yield fn.cosine_similarity(col("a") * 2, VECTOR), cosine(a, literal)
    yield fn.cosine_similarity(col("a") + 1, col("b")), cosine(a + 1, b)
    yield fn.cosine_similarity(col("a") - col("a"), VECTOR), np.zeros(ROWS)


@pytest.mark.parametrize("seed", range(len(DTYPES)))
def test_each_row_has_its_own_cosine(seed: int) -> None:
    """Outputs, conditions and sort keys agree with numpy, for all rows at once and for one at a time."""
    url, _, rows = data(seed, (DTYPES[seed], DTYPES[seed * 3 % len(DTYPES)]))
    client = connect(url)
    for form, wanted in forms(rows):
        found = client.query(select("id", x=form))
        assert [row["id"] for row in found] == list(range(ROWS))
        np.testing.assert_allclose(found.to_numpy("x"), wanted, rtol=2e-3, atol=2e-3, err_msg=str(form))
        near = {row["id"] for row in client.query(select("id").where(form > 0.5))}
        assert near >= set(np.flatnonzero(wanted > 0.502).tolist())
        assert near <= set(np.flatnonzero(wanted > 0.498).tolist())
        order = [row["id"] for row in client.query(select("id").order_by(desc(form)))]
        np.testing.assert_allclose(wanted[order], np.sort(wanted)[::-1], rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_search_over_vectors_of_any_type(dtype: str) -> None:
    """A score of `similarity` is the cosine of its own row."""
    url, _, rows = data(3, (dtype, dtype))
    wanted = cosine(rows["a"], np.array([VECTOR] * ROWS))
    found = connect(url).query(select("id").similarity("a", VECTOR).order_by("score").limit(20))
    assert len(found) == 20
    for row in found:
        assert row["score"] == pytest.approx(wanted[row["id"]], abs=2e-3)
    assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)
    assert min(row["score"] for row in found) >= np.sort(wanted)[::-1][19] - 4e-3


def test_the_engine_has_other_values() -> None:
    """The fact: in float64 the engine leaves out rows with a zero vector, and later rows have the values of others, or memory that it never wrote."""
    _, dataset, rows = data(5, ("float64", "float64"))
    own = np.asarray(dataset.query("select cosine_similarity(a, b) as x")["x"][:])
    assert not np.allclose(own, cosine(rows["a"], rows["b"]))
