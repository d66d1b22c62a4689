"""Cases for composing: the documented query and snippet, rebinding a vector, a small query compared with other builders, and a long chain."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from tests.benchmarks import families
from tests.benchmarks.case import Case, growth, growth_of_memory, peak, peer
from tql import col, param, select
from tql.compiler import cache
from tql.compiler.compile import tree
from tql_grammar.printing.printer import to_tql

if TYPE_CHECKING:
    from collections.abc import Callable

VECTOR = np.random.default_rng(0).standard_normal(1536).astype(np.float32)
NUMBERS = itertools.count(10)
TEMPLATE = (
    'select text, cosine_similarity(embedding, ARRAY[{}]) as score from "hub://org/dataset" order by score desc limit 5'
)


def ours() -> str:
    """Return the text of the documented query."""
    query = select("text").from_("hub://org/dataset").similarity("embedding", VECTOR).order_by("score").limit(5)
    return str(query)


def snippet() -> str:
    """Return the query text built as in the documentation of the service."""
    return TEMPLATE.format(",".join([str(item) for item in VECTOR]))


def dump() -> bytes:
    """Return the numbers as JSON."""
    return orjson.dumps(VECTOR, option=orjson.OPT_SERIALIZE_NUMPY)


def every_bit_is_kept() -> bool:
    """Return whether the text contains the vector bit for bit."""
    inside = ours().partition("ARRAY[")[2].partition("]")[0]
    return np.array(inside.split(","), np.float32).tobytes() == VECTOR.tobytes()


def sizes() -> tuple[float, float, float]:
    """Return the sizes of both texts."""
    theirs = TEMPLATE.format(",".join([str(item) for item in VECTOR.tolist()]))
    return len(ours()), len(theirs), len(ours()) / len(theirs)


def shapes_change_nothing() -> bool:
    """Return whether queries of known shapes have the same text as compiled without the cache."""
    queries = [select("a").where(col("a") > number).similarity("e", VECTOR * number) for number in (1, 2, -1, 2.5)]
    return all(str(query) == to_tql(tree(query.statement)) for query in queries)


def _bound() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the function that rebinds a vector, and orjson's dump."""
    query = select("text").from_("hub://org/d").similarity("embedding", param("v")).order_by("score").limit(5)
    str(query.bind(v=VECTOR))
    return lambda: str(query.bind(v=VECTOR)), dump


def bound_is_written() -> bool:
    """Return whether a rebound vector is the same as a compiled one."""
    query = select("text").from_("hub://org/dataset").similarity("embedding", param("v")).order_by("score").limit(5)
    return str(query.bind(v=VECTOR)) == ours()


def small() -> str:
    """Return a query without a vector: three columns, four conditions with a new number, order and limit."""
    conditions = (col("a") > next(NUMBERS), col("b") == "x", col("c") < 2.5, col("d") != 4)
    return str(select("a", "b", "c").from_("t").where(*conditions).order_by("a").limit(10))


def _sqlalchemy() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the small query by tql and by SQLAlchemy Core, with the values in the text."""
    sa = peer("sqlalchemy")
    table: Any = sa.table("t", *(sa.column(name) for name in "abcd"))
    columns = table.c

    def theirs() -> str:
        conditions = (columns.a > next(NUMBERS), columns.b == "x", columns.c < 2.5, columns.d != 4)
        query = sa.select(columns.a, columns.b, columns.c).where(*conditions).order_by(columns.a).limit(10)
        return str(query.compile(compile_kwargs={"literal_binds": True}))

    return small, theirs


def of_families() -> list[str]:
    """Return the text of a query of each family, with literals that were not there before."""
    return [str(query) for query in families.ours(next(NUMBERS))]


def _families() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the queries of the families by the builder and by SQLAlchemy Core, with their values in the text."""
    make = families.theirs()

    def theirs() -> list[str]:
        return [str(query.compile(compile_kwargs={"literal_binds": True})) for query in make(next(NUMBERS))]

    return of_families, theirs


def families_change_nothing() -> bool:
    """Tell whether each family has one key whatever its literals are, but that of IN, whose members decide its form; and the texts of its own trees."""
    cache.forget()
    rounds = [families.ours(next(NUMBERS)) for _ in range(3)]
    same = all(str(query) == to_tql(tree(query.statement)) for queries in rounds for query in queries)
    return same and cache.kept() == len(rounds[0]) - 1 + len(rounds)


