"""A query whose key was compiled before has the text that it has without the cache; compiling it without is the judge."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tql.compiler.test_meaning import several
from tests.tql.drawn import Draw, drawn
from tests.tql.queries import queries
from tql import ArgumentError, Query, Schema, col, fn, param, raw, select
from tql.compiler import cache, legalize
from tql.compiler.compile import Wanted, compile_query, compiled_chunks, tree
from tql.plan.nodes import Filter
from tql.statement import Fusion, Leg, Statement
from tql_grammar import ast
from tql_grammar.ast.traced import as_number, traced
from tql_grammar.printing.printer import to_tql
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql.plan.nodes import Plan
    from tql_grammar.record import Record

V = np.arange(4, dtype="f4")
# Values that rules treat in another way, that are equal in Python, or that the compiler writes itself.
INTEGERS: list[Any] = [
    0,
    1,
    2,
    3,
    5,
    60,
    61,
    127,
    128,
    255,
    256,
    2**22,
    2**24 - 3,
    2**24,
    2**31,
    2**44,
    2**53,
    2**53 + 1,
    2**63 - 1,
]
FLOATS: list[float] = [0.0, 1.0, 2.0, 0.5, 2.5, 60.0, 2.0**24, 2.0**64, 1e300, 5e-324, float("inf")]
TEXTS = [
    "", "a", "ab", "it's", "''", "%", "_", "a%_", "%%", "\\", "\\%", "*?", "[a]", "(", "a.*", "x\ny", "é", "😀", "0", "1", '"', "--",
    r"[\s\S]{0,}", r"a[\s\S]{0,}",
]  # fmt: skip
NEW: dict[type, list[Any]] = {int: INTEGERS, float: FLOATS, str: TEXTS}

TYPED = Schema(
    i8="int8", u8="uint64", f4="float32", t="text", n="nullable text", x="text inverted", e="embedding[4]", a="int64"
)


def with_other_values(query: Query, draw: Draw) -> Query:
    """Return a query that differs in some literals, each of the same kind: from few values, so that some are equal."""
    often = draw.random()
    few = {kind: draw.sample(values, 3) for kind, values in NEW.items()}

    def new(value: object) -> Any:
        if draw.random() > often:
            return value
        return draw.choice(few[type(value)] if draw.random() < 0.7 else NEW[type(value)])

    def change(node: Record) -> Record:
        if isinstance(node, (ast.Number, ast.String)):
            return node.replace(value=new(node.value))
        if isinstance(node, ast.Vector) and draw.random() < often:
            return ast.Vector((np.roll(node.array, draw.randint(0, 2)) + np.float32(draw.randint(0, 1))).tobytes())
        if isinstance(node, Statement):
            rows = ("row_limit", "row_offset")
            return node.replace(
                **{field: new(node.__dict__[field]) for field in rows if node.__dict__[field] is not None}
            )
        if isinstance(node, Fusion):
            return node.replace(candidates=new(node.candidates), k=new(node.k))
        return node.replace(weight=new(node.weight) or 0.25) if isinstance(node, Leg) else node

    return Query(rebuild(query.statement, change))


def text_of(query: Query, schemas: dict[str | None, Schema] | None = None) -> str:
    """Return the text of a query, or the message that refuses it."""
    try:
        return compile_query(query.statement, schemas=schemas)
    except ArgumentError as error:
        return f"refused: {error}"


def slow_text_of(query: Query, schemas: dict[str | None, Schema] | None = None) -> str:
    """Return the text of the tree of a query, or the message that refuses it."""
    try:
        return "".join(compiled_chunks(query.statement, Wanted(schemas=tuple((schemas or {}).items()))))
    except ArgumentError as error:
        return f"refused: {error}"


@several
@given(query=queries, number=st.integers(0, 2**32))
def test_other_values_are_written_as_without_the_cache(query: Query, number: int) -> None:
    """After a query was written, those with other values have the texts of their own trees."""
    draw = Draw(number)
    for other in (query, *(with_other_values(query, draw) for _ in range(4))):
        assert text_of(other) == slow_text_of(other)


def test_other_values_of_every_clause_and_type() -> None:
    """With schemas, joins, groups, searches and parameters too, a text, or the message that refuses it, is that of the query's own tree."""
    draw = Draw(0)
    for query in drawn(300, 11):
        others = [with_other_values(query, draw) for _ in range(4)]
        for other in (query, *others, *others):
            fresh = Query(other.statement.replace())
            assert text_of(fresh) == slow_text_of(other), repr(other)


