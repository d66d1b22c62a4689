"""Words of the field: names and phrases that were private, and do not come back."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {name: ROOT / name for name in ("tql", "client/tql_client", "grammar/tql_grammar")}
MODULES = {path.relative_to(ROOT).as_posix(): path for folder in FOLDERS.values() for path in folder.rglob("*.py")}
# Each name that was private, and the word of the field that took its place.
RENAMED = {
    "Above": "PostAggregation",
    "AsIs": "VerbatimExpression",
    "AsWritten": "VerbatimQuery",
    "Both": "Join",
    "Combined": "SetOperation",
    "Groups": "AggregateBuilder",
    "Joined": "JoinClause",
    "Level": "QueryLevel",
    "Placed": "QualifiedName",
    "Shapeless": "Uncacheable",
    "Unordered": "Union",
    "carried_columns": "hidden_columns",
    "cut_rows": "apply_limit",
    "given_back": "output_reference",
    "is_cut": "has_limit",
    "made_names": "computed_columns",
    "may_lose_rows": "needs_barrier",
    "numbers_rows": "has_row_number",
    "refuse_doubtful": "reject_ambiguous",
    "require_unmoved": "require_source_order",
    "touches_index": "is_index_ordered",
    "Calls": "InFlight",
    "LETTING_GO": "DRAIN_SECONDS",
    "Outcome": "ParseOutcome",
    "Pieces": "ChunkedJson",
    "Reading": "ParseResult",
    "TURNED": "REVERSED",
    "automaton": "lalr",
    "comparing": "snapshots",
    "doubtful": "ambiguous",
    "drive": "run_parser",
    "grown": "open_chains",
    "home": "default_dataset",
    "machine": "parse_table",
    "reporting": "reporters",
    "retrieving": "retriever",
    "seal": "freeze_chains",
    "widened": "promote",
}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_is_described_by_a_noun_phrase(name: str) -> None:
    """A docstring names the one thing that its module hides, instead of beginning with "Know"."""
    described = ast.get_docstring(ast.parse(MODULES[name].read_text("utf-8")))

    assert described, f"{name} has no docstring"
    assert not described.startswith("Know "), f"{name}: name the thing: a noun phrase, then what it hides"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_private_name_does_not_come_back(name: str) -> None:
    """Names are those of the field."""
    path = MODULES[name]
    read = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    names = {path.stem, *(token.string for token in read if token.type == tokenize.NAME)}

    assert {word: RENAMED[word] for word in names & RENAMED.keys()} == {}
