"""
The documented meaning of queries, one function for each clause, in plain Python.

Conditions on the source keep rows before anything else; outputs are computed; groups, duplicates, conditions on outputs, order, and limit follow.
The order of ties, and of rows without a sort key, is not promised: an `Answer` says which rows may be where.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.tql.world import terms
from tests.tql.world.clauses import (
    SETS,
    Relation,
    RowsInAnyOrder,
    aggregated,
    conjuncts,
    has_aggregate,
    identity,
    is_missing,
    parts,
    rank,
    same,
)
from tests.tql.world.searching import descends, scored, searched, sort_keys, without_rank
from tests.tql.world.shadowing import INSIDE, unshadowed
from tests.tql.world.values import (
    Blurred,
    Rounded,
    Row,
    Types,
    Unanswered,
    Undecided,
    column_of,
    near,
    true,
    type_of,
    value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.tql.world.tables import Made
    from tests.tql.world.terms import Drawn, Node, Source

MOST_ROWS = 20_000
# Begins the types of texts that are missing in rows of an outer join without a match.
MISSING = "missing "


@dataclass
class Answer:
    """
    The rows of a query.

    Attributes:
        names: the names of the outputs, in order.
        rows: all rows, sorted, before limit and offset.
        keys: the values of the sort keys of each row, and whether each descends; none where no order is promised.
        start: the number of skipped rows.
        count: the number of returned rows.
        sampled: whether any `count` of the rows are right.
    """

    names: list[str]
    rows: list[Row]
    types: Types
    keys: list[tuple[Any, ...]] | None = None
    start: int = 0
    count: int = 0
    sampled: Callable[[int], bool] | None = None
    ordered: bool = False


@dataclass
class _Row:
    """A row of the result, with the row of the source or the rows of the group that it comes from."""

    output: Row
    source: Row
    members: list[Row] = field(default_factory=list)


class Reference:
    """Executes queries over tables of the model."""

    def __init__(self, made: Mapping[str, Made]) -> None:
        """Take tables by their names."""
        self.made = made

    def answer(self, query: Drawn) -> Answer:
        """Return the rows of a query."""
        if query.shadow is not None:
            return _shadowing(self.answer(unshadowed(query)), query.shadow)
        source = self.source(query.source)
        outer, inner = _parted(query)
        rows = [row for row in source.rows if all(true(node, row, source.types) for node in inner)]
        return (
            self._sampled(query, rows, source) if query.sample is not None else self._kept(query, rows, source, outer)
        )

    def _kept(self, query: Drawn, rows: list[Row], source: Relation, outer: list[Node]) -> Answer:
        """Return the outputs of rows that meet the conditions on outputs, without duplicates, in order, and cut."""
        types = {**source.types, **self._types(query, source)}
        rows = searched(query, rows, source.rows)
        made = [
            row for row in self._outputs(query, rows, source) if all(self.computed(node, row, types) for node in outer)
        ]
        made = _distinct(made, types) if query.distinct else made
        return self._cut(query, made, types, ordered=source.ordered and not query.groups and not query.distinct)

    # --- sources ------------------------------------------------------------------------------------------------------

    def source(self, source: Source) -> Relation:
        """Return the rows of a source."""
        if isinstance(source, terms.Table):
            made = self.made[source.name]
            kinds = {name: type_of(kind) for name, kind in made.kinds.items()}
            return Relation([dict(row) for row in made.rows], kinds, ordered=True)
        if isinstance(source, terms.Joined):
            return self._joined(source)
        return self._combined(source) if isinstance(source, terms.Combined) else self.relation(source)

    def relation(self, query: Drawn) -> Relation:
        """Return the rows of a nested query, whose limit has to keep rows that are certain."""
        answer = self.answer(query)
        stop = answer.start + answer.count
        if answer.sampled is not None or not _certain(answer, answer.start) or not _certain(answer, stop):
            raise Undecided
        rows = answer.rows[answer.start : stop]
        rows = [_emptied(row, answer.types) for row in rows]
        types = {name: kind.removeprefix(MISSING) for name, kind in answer.types.items()}
        return Relation(rows, types, ordered=answer.ordered and not query.keys)

    def _joined(self, source: terms.Joined) -> Relation:
        """Return the pairs of a join, with rows of nulls for those without a match in an outer join."""
        left, right = self.source(source.left), self.source(source.right)
        places = _pairs(left.rows, right.rows, source.keys)
        found = [(left.rows[one], right.rows[two]) for one, two in places]
        if source.how == "left":
            found += _unmatched(left.rows, {one for one, _ in places}, dict.fromkeys(right.types), first=True)
        elif source.how == "right":
            found += _unmatched(right.rows, {two for _, two in places}, dict.fromkeys(left.types), first=False)
        pairs = [{**_qualified("a", one), **_qualified("b", two)} for one, two in found]
        return Relation(pairs, _types_of_join(source.how, left.types, right.types))

    def _combined(self, source: terms.Combined) -> Relation:
        """Return the rows of a chain of set operations."""
        first = self.relation(source.first)
        rows, types = first.rows, first.types
        for method, other in source.others:
            more = self.relation(other)
            mixed = [name for name, kind in types.items() if kind != more.types.get(name)]
            types = {name: "" if name in mixed else kind for name, kind in types.items()}
            rows = _of_one_type(SETS[method](rows, more.rows), mixed)
        return Relation(rows, types)

    # --- outputs ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _types(query: Drawn, source: Relation) -> Types:
        """Return the types of the outputs that are columns of the source, or their first values, and that of the score."""
        score = dict.fromkeys(_score(query), "")
        return {label: source.types.get(column_of(node), "") for label, node in query.outputs} | score

    def _outputs(self, query: Drawn, rows: list[Row], source: Relation) -> list[_Row]:
        """Return the rows of the result before they are sorted."""
        if query.groups or any(has_aggregate(node) for _, node in query.outputs):
            return self._grouped(query, rows, source)
        if query.ungrouped:
            return self._apart(query, rows, source)
        numbered = {id(row): place for place, row in enumerate(source.rows)}
        made = []
        for row in rows:
            own = {**row, "": numbered.get(id(row))}
            output = {label: self.single(node, own, source.types) for label, node in query.outputs} or without_rank(row)
            output.update(scored(query, row))
            made.append(_Row(output, row))
        return made

    @staticmethod
    def single(node: Node, row: Row, types: Types) -> Any:
        """Return the value of an output of a query without groups."""
        return row[""] if isinstance(node, terms.RowNumber) else value(node, row, types)

    def _grouped(self, query: Drawn, rows: list[Row], source: Relation) -> list[_Row]:
        """Return one row for each group."""
        own = dict(query.outputs)
        keys = [
            own.get(node.name, node) if isinstance(node, terms.Column) and node.of is None else node
            for node in query.groups
        ]
        groups: dict[Any, list[Row]] = {}
        for row in rows:
            groups.setdefault(tuple(same(value(key, row, source.types)) for key in keys), []).append(row)
        made = []
        for members in groups.values():
            output = {label: self._of_group(node, keys, members, source) for label, node in query.outputs}
            made.append(_Row(output, members[0], members))
        return made

    def _of_group(self, node: Node, keys: list[Node], members: list[Row], source: Relation) -> Any:
        """Return an output of a group: one value where it reads only keys, aggregates and constants, and a list otherwise."""
        if node in keys or has_aggregate(node):
            return aggregated(node, members, source)
        found = [value(node, row, source.types) for row in members]
        return found if source.ordered else RowsInAnyOrder(found)

    def _apart(self, query: Drawn, rows: list[Row], source: Relation) -> list[_Row]:
        """Return the members of groups; keys and aggregates are repeated."""
        made = []
        for row in rows:
            length = max(len(cell) for cell in row.values() if isinstance(cell, list))
            for place in range(length):
                own = {name: cell[place] if isinstance(cell, list) else cell for name, cell in row.items()}
                output = {label: value(node, own, source.types) for label, node in query.outputs} or own
                made.append(_Row(output, own))
        return made

    def computed(self, node: Node, row: _Row, types: Types) -> Any:
        """Return the value of an expression that may read outputs, columns of the source and, in a group, aggregates."""
        if row.members and has_aggregate(node):
            return aggregated(node, row.members, Relation([], types, ordered=True))
        return value(node, {**row.source, **row.output}, types)

    # --- order and limit ----------------------------------------------------------------------------------------------

    def _cut(self, query: Drawn, made: list[_Row], types: Types, *, ordered: bool) -> Answer:
        """Return the answer: sorted rows, and the part of them that limit and offset keep."""
        keys = sort_keys(query)
        values = [tuple(self.computed(key.value, row, types) for key in keys) for row in made]
        down = [descends(query, key) for key in keys]
        order = sorted(range(len(made)), key=lambda place: _sortable(values[place], down))
        names = list(made[0].output) if made else [label for label, _ in query.outputs]
        rows = [made[place].output for place in order]
        sorted_by = [values[place] for place in order] if keys else None
        if query.per:
            return _first_of_each(query, Answer(names, rows, types, sorted_by, ordered=ordered))
        return Answer(names, rows, types, sorted_by, *_part(query, len(made)), ordered=ordered)

    def _sampled(self, query: Drawn, rows: list[Row], source: Relation) -> Answer:
        """Return the rows that may be drawn, those with a weight above 0."""
        sample = query.sample
        assert sample is not None
        weighted = [row for row in rows if value(sample.weights, row, source.types) > 0]
        if rows and not weighted:
            raise Unanswered
        rows = weighted
        made = [row.output for row in self._outputs(query, rows, source)]
        most = len(rows) if sample.limit is None else sample.limit

        def right(count: int) -> bool:
            return count <= most and (bool(count) or not rows or not most)

        return Answer([label for label, _ in query.outputs], made, source.types, sampled=right)


def _types_of_join(how: str, left: Types, right: Types) -> Types:
    """Return the types of the columns of a join; a text of the side without matches may be missing."""
    sides = {"a": left, "b": right}
    absent = {"left": "b", "right": "a"}.get(how)
    if absent is not None:
        sides[absent] = {name: MISSING + kind if kind == "text" else kind for name, kind in sides[absent].items()}
    return {**_qualified("a", sides["a"]), **_qualified("b", sides["b"])}


def _pairs(left: list[Row], right: list[Row], keys: tuple[str, str]) -> list[tuple[int, int]]:
    """Return the places of rows with equal keys; keys that are missing or NaN match nothing."""
    others: dict[Any, list[int]] = {}
    for place, row in enumerate(right):
        others.setdefault(row[keys[1]], []).append(place)
    found: list[tuple[int, int]] = []
    for place, row in enumerate(left):
        key = row[keys[0]]
        found += [] if is_missing(key) else [(place, other) for other in others.get(key, [])]
        _require_few(found)
    return found


def _unmatched(rows: list[Row], matched: set[int], empty: Row, *, first: bool) -> list[tuple[Row, Row]]:
    """Return the rows without a match, with a row of nulls."""
    found = [row for place, row in enumerate(rows) if place not in matched]
    return [(row, empty) if first else (empty, row) for row in found]


def _emptied(row: Row, types: Types) -> Row:
    """Return a row of an outer join as a query over it reads it: a missing text is an empty one."""
    return {
        name: "" if cell is None and types.get(name, "").startswith(MISSING) else cell for name, cell in row.items()
    }


def _first_of_each(query: Drawn, whole: Answer) -> Answer:
    """Return the first rows of each group of equal values, whose order has to be certain."""
    keys = whole.keys or []
    if not keys or any(map(tied, keys, keys[1:])):
        raise Undecided
    counts: dict[Any, int] = {}
    kept = []
    for place, row in enumerate(whole.rows):
        group = tuple(same(value(node, row, whole.types)) for node in query.per)
        counts[group] = counts.get(group, 0) + 1
        kept += [place] if counts[group] <= (query.limit or 0) else []
    rows = [whole.rows[place] for place in kept]
    return replace(whole, rows=rows, keys=[keys[place] for place in kept], count=len(rows))


def _part(query: Drawn, count: int) -> tuple[int, int]:
    """Return the number of skipped rows, and the number of those that follow."""
    start = min(query.offset or 0, count)
    return start, count - start if query.limit is None else min(query.limit, count - start)


def _require_few(found: list[Any]) -> None:
    """Leave out a join of very many pairs."""
    if len(found) > MOST_ROWS:
        raise Unanswered


def _qualified(alias: str, row: Row) -> Row:
    """Return a row of a join's source."""
    return {f"{alias}.{name}": cell for name, cell in row.items()}