def number_of(value: object) -> Any:
    """Return a number for a text."""
    return len(value) + 2 if isinstance(value, str) else value


# Queries with a literal at every place; each takes any number, or any text.
NUMBERS: dict[str, Callable[[Any], Query]] = {
    "comparison": lambda value: select("a").where(col("a") > value),
    "having": lambda value: select("a", n=fn.count()).group_by("a").where(fn.count() > value),
    "the same twice": lambda value: select("a").where((col("a") == value) | (col("b") == value)),
    "with one that is 1": lambda value: select("a").where((col("a") > value) & (col("b")[1] == 1)),
    "with one that is read": lambda value: select("a").where((col("a") > value) & (col("b")[7] == 3)),
    "a list": lambda value: select("a").where(col("a").in_([value, 3])),
    "a list of computed values": lambda value: select("a").where((col("a") + value).not_in([value, 3])),
    "a range": lambda value: select("a").where(col("a").between(0, value)),
    "arithmetic": lambda value: select(x=col("a") * value - value, y=-(col("b") / value)),
    "arithmetic of two columns": lambda value: select(x=col("a") + col("b") * value + 1),
    "a function": lambda value: select(x=fn.abs(col("a") - value)).where(fn.sqrt(col("b") * value) > 3),
    "contains": lambda value: select("a").where(fn.contains(col("a"), value)),
    "data": lambda value: select(x=fn.data(col("a"), 7) + value),
    "any of": lambda value: select("a").where(fn.any(col("e") > value)),
    "aggregates": lambda value: select("g", x=fn.sum(col("a") * value), n=fn.count()).group_by("g"),
    "an aggregate of ones": lambda value: select("g", x=fn.sum(col("a") * 1), y=fn.sum(col("a") * value)).group_by("g"),
    "a computed key": lambda value: select(k=col("a") % value, n=fn.count()).group_by(col("a") % value),
    "an order": lambda value: select("a").order_by(col("a") * value, "b"),
    "an output that is read": lambda value: select(x=col("a") + value).where(col("x") > value).order_by("x"),
    "nested": lambda value: select().from_(select(x=col("a") + value)).where(col("x") > value),
    "distinct": lambda value: select("a", x=col("b") + value).where(col("a") > value).distinct(),
    "a union": lambda value: select("a").where(col("a") > value).union(select("a").where(col("a") != value)),
    "an intersection": lambda value: select("a").where(col("a") > value).intersect(select("a").where(col("b") > 3)),
    "a join": lambda value: select(x=col("a", of="s")).from_("d", alias="s").join(
        "u", alias="t", on=col("k", of="s") == col("k", of="t")
    ).where(col("b", of="t") > value),
    "a left join": lambda value: select(x=col("a", of="s"), y=col("b", of="t")).from_("d", alias="s").join(
        "u", alias="t", on=col("k", of="s") == col("k", of="t"), how="left"
    ).where(col("b", of="t") > value, col("a", of="s") > value),
    "a sample": lambda value: select("a").sample_by(col("a") * value),
    "a parameter": lambda value: select("a", x=col("a") * param("p")).where(col("a") > param("p")).bind(p=value),
    "a text of the grammar": lambda value: select("a").where(raw(f"a + {min(abs(int(min(value, 2.0**60))), 2**60)} > 3")),
    "with a schema": lambda value: select("i8", x=col("i8") * value).from_("d", schema=TYPED).where(
        col("i8") > value, col("f4") != value, col("u8") <= value
    ).order_by(col("i8") % 7),
}  # fmt: skip
STRINGS: dict[str, Callable[[Any], Query]] = {
    "comparison": lambda text: select("a").where(col("t") == text, col("u") < text),
    "a list": lambda text: select("a").where(col("t").in_([text, "b"])),
    "a range": lambda text: select("a").where(col("t").between("a", text)),
    "a key of JSON": lambda text: select("a", k=col("m")[text]).where(col("m")[text]["n"] == text),
    "a key of JSON in an order": lambda text: select("a", k=col("m")[text]).where(col("k") == text).order_by("k"),
    "like": lambda text: select("a").where(col("t").like(text), col("t").ilike(text)),
    "startswith": lambda text: select("a").where(col("t").startswith(text) | col("t").endswith(text)),
    "contains": lambda text: select("a").where(~col("t").contains(text) & (col("t") == text)),
    "like in groups": lambda text: select("g", x=fn.sum(col("t").like(text)), y=fn.sum(col("t") == text)).group_by("g"),
    "patterns that are equal": lambda text: select("g", x=fn.sum(col("t").like("a%")), y=fn.sum(col("t").startswith(text))).group_by("g"),
    "a function": lambda text: select("a").where(fn.contains(col("t"), text)),
    "a parameter": lambda text: select("a").where(col("t") == param("p"), col("u").startswith("x")).bind(p=text),
    "with a schema": lambda text: select("t", "n").from_("d", schema=TYPED).where(col("t") >= text, col("n") != text, col("x") == text, col("n").like(text)),
}  # fmt: skip
WORDS: dict[str, Callable[[Any], Query]] = {
    "bm25": lambda text: select("a").bm25("t", text).order_by("score").limit(10),
    "bm25 by parameter": lambda text: select("a").bm25("t", param("w")).order_by("score").limit(10).bind(w=text),
    "hybrid": lambda text: (
        select("a", "k").hybrid(vector=("e", V), text=("t", text), key="k").order_by("score").limit(9)
    ),
}
ROWS: dict[str, Callable[[Any], Query]] = {
    "limit": lambda rows: select("a").limit(rows),
    "offset": lambda rows: select("a").order_by("a").limit(5).offset(rows),
    "both": lambda rows: select("a").where(col("a") > rows).order_by("a", "b").limit(rows).offset(rows),
    "of a search": lambda rows: select("a").similarity("e", V).order_by("score").limit(rows).offset(rows),
    "of a search for words": lambda rows: select("a").bm25("t", "w").order_by("score").limit(rows).offset(rows),
    "of an index": lambda rows: select("a").from_("d", schema=TYPED).similarity("e", V).order_by("score").limit(rows).offset(rows),
    "of groups": lambda rows: select("a", n=fn.count()).group_by("a").limit(rows),
    "of a nested query": lambda rows: select().from_(select("a").limit(rows)).where(col("a") > rows).limit(rows),
    "candidates": lambda rows: select("a", "k").hybrid(vector=("e", V), text=("t", "w"), key="k", candidates=min(rows or 2, 10**6)).limit(3),
    "weights": lambda rows: select("a", "k").hybrid(
        vector=("e", V), text=("t", "w"), key="k", weights=[rows + 0.5, 0.3], k=rows % 100 + 1
    ).order_by("score").limit(3),
}  # fmt: skip


