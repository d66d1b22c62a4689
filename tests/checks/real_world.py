"""
Findings of the checks in queries that other people published, as the table of the README.

``python -m tests.checks.real_world`` prints it; a test compares it.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from tql import check
from tql_client.reporters import explanations

QUERIES = Path(__file__).parents[1] / "corpus" / "real_world.jsonl"
FAMILIES = {
    "0": "the engine reads another text",
    "1": "it is no TQL",
    "2": "the engine refuses it",
    "3": "the engine silently does something else",
    "4": "the engine's process ends, or never ends",
    "5": "advice about a search",
}
FEW = 3


def table() -> str:
    """Return how many queries have findings, by family and by rule, without a schema."""
    texts = [json.loads(line)["query"] for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    found = [{finding.code for finding in check(text)} for text in texts]
    by_code = Counter(code for codes in found for code in codes)
    by_family = Counter(family for codes in found for family in {code[3] for code in codes})
    known = explanations()
    rows = []
    for family, title in FAMILIES.items():
        codes = sorted((code for code in by_code if code[3] == family), key=lambda code: (-by_code[code], code))
        most = ", ".join(f"{known[code].title} ({code}: {by_code[code]})" for code in codes[:FEW])
        rows.append(f"| {title} | {by_family[family]} | {most} |")
    clean = sum(not codes for codes in found)
    head = f"| of {len(texts)} published queries | queries | most often |\n| --- | ---: | --- |\n"
    return head + "\n".join(rows) + f"\n| nothing was found | {clean} | |\n"


if __name__ == "__main__":
    sys.stdout.write(table())
