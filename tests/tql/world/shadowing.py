"""Outputs with the name of another column of the source, which clauses read by ``of="output"`` and ``of="source"``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.tql.world.tables import Draw
from tests.tql.world.terms import Column, Drawn, Key, Table, without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.tql.world.conditions import Info
    from tests.tql.world.tables import Made
    from tests.tql.world.terms import Node, Source

INSIDE = "!"


def shadowed(query: Drawn, infos: list[Info], made: Mapping[str, Made]) -> tuple[Drawn, list[Info]]:
    """Return a query, sometimes with an output under the name of another column of the source, and its outputs as columns."""
    draw = Draw(f"shadow {query.order}")
    taken = sorted({label for label, _ in query.outputs})
    columns = _names(query.source, made)
    free = sorted(set(columns) - set(taken))
    if not (taken and free and _has_simple_clauses(query) and draw.chance(0.3)):
        return query, infos
    label, name = draw.choice(taken), draw.choice(free)
    found = _renamed(query, label, name, by_output=label not in columns or draw.chance(0.5))
    return found, [replace(info, name=name) if info.name == label else info for info in infos]


def _renamed(query: Drawn, label: str, name: str, *, by_output: bool) -> Drawn:
    """Return a query with another name of an output, which its clauses read by the new one, or, a column, by its own."""

    def read(column: Column) -> Column:
        if column == Column(name):
            return Column(name, "source")
        return Column(name, "output") if by_output and column == Column(label) else column

    outputs = tuple((name if output == label else output, node) for output, node in query.outputs)
    return without(_with_clauses(query, read), outputs=outputs, shadow=name)


def unshadowed(query: Drawn) -> Drawn:
    """Return a query in which the output has a name of its own, `INSIDE` before the name that it shadows."""
    shadow = query.shadow

    def read(column: Column) -> Column:
        if column.name != shadow:
            return column
        # A key that was added after the output was renamed has no place: it is the output, as in the builder.
        return Column(column.name) if column.of == "source" else Column(INSIDE + column.name)

    outputs = tuple((INSIDE + label if label == shadow else label, node) for label, node in query.outputs)
    return without(_with_clauses(query, read), outputs=outputs, shadow=None)


def _has_simple_clauses(query: Drawn) -> bool:
    """Return whether a query has no clause that reads outputs by their plain names only."""
    return query.search is None and query.sample is None and not (query.per or query.distinct or query.ungrouped)


def _names(source: Source, made: Mapping[str, Made]) -> list[str]:
    """Return the names of the columns of a dataset or of a query; none for other sources."""
    if isinstance(source, Table):
        return list(made[source.name].kinds)
    if not isinstance(source, Drawn):
        return []
    return [label for label, _ in source.outputs] or _names(source.source, made)


def _with_clauses(query: Drawn, read: Callable[[Column], Column]) -> Drawn:
    """Return a query with other columns in its conditions and keys."""
    return without(
        query,
        where=tuple(rewritten(node, read) for node in query.where),
        groups=tuple(rewritten(node, read) for node in query.groups),
        keys=tuple(Key(rewritten(key.value, read), key.direction) for key in query.keys),
    )


def rewritten(node: Node, read: Callable[[Column], Column]) -> Any:
    """Return an expression with other columns."""
    if isinstance(node, Column):
        return read(node)
    parts = {name: rewritten(part, read) for name, part in vars(node).items() if hasattr(part, "__dataclass_fields__")}
    return replace(node, **parts)
