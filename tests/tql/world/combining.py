"""Random queries over several sources: chains of set operations, and joins."""

from __future__ import annotations

from dataclasses import replace

from tests.tql.world.conditions import Info, is_indexed_number, may_join, of, unmatched
from tests.tql.world.scopes import Found, Named, Scope, World, groupable, named
from tests.tql.world.terms import Column, Combined, Drawn, Joined, Key, without

SETS = ("union", "union_all", "intersect", "except_")


def combined(world: World, depth: int) -> Found | None:
    """Return a query over a chain of set operations."""
    first = world.source(depth)
    known = groupable(first.infos)
    if first.grouped or not known:
        return None
    columns = world.draw.some(known, 3)
    labels = [info.name if info.of is None else world.draw.label() for info in columns]
    count = world.draw.choice([1, 1, 1, 2, 3])
    wanted = _wanted(world, columns)
    others = [_other(world, depth, first, labels, wanted) for _ in range(count)]
    members = [_member(world, *other) for other in ((first, labels, columns), *others)]
    source = Combined(members[0], tuple(zip(_methods(world, len(members) - 1), members[1:], strict=True)))
    infos = [_met(label, info, mixed=mixed) for label, (info, mixed) in zip(labels, wanted, strict=True)]
    grouped = any(method != "union_all" for method, _ in source.others)
    where = world.where(infos) if world.draw.chance(0.3) else ()
    return Drawn(source, (), where, keys=world.keys(infos), **world.cut()), Scope(source, infos, grouped=grouped)


def _met(label: str, info: Info, *, mixed: bool) -> Info:
    """Return a column of a set operation: one in which types of numbers meet has a type of its own."""
    return Info(label, replace(info.kind, dtype="") if mixed else info.kind, label=info.label)


def _wanted(world: World, columns: list[Info]) -> list[tuple[Info, bool]]:
    """Return columns, each with whether every type of numbers may meet in it."""
    return [(info, _is_plain(info) and world.draw.chance(0.3)) for info in columns]


def _methods(world: World, count: int) -> list[str]:
    """Return set operations, of one kind or of several."""
    one = world.draw.choice(SETS)
    return [one if world.draw.chance(0.6) else world.draw.choice(SETS) for _ in range(count)]


def _other(
    world: World, depth: int, first: Scope, labels: list[str], wanted: list[tuple[Info, bool]]
) -> tuple[Scope, list[str], list[Info]]:
    """Return the source, the names and the columns of another member."""
    columns = [info for info, _ in wanted]
    if world.draw.chance(0.6):
        return first, labels, columns
    other = world.source(depth)
    chosen = [found for info, mixed in wanted if (found := _like(world, info, other, mixed=mixed)) is not None]
    if other.grouped or len(chosen) < len(columns):
        return first, labels, columns
    return other, labels, chosen


def _like(world: World, wanted: Info, scope: Scope, *, mixed: bool) -> Info | None:
    """Return a column whose type agrees with another one; without a schema none with an index, since the result may be sorted and limited, see `World._sortable`."""
    known = [info for info in groupable(scope.infos) if info.kind.family == wanted.kind.family]
    known = [info for info in known if not (world.draw.plain and is_indexed_number(info))]
    same = list(filter(_is_plain, known)) if mixed else [info for info in known if _is_of_type(info, wanted)]
    return world.draw.choice(same) if same else None


def _is_of_type(info: Info, wanted: Info) -> bool:
    """Return whether a column has the known type of another one; a text also its nulls, since a missing text is an empty one where they differ."""
    same = bool(wanted.kind.dtype) and info.kind.dtype == wanted.kind.dtype
    return same and (info.kind.family != "text" or info.kind.nullable is wanted.kind.nullable)


def _is_plain(info: Info) -> bool:
    """Return whether a column has numbers that every type of numbers holds."""
    return info.kind.family == "number" and not info.kind.nullable and info.kind.close


def _member(world: World, scope: Scope, labels: list[str], columns: list[Info]) -> Drawn:
    """Return a member of a set operation."""
    outputs = tuple((label, info.node) for label, info in zip(labels, columns, strict=True))
    renamed = {label for label, node in outputs if node != Column(label)}
    infos = [info for info in scope.infos if info.name not in renamed]
    query = Drawn(scope.source, outputs, world.where(infos), order=world.draw.randrange(10**6))
    unique = [info for info in infos if info.unique]
    if not unique or not world.draw.chance(0.15):
        return query
    keys = (*world.keys(infos)[:1], Key(unique[0].node, "desc"))
    return without(query, keys=keys, limit=world.draw.choice([0, 2, 5]))


# --- joins ------------------------------------------------------------------------------------------------------------


def joined(world: World, depth: int) -> Found | None:
    """Return a query over a join."""
    left = world.often_table(depth)
    right = left if world.draw.chance(0.3) else world.often_table(depth)
    keys = None if left.grouped or right.grouped else _keys(world, left, right)
    if keys is None:
        return None
    how = "inner" if world.draw.plain else world.draw.choice(["inner", "inner", "left", "right"])
    infos = _sides(left, right, how)
    outputs, made = named(_chosen(world, infos, how))
    tested = infos if how == "inner" else of(infos, "number", "text", "bool")
    where = world.where(tested) if world.draw.chance(0.4) else ()
    source = Joined(left.source, right.source, how, keys)
    return Drawn(source, outputs, where, keys=world.keys(made), **world.cut()), Scope(source, made)


def _keys(world: World, left: Scope, right: Scope) -> tuple[str, str] | None:
    """Return the names of two columns that can be keys."""
    known = [(one, two) for one in groupable(left.infos) for two in groupable(right.infos) if may_join(one, two)]
    if not known:
        return None
    one, two = world.draw.choice(known)
    return one.name, two.name


def _sides(left: Scope, right: Scope, how: str) -> list[Info]:
    """Return the columns of both sources."""
    infos = [replace(info, of="a", unique=False, outer=how == "right") for info in left.infos]
    infos += [replace(info, of="b", unique=False, outer=how == "left") for info in right.infos]
    return [unmatched(info) if info.outer else info for info in infos]


def _chosen(world: World, infos: list[Info], how: str) -> list[Named]:
    """Return outputs of a join."""
    found = [world.output(info) for info in world.draw.some(infos, 4)]
    computed = world.computed(infos) if how == "inner" and world.draw.chance(0.2) else None
    return found if computed is None else [*found, computed]
