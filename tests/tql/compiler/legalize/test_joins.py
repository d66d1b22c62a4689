"""Joins pair the rows whose keys are equal, as Python does: whatever the type of the keys, the sources, and the clauses around them."""

from __future__ import annotations

import itertools
import math
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import Tables
from tql import ArgumentError, Schema, asc, check, col, desc, fn, select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql import Expr, Query

Row = dict[str, Any]
Cells = tuple[Any, ...]
SECOND, MILLISECOND, SNOWFLAKE = 1_700_000_000, 1_700_000_000_000, 1_790_000_000_000_000_000
NAN = math.nan
# The types of two keys, and values that both may hold.
KEYS: dict[str, tuple[str, str, list[Any]]] = {
    "seconds": ("int64", "int64", [SECOND + number for number in range(6)]),
    "milliseconds": ("int64", "int64", [MILLISECOND + number for number in range(6)]),
    "snowflakes": ("int64", "int64", [SNOWFLAKE + number for number in (0, 1, 2, 4096, 4_194_304)]),
    "negative": ("int64", "int64", [-(2**53) - 1, -(2**53), -1, 0, 1, 2**53, 2**53 + 1]),
    "unsigned": ("uint64", "uint64", [2**63 + 1, 2**63 + 2, 2**64 - 1, 2**53, 2**53 + 1, 0]),
    "halves": ("int32", "int32", [2**24 + number for number in range(5)]),
    "two widths": ("int32", "int64", [2**24 + number for number in range(5)]),
    "two signs": ("uint32", "int64", [2**32 - number for number in range(1, 5)]),
    "narrow and wide": ("int16", "int64", [-1, 0, 1, 300]),
    "prices": ("float64", "float64", [1234567.8, 1234567.81, 1234567.89, 0.1, 0.0, -0.5, NAN]),
    "numbers of two kinds": ("int64", "float64", [2**53, 2**53 + 2, 2**24 + 1, 3]),
    "float32": ("float32", "float32", [0.5, 0.25, 16777216.0, NAN]),
    "small": ("int8", "int8", [-1, 0, 1, 2]),
    "texts": ("text", "text", ["", "a", "b", "A", "é"]),
    "nullable texts": ("nullable text", "nullable text", ["", "a", "b", None]),
    "one nullable text": ("nullable text", "text", ["", "a", "b"]),
    "nullable numbers": ("nullable int64", "nullable int64", [SECOND, SECOND + 1, SECOND + 2, None]),
    "one nullable number": ("int64", "nullable int64", [SECOND, SECOND + 1, 0]),
    "nullable floats": ("nullable float64", "float64", [0.1, 0.5, 1234567.89]),
}
# Those that are right where the columns are not known.
PLAIN = [
    "seconds",
    "milliseconds",
    "negative",
    "halves",
    "two widths",
    "narrow and wide",
    "small",
    "texts",
    "snowflakes",
    "prices",
    "float32",
    "nullable numbers",
    "nullable floats",
    "one nullable number",
    "unsigned",
]
TABLE = Schema({"v": "int64", "g": "int8"}), Schema({"w": "int64", "t": "text", "x": "nullable float64"})
NAMES = itertools.count()
A, B = col("k", of="a"), col("k", of="b")


class Source(NamedTuple):
    """A table as a source: the query of it, given the table, and what it does to rows."""

    of: Callable[[Query], Query]
    rows: Callable[[list[Row]], list[Row]]


def _by(label: str) -> Callable[[list[Row]], list[Row]]:
    """Return the query of the two rows with the greatest numbers."""
    return lambda rows: sorted(rows, key=lambda row: -row[label])[:2]


def _grouped(label: str) -> Callable[[Query], Query]:
    """Return the query with groups of one row each."""
    others = ("g",) if label == "v" else ("t", "x")
    firsts = {other: fn.first(other) for other in others}
    return lambda query: select("k", label, **firsts).from_(query).group_by("k", label)


def _with_itself(label: str) -> Callable[[Query], Query]:
    """Return the join of a table with itself, by its numbers."""
    names = ("k", label, *(("g",) if label == "v" else ("t", "x")))
    columns = [col(name, of="one" if name == "k" else "two") for name in names]
    equal = col(label, of="one") == col(label, of="two")
    return lambda query: select(*columns).from_(query, "one").join(query, equal, alias="two")