def _shadowing(answer: Answer, shadow: str) -> Answer:
    """Return an answer in which an output has the name of a column of the source."""

    def name(label: str) -> str:
        return shadow if label == INSIDE + shadow else label

    rows = [{name(label): cell for label, cell in row.items()} for row in answer.rows]
    types = {**answer.types, shadow: answer.types.get(INSIDE + shadow, "")}
    return replace(answer, names=[*map(name, answer.names)], rows=rows, types=types)


def _of_one_type(rows: list[Row], names: list[str]) -> list[Row]:
    """Return rows with floats in the columns that have integers and floats, as in SQL."""
    whole = [name for name in names if any(isinstance(row.get(name), float) for row in rows)]
    return [
        {name: float(cell) if name in whole and type(cell) is int else cell for name, cell in row.items()}
        for row in rows
    ]


def _parted(query: Drawn) -> tuple[list[Node], list[Node]]:
    """Return the conditions on outputs, aggregates and scores, and those on the source."""
    outputs = {label for label, node in query.outputs if node != terms.Column(label)} | _score(query)

    def outer(node: Node) -> bool:
        return any(isinstance(part, terms.Aggregate) or (isinstance(part, terms.Column) and part.of is None and part.name in outputs) for part in parts(node))  # fmt: skip

    tested = [node for condition in query.where for node in conjuncts(condition)]
    return [node for node in tested if outer(node)], [node for node in tested if not outer(node)]


