"""The measured texts: what the engine said of each, and which of them have the same rows each time."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.differential.sizes import SIZED
from tql_grammar import ast
from tql_grammar.walk import walk

CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "corpus" / "engine_verdicts.jsonl").read_text("utf-8").splitlines()
]
# Long cases are stored as their construction: "AND x100 :: select .." repeats a part.
SHORT = re.compile(r"(.*?) x?(\d+) :: ")

# Reading a column of sequences sometimes crashes the engine.
AT_RANDOM = "mem://s"
# Columns with one byte per number: SQRT reads them as two-byte floats, half of them behind the end of the column.
OF_BYTES = frozenset({"u8", "v8"})


def text_of(case: dict[str, Any]) -> str:
    """Return the text of a case."""
    short = SHORT.match(case["query"])
    return SIZED[short[1]](int(short[2])) if short else case["query"]


def repeatable(tree: ast.Query) -> bool:
    """Return whether a query returns the same rows each time."""
    return not any(isinstance(node, ast.Sample) or _is_drawn(node) for node in walk(tree))


def _is_drawn(node: object) -> bool:
    """Return whether a function returns another result each time."""
    if not isinstance(node, ast.Function):
        return False
    name = node.name.upper()
    below = {part.name for part in walk(node) if isinstance(part, ast.Column)}
    return name == "RANDOM" or (name == "SQRT" and not OF_BYTES.isdisjoint(below))
