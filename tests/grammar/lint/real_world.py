"""
Findings of the checks in queries that other people published, as the table of the README.

``python -m tests.grammar.lint.real_world`` prints it; a test compares it.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from tql import check
from tql_grammar.completion.explanations import explanations

QUERIES = Path(__file__).parents[2] / "corpus" / "real_world.jsonl"
FAMILIES = {
    "0": "the engine does not read the whole query",
    "1": "it is not valid TQL",
    "2": "the engine rejects it",
    "3": "the engine silently does something else",
    "4": "the engine process crashes or hangs",
    "5": "advice about a search",
}
FEW = 3


def table() -> str:
    """Return the numbers of queries with findings, by family and by rule, without a schema."""
    texts = [json.loads(line)["query"] for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    found = [{finding.code for finding in check(text)} for text in texts]
    rows = [f"| {title} | {_in_family(found, family)} | {_most(found, family)} |" for family, title in FAMILIES.items()]
    clean = sum(not codes for codes in found)
    head = f"| of {len(texts)} published queries | queries | most often |\n| --- | ---: | --- |\n"
    return head + "\n".join(rows) + f"\n| nothing was found | {clean} | |\n"


def _in_family(found: list[set[str]], family: str) -> int:
    """Return the number of queries with a finding of a family."""
    return sum(any(code[3] == family for code in codes) for codes in found)


def _most(found: list[set[str]], family: str) -> str:
    """Return the most frequent rules of a family, with the number of queries of each."""
    counts = Counter(code for codes in found for code in codes if code[3] == family)
    most = sorted(counts, key=lambda code: (-counts[code], code))[:FEW]
    known = explanations()
    return ", ".join(f"{known[code].title} ({code}: {counts[code]})" for code in most)


if __name__ == "__main__":
    sys.stdout.write(table())
