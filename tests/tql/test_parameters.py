"""Parameters: a bound query has the text of the query with literals, and a prepared one returns the same rows."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.engine import TYPES, dataset, run
from tests.tql import meaning
from tests.tql.compiler.test_meaning import several
from tql import ArgumentError, Expr, Query, Schema, col, desc, fn, param, select
from tql.compiler.compile import compile_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tql.meaning import Row
    from tql.compiler.prepare import Prepared

names = (f"parameters{number}" for number in itertools.count())
Use = tuple["Callable[[Any], Expr]", st.SearchStrategy[Any]]
numbers = meaning.integers | meaning.halves | st.sampled_from([2**63 - 1, -(2**63) + 1, 0.1])
vectors = st.lists(st.floats(-9, 9, width=32), min_size=3, max_size=3).map(lambda row: np.array(row, "f4"))
uses: list[Use] = [
    (lambda value: col("i") > value, numbers),
    (lambda value: col("f") == value, numbers),
    (lambda value: col("small") != value, numbers),
    (lambda value: col("i") + col("small") <= value, numbers),
    (lambda value: col("i") * value > 3, meaning.integers),
    (lambda value: col("t") == value, meaning.texts),
    (lambda value: col("t") != value, meaning.texts),
    (lambda value: col("b") == value, st.booleans()),
    (lambda value: fn.l2_norm(col("e") - value) < 5, vectors),
    (lambda value: fn.cosine_similarity("e", value) > 0, vectors),
]
texts: list[Use] = [
    (lambda value: col("t") < value, meaning.texts),
    (lambda value: col("t") >= value, meaning.texts),
    (lambda value: col("nul") == value, st.none() | meaning.integers),
]
drawn = st.lists(st.sampled_from(uses), min_size=1, max_size=3).flatmap(
    lambda found: st.tuples(*(st.tuples(st.just(write), values) for write, values in found))
)
embedded_rows = st.builds(lambda row, e: {**row, "e": e}, meaning.rows, vectors)


def made(rows: list[Row]) -> Any:
    """Return a dataset of numbered rows."""
    kinds = {"id": "int64", "e": TYPES.Array("float32", shape=[3]), **meaning.KINDS}
    return dataset(next(names), kinds, [{"id": number, **row} for number, row in enumerate(rows)])


def answered(data: Any, prepared: Prepared, **values: Any) -> list[int]:
    """Return the ids of the rows that the engine finds with a prepared text."""
    (view,) = data.prepare_query(prepared.text).run_batch([prepared.values(**values)])
    return [int(number) for number in view["id"][:]] if len(view) else []


@several
@given(rows=st.lists(embedded_rows, min_size=1, max_size=8), parts=drawn)
def test_a_prepared_query_brings_the_rows_of_the_written_one(rows: list[Row], parts: Any) -> None:
    """``to_prepared`` with values, ``bind`` and literals: one text, the same rows."""
    written = select("id").where(*(write(value) for write, value in parts))
    query = select("id").where(*(write(param(f"p{number}")) for number, (write, _) in enumerate(parts)))
    values = {f"p{number}": value for number, (_, value) in enumerate(parts)}
    data = made(rows)
    found = [row["id"] for row in run(data, str(written))]

    assert str(query.bind(**values)) == str(written)
    assert query.bind(**values) == written
    assert hash(query.bind(**values)) == hash(written)
    assert answered(data, query.to_prepared(), **values) == found


@several
@given(use=st.sampled_from(texts).flatmap(lambda use: st.tuples(st.just(use[0]), use[1])))
def test_what_a_bound_value_means_depends_on_it(use: Any) -> None:
    """A bound text is compared by BETWEEN, and None by IS NULL, as a literal is."""
    write, value = use

    bound = select("id").where(write(param("v"))).bind(v=value)

    assert str(bound) == str(select("id").where(write(value)))
    assert bound == select("id").where(write(value))


@several
@given(rows=st.lists(embedded_rows, min_size=1, max_size=8), one=vectors, two=vectors)
def test_a_search_is_prepared_flat(rows: list[Row], one: Any, two: Any) -> None:
    """A vector that the text contains twice is bound twice, and each vector returns its own rows."""
    assume(np.linalg.norm(one) > 0 and np.linalg.norm(two) > 0)
    data = made(rows)
    query = select("id").similarity("e", param("v"), "cosine").where(col("i") > param("low")).order_by("score").limit(5)
    prepared = query.to_prepared()

    assert prepared.names == ("v", "low", "v")
    for vector in (one, two):
        bound = query.bind(v=vector, low=0)
        assert answered(data, prepared, v=vector.astype("f8"), low=0) == [row["id"] for row in run(data, str(bound))]


def test_binding_a_vector_again_prints_nothing_again() -> None:
    """The text of the second vector is spliced into the template of the first: nothing is compiled or printed."""
    query = select("id").similarity("e", param("v")).where(col("a") > 3).order_by("score").limit(5)
    first = str(query.bind(v=[1.0, 2.0, 3.0]))
    again = query.bind(v=[3.0, 2.0, 1.0])
    called: set[str] = set()

    sys.setprofile(lambda frame, _event, _argument: called.add(frame.f_code.co_name))
    second = str(again)
    sys.setprofile(None)

    assert first.replace("1.0,2.0,3.0", "3.0,2.0,1.0") == second
    assert "text_of_vectors" in called
    assert not {"tree", "chunks", "compile_query", "rebuild"} & called


def test_parameters_without_values_are_named() -> None:
    """A text needs the values of all parameters; the error lists the missing ones."""
    query = select("id").where(col("a") > param("low"), col("b") == param("kind"))

    with pytest.raises(ArgumentError, match=r"got none for low, kind\nhint: \.bind\(low=\.\., kind=\.\.\)"):
        str(query)
    with pytest.raises(ArgumentError, match=r"got none for kind"):
        str(query.bind(low=3))
    assert str(query.bind(low=3).bind(kind="x")) == "select id where a > 3 and b = 'x'"
    assert str(query.bind(low=3, kind="x").bind(low=4)) == "select id where a > 4 and b = 'x'"
    with pytest.raises(ArgumentError, match=r"`bind` takes the parameters of the query, low, kind, got 'hig'"):
        query.bind(hig=3)
    with pytest.raises(ArgumentError, match="`bind` takes values for parameters, and this query has none, got 'low'"):
        select("id").bind(low=3)


q = select("id")
PLACES = [
    pytest.param(lambda: q.where((col("a") + 1).between(param("p"), 3)).to_prepared(), id="comparisons of a range"),
    pytest.param(
        lambda: q.where(col("t").between("a", "b"), col("a") == param("p")).to_prepared(), id="beside BETWEEN"
    ),
]
REFUSED = [
    pytest.param(q.to_prepared, "takes a query with parameters, got none", id="no parameter"),
    pytest.param(
        lambda: q.select(s=col("a") + param("p")).where(col("s") > 3).to_prepared(),
        "got one in a sub-query",
        id="nested",
    ),
    pytest.param(
        lambda: q.from_(select().where(col("a") == param("p"))).to_prepared(), "got one in a sub-query", id="source"
    ),
    pytest.param(lambda: q.where(col("a").in_([param("p")])), "takes values, not expressions", id="IN"),
    pytest.param(lambda: q.limit(param("p")), "`limit` takes a number of rows", id="LIMIT"),  # type: ignore[arg-type]  # wrong
    pytest.param(lambda: q.offset(param("p")), "`offset` takes a number of rows", id="OFFSET"),  # type: ignore[arg-type]  # wrong
    pytest.param(lambda: col("a")[param("p")], "takes", id="subscript"),  # type: ignore[index]  # wrong
    pytest.param(lambda: fn.max_weight((col("a") > 1, param("p"))), "takes pairs", id="weight"),  # type: ignore[arg-type]  # wrong
    pytest.param(
        lambda: q.from_("d", schema=Schema(f="float32", id="int64")).where(col("f") == param("p")).to_prepared(),
        "takes no comparison of a parameter with a column of float32",
        id="a float32 column",
    ),
    pytest.param(
        lambda: q.where(col("a") > param("p")).to_prepared().values(p="x"), "takes a number", id="an order of texts"
    ),
    pytest.param(lambda: q.where(col("a") == param("p")).to_prepared().values(p=-(2**63)), "takes no -2", id="-2**63"),
    pytest.param(lambda: q.where(col("a") == param("p")).to_prepared().values(p=2**63), "takes integers", id="2**63"),
    pytest.param(lambda: q.where(col("a") == param("p")).to_prepared().values(p=None), "takes no None", id="None"),
    pytest.param(lambda: q.where(col("a") == param("p")).to_prepared().values(), "got none for p", id="no value"),
    pytest.param(
        lambda: q.where(col("a") == param("p")).to_prepared().values(p=1, r=2), "got 'r'", id="a surplus value"
    ),
]


@given(given=st.sets(st.sampled_from("vwy")))
def test_some_values_are_not_enough(given: set[str]) -> None:
    """With some values only, the query has no text, and the error lists the missing parameters."""
    query = select("a").where(col("y") > param("y")).similarity("e", param("v"), as_="x").similarity("e", param("w"))
    values: dict[str, object] = {"v": [1.0, 2.0], "w": [0.5, 2.0], "y": 3}
    bound = query.bind(**{label: values[label] for label in given})

    if given == set(values):
        assert "?" not in str(bound)
    else:
        with pytest.raises(ArgumentError, match="none for " + ", ".join(sorted(set(values) - given))):
            str(bound)


@pytest.mark.parametrize(("mistake", "message"), REFUSED)
def test_what_the_engine_would_misread_is_refused(mistake: Callable[[], object], message: str) -> None:
    """Parameters in places that the engine does not support, and values that it misreads, raise ArgumentError."""
    with pytest.raises(ArgumentError) as caught:
        mistake()

    assert message in str(caught.value)


@pytest.mark.parametrize("made_", PLACES)
def test_what_is_no_parameter_s_place_does_not_matter(made_: Callable[[], Prepared]) -> None:
    """A range of numbers is two comparisons, and a BETWEEN of texts may be in the same query as a parameter."""
    assert made_().names == ("p",)


def test_the_engine_reads_the_smallest_integer_as_zero() -> None:
    """The engine is wrong here: a prepared ``id = -2**63`` finds the row 0."""
    data = dataset(next(names), {"id": "int64"}, [{"id": number} for number in range(3)])

    (view,) = data.prepare_query("select id where id = ?").run_batch([[-(2**63)]])

    assert [int(number) for number in view["id"][:]] == [0]


def test_everywhere_else_a_parameter_can_stand() -> None:
    """Parameters in the select list, in groups, in sort keys and in samples."""
    data = dataset(next(names), {"id": "int64", "a": "int64"}, [{"id": number, "a": number % 2} for number in range(6)])
    cases: list[tuple[Query, list[int]]] = [
        (select("id", x=col("a") * param("p")), [0, 1, 2, 3, 4, 5]),
        (select("id").order_by(desc(col("id") * param("p"))), [0, 1, 2, 3, 4, 5]),
        (select("id").where(col("id") - param("p") > 3), [3, 4, 5]),
        (select("id").where(~(col("id") == param("p"))), [0, 1, 2, 3, 4, 5]),
    ]
    for query, ids in cases:
        assert answered(data, query.to_prepared(), p=-1) == ids


def test_a_repeated_name_is_given_once() -> None:
    """One value for a parameter in several places, with a schema: the text is exact."""
    schema = Schema(id="int64", e="embedding[3]")
    query = select("id").where(col("id") > param("p"), col("id") * 2 != param("p"))

    assert query.to_prepared().values(p=3) == [3, 3]
    assert (
        compile_query(query.bind(p=3).statement, "d", {"d": schema}) == "select id from d where id > 3 and id * 2 != 3"
    )


def after(value: int) -> Query:
    """Return a query with a bound parameter."""
    return select("id").from_("D").where(col("id") > param("x")).bind(x=value)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (select("id").from_(after(1)), "select id from (select id from D where id > 1)"),
        (
            select("id").from_(after(1)).where(col("id") < param("x")).bind(x=3),
            "select id from (select id from D where id > 1) where id + 0 < 3",
        ),
        (
            after(3).union_all(after(4)),
            "select id from ((select id, 1 as zleg from (select id from D where id > 3)) union all (select id, 2 as zleg from (select id from D where id > 4)))",
        ),
    ],
)
def test_a_part_keeps_its_values(query: Query, text: str) -> None:
    """A source and a member of a set operation have the values that they had when they became one, and can be copied and printed."""
    assert str(query) == text
    assert eval(repr(query)) == query  # noqa: S307 - the text is our own


def test_a_part_without_values_takes_those_of_the_whole() -> None:
    """A parameter that is not bound where a query becomes a source is one of the whole; one that is bound is none of it."""
    inner = select("id").from_("D").where(col("id") > param("low"), col("id") < param("high"))

    assert str(select("id").from_(inner.bind(low=1)).bind(high=9)) == str(select("id").from_(inner.bind(low=1, high=9)))
    with pytest.raises(ArgumentError, match="takes the parameters of the query, high, got 'low'"):
        select("id").from_(inner.bind(low=1)).bind(low=2)
    with pytest.raises(ArgumentError, match="takes one value"):
        select("id").from_(select("id").where(col("id") > param("x")).bind(x=[1, 2]))
