"""The checks find no error in the texts that the builder writes."""

from __future__ import annotations

import os

import pytest

from tests.tql.drawn import drawn
from tql import ArgumentError, check

QUERIES = int(os.environ.get("TQL_QUERIES", "400")) // 2
# Without a schema the builder takes a text next to arithmetic, as in `fn.sum("a") == "x"`, which the engine rejects.
TEXT_AS_NUMBER = {"TQL211", "TQL217", "TQL237"}


@pytest.mark.parametrize("seed", [3, 11])
def test_no_text_of_the_builder_has_an_error(seed: int) -> None:
    """Random queries of all methods, checked without the schemas of their datasets and with them."""
    checked = 0
    for query in drawn(QUERIES, seed):
        try:
            text = str(query)
        except ArgumentError:
            continue
        checked += 1
        found = [finding for finding in [*check(text), *query.check()] if finding.severity == "error"]
        assert {finding.code for finding in found} <= TEXT_AS_NUMBER, text
    assert checked > QUERIES / 3
