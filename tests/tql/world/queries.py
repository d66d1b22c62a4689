"""Random queries over tables of the world: every clause, combined and nested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tql.world import tables
from tests.tql.world.combining import combined, joined
from tests.tql.world.conditions import Info, of
from tests.tql.world.grouping import apart, distinct, groups
from tests.tql.world.scopes import Found, Scope, World, both, groupable, scored
from tests.tql.world.tables import Draw
from tests.tql.world.terms import Column, Compare, Drawn, Fused, Key, Length, Literal, Sample, Search, Words, without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.tql.world.tables import Made
    from tests.tql.world.terms import Node

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
    alias = draw.choice(["score", "near", None, None])
    exact = alias is not None or draw.chance(0.5)
    search = Search(draw.choice(vectors).name, _vector(draw), draw.choice(METRICS), alias, exact)
    query, found = _by_score(world, scope, search)
    return query if exact else without(query, limit=draw.choice([1, 3, 10]), offset=None), found


def of_bytes(world: World, depth: int) -> Found | None:
    """Return a search by Hamming distance, mostly of the rows of one length: of the others there is none."""
    scope, draw = world.often_table(depth), world.draw
    vectors = [info for info in scope.infos if info.label in {"bits", "code"} and info.of is None]
    if not vectors:
        return None
    one = draw.choice(vectors)
    search = Search(
        one.name, (draw.choice([0, 3, 255]), draw.choice([1, 2, 7])), "hamming", draw.choice(["score", None])
    )
    of_length = Compare("==", Length(one.node), Literal(2))
    return _by_score(world, scope, search, () if one.label == "code" or draw.chance(0.05) else (of_length,))


def _by_score(world: World, scope: Scope, search: Search, where: tuple[Node, ...] = ()) -> Found:
    """Return the query of a search, mostly sorted by its score."""
    draw, alias = world.draw, search.alias
    outputs, infos = world.outputs(scope.infos, whole=0)
    is_sorted = alias is not None and not draw.chance(0.2)
    keys = (Key(Column(alias or ""), draw.choice([None, None, "asc", "desc"])),) if is_sorted else ()
    where += world.where(scope.infos)
    query = Drawn(scope.source, outputs, where, keys=keys, search=search, **world.cut())
    return query, Scope(scope.source, [*infos, *scored(alias)])


def _vector(draw: Draw) -> tuple[float, ...]:
    """Return a vector to search for."""
    return tuple(draw.choice([0.5, -1.0, 0.25, 2.0, 0.1]) for _ in range(tables.VECTOR))


def diverse(world: World, _depth: int) -> Found | None:
    """Return a search by relevance and diversity, of more rows than there are as well."""
    scope, draw = world.table(), world.draw
    vectors = of(scope.infos, "vector")
    if not vectors:
        return None
    search = Search(draw.choice(vectors).name, _vector(draw), "mmr", None)
    outputs, infos = world.outputs(scope.infos, whole=0)
    limit = draw.choice([1, 3, 10, 400])
    return Drawn(scope.source, outputs, world.where(scope.infos), search=search, limit=limit), Scope(
        scope.source, infos
    )


def worded(world: World, _depth: int) -> Found | None:
    """Return a search for words."""
    scope, draw = world.table(), world.draw
    texts = of(scope.infos, "words")
    if not texts:
        return None
    alias = draw.choice(["score", "near", None])
    search = Words(texts[0].name, draw.choice(["red", "apple", "sky plum", "green apple", "nothing"]), alias)
    outputs, infos = world.outputs(scope.infos, whole=0)
    keys = (Key(Column(alias)),) if alias else ()
    limit, offset = draw.choice([1, 3, 10, 400]), draw.choice([None, None, 1, 3])
    where = world.where(scope.infos)
    query = Drawn(scope.source, outputs, where, keys=keys, search=search, limit=limit, offset=offset)
    return query, Scope(scope.source, [*infos, *scored(alias)])


def fused(world: World, _depth: int) -> Found | None:
    """Return a hybrid search whose ranks are certain: by vectors of which no two are equal, and by words that no row has."""
    scope, draw = world.table(), world.draw
    texts = of(scope.infos, "words")
    if not any(info.name == "ue" for info in scope.infos):
        return None
    words = "nothing" if texts and draw.chance(0.5) else None
    vectors = tuple(_vector(draw) for _ in range(draw.randint(1 if words else 2, 3)))
    weights = tuple(draw.choice([0.5, 1.0, 2.0]) for _ in range(len(vectors) + bool(words)))
    alias = draw.choice(["score", "near"])
    search = Fused("ue", vectors, words, draw.choice([None, weights]), draw.choice([0, 1, 60]), draw.choice([1, 3, 100]), alias)  # fmt: skip
    outputs, infos = world.outputs(scope.infos, whole=0)
    keys = (Key(Column(alias), draw.choice([None, "asc", "desc"])),) if draw.chance(0.8) else ()
    query = Drawn(scope.source, outputs, world.where(scope.infos), keys=keys, search=search, **world.cut())
    return query, Scope(scope.source, [*infos, *scored(alias)])


def _with_unique(draw: Draw, infos: list[Info]) -> list[Info]:
    """Return a column in which no value is there twice, and some others; none without both."""
    known = [info for info in infos if info.of is None]
    unique, others = ([info for info in known if info.unique is is_unique] for is_unique in (True, False))
    return [unique[0], *draw.some(others, 3)] if unique and others else []


def best(world: World, depth: int) -> Found | None:
    """Return the first rows of each group: those of a unique key, the last one."""
    scope, draw = world.often_table(depth), world.draw
    chosen = [] if scope.grouped else _with_unique(draw, groupable(scope.infos))
    if not chosen:
        return None
    outputs = tuple((info.name, info.node) for info in chosen)
    per = tuple(info.node for info in draw.some(chosen[1:], 2))
    last = chosen[0].node
    keys = tuple(key for key in world.keys(chosen) if key.value != last)
    keys += (Key(last, draw.choice([None, "asc", "desc"])),)
    query = Drawn(scope.source, outputs, world.where(scope.infos), keys=keys, limit=draw.choice([0, 1, 1, 2, 3]), per=per)  # fmt: skip
    return query, Scope(scope.source, chosen, grouped=True)


def sampled(world: World, _depth: int) -> Found | None:
    """Return a sample."""
    scope, draw = world.table(), world.draw
    weights = [info for info in of(scope.infos, "number") if info.label in WEIGHTS]
    outputs, infos = world.outputs(scope.infos, whole=0)
    sample = Sample(draw.choice(weights).node, draw.chance(0.5), draw.choice([None, 1, 5]))
    return Drawn(scope.source, outputs, world.where(scope.infos), sample=sample), Scope(scope.source, infos)


KINDS: list[Callable[[World, int], Found | None]] = [
    *[rows] * 5, *[groups] * 3, distinct, *[combined] * 2, *[joined] * 2, nearest, of_bytes, sampled, apart, diverse, worded, fused, best,
]  # fmt: skip


def drawn_tables(seed: int, *, plain: bool = False) -> dict[str, Made]:
    """Return the tables of a seed."""
    draw = Draw(f"tables {seed}")
    draw.plain = plain
    suffix = f"{seed}{'p' if plain else ''}"
    return {name: tables.drawn_table(draw, name, f"mem://{name}{suffix}", plain=plain) for name in ("one", "two")}


def drawn_query(seed: str, made: Mapping[str, Made], *, plain: bool = False) -> Drawn:
    """Return the query of a seed."""
    draw = Draw(seed)
    draw.plain = plain
    return World(draw, made, KINDS).query()[0]