def sources(label: str) -> dict[str, Source]:
    """Return kinds of sources over a table with a column of numbers that are all different."""
    return {
        "table": Source(lambda query: query, lambda rows: rows),
        "query": Source(lambda query: select("*").from_(query), lambda rows: rows),
        "filtered": Source(
            lambda query: query.where(col(label) >= 2), lambda rows: [row for row in rows if row[label] >= 2]
        ),
        "cut": Source(lambda query: query.order_by(desc(label)).limit(2), _by(label)),
        "ordered": Source(lambda query: query.order_by(desc(label)), lambda rows: rows),
        "groups": Source(_grouped(label), lambda rows: rows),
        "cut groups": Source(lambda query: _grouped(label)(query).order_by(desc(label)).limit(2), _by(label)),
        "union": Source(
            lambda query: query.where(col(label) < 2).union_all(query.where(col(label) >= 2)), lambda rows: rows
        ),
        "joined": Source(_with_itself(label), lambda rows: rows),
        "nothing": Source(lambda query: query.where(col(label) < 0), lambda _: []),
    }


class Held(NamedTuple):
    """A condition and its meaning; *known* where it needs the types of the columns, and `fn.first` has none."""

    condition: Expr
    holds: Callable[[Row], bool]
    known: bool = False


def _is(row: Row, label: str, test: Callable[[Any], bool]) -> bool:
    """Tell whether a value is there and passes a test."""
    return row[label] is not None and test(row[label])


V, W, T, X = (col(label) for label in "vwtx")
TESTS = [
    Held(V >= 1, lambda row: _is(row, "v", lambda v: v >= 1)),
    Held(W < 3, lambda row: _is(row, "w", lambda w: w < 3)),
    Held(W != 1, lambda row: _is(row, "w", lambda w: w != 1)),
    Held(~(W == 1), lambda row: not _is(row, "w", lambda w: w == 1)),
    Held(W.is_null(), lambda row: row["w"] is None),
    Held(W.is_not_null(), lambda row: row["w"] is not None),
    Held(V.is_null() | (V > 2), lambda row: row["v"] is None or row["v"] > 2),
    Held(W.in_([0, 2, 7]), lambda row: row["w"] in {0, 2, 7}),
    Held(T == "", lambda row: row["t"] == ""),
    Held(T != "b", lambda row: _is(row, "t", lambda t: t != "b")),
    Held(T < "b", lambda row: _is(row, "t", lambda t: t < "b")),
    Held(T.in_(["", "b"]), lambda row: row["t"] in {"", "b"}),
    Held(T.startswith("a"), lambda row: _is(row, "t", lambda t: t.startswith("a"))),
    Held(T.is_null(), lambda row: row["t"] is None, known=True),
    Held(T.is_not_null(), lambda row: row["t"] is not None, known=True),
    Held(X < 1.5, lambda row: _is(row, "x", lambda x: x < 1.5)),
    Held((V >= 0) & (X < 1.5) & (X >= 0.25) & (W > 0), lambda row: _is(row, "v", lambda v: v >= 0) and _is(row, "x", lambda x: 0.25 <= x < 1.5) and _is(row, "w", lambda w: w > 0)),
]  # fmt: skip
TESTS_OF_TEXTS = [test for test in TESTS if not test.known and f"{test.condition} ".startswith(("t ", "not t "))]


class Case(NamedTuple):
    """Two tables, and a query that joins them."""

    keys: str
    left: list[Row]
    right: list[Row]
    sources: tuple[str, str]
    how: str
    tests: list[Held]
    order: tuple[str, bool] | None
    limit: int | None
    known: bool
    counted: bool


def tables_of(draw: Callable[..., Any], keys: str) -> tuple[list[Row], list[Row]]:
    """Draw the rows of two tables."""
    values = st.lists(st.sampled_from(KEYS[keys][2]), max_size=6)
    left = [{"k": value, "v": number, "g": number % 2} for number, value in enumerate(draw(values))]
    right = [
        {
            "k": value,
            "w": number,
            "t": draw(st.sampled_from(["", "a", "ab", "b"])),
            "x": draw(st.sampled_from([None, 0.25, 1.5])),
        }
        for number, value in enumerate(draw(values))
    ]
    return left, right


