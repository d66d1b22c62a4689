"""The texts of every kind of case, by the name of the case; no engine is needed for them."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from tests.differential.measured import AT_RANDOM, CASES, repeatable, text_of
from tests.engines.answers import named
from tests.grammar.lint.located import located
from tql_grammar.lint.check import OLDER_RULES, RULES
from tql_grammar.syntax.parser import read

CORPUS = Path(__file__).parents[1] / "corpus"
OTHERS = ("real_world", "mistakes", "disagreements")
# Texts beyond this size need seconds each on engines before 4.3, and show nothing but that.
LONGEST = 100_000


@functools.cache
def syntax() -> dict[str, str]:
    """Return every text of the corpora."""
    found = [text_of(case) for case in CASES]
    for name in OTHERS:
        found += [json.loads(line)["query"] for line in (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines()]
    return {named("syntax", text): text for text in found}


@functools.cache
def rows() -> dict[str, str]:
    """Return the texts that read the datasets of the corpus; one that is not TQL is a case of the syntax only."""
    texts = (text_of(case) for case in CASES)
    return {named("rows", text): text for text in texts if len(text) < LONGEST and read(text).parses}


@functools.cache
def rules() -> dict[str, str]:
    """Return the wrong example and the right form of each rule, those of older engines too."""
    found = {}
    for rule in (*RULES, *OLDER_RULES):
        found[f"rules/{rule.code}/wrong"] = located(rule.example)
        if rule.meant:
            found[f"rules/{rule.code}/right"] = located(rule.meant)
    return found


def is_random(text: str) -> bool:
    """Return whether the engine may return other rows each time, or end its process in some runs only."""
    tree = read(text).tree
    return AT_RANDOM in text or (tree is not None and not repeatable(tree))
