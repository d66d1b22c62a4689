"""Holes of templates that take arrays, expressions, and objects that might be arrays."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest

import tql
from tests.tql.templates import PLACES, both
from tql import ArgumentError, Query, TqlError, col, fn, select


@pytest.mark.parametrize(
    ("text", "values", "query"),
    [
        (
            "select id where a in ({ids})",
            {"ids": np.array([1, 2])},
            select("id").where(col("a").in_([1, 2])),
        ),
        (
            "select id, cosine_similarity(e, {v}) as score",
            {"v": [0.5, 1.0]},
            select("id", score=fn.cosine_similarity("e", [0.5, 1.0])),
        ),
        (
            "select id, cosine_similarity(e, {v}) as score",
            {"v": np.array([0.5, 1.0], np.float32)},
            select("id", score=fn.cosine_similarity("e", [0.5, 1.0])),
        ),
    ],
)
def test_an_array_is_the_one_of_the_builder(text: str, values: dict[str, Any], query: Query) -> None:
    """The query equals the builder's, its text too."""
    for made in both(text, **values):
        assert made == query
        assert str(made) == str(query)


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("select id where a = {x}", [1, 2], "takes one value in a comparison"),
        ("select id where a between {x} and 3", [1, 2], "takes one value in a comparison"),
        ("select id where a = {x}", object(), "`{x}`"),
        ("select id where a = {x}", np.array([1, 2], np.float32), "takes one value in a comparison"),
    ],
)
def test_a_value_that_is_no_single_one_is_refused(text: str, value: Any, message: str) -> None:
    """The error names the hole."""
    with pytest.raises(ArgumentError) as error:
        tql.query(text, x=value)

    assert "{x}" in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize(("text", "start", "end"), PLACES, ids=[f"{text[:20]} {start}" for text, start, _ in PLACES])
def test_every_place_takes_an_expression_or_refuses_it(text: str, start: int, end: int) -> None:
    """In place of each token, a hole is a query whose text parses, or a TqlError."""
    values: list[object] = [col("zz"), col("zz") > 1, select("id").from_("d"), tql.asc("k"), None, [1, 2], object()]
    for value in values:
        with contextlib.suppress(TqlError):
            assert tql.parse(str(tql.query(f"{text[:start]}{{x}}{text[end:]}", x=value)))