def labels_of_order(how: str, *, known: bool) -> list[str]:
    """Return the columns that may be the first key: without a schema those that no row of the join lacks."""
    if known or how == "inner":
        return ["v", "w", "t"]
    return ["v" if how == "left" else "w"]


def sources_offered(keys: str, *, known: bool) -> list[str]:
    """Return the kinds of sources: the engine refuses groups by a number that may be null, and only a schema says that it may."""
    may_group = known or not any(kind.startswith("nullable") for kind in KEYS[keys][:2])
    return [kind for kind in sorted(sources("v")) if may_group or "groups" not in kind]


@st.composite
def cases(draw: Callable[..., Any]) -> Case:
    """Draw a case."""
    known = draw(st.integers(0, 4)) > 0
    keys = draw(st.sampled_from(sorted(KEYS) if known else PLAIN))
    left, right = tables_of(draw, keys)
    offered = st.sampled_from(sources_offered(keys, known=known))
    kinds = draw(offered), draw(offered)
    how = draw(st.sampled_from(["inner", "left", "right"]))
    typed = known and not any("groups" in kind for kind in kinds)
    tests = draw(st.lists(st.sampled_from([test for test in TESTS if typed or not test.known]), max_size=2))
    ordered = st.sampled_from(labels_of_order(how, known=known))
    order = draw(st.none() | st.tuples(ordered, st.booleans()))
    return Case(
        keys,
        left,
        right,
        kinds,
        how,
        tests,
        order,
        draw(st.none() | st.integers(0, 4)),
        known,
        draw(st.integers(0, 9)) == 0,
    )


def sources_of(case: Case, tables: tuple[str, str]) -> list[Query]:
    """Return the sources of a case over its tables."""
    types = KEYS[case.keys][:2]
    labels = ("k", "v", "g"), ("k", "w", "t", "x")
    found: list[Query] = []
    for name, kind, label, source, known, names in zip(tables, types, "vw", case.sources, TABLE, labels, strict=True):
        schema = Schema({"k": kind, **known.as_dict()}) if case.known else None
        found.append(sources(label)[source].of(select(*names).from_(f"mem://{name}", schema=schema)))
    return found


def ordered(query: Query, case: Case) -> Query:
    """Return a query in the order of a case, cut where it has one."""
    if case.order is None:
        return query.limit(None)
    label, descending = case.order
    others = "vw" if case.known or case.how == "inner" else label
    key = (desc if descending else asc)(label)
    return query.order_by(key, *(other for other in others if other != label)).limit(case.limit)


def query_of(case: Case, tables: tuple[str, str]) -> Query:
    """Return the query of a case over its tables."""
    left, right = sources_of(case, tables)
    query = select(*(col(label, of="a" if label in "vg" else "b") for label in "vgwtx")).from_(left, "a")
    query = query.join(right, col("k", of="a") == col("k", of="b"), how=case.how, alias="b")
    query = query.where(*(test.condition for test in case.tests))
    if case.counted:
        return query.replace(outputs=select(n=fn.count()).statement.outputs, conditions=())
    return ordered(query, case)


def pairs_of(left: list[Row], right: list[Row]) -> list[tuple[Row, Row]]:
    """Return the pairs of rows whose keys are equal; null is equal to nothing."""
    return [(one, two) for one in left for two in right if one["k"] is not None and one["k"] == two["k"]]


def unmatched(rows: list[Row], matched: list[Row]) -> list[Row]:
    """Return the rows that are not among the matched ones."""
    return [row for row in rows if all(other is not row for other in matched)]


def joined(left: list[Row], right: list[Row], how: str) -> list[Row]:
    """Return the rows of a join: the pairs, then the rows of the one side that match nothing."""
    pairs = pairs_of(left, right)
    lonely = {
        "left": unmatched(left, [one for one, _ in pairs]),
        "right": unmatched(right, [two for _, two in pairs]),
    }
    rows = [*({**one, **two} for one, two in pairs), *lonely.get(how, [])]
    return [{label: row.get(label) for label in "vgwtx"} for row in rows]


def by_label(label: str) -> Callable[[Row], tuple[bool, Any]]:
    """Return the key of an order by a column: what is missing comes last."""
    return lambda row: (row[label] is None, row[label] if row[label] is not None else 0)