def _score(query: Drawn) -> set[str]:
    """Return the name of the score of a search, if it has one."""
    return set() if query.search is None or query.search.alias is None else {query.search.alias}


def _distinct(made: list[_Row], types: Types) -> list[_Row]:
    """Return rows without duplicates."""
    assert types is not None
    found: dict[Any, _Row] = {}
    for row in made:
        found.setdefault(identity(row.output), _Row(row.output, row.output))
    return list(found.values())


# --- order ------------------------------------------------------------------------------------------------------------


def _sortable(values: tuple[Any, ...], down: list[bool]) -> Any:
    """Return the sort key of a row."""
    return tuple(_Turned(rank(cell)) if turned else _Straight(rank(cell)) for cell, turned in zip(values, down, strict=True))  # fmt: skip


class _Straight(tuple[int, Any]):
    """An ascending value."""

    __slots__ = ()


class _Turned(tuple[int, Any]):
    """A descending value."""

    __slots__ = ()

    def __lt__(self, other: Any) -> bool:
        """Return whether it comes first."""
        return tuple.__gt__(self, other)


def tied(one: tuple[Any, ...], two: tuple[Any, ...]) -> bool:
    """Return whether the order of two rows is not promised: all their keys are equal, or one differs by rounding only."""
    for a, b in zip(one, two, strict=True):
        if rank(a) != rank(b) or isinstance(a, Blurred):
            rounded = isinstance(a, Rounded) or isinstance(b, Rounded)
            return rounded and rank(a)[0] == rank(b)[0] == 0 and near(a, b)
    return True


def _certain(answer: Answer, cut: int) -> bool:
    """Return whether it is certain which rows are before a place."""
    if not 0 < cut < len(answer.rows):
        return True
    if answer.keys is None:
        return False
    return not tied(answer.keys[cut - 1], answer.keys[cut])
