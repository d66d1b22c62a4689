"""Values of JSON against Python: conditions on an output that is one, tests of keys and lists, and the forms that are refused since they end the engine's process."""

from __future__ import annotations

import operator
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import dataset, run
from tql import ArgumentError, Schema, col, fn, select
from tql.compiler.compile import compile_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql import Query
    from tql.expressions.expr import Expr

NOTES: list[dict[str, Any]] = [
    {"s": "ab", "n": 1, "l": [3, 4], "t": ["a", "b"]},
    {"s": "xb", "n": 2, "l": [5], "t": ["c"]},
    {"n": 3},
    {"s": "ab", "l": [], "t": []},
    {},
]
S, N = col("m")["s"], col("m")["n"]


@pytest.fixture(scope="module")
def notes() -> Any:
    """Return a dataset with a column of JSON in which keys are missing."""
    rows = [{"id": number, "m": note, "k": 1} for number, note in enumerate(NOTES)]
    return dataset("notes", {"id": "int64", "m": "json", "k": "int64"}, rows)


def ids(data: Any, query: Query, *, known: bool) -> list[int]:
    """Return the numbers of the rows of a query."""
    return [
        row["id"]
        for row in run(data, compile_query(query.statement, None, {None: Schema.from_dataset(data)} if known else None))
    ]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        pytest.param(col("s") == "ab", lambda note: note.get("s") == "ab", id="text"),
        pytest.param(col("s").in_(["ab", "q"]), lambda note: note.get("s") == "ab", id="member"),
        pytest.param(col("n") > 1, lambda note: note.get("n", 0) > 1, id="number"),
        pytest.param(
            (col("s") == "xb") | (col("id") == 4), lambda note: note.get("s") == "xb" or not note, id="with a column"
        ),
        pytest.param(~(col("s") == "ab"), lambda note: note.get("s") != "ab", id="not"),
        pytest.param(col("n").is_null(), lambda note: note.get("n") is None, id="missing"),
    ],
)
def test_a_condition_on_an_output_that_is_a_value(notes: Any, condition: Expr, holds: Any, *, known: bool) -> None:
    """`select(s=col("m")["s"]).where(col("s") == "x")` finds the rows, as if the condition read the key."""
    query = select("id", s=S, n=N).where(condition)

    assert ids(notes, query, known=known) == [number for number, note in enumerate(NOTES) if holds(note)]


BOUNDS = [{"n": 1, "d": {"x": 1}}, {"n": None, "d": {"x": None}}, {}, {"n": 9, "d": {}}, {"n": 5, "d": None}, {"n": 5}]
X, ID = col("m")["d"]["x"], col("id")


@pytest.fixture(scope="module")
def bounds() -> Any:
    """Return a dataset with JSON in which numbers are null, or missing."""
    rows = [{"id": number, "m": note} for number, note in enumerate(BOUNDS)]
    return dataset("bounds", {"id": "int64", "m": "json"}, rows)


