"""
The select that joins two sources, in the forms in which the engine pairs exactly the rows whose keys are equal.

The engine compares the keys of a join as float32, never ends with NaN among them, refuses null numbers, and pairs null texts with each other and with ''.
So numbers are joined by their remainders, which float32 holds, and compared one level out; null and NaN are left out before.
The engine reads rows of an outer join that match nothing as other rows, or not at all.
So a left or right join is an inner one: a row of nulls is added to the other source, and what matches nothing is paired with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tql.desugar import plain
from tql.grouping import is_grouped
from tql.joined import MATCH
from tql.scope import scope_of, sides
from tql.statement import Both, Dataset, DerivedQuery, Sampling, Statement, Unordered
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import FLAT
from tql_grammar.rewrite.logic import conjunction
from tql_grammar.rewrite.typed import require_columns
from tql_grammar.schema import FLOATS, Column
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope

    Write = Callable[[Dataset | DerivedQuery], ast.Source]

# The largest prime below 2**24: every remainder is a number that float32 holds.
PRIME = 16_777_213
# Numbers that float32 holds.
NARROW = frozenset({"bool", "int8", "int16", "uint8", "uint16", "float16", "float32"})
KEY, REST, ROW, NUMBER = "zkey", "zrest", "zrow", "znumber"


class Side(NamedTuple):
    """
    One source of a join.

    Attributes:
        source: what FROM names, without an alias.
        key: the name of the column to join by.
        type: what is known of the key.
        guards: the conditions on the key, under its name in the join, that leave out what equals nothing.
        columns: what is read of it, by the names in the join.
    """

    source: ast.Source
    key: str
    type: Column | None
    guards: tuple[Expression, ...]
    columns: dict[str, Expression]


def pairs(both: Both, write: Write) -> ast.Select:
    """
    Return the select of the columns of a join.

    Raises:
        ArgumentError: the engine has no form for it.
    """
    left, right = _sides(both, write)
    _require_comparable(both, left.type, right.type)
    if both.other.how == "inner":
        return _inner(both, left, right, write)
    kept, other = (left, right) if both.other.how == "left" else (right, left)
    return _outer(both, kept, other, write)


def _sides(both: Both, write: Write) -> tuple[Side, Side]:
    """Return the source of a query, and the one that is joined to it."""
    left, right = both.left, both.other.source
    known = sides(both)
    keys = {key.table: key.name for key in _keys(both)}
    types = {source.alias: known[source.alias].column(ast.Column(keys[source.alias])) for source in (left, right)}

    def side(source: Dataset | DerivedQuery, other: Dataset | DerivedQuery) -> Side:
        columns = {
            part.alias: _read(part.expression.name, known[source.alias], nullable=source is both.missing)
            for part in both.columns
            if isinstance(part.expression, ast.Column) and part.expression.table == source.alias
        }
        for read in (ast.Column(keys[source.alias]), *columns.values()):
            require_columns("join", read, known[source.alias])
        key = types[source.alias]
        guards = _guards(key, types[other.alias])
        return Side(_unnamed(write(source)), keys[source.alias], key, guards, columns)

    return side(left, right), side(right, left)


def _read(name: str, scope: Scope, *, nullable: bool) -> Expression:
    """Return a column as the join reads it: a class label that is null would be an empty list, and its number is null."""
    column = ast.Column(name)
    known = scope.column(column)
    is_label = nullable and known is not None and known.is_label
    return ast.Chain(("+",), (column, ast.Number(0))) if is_label else column


def _keys(both: Both) -> tuple[ast.Column, ...]:
    """Return the columns of the equality."""
    on = both.other.on
    found = tuple(part for part in (on.left, on.right) if isinstance(part, ast.Column))
    aliases = {both.left.alias, both.other.source.alias}
    if {part.table for part in found} != aliases or len(aliases) != len(found):
        rule = "takes the equality of one column of each source, by the aliases of the two, which differ"
        raise ArgumentError("on", rule, _written(on), 'col("id", of="a") == col("uid", of="b")')
    return found


def _written(on: Expression) -> str:
    """Return the equality of a join for a message."""
    from tql_grammar.printer import to_tql

    return f"`{to_tql(on)}`"


def _unnamed(source: ast.Source) -> ast.Source:
    """Return a source without its alias."""
    return source.replace(alias=None) if isinstance(source, (ast.Table, ast.Derived)) else source


def _require_comparable(both: Both, left: Column | None, right: Column | None) -> None:
    """Refuse keys that the engine cannot compare, or not exactly."""
    for column in (left, right):
        if column is not None and (not column.is_single or column.dtype in {"json", "bytes"}):
            rule = f"takes columns with one number or text in each row, and {column} is none"
            raise ArgumentError("on", rule, _written(both.other.on))
    if left is None or right is None:
        return
    kinds = {left.dtype, right.dtype}
    if left.is_text is not right.is_text:
        raise ArgumentError("on", f"takes two texts or two numbers, not {left} and {right}", _written(both.other.on))
    if kinds in ({"uint64", "int64"}, {"uint64", "float64"}):
        rule = f"takes keys that the engine compares exactly: it compares {left} with {right} as float64"
        raise ArgumentError("on", rule, _written(both.other.on), "store both keys with one type")


def _is_narrow(column: Column | None) -> bool:
    """Tell whether the engine compares the keys of a column exactly in a join."""
    return column is not None and (column.dtype in NARROW or column.is_text)


def _rests(left: Side, right: Side) -> bool:
    """Tell whether the sides are joined by remainders: both keys are known to be numbers, and float32 does not hold all of them."""
    types = (left.type, right.type)
    numbers = all(column is not None and column.is_number for column in types)
    return numbers and not all(map(_is_narrow, types))


def _guards(column: Column | None, other: Column | None) -> tuple[Expression, ...]:
    """Return the conditions on a key that leave out null and NaN."""
    column = column or _likely(other)
    key, zero = ast.Column(KEY), ast.Number(0)
    if column is None:
        return ()
    nulls = (ast.IsNull(key, negated=True),) if column.nullable else ()
    nans = (
        (ast.Or((ast.Comparison("<", key, zero), ast.Comparison(">=", key, zero))),) if column.dtype in FLOATS else ()
    )
    return (*nulls, *nans)


def _likely(other: Column | None) -> Column | None:
    """Return what a key of unknown type is, which is joined to a column: a number that may be null and NaN, or a text that may be null where the other may."""
    if other is None or (other.is_text and not other.nullable):
        return None
    return Column("text" if other.is_text else "float64", nullable=True)


def _select(
    columns: Iterable[Expression],
    source: ast.Source | ast.Query,
    where: Expression | None = None,
    limit: int | None = None,
) -> ast.Select:
    """Return a select."""
    from_ = ast.Derived(source) if isinstance(source, ast.Query) else source
    cut = None if limit is None else ast.Limit(ast.Number(limit))
    return ast.Select(tuple(columns), from_, where, limit=cut)


def _as(label: str, name: str, table: str | None = None) -> Expression:
    """Return a column of a table under another name."""
    column = ast.Column(name, table)
    return column if label == name and table is None else ast.Aliased(column, label)


def _named(side: Side) -> list[Expression]:
    """Return what is read of a side, under the names in the join."""
    return [ast.Aliased(read, label) for label, read in side.columns.items()]


def _row_number(label: str) -> Expression:
    """Return the number of the row, from 1."""
    return ast.Aliased(ast.Chain(("+",), (ast.Function("row_number"), ast.Number(1))), label)


def _constant(value: int, label: str) -> Expression:
    """Return a constant column."""
    return ast.Aliased(ast.Number(value), label)


def _keyed(side: Side, columns: Iterable[Expression], *, rests: bool) -> ast.Select:
    """Return columns of a side and its key, without the rows whose key equals nothing."""
    found = [*columns, _as(KEY, side.key)]
    if rests:
        rest = ast.Chain(("%",), (ast.Column(side.key), ast.Number(PRIME)))
        found.append(ast.Aliased(rest, REST))
    rows = _select(found, side.source)
    return _select([ast.Star()], rows, conjunction(side.guards)) if side.guards else rows


def _equal(
    left: ast.Select, right: ast.Select, columns: tuple[list[str], list[str]], *, rests: bool, compared: bool
) -> ast.Select:
    """Return columns of the two sides, in the rows whose keys are equal."""
    by = REST if rests else KEY
    join = _join(left, right, by, "inner")
    chosen = [_as(label, label, table) for table, labels in zip("ab", columns, strict=True) for label in labels]
    if not compared:
        return _select(chosen, join)
    keys = (f"{KEY}1", f"{KEY}2")
    rows = _select([*chosen, *(_as(label, KEY, table) for label, table in zip(keys, "ab", strict=True))], join)
    names = [ast.Column(label) for labels in columns for label in labels]
    return _select(names, rows, ast.Comparison("=", *map(ast.Column, keys)))


def _join(left: ast.Select, right: ast.Select, by: str, how: Literal["inner", "right"]) -> ast.Join:
    """Return the join of two selects by a column that both have."""
    on = ast.Comparison("=", ast.Column(by, "a"), ast.Column(by, "b"))
    return ast.Join(ast.Derived(left, "a"), ast.Derived(right, "b"), how, on)


def _inner(both: Both, left: Side, right: Side, write: Write) -> ast.Select:
    """Return the pairs of rows whose keys are equal."""
    rests = _rests(left, right)
    compared = not (_is_narrow(left.type) and _is_narrow(right.type))
    if rests or left.guards or right.guards:
        rows = [_keyed(side, _named(side), rests=rests) for side in (left, right)]
        labels = (list(left.columns), list(right.columns))
        return _equal(rows[0], rows[1], labels, rests=rests, compared=compared)
    join = ast.Join(write(both.left), write(both.other.source), "inner", both.other.on)
    if not compared:
        return _select(both.columns, join)
    keys = [ast.Aliased(key, f"{KEY}{number}") for number, key in enumerate(_keys(both), 1)]
    rows_ = _select([*both.columns, *keys], join)
    test = ast.Comparison("=", *(ast.Column(key.alias) for key in keys))
    return _select([ast.Column(part.alias) for part in both.columns], rows_, test)


# --- left and right joins ---------------------------------------------------------------------------------------------


def _outer(both: Both, kept: Side, other: Side, write: Write) -> ast.Select:
    """Return the pairs of rows whose keys are equal, and the rows of *kept* that match nothing with nulls."""
    _refuse_random(both)
    missing = both.missing
    assert missing is not None  # noqa: S101 - the join is an outer one
    rows = _select([*_named(other), _row_number(MATCH)], other.source)
    with_nulls = ast.SetOperation(("union all",), (rows, _nulls(missing, kept, other, write)))
    join = _join(_numbered(kept, _matches(kept, other)), _select([ast.Star()], with_nulls), MATCH, "inner")
    columns = [_as(there, there, "a") for there in kept.columns]
    columns += [_as(there, there, "b") for there in other.columns]
    return _select([*columns, _as(MATCH, MATCH, "b")], join)


def _refuse_random(both: Both) -> None:
    """Refuse a source that is drawn at random: it is read several times."""
    if any(isinstance(part, Sampling) for part in walk(both)):
        rule = "takes sources that are not drawn at random where it is a left or right join, which reads them several times"
        raise ArgumentError(
            "join", rule, "sample_by", "draw from the joined rows: select(..).from_(joined).sample_by(..)"
        )


def _matches(kept: Side, other: Side) -> ast.Select:
    """Return the numbers of the rows that match, and one more row: the engine joins nothing to a source without rows."""
    rests = _rests(kept, other)
    compared = not (_is_narrow(kept.type) and _is_narrow(other.type))
    one, two = _keyed(kept, [_row_number(ROW)], rests=rests), _keyed(other, [_row_number(MATCH)], rests=rests)
    found = _equal(one, two, ([ROW], [MATCH]), rests=rests, compared=compared)
    none = _select([_constant(0, ROW), _constant(0, MATCH)], kept.source, limit=1)
    every = _select(
        [ast.Star(), ast.Aliased(ast.Function("row_number"), NUMBER)], ast.SetOperation(("union all",), (found, none))
    )
    return _materialised((ROW, MATCH), every, ast.Column(NUMBER))


def _materialised(labels: Iterable[str], rows: ast.Select, by: Expression, *more: Expression) -> ast.Select:
    """Return rows as groups of one: of those the engine reads what it should, whatever they are made of."""
    firsts = (ast.Aliased(ast.Subscript(ast.Column(label), (ast.Number(0),)), label) for label in labels)
    return ast.Select((*firsts, *more), ast.Derived(rows), group_by=(by,))


def _numbered(kept: Side, matches: ast.Select) -> ast.Select:
    """Return the rows of *kept*, each with the number of the row that it matches, 0 for none, once for each that it does."""
    rows = _select([*_named(kept), _row_number(ROW)], kept.source)
    labels = list(kept.columns)
    columns = [*(_as(label, label, "b") for label in labels), _as(MATCH, MATCH, "a")]
    joined = _select(columns, _join(matches, rows, ROW, "right"))
    number = ast.Aliased(ast.Function("sum", (ast.Column(MATCH),)), MATCH)
    return _select([*map(ast.Column, labels), number], joined)


def _nulls(missing: Dataset | DerivedQuery, kept: Side, other: Side, write: Write) -> ast.Select:
    """Return one row of nulls of the types of the other source, numbered 0: what the engine reads where one row matches nothing."""
    shape = _shape(missing)
    source = _unnamed(write(shape))
    labels = list(other.columns)
    if _is_flat(shape):
        one = _select([*_named(other), _row_number(MATCH)], source)
    else:
        _refuse_groups(missing)
        rows = _select(_named(other) or [_as(KEY, other.key)], source, limit=1)
        one = _materialised(labels, rows, ast.Number(1), _constant(1, MATCH))
    never = _select([_constant(0, MATCH)], kept.source, limit=1)
    columns = [*(_as(label, label, "a") for label in labels), _constant(0, MATCH)]
    return _select(columns, _join(one, never, MATCH, "right"))


def _shape(source: Dataset | DerivedQuery) -> Dataset | DerivedQuery:
    """Return a source with the same columns and all the rows that there are: where they are filtered there may be none."""
    return source if isinstance(source, Dataset) else source.replace(query=_whole(source.query))


def _whole(query: Statement) -> Statement:
    """Return a query without what filters, orders and cuts its rows, at every level down to a search for words, which the engine does in one form only."""
    query = plain(query, scope_of)
    if not _is_stripped(query):
        return query
    bare = query.replace(conditions=(), keys=(), row_limit=None, row_offset=None, sampling=None)
    if isinstance(bare.source, Unordered):
        return bare.replace(source=DerivedQuery(_whole(bare.source.members[0])))
    return bare.replace(source=_shape(bare.source)) if isinstance(bare.source, DerivedQuery) else bare


def _is_stripped(query: Statement) -> bool:
    """Tell whether a query means something without its conditions, order and limit: no search for words, and no groups that are taken apart."""
    parts = walk(query.replace(source=None))
    return query.pieces is None and not any(
        isinstance(part, ast.Function) and part.name.lower() in FLAT for part in parts
    )


def _is_flat(source: object) -> bool:
    """Tell whether the engine reads a row of a source that matches nothing as nulls: its rows are all those of a dataset, or of groups."""
    while isinstance(source, DerivedQuery):
        if not _is_stripped(source.query):
            return False
        source = source.query.source
    return source is None or isinstance(source, Dataset)


def _refuse_groups(source: Dataset | DerivedQuery) -> None:
    """Refuse groups inside of a source that has to be grouped again, which the engine cannot do."""
    for part in walk(source):
        if isinstance(part, Statement) and (part.unique or part.pieces is not None or is_grouped(part)):
            rule = "takes another source without groups inside of a join where it is a left or right join itself"
            raise ArgumentError("join", rule, "groups", "run the inner query first, or join the groups last")
