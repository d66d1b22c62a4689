"""
The fourth pass: the traps of the engine, one rule each.

A rule takes an operation of the resolved plan and its legal inputs, and returns what the engine does right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.compiler.legalize.groups import groups
from tql.compiler.legalize.joins import pairs
from tql.compiler.legalize.rows import concatenated, cut, drawn, filtered, ordered, selected, taken_apart
from tql.plan.nodes import Aggregate, Explode, Filter, Join, Limit, Project, Sample, Sort, Union
from tql.plan.tree import folded, with_inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql.compiler.context import Context
    from tql.plan.nodes import Plan


def legalize(plan: Plan, _context: Context) -> Plan:
    """
    Return a plan of which the engine does what it says.

    Raises:
        ArgumentError: the engine has no form for a part.
    """
    return folded(plan, _legal)


def _legal(node: Plan, inputs: tuple[Plan, ...]) -> Plan:
    """Return an operation over legal inputs."""
    rule = RULES.get(type(node))
    return with_inputs(node, inputs) if rule is None else rule(node, *inputs)


RULES: dict[type[Plan], Callable[..., Plan]] = {
    Filter: filtered,
    Project: selected,
    Explode: taken_apart,
    Aggregate: groups,
    Sort: ordered,
    Sample: drawn,
    Limit: cut,
    Join: pairs,
    Union: concatenated,
}