def there(*numbers: Any) -> bool:
    """Tell whether all numbers are there."""
    return None not in numbers


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        pytest.param(N < 6, lambda _, n, __: there(n) and n < 6, id="<"),
        pytest.param(N <= 5, lambda _, n, __: there(n) and n <= 5, id="<="),
        pytest.param(N != 5, lambda _, n, __: there(n) and n != 5, id="!="),
        pytest.param(N > 1, lambda _, n, __: there(n) and n > 1, id=">"),
        pytest.param(X < 6, lambda _, __, x: there(x) and x < 6, id="of an object"),
        pytest.param(N != ID, lambda i, n, _: there(n) and n != i, id="a column"),
        pytest.param(ID > N, lambda i, n, _: there(n) and i > n, id="> on the right"),
        pytest.param(ID >= N, lambda i, n, _: there(n) and i >= n, id=">= on the right"),
        pytest.param(ID < N, lambda i, n, _: there(n) and i < n, id="< on the right"),
        pytest.param(ID * 1.0 <= N, lambda i, n, _: there(n) and i <= n, id="<= on the right"),
        pytest.param(ID != N, lambda i, n, _: there(n) and i != n, id="!= on the right"),
        pytest.param(N == X, lambda _, n, x: there(n, x) and n == x, id="two values"),
        pytest.param(N != X, lambda _, n, x: there(n, x) and n != x, id="two other values"),
        pytest.param(~(N < 6), lambda _, n, __: not (there(n) and n < 6), id="not"),
        pytest.param((N < 6) & (N != 1), lambda _, n, __: there(n) and n < 6 and n != 1, id="and"),
        pytest.param((X < 6) | (N != 5), lambda _, n, x: (there(x) and x < 6) or (there(n) and n != 5), id="or"),
        pytest.param(
            ~((N < 6) & ((ID < 3) | (N != 9))), lambda i, n, _: not (there(n) and n < 6 and (i < 3 or n != 9)), id="all"
        ),
        pytest.param(N.between(0, 5), lambda _, n, __: there(n) and 0 <= n <= 5, id="between"),
        pytest.param(N + 0 >= X + 0, lambda _, n, x: there(n, x) and n >= x, id="two numbers"),
    ],
)
def test_null_meets_no_comparison(bounds: Any, condition: Expr, holds: Any, *, known: bool) -> None:
    """A null of JSON and a missing key are neither smaller than a value nor different from it."""
    expected = [
        number
        for number, note in enumerate(BOUNDS)
        if holds(number, note.get("n"), (note.get("d") or {}).get("x"))  # type: ignore[attr-defined]  # an object
    ]

    assert ids(bounds, select("id").where(condition), known=known) == expected


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        pytest.param(fn.any(fn.keys("m") == "s"), lambda note: "s" in note, id="key"),
        pytest.param(fn.any(col("m")["t"] == "a"), lambda note: "a" in note.get("t", []), id="text of a list"),
        pytest.param(fn.any(col("m")["l"] == 3), lambda note: 3 in note.get("l", []), id="number of a list"),
        pytest.param(col("m")["l"][0] == 3, lambda note: note.get("l", [])[:1] == [3], id="first of a list"),
    ],
)
def test_keys_and_lists(notes: Any, condition: Expr, holds: Any, *, known: bool) -> None:
    """`fn.any(fn.keys("m") == "k")` is written with CONTAINS: the engine finds no row for the other form."""
    assert ids(notes, select("id").where(condition), known=known) == [
        number for number, note in enumerate(NOTES) if holds(note)
    ]


LIFTED = select("id", s=S, n=N, l=col("m")["l"])


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "query",
    [
        pytest.param(select("id", x=col("k") == N), id="compared with a column"),
        pytest.param(select("id", x=col("k") + 1 > N), id="compared with arithmetic"),
        pytest.param(select("id", x=(N == 1) | (col("id") > 2)), id="or"),
        pytest.param(select("id", x=(col("id") > 2) & S.like("a%")), id="and"),
        pytest.param(select("id", x=fn.any(col("m")["l"] == 3) | (col("id") > 3)), id="or with a list"),
        pytest.param(select(n=fn.count(), x=fn.sum((N == 1) | (col("id") > 2))), id="or in an aggregate"),
        pytest.param(select().from_(LIFTED).where(col("s") == "ab"), id="text of a subquery"),
        pytest.param(select().from_(LIFTED).where(col("s").like("a%")), id="pattern of a subquery"),
        pytest.param(select().from_(LIFTED).where(col("s").in_(["ab"])), id="member of a subquery"),
        pytest.param(select().from_(LIFTED).where(col("n") < 2), id="null of a subquery"),
        pytest.param(select().from_(LIFTED).where(col("l")[0] == 3), id="list of a subquery"),
        pytest.param(
            select().from_(select().from_(LIFTED)).where(col("l")[0] == 3), id="list of a subquery's subquery"
        ),
        pytest.param(select("id", x=col("l")[0]).from_(LIFTED), id="element of a list of a subquery"),
        pytest.param(LIFTED.order_by(col("l", of="output")[0]), id="order by a list"),
        pytest.param(select("id").where(fn.all(col("m")["l"] == 3)), id="all of a list"),
        pytest.param(select("id").where(fn.any(col("m")["l"] > 3)), id="order in a list"),
    ],
)
def test_what_the_engine_cannot_do_is_refused(notes: Any, query: Query, *, known: bool) -> None:
    """These end the engine's process, or find no row; the error says where to put the condition."""
    with pytest.raises(ArgumentError):
        ids(notes, query, known=known)


