"""Scores of searches in a plan: which columns are one, and in which direction the closest come first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.placed import Placed
from tql.plan.names import made_names
from tql.plan.nodes import Aggregate, Explode, Extend, Join, Project, Scan, Subquery, Union, Verbatim
from tql.search import ranked_by_index
from tql_grammar import ast
from tql_grammar.functions import CLOSENESS, FLAT
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from tql.plan.nodes import Plan, Score
    from tql_grammar.ast import Expression

SEVERAL = (Scan, Verbatim, Union, Join)


def score_of(plan: Plan, key: Expression) -> Score | None:
    """Return the score that a name is, in a plan or in the query that is its source; None for any other expression."""
    if not isinstance(key, (ast.Column, Placed)):
        return None
    here = isinstance(key, ast.Column) or key.place == "output"
    while not isinstance(plan, (*SEVERAL, Subquery)):
        selected = _selected(plan)
        if selected is not None and here:
            scores = plan.scores if isinstance(plan, (Extend, Project)) else ()
            found = next((score for score in scores if score.name == key.name), None)
            if found is not None:
                return found
            below = made_names(selected).get(key.name, key)
            if not isinstance(below, (ast.Column, Placed)):
                return None
            key = below
        plan = plan.child  # type: ignore[attr-defined]  # all others have one
    return score_of(plan.child, ast.Column(key.name)) if isinstance(plan, Subquery) else None


def _selected(plan: Plan) -> tuple[Expression, ...] | None:
    """Return the select list of an operation that has one."""
    if isinstance(plan, (Extend, Aggregate)):
        return plan.outputs
    return plan.columns if isinstance(plan, (Project, Explode)) else None


def direction(plan: Plan, key: ast.Order) -> ast.Order:
    """Return a key with the direction that it has where none was given."""
    if key.direction is not None:
        return key
    found = score_of(plan, key.expression)
    return key.replace(direction="desc") if found is not None and found.best == "desc" else key


def is_search(key: Expression, score: Score | None) -> bool:
    """Tell whether a key is a score, or computes one."""
    if isinstance(key, ast.Column):
        return score is not None
    return any(
        isinstance(part, ast.Function) and part.name in CLOSENESS and part.name not in FLAT for part in walk(key)
    )


def is_ranked_by_index(key: ast.Order, score: Score | None) -> bool:
    """Tell whether an index of embeddings may put the rows in the order of a key."""
    best = ranked_by_index(key.expression)
    if isinstance(key.expression, ast.Column):
        best = score.best if score is not None and score.by_index else None
    return best == (key.direction or "asc")
