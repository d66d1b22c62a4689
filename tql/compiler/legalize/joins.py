"""
The select that joins two sources, in the forms in which the engine pairs exactly the rows whose keys are equal.

The engine compares the keys of a join as float32, never ends with NaN among them, refuses null numbers, and pairs null texts with each other and with ''.
So numbers are joined by their remainders, which float32 holds, and compared one level out; null and NaN are left out before.
The engine reads rows of an outer join that match nothing as other rows, or not at all.
So a left or right join is an inner one: a row of nulls is added to the other source, and what matches nothing is paired with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tql.compiler.joins import join_keys, ranks_words, shown_on
from tql.plan.helpers import helper
from tql.plan.joined import MATCH
from tql.plan.nodes import Aggregate, Filter, Join, Limit, Plan, Project, Scan, Subquery, Union
from tql.plan.schema import alias_of, missing_side, schema
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite.logic import conjunction
from tql_grammar.schema import FLOATS, INTEGERS, Column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope

# The largest prime below 2**24: every remainder is a number that float32 holds.
PRIME = 16_777_213
NUMBERS = frozenset(INTEGERS + FLOATS)
# Numbers that float32 holds.
NARROW = frozenset({"bool", "int8", "int16", "uint8", "uint16", "float16", "float32"})
# A literal of each type that has one, and of wider type for numbers that are never null.
INTEGER, FLOAT = ast.Number(1), ast.Number(1.0)
LITERALS: dict[str | None, Expression] = {
    "int64": INTEGER,
    "float64": FLOAT,
    "text": ast.String("x"),
    "bool": ast.Boolean(value=True),
}
WIDER = {
    **dict.fromkeys(("int8", "int16", "int32", "uint8", "uint16", "uint32"), "int64"),
    **dict.fromkeys(("float16", "float32"), "float64"),
}
KEY, REST, ROW, NUMBER = "key", "rest", "row", "number"
NAMED = "each column of a join gets a name of its own: other clauses do not find the aliases of the sources"
KEYED = "each side of a join is made first, with its key under one name"
GUARDED = "keys that equal nothing, null and NaN, are left out first: with them the engine never ends, or pairs them"
COMPARED = "the engine compares the keys of a join as float32, so they are compared once more"
UNTYPED = "the types of the keys are not known: a null text matches another one and the empty text; pass a schema for both sources"
ALONE = "rows of a join are made before they are joined again, as groups of one"
SINGLE = "a row that matches nothing has no number, and the sum of none is 0"


class Side(NamedTuple):
    """
    One source of a join.

    Attributes:
        rows: the source, without an alias.
        key: the name of the column to join by.
        type: what is known of the key.
        guards: the conditions on the key, under its name in the join, that leave out what equals nothing.
        columns: what is read of it, by the names in the join.
        dtypes: the types of literals for these columns, None for a column that is not known to be a single value.
    """

    rows: Plan
    key: str
    type: Column | None
    guards: tuple[Expression, ...]
    columns: dict[str, Expression]
    dtypes: dict[str, str | None]


def pairs(node: Join, left: Plan, right: Plan, unfiltered: Plan | None = None) -> Plan:
    """
    Return the columns of a join.

    Args:
        node: the join, whose sources have the types.
        left: one source in its legal form.
        right: the other source in its legal form.
        unfiltered: the source of which rows may be missing, in its legal form.

    Raises:
        ArgumentError: the engine has no form for it.
    """
    one, two = _sides(node, left, right)
    require_comparable(node, one.type, two.type)
    why = NAMED if one.type or two.type else f"{NAMED}; {UNTYPED}"
    if unfiltered is None:
        return Subquery(inner_pairs(node, one, two, (left, right)), reason=why)
    kept, other = (one, two) if node.how == "left" else (two, one)
    return Subquery(outer_pairs(node, kept, other, unfiltered), reason=why)


def _sides(node: Join, left: Plan, right: Plan) -> tuple[Side, Side]:
    """Return the source of a query, and the one that is joined to it."""
    known = {alias_of(side): schema(side) for side in (node.left, node.right)}
    keys = {key.table: key.name for key in join_keys(node)}
    types = {alias: known[alias].column(ast.Column(keys[alias])) for alias in known}

    def side(plan: Plan, rows: Plan, other: Plan) -> Side:
        alias = alias_of(plan)
        columns = {
            part.alias: _read(part.expression.name, known[alias], nullable=plan is missing_side(node))
            for part in node.columns
            if isinstance(part.expression, ast.Column) and part.expression.table == alias
        }
        dtypes = {label: _dtype(read, known[alias]) for label, read in columns.items()}
        guards = key_guards(types[alias], types[alias_of(other)])
        return Side(rows.replace(alias=None), keys[alias or ""], types[alias], guards, columns, dtypes)

    return side(node.left, left, node.right), side(node.right, right, node.left)


def _read(name: str, scope: Scope, *, nullable: bool) -> Expression:
    """Return a column as the join reads it: a class label that is null would be an empty list, and its number is null."""
    column = ast.Column(name)
    known = scope.column(column)
    is_label = nullable and known is not None and known.is_label
    return ast.Chain(("+",), (column, ast.Number(0))).with_origin(column) if is_label else column


def _dtype(read: Expression, scope: Scope) -> str | None:
    """Return the type of a column with one value in each row."""
    column = scope.column(read)
    if column is None or not column.is_single or column.is_label:
        return None
    return column.dtype if column.nullable else WIDER.get(column.dtype, column.dtype)


def require_comparable(node: Join, left: Column | None, right: Column | None) -> None:
    """Refuse keys that the engine cannot compare, or not exactly."""
    for column in (left, right):
        if column is not None and (not column.is_single or column.dtype in {"json", "bytes"}):
            rule = "takes columns with one number or text in each row"
            hint = "join on a number or a text of each source"
            raise ArgumentError("on", rule, shown_on(node), hint, why=f"a key is {column}")
    if left is None or right is None:
        return
    kinds = {left.dtype, right.dtype}
    if left.is_text is not right.is_text:
        rule, why = "takes two texts or two numbers", f"one key is {left}, the other {right}"
        raise ArgumentError("on", rule, shown_on(node), "store both keys with one type", why=why)
    if kinds in ({"uint64", "int64"}, {"uint64", "float64"}):
        rule, why = "takes keys that the engine compares exactly", f"it compares {left} with {right} as float64"
        raise ArgumentError("on", rule, shown_on(node), "store both keys with one type", why=why)


def _is_narrow(column: Column | None) -> bool:
    """Tell whether the engine compares the keys of a column exactly in a join."""
    return column is not None and (column.dtype in NARROW or column.is_text)


def _rests(left: Side, right: Side) -> bool:
    """Tell whether the sides are joined by remainders: both keys are known to be numbers, and float32 does not hold all of them."""
    types = (left.type, right.type)
    numbers = all(column is not None and column.is_number for column in types)
    return numbers and not all(map(_is_narrow, types))


def key_guards(column: Column | None, other: Column | None) -> tuple[Expression, ...]:
    """Return the conditions on a key that leave out null and NaN; of a key of unknown type, that it is equal to itself, which null texts are too."""
    key, zero = ast.Column(helper(KEY)), ast.Number(0)
    if column is None and other is None:
        return (ast.Comparison("=", key, key),)
    column = column or _likely(other)
    if column is None:
        return ()
    nulls = (ast.IsNull(key, negated=True),) if column.nullable else ()
    nans = (
        (ast.Or((ast.Comparison("<", key, zero), ast.Comparison(">=", key, zero))),) if column.dtype in FLOATS else ()
    )
    return (*nulls, *nans)


def _likely(other: Column | None) -> Column | None:
    """Return the assumed type of a key of unknown type: a nullable number with NaN, or a text that is nullable if the other key is."""
    if other is None or (other.is_text and not other.nullable):
        return None
    return Column("text" if other.is_text else "float64", nullable=True)


def _select(
    columns: Iterable[Expression], rows: Plan, where: Expression | None = None, limit: int | None = None
) -> Plan:
    """Return a select over a source."""
    plan = Project(rows if where is None else Filter(rows, where), tuple(columns))
    return plan if limit is None else Limit(plan, ast.Number(limit))


def _as(label: str, name: str, table: str | None = None) -> Expression:
    """Return a column of a table under another name."""
    column = ast.Column(name, table)
    return column if label == name and table is None else ast.Aliased(column, label)


def _named(side: Side) -> list[Expression]:
    """Return the columns of a side, under their names in the join."""
    return [ast.Aliased(read, label) for label, read in side.columns.items()]


def _row_number(label: str) -> Expression:
    """Return the number of the row, from 1."""
    return ast.Aliased(ast.Chain(("+",), (ast.Function("row_number"), ast.Number(1))), label)


def _constant(value: int, label: str) -> Expression:
    """Return a constant column."""
    return ast.Aliased(ast.Number(value), label)


def _keyed(side: Side, columns: Iterable[Expression], *, rests: bool) -> Plan:
    """Return columns of a side and its key, without the rows whose key equals nothing."""
    found = [*columns, _as(helper(KEY), side.key)]
    if rests:
        rest = ast.Chain(("%",), (ast.Column(side.key), ast.Number(PRIME)))
        found.append(ast.Aliased(rest, helper(REST)))
    rows = _select(found, side.rows)
    return _select([ast.Star()], Subquery(rows, reason=GUARDED), conjunction(side.guards)) if side.guards else rows


def _equal(left: Plan, right: Plan, columns: tuple[list[str], list[str]], *, rests: bool, compared: bool) -> Plan:
    """Return columns of the two sides, in the rows whose keys are equal."""
    by = helper(REST) if rests else helper(KEY)
    join = _join(left, right, by, "inner")
    chosen = [_as(label, label, table) for table, labels in zip("ab", columns, strict=True) for label in labels]
    if not compared:
        return _select(chosen, join)
    keys = (helper("key1"), helper("key2"))
    rows = _select([*chosen, *(_as(label, helper(KEY), table) for label, table in zip(keys, "ab", strict=True))], join)
    names = [ast.Column(label) for labels in columns for label in labels]
    return _select(names, Subquery(rows, reason=COMPARED), ast.Comparison("=", *map(ast.Column, keys)))


def _join(left: Plan, right: Plan, by: str, how: Literal["inner", "right"]) -> Plan:
    """Return the join of two selects by a column that both have."""
    on = ast.Comparison("=", ast.Column(by, "a"), ast.Column(by, "b"))
    return Join(Subquery(left, "a", KEYED), Subquery(right, "b", KEYED), on, how, ())


def inner_pairs(node: Join, left: Side, right: Side, named: tuple[Plan, Plan]) -> Plan:
    """Return the pairs of rows whose keys are equal."""
    rests = _rests(left, right)
    compared = not (_is_narrow(left.type) and _is_narrow(right.type))
    if rests or left.guards or right.guards:
        rows = [_keyed(side, _named(side), rests=rests) for side in (left, right)]
        labels = (list(left.columns), list(right.columns))
        return _equal(rows[0], rows[1], labels, rests=rests, compared=compared)
    join = Join(*named, node.on, "inner", ())
    if not compared:
        return _select(node.columns, join)
    keys = [ast.Aliased(key, helper(f"key{number}")) for number, key in enumerate(join_keys(node), 1)]
    rows_ = _select([*node.columns, *keys], join)
    test = ast.Comparison("=", *(ast.Column(key.alias) for key in keys))
    return _select([ast.Column(part.alias) for part in node.columns], Subquery(rows_, reason=COMPARED), test)


# --- left and right joins ---------------------------------------------------------------------------------------------


def outer_pairs(node: Join, kept: Side, other: Side, unfiltered: Plan) -> Plan:
    """Return the pairs of rows whose keys are equal, and the rows of *kept* that match nothing with nulls."""
    rows = _select([*_named(other), _row_number(helper(MATCH))], other.rows)
    with_nulls = Union((rows, _nulls(node, kept, other, unfiltered)))
    join = _join(_numbered(kept, _matches(kept, other)), _select([ast.Star()], with_nulls), helper(MATCH), "inner")
    columns = [_as(there, there, "a") for there in kept.columns]
    columns += [_as(there, there, "b") for there in other.columns]
    return _select([*columns, _as(helper(MATCH), helper(MATCH), "b")], join)


def _matches(kept: Side, other: Side) -> Plan:
    """Return the numbers of the rows that match, and one more row: the engine joins nothing to a source without rows."""
    rests = _rests(kept, other)
    compared = not (_is_narrow(kept.type) and _is_narrow(other.type))
    one, two = (
        _keyed(kept, [_row_number(helper(ROW))], rests=rests),
        _keyed(other, [_row_number(helper(MATCH))], rests=rests),
    )
    found = _equal(one, two, ([helper(ROW)], [helper(MATCH)]), rests=rests, compared=compared)
    none = _select([_constant(0, helper(ROW)), _constant(0, helper(MATCH))], kept.rows, limit=1)
    every = _select([ast.Star(), ast.Aliased(ast.Function("row_number"), helper(NUMBER))], Union((found, none)))
    return _materialised((helper(ROW), helper(MATCH)), every, ast.Column(helper(NUMBER)))


def _materialised(labels: Iterable[str], rows: Plan, by: Expression, *more: Expression) -> Plan:
    """Return rows as groups of one row each, whose values the engine reads correctly."""
    firsts = (ast.Aliased(ast.Subscript(ast.Column(label), (ast.Number(0),)), label) for label in labels)
    return Aggregate(Subquery(rows, reason=ALONE), (by,), (*firsts, *more))


def _numbered(kept: Side, matches: Plan) -> Plan:
    """Return the rows of *kept*, each with the number of the row that it matches, 0 for none, once for each that it does."""
    rows = _select([*_named(kept), _row_number(helper(ROW))], kept.rows)
    labels = list(kept.columns)
    columns = [*(_as(label, label, "b") for label in labels), _as(helper(MATCH), helper(MATCH), "a")]
    joined = _select(columns, _join(matches, rows, helper(ROW), "right"))
    number = ast.Aliased(ast.Function("sum", (ast.Column(helper(MATCH)),)), helper(MATCH))
    return _select([*map(ast.Column, labels), number], Subquery(joined, reason=SINGLE))


def _nulls(node: Join, kept: Side, other: Side, unfiltered: Plan) -> Plan:
    """
    Return one row of nulls of the types of the other source, numbered 0: what the engine reads where one row matches nothing.

    That row is one of literals where each type has one, else one of the other source if it has any.
    """
    labels = list(other.columns)
    if all(dtype in LITERALS for dtype in other.dtypes.values()):
        literals = (ast.Aliased(LITERALS[dtype], label) for label, dtype in other.dtypes.items())
        one = _select([*literals, _constant(1, helper(MATCH))], kept.rows, limit=1)
    else:
        source = unfiltered.replace(alias=None)
        one = _select([ast.Star()], Union((_read_once(node, other, source), _spare(node, kept, other, source))))
    never = _select([_constant(0, helper(MATCH))], kept.rows, limit=1)
    columns = [*(_as(label, label, "a") for label in labels), _constant(0, helper(MATCH))]
    return _select(columns, _join(one, never, helper(MATCH), "right"))


def _read_once(node: Join, other: Side, source: Plan) -> Plan:
    """Return rows of the other source, each numbered 1: all of them if the engine reads a missing one of them as nulls, else the first by itself."""
    if node.unfiltered is not None and _is_flat(node.unfiltered):
        return _select([*_named(other), _constant(1, helper(MATCH))], source)
    if all(dtype in LITERALS or dtype in NUMBERS for dtype in other.dtypes.values()):
        values = (ast.Aliased(_single(label, dtype, other), label) for label, dtype in other.dtypes.items())
        return _select([*values, _constant(1, helper(MATCH))], source, limit=1)
    if node.is_grouped:
        rule = "takes another source without groups inside of a join where it is a left or right join itself"
        why = "the engine cannot group its rows once more"
        raise ArgumentError("join", rule, "groups", "run the inner query first, or join the groups last", why=why)
    _require_no_sequence(other, schema(missing_side(node) or node.right))
    rows = _select(_named(other) or [_as(helper(KEY), other.key)], source, limit=1)
    return _materialised(list(other.columns), rows, ast.Number(1), _constant(1, helper(MATCH)))


def _single(label: str, dtype: str | None, other: Side) -> Expression:
    """Return a value of the type of a column: a literal, else the number of a row as its own sum, which a query around the join may group, as it cannot group a group of one row."""
    return LITERALS.get(dtype) or ast.Function("sum", (other.columns[label],))


def _require_no_sequence(other: Side, scope: Scope) -> None:
    """Refuse a sequence of a query of which the engine would have to group a row."""
    for read in other.columns.values():
        column = scope.column(read)
        if column is not None and column.kind == "sequence":
            rule = "reads no sequence of another source with a join where it is a left or right join itself"
            why = "the engine groups no rows with a sequence"
            hint = "select the sequences by id, in a query of their own"
            raise ArgumentError("join", rule, f"{column}", hint, why=why)


def _spare(node: Join, kept: Side, other: Side, source: Plan) -> Plan:
    """Return one row of literals if the other source has no rows at all, else none: a null has no type that matters where no value is, but that of a text with which it is compared."""
    some, none = (
        _select([_constant(number, helper(NUMBER))], rows, limit=1) for number, rows in ((0, source), (1, kept.rows))
    )
    first = Limit(_select([ast.Star()], Union((some, none))), ast.Number(1))
    is_none = ast.Comparison("=", ast.Column(helper(NUMBER)), ast.Number(1))
    types = {**other.dtypes, **dict.fromkeys(node.texts, "text")}
    literals = (ast.Aliased(LITERALS.get(types[label], INTEGER), label) for label in other.dtypes)
    return _select([*literals, _constant(1, helper(MATCH))], Subquery(first), is_none)


def _is_flat(plan: Plan) -> bool:
    """Tell whether the engine reads a row of a source that matches nothing as nulls: its rows are all those of a dataset, or of groups."""
    while isinstance(plan, (Subquery, Project, Aggregate)):
        if ranks_words(plan):
            return False
        plan = plan.child
    return isinstance(plan, Scan)
