"""Know the traps about the keys of orders, groups and samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.checks.inference import infer
from tql_grammar.checks.levels import bare, expressions
from tql_grammar.checks.rule import Finding, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.checks.levels import Level
    from tql_grammar.schema import Column

CLAUSES = frozenset({"ORDER BY", "GROUP BY", "SAMPLE BY"})


def _no_scalar(subject: Subject) -> Iterator[Finding]:
    """Yield keys that have several values for a row, or may have none."""
    for level in subject.levels:
        for clause, node in expressions(level.select):
            key = bare(node)
            found = infer(key, level) if clause in CLAUSES else None
            if found is not None and not _is_key(key, found, level, clause):
                message = f"{clause} takes one value for each row, and this is {found}: the engine answers `Can't convert array to scalar in ORDER/SAMPLE/GROUP expressions.`"
                yield subject.finding(key, message, "reduce it: amax(..), l2_norm(..), or e[0] + 0")


def _is_key(key: ast.Node, found: Column, level: Level, clause: str) -> bool:
    """Tell whether the engine can order or group by a value."""
    if isinstance(key, ast.Function) and key.name.lower() == "hamming_distance":
        return True
    if isinstance(key, ast.Subscript) and isinstance(key.operand, ast.Column) and level.column(key.operand) is not None:
        return False
    if found.is_text:
        return clause != "SAMPLE BY"
    return found.is_single and not found.nullable and found.dtype not in {"json", "bytes"}


RULES = (
    Rule(
        code="TQL219",
        title="key that is no single value",
        severity="error",
        explanation="ORDER BY, GROUP BY and SAMPLE BY take one value for each row: arrays, elements of arrays, nullable numbers and JSON are refused. Known with a schema only.",
        example="select id from D order by emb",
        find=_no_scalar,
        meant="select id from D order by l2_norm(emb)",
    ),
)