def meaning(case: Case) -> list[Row]:
    """Return the rows that a case means, in its order."""
    left, right = (
        sources(label)[kind].rows(rows)
        for label, kind, rows in zip("vw", case.sources, (case.left, case.right), strict=True)
    )
    rows = joined(left, right, case.how)
    if case.counted:
        return [{"n": len(rows)}] if rows else []
    rows = [row for row in rows if all(test.holds(row) for test in case.tests)]
    if case.order is not None:
        label, descending = case.order
        for key, turned in (("w", False), ("v", False), (label, descending)):
            rows.sort(key=by_label(key), reverse=turned)
        rows = rows[: case.limit]
    return rows


def cells(row: Row | list[Any]) -> Cells:
    """Return the cells of a row; the engine reads an empty text as None."""
    values = row.values() if isinstance(row, dict) else row
    return tuple(None if value == "" else value for value in values)


@pytest.fixture(scope="module")
def engine() -> Iterator[Tables]:
    """Return the engine in a process of its own."""
    child = Tables()
    yield child
    child.close()


def made(engine: Tables, case: Case) -> tuple[str, str]:
    """Make the tables of a case, and return their names."""
    found = []
    types = ({"v": "int64", "g": "int8"}, {"w": "int64", "t": "text", "x": "nullable float64"})
    for kind, others, rows in zip(KEYS[case.keys][:2], types, (case.left, case.right), strict=True):
        found.append(f"j{next(NAMES)}")
        columns = {label: [dtype, [row[label] for row in rows]] for label, dtype in {"k": kind, **others}.items()}
        assert isinstance(engine.ask({"name": found[-1], "columns": columns}), int)
    return found[0], found[1]


@settings(max_examples=int(os.environ.get("TQL_QUERIES", "120")), deadline=None)
@given(case=cases())
def test_joins_are_python_s(engine: Tables, case: Case) -> None:
    """The pairs whose keys are equal, and the rows of one side that match nothing: right rows, or a refusal where there is no form."""
    tables = made(engine, case)
    query = query_of(case, tables)
    text = str(query)
    found = engine.ask(text)
    wanted = [cells(row) for row in meaning(case)]

    assert isinstance(found, list), (found, text)
    rows = [cells(row) for row in found]
    if case.order is None or case.counted:
        assert sorted(rows, key=repr) == sorted(wanted, key=repr), text
    elif not case.known and case.how != "inner":
        assert len(rows) == len(wanted), text
    else:
        assert rows == wanted, text
    assert not [finding for finding in check(text) if finding.severity == "error"], text


# --- what the tables above do not hold --------------------------------------------------------------------------------

ONE: dict[str, tuple[str, list[Any]]] = {"k": ("int64", [1, 2, 3]), "v": ("int64", [0, 1, 2])}
TWO: dict[str, tuple[str, list[Any]]] = {
    "k": ("int64", [1, 2, 9]),
    "w": ("int64", [5, 6, 7]),
    "m": ("json", [{"a": 1}, {}, {"a": 2}]),
    "r": ("array", [[1, 2], [9], [3]]),
    "n": ("nullable text", ["", None, "x"]),
}
KNOWN = Schema(k="int64", v="int64"), Schema(k="int64", w="int64", m="json", r="int64[?]", n="nullable text")


@pytest.fixture(scope="module")
def both(engine: Tables) -> tuple[str, str]:
    """Return the names of two tables."""
    for name, columns in (("one", ONE), ("two", TWO)):
        assert isinstance(engine.ask({"name": name, "columns": columns}), int)
    return "mem://one", "mem://two"


def left(both: tuple[str, str], *, known: bool, **outputs: Expr) -> Query:
    """Return a left join of the two tables."""
    one, two = KNOWN if known else (None, None)
    query = select(v=col("v", of="a"), **outputs).from_(both[0], "a", schema=one)
    return query.join(select().from_(both[1], schema=two), col("k", of="a") == col("k", of="b"), "left", "b")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("column", ["w", "m", "r", "n"])