def test_numbers_of_a_subquery(notes: Any) -> None:
    """What the engine does right outside of the subquery stays possible."""
    assert ids(notes, select().from_(select("id", n=N)).where(col("n") > 1), known=True) == [1, 2]
    assert ids(notes, select().from_(select("id", s=S)).where(col("s").is_null()), known=True) == [2, 4]


@pytest.mark.parametrize("known", [True, False])
def test_groups_by_a_value_are_answered(notes: Any, *, known: bool) -> None:
    """The client refuses what ends the engine's process, and `s[0]` of a group is no element of JSON."""
    query = select(s=S, n=fn.count()).where(S.is_not_null()).group_by("s")
    rows = run(notes, compile_query(query.statement, None, {None: Schema.from_dataset(notes)} if known else None))

    assert sorted((row["s"], row["n"]) for row in rows) == [("ab", 2), ("xb", 1)]


NULLS: list[dict[str, Any]] = [{"n": 3}, {"n": None}, {}, {"n": 9}, {"n": 5}, {"n": -1}]
TESTS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, "!=": operator.ne, "=": operator.eq, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@pytest.mark.parametrize("operation", TESTS)
@pytest.mark.parametrize("with_schema", [False, True])
def test_null_meets_no_comparison_outside_of_where(operation: str, with_schema: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A comparison with JSON's null, or with a missing key, is false in outputs, sort keys, and keys of groups, and its negation is true."""
    place = f"json_null_{list(TESTS).index(operation)}_{with_schema}"
    data = dataset(place, {"id": "int64", "m": "json"}, [{"id": number, "m": row} for number, row in enumerate(NULLS)])
    schemas: dict[str | None, Schema] | None = {None: Schema(id="int64", m="json")} if with_schema else None
    test = TESTS[operation](col("m")["n"], 5)
    met = [row.get("n") is not None and TESTS[operation](row["n"], 5) for row in NULLS]

    def rows(query: Query) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in run(data, compile_query(query.statement, None, schemas))]

    assert rows(select("id", x=test)) == [*enumerate(met)]
    assert rows(select("id", x=~test)) == [(number, not value) for number, value in enumerate(met)]
    assert rows(select("id").order_by(test)) == sorted(
        ((number,) for number in range(len(met))), key=lambda row: met[row[0]]
    )
    assert dict(rows(select(x=test, n=fn.count()).group_by(test))) == dict(Counter(met))


# --- values that a row may lack, and numbers of two types -------------------------------------------------------------

WORLD: list[dict[str, Any]] = [
    {"n": 3, "s": "xa", "l": [1, 2], "g": "a"},
    {"n": 1.5, "s": "b", "l": [2**24 + 1], "g": "a"},
    {"s": "", "l": [], "g": "b"},
    {"n": None, "s": None, "g": "b"},
    {"n": -2, "g": "b"},
    {"n": 0, "s": "x", "l": [0.5, 3], "g": "c"},
    {},
]
HAS_N = [note for note in WORLD if note.get("n") is not None]
THERE = N.is_not_null()


@pytest.fixture(scope="module")
def world() -> Any:
    """Return a dataset with JSON of the world: missing keys, nulls, empty texts and lists, integers and floats under one key."""
    rows = [{"id": number, "m": note, "k": note.get("g", "")} for number, note in enumerate(WORLD)]
    return dataset("json_world", {"id": "int64", "m": "json", "k": "text"}, rows)


