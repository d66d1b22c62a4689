"""Scores of searches in a plan: the columns that refer to one, and the direction of sort keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.expressions.metrics import ranked_by_index
from tql.expressions.qualified_name import QualifiedName
from tql.plan.names import computed_columns
from tql.plan.nodes import Aggregate, Explode, Extend, Join, Project, Scan, Subquery, Union, Verbatim
from tql_grammar import ast
from tql_grammar.functions import CLOSENESS, FLAT
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from tql.plan.nodes import Plan, Score
    from tql_grammar.ast import Expression

SEVERAL = (Scan, Verbatim, Union, Join)


def score_of(plan: Plan, key: Expression) -> Score | None:
    """Return the score that a name refers to, in a plan or in its subqueries; None for any other expression."""
    here = not isinstance(key, QualifiedName) or key.place == "output"
    while isinstance(key, (ast.Column, QualifiedName)) and not isinstance(plan, SEVERAL):
        if isinstance(plan, Subquery):
            key, here = ast.Column(key.name), True
        elif here:
            found = _own_score(plan, key.name)
            if found is not None:
                return found
            key = computed_columns(_selected(plan)).get(key.name, key)
        plan = plan.child  # type: ignore[attr-defined]  # all others have one
    return None


def score_names(plan: Plan) -> tuple[str, ...]:
    """Return the names of the scores in the select list of an operation."""
    return tuple(score.name for score in plan.scores) if isinstance(plan, (Extend, Project)) else ()


def _own_score(plan: Plan, label: str) -> Score | None:
    """Return the score with this name in the select list of an operation, or None."""
    scores = plan.scores if isinstance(plan, (Extend, Project)) else ()
    return next((score for score in scores if score.name == label), None)


def _selected(plan: Plan) -> tuple[Expression, ...]:
    """Return the select list of an operation, empty for most."""
    if isinstance(plan, (Extend, Aggregate)):
        return plan.outputs
    return plan.columns if isinstance(plan, (Project, Explode)) else ()


def direction(plan: Plan, key: ast.Order) -> ast.Order:
    """Return a sort key with its default direction, if it has none: closest first for a score, otherwise unchanged."""
    if key.direction is not None:
        return key
    found = score_of(plan, key.expression)
    return key.replace(direction="desc") if found is not None and found.best == "desc" else key


def is_search(key: Expression, score: Score | None) -> bool:
    """Return whether a sort key is a score, or contains a function of similarity."""
    if isinstance(key, ast.Column):
        return score is not None
    return any(
        isinstance(part, ast.Function) and part.name in CLOSENESS and part.name not in FLAT for part in walk(key)
    )


def is_ranked_by_index(key: ast.Order, score: Score | None) -> bool:
    """Return whether the engine may use an index of embeddings to sort by a key."""
    best = ranked_by_index(key.expression)
    if isinstance(key.expression, ast.Column):
        best = score.best if score is not None and score.by_index else None
    return best == (key.direction or "asc")
