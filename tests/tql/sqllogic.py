"""
Random queries of the kinds of sqllogictest's select2 and select3, each as a query of the builder and as SQL for sqlite.

The tables have nullable columns. SQL has three truth values and the builder two, so each comparison is ``coalesce(a < b, 0)`` in SQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tql import asc, col, desc, fn, select

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tql import Query

Both = tuple[Any, str]
WORDS = ["", "a", "b", "ab", "Ab", "é", "z%", "x_y", "100"]
COMPARISONS = {"=": "__eq__", "<>": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
NUMBERS = "abcde"
# The extremes that are read by one order of the rows.
ORDERED = {"v3": "value", "v4": "value", "w1": "t", "w2": "t", "w3": "s"}


class Table(NamedTuple):
    """
    A table.

    Attributes:
        kinds: the types of its columns.
        rows: its rows.
    """

    kinds: dict[str, str]
    rows: list[dict[str, Any]]

    def value(self, random: Random) -> Any:
        """Return a value of one of its numbers."""
        found = [row[name] for row in self.rows for name in NUMBERS if row[name] is not None]
        return random.choice(found) if found else 0


def _whole(random: Random) -> int:
    return random.randrange(100, 250)


def _fraction(random: Random) -> float:
    return random.randrange(-40, 40) / 4


def _seconds(random: Random) -> int:
    return 1_700_000_000 + random.randrange(12)


def _identity(random: Random) -> int:
    return random.choice([2**24 + 1, 2**24 + 2, 2**33, 2**33 + 1, -7, 0])


# By the name of a variant: the type and the values of each number.
VARIANTS: dict[str, list[tuple[str, Callable[[Random], Any]]]] = {
    "integers": [("int64", _whole)] * 5,
    "floats": [("float64", _fraction)] * 5,
    "seconds": [("int64", _seconds)] * 5,
    "mixed": [("int64", _identity), ("float64", _fraction), ("int32", _whole), ("int16", _whole), ("int64", _seconds)],
}


def table(random: Random, variant: str, count: int = 30) -> Table:
    """Return a table of a variant in which about one number of eight is missing; the first column is null in no row of every fourth table."""
    kinds = {name: f"nullable {kind}" for name, (kind, _) in zip(NUMBERS, VARIANTS[variant], strict=True)}
    if not random.randrange(4):
        kinds["a"] = kinds["a"].removeprefix("nullable ")
    rows = [_row(random, variant, kinds, number) for number in range(count)]
    return Table({"id": "int64", **kinds, "t": "text", "s": "nullable text"}, rows)


def _row(random: Random, variant: str, kinds: dict[str, str], number: int) -> dict[str, Any]:
    """Return a row."""
    found: dict[str, Any] = {"id": number}
    for name, (_, draw) in zip(NUMBERS, VARIANTS[variant], strict=True):
        may_lack = kinds[name].startswith("nullable")
        found[name] = None if may_lack and random.random() < 0.13 else draw(random)
    return {**found, "t": random.choice(WORDS[1:]), "s": None if random.random() < 0.2 else random.choice(WORDS[1:])}


def sql_type(kind: str) -> str:
    """Return the type of a column in sqlite."""
    kind = kind.removeprefix("nullable ")
    return {"text": "text", "float64": "real"}.get(kind, "integer")


# --- numbers ---------------------------------------------------------------------------------------------------------


def number(random: Random, of: Table, depth: int = 2) -> Both:
    """Return a number computed from columns."""
    if depth == 0 or random.random() < 0.35:
        name = random.choice(NUMBERS if random.random() < 0.9 else ["id"])
        return col(name), name
    return random.choice(_NUMBERS)(random, of, depth - 1)


def _computed(random: Random, of: Table, depth: int) -> Both:
    sign = random.choice("++-*")
    one, two = number(random, of, depth), number(random, of, depth)
    if sign == "*":
        two = (random.choice([2, 3, 10]), "")
        two = (two[0], str(two[0]))
    made = {"+": "__add__", "-": "__sub__", "*": "__mul__"}[sign]
    return getattr(one[0], made)(two[0]), f"({one[1]} {sign} {two[1]})"


def _reversed(random: Random, of: Table, depth: int) -> Both:
    one, by = number(random, of, depth), random.choice([1, 444, 1000])
    return by - one[0], f"({by} - {one[1]})"


def _magnitude(random: Random, of: Table, depth: int) -> Both:
    one = number(random, of, depth)
    return fn.abs(one[0]), f"abs({one[1]})"


def _negative(random: Random, of: Table, depth: int) -> Both:
    one = number(random, of, depth)
    return -one[0], f"(-({one[1]}))"


def _quotient(random: Random, of: Table, depth: int) -> Both:
    one, two = number(random, of, depth), number(random, of, 0)
    return one[0] / (fn.abs(two[0]) + 1), f"({one[1]} * 1.0 / (abs({two[1]}) + 1))"


def _by_case(random: Random, of: Table, depth: int) -> Both:
    """Return CASE WHEN as arithmetic: a condition is 1 or 0."""
    test, one, two = condition(random, of, 1), number(random, of, depth), number(random, of, depth)
    return test[0] * one[0] + (~test[0]) * two[0], f"({test[1]} * {one[1]} + (not {test[1]}) * {two[1]})"


_NUMBERS: list[Callable[[Random, Table, int], Both]] = [
    _computed,
    _computed,
    _computed,
    _reversed,
    _magnitude,
    _magnitude,
    _negative,
    _quotient,
    _by_case,
]


# --- conditions ------------------------------------------------------------------------------------------------------


def two_valued(sql: str) -> str:
    """Return SQL that is false where it compares null."""
    return f"coalesce({sql}, 0)"


def condition(random: Random, of: Table, depth: int = 2) -> Both:
    """Return a condition."""
    if depth == 0 or random.random() < 0.4:
        return random.choice(_TESTS)(random, of)
    join = random.choice(["and", "or", "not"])
    one = condition(random, of, depth - 1)
    if join == "not":
        return ~one[0], f"(not {one[1]})"
    two = condition(random, of, depth - 1)
    return (one[0] & two[0] if join == "and" else one[0] | two[0]), f"({one[1]} {join} {two[1]})"


def _compared(random: Random, of: Table) -> Both:
    one, sign = number(random, of, 1), random.choice(list(COMPARISONS))
    literal = of.value(random)
    two = number(random, of, 1) if random.random() < 0.5 else (literal, repr(literal))
    return getattr(one[0], COMPARISONS[sign])(two[0]), two_valued(f"{one[1]} {sign} {two[1]}")


def _between(random: Random, of: Table) -> Both:
    one, low, high = number(random, of, 1), of.value(random), of.value(random)
    test = one[0].between(low, high), two_valued(f"{one[1]} between {low!r} and {high!r}")
    return (~test[0], f"(not {test[1]})") if random.randrange(2) else test


def _among(random: Random, of: Table) -> Both:
    one, members = number(random, of, 1), [of.value(random) for _ in range(random.randrange(1, 4))]
    sql = two_valued(f"{one[1]} in ({', '.join(map(repr, members))})")
    return (one[0].not_in(members), f"(not {sql})") if random.randrange(2) else (one[0].in_(members), sql)


def _absent(random: Random, of: Table) -> Both:
    one = number(random, of, 1) if random.randrange(2) else (col("s"), "s")
    if random.randrange(2):
        return one[0].is_null(), f"({one[1]} is null)"
    return one[0].is_not_null(), f"({one[1]} is not null)"


def _of_texts(random: Random, _of: Table) -> Both:
    name, sign, word = random.choice("ts"), random.choice(list(COMPARISONS)), random.choice(WORDS)
    return getattr(col(name), COMPARISONS[sign])(word), two_valued(f"{name} {sign} '{word}'")


def _two_texts(random: Random, _of: Table) -> Both:
    sign = random.choice(["=", "<>"])
    one, two = random.sample("ts", 2)
    return getattr(col(one), COMPARISONS[sign])(col(two)), two_valued(f"{one} {sign} {two}")


_TESTS: list[Callable[[Random, Table], Both]] = [
    _compared,
    _compared,
    _compared,
    _between,
    _between,
    _among,
    _absent,
    _of_texts,
    _two_texts,
]


# --- queries ---------------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """
    A query.

    Attributes:
        query: of the builder.
        sql: of sqlite.
        in_order: whether the order of the rows is fixed.
    """

    query: Query
    sql: str
    in_order: bool


def outputs(random: Random, of: Table) -> dict[str, Both]:
    """Return outputs by name: numbers, some conditions, and texts."""
    found: dict[str, Both] = {}
    for place in range(random.randrange(1, 6)):
        draw = random.random()
        made = number(random, of) if draw < 0.75 else condition(random, of, 1) if draw < 0.9 else (col("s"), "s")
        found[f"x{place + 1}"] = made
    return found


def filtered(random: Random, of: Table, query: Query, sql: str) -> tuple[Query, str]:
    """Return both with up to two conditions."""
    tests = [condition(random, of) for _ in range(random.randrange(3))]
    if not tests:
        return query, sql
    return query.where(*(test for test, _ in tests)), f"{sql} where {' and '.join(text for _, text in tests)}"


def ordered(random: Random, names: list[str], query: Query, sql: str) -> Case:
    """Return both in the order of all outputs, nulls last ascending, or of none; with an order, some of them cut."""
    if not random.randrange(4):
        return Case(query, sql, in_order=False)
    names = random.sample(names, len(names))
    down = [random.random() < 0.3 for _ in names]
    query = query.order_by(*((desc if turned else asc)(name) for name, turned in zip(names, down, strict=True)))
    keys = (
        f"{name} {'desc nulls first' if turned else 'nulls last'}" for name, turned in zip(names, down, strict=True)
    )
    sql = f"{sql} order by {', '.join(keys)}"
    if not random.randrange(3):
        count, skip = random.randrange(1, 12), random.randrange(4)
        query, sql = query.limit(count).offset(skip), f"{sql} limit {count} offset {skip}"
    return Case(query, sql, in_order=True)


def rows_of(random: Random, of: Table) -> Case:
    """Return a query of rows, as those of select2 and select3."""
    made = outputs(random, of)
    listed = ", ".join(f"{text} as {name}" for name, (_, text) in made.items())
    query = select(**{name: value for name, (value, _) in made.items()})
    if not random.randrange(5):
        query, sql = filtered(random, of, query.distinct(), f"select distinct {listed} from t1")
    else:
        query, sql = filtered(random, of, query, f"select {listed} from t1")
    return ordered(random, list(made), query, sql)


def nested(random: Random, of: Table) -> Case:
    """Return a query over a query: its condition and its outputs read computed columns that may be null."""
    inner = {name: number(random, of) for name in NUMBERS}
    listed = ", ".join(f"{text} as {name}" for name, (_, text) in inner.items())
    source, sql = filtered(random, of, select(), "")
    below = select("id", "t", "s", **{name: value for name, (value, _) in inner.items()}).from_(source)
    made = outputs(random, of)
    query, outer = filtered(random, of, select(**{name: value for name, (value, _) in made.items()}).from_(below), "")
    shown = ", ".join(f"{text} as {name}" for name, (_, text) in made.items())
    text = f"select {shown} from (select id, t, s, {listed} from t1{sql}) {outer}"
    return ordered(random, list(made), query, text)


def groups_of(random: Random, of: Table) -> Case:
    """Return a query of groups."""
    keys = dict(list(outputs(random, of).items())[:2])
    value, other = number(random, of, 1), number(random, of, 1)
    reduced: dict[str, Both] = {
        "n": (fn.count(), "count(*)"),
        "v1": (fn.sum(value[0]), f"total({value[1]})"),
        "v2": (fn.mean(other[0]), f"avg({other[1]})"),
        "v3": (fn.max(value[0]), f"max({value[1]})"),
        "v4": (fn.min(value[0]), f"min({value[1]})"),
        "v5": (fn.sum(other[0] * 2), f"total({other[1]} * 2)"),
        "w1": (fn.max("t"), "max(t)"),
        "w2": (fn.min("t"), "min(t)"),
        "w3": (fn.max("s"), "max(s)"),
    }
    names = random.sample(list(reduced), random.randrange(1, 5))
    # One order of the rows: extremes of one column, or expression, at a time.
    first = next((name for name in names if name in ORDERED), "")
    names = [name for name in names if ORDERED.get(name) == ORDERED.get(first) or name not in ORDERED]
    chosen = {name: reduced[name] for name in names}
    made = {**keys, **chosen}
    listed = ", ".join(f"{text} as {name}" for name, (_, text) in made.items())
    query = select(**{name: value for name, (value, _) in made.items()}).group_by(*keys)
    query, sql = filtered(random, of, query, f"select {listed} from t1")
    return ordered(random, list(keys), query, f"{sql} group by {', '.join(text for _, text in keys.values())}")


def sets_of(random: Random, of: Table) -> Case:
    """Return a chain of set operations over queries of two columns."""
    legs = [_leg(random, of) for _ in range(random.randrange(2, 5))]
    query, sql = legs[0]
    for other, text in legs[1:]:
        method = random.choice(["union", "union_all", "intersect", "except_"])
        query = getattr(query, method)(other)
        sql = f"select * from ({sql}) {method.replace('_all', ' all').strip('_')} select * from ({text})"
    return ordered(random, ["x1", "x2"], select("x1", "x2").from_(query), f"select x1, x2 from ({sql})")


def _leg(random: Random, of: Table) -> Both:
    one, two = number(random, of, 1), number(random, of, 0)
    return filtered(random, of, select(x1=one[0], x2=two[0]), f"select {one[1]} as x1, {two[1]} as x2 from t1")


KINDS: list[Callable[[Random, Table], Case]] = [rows_of, rows_of, rows_of, nested, groups_of, sets_of]


def case(random: Random, of: Table) -> Case:
    """Return a query of one of the kinds."""
    return random.choice(KINDS)(random, of)
