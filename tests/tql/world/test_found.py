"""Faults that random queries of the world found, each with its smallest query and the right rows."""

from __future__ import annotations

import itertools
import math
import operator
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest

from tests.engine import TYPES as T
from tql import ArgumentError, Schema, asc, col, desc, fn, select
from tql_client import connect

if TYPE_CHECKING:
    from tql import Query

serial = itertools.count()
Columns = dict[str, tuple[Any, list[Any]]]


def made(columns: Columns, *, built: bool = False) -> tuple[str, Any]:
    """Return the url of a dataset in memory, and the dataset, with or without built indexes."""
    url = f"mem://found{next(serial)}"
    data = deeplake.create(url)
    if built:
        data.indexing_mode = deeplake.IndexingMode.Always
    for name, (kind, _) in columns.items():
        data.add_column(name, kind)
    if "lab" in columns:
        data["lab"].metadata["class_names"] = ["cat", "dog"]
    data.append({name: values for name, (_, values) in columns.items()})
    data.commit()
    return url, data


def rows(dataset: tuple[str, Any], query: Query) -> list[tuple[Any, ...]]:
    """Return the rows of a query through a client."""
    with connect(dataset[0]) as client:
        return [tuple(row.values()) for row in client.query(query).rows]


def updated() -> tuple[str, Any]:
    """Return a dataset whose rows were updated after its indexes were built."""
    url, data = made(
        {
            "id": (T.Int64(), [1, 2, 3]),
            "v": (T.Int64(T.Inverted), [5, 6, 6]),
            "x": (T.Text(T.Exact), ["a", "b", "b"]),
            "t": (T.Text(T.BM25), ["red", "blue", "blue"]),
            "e": (T.Embedding(2), list(np.eye(3, 2, dtype="f4") + 1)),
        },
        built=True,
    )
    data["v"][1], data["x"][1], data["t"][1] = 99, "z", "green"
    data["e"][1] = np.array([-1, -1], "f4")
    data.commit()
    return url, data


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (col("v") == 99, [2]),
        (col("v") == 6, [3]),
        (col("v") != 6, [1, 2]),
        (col("v") > 6, [2]),
        (col("v").between(50, 100), [2]),
        (col("v").in_([99, 5]), [1, 2]),
        (col("x") == "z", [2]),
        (col("x") == "b", [3]),
        (col("x").in_(["z", "a"]), [1, 2]),
        (~(col("x") == "b"), [1, 2]),
    ],
)
def test_conditions_go_past_the_index_of_updated_rows(condition: Any, expected: list[int]) -> None:
    """The engine does not update its indexes with the rows: it finds a row by its old value."""
    dataset = updated()

    assert [number for (number,) in rows(dataset, select("id").where(condition))] == expected
    assert len(dataset[1].query("select id where v = 99")) == 0


def test_a_search_of_updated_embeddings_is_exact() -> None:
    """An index of embeddings has the old vector of an updated row."""
    query = select("id").similarity("e", [-1, -1], as_=None).limit(1)

    assert rows(updated(), query) == [(2,)]


@pytest.mark.parametrize("metric", ["cosine", "l2", "mmr"])
def test_a_search_after_a_deletion_has_all_its_rows(metric: str) -> None:
    """An index of embeddings has deleted rows among the nearest, and leaves them out; one that is built again is used."""
    count, gone = 60, 20
    vectors = np.random.default_rng(3).uniform(-1, 1, (count, 4)).astype("f4")
    dataset = made({"id": (T.Int64(), [*range(count)]), "e": (T.Embedding(4), list(vectors))}, built=True)
    url, data = dataset
    for _ in range(gone):
        data.delete(0)
    data.commit()
    found = select("id").similarity("e", [1, 0, 0.5, 0], metric=metric, as_=None).limit(10)
    score = "cosine_similarity(e, array[1.0, 0.0, 0.5, 0.0])"
    plain = f"select * from (select id, {score} as s) order by s desc limit 10"
    kept = vectors[gone:]
    closeness = {
        "l2": -np.linalg.norm(kept - np.array([1, 0, 0.5, 0], "f4"), axis=1),
        "cosine": kept @ np.array([1, 0, 0.5, 0]) / np.linalg.norm(kept, axis=1),
    }

    assert len(data.query(plain)) < 10
    nearest = [(int(number) + gone,) for number in np.argsort(-closeness.get(metric, closeness["cosine"]))[:10]]
    assert sorted(rows(dataset, found)) == sorted(nearest)
    (index,) = data["e"].indexes
    data["e"].drop_index(index)
    data.commit()
    data["e"].create_index(index)
    data.commit()
    assert len(data.query(plain)) == 10
    assert not Schema.from_dataset(data)["e"].is_stale
    assert len(rows((url, data), found)) == 10


