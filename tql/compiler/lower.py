"""The second pass: from the clauses of a statement to a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.compiler.expand import EXPANSIONS
from tql.compiler.grouped import refuse_lists, refuse_stray_aggregates, require_groups
from tql.compiler.sets import set_operation
from tql.compiler.steps import steps
from tql.plan.nodes import Scan, Subquery, Verbatim
from tql.statement import Dataset, DerivedQuery, SetOperation, Statement, VerbatimQuery
from tql_grammar import ast

if TYPE_CHECKING:
    from tql.compiler.context import Context
    from tql.plan.nodes import Plan, Score


def lower(query: Statement, _context: Context) -> Plan:
    """
    Return the plan of a statement.

    Raises:
        ArgumentError: a clause has no meaning together with the others.
    """
    return lowered(query)


def lowered(query: Statement, child: Plan | None = None, scores: tuple[Score, ...] = ()) -> Plan:
    """
    Return the plan of a statement.

    Args:
        query: what is said.
        child: the rows that it reads, instead of those of its source.
        scores: which of its outputs are scores of searches that were written as expressions.
    """
    query = _with_own_names(query)
    if child is None:
        refuse_stray_aggregates(query)
        require_groups(query)
        refuse_lists(query)
        child = source(query.source)
        if isinstance(child, Subquery) and query == Statement(source=query.source) and _is_whole(query.source):
            return child.child
    for applies, expansion in EXPANSIONS:
        if applies(query):
            return expansion(query, child, lowered)
    return steps(query, child, scores)


def _with_own_names(query: Statement) -> Statement:
    """Return a statement in which a column under its own name is the column: it means one thing in every clause."""
    if query.joined is not None or not any(map(_is_named_as_itself, query.outputs)):
        return query
    outputs = (output.expression if _is_named_as_itself(output) else output for output in query.outputs)  # type: ignore[attr-defined]  # an output with a name
    return query.replace(outputs=tuple(outputs))


def _is_named_as_itself(output: object) -> bool:
    """Tell whether an output is a column under its own name."""
    return isinstance(output, ast.Aliased) and output.expression == ast.Column(output.alias)


def _is_whole(part: object) -> bool:
    """Tell whether a statement that says nothing else is its source."""
    return isinstance(part, (VerbatimQuery, SetOperation))


def source(part: Dataset | DerivedQuery | VerbatimQuery | SetOperation | None) -> Plan:
    """Return the rows of a source."""
    if isinstance(part, Dataset):
        return Scan(part.url, part.alias, part.schema)
    if isinstance(part, DerivedQuery):
        return Subquery(lowered(part.query), part.alias)
    if isinstance(part, VerbatimQuery):
        return Subquery(Verbatim(part.tree))
    return Scan() if part is None else Subquery(set_operation(part, lowered))
