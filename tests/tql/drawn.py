"""Generator of random queries with every clause, over columns of many types, with and without a schema; it does not use the engine."""

from __future__ import annotations

import functools
import operator
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.engine import ENGINE_TYPES
from tests.tql import columns, meaning, nulls, queries
from tests.tql.compiler.legalize import test_arithmetic, test_exact_keys, test_joins
from tql import ArgumentError, Expr, Key, Query, Schema, asc, col, desc, fn, param, raw, select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hypothesis import strategies as st

# How many expressions of a kind the queries are made of.
POOL = 1500
METRICS = ("cosine", "cosine", "l2", "l1", "linf", "dot", "hamming")
SETS = ("union", "union_all", "intersect", "except_")
TEXTS = [("ab",), ("",), ("a%_",), ("%",), ("É*?",), ("it's",)]
# Methods of conditions, with arguments.
CALLS: list[tuple[str, list[tuple[Any, ...]]]] = [
    *((method, TEXTS) for method in ("like", "ilike", "startswith", "endswith", "contains")),
    ("matches", [(regex,) for regex in queries.REGEXES]),
    ("contains", [(3,), (-1.5,), ([1, 2],)]),
    ("between", [(1, 5), (-0.5, 2.5), ("a", "c"), (param("p"), 7)]),
    ("in_", [([1, 2],), ([0.5, -1],), (["a", "it's"],), ([True],), ([],)]),
    ("not_in", [([1, 2],), ([0.5],), (["a"],), ([],)]),
    ("is_null", [()]),
    ("is_not_null", [()]),
]
# What each vocabulary has besides its own columns.
COMMON = {"uid": "int64", "e": "embedding[4]", "m": "float32[?, 4]", "body": "text bm25", "meta": "json", "tag": "class label int32"}  # fmt: skip


class Words(NamedTuple):
    """
    What queries over one dataset are made of.

    Attributes:
        schema: the columns, or None where they are never known.
        names: the names of columns.
        conditions: conditions on them.
        computed: expressions that are computed from them.
    """

    schema: Schema | None
    names: list[str]
    conditions: list[Expr]
    computed: list[Expr]


class Draw(random.Random):
    """A generator of random parts of queries."""

    def chance(self, part: float) -> bool:
        """Return True with the given probability."""
        return self.random() < part

    def vector(self, size: int = 4) -> Any:
        """Return a random vector, short enough for a repr without elision."""
        return np.array([self.choice([0.0, 0.5, -1.25, 3.0, 0.1]) for _ in range(size)], "f4")


def pool(strategy: st.SearchStrategy[Any], count: int = POOL) -> list[Any]:
    """Return examples of a strategy, the same ones in each run."""
    found: list[Any] = []

    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much])  # fmt: skip
    @seed(7)
    @given(strategy)
    def collect(drawn: Any) -> None:
        found.append(drawn)

    collect()
    return found


def described(kinds: Iterable[str]) -> dict[str, str]:
    """Return columns named after their types; "x" marks an index, and "n" a nullable column."""
    found = {}
    for name in kinds:
        kind = name.lstrip("xn")
        plain = {"exact": "text exact", "inverted": "text inverted", "bm25": "text bm25"}.get(kind, kind)
        index = " inverted" if name[0] == "x" and kind == plain else ""
        found[name] = f"{'nullable ' if name[0] == 'n' else ''}{plain}{index}"
    return found


def _any_names() -> Words:
    """Return a vocabulary of columns with arbitrary names and unknown types."""
    return Words(None, pool(queries.names), pool(queries.conditions), pool(queries.arithmetic))


def _typed() -> Words:
    """Return a vocabulary of columns of every type, indexed and nullable ones included."""
    numbers = [name for name in columns.NUMBERS if name[0] != "x"]
    computed = [operator.add(col(one), col(two)) for one, two in zip(numbers, numbers[3:], strict=False)]
    computed += [sign(col(one), value) for one in numbers for sign in (operator.mul, operator.sub, operator.truediv) for value in (1, 2.5)]  # fmt: skip
    kinds = described(columns.COLUMNS)
    conditions = [condition for condition, _ in pool(columns.conditions)]
    return Words(Schema({**kinds, **COMMON}), [*kinds, *COMMON], conditions, computed)