def test_a_search_of_updated_words_is_rejected() -> None:
    """There is no other form of a search by BM25."""
    with pytest.raises(ArgumentError, match="index is current"):
        rows(updated(), select("id").bm25("t", "green").order_by("score").limit(1))


def test_an_index_that_was_built_again_is_used() -> None:
    """An index is current again after it was dropped and created."""
    _, data = updated()
    for name, kind in (("v", T.Inverted), ("x", T.Exact), ("t", T.BM25)):
        data[name].drop_index(kind)
        data.commit()
        data[name].create_index(kind)
        data.commit()

    assert {name: Schema.from_dataset(data)[name].is_stale for name in "vxte"} == {
        "v": False,
        "x": False,
        "t": False,
        "e": True,
    }


def test_a_search_of_words_after_a_deletion_is_rejected() -> None:
    """An index of words scores the rows before and after the deleted one apart, so that equal texts have two scores; one that is built again is exact."""
    words = ["a green blue red sky", "red", "red", "green apple", "a green blue red sky", "plum"]
    url, data = made(
        {
            "id": (T.Int64(), [*range(6)]),
            "v": (T.Int64(T.Inverted), [*range(6)]),
            "t": (T.Text(T.BM25), words),
        },
        built=True,
    )
    query = select("id").bm25("t", "sky plum").order_by("score").limit(3)
    before = rows((url, data), query)
    data.delete(1)
    data.commit()
    naive = data.query("select id order by bm25_similarity(t, 'sky plum') desc limit 1")

    assert before[0][0] == 5
    assert int(naive["id"][0]) == 4
    assert {name: Schema.from_dataset(data)[name].is_stale for name in "vt"} == {"v": False, "t": True}
    with pytest.raises(ArgumentError, match="index is current"):
        rows((url, data), query)
    data["t"].drop_index(T.BM25)
    data.commit()
    data["t"].create_index(T.BM25)
    data.commit()
    (first, best), (_, score), (_, same) = rows((url, data), query)
    assert first == 5
    assert best > score == same


def test_not_in_holds_where_nothing_matches() -> None:
    """NOT IN is the negation of IN, which is false for a row without a match."""
    dataset = made(NULLABLE)
    query = select(i=col("id", of="a"), y=col("x", of="b")).from_(dataset[0], "a")
    query = query.join(dataset[0], col("n", of="a") == col("id", of="b"), "left", "b").order_by("i")

    assert rows(dataset, query.where(col("x", of="b").not_in([5]))) == [(2, None), (3, 3)]