def values(data: Any, query: Query, *, known: bool) -> list[Any]:
    """Return the rows of a query as tuples, or as values where they have one column."""
    schemas: dict[str | None, Schema] | None = {None: Schema.from_dataset(data)} if known else None
    rows = [tuple(row.values()) for row in run(data, compile_query(query.statement, None, schemas))]
    return [row[0] if len(row) == 1 else row for row in rows]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("made", "meant"),
    [
        pytest.param(N * 2, lambda n: n * 2, id="times"),
        pytest.param(1 - N, lambda n: 1 - n, id="right of minus"),
        pytest.param(-N, lambda n: -n, id="negative"),
        pytest.param(fn.abs(N), abs, id="abs"),
        pytest.param(N / 2 + N, lambda n: n / 2 + n, id="twice"),
    ],
)
def test_arithmetic_over_numbers_of_two_types(world: Any, made: Expr, meant: Any, *, known: bool) -> None:
    """Integers and floats under one key are computed as float64, in outputs, keys and groups."""
    wanted = [meant(note["n"]) for note in HAS_N]

    assert values(world, select(x=made).where(THERE), known=known) == wanted
    assert values(world, select(x=made).where(THERE).order_by("x"), known=known) == sorted(wanted)
    grouped = select(x=made, c=fn.count()).where(THERE).group_by("x")
    assert dict(values(world, grouped, known=known)) == dict(Counter(wanted))


@pytest.mark.parametrize("known", [True, False])
def test_aggregates_over_numbers_of_two_types(world: Any, *, known: bool) -> None:
    """Sums, means and ends, of all rows and of groups."""
    outputs = {"s": fn.sum(N), "a": fn.mean(N), "low": fn.min(N), "high": fn.max(N)}
    numbers = [note["n"] for note in HAS_N]
    groups: dict[str, list[float]] = {}
    for note in HAS_N:
        groups.setdefault(note["g"], []).append(note["n"])

    def reduced(found: list[float]) -> tuple[float, ...]:
        return sum(found), sum(found) / len(found), min(found), max(found)

    assert values(world, select(**outputs).where(THERE), known=known) == [reduced(numbers)]
    rows = values(world, select("k", **outputs).where(THERE).group_by("k"), known=known)
    assert {row[0]: row[1:] for row in rows} == {key: reduced(found) for key, found in groups.items()}


PATTERNS = [
    pytest.param(S.like("x%"), lambda s: s.startswith("x"), id="like"),
    pytest.param(S.startswith("x"), lambda s: s.startswith("x"), id="startswith"),
    pytest.param(S.endswith("a"), lambda s: s.endswith("a"), id="endswith"),
    pytest.param(S.matches("x."), lambda s: s == "xa", id="matches"),
    pytest.param(S.ilike("X%"), lambda s: s.startswith("x"), id="ilike"),
    pytest.param(S.contains("a"), lambda s: "a" in s, id="contains"),
]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("pattern", "holds"), PATTERNS)
def test_a_pattern_where_rows_lack_the_key(world: Any, pattern: Expr, holds: Any, *, known: bool) -> None:
    """A missing key and a null meet no pattern; other conditions, outputs, orders and groups stay as they are."""
    met = [number for number, note in enumerate(WORLD) if note.get("s") is not None and holds(note["s"])]

    assert ids(world, select("id").where(pattern), known=known) == met
    assert ids(world, select("id").where(pattern, col("id") > 0), known=known) == [number for number in met if number]
    assert ids(world, select("id", s=S).where(pattern).order_by("id").limit(1), known=known) == met[:1]
    grouped = values(world, select("k", c=fn.count()).where(pattern).group_by("k"), known=known)
    assert dict(grouped) == dict(Counter(WORLD[number]["g"] for number in met))
    inner = select("id", "m").where(S.is_not_null())
    assert ids(world, select("id").from_(inner).where(~pattern), known=known) == [
        number for number, note in enumerate(WORLD) if note.get("s") is not None and number not in met
    ]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("query", "hint"),
    [
        pytest.param(select(x=N * 2), "col('m')['n'].is_not_null()", id="times"),
        pytest.param(select(x=-N), "is_not_null", id="negative"),
        pytest.param(select(x=fn.abs(N)), "is_not_null", id="abs"),
        pytest.param(select("id").order_by(N * 2), "is_not_null", id="key"),
        pytest.param(select("k", s=fn.sum(N)).group_by("k"), "is_not_null", id="sum"),
        pytest.param(select(s=fn.max(N), c=fn.count()), "is_not_null", id="max"),
        pytest.param(select(x=col("n") + 1).from_(select(n=N)), "is_not_null", id="of a subquery"),
        pytest.param(select(x=S.like("x%")), "is_not_null", id="pattern as an output"),
        pytest.param(select("id").where(~S.like("x%")), "is_not_null", id="not like"),
        pytest.param(select("id").where(S.like("x%") | (col("id") == 1)), "is_not_null", id="like or"),
        pytest.param(select(x=col("m")["l"][0]), "in Python", id="element"),
        pytest.param(select(x=col("m")["l"][0:1]), "in Python", id="slice"),
        pytest.param(select("id").where(col("m")["l"][-1] == 2), "one after the other", id="last element"),
        pytest.param(select(x=col("m")[0]["k"]), "write the key first", id="index before the key"),
    ],
)
def test_what_a_row_may_lack_is_refused(world: Any, query: Query, hint: str, *, known: bool) -> None:
    """The engine fails; the error says how to leave those rows out."""
    with pytest.raises(ArgumentError) as caught:
        values(world, query, known=known)
    assert hint in (caught.value.hint or "")


