"""Random queries over tables of the world: every clause, combined and nested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tql.world import tables
from tests.tql.world.combining import combined, joined
from tests.tql.world.conditions import of
from tests.tql.world.grouping import apart, distinct, groups
from tests.tql.world.scopes import Found, Scope, World, both, scored
from tests.tql.world.tables import Draw
from tests.tql.world.terms import Column, Drawn, Key, Sample, Search

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.tql.world.tables import Made

METRICS = ("cosine", "l2", "l1", "linf", "dot")
# Columns whose values are weights.
WEIGHTS = {"u64", "u32", "id"}


def rows(world: World, depth: int) -> Found:
    """Return a query without groups."""
    scope = world.source(depth)
    outputs, infos = world.outputs(scope.infos, base=scope.base)
    read = both(scope.infos, infos)
    query = Drawn(scope.source, outputs, world.where(read), keys=world.keys(read, computed=True), **world.cut())
    return query, Scope(scope.source, infos, grouped=scope.grouped)


def nearest(world: World, depth: int) -> Found | None:
    """Return a similarity search."""
    scope, draw = world.often_table(depth), world.draw
    vectors = of(scope.infos, "vector")
    if not vectors:
        return None
    alias = draw.choice(["score", "near", None])
    vector = tuple(draw.choice([0.5, -1.0, 0.25, 2.0, 0.1]) for _ in range(tables.VECTOR))
    search = Search(vectors[0].name, vector, draw.choice(METRICS), alias)
    outputs, infos = world.outputs(scope.infos, whole=0)
    is_sorted = alias is not None and not draw.chance(0.2)
    keys = (Key(Column(alias or ""), draw.choice([None, None, "asc", "desc"])),) if is_sorted else ()
    query = Drawn(scope.source, outputs, world.where(scope.infos), keys=keys, search=search, **world.cut())
    return query, Scope(scope.source, [*infos, *scored(alias)])


def sampled(world: World, _depth: int) -> Found | None:
    """Return a sample."""
    scope, draw = world.table(), world.draw
    weights = [info for info in of(scope.infos, "number") if info.label in WEIGHTS]
    outputs, infos = world.outputs(scope.infos, whole=0)
    sample = Sample(draw.choice(weights).node, draw.chance(0.5), draw.choice([None, 1, 5]))
    return Drawn(scope.source, outputs, world.where(scope.infos), sample=sample), Scope(scope.source, infos)


KINDS: list[Callable[[World, int], Found | None]] = [
    *[rows] * 5, *[groups] * 3, distinct, *[combined] * 2, *[joined] * 2, nearest, sampled, apart,
]  # fmt: skip


def drawn_tables(seed: int, *, plain: bool = False) -> dict[str, Made]:
    """Return the tables of a seed."""
    draw = Draw(f"tables {seed}")
    suffix = f"{seed}{'p' if plain else ''}"
    return {name: tables.drawn_table(draw, name, f"mem://{name}{suffix}", plain=plain) for name in ("one", "two")}


def drawn_query(seed: str, made: Mapping[str, Made], *, plain: bool = False) -> Drawn:
    """Return the query of a seed."""
    draw = Draw(seed)
    draw.plain = plain
    return World(draw, made, KINDS).query()[0]