def _pypika() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the small query by tql and by PyPika."""
    pypika = peer("pypika")

    def theirs() -> str:
        table = pypika.Table("t")
        query: Any = pypika.Query.from_(table).select(table.a, table.b, table.c)
        query = query.where(table.a > next(NUMBERS)).where(table.b == "x").where(table.c < 2.5).where(table.d != 4)
        return str(query.orderby(table.a).limit(10))

    return small, theirs


def chain(steps: int) -> Callable[[], object]:
    """Return a chain of conditions around the vector."""

    def run() -> object:
        query = select("text").similarity("embedding", VECTOR)
        for number in range(steps):
            query = query.where(col("a") > number)
        return query

    return run


def _vectors(size: int) -> Callable[[], object]:
    """Return the function that compiles a query with a vector of some length."""
    vector = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    return lambda: str(select("text").similarity("embedding", vector).order_by("score").limit(5))


def _dumps(size: int) -> Callable[[], object]:
    """Return the function that dumps a vector of some length."""
    vector = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    return lambda: orjson.dumps(vector, option=orjson.OPT_SERIALIZE_NUMPY)


def beside_the_dump(measure: Callable[..., tuple[float, float, float]]) -> tuple[float, float, float]:
    """Return the growth with the length of the vector, of tql and of the dump."""
    own, theirs = measure(_vectors, 1000, 1_000_000)[2], measure(_dumps, 1000, 1_000_000)[2]
    return own, theirs, own / theirs


def _peak() -> tuple[float, float, float]:
    """Return the peak memory of compiling a query with a long vector, and the length of its text."""
    vectors = itertools.cycle(np.random.default_rng(0).standard_normal((2, 1_000_000)).astype(np.float32))

    def act() -> str:
        return str(select("text").similarity("embedding", next(vectors)).order_by("score").limit(5))

    own, size = peak(act), len(act())
    return own, size, own / size


def _conditions(count: int) -> Callable[[], object]:
    """Return the function that compiles a query with some conditions, of a new shape."""

    def act() -> str:
        column = col(f"a{next(NUMBERS)}")
        return str(select("id").where(*(column > number for number in range(count))))

    return act


def _members(count: int) -> Callable[[], object]:
    """Return the function that compiles a list of some members, in a query of a new shape."""
    numbers = list(range(count))
    return lambda: str(select("id").where(col(f"a{next(NUMBERS)}").in_(numbers)))


CASES = (
    Case(
        "documented query, 1,536 numbers: time", "documented snippet", 0.10, lambda: (ours, snippet), every_bit_is_kept
    ),
    Case("documented query, 1,536 numbers: bytes", "snippet over tolist()", 0.60, sizes),
    Case("documented query, 1,536 numbers", "orjson.dumps of the vector", 2.0, lambda: (ours, dump)),
    Case("a vector bound again", "orjson.dumps of the vector", 1.3, _bound, bound_is_written),
    Case("small query, no vector", "SQLAlchemy Core", 0.5, _sqlalchemy, shapes_change_nothing),
    Case("small query, no vector", "PyPika", 1.0, _pypika),
    Case("10 families of queries, shapes seen before", "SQLAlchemy Core", 0.5, _families, families_change_nothing),
    Case("1,000 steps of a chain", "one join of 1,536 numbers", 50.0, lambda: (chain(1000), snippet)),
    Case(
        "vectors of 1,000,000 for 1,000 numbers, an element",
        "orjson.dumps growing alike",
        1.3,
        lambda: beside_the_dump(growth),
    ),
    Case(
        "memory of 1,000,000 for 1,000 numbers, an element",
        "orjson.dumps growing alike",
        1.3,
        lambda: beside_the_dump(growth_of_memory),
    ),
    Case("a vector of 1,000,000 numbers, peak of memory", "its text", 3.0, _peak),
    Case("10,000 for 10 conditions, a condition", "itself", 1.5, lambda: growth(_conditions, 10, 10_000)),
    Case(
        "memory of 10,000 for 10 conditions, a condition",
        "itself",
        1.5,
        lambda: growth_of_memory(_conditions, 10, 10_000),
    ),
    Case("100,000 for 10 members of IN, a member", "itself", 1.5, lambda: growth(_members, 10, 100_000)),
    Case(
        "memory of 100,000 for 10 members of IN, a member",
        "itself",
        1.5,
        lambda: growth_of_memory(_members, 10, 100_000),
    ),
)