def _meant() -> Words:
    """Return a vocabulary of columns of a few types, for which a reference in Python exists."""
    kinds = {**meaning.KINDS, "nul": "nullable int64"}
    conditions = [condition for condition, _ in pool(meaning.conditions)]
    computed = [col("i") + col("small"), col("f") * 2 - col("i"), col("i") > 2, -col("f"), fn.abs(col("i") - 3)]
    computed += [fn.row_number(), col("meta")["year"], col("i") + 1]
    return Words(Schema({**kinds, **COMMON}), [*kinds, *COMMON], conditions, computed)


def _nullable() -> Words:
    """Return a vocabulary of nullable columns."""
    conditions = [case.expression for kind in nulls.TYPES for case in nulls.combined(nulls.conditions(kind))]
    conditions += [case.expression for kind in nulls.TYPES for case in nulls.conditions(kind)]
    computed = [case.expression for kind in nulls.NUMBERS for case in nulls.values(kind)[1:]]
    return Words(Schema({**nulls.SCHEMA.as_dict(), **COMMON}), [*nulls.SCHEMA, *COMMON], conditions, computed)


def _close() -> Words:
    """Return a vocabulary of columns whose numbers are close to each other."""
    kinds = dict.fromkeys(test_exact_keys.KINDS, "int64")
    kinds |= {"price": "float64", "number": "int32", "unsigned": "uint32", "hash": "uint64", "share": "float64"}
    kinds |= {"half": "float32", "tiny": "float16", "code": "int16", "indexed": "int64 inverted", "word": "text"}
    kinds |= {"paid": "nullable int64", "cost": "nullable float64", "token": "nullable uint64"}
    conditions = [condition for condition, _ in test_exact_keys.CONDITIONS if condition is not None]
    conditions += [~condition for condition in conditions] + [col("paid").is_null(), col("price") < 1234567.85]
    computed = [value.node for value in test_exact_keys.COMPUTED if value.node is not None]
    return Words(Schema({**kinds, **COMMON}), [*kinds, *COMMON], conditions, computed)


def _arrays() -> Words:
    """Return a vocabulary of numbers and arrays of every type."""
    kinds = {**described(ENGINE_TYPES), "bool": "bool", "bytes": "uint8[3]", "shorts": "int16[3]"}
    kinds |= {"vector": "float32[3]", "lists": "int32[?]"}
    computed = [number for number, _ in pool(test_arithmetic.numbers)]
    conditions = [number > value for number, value in zip(computed, range(-200, 200), strict=False)]
    conditions += [fn.any(col("lists") > 3), fn.all(col("bytes") >= 1), raw("shape(lists)[0] > 2")]
    return Words(Schema({**kinds, **COMMON}), [*kinds, *COMMON], conditions, computed)


@functools.cache
def vocabularies() -> tuple[Words, ...]:
    """Return all vocabularies; they take seconds."""
    return _any_names(), _typed(), _meant(), _nullable(), _close(), _arrays()


# --- queries of one level ---------------------------------------------------------------------------------------------


def _from(draw: Draw, words: Words, query: Query, alias: str | None = None) -> Query:
    """Return a query over a dataset, with or without its schema, or over the default dataset."""
    if alias is None and draw.chance(0.3):
        return query
    schema = words.schema if draw.chance(0.6) else None
    return query.from_(f"mem://{draw.choice('abc')}", alias, schema)


def _selected(draw: Draw, words: Words, *, whole: float = 0.2) -> Query:
    """Return a query with random outputs."""
    if draw.chance(whole):
        return select("*", extra=draw.choice(words.computed)) if draw.chance(0.3) else select()
    found = select(*dict.fromkeys(draw.choices(words.names, k=draw.randint(1, 3))))
    return found.select(made=draw.choice(words.computed)) if draw.chance(0.4) else found


