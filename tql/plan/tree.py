"""Traversal and rewriting of plans: inputs, expressions, and a fold without recursion."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql.plan.nodes import Join, Plan, Union
from tql_grammar import ast
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_grammar.record import Record

T = TypeVar("T")


def inputs(plan: Plan) -> tuple[Plan, ...]:
    """Return the inputs of an operation."""
    if isinstance(plan, Union):
        return plan.children
    if isinstance(plan, Join):
        return (plan.left, plan.right) if plan.unfiltered is None else (plan.left, plan.right, plan.unfiltered)
    child: Plan | None = plan.__dict__.get("child")
    return () if child is None else (child,)


def with_inputs(plan: Plan, found: tuple[Plan, ...]) -> Plan:
    """Return an operation with other inputs, in the order of `inputs`."""
    if isinstance(plan, Union):
        return plan.replace(children=found)
    if isinstance(plan, Join):
        left, right, *rest = found
        return plan.replace(left=left, right=right, unfiltered=rest[0] if rest else None)
    return plan.replace(child=found[0]) if found else plan


def own_nodes(plan: Plan) -> Iterator[Record]:
    """Yield the nodes of the expressions of an operation, without those of its inputs."""
    for field in plan._fields:
        value = plan.__dict__[field]
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, ast.Node):
                yield from walk(part)


def operations(plan: Plan) -> Iterator[Plan]:
    """Yield an operation and all operations below it, outermost first."""
    stack = [plan]
    while stack:
        part = stack.pop()
        yield part
        stack += reversed(inputs(part))


def folded(plan: Plan, change: Callable[[Plan, tuple[T, ...]], T]) -> T:
    """Return the result of *change* for the root; it is called from the leaves up with each operation and the results of its inputs, without recursion."""
    done: list[T] = []
    stack: list[tuple[Plan, bool]] = [(plan, False)]
    while stack:
        part, ready = stack.pop()
        below = inputs(part)
        if ready or not below:
            first = len(done) - len(below)
            found = tuple(done[first:])
            del done[first:]
            done.append(change(part, found))
        else:
            stack.append((part, True))
            stack.extend((child, False) for child in reversed(below))
    return done[0]
