"""The functions of the catalogue."""

from __future__ import annotations

import pytest

from tests.builder.stubs import STUBS, stubs
from tql import fn
from tql.aggregates import AGGREGATES
from tql_grammar.functions import CATALOGUE


def test_the_stubs_are_those_of_the_catalogue() -> None:
    """Editors see what the catalogue says; run ``python tests/builder/stubs.py`` after a change."""
    assert stubs() == STUBS.read_text(encoding="utf-8")


def test_fn_offers_every_function() -> None:
    """``dir(fn)`` completes every function of the catalogue."""
    assert sorted([*CATALOGUE, *AGGREGATES]) == dir(fn)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_function_documents_itself(name: str) -> None:
    """Each function carries the sentence and the result of the catalogue."""
    assert CATALOGUE[name].meaning in (getattr(fn, name).__doc__ or "")
    assert name == getattr(fn, name).__name__