def _condition(draw: Draw, words: Words) -> Expr:
    """Return a random condition, sometimes on a computed column or with a parameter."""
    if draw.chance(0.1):
        return draw.choice(words.computed) > draw.choice([0, 1.5, -3])
    if draw.chance(0.08):
        return draw.choice([operator.eq, operator.gt])(col(draw.choice(words.names)), param("p"))  # type: ignore[no-any-return]  # a condition
    return _called(draw, words) if draw.chance(0.15) else draw.choice(words.conditions)


def _called(draw: Draw, words: Words) -> Expr:
    """Return a condition by a method of a column or of an expression."""
    operand = draw.choice(words.computed) if draw.chance(0.2) else col(draw.choice(words.names))
    method, values = draw.choice(CALLS)
    found: Expr = getattr(operand, method)(*draw.choice(values))
    return ~found if draw.chance(0.2) else found


def _filtered(draw: Draw, words: Words, query: Query) -> Query:
    """Return a query with conditions on columns of the source and on its outputs."""
    query = query.where(*(_condition(draw, words) for _ in range(draw.choice([0, 0, 1, 1, 2]))))
    return query.where(col("made") > draw.randint(-2, 5)) if draw.chance(0.15) else query


def _key(draw: Draw, words: Words, more: Iterable[str]) -> str | Expr | Key:
    """Return a random sort key."""
    key: str | Expr = draw.choice(words.computed) if draw.chance(0.3) else draw.choice([*words.names, *more])
    return draw.choice([asc, desc])(key) if draw.chance(0.6) else key


def _ordered(draw: Draw, words: Words, query: Query, *more: str) -> Query:
    """Return a query with up to three sort keys, a limit and an offset."""
    query = query.order_by(*(_key(draw, words, more) for _ in range(draw.choice([0, 0, 1, 1, 2, 3]))))
    query = query.limit(draw.choice([0, 1, 10, 2**40])) if draw.chance(0.4) else query
    return query.offset(draw.choice([0, 3, 20])) if draw.chance(0.2) else query


def _rows(draw: Draw, words: Words, *, whole: float = 0.2) -> Query:
    """Return a query without groups, joins or set operations."""
    query = _from(draw, words, _selected(draw, words, whole=whole))
    return _ordered(draw, words, _filtered(draw, words, query), "made")


def _nearest(draw: Draw, words: Words) -> Query:
    """Return a similarity search of any metric."""
    query = _filtered(draw, words, _from(draw, words, _selected(draw, words)))
    if draw.chance(0.1):
        matrix = np.stack([draw.vector(), draw.vector()])
        query = query.similarity("m", matrix, "maxsim", draw.choice(["score", None]))
    elif draw.chance(0.1):
        query = query.similarity("e", draw.vector(), "mmr", None)
    else:
        value = param("v") if draw.chance(0.15) else draw.vector()
        alias = draw.choice(["score", "score", "near", None])
        query = query.similarity("e", value, draw.choice(METRICS), alias, exact=draw.chance(0.2))
        order: list[str | Key] = [alias or "score", desc(alias or "score")]
        query = query.order_by(draw.choice(order)) if draw.chance(0.7) else query
    query = query.where(col("score") > 0.5) if draw.chance(0.1) else query
    return _ordered(draw, words, query, "score") if draw.chance(0.3) else query.limit(5)


def _worded(draw: Draw, words: Words) -> Query:
    """Return a query with a BM25 search."""
    query = _filtered(draw, words, _from(draw, words, _selected(draw, words)))
    alias = draw.choice(["score", "score", "rank", None])
    query = query.bm25("body", param("w") if draw.chance(0.1) else draw.choice(["a b", "it's"]), alias)
    query = query.order_by(alias) if alias and draw.chance(0.9) else query
    query = query.limit(7) if draw.chance(0.9) else query
    return query.offset(2) if draw.chance(0.2) else query


