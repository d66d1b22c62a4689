"""
Random texts: the parser agrees with the engine's parser, and the printed form of a tree parses to the same tree.

``TQL_TEXTS`` is the number of texts, by default 5,000; ``TQL_SEED`` is the first seed; each seed generates 1,000 texts.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.differential.sizes import deep
from tests.differential.texts import generated, texts
from tests.differential.trees import grafted
from tests.oracle import CRASH, Oracle
from tql_grammar.printing.formatter import format_text
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.parser import parse, read

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(__file__).parents[1] / "corpus"
EACH = 1000
FIRST = int(os.environ.get("TQL_SEED", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("TQL_TEXTS", "5000")) // EACH)


def corpus(name: str) -> list[str]:
    """Return the texts of a file of the corpus."""
    return [json.loads(line)["query"] for line in (CORPUS / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """Return the engine's parser."""
    found = Oracle()
    yield found
    found.close()


def disagreement(text: str, oracle: Oracle) -> str | None:
    """Return a description of a disagreement between parser and engine, or None; a text that crashes the engine must be rejected."""
    reading = read(text)
    position = oracle.position(text)
    if position == CRASH:
        return None if reading.diagnostics else f"{text!r}: ends the engine's process, and is not refused"
    if (reading.engine_position, reading.parses) == (position, position is None):
        return None
    return f"{text!r}: the engine says {position}, the reader {reading.engine_position}"


@pytest.mark.parametrize("seed", SEEDS)
def test_reader_and_engine_agree(seed: int, oracle: Oracle) -> None:
    """Verdict and position are the same for each of a thousand texts."""
    given = corpus("real_world.jsonl")

    found = [disagreement(text, oracle) for text in texts(seed, EACH, given)]

    assert len(found) == EACH
    assert [line for line in found if line] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_reader_and_engine_agree_about_depth(seed: int, oracle: Oracle) -> None:
    """A text that is nested too deeply is rejected at the same token as by the engine's parser."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret

    found = [disagreement(deep(rng), oracle) for _ in range(EACH // 20)]

    assert [line for line in found if line] == []


@pytest.mark.parametrize("text", corpus("disagreements.jsonl"))
def test_reader_and_engine_agree_where_they_once_did_not(text: str, oracle: Oracle) -> None:
    """Texts that earlier runs found stay fixed."""
    assert disagreement(text, oracle) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tree_prints_to_a_text_that_reads_as_the_tree(seed: int, oracle: Oracle) -> None:
    """The engine accepts the printed form of a tree, and it parses to the tree; also for trees with parts of other trees."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    trees = [tree for tree in (read(generated(rng)).tree for _ in range(EACH // 4)) if tree is not None]
    assert len(trees) > EACH // 20

    for tree in [*trees, *(grafted(tree, rng.choice(trees), rng) for tree in trees)]:
        text = to_tql(tree)
        assert oracle.ask(text) == "ok", text
        assert parse(text) == tree


@pytest.mark.parametrize("seed", SEEDS)
def test_laying_out_keeps_tokens_comments_and_meaning(seed: int) -> None:
    """Formatting preserves the tree and everything except white space, and is idempotent."""
    made = 0
    for text in texts(seed, EACH // 4, corpus("real_world.jsonl")):
        reading = read(text)
        if reading.tree is None or reading.diagnostics:
            continue
        made += 1
        laid_out = format_text(text, seed % 60)
        assert parse(laid_out) == reading.tree
        assert "".join(laid_out.split()) == "".join(text.split())
        assert format_text(laid_out, seed % 60) == laid_out
    assert made > EACH // 40
