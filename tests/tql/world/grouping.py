"""Random queries with groups: keys and aggregates, distinct rows, and the members of groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.tql.world.conditions import Info, condition, number, of, summable
from tests.tql.world.scopes import COUNT, Found, Named, Scope, World, groupable, named
from tests.tql.world.terms import Aggregate, Arithmetic, Column, Compare, Drawn, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tql.world.terms import Node

Single = tuple["Node", Info]


def distinct(world: World, depth: int) -> Found | None:
    """Return a query with distinct rows."""
    scope = world.source(depth)
    infos = groupable(scope.infos)
    if scope.grouped or not infos:
        return None
    outputs, made = world.outputs(world.draw.some(infos, 3), whole=0)
    if any(info.rounded for info in made):
        return None
    where, keys = world.where(scope.infos), world.keys(made)
    query = Drawn(scope.source, outputs, where, distinct=True, keys=keys, **world.cut())
    return query, Scope(scope.source, [replace(info, unique=len(made) == 1) for info in made], grouped=True)


def groups(world: World, depth: int) -> Found | None:
    """Return a query with keys and aggregates, or with one group of all rows."""
    scope = world.source(depth)
    known = groupable(scope.infos)
    if scope.grouped or not known:
        return None
    keys = world.draw.some(known, 2, 0)
    return _keyed(world, scope, keys) if keys else _total(world, scope)


def _total(world: World, scope: Scope) -> Found:
    """Return a query with one group of all rows."""
    label = world.draw.label()
    found: list[Named] = [*_aggregates(world, scope), (label, Aggregate("count"), Info(label, COUNT))]
    outputs, infos = named(found)
    return Drawn(scope.source, outputs, world.where(scope.infos)), Scope(scope.source, infos, grouped=True)


def _keyed(world: World, scope: Scope, keys: list[Info]) -> Found:
    """Return a query with groups by keys."""
    found: list[Named] = [(info.name, info.node, info) for info in keys]
    by: list[Node] = [info.node for info in keys]
    if world.draw.chance(0.2) and (made := _computed_key(world, scope.infos)) is not None:
        found.append(made)
        by.append(Column(made[0]))
    outputs, infos = named([*found, *_aggregates(world, scope)])
    where = world.where(scope.infos) + (_having(world, infos) if world.draw.chance(0.3) else ())
    query = Drawn(scope.source, outputs, where, tuple(by), keys=world.keys(infos), **world.cut())
    infos = [replace(info, unique=len(by) == 1 and info in keys) for info in infos]
    return query, Scope(scope.source, infos, grouped=True)


def _computed_key(world: World, infos: list[Info]) -> Named | None:
    """Return a computed key of groups."""
    made = world.computed(infos)
    return None if made is None or not groupable([made[2]]) else made


def _having(world: World, infos: list[Info]) -> tuple[Node, ...]:
    """Return a condition on groups."""
    if world.draw.chance(0.4):
        return (Compare(world.draw.choice([">", "<=", "=="]), Aggregate("count"), Literal(world.draw.randint(0, 3))),)
    found = condition(world.draw, infos, 1)
    return () if found is None else (found,)


# --- aggregates -------------------------------------------------------------------------------------------------------


def _aggregates(world: World, scope: Scope) -> list[Named]:
    """Return up to three aggregates as outputs."""
    made = [_single(world, scope) for _ in range(world.draw.randint(0, 3))]
    found = [_combined(world, scope, one) for one in made if one is not None]
    labels = [world.draw.label() for _ in found]
    return [
        (label, node, replace(info, name=label, of=None, unique=False, label=""))
        for label, (node, info) in zip(labels, found, strict=True)
    ]


def _combined(world: World, scope: Scope, one: Single) -> Single:
    """Return an aggregate, sometimes in arithmetic with another one or with a number."""
    if not summable(one[1]) or not world.draw.chance(0.15):
        return one
    two = _single(world, scope) if world.draw.chance(0.5) else (Literal(2), one[1])
    if two is None or not summable(two[1]):
        return one
    kind = replace(COUNT, pool=one[1].kind.pool)
    info = Info("", kind, rounded=one[1].rounded or two[1].rounded)
    return Arithmetic(world.draw.choice("+-*"), one[0], two[0]), info


def _single(world: World, scope: Scope) -> Single | None:
    """Return an aggregate, with the kind of its values."""
    found: Single | None = world.draw.choice(AGGREGATES)(world, scope)
    return found


def _count(_world: World, _scope: Scope) -> Single:
    """Return the number of rows."""
    return Aggregate("count"), Info("", COUNT)


def _first(world: World, scope: Scope) -> Single | None:
    """Return the value in the first row, if the order of rows is that of a dataset."""
    if not scope.base:
        return None
    one = world.draw.choice(groupable(scope.infos))
    return Aggregate("first", one.node), one


def _numbers(scope: Scope) -> list[Info]:
    """Return the columns whose sums are exact."""
    return [info for info in of(scope.infos, "number") if info.kind.close and not info.rounded and not info.outer]


def _extreme(world: World, scope: Scope) -> Single | None:
    """Return the smallest or the largest number."""
    known = [info for info in _numbers(scope) if not info.kind.nullable]
    with_nan = [info for info in known if info.has_nan]
    known = with_nan if with_nan and world.draw.chance(0.6) else known
    if not known:
        return None
    one = world.draw.choice(known)
    return Aggregate(world.draw.choice(["min", "max"]), one.node), Info("", replace(one.kind, type=""))


def _sum(world: World, scope: Scope) -> Single | None:
    """Return a sum or a mean of numbers, or of flags."""
    name = world.draw.choice(["sum", "sum", "mean"])
    flags = [info for info in of(scope.infos, "bool") if not info.outer]
    known = flags if flags and world.draw.chance(0.15) else _numbers(scope)
    if not known:
        return None
    one = world.draw.choice(known)
    exact = name == "sum" and not one.kind.dtype.startswith("f")
    kind = replace(COUNT, pool=one.kind.pool, dtype="int64" if exact else "")
    return Aggregate(name, one.node), Info("", kind, rounded=not exact)


def _of_computed(world: World, scope: Scope) -> Single | None:
    """Return a sum or a mean of computed numbers."""
    computed = number(world.draw, _numbers(scope), missing=False)
    if computed is None:
        return None
    kind = replace(COUNT, pool=(0, 5, 100))
    return Aggregate(world.draw.choice(["sum", "mean"]), computed.node), Info("", kind, rounded=True)


AGGREGATES: list[Callable[[World, Scope], Single | None]] = [
    _count,
    _count,
    _sum,
    _sum,
    _of_computed,
    _extreme,
    _extreme,
    _first,
]

# --- members ----------------------------------------------------------------------------------------------------------


def apart(world: World, _depth: int) -> Found | None:
    """Return the members of groups."""
    scope = world.table()
    known = groupable(scope.infos)
    key, *others = world.draw.sample(known, min(3, len(known)))
    if not others:
        return None
    outputs = tuple((info.name, info.node) for info in (key, *others))
    inner = Drawn(scope.source, (*outputs, ("n", Aggregate("count"))), world.where(scope.infos), (key.node,))
    infos = [key, *others, Info("n", COUNT)]
    names: tuple[tuple[str, Node], ...] = tuple((info.name, Column(info.name)) for info in infos)
    query = Drawn(inner, names, keys=world.keys(infos), ungrouped=True)
    return query, Scope(inner, infos, grouped=True)