def _fused(draw: Draw, words: Words) -> Query:
    """Return a hybrid search."""
    query = _filtered(draw, words, _from(draw, words, _selected(draw, words, whole=0.05)))
    several = draw.chance(0.2)
    vector: Any = [("e", draw.vector()), ("m", draw.vector())] if several else ("e", draw.vector())
    weights = [1, 0.5, 2] if several and draw.chance(0.5) else None
    key = draw.choice(["uid", "uid", words.names[0]])
    query = query.hybrid(vector=vector, text=("body", "some words"), key=key, weights=weights, k=draw.choice([60, 1]), exact=draw.chance(0.3))  # fmt: skip
    query = query.where(col("score") > 0.01) if draw.chance(0.2) else query
    query = query.order_by("score") if draw.chance(0.8) else query
    return query.limit(5) if draw.chance(0.8) else query


def _aggregates(draw: Draw, words: Words) -> dict[str, Expr]:
    """Return named aggregates."""
    names = words.names
    made = [fn.count(), *(function(draw.choice(names)) for function in (fn.sum, fn.mean, fn.min, fn.max, fn.first))]
    made += [fn.sum(draw.choice(words.computed)), fn.max(draw.choice(names)) - fn.min(draw.choice(names)), fn.sum(draw.choice(names)) / fn.count()]  # fmt: skip
    return {f"n{number}": draw.choice(made) for number in range(draw.randint(0, 3))}


def _groups(draw: Draw, words: Words) -> Query:
    """Return a grouped query, with conditions on rows and on groups."""
    keys: list[Any] = [*dict.fromkeys(draw.choices(words.names, k=draw.choice([0, 1, 1, 2])))]
    query = select(*keys, **_aggregates(draw, words))
    query = query.select(draw.choice(words.names)) if draw.chance(0.2) else query
    query = query.select(by=draw.choice(words.computed)) if draw.chance(0.2) else query
    query = _filtered(draw, words, _from(draw, words, query)).group_by(*keys)
    query = query.group_by("by") if draw.chance(0.15) else query
    query = query.where(fn.count() > 2) if draw.chance(0.2) else query
    query = query.where(col("n0") > 1) if draw.chance(0.2) else query
    if draw.chance(0.1):
        return _ordered(draw, words, query, "n0", "n1", "by")
    made: list[Any] = [*keys, fn.count(), "n0", desc("n1")]
    query = query.order_by(*draw.sample(made, draw.choice([0, 1, 1, 2])))
    return query.limit(draw.choice([None, 3])).offset(draw.choice([None, None, 2]))


def _distinct(draw: Draw, words: Words) -> Query:
    """Return a query with distinct rows."""
    return _rows(draw, words, whole=0.05).distinct()


def _sampled(draw: Draw, words: Words) -> Query:
    """Return a query with a random sample."""
    weights = draw.choice(words.computed) if draw.chance(0.3) else draw.choice(words.names)
    amount: dict[str, Any] = draw.choice([{}, {"limit": 10}, {"percent": 12.5}])
    query = _groups(draw, words) if draw.chance(0.1) else _rows(draw, words)
    return query.sample_by(weights, draw.chance(0.5), **amount)


# --- queries of queries -----------------------------------------------------------------------------------------------


def _nested(draw: Draw, words: Words) -> Query:
    """Return a query over a subquery."""
    inner = any_query(draw, words)
    alias = "s" if draw.chance(0.2) else None
    query = _filtered(draw, words, _selected(draw, words, whole=0.6).from_(inner, alias))
    query = query.group_by(draw.choice(words.names)) if draw.chance(0.1) else query
    query = query.select(q=col(draw.choice(words.names), of="s")) if alias and draw.chance(0.7) else query
    query = query.distinct() if draw.chance(0.1) else query
    return _ordered(draw, words, query, "score", "n0", "made")


