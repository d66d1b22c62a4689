"""Random sources of queries, and the clauses that every kind of query has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.tql.world import tables
from tests.tql.world.conditions import GROUPABLE, Info, condition, is_indexed_number, number, of
from tests.tql.world.shadowing import shadowed
from tests.tql.world.terms import Drawn, Key, Part, RowNumber, Search, Table, Words, without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.tql.world.tables import Draw, Made
    from tests.tql.world.terms import Node, Source

BOOL = tables.Kind("", "bool", (True, False), "bool")
COUNT = tables.Kind("", "number", (0, 1, 2, 3), "int64")
Named = tuple[str, "Node", Info]


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


Found = tuple[Drawn, Scope]


class World:
    """Generates queries over tables, of several kinds."""

    def __init__(
        self, draw: Draw, made: Mapping[str, Made], kinds: Sequence[Callable[[World, int], Found | None]]
    ) -> None:
        """Take tables by their names, and a function for each kind of query."""
        self.draw = draw
        self.made = made
        self.kinds = kinds

    def query(self, depth: int = 2) -> Found:
        """Return a query, and its outputs as the columns of a query over it."""
        while True:
            found = self.draw.choice(self.kinds)(self, depth)
            if found is not None:
                query, scope = without(found[0], order=self.draw.randrange(10**6)), found[1]
                query, infos = shadowed(query, scope.infos, self.made)
                return query, replace(scope, infos=infos)

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
        return self.table() if _is_last(query) else self._nested(query, scope)

    def often_table(self, depth: int) -> Scope:
        """Return a dataset, and sometimes a query."""
        return self.source(depth if self.draw.chance(0.3) else 0)

    def _nested(self, query: Drawn, scope: Scope) -> Scope:
        """Return a query as a source; a limit keeps certain rows only if a unique key is the last one."""
        if query.per:
            return Scope(query, scope.infos, grouped=scope.grouped)
        if query.limit is not None or query.offset is not None or query.sample is not None:
            unique = [info for info in scope.infos if info.unique]
            if unique and query.sample is None:
                query = without(query, keys=(*query.keys, Key(unique[0].node, self.draw.choice(["asc", "desc"]))))
            else:
                query = without(query, limit=None, offset=None, sample=None)
        return Scope(query, scope.infos, grouped=scope.grouped)

    # --- clauses ------------------------------------------------------------------------------------------------------

    def outputs(
        self, infos: list[Info], *, whole: float = 0.15, base: bool = False
    ) -> tuple[tuple[tuple[str, Node], ...], list[Info]]:
        """Return outputs, and their columns; none for all columns."""
        if self.draw.chance(whole):
            return (), infos
        chosen = self.draw.some(infos, 4)
        if self.draw.chance(0.6):
            chosen += [info for info in infos if info.unique and info not in chosen][:1]
        found = [self.output(info) for info in chosen] + self._computed_outputs(infos)
        if base and self.draw.chance(0.05):
            label = self.draw.label()
            found.append((label, RowNumber(), Info(label, COUNT, unique=True)))
        return named(found)

    def output(self, info: Info) -> Named:
        """Return a column as an output, renamed or not."""
        if info.of is None and not self.draw.chance(0.2):
            return info.name, info.node, info
        label = self.draw.label()
        return label, info.node, replace(info, name=label, of=None)

    def _computed_outputs(self, infos: list[Info]) -> list[Named]:
        """Return up to two computed outputs."""
        made = [self.computed(infos) for _ in range(self.draw.choice([0, 0, 1, 2]))]
        return [one for one in made if one is not None]

    def computed(self, infos: list[Info]) -> Named | None:
        """Return a computed output."""
        label = self.draw.label()
        json = of(infos, "json")
        if json and self.draw.chance(0.2):
            return label, Part(json[0].node, "year"), Info(label, tables.Kind("", "other", ()))
        if self.draw.chance(0.25):
            test = condition(self.draw, infos, 1, where=False)
            return None if test is None else (label, test, Info(label, BOOL))
        found = number(self.draw, self._sortable(infos))
        if found is None:
            return None
        return label, found.node, Info(label, found.kind, rounded=found.rounded)

    def where(self, infos: list[Info]) -> tuple[Node, ...]:
        """Return conditions."""
        made = [condition(self.draw, infos) for _ in range(self.draw.choice([0, 1, 1, 2]))]
        return tuple(one for one in made if one is not None)

    def keys(self, infos: list[Info], *, computed: bool = False) -> tuple[Key, ...]:
        """Return sort keys."""
        found: list[Key] = []
        for _ in range(self.draw.choice([0, 1, 1, 2, 3])):
            node = self._key(infos, computed=computed)
            if node is not None and all(key.value != node for key in found):
                found.append(Key(node, self.draw.choice([None, "asc", "desc"])))
        return tuple(found)

    def _key(self, infos: list[Info], *, computed: bool) -> Node | None:
        """Return the expression of a sort key."""
        infos = self._sortable(infos)
        if computed and self.draw.chance(0.2) and (made := number(self.draw, infos)) is not None:
            return made.node
        known = of(infos, *GROUPABLE)
        return self.draw.choice(known).node if known else None

    def _sortable(self, infos: list[Info]) -> list[Info]:
        """Return the columns of sort keys; without a schema the engine fails on an indexed one with a limit, which is documented."""
        return [info for info in infos if not (self.draw.plain and is_indexed_number(info))]

    def cut(self) -> dict[str, Any]:
        """Return a limit and an offset."""
        limit = self.draw.choice([None, None, 0, 1, 3, 10, 1000]) if self.draw.chance(0.5) else None
        offset = self.draw.choice([0, 1, 2, 20]) if self.draw.chance(0.15) else None
        return {"limit": limit, "offset": offset}


def _is_last(query: Drawn) -> bool:
    """Return whether the rows of a query are not certain: it ranks by words, by diversity, or by an index."""
    search = query.search
    return isinstance(search, Words) or (isinstance(search, Search) and not search.is_certain)


def named(found: list[Named]) -> tuple[tuple[tuple[str, Node], ...], list[Info]]:
    """Return outputs, and their columns."""
    return tuple((label, node) for label, node, _ in found), [info for _, _, info in found]


def groupable(infos: list[Info]) -> list[Info]:
    """Return the columns that can be keys of groups."""
    return [info for info in of(infos, *GROUPABLE) if not info.rounded]


def both(infos: list[Info], outputs: list[Info]) -> list[Info]:
    """Return the columns that conditions and sort keys may read: those of the source, and outputs of another name."""
    names = {(info.name, info.of) for info in infos}
    return [*infos, *(info for info in outputs if (info.name, None) not in names)]


def scored(alias: str | None) -> list[Info]:
    """Return the column of a score."""
    kind = replace(COUNT, dtype="float64", pool=(0.0, 1.0, 3.0))
    return [] if alias is None else [Info(alias, kind, rounded=True)]