NULLABLE: Columns = {
    "id": (T.Int64(), [1, 2, 3]),
    "n": (T.Nullable(T.Int64()), [1, None, 3]),
    "x": (T.Int64(T.Inverted), [5, 6, 3]),
}
CASES: dict[str, tuple[Columns, Query, list[Any]]] = {
    "the index of one member of a union": (
        NULLABLE,
        select().from_(select("x").union_all(select(x=col("n"))).order_by(desc("x"))).where(col("x").in_([5])),
        [(5,)],
    ),
    "BETWEEN behind a test for null": (
        NULLABLE,
        select("id", b=col("n").between(1, 2)).where(col("n").is_not_null()),
        [(1, True), (3, False)],
    ),
    "BETWEEN of a nullable column behind a condition that never holds": (
        NULLABLE,
        select("id", b=col("n").between(1, 2)).where(col("n") == 0.5),
        [],
    ),
    "an indexed number and another one that is null": (NULLABLE, select("id").where(col("x") != col("n")), [(1,)]),
    "two names of one aggregate": (
        NULLABLE,
        select("n", a=fn.count(), b=fn.count()).group_by("n").where(col("a") > 0).order_by("n", "a"),
        [(1, 1, 1), (3, 1, 1), (None, 1, 1)],
    ),
    "a nullable member of a group": (
        {"k": (T.Int8(), [1, 1, 2]), "n": (T.Nullable(T.Int64()), [7, None, 9])},
        select("k", a=(col("k") - col("n") < 0) & col("n").not_in([9])).from_(select("k", "n").group_by("k")).ungroup_by().order_by("k", "a"),
        [(1, False), (1, True), (2, False)],
    ),
    "an indexed member of a group, and NaN": (
        {"k": (T.Int8(), [1, 1]), "x": (T.Float64(T.Inverted), [math.nan, 3.0])},
        select("x").from_(select("k", "x").from_(select("k", "x").group_by("k")).ungroup_by()).where(col("x") >= 0.5),
        [(3.0,)],
    ),
    "the type of a set operation whose second query has no rows": (
        {"u": (T.UInt8(), [200]), "i": (T.Int64(), [4])},
        select(y=-col("u"), z=col("u") + col("u")).from_(select("u").except_(select(u="i").where(col("i") > 9))),
        [(-200, 400)],
    ),
    "a range below zero over integers of two types": (
        {"u": (T.UInt16(), [7]), "i": (T.Int64(), [4])},
        select("u").where(col("u") > 9).union(select(u="i")).where(col("u").between(-129, 5)),
        [(4,)],
    ),
    "a negative member of IN over integers of two types": (
        {"i": (T.Int64(), [1]), "u": (T.UInt32(), [4])},
        select(i="i").where(col("i") > 9).union_all(select(i="u")).where(col("i").not_in([-1])),
        [(4,)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_rows_are_right(case: str) -> None:
    """Each query returned other rows, or an error."""
    columns, query, expected = CASES[case]

    assert rows(made(columns), query) == expected


LABELLED: Columns = {
    "id": (T.Int64(), [1, 2, 3]),
    "lab": (T.ClassLabel("int32"), [1, 0, 1]),
    "x": (T.Text(T.Exact), ["", "a", ""]),
}


def test_the_name_of_a_class_after_a_set_operation() -> None:
    """The labels of a set operation are numbers, which the engine does not compare with names."""
    both = select("id", "lab").union_all(select("id", "lab"))

    assert rows(made(LABELLED), both.where(col("lab") == "cat")) == [(2, 0), (2, 0)]
    assert rows(made(LABELLED), both.where(col("lab").not_in(["dog"]))) == [(2, 0), (2, 0)]


@pytest.mark.parametrize("key", [asc("lab"), desc("lab")])
def test_the_empty_text_in_an_exact_index_beside_a_class_label(key: Any) -> None:
    """With a text on the left the engine looks for a class of that name."""
    assert rows(made(LABELLED), select("id").where(col("x") == "").order_by(key, "id")) == [(1,), (3,)]
    assert rows(made(LABELLED), select("lab", n=fn.count()).where(col("x") == "").group_by("lab")) == [(1, 2)]


@pytest.mark.parametrize("method", ["union_all", "union", "intersect", "except_"])
@pytest.mark.parametrize(("one", "two"), [("id", "f"), ("f", "id"), ("w", "n"), ("n", "w")])
def test_a_set_of_a_nullable_number_and_one_of_another_type(one: str, two: str, method: str) -> None:
    """The number that is never null is converted to the type of the nulls."""
    columns: Columns = {
        "id": (T.Int64(), [0, 1, 2]),
        "f": (T.Nullable(T.Float64()), [None, 1.0, 0.5]),
        "n": (T.Nullable(T.Int64()), [5, None, 7]),
        "w": (T.Int32(), [5, 8, 7]),
    }
    left, right = (list(columns[name][1]) for name in (one, two))
    both = {
        "union_all": [*left, *right],
        "union": list({*left, *right}),
        "intersect": list({*left} & {*right}),
        "except_": list({*left} - {*right}),
    }
    query = getattr(select(x=one), method)(select(x=two))

    expected = sorted(both[method], key=lambda value: (value is None, value or 0))
    assert rows(made(columns), select().from_(query).order_by("x")) == [(value,) for value in expected]


def test_diversity_of_fewer_rows_than_the_limit() -> None:
    """An index of embeddings repeats the last row."""
    vectors = [np.array([number, 1.0, -number], "f4") for number in range(4)]
    dataset = made({"id": (T.Int64(), [0, 1, 2, 3]), "e": (T.Embedding(3), vectors)}, built=True)
    query = select("id").similarity("e", [1, 0, 1], metric="mmr", as_=None).where(col("id") > 1).limit(5)

    assert sorted(rows(dataset, query)) == [(2,), (3,)]
    plain = "select id where id > 1 order by mmr_similarity(e, array[1.0, 0.0, 1.0]) desc limit 5"
    assert len(dataset[1].query(plain)) == 5


def test_a_set_operation_of_a_text_that_may_be_null_and_one_that_may_not() -> None:
    """The engine reads an empty text of the one as null: as a key both are empty texts, and conditions that distinguish them are refused."""
    columns: Columns = {
        "id": (T.Int64(), [1, 2, 3]),
        "n": (T.Nullable(T.Text()), ["'", None, ""]),
        "t": (T.Text(), ["", "b", "a"]),
    }
    dataset = made(columns)
    both = select(x=col("n")).union_all(select(x=col("t")))

    assert rows(dataset, both.order_by("x"))[3:] == [("'",), ("a",), ("b",)]
    assert {value or None for (value,) in rows(dataset, both.order_by("x").limit(3))} == {None}
    assert rows(dataset, select("x", n=fn.count()).from_(both).group_by("x").order_by(desc("n")).limit(1)) == [
        (None, 3)
    ]
    assert rows(dataset, select("x").from_(both).where(col("x") == "a")) == [("a",)]
    for condition in (col("x").is_null(), col("x") == "", col("x") != "a"):
        with pytest.raises(ArgumentError, match="set operation"):
            rows(dataset, select("x").from_(both).where(condition))
    without = select(x=col("n")).where(col("n").is_not_null()).union_all(select(x=col("n")))
    assert sorted(rows(dataset, select("x").from_(without).where(col("x") == ""))) == [("",), ("",)]


@pytest.mark.parametrize(
    "condition",
    [col("y").is_null(), col("y").is_not_null(), col("y") == "", col("y") != "a", col("y") < "b", col("y").in_([""])],
)
def test_a_text_that_a_join_lacks_is_tested_in_its_query(condition: Any) -> None:
    """A query over an outer join reads a missing text as an empty one, and IS NULL had no rows."""
    dataset = made({"id": (T.Int64(), [1, 2, 3]), "r": (T.Int64(), [1, 9, 3]), "t": (T.Text(), ["a", "b", ""])})
    joined = select(i=col("id", of="a"), y=col("t", of="b")).from_(dataset[0], "a")
    joined = joined.join(dataset[0], col("r", of="a") == col("id", of="b"), "left", "b")

    with pytest.raises(ArgumentError, match="put the condition in the query of the join"):
        rows(dataset, select().from_(joined).where(condition))
    assert rows(dataset, joined.where(col("t", of="b").is_null())) == [(2, None)]
    assert rows(dataset, select().from_(joined).where(col("y").in_(["a", "x"]))) == [(1, "a")]


TYPES: dict[str, tuple[Any, Any]] = {
    "uint64": (T.UInt64(), 2**63 + 1),
    "nullable uint64": (T.Nullable(T.UInt64()), 2**53 + 1),
    "float32": (T.Nullable(T.Float32()), 0.5),
    "array": (T.Array("int64", 1), [1, 2]),
    "embedding": (T.Embedding(2), [0.5, 2.0]),
    "JSON": (T.Dict(), {"k": 1}),
    "class label": (T.ClassLabel("int32"), 1),
}


@pytest.mark.parametrize("how", ["left", "right"])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("kind", ["dataset", "query", "join"])
@pytest.mark.parametrize("name", TYPES)
def test_an_outer_join_with_an_empty_dataset(name: str, kind: str, how: Any, *, known: bool) -> None:
    """A row of nulls needs no row of the other source: of a source without rows it lost every row, or ended the engine."""
    column, value = TYPES[name]
    url, data = made({"id": (T.Int64(), [1, 2]), "r": (T.Int64(), [1, 9]), "x": (column, [value, value])})
    empty_url, empty = without_rows({"id": T.Int64(), "x": column})
    source = select("id", "x").from_(empty_url, schema=Schema.from_dataset(empty) if known else None)
    sources = {"dataset": source, "query": source.where(col("id") > 0), "join": _with_itself(source)}
    rows_, other = select("id", "x").from_(url, schema=Schema.from_dataset(data) if known else None), sources[kind]
    names, pair = ("ab", (rows_, other)) if how == "left" else ("ba", (other, rows_))
    joined = select(i=col("id", of=names[0]), x=col("x", of=names[1])).from_(pair[0], "a")
    joined = joined.join(pair[1], col("id", of="a") == col("id", of="b"), how, "b")

    assert answers(joined) == [(1, None), (2, None)]
    assert answers(joined.where(col("x", of=names[1]).is_null())) == [(1, None), (2, None)]
    assert answers(select("i").from_(joined).distinct().order_by("i")) == [(1,), (2,)]


def without_rows(columns: dict[str, Any]) -> tuple[str, Any]:
    """Return the url of a dataset in memory that has no rows, and the dataset."""
    url = f"mem://found{next(serial)}"
    data = deeplake.create(url, schema=columns)
    data.commit()
    return url, data


def _with_itself(query: Query) -> Query:
    """Return the rows of a query, joined with themselves."""
    joined = select(id=col("id", of="a"), x=col("x", of="a")).from_(query, "a")
    return joined.join(query, col("id", of="a") == col("id", of="b"), alias="b")


def answers(query: Query) -> list[tuple[Any, ...]]:
    """Return the rows of a text."""
    view = deeplake.query(str(query))
    names = [column.name for column in view.schema.columns]
    return [tuple(None if (cell := row[name]) is None else np.asarray(cell).tolist() for name in names) for row in view]


def test_a_set_over_an_outer_join_of_empty_joins() -> None:
    """The engine grouped no rows whose row of nulls was a group of an empty join."""
    url, data = without_rows({"id": T.Int64(), "n": T.Nullable(T.Int64()), "a": T.Array("int64", 1)})
    on = col("id", of="a") == col("id", of="b")
    inner = select(id=col("id", of="a"), a=col("a", of="a")).from_(url, "a").join(url, on, alias="b")
    outer = select(n=col("id", of="b"), i=col("id", of="a"), a=col("a", of="b")).from_(url, "a")
    query = select(i="id", n="n").from_(url).except_(select("i", "n").from_(outer.join(inner, on, "left", "b")))

    assert rows((url, data), query) == []
    data.append({"id": [1, 2], "n": [1, 3], "a": [[1], [2]]})
    data.commit()
    assert rows((url, data), query) == [(2, 3)]


def test_a_sequence_of_a_join_in_an_outer_join() -> None:
    """The engine groups no rows with a sequence."""
    schema = Schema({"id": "int64", "x": "sequence int64"})
    inner = _with_itself(select("id", "x").from_("mem://s", schema=schema))
    query = select(i=col("id", of="a"), x=col("x", of="b")).from_("mem://s", "a", schema)
    query = query.join(inner, col("id", of="a") == col("id", of="b"), "left", "b")

    with pytest.raises(ArgumentError, match="in a query of their own"):
        str(query)


def test_a_row_that_is_appended_after_the_last_one_was_deleted() -> None:
    """An index lacks it."""
    url, data = made({"id": (T.Int64(), [0, 1, 2]), "x": (T.Int64(T.Inverted), [5, 1, 7])}, built=True)
    data.delete(2)
    data.commit()
    data.append({"id": [3, 4], "x": [8, 9]})
    data.commit()

    assert len(data.query("select id where x >= 5")) == 2
    assert rows((url, data), select("id").where(col("x") >= 5)) == [(0,), (3,), (4,)]
    data["x"].drop_index(T.Inverted)
    data["x"].create_index(T.Inverted)
    data.commit()
    assert "stale" not in Schema.from_dataset(data).as_dict()["x"].indexes


@pytest.mark.parametrize("how", ["left", "right"])
def test_arrays_that_a_join_lacks(how: Any) -> None:
    """A query over the join read a missing array as an empty one, or failed: a condition leaves those rows out."""
    dataset = made({"id": (T.Int64(), [0, 1]), "r": (T.Int64(), [0, 9]), "e": (T.Embedding(2), [[1, 0], [0, 1]])})
    sides = ("a", "b") if how == "left" else ("b", "a")
    keys = [col("r", of=sides[0]), col("id", of=sides[1])]
    joined = select(i=col("id", of=sides[0]), e=col("e", of=sides[1])).from_(dataset[0], "a")
    joined = joined.join(dataset[0], keys[0] == keys[1], how, "b")

    for query in (
        select("i").from_(joined).similarity("e", [1.0, 0.0], "l2"),
        select("i", n=fn.shape("e")[0]).from_(joined),
        select("i").from_(joined).where(col("e")[0] > 0),
        select("i").from_(joined).where(fn.all(col("e") > 9)),
    ):
        with pytest.raises(ArgumentError, match="takes an array that is never missing"):
            rows(dataset, query)
    assert rows(dataset, select("i").from_(joined).where(fn.any(col("e") > 0))) == [(0,)]
    there = select("i").from_(joined).where(col("e").is_not_null())
    assert rows(dataset, there.similarity("e", [1.0, 0.0], "hamming")) == [(0, 0)]


@pytest.mark.parametrize("how", ["inner", "left", "right"])
@pytest.mark.parametrize("is_renamed", [False, True])
def test_the_first_rows_of_a_join_by_an_indexed_column(how: str, *, is_renamed: bool) -> None:
    """With LIMIT in the SELECT of the order, the engine sorts by an index that the rows of a join do not have, also behind ``*`` and another name."""
    url, data = made({"id": (T.Int64(), [*range(30)]), "v": (T.Int8(T.Inverted), [*range(30, 0, -1)])}, built=True)
    side = select("id", v=col("v")).from_(url, schema=Schema.from_dataset(data))
    source = select("id", w=col("v")).from_(side) if is_renamed else side
    label = "w" if is_renamed else "v"
    joined = (
        select(x=col(label, of="b")).from_(source, "a").join(source, col("id", of="a") == col("id", of="b"), how, "b")
    )

    assert rows((url, data), joined.order_by("x").limit(2)) == [(1,), (2,)]
    assert rows((url, data), select("x").from_(select().from_(joined)).order_by("x").limit(2)) == [(1,), (2,)]
    nested = select().from_(joined.order_by(desc("x"))).where(col("x") > 3)
    assert rows((url, data), select("x").from_(nested).order_by("x").limit(1)) == [(4,)]


@pytest.mark.parametrize("last", [0, 2])
def test_a_set_operation_with_an_indexed_number_is_sorted_and_cut(last: int) -> None:
    """With the limit in the SELECT of the order, the engine fails: `Can't eval null array`."""
    columns: Columns = {
        "id": (T.Int64(), [1, 2, 3]),
        "r": (T.Float64(), [3.0, 0.5, -1.0]),
        "x": (T.Float64(T.Inverted), [2.5, 7.0, -4.0]),
    }
    dataset = made(columns, built=True)
    both = select("r").where(col("id") <= last).union_all(select(r=col("x")))

    assert rows(dataset, both.order_by("r").limit(2)) == [(-4.0,), (0.5 if last else 2.5,)]


@pytest.mark.parametrize(
    "test",
    [
        col("n") & col("id").not_in([]),
        col("n") | col("id").in_([]),
        ~(~col("n") & col("id").not_in([])) & col("n"),
    ],
)
def test_a_condition_of_a_nullable_bool_and_a_constant_is_true_or_false(test: Any) -> None:
    """The constant is left out of the text, and the null would be the output."""
    dataset = made({"id": (T.Int64(), [1, 2, 3]), "n": (T.Nullable(T.Bool()), [True, None, False])})

    assert rows(dataset, select("id", v=test).order_by("id")) == [
        (1, True),
        (2, False),
        (3, False),
    ]


@pytest.mark.parametrize(("test", "ids"), [("is_null", [3]), ("is_not_null", [1, 2])])
def test_an_empty_array_has_a_match(test: str, ids: list[int]) -> None:
    """IS NULL of an array without a fixed length found the empty ones of rows with a match; in a query over the join both are empty, and the test is refused."""
    arrays = [np.array(values, "int32") for values in ([], [1], [5, 6])]
    url, _ = made(
        {"id": (T.Int64(), [1, 2, 3]), "k": (T.Int64(), [1, 2, 9]), "r": (T.Array("int32", dimensions=1), arrays)}
    )
    client = connect(url, allow_sources=True)
    joined = select(id=col("id", of="a"), r=col("r", of="b")).from_(url, "a")
    joined = joined.join(url, col("k", of="a") == col("id", of="b"), how="left", alias="b")
    there = joined.where(getattr(col("r", of="b"), test)())

    assert sorted(client.query(there)["id"]) == ids
    with pytest.raises(ArgumentError, match="which is missing where a join has no match"):
        client.query(select("id").from_(joined).where(getattr(col("r"), test)()))
    if test == "is_not_null":
        assert client.query(select("id", n=fn.asum("r")).from_(there).order_by("id"))["n"] == [0, 1]


NUMBERS = [2**63 - 1, 2**63, 2**53, 2**53 + 1, 0, 3, 2**64 - 1, 2**62 + 1]


@pytest.mark.parametrize("literal", [3, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1])
def test_a_large_number_with_an_index_over_a_subquery(literal: int) -> None:
    """A uint64 with an index was compared as float64 in every query over another one."""
    url, data = made({"id": (T.Int64(), [*range(len(NUMBERS))]), "u": (T.UInt64(), [*np.array(NUMBERS, "u8")])})
    data["u"].create_index(T.NumericIndex(T.Inverted))
    data.commit()
    client = connect(url)
    for compare in (operator.lt, operator.le, operator.eq, operator.ne, operator.ge, operator.gt):
        query = select("id").from_(select().where(col("id") > 1)).where(compare(col("u"), literal))
        right = [row for row, number in enumerate(NUMBERS) if row > 1 and compare(number, literal)]
        assert sorted(client.query(query)["id"]) == right


@pytest.mark.parametrize("metric", ["cosine", "l2", "dot", "l1", "linf"])
def test_a_score_is_compared_in_its_own_type(metric: str) -> None:
    """The printed digits of a float32 score were compared as a float64, so that a score was not equal to itself."""
    random = np.random.default_rng(1)
    vectors = random.normal(size=(60, 4)).astype("f4")
    url, _ = made({"id": (T.Int64(), [*range(60)]), "e": (T.Embedding(4), [*vectors])})
    client = connect(url)
    near = select("id").similarity("e", random.normal(size=4), metric=metric, exact=True)
    scores = {row["id"]: np.float32(row["score"]) for row in client.query(near.order_by("score")).rows}
    for chosen in (3, 17, 40):
        digits = float(str(scores[chosen]))
        for compare in (operator.lt, operator.le, operator.eq, operator.ne, operator.ge, operator.gt):
            found = client.query(near.where(compare(col("score"), digits)))["id"]
            assert {*found} == {row for row, score in scores.items() if compare(score, scores[chosen])}
        assert client.query(near.where(col("score").in_([digits])))["id"] == [chosen]
        assert client.query(near.where(col("score").between(digits, digits)))["id"] == [chosen]


def test_nothing_is_computed_of_what_has_no_match_without_types() -> None:
    """Without a schema a query over an outer join computed with memory that the engine never wrote, or ended its process."""
    joined = select(id=col("id", of="a"), f=col("f", of="b")).from_("D", "a")
    joined = joined.join("D", col("k", of="a") == col("id", of="b"), how="left", alias="b")
    for output in (fn.abs("f"), col("id") + col("f"), col("f")[0]):
        with pytest.raises(ArgumentError, match="has none where the join has no match"):
            str(select("id", x=output).from_(joined))
        assert str(select("id", x=output).from_(joined).where(col("f").is_not_null()))
        assert str(select("id", x=output).from_(joined.where(col("f", of="b").is_not_null())))
    assert str(select("id", x=col("f") + 1).from_(joined).where(col("f") > 1))
    assert str(select("f", n=fn.count()).from_(joined).group_by("f"))


def test_the_extreme_of_a_quotient() -> None:
    """One that may be null was NaN where a divisor was 0, also in a row without a number: it is refused, unless the divisor is a number."""
    url, _ = made({"z": (T.Int64(), [0, 1, 2]), "n": (T.Nullable(T.Int32()), [1, None, 4])})
    client = connect(url)

    with pytest.raises(ArgumentError, match="takes no quotient that may be null"):
        client.query(select(hi=fn.max(col("n") / col("z"))))
    assert client.query(select(hi=fn.max(col("n") / 2))).rows == [{"hi": 2.0}]
    assert client.query(select(hi=fn.max(col("n") / col("z"))).where(col("n").is_not_null())).rows == [{"hi": math.inf}]
