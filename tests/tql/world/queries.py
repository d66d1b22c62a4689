"""Random queries over tables of the world: every clause, combined and nested."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.tql.world import tables
from tests.tql.world.conditions import GROUPABLE, Info, condition, may_join, number, of, summable, unmatched
from tests.tql.world.tables import Draw
from tests.tql.world.terms import (
    Aggregate,
    Arithmetic,
    Column,
    Combined,
    Compare,
    Drawn,
    Joined,
    Key,
    Literal,
    Part,
    RowNumber,
    Sample,
    Search,
    Table,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.tql.world.tables import Made
    from tests.tql.world.terms import Node, Source

SETS = ("union", "union_all", "intersect", "except_")
METRICS = ("cosine", "l2", "l1", "linf", "dot")
BOOL = tables.Kind("", "bool", (True, False), "bool")
COUNT = tables.Kind("", "number", (0, 1, 2, 3), "int64")


@dataclass(frozen=True)
class Scope:
    """
    A source with its columns.

    Attributes:
        source: the source.
        infos: its columns.
        base: whether it is a dataset.
        grouped: whether its rows are groups.
    """

    source: Source
    infos: list[Info]
    base: bool = False
    grouped: bool = False


class World:
    """Draws queries over tables."""

    def __init__(self, draw: Draw, made: Mapping[str, Made]) -> None:
        """Take tables by their names."""
        self.draw = draw
        self.made = made

    def query(self, depth: int = 2) -> tuple[Drawn, Scope]:
        """Return a query, and what a query over it sees."""
        kinds = [self.rows] * 5 + [self.groups] * 3 + [self.distinct, self.set, self.set, self.joined, self.joined, self.nearest, self.sampled, self.apart]  # fmt: skip
        while True:
            found = self.draw.choice(kinds)(depth)
            if found is not None:
                return without(found[0], order=self.draw.randrange(10**6)), found[1]

    # --- sources ------------------------------------------------------------------------------------------------------

    def table(self) -> Scope:
        """Return a dataset."""
        name = self.draw.choice(sorted(self.made))
        kinds = self.made[name].kinds
        infos = [Info(label, kind, label=label, unique=label == "id") for label, kind in kinds.items()]
        return Scope(Table(name), infos, base=True)

    def source(self, depth: int) -> Scope:
        """Return a dataset, or a query."""
        if not depth or self.draw.chance(0.55):
            return self.table()
        query, scope = self.query(depth - 1)
        return self._nested(query, scope)

    def _nested(self, query: Drawn, scope: Scope) -> Scope:
        """Return a query as a source; a limit keeps certain rows only where a unique key is the last one."""
        if query.limit is not None or query.offset is not None or query.sample is not None:
            unique = [info for info in scope.infos if info.unique]
            if unique and query.sample is None:
                query = without(query, keys=(*query.keys, Key(unique[0].node, self.draw.choice(["asc", "desc"]))))
            else:
                query = without(query, limit=None, offset=None, sample=None)
        return Scope(query, scope.infos, grouped=scope.grouped)

    # --- clauses ------------------------------------------------------------------------------------------------------

    def _outputs(self, infos: list[Info], *, whole: float = 0.15, base: bool = False) -> tuple[tuple[tuple[str, Node], ...], list[Info]]:  # fmt: skip
        """Return outputs, and their columns; none for all columns."""
        if self.draw.chance(whole):
            return (), infos
        chosen = self.draw.some(infos, 4)
        unique = [info for info in infos if info.unique and info not in chosen]
        chosen += unique[:1] if self.draw.chance(0.6) else []
        found = [self._output(info) for info in chosen]
        found += [made for _ in range(self.draw.choice([0, 0, 1, 2])) if (made := self._computed(infos)) is not None]
        if base and self.draw.chance(0.05):
            label = self.draw.label()
            found.append((label, RowNumber(), Info(label, COUNT, unique=True)))
        return tuple((label, node) for label, node, _ in found), [info for _, _, info in found]

    def _output(self, info: Info) -> tuple[str, Node, Info]:
        """Return a column as an output, renamed or not."""
        if info.of is None and not self.draw.chance(0.2):
            return info.name, info.node, info
        label = self.draw.label()
        return label, info.node, replace(info, name=label, of=None)

    def _computed(self, infos: list[Info]) -> tuple[str, Node, Info] | None:
        """Return a computed output."""
        label = self.draw.label()
        json = of(infos, "json")
        if json and self.draw.chance(0.2):
            return label, Part(json[0].node, "year"), Info(label, tables.Kind("", "other", ()))
        if self.draw.chance(0.25):
            test = condition(self.draw, infos, 1, where=False)
            return None if test is None else (label, test, Info(label, BOOL))
        found = number(self.draw, infos)
        if found is None:
            return None
        return label, found.node, Info(label, found.kind, rounded=found.rounded)

    def _where(self, infos: list[Info]) -> tuple[Node, ...]:
        """Return conditions."""
        drawn = [condition(self.draw, infos) for _ in range(self.draw.choice([0, 1, 1, 2]))]
        return tuple(one for one in drawn if one is not None)

    def _both(self, infos: list[Info], outputs: list[Info]) -> list[Info]:
        """Return the columns that conditions and sort keys may read: those of the source, and outputs of another name."""
        names = {(info.name, info.of) for info in infos}
        return [*infos, *(info for info in outputs if (info.name, None) not in names)]

    def _keys(self, infos: list[Info], *, computed: bool = True) -> tuple[Key, ...]:
        """Return sort keys."""
        found: list[Key] = []
        for _ in range(self.draw.choice([0, 1, 1, 2, 3])):
            known = of(infos, *GROUPABLE)
            node: Node | None = self.draw.choice(known).node if known else None
            if computed and self.draw.chance(0.2):
                made = number(self.draw, infos)
                node = node if made is None else made.node
            if node is not None and all(key.value != node for key in found):
                found.append(Key(node, self.draw.choice([None, "asc", "desc"])))
        return tuple(found)

    def _cut(self) -> dict[str, Any]:
        """Return a limit and an offset."""
        limit = self.draw.choice([None, None, 0, 1, 3, 10, 1000]) if self.draw.chance(0.5) else None
        offset = self.draw.choice([0, 1, 2, 20]) if self.draw.chance(0.15) else None
        return {"limit": limit, "offset": offset}

    # --- kinds of queries ---------------------------------------------------------------------------------------------

    def rows(self, depth: int) -> tuple[Drawn, Scope] | None:
        """Return a query without groups."""
        scope = self.source(depth)
        outputs, infos = self._outputs(scope.infos, base=scope.base)
        both = self._both(scope.infos, infos)
        query = Drawn(scope.source, outputs, self._where(both), keys=self._keys(both), **self._cut())
        return query, Scope(scope.source, infos, grouped=scope.grouped)

    def distinct(self, depth: int) -> tuple[Drawn, Scope] | None:
        """Return a query with distinct rows."""
        scope = self.source(depth)
        infos = self._groupable(scope.infos)
        if scope.grouped or not infos:
            return None
        outputs, made = self._outputs(self.draw.some(infos, 3), whole=0)
        if any(info.rounded for info in made):
            return None
        query = Drawn(scope.source, outputs, self._where(scope.infos), distinct=True, keys=self._keys(made, computed=False), **self._cut())  # fmt: skip
        return query, Scope(scope.source, [replace(info, unique=len(made) == 1) for info in made], grouped=True)

    @staticmethod
    def _groupable(infos: list[Info]) -> list[Info]:
        """Return the columns that can be keys of groups."""
        return [info for info in of(infos, *GROUPABLE) if not info.rounded]

    def groups(self, depth: int) -> tuple[Drawn, Scope] | None:
        """Return a grouped query."""
        scope = self.source(depth)
        known = self._groupable(scope.infos)
        if scope.grouped or not known:
            return None
        keys = self.draw.some(known, 2, 0)
        found: list[tuple[str, Node, Info]] = [(info.name, info.node, info) for info in keys]
        more: list[Node] = [info.node for info in keys]
        if keys and self.draw.chance(0.2) and (made := self._computed_key(scope.infos)) is not None:
            found.append(made)
            more.append(Column(made[0]))
        aggregates = [self._aggregate(scope) for _ in range(self.draw.randint(0, 3))]
        found += [one for one in aggregates if one is not None]
        found += [] if keys else [(label := self.draw.label(), Aggregate("count"), Info(label, COUNT))]
        if not found:
            return None
        infos = [replace(info, unique=len(more) == 1 and info in keys) for _, _, info in found]
        rows = self._where(scope.infos)
        having = self._having(infos) if self.draw.chance(0.3) else ()
        query = Drawn(scope.source, tuple((label, node) for label, node, _ in found), (*rows, *having), tuple(more), keys=self._keys(infos, computed=False), **self._cut())  # fmt: skip
        query = query if keys else without(query, keys=(), limit=None, offset=None, where=rows)
        return query, Scope(scope.source, infos, grouped=True)

    def _computed_key(self, infos: list[Info]) -> tuple[str, Node, Info] | None:
        """Return a computed key of groups."""
        made = self._computed(infos)
        return None if made is None or made[2].rounded or made[2].kind.family not in GROUPABLE else made

    def _having(self, infos: list[Info]) -> tuple[Node, ...]:
        """Return a condition on groups."""
        if self.draw.chance(0.4):
            return (Compare(self.draw.choice([">", "<=", "=="]), Aggregate("count"), Literal(self.draw.randint(0, 3))),)
        found = condition(self.draw, infos, 1)
        return () if found is None else (found,)

    def _aggregate(self, scope: Scope) -> tuple[str, Node, Info] | None:
        """Return an aggregate as an output."""
        label = self.draw.label()
        made = self._single(scope)
        if made is None:
            return None
        node, info = made
        if self.draw.chance(0.15) and info.kind.family == "number" and not info.kind.nullable:
            other = self._single(scope) if self.draw.chance(0.5) else (Literal(2), info)
            if other is not None and summable(info) and summable(other[1]):
                node = Arithmetic(self.draw.choice("+-*"), node, other[0])
                info = Info("", replace(COUNT, pool=info.kind.pool), rounded=info.rounded or other[1].rounded)
        return label, node, replace(info, name=label, of=None, unique=False, label="")

    def _single(self, scope: Scope) -> tuple[Node, Info] | None:
        """Return an aggregate, with the kind of its values."""
        numbers = [
            info for info in of(scope.infos, "number") if info.kind.close and not info.rounded and not info.outer
        ]
        name = self.draw.choice(["count", "count", "sum", "sum", "mean", "min", "max", "first"])
        if name == "count" or not numbers:
            return Aggregate("count"), Info("", COUNT)
        if name == "first":
            one = self.draw.choice(self._groupable(scope.infos))
            return (Aggregate(name, one.node), one) if scope.base else None
        computed = number(self.draw, numbers, missing=False) if self.draw.chance(0.2) else None
        if computed is not None and name in {"sum", "mean"}:
            return Aggregate(name, computed.node), Info("", replace(COUNT, pool=(0, 5, 100)), rounded=True)
        if name in {"min", "max"}:
            numbers = [info for info in numbers if not info.kind.nullable and not info.has_nan]
        elif self.draw.chance(0.15) and (flags := [info for info in of(scope.infos, "bool") if not info.outer]):
            numbers = flags
        if not numbers:
            return None
        one = self.draw.choice(numbers)
        exact = name in {"min", "max"} or (name == "sum" and not one.kind.dtype.startswith("f"))
        kind = replace(one.kind, type="") if name in {"min", "max"} else replace(COUNT, pool=one.kind.pool, dtype="" if name == "mean" else "int64")  # fmt: skip
        return Aggregate(name, one.node), Info("", replace(kind, family="number"), rounded=not exact)

    def set(self, depth: int) -> tuple[Drawn, Scope] | None:
        """Return a query over a chain of set operations."""
        first = self.source(depth)
        known = self._groupable(first.infos)
        if first.grouped or not known:
            return None
        columns = self.draw.some(known, 3)
        labels = [info.name if info.of is None else self.draw.label() for info in columns]
        members = []
        for place in range(self.draw.choice([2, 2, 2, 3, 4])):
            other = first if place == 0 or self.draw.chance(0.6) else self.source(depth)
            chosen = columns if other is first else [self._like(info, other) for info in columns]
            if other.grouped or any(info is None for info in chosen):
                other, chosen = first, columns
            members.append(self._member(other, labels, [info for info in chosen if info is not None]))
        methods = self.draw.choice([(self.draw.choice(SETS),), SETS])
        source = Combined(members[0], tuple((self.draw.choice(methods), member) for member in members[1:]))
        infos = [Info(label, info.kind, label=info.label) for label, info in zip(labels, columns, strict=True)]
        grouped = any(method != "union_all" for method, _ in source.others)
        keys = self._keys(infos, computed=False)
        query = Drawn(source, (), self._where(infos) if self.draw.chance(0.3) else (), keys=keys, **self._cut())
        return query, Scope(source, infos, grouped=grouped)

    def _like(self, wanted: Info, scope: Scope) -> Info | None:
        """Return a column whose type agrees with another one."""
        known = [info for info in self._groupable(scope.infos) if info.kind.family == wanted.kind.family]
        same = [info for info in known if info.kind.dtype == wanted.kind.dtype and bool(info.kind.dtype)]
        if wanted.kind.family == "number" and not wanted.kind.nullable and self.draw.chance(0.3):
            same = [info for info in known if not info.kind.nullable and info.kind.close and wanted.kind.close]
        return self.draw.choice(same) if same else None

    def _member(self, scope: Scope, labels: list[str], columns: list[Info]) -> Drawn:
        """Return a member of a set operation."""
        outputs = tuple((label, info.node) for label, info in zip(labels, columns, strict=True))
        renamed = {label for label, info in zip(labels, columns, strict=True) if info.node != Column(label)}
        infos = [info for info in scope.infos if info.name not in renamed]
        query = Drawn(scope.source, outputs, self._where(infos), order=self.draw.randrange(10**6))
        unique = [info for info in infos if info.unique]
        if unique and self.draw.chance(0.15):
            query = without(query, keys=(*self._keys(infos, computed=False)[:1], Key(unique[0].node, "desc")), limit=self.draw.choice([0, 2, 5]))  # fmt: skip
        return query

    def joined(self, depth: int) -> tuple[Drawn, Scope] | None:
        """Return a query over a join."""
        left = self.source(depth if self.draw.chance(0.3) else 0)
        right = left if self.draw.chance(0.3) else self.source(depth if self.draw.chance(0.3) else 0)
        pairs = [(one, two) for one in self._groupable(left.infos) for two in self._groupable(right.infos) if may_join(one, two)]  # fmt: skip
        if left.grouped or right.grouped or not pairs:
            return None
        one, two = self.draw.choice(pairs)
        how = "inner" if self.draw.plain else self.draw.choice(["inner", "inner", "left", "right"])
        infos = [replace(info, of="a", unique=False, outer=how == "right") for info in left.infos]
        infos += [replace(info, of="b", unique=False, outer=how == "left") for info in right.infos]
        infos = [unmatched(info) if info.outer else info for info in infos]
        chosen = [self._output(info) for info in self.draw.some(infos, 4)]
        if self.draw.chance(0.2) and how == "inner" and (made := self._computed(infos)) is not None:
            chosen.append(made)
        outputs = tuple((label, node) for label, node, _ in chosen)
        source = Joined(left.source, right.source, how, (one.name, two.name))
        made_infos = [info for _, _, info in chosen]
        tested = infos if how == "inner" else of(infos, "number", "text", "bool")
        where = self._where(tested) if self.draw.chance(0.4) else ()
        query = Drawn(source, outputs, where, keys=self._keys(made_infos, computed=False), **self._cut())
        return query, Scope(source, made_infos)

    def nearest(self, depth: int) -> tuple[Drawn, Scope] | None:
        """Return a similarity search."""
        scope = self.source(depth if self.draw.chance(0.3) else 0)
        vectors = of(scope.infos, "vector")
        if not vectors:
            return None
        alias = self.draw.choice(["score", "near", None])
        vector = tuple(self.draw.choice([0.5, -1.0, 0.25, 2.0, 0.1]) for _ in range(tables.VECTOR))
        search = Search(vectors[0].name, vector, self.draw.choice(METRICS), alias)
        outputs, infos = self._outputs(scope.infos, whole=0)
        score = (
            [] if alias is None else [Info(alias, replace(COUNT, dtype="float64", pool=(0.0, 1.0, 3.0)), rounded=True)]
        )
        key = () if alias is None or self.draw.chance(0.2) else (Key(Column(alias), self.draw.choice([None, None, "asc", "desc"])),)  # fmt: skip
        query = Drawn(scope.source, outputs, self._where(scope.infos), keys=key, search=search, **self._cut())
        return query, Scope(scope.source, [*infos, *score])

    def sampled(self, _depth: int) -> tuple[Drawn, Scope] | None:
        """Return a sample."""
        scope = self.table()
        weights = [info for info in of(scope.infos, "number") if info.label in {"u64", "u32", "id"}]
        if not weights:
            return None
        outputs, infos = self._outputs(scope.infos, whole=0)
        sample = Sample(self.draw.choice(weights).node, self.draw.chance(0.5), self.draw.choice([None, 1, 5]))
        return Drawn(scope.source, outputs, self._where(scope.infos), sample=sample), Scope(scope.source, infos)

    def apart(self, _depth: int) -> tuple[Drawn, Scope] | None:
        """Return the members of groups."""
        scope = self.table()
        keys = self._groupable(scope.infos)
        key, *others = self.draw.sample(keys, min(3, len(keys)))
        if not others:
            return None
        outputs = tuple((info.name, info.node) for info in (key, *others))
        inner = Drawn(scope.source, (*outputs, ("n", Aggregate("count"))), self._where(scope.infos), (key.node,))
        infos = [key, *others, Info("n", COUNT)]
        names = tuple((info.name, Column(info.name)) for info in infos)
        query = Drawn(inner, names, keys=self._keys(infos, computed=False), ungrouped=True)
        return query, Scope(inner, infos, grouped=True)


def absent(info: Info) -> Info:
    """Return a column of the side of a join whose rows may have no match."""
    family = info.kind.family if info.kind.family in GROUPABLE else "other"
    return replace(info, kind=replace(info.kind, type=f"T.Nullable({info.kind.type})", family=family))


def drawn_tables(seed: int, *, plain: bool = False) -> dict[str, Made]:
    """Return the tables of a seed."""
    draw = Draw(f"tables {seed}")
    return {name: tables.drawn_table(draw, name, f"mem://{name}{seed}{'p' if plain else ''}", plain=plain) for name in ("one", "two")}  # fmt: skip


def drawn_query(seed: str, made: Mapping[str, Made], *, plain: bool = False) -> Drawn:
    """Return the query of a seed."""
    draw = Draw(seed)
    draw.plain = plain
    query: Callable[[], tuple[Drawn, Scope]] = World(draw, made).query
    return query()[0]
