"""
Random query texts as people write them who know SQL, each with the SQL that says what it means.

The texts are not careful: they have what the engine ignores, refuses or computes otherwise, comments in any gap, and words in any case.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tql_grammar.syntax.lexer import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

# The data sets, each with its columns: the kind of `tests.engine`, and the kind of values.
COLUMNS: dict[str, dict[str, tuple[str, str]]] = {
    "main": {
        "id": ("int64", "serial"),
        "g": ("int16", "few"),
        "a": ("int64", "small"),
        "h": ("int16", "small"),
        "big": ("int64", "seconds"),
        "f": ("float64", "quarters"),
        "r": ("float32", "quarters"),
        "u": ("uint8", "bytes"),
        "n": ("nullable int64", "small"),
        "m": ("nullable int64", "small"),
        "t": ("text", "words"),
        "s": ("nullable text", "words"),
        "x": ("inverted", "small"),
        "e": ("exact", "words"),
        "v": ("embedding", "vector"),
        "w": ("narrow array", "narrow"),
    },
    "side": {
        "id": ("int64", "serial"),
        "q": ("int16", "few"),
        "k": ("nullable text", "words"),
        "c": ("text", "words"),
        "n": ("nullable int64", "small"),
    },
}
WORDS = ["", "a", "b", "ab", "B", "aab", "b.b", "a_b", "zz"]
DRAWN: dict[str, Callable[[Random, int], Any]] = {
    "serial": lambda _random, number: number,
    "few": lambda random, _: random.randrange(4),
    "small": lambda random, _: random.randrange(-4, 9),
    "seconds": lambda random, _: 1_700_000_000 + random.randrange(9),
    "quarters": lambda random, _: random.randrange(-20, 40) / 4,
    "bytes": lambda random, _: random.choice([0, 1, 2, 100, 200, 255]),
    "words": lambda random, _: random.choice(WORDS),
    "vector": lambda random, _: [float(random.randrange(-3, 4)) for _ in range(3)],
    "narrow": lambda random, _: [random.choice([0, 1, 100, 200]) for _ in range(3)],
}
NUMBERS = ["id", "g", "a", "h", "big", "f", "r", "u", "n", "m", "x"]
INTEGERS = ["id", "g", "a", "h", "big", "n"]
TEXTS = ["t", "s", "e"]
COMPARISONS = ["=", "!=", "<>", "<", "<=", ">", ">="]
PATTERNS = ["a%", "%b", "%a%", "b.b", "a_b", "%", "ab", "a__", "", "zz%"]
SHAPE = "shape(id)[0]"


class Both(NamedTuple):
    """A part of a query: its text in TQL, and in SQL."""

    text: str
    sql: str


class Case(NamedTuple):
    """
    A query.

    Attributes:
        text: as a person writes it in TQL.
        sql: as sqlite takes it.
        in_order: whether the order of the rows is fixed.
        kind: the function that drew it.
        shown: the number of columns to compare; None for all.
    """

    text: str
    sql: str
    in_order: bool
    kind: str
    shown: int | None = None


def rows_of(random: Random, name: str, count: int) -> list[dict[str, Any]]:
    """Return the rows of a data set; a nullable value is null in one row of five."""
    kinds = COLUMNS[name]
    return [
        {
            column: None if kind.startswith("nullable") and random.random() < 0.2 else DRAWN[drawn](random, number)
            for column, (kind, drawn) in kinds.items()
        }
        for number in range(count)
    ]


def sql_type(kind: str) -> str:
    """Return the type of a column in sqlite."""
    if kind.endswith("text") or kind == "exact":
        return "text"
    return "real" if "float" in kind else "integer"


def same(text: str) -> Both:
    """Return a part that both languages write in one way."""
    return Both(text, text)


def pick(random: Random, *draws: Callable[[Random], Both]) -> Both:
    """Return a part by one of several functions."""
    return random.choice(draws)(random)


# --- values ----------------------------------------------------------------------------------------------------------


def literal(random: Random, column: str) -> Both:
    """Return a literal of about the values of a number, as people write them: some with a fraction, a leading zero, or out of range."""
    value = DRAWN[COLUMNS["main"][column][1]](random, random.randrange(30))
    kind = random.randrange(14)
    if kind == 0:
        return same(str(float(value) + random.choice([0.5, 0.1])))
    if kind == 1 and isinstance(value, int) and value > 0:
        return Both(f"0{value}", str(value))
    return same(str(random.choice([300, -300]))) if kind == 2 else same(repr(value))


def plain(random: Random) -> Both:
    """Return a number column."""
    return same(random.choice(NUMBERS))


def number(random: Random) -> Both:
    """Return a number computed from columns."""
    kind = random.randrange(10)
    one = plain(random)
    if kind < 5:
        return one
    if kind == 5:
        return Both(f"-{one.text}", f"-{one.sql}")
    if kind == 6:
        return Both(f"abs({one.text})", f"abs({one.sql})")
    other = plain(random) if random.randrange(2) else literal(random, one.text)
    sign = random.choice(["+", "-", "*", "+", "-", "*", "/", "%"])
    if sign in "/%":
        # sqlite makes integers of the operands of %, and wraps nothing.
        one, other = same(random.choice(INTEGERS)), same(str(random.choice([2, 3, 4])))
    return Both(f"{one.text} {sign} {other.text}", f"{one.sql} {sign} {other.sql}")


def compared(random: Random) -> Both:
    """Return a comparison of numbers."""
    one, sign = number(random), random.choice(COMPARISONS)
    other = plain(random) if random.random() < 0.3 else literal(random, random.choice(NUMBERS))
    if random.random() < 0.15:
        one, other = other, one
    return Both(f"{one.text} {sign} {other.text}", f"{one.sql} {sign} {other.sql}")


def ranged(random: Random) -> Both:
    """Return BETWEEN, or NOT before it."""
    one = plain(random)
    low, high = literal(random, one.text), literal(random, one.text)
    test = Both(f"{one.text} between {low.text} and {high.text}", f"{one.sql} between {low.sql} and {high.sql}")
    return test if random.random() < 0.7 else Both(f"not {test.text}", f"not ({test.sql})")


def among(random: Random) -> Both:
    """Return IN and NOT IN."""
    one, count = plain(random), random.randrange(1, 4)
    members = [literal(random, one.text) for _ in range(count)]
    text, sql = (", ".join(part) for part in zip(*members, strict=True))
    before, after = random.choice([("", "in"), ("", "not in"), ("not ", "in")])
    return Both(f"{before}{one.text} {after} ({text})", f"{before}({one.sql} {after} ({sql}))")


def of_text(random: Random) -> Both:
    """Return a condition on a text."""
    one, word = random.choice(TEXTS), random.choice(WORDS)
    kind = random.randrange(7)
    if kind < 2:
        return same(f"{one} {random.choice(COMPARISONS)} '{word}'")
    if kind == 2:
        return same(f"{one} {random.choice(['=', '!='])} {random.choice(TEXTS)}")
    if kind == 3:
        word, other = sorted([word, random.choice(WORDS)])
        return same(f"{one} between '{word}' and '{other}'")
    if kind == 4:
        return same(f"{one} {random.choice(['in', 'not in'])} ('{word}', '{random.choice(WORDS)}')")
    return same(f"{one} {random.choice(['like', 'like', 'not like'])} '{random.choice(PATTERNS)}'")


def absent(random: Random) -> Both:
    """Return a test for null."""
    return same(f"{random.choice(['n', 'm', 's', 'a'])} is {random.choice(['', 'not '])}null")


def condition(random: Random, depth: int = 2) -> Both:
    """Return a condition."""
    if not depth or random.random() < 0.5:
        return pick(random, compared, compared, ranged, among, of_text, of_text, absent)
    one = condition(random, depth - 1)
    kind = random.randrange(5)
    if kind == 0:
        return Both(f"not ({one.text})", f"not ({one.sql})")
    two, word = condition(random, depth - 1), random.choice(["and", "or"])
    return Both(f"({one.text}) {word} ({two.text})", f"({one.sql}) {word} ({two.sql})")


# --- queries ---------------------------------------------------------------------------------------------------------


def where(random: Random, chance: float = 0.5) -> Both:
    """Return WHERE or nothing."""
    if random.random() > chance:
        return same("")
    found = condition(random)
    return Both(f" where {found.text}", f" where {found.sql}")


def limit(random: Random, chance: float = 0.5) -> Both:
    """Return LIMIT or nothing."""
    if random.random() > chance:
        return same("")
    return same(f" limit {random.randrange(1, 9)}{random.choice(['', f' offset {random.randrange(4)}'])}")


def order(random: Random, names: list[str], *, unique: str = "") -> Both:
    """Return ORDER BY of some names; in SQL a unique name comes last, and nulls come last in ascending order."""
    chosen = random.sample(names, min(len(names), random.choice([1, 1, 1, 2])))
    down = [random.choice(["", "", " desc", " asc"]) for _ in chosen]
    text = ", ".join(f"{name}{turned}" for name, turned in zip(chosen, down, strict=True))
    # Ties are in the order of the source, reversed where the one key is descending.
    tie = f", {unique}{' desc' if down == [' desc'] else ''}" if unique else ""
    return Both(f" order by {text}", f" order by {text}{tie}")


def flat(random: Random) -> Case:
    """Return a query of rows with an order: its outputs are columns."""
    tail = where(random)
    keys = order(random, ["g", "h", "u", "a", "f", "x", "e", "t", "big"], unique="id")
    cut = limit(random)
    if not random.randrange(3):
        keys, cut = same(""), same("")
    outputs = random.choice(["id", "id, a, t", "id, t, f", "id, a as c, x"])
    return _case("flat", same(f"select {outputs} from main"), tail, keys, cut, in_order=bool(keys.text))


def computed(random: Random) -> Case:
    """Return a query whose outputs are computed, sorted by nothing, by a column, or by one of them."""
    values = [number(random) if random.random() < 0.7 else condition(random, 0) for _ in range(random.randrange(1, 3))]
    text = ", ".join(f"{value.text} as y{place}" for place, value in enumerate(values))
    sql = ", ".join(f"{value.sql} as y{place}" for place, value in enumerate(values))
    tail, keys = where(random, 0.3), same("")
    if random.randrange(2):
        keys = order(random, ["y0", "g", "id"], unique="id")
    head = Both(f"select id, {text} from main", f"select id, {sql} from main")
    cut = limit(random) if keys.text else same("")
    return _case("computed", head, tail, keys, cut, in_order=bool(keys.text))


def renamed(random: Random) -> Case:
    """Return an output with the name of a column of the source, and the order by that name."""
    made, turned = random.choice(["-a", "a * -1", "10 - a", "g + a"]), random.choice(["", " desc"])
    head = f"select id, {made} as a from main"
    # SQL sorts by the output; ties are in the order of the source.
    keys = Both(f" order by a{turned}", f" order by {made}{turned}, id{turned}")
    return _case("renamed", same(head), where(random, 0.2), keys, limit(random, 0.6), in_order=True)


# The text of a score, the SQL of it, and the direction of the closest rows.
SCORES = [
    ("l2_norm(v - ARRAY[{0}, {1}, {2}])", "l2(v, {0}, {1}, {2})", ""),
    ("dot(v, ARRAY[{0}, {1}, {2}])", "dot(v, {0}, {1}, {2})", " desc"),
    ("l1_norm(v - ARRAY[{0}, {1}, {2}])", "l1(v, {0}, {1}, {2})", ""),
    ("sum(v)", "dot(v, 1, 1, 1)", ""),
    ("amax(v)", "top(v)", ""),
]


def search(random: Random) -> Case:
    """Return a search: without a direction the closest rows come first, by a direction those that it says."""
    text, sql, closest = random.choice(SCORES)
    numbers = [random.choice([-2, -1, 1, 2, 0.5]) for _ in range(3)]
    written = random.choice(["", "", " asc", " desc"])
    turned = written.replace(" asc", "") if written else closest
    keys = Both(f" order by {text.format(*numbers)}{written}", f" order by {sql.format(*numbers)}{turned}, id{turned}")
    return _case("search", same("select id from main"), where(random, 0.2), keys, limit(random, 0.9), in_order=True)


def narrow(random: Random) -> Case:
    """Return sums of small integers in an array."""
    return _case(
        "narrow", Both("select id, sum(w) as z from main", "select id, whole(w) as z from main"), where(random)
    )


def distinct(random: Random) -> Case:
    """Return SELECT DISTINCT."""
    names = random.sample(["g", "u", "t", "h"], random.randrange(1, 3))
    return _case("distinct", same(f"select distinct {', '.join(names)} from main"), where(random, 0.3))


AGGREGATES = {
    SHAPE: "count(*)",
    "sum(a)": "sum(a)",
    "sum(f)": "sum(f)",
    "amax(a)": "max(a)",
    "amin(f)": "min(f)",
    "avg(f)": "avg(f)",
    "sum(big)": "sum(big)",
}


def grouped(random: Random) -> Case:
    """Return groups, as one who knows the engine writes them (``g[0]``), or as one who does not; with HAVING, an order and a limit."""
    key = random.choice(["g", "u", "t", "h", "big"])
    made = random.sample(list(AGGREGATES), random.randrange(1, 3))
    text = ", ".join(f"{name} as z{place}" for place, name in enumerate(made))
    sql = ", ".join(f"{AGGREGATES[name]} as z{place}" for place, name in enumerate(made))
    if random.randrange(8) == 0:
        # The name of the key is that of an aggregate: HAVING means the key.
        text = f"select sum(h) as {key} from main group by {key} having {key} > 2"
        return _case("grouped", Both(text, f"select sum(h) as {key} from main group by {key} having main.{key} > 2"))
    first = random.choice([f"{key}[0] as k", f"{key}[0] as k", f"{key}[0] as {key}", key])
    alias = "k" if first.endswith(" k") else key
    head = Both(f"select {first}, {text} from main", f"select {key} as {alias}, {sql} from main")
    tail = where(random, 0.3)
    group = same(f" group by {key}")
    if random.random() < 0.3:
        test = random.choice([made[0], "z0", key])
        group = Both(f" group by {key} having {test} > 2", f" group by {key} having {AGGREGATES.get(test, test)} > 2")
        if key == "t" == test:
            group = same(" group by t")
    keys = order(random, [alias]) if random.random() < 0.4 else same("")
    cut = limit(random, 0.5) if keys.text else same(random.choice(["", "", " limit 99", " limit 0"]))
    return _case("grouped", head, tail, group, keys, cut, in_order=bool(keys.text))


def over_groups(random: Random) -> Case:
    """Return a query over groups."""
    first = random.choice(["g[0] as g", "g[0] as g", "g"])
    test = random.choice(["g = 1", "z > 2", "g > 0", "z != 3"])
    text = f"select * from (select {first}, {SHAPE} as z from main group by g) where {test}"
    sql = f"select * from (select g, count(*) as z from main group by g) where {test}"
    return _case("over groups", Both(text, sql))


def whole(random: Random) -> Case:
    """Return an aggregate of all rows, as people who know SQL write it."""
    name = random.choice([name for name in AGGREGATES if name != SHAPE])
    tail = where(random, 0.3)
    return _case("whole", Both(f"select {name} as z from main", f"select {AGGREGATES[name]} as z from main"), tail)


def nested(random: Random) -> Case:
    """Return a query over a query that may filter, sort and rename."""
    inner, outer = where(random, 0.6), where(random, 0.8)
    columns = "*" if random.randrange(2) else ", ".join(COLUMNS["main"])
    keys = order(random, ["id", "a", "x"]) if random.randrange(3) == 0 else same("")
    text = f"select id from (select {columns} from main{inner.text}{keys.text}){outer.text}"
    sql = f"select id from (select {columns} from main{inner.sql}){outer.sql}"
    return _case("nested", Both(text, sql))


LEGS = ["id, a", "id, h as a", "id, f as a", "g as id, a", "id, n as a", "a, id", "id, t as a"]


def sets(random: Random) -> Case:
    """Return a set operation of two queries, with an order and a limit."""
    words = random.choice(["union", "union all", "union all", "intersect", "except"])
    keys = order(random, ["id"]) if random.randrange(3) == 0 else same("")
    cut = limit(random, 0.4) if keys.text else same("")
    lists = LEGS[:3] if keys.text else LEGS[:6] if random.randrange(3) else LEGS
    one, two = (_leg(random, ["*"] if random.random() < 0.3 else lists) for _ in range(2))
    text, sql = f"({one.text}) {words} ({two.text})", f"select * from ({one.sql}) {words} {two.sql}"
    # Equal ids are in an order of their own.
    return _case("sets", Both(text, sql), keys, cut, in_order=bool(keys.text), shown=1 if keys.text else None)


def _leg(random: Random, lists: list[str]) -> Both:
    """Return a query of a set operation, with one of some select lists, or that of the other data set."""
    if random.randrange(3) == 0:
        columns = "*" if lists == ["*"] else "id, q as a"
        return same(f"select {columns} from side{random.choice(['', ' where id < 5'])}")
    columns, tail = random.choice(lists), where(random, 0.6)
    return Both(f"select {columns} from main{tail.text}", f"select {columns} from main{tail.sql}")


def joined(random: Random) -> Case:
    """Return a join of two sources."""
    kind = random.choice(["join", "join", "left join", "right join", "inner join"])
    test = random.choice(
        ["p.g = d.q", "p.id = d.id", "p.t = d.c", "p.s = d.k", "p.n = d.n", "p.a = d.id", "p.big = d.id"]
    )
    outputs = random.choice(["p.id as y, d.id as z", "p.id as y, c", "p.t as y, d.q as z"])
    tail = random.choice(["", "", " where q > 1", " where p.a > 2", " where a > 2 and q = 1", " where p.id > d.id"])
    both = same(f"select {outputs} from main as p {kind} side as d on {test}{tail}")
    return _case("joined", both)


def aliased(random: Random) -> Case:
    """Return a query of one source with an alias."""
    tail = random.choice(["", " where p.a > 2", " where p.g = 1"])
    keys = random.choice(["", " order by p.id desc", " order by p.g"])
    cut = " limit 3" if keys and random.randrange(2) else ""
    key = f"{keys}, p.id" if keys == " order by p.g" else keys
    both = Both(f"select p.id as c from main as p{tail}{keys}{cut}", f"select p.id as c from main as p{tail}{key}{cut}")
    return Case(both.text, both.sql, bool(keys), "aliased")


KINDS: list[Callable[[Random], Case]] = [
    flat,
    flat,
    flat,
    computed,
    computed,
    renamed,
    search,
    search,
    narrow,
    distinct,
    grouped,
    grouped,
    over_groups,
    whole,
    nested,
    sets,
    joined,
    aliased,
]


def _case(kind: str, *parts: Both, in_order: bool = False, shown: int | None = None) -> Case:
    """Return a query of its clauses."""
    text, sql = ("".join(written) for written in zip(*parts, strict=True))
    return Case(text, sql, in_order, kind, shown)


def drawn(random: Random) -> Case:
    """Return a query."""
    return random.choice(KINDS)(random)


# --- spelling --------------------------------------------------------------------------------------------------------


def located(text: str, sources: Mapping[str, str]) -> str:
    """Return a text over data sets by their url."""
    return re.sub(r"\b(from|join) (main|side)\b", lambda found: f'{found[1]} "{sources[found[2]]}"', text)


def misspelt(random: Random, text: str) -> str:
    """Return a text with one of the mistakes that end a text early, or that hide a line, or that are none in SQL."""
    kind = random.randrange(24)
    if kind == 0:
        return text.replace("\n", "\r\n")
    if kind == 1:
        return re.sub(r"(--[^\n]*\n)", r"\1  ", text, count=1)
    if kind == 2:
        return re.sub(r'"(mem:[^"]*)"', r"\1", text)
    if kind == 3:
        return re.sub(r"\bas ([yz]0?)\b", r"as '\1'", text)
    return re.sub(r'"(mem:[^"]*)"', r"'\1'", text) if kind == 4 else text


def spelt(random: Random, text: str) -> str:
    """Return a text with comments, newlines and capitals, which change nothing: a line after a comment starts in its first column."""
    read = tokens(text)[:-1]
    for number_, token in sorted(enumerate(read), reverse=True):
        word = text[token.start : token.end]
        if word in {"select", "from", "where", "order", "by", "limit", "group", "and", "or", "not", "desc"}:
            word = random.choice([word, word, word.upper()])
        gap = random.random()
        after = text[token.end :]
        if gap < 0.03:
            after = f" -- c{number_} (it's)\n{after.lstrip(' ')}"
        elif gap < 0.06:
            after = f"\n{after}"
        text = text[: token.start] + word + after
    return text