def _set(draw: Draw, words: Words) -> Query:
    """Return a set operation of queries with the same columns, or with one that differs."""
    names = [*dict.fromkeys(draw.choices(words.names, k=2))]

    def member() -> Query:
        rows = _filtered(draw, words, _from(draw, words, select(*draw.sample(names, len(names)))))
        return _ordered(draw, words, rows) if draw.chance(0.3) else rows

    query = member()
    for _ in range(draw.choice([1, 1, 2])):
        other = any_query(draw, words) if draw.chance(0.1) else member()
        query = getattr(query, draw.choice(SETS))(other)
    query = query.where(draw.choice(words.conditions)) if draw.chance(0.2) else query
    return query.order_by(draw.choice(names)).limit(3) if draw.chance(0.4) else query


def _joined(draw: Draw, words: Words) -> Query:
    """Return a join of datasets or queries, with further clauses."""
    names, kinds = words.names, ["inner", "left", "right"]
    one, two = draw.choice(names), draw.choice(names)
    columns = {f"j{number}": col(draw.choice(names), of=draw.choice("ab")) for number in range(draw.randint(1, 3))}
    query = select(col(one, of="a"), **columns)
    first, second = (_source(draw, words) for _ in "ab")
    query = query.from_(first, "a") if isinstance(first, Query) else _from(draw, words, query, "a")
    key = two if draw.chance(0.3) else one
    query = query.join(second, col(one, of="a") == col(key, of="b"), draw.choice(kinds), "b")
    if draw.chance(0.3):
        query = query.where(draw.choice([col(one, of="b").is_null(), col(two, of="b") > 1, col("j0") != 2]))
    if draw.chance(0.15):
        query = query.group_by(col(one, of="a")).select(n=fn.count())
    order: list[Any] = ["j0", col(one, of="a"), desc(col(two, of="b"))]
    query = query.order_by(draw.choice(order)) if draw.chance(0.5) else query
    query = query.limit(4) if draw.chance(0.3) else query
    return select("j0").from_(query).where(col("j0") > 0) if draw.chance(0.2) else query


def _source(draw: Draw, words: Words) -> str | Query:
    """Return a source of a join."""
    if draw.chance(0.3):
        return f"mem://{draw.choice('abc')}"
    if draw.chance(0.2):
        return any_query(draw, words)
    return _filtered(draw, words, select().from_("mem://c", schema=words.schema))


def _apart(draw: Draw, words: Words) -> Query:
    """Return a query that splits groups into their members."""
    names = [*dict.fromkeys(draw.choices(words.names, k=3))]
    inner = _from(draw, words, select(*names).group_by(*names[:1]))
    query = select(*draw.sample(names, draw.randint(1, len(names)))).from_(inner)
    query = query.ungroup_by(draw.choice([None, None, 2]))
    return _ordered(draw, words, query) if draw.chance(0.5) else query


KINDS: list[Callable[[Draw, Words], Query]] = [
    *[_rows] * 5, *[_nearest] * 4, *[_groups] * 4, *[_joined] * 3, *[_nested] * 4, *[_set] * 2,
    _worded, _fused, _distinct, _distinct, _sampled, _apart,
]  # fmt: skip


def any_query(draw: Draw, words: Words) -> Query:
    """Return a random query of any kind; if the builder rejects a call, another query is generated."""
    while True:
        try:
            return draw.choice(KINDS)(draw, words)
        except ArgumentError:
            continue


def _bound(draw: Draw, query: Query) -> Query:
    """Return a query with values for its parameters, or for some of them."""
    given: dict[str, Any] = {"p": draw.choice([3, 2.5, "a", None]), "v": draw.vector(), "w": "two words"}
    for label, value in given.items():
        if draw.chance(0.9):
            try:
                query = query.bind(**{label: value})
            except ArgumentError:
                continue
    return query


def drawn(count: int, number: int = 7) -> Iterator[Query]:
    """Yield random queries, a fifth of them by the generators of single clauses."""
    draw = Draw(number)
    words = vocabularies()
    others = pool(queries.queries, count // 10)
    joins = [test_joins.query_of(case, ("one", "two")) for case in pool(test_joins.cases(), count // 10)]
    for query in (*others, *joins):
        yield _bound(draw, query)
    for _ in range(count - len(others) - len(joins)):
        yield _bound(draw, any_query(draw, draw.choice(words)))