KINDS = ("int8", "int16", "uint8", "uint16", "nullable int16", "nullable int64", "int64", "float64")
MIRRORED: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge
}  # fmt: skip


@pytest.fixture(scope="module")
def sided() -> Any:
    """Return a dataset with numbers of some types, and with JSON whose numbers are null or absent in some rows."""
    notes: list[dict[str, Any]] = [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 9}, {"n": None}, {}]
    numbers = [1, 3, 2, None, 4, 5]
    rows = [
        {
            "id": number,
            "m": note,
            **{kind.replace(" ", "_"): value if "nullable" in kind or value is not None else 7 for kind in KINDS},
        }
        for number, (note, value) in enumerate(zip(notes, numbers, strict=True))
    ]
    return dataset("sided", {"id": "int64", "m": "json", **{kind.replace(" ", "_"): kind for kind in KINDS}}, rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sign", MIRRORED)
@pytest.mark.parametrize("inside", [False, True])
def test_a_value_beside_a_number(sided: Any, kind: str, sign: str, *, inside: bool) -> None:
    """JSON is compared with numbers of each type as Python compares them, on both sides and under OR; no null matches."""
    compare = MIRRORED[sign]
    name = kind.replace(" ", "_")
    rows = run(sided, f"select id, m['n'] as n, {name} as v")
    known = [row for row in rows if row["n"] and row["v"] is not None]

    def found(condition: Any) -> list[int]:
        return ids(sided, select("id").where(condition | (col("id") == 17) if inside else condition), known=True)

    assert found(compare(N, col(name))) == [row["id"] for row in known if compare(row["n"], row["v"])]
    assert found(compare(col(name), N)) == [row["id"] for row in known if compare(row["v"], row["n"])]


def test_an_order_with_an_output_that_is_a_value(sided: Any) -> None:
    """The output is on the left, as the value itself would be; what does not work there is refused."""
    source = select("id", "int8", "nullable_int64", n=N)

    assert ids(sided, select("id").from_(source).where(col("id") < col("n")), known=True) == [0, 1, 2, 3]
    assert ids(sided, select("id").from_(source).where(col("int8") == col("n")), known=True) == [0]
    assert ids(sided, select("id").from_(source).where(col("n") == col("nullable_int64")), known=True) == [0]
    with pytest.raises(ArgumentError, match="takes no such test"):
        select("id").from_(source).where(col("id") > col("n")).to_tql()