def test_a_missing_value_is_none_whatever_its_type(
    engine: Tables, both: tuple[str, str], column: str, *, known: bool
) -> None:
    """Also of types that are not compared: JSON, arrays, and texts that may be null."""
    query = left(both, known=known, found=col(column, of="b"))
    _, values = TWO[column]
    expected = [(0, values[0]), (1, values[1]), (2, None)]

    assert sorted(map(tuple, engine.ask(str(query))), key=repr) == sorted(expected, key=repr)
    missing = {2, *(number for number in (0, 1) if values[number] is None)}
    if known:
        assert {row[0] for row in engine.ask(str(query.where(col("found").is_null())))} == missing


@pytest.mark.parametrize("known", [True, False])
def test_groups_of_joined_rows(engine: Tables, both: tuple[str, str], *, known: bool) -> None:
    """A join can be grouped by columns of either side, and missing values are left out of sums."""
    query = left(both, known=known, n=fn.count(), first=fn.first(col("w", of="b")), high=fn.sum(col("w", of="b") > 5))
    rows = engine.ask(str(query.group_by("v")))

    assert sorted(rows) == [[0, 1, 5, 0], [1, 1, 6, 1], [2, 1, None, 0]]
    if known:
        summed = left(both, known=True, s=fn.sum(col("w", of="b"))).group_by("v")
        assert sorted(engine.ask(str(summed))) == [[0, 5], [1, 6], [2, 0]]


@pytest.mark.parametrize("many", [0, 2])
@pytest.mark.parametrize("test", TESTS_OF_TEXTS)
def test_texts_of_a_dataset_without_rows(engine: Tables, test: Held, many: int) -> None:
    """Without a schema a text that no row has is still a text, where it is compared with one."""
    rows = [{"k": number, "v": number, "g": 0} for number in range(many)]
    case = Case("small", rows, [], ("table", "table"), "left", [test], None, None, known=False, counted=False)
    found = engine.ask(str(query_of(case, made(engine, case))))

    assert sorted(map(cells, found)) == sorted(map(cells, meaning(case)))


@pytest.mark.parametrize("how", ["inner", "left", "right"])
@pytest.mark.parametrize(
    "kind", ["int64", "int8", "nullable int64", "float64", "nullable float64", "text", "nullable text", "bool"]
)
def test_a_dataset_without_rows(engine: Tables, kind: str, how: str) -> None:
    """On either side of a join: the other side's rows match nothing, and their missing values have the type of the column."""
    some, none = f"j{next(NAMES)}", f"j{next(NAMES)}"
    assert isinstance(engine.ask({"name": some, "columns": ONE}), int)
    assert isinstance(engine.ask({"name": none, "columns": {"k": ["int64", []], "c": [kind, []]}}), int)
    types = Schema(k="int64", v="int64"), Schema({"k": "int64", "c": kind})
    query = select(v=col("v", of="a"), c=col("c", of="b")).from_(f"mem://{some}", "a", schema=types[0])
    query = query.join(select().from_(f"mem://{none}", schema=types[1]), A == B, how, "b")
    turned = select(c=col("c", of="a"), v=col("v", of="b")).from_(f"mem://{none}", "a", schema=types[1])
    turned = turned.join(select().from_(f"mem://{some}", schema=types[0]), A == B, how, "b")
    rows = [[0, None], [1, None], [2, None]]

    assert sorted(engine.ask(str(query))) == (rows if how == "left" else [])
    assert sorted(engine.ask(str(turned))) == ([[None, value] for value, _ in rows] if how == "right" else [])
    if how == "left":
        assert len(engine.ask(str(query.where(col("c").is_null())))) == 3
        assert engine.ask(str(query.where(col("c").is_not_null()))) == []


def test_a_left_join_is_a_source_of_another(engine: Tables, both: tuple[str, str]) -> None:
    """On either side, with what it misses."""
    inner = left(both, known=True, w=col("w", of="b"), k=col("k", of="a"))
    query = select(v=col("v", of="a"), w=col("w", of="j")).from_(both[0], "a", schema=KNOWN[0])
    query = query.join(inner.where(col("v") > 0), col("k", of="a") == col("k", of="j"), "left", "j")
    assert sorted(engine.ask(str(query)), key=repr) == [[0, None], [1, 6], [2, None]]

    kept = select(v=col("v", of="j"), w=col("w", of="j"), x=col("w", of="b")).from_(inner, "j")
    kept = kept.join(select().from_(both[1], schema=KNOWN[1]), col("k", of="j") == col("k", of="b"), "left", "b")
    assert sorted(engine.ask(str(kept)), key=repr) == [[0, 5, 5], [1, 6, 6], [2, None, None]]


