"""Deep and long texts are parsed, compared, hashed, pickled, copied, printed and formatted without recursion."""

from __future__ import annotations

import copy
import pickle

import pytest

from tests.differential.sizes import SIZED
from tql_grammar.printing.formatter import format_text
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.parser import parse, read

LARGE = {
    "parens": 900,
    "NOT": 900,
    "unary minus": 900,
    "nested select": 140,
    "nested abs": 320,
    "nested ARRAY": 320,
    "AND": 2_000,
    "OR": 2_000,
    "plus": 2_000,
    "union": 320,
    "IN list": 100_000,
    "select cols": 20_000,
    "order keys": 20_000,
    "ARRAY elems": 1_000_000,
    "string literal": 10_000_000,
    "alias len": 1_000_000,
    "spaces": 1_000_000,
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_large_text_is_read_and_its_tree_is_a_value(kind: str) -> None:
    """The tree of a text equals the trees of its printed and its formatted form, its copy and its pickle."""
    text = SIZED[kind](LARGE[kind])

    tree = parse(text)

    assert parse(to_tql(tree)) == tree
    assert parse(format_text(text)) == tree
    assert pickle.loads(pickle.dumps(tree)) == tree  # noqa: S301 - a pickle of this test
    assert copy.deepcopy(tree) == tree
    assert hash(parse(text)) == hash(tree)
    assert repr(tree) == repr(parse(text))


@pytest.mark.parametrize("kind", ["AND", "OR", "plus"])
def test_a_chain_that_ends_the_engine_is_told_and_stays_a_value(kind: str) -> None:
    """Lists with 10,000 members are parsed, compared, hashed and pickled; the finding is TQL402."""
    text = SIZED[kind](10_000)

    reading = read(text)

    assert [finding.code for finding in reading.diagnostics] == ["TQL402"]
    assert reading.tree is not None
    assert pickle.loads(pickle.dumps(reading.tree)) == read(text).tree  # noqa: S301 - a pickle of this test
    assert hash(reading.tree) == hash(read(text).tree)
    assert len(repr(reading.tree)) > 10_000


@pytest.mark.parametrize(
    "kind", ["parens", "NOT", "unary minus", "nested select", "nested abs", "nested ARRAY", "union"]
)
def test_more_than_the_engine_holds_is_told(kind: str) -> None:
    """A text of any depth gets the finding TQL401 without delay."""
    assert [finding.code for finding in read(SIZED[kind](100_000)).diagnostics] == ["TQL401"]