def all_agree(make: Callable[[Any], Query], values: list[Any]) -> None:
    """Look that each text is that of the query's own tree, the first time and again, in both orders."""
    for some in (values, values[::-1], values):
        for value in some:
            assert text_of(make(value)) == slow_text_of(make(value)), value


@pytest.mark.parametrize("make", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("first", [7, 1, 2.5, -1.0])
def test_every_number_comes_back(make: Callable[[Any], Query], first: float) -> None:
    """Numbers that are equal in Python, such as 1 and 1.0, are different values; each place has all of them."""
    cache.forget()
    signed = [*INTEGERS, *FLOATS[:-1], -1, -1.0, -0.0, -7, -(2**63), np.int8(7), np.float32(2.5), np.uint64(2**63 - 1)]
    all_agree(make, [first, *signed])


@pytest.mark.parametrize("make", STRINGS.values(), ids=STRINGS)
def test_every_text_comes_back(make: Callable[[Any], Query]) -> None:
    """Texts with quotes, wildcards, backslashes and any character, and those that equal another literal."""
    cache.forget()
    all_agree(make, ["first", *TEXTS])


@pytest.mark.parametrize("make", WORDS.values(), ids=WORDS)
def test_all_words_come_back(make: Callable[[Any], Query]) -> None:
    """The words of a search."""
    cache.forget()
    all_agree(make, ["some words", *filter(str.strip, TEXTS)])


@pytest.mark.parametrize("make", ROWS.values(), ids=ROWS)
def test_all_numbers_of_rows_come_back(make: Callable[[Any], Query]) -> None:
    """The numbers of LIMIT and OFFSET, of candidates and weights."""
    cache.forget()
    all_agree(make, [10, 0, 1, 2, 3, 5, 60, 61, 2**31])


VECTORS: dict[str, Callable[[Any], Query]] = {
    "a search": lambda vector: select("a").similarity("e", vector).order_by("score"),
    "a function of a vector": lambda vector: select("a").where(fn.l2_norm(col("e") - vector) < 3),
    "two parameters": lambda vector: select("a").similarity("e", param("v")).where(col("a") == param("p")).bind(v=vector, p=3),
}  # fmt: skip
# Places at which a pass reads the value: there each value has a text of its own.
READ = {"with a schema", "of an index", "of a search for words", "weights", "a list"}
KINDS = (
    (NUMBERS | ROWS, (17, 2002, 3_000_003)),
    (STRINGS | WORDS, ("x%z", "q'%_w", "é_😀")),
    (VECTORS, (np.array([1, 2], "f4"), np.array([3, 4], "f4"))),
)


@pytest.mark.parametrize(
    ("make", "values"),
    [
        pytest.param(make, values, id=f"{name} {type(values[0]).__name__}")
        for makes, values in KINDS
        for name, make in makes.items()
        if name not in READ
    ],
)
def test_other_values_need_no_compiler(make: Callable[[Any], Query], values: tuple[Any, ...]) -> None:
    """Queries that differ in literals that no pass reads have one text, whatever their literals are."""
    cache.forget()
    for value in values:
        str(make(value))
    assert cache.kept() == 1


def test_nan_is_refused() -> None:
    """NaN has no text, whatever was written before."""
    missing = float("nan")
    str(select("a").where(col("a") > 2.5))
    with pytest.raises(ArgumentError):
        str(select("a").where(col("a") > missing))


# --- what is read -----------------------------------------------------------------------------------------------------


def test_a_value_that_a_pass_reads_is_a_part_of_the_key() -> None:
    """Each index has a text of its own; of a key without schema nothing else is read."""
    cache.forget()
    texts = [str(select("a").where(col("e")[index] > value)) for index in (4, 5, 4, 5) for value in (7, 8)]
    assert cache.kept() == 2
    assert texts == [
        to_tql(tree(select("a").where(col("e")[index] > value).statement)) for index in (4, 5, 4, 5) for value in (7, 8)
    ]


def test_a_rule_that_nobody_declared_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new legalization may read any literal, and decide by several of them: its texts are those of the trees."""
    known = legalize.RULES[Filter]

    def rule(node: Filter, rows: Plan) -> Plan:
        """Leave out a condition by its numbers: the second is read for some values of the first only."""
        numbers = [part for part in walk(node.predicate) if isinstance(part, ast.Number)]
        is_dropped = numbers[0].value > 100 or (numbers[0].value > 50 and numbers[1].value > 5)
        return rows if is_dropped else known(node, rows)

    monkeypatch.setitem(legalize.RULES, Filter, rule)
    cache.forget()
    for _ in range(2):
        for one in (7, 60, 70, 200):
            for two in (4, 8):
                for three in (12, 13):
                    query = select("a", x=col("a") * three).where(col("a") > one, col("b") > two)
                    assert text_of(query) == slow_text_of(query)
    cache.forget()


def test_traced_literals_record_reads_of_their_values() -> None:
    """Kind, length and equality are no values."""
    reads: dict[int, None] = {}
    number, text, vector = (
        traced(literal, slot, reads)
        for slot, literal in enumerate((ast.Number(7), ast.String("a"), ast.Vector(V.tobytes())))
    )
    assert isinstance(number, ast.Number)
    assert isinstance(text, ast.String)
    assert isinstance(vector, ast.Vector)
    assert (number.is_float, number.is_zero, vector.size) == (False, False, 4)
    assert number == traced(ast.Number(7), 0, {}) != ast.Number(7)
    assert number.replace() == number
    assert as_number(number) is number
    assert not reads
    assert (text.value, vector.array.tolist(), number.value) == ("a", V.tolist(), 7)
    assert list(reads) == [1, 2, 0]


# --- keys -------------------------------------------------------------------------------------------------------------


def test_vectors_that_are_the_same_have_another_key_than_different_ones() -> None:
    """Which vectors of a query are equal is part of its key."""
    cache.forget()
    for one, two in ((V, V), (V, V + 1), (V + 1, V + 1), (V + 2, V)):
        query = select("a").similarity("e", one, as_="x").similarity("e", two, as_="y")
        assert str(query) == to_tql(tree(query.statement))


def test_a_key_is_found_again() -> None:
    """The tree is made once for queries that differ in vectors, numbers and texts only."""
    cache.forget()
    made = []

    def query(value: float, text: str, vector: object) -> Query:
        return select("a").where(col("a") > value, col("t") == text).similarity("e", vector)

    def write(*_rest: object) -> list[str]:
        made.append(1)
        return ["never"]

    str(query(3, "x", V))
    assert cache.text(query(2, "it's", V + 1).statement, write, Wanted()) == str(query(2, "it's", V + 1))
    assert not made


def test_the_dataset_of_the_client_is_part_of_the_key() -> None:
    """The same query for two datasets has two texts."""
    texts = [compile_query(select("a").where(col("a") > 3).statement, name) for name in ("one", "two", "one")]
    assert texts == ["select a from one where a > 3", "select a from two where a > 3", "select a from one where a > 3"]


def test_the_columns_of_the_client_are_part_of_the_key() -> None:
    """Equal schemas have one text, and different ones have their own."""
    cache.forget()
    schemas = [Schema(a=kind) for kind in ("int8", "float64", "int8", "nullable int8", "int8 inverted")]
    for value in (300, 2.5, 2.5, 7):
        query = select("a").where(col("a") > value).order_by("a")
        for schema in schemas * 2:
            known: dict[str | None, Schema] = {None: schema}
            assert text_of(query, known) == slow_text_of(query, known)
    before = cache.kept()
    compile_query(select("a").where(col("a") > 7).order_by("a").statement, schemas={None: Schema(a="int8")})
    assert cache.kept() == before


def test_texts_do_not_pile_up() -> None:
    """The number of texts that are kept has a bound, also of those of one key by the values that are read."""
    cache.forget()
    for number in range(cache.MOST_TEXTS + 10):
        str(select(f"c{number}"))
    assert cache.kept() <= cache.MOST_TEXTS
    for number in range(cache.MOST_TEXTS + 10):
        str(select("a").where(col("e")[number] > 3))
    assert cache.kept() <= cache.MOST_TEXTS


def test_a_very_deep_query_has_no_key() -> None:
    """Where recursion has no room, the text is made without the cache."""
    query = select("a").from_("d")
    for _ in range(1200):
        query = select().from_(query)
    assert cache.text(query.statement, lambda *_rest: [], Wanted()) is None


def test_threads_share_the_cache() -> None:
    """Eight threads that write the same keys with other values get the texts of their own trees."""
    cache.forget()
    makes = [*NUMBERS.values()]

    def write(number: int) -> bool:
        draw = Draw(number)
        made = [draw.choice(makes)(draw.choice(INTEGERS)) for _ in range(40)]
        return all(text_of(query) == slow_text_of(query) for query in made)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write, range(16)))