def test_the_sparse_rows_of_a_large_source(engine: Tables) -> None:
    """A few rows against many: reading a row that matches nothing by itself fails in a plain join, or ends the engine."""
    count = 3_000
    columns = {"k": ["text", [f"t{number}" for number in range(count)]], "w": ["int64", list(range(count))]}
    assert isinstance(engine.ask({"name": "many", "columns": columns}), int)
    few = {"k": ["text", ["t5", "x", "t2999", "y"]], "v": ["int64", [0, 1, 2, 3]]}
    assert isinstance(engine.ask({"name": "few", "columns": few}), int)
    query = select(v=col("v", of="a"), w=col("w", of="b")).from_("mem://few", "a")
    query = query.join("mem://many", col("k", of="a") == col("k", of="b"), "left", "b")

    assert sorted(engine.ask(str(query)), key=repr) == [[0, 5], [1, None], [2, 2999], [3, None]]
    assert engine.ask(str(query.where(col("v") == 1))) == [[1, None]]
    assert engine.ask(str(query.where(col("v") >= 1, col("w") < 2999.5, col("w") >= 0.1))) == [[2, 2999]]


REFUSED = [
    pytest.param({"k": "uint64"}, {"k": "int64"}, "inner", {}, "compares uint64 with int64 as float64", id="two signs"),
    pytest.param({"k": "text"}, {"k": "int64"}, "left", {}, "takes two texts or two numbers", id="a text and a number"),
    pytest.param({"k": "json"}, {"k": "json"}, "inner", {}, "one number or text in each row, got `a.k = b.k`: a key is json", id="JSON"),
    pytest.param({"k": "int64"}, {"q": "int64"}, "inner", {}, "`join` takes names of columns, got 'k'", id="no key"),
    pytest.param(
        {"k": "int64"}, {"k": "int64"}, "inner", {"x": col("q", of="b")}, "takes names of columns, got 'q'", id="no column"
    ),
    pytest.param({"k": "int64"}, {"k": "int64"}, "left", {"x": col("k", of="c")}, "got of='c'", id="no source"),
    pytest.param({"k": "int64"}, {"k": "int64", "m": "json"}, "left", {"x": col("m", of="b")["a"]}, "an element of one", id="an element"),
    pytest.param(None, None, "left", {"x": fn.abs(col("w", of="b"))}, "one in a function", id="a function"),
    pytest.param(None, None, "left", {"x": 1 - col("w", of="b")}, "one right of an operator", id="on the right"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "two", "how", "outputs", "said"), REFUSED)
def test_a_join_that_the_engine_cannot_do_is_refused(
    one: dict[str, str] | None, two: dict[str, str] | None, how: str, outputs: dict[str, Expr], said: str
) -> None:
    """Each of them gives other rows, an error that explains nothing, or the end of the process."""
    first, second = (None if columns is None else Schema(columns) for columns in (one, two))
    query = select(k=A, **outputs).from_("mem://one", "a", schema=first)
    query = query.join(select().from_("mem://two", schema=second), A == B, how, "b")

    with pytest.raises(ArgumentError) as caught:
        str(query)
    assert said in str(caught.value)


def test_a_source_that_is_read_several_times_is_not_random() -> None:
    """A left join reads its sources several times, an inner one once."""
    drawn = select("*").from_("mem://one").sample_by("v")
    query = select(k=A).from_(drawn, "a")

    assert "sample by" in str(query.join("mem://two", A == B, "inner", "b"))
    with pytest.raises(ArgumentError, match="not drawn at random"):
        str(query.join("mem://two", A == B, "left", "b"))


def test_groups_inside_of_a_joined_source_are_refused() -> None:
    """Where they had to be grouped again."""
    counted = select("k", n=fn.count()).from_("mem://one").group_by("k")
    inner = select(k=A, n=col("n", of="a")).from_(counted, "a").join("mem://two", A == B, alias="b")
    query = select(k=A, n=col("n", of="b")).from_("mem://one", "a")

    assert str(query.join(counted, A == B, "left", "b"))
    with pytest.raises(ArgumentError, match="without groups inside of a join"):
        str(query.join(inner, A == B, "left", "b"))
