"""Queries with a schema: names, types, vector lengths and indexes."""

from __future__ import annotations

import itertools
import pickle
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine import run
from tql import ArgumentError, Schema, asc, col, desc, fn, parse, select
from tql.compiler.compile import compile_query
from tql_grammar import schema as schemas
from tql_grammar.schema import Column

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tql import Query

T = deeplake.types
names = (f"schema{number}" for number in itertools.count())


def columns_of(data: Any) -> dict[str | None, Schema]:
    """Return the columns of a dataset, as those of queries without source."""
    return {None: Schema.from_dataset(data)}


COLUMNS = Schema(
    id="int64",
    small="int8",
    half="float32",
    text="text",
    indexed="text inverted bm25 exact",
    maybe="nullable int64",
    flag="bool",
    meta="json",
    e="embedding[4]",
    matrix="float32[3, 2]",
    ragged="int64[?]",
    sequence="sequence int64[?]",
    label=Column("int32", kind="class label", classes=("cat", "dog")),
)


def select_(*columns: str, **named: Any) -> Query:
    """Return a query over a dataset with those columns."""
    return select(*columns, **named).from_("D", schema=COLUMNS)


shapes = st.lists(st.none() | st.integers(0, 9000), max_size=3).map(tuple)
descriptions = st.builds(
    Column,
    dtype=st.sampled_from(schemas.DTYPES),
    shape=shapes,
    nullable=st.booleans(),
    kind=st.sampled_from(["", "class label", "sequence", "image", "other"]),
    indexes=st.lists(st.sampled_from(schemas.INDEXES), unique=True).map(tuple),
) | st.builds(Column, dtype=st.just("float32"), shape=shapes, kind=st.just("embedding"))
inferred = st.builds(
    Column, dtype=st.sampled_from([*schemas.DTYPES, schemas.UNKNOWN_TYPE]), shape=shapes, inferred=st.just(value=True)
)
descriptions |= inferred


@given(columns=st.dictionaries(st.text(min_size=1), descriptions, max_size=5))
def test_a_schema_is_written_and_read_again(columns: dict[str, Column]) -> None:
    """As descriptions, as JSON, as a repr and as a pickle."""
    found = Schema(columns)

    assert {name: Column.parse(str(column)) for name, column in columns.items()} == columns
    assert Schema.from_json(found.to_json()) == found
    assert found.inferred is any(column.inferred for column in columns.values())
    scope: dict[str, Any] = {"Schema": Schema, "Column": Column}
    assert eval(repr(found), scope) == found  # noqa: S307 - our own
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own
    assert list(found) == list(columns)


@given(columns=st.dictionaries(st.text(min_size=1), descriptions, max_size=5), classes=st.lists(st.text(), min_size=1))
def test_a_schema_is_saved_and_loaded(
    tmp_path_factory: pytest.TempPathFactory, columns: dict[str, Column], classes: list[str]
) -> None:
    """The file has the form of ``tql schema``, and is read to an equal schema."""
    path = tmp_path_factory.getbasetemp() / "saved.json"
    label, keys = Column("int32", kind="class label", classes=tuple(classes)), Column("json", keys=tuple(classes))
    boxes = Column("float32", (None, 4), kind="other", boxes="ltwh pixel")
    found = Schema({**columns, "label": label, "keys": keys, "boxes": boxes})
    assert eval(repr(found), {"Schema": Schema, "Column": Column}) == found  # noqa: S307 - our own
    found.save(path)

    assert Schema.load(path) == found == Schema.load(str(path))
    assert path.read_text("utf-8") == found.to_json() + "\n"


BROKEN = [
    ("{", r"not JSON \(Expecting property name enclosed in double quotes: line 1 column 2"),
    ('{"a": ' + "9" * 5000 + "}", r"not JSON \(Exceeds the limit"),
    ("[1]", "got .*: '\\[1\\]'"),
    ('{"a": 1}', "the column 'a' with '1'"),
    ('{"id": "int64", "ts": "int46"}', "the column 'ts' with 'int46'"),
    ('{"a": {"type": "class label int32", "classes": "cat"}}', "the column 'a' with "),
    ('{"a": {"type": "json", "keys": "k"}}', "the column 'a' with "),
    ('{"a": {"type": "int64", "boxes": 1}}', "the column 'a' with "),
    ('{"a": "int64", "a": "text"}', "'a' twice"),
    ('{"hub://o/d": {"a": "int8", "b": "bit"}}', "hub://o/d: the column 'b' with 'bit'"),
    ('{"hub://o/d": {"a": "int8"}}', "the columns of one dataset"),
    ("[" * 100_000, r"not JSON \("),
]


@pytest.mark.parametrize(("text", "place"), BROKEN)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, place: str) -> None:
    """The error says which file, where in it, and how to write one."""
    path = tmp_path / "broken.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArgumentError, match=place) as caught:
        Schema.load(path)

    assert "broken.json" in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args  # noqa: S301 - our own
    assert "tql check --schema" in str(caught.value) or "tql schema PATH > schema.json" in str(caught.value)


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    """A missing file, a folder, and bytes that are not UTF-8 are errors of this package."""
    (tmp_path / "latin").write_bytes(b'{"\xe9": "int64"}')
    for name in ("missing", "", "latin"):
        with pytest.raises(ArgumentError, match=r"`Schema\.load` takes the path of a JSON file"):
            Schema.load(tmp_path / name)
    with pytest.raises(ArgumentError, match=r"`Schema\.save` takes the path of a file to write"):
        Schema(a="int64").save(tmp_path / "missing" / "schema.json")


WRONG = ["int", "text fast", "embedding[x]", "", "int64 nullable", 3, None, "unknown", "inferred", "nullable unknown"]
WRONG += ["inferred nullable int64", "inferred int64 inverted", "inferred embedding[3]", "inferred sequence int64"]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_describes_no_column_is_refused(wrong: Any) -> None:
    """The message lists what does."""
    with pytest.raises(ArgumentError, match="`Schema` takes descriptions of columns"):
        Schema(a=wrong)


@pytest.mark.parametrize("wrong", ["", "[1]", '{"a": 1}', '{"a": {"type": "int64"}}', "null"])
def test_what_is_no_schema_in_json_is_refused(wrong: str) -> None:
    """An ArgumentError, whatever is wrong with it."""
    with pytest.raises(ArgumentError, match=r"`Schema"):
        Schema.from_json(wrong)


FORMATS = [(form, unit) for form in ("ccwh", "ltwh", "ltrb", "unknown", None) for unit in ("pixel", "fractional", None)]


def test_the_formats_of_boxes(tmp_path: Path) -> None:
    """Each format with its unit is that of the dataset, also of a nullable column; where one is not said there is none."""
    types = deeplake.types
    made = deeplake.create(str(tmp_path / "d"))
    for dtype in ("float32", "int32"):
        for number, pair in enumerate(FORMATS):
            made.add_column(f"{dtype}{number}", types.BoundingBox(dtype, *pair))
    made.add_column("nullable", types.Nullable(types.BoundingBox("float32", "LTRB", "pixel")))
    made.add_column("plain", types.BoundingBox())
    made.add_column("polygon", types.Polygon())
    made.commit()
    schema = Schema.from_dataset(deeplake.open_read_only(str(tmp_path / "d")))

    for dtype in ("float32", "int32"):
        for number, (form, unit) in enumerate(FORMATS):
            known = form not in {None, "unknown"} and unit is not None
            assert schema[f"{dtype}{number}"].boxes == (f"{form} {unit}" if known else "")
    assert schema["nullable"].boxes == "ltrb pixel"
    assert (schema["plain"].boxes, schema["polygon"].boxes) == ("", "")


def test_the_columns_of_datasets(measured: dict[str, Any]) -> None:
    """Types, shapes, null, indexes and classes are those of the engine."""
    opened = measured
    first, second = (Schema.from_dataset(opened[name]) for name in "tx")

    assert str(first["nul"]) == "nullable int64"
    assert str(first["ntext"]) == "nullable text"
    assert str(first["emb"]) == "embedding[4]"
    assert str(first["mat"]) == "float32[?, ?]"
    assert str(first["img"]) == "image uint8[?, ?, ?]"
    assert str(first["js"]) == "json"
    assert first["label"] == Column("int32", kind="class label", classes=("cat", "dog", "bird"))
    assert str(second["num"]) == "int64 inverted"
    assert str(second["tb"]) == "text inverted bm25 exact"
    assert Schema.from_dataset(opened["t"].query("select id, text"))["text"] == Column("text")


REFUSED = [
    pytest.param(
        lambda: select_("idd"),
        "`select` takes names of columns, got 'idd': the source has no column of this name\nhint: did you mean 'id'?",
        id="column",
    ),
    pytest.param(
        lambda: select_("ID"),
        "`select` takes names of columns, got 'ID': the source has no column of this name\nhint: did you mean 'id'?",
        id="case",
    ),
    pytest.param(
        lambda: select_("id").where(col("nope") == 1), "`where` takes names of columns, got 'nope'", id="where"
    ),
    pytest.param(
        lambda: select_("id", two=col("id") * 2).order_by("two", "nope"),
        "`where / order_by` takes names of columns, got 'nope'",
        id="order with an alias",
    ),
    pytest.param(lambda: select_("id").order_by("nope"), "`order_by` takes names of columns", id="order"),
    pytest.param(lambda: select_("id").sample_by("nope"), "`sample_by` takes names of columns", id="weights"),
    pytest.param(
        lambda: select().from_(select_("id")).sample_by("text"),
        "`sample_by` takes names of columns",
        id="weights of a sub-query",
    ),
    pytest.param(lambda: select_(n=fn.count()).group_by("nope"), "`group_by` takes names of columns", id="group"),
    pytest.param(
        lambda: select("nope").from_(select_("id", two=col("id") * 2)),
        "`select` takes names of columns, got 'nope': the source has no column of this name\nhint: the columns are id, two",
        id="column of a sub-query",
    ),
    pytest.param(
        lambda: select_("id").where(col("id") == "a"), "`comparison` takes a number for a column of int64", id="a text"
    ),
    pytest.param(
        lambda: select_("id").where(col("text") == 1), "`comparison` takes a string for a column of text", id="a number"
    ),
    pytest.param(
        lambda: select_("id").where(col("text").in_([1])), "`comparison` takes a string for a column", id="numbers in"
    ),
    pytest.param(
        lambda: select_("id").where(col("id").in_(["a"])), "`comparison` takes numbers for a column", id="texts in"
    ),
    pytest.param(
        lambda: select_("id").where(col("id").like("a")),
        "`like` takes a column of texts, got 'id': the column is int64",
        id="like",
    ),
    pytest.param(
        lambda: select_("id").where(col("ragged").contains("3")),
        "`like` takes a column of texts, got 'ragged': the column is int64[?]\nhint: look for one of its numbers: col('ragged').contains(3)",
        id="a text in numbers",
    ),
    pytest.param(
        lambda: select_("id").where(col("meta").contains("a")),
        "`like` takes a column of texts, got 'meta': the column is json\nhint: read a key of it: col('meta')[\"key\"].contains(\"a\")",
        id="a text in JSON",
    ),
    pytest.param(
        lambda: select_("id").where(col("meta.a.b") == "en"),
        "`where` takes names of columns, got 'meta.a.b': the source has no column of this name\nhint: a key of JSON is a subscript: col('meta')['a']['b']",
        id="a dotted key",
    ),
    pytest.param(
        lambda: select_("id").where(col("ragged").contains([3, 4])),
        "`contains` takes one value, got a list: the engine looks for no list of values",
        id="several elements",
    ),
    pytest.param(lambda: select_("id").where(col("e") == 1), "`comparison` takes one value in each row", id="array"),
    pytest.param(
        lambda: select_("id").where(col("text") < col("indexed")), "`comparison` takes a string literal", id="two texts"
    ),
    pytest.param(
        lambda: select_("id").where(col("label") == "cow"), "`comparison` takes the name of a class", id="class"
    ),
    pytest.param(
        lambda: select_("id").where(col("label") < "dog"), "`comparison` takes = and != for the name", id="class order"
    ),
    pytest.param(
        lambda: select_("id").where(col("text")),
        "`where` takes a condition, got 'text': a column of text is no condition",
        id="truth",
    ),
    pytest.param(
        lambda: select_("id").where(~col("meta")),
        "`where` takes a condition, got 'meta': a column of json",
        id="truth of json",
    ),
    pytest.param(
        lambda: select_(x=col("text") + 1), "`+` takes numbers and arrays, got a column of text", id="arithmetic"
    ),
    pytest.param(lambda: select_(x=col("e")[4]), "`[]` takes an index of the 4 elements", id="index"),
    pytest.param(lambda: select_(x=col("e")[-5]), "`[]` takes an index of the 4 elements", id="negative index"),
    pytest.param(
        lambda: select_(x=col("e")[0, 0]), "`[]` takes at most as many indices as there are dimensions", id="indices"
    ),
    pytest.param(lambda: select_(x=col("text")[0]), "`[]` takes at most as many indices", id="index of a text"),
    pytest.param(lambda: select_(x=col("e")["k"]), "`[]` takes a key for JSON only", id="key"),
    pytest.param(
        lambda: select_(x=col("ragged")[1:3]), "`[]` takes slices from the start where lengths differ", id="ragged"
    ),
    pytest.param(lambda: select_(x=col("ragged")[1:]), "`[]` takes slices with both ends", id="ragged, open"),
    pytest.param(lambda: select_(x=col("e")[4:]), "`[]` takes slices that hold an element", id="empty slice"),
    pytest.param(
        lambda: select_("id").order_by("meta"), "`order_by` takes a key with one number or text", id="order of json"
    ),
    pytest.param(
        lambda: select_("id").order_by("e"), "`order_by` takes a key with one number or text", id="order of arrays"
    ),
    pytest.param(
        lambda: select_("e", n=fn.count()).group_by("e"), "`group_by` takes a key with one", id="group of arrays"
    ),
    pytest.param(
        lambda: select_("id").similarity("e", [1.0, 2.0]),
        "`cosine_similarity` takes a vector as long as the column's, got 2 elements: the column is embedding[4]",
        id="length",
    ),
    pytest.param(
        lambda: select_("id").similarity("e", [1.0, 2.0], metric="l2"), "`-` takes a vector as long", id="length of l2"
    ),
    pytest.param(
        lambda: select_("id").similarity("text", [1.0]),
        "`cosine_similarity` takes a column of vectors",
        id="no vectors",
    ),
    pytest.param(
        lambda: select_("id").bm25("text", "a").order_by("score").limit(3),
        "`bm25` takes a column of texts with a BM25",
        id="bm25",
    ),
    pytest.param(
        lambda: select_("id").where(fn.contains("indexed", "a")),
        "`fn.contains` takes a column without index",
        id="contains",
    ),
    pytest.param(
        lambda: select_("*", text=col("id") * 2), "`select` takes other names than those of the columns", id="replaced"
    ),
    pytest.param(
        lambda: select_(small=col("id") * 2).where(col("small") > 1),
        "`where` takes unambiguous names",
        id="both",
    ),
    pytest.param(
        lambda: select_("meta").distinct(), "`group_by` takes a key with one number or text", id="distinct json"
    ),
    pytest.param(
        lambda: select().from_(select_(), schema=COLUMNS), "`schema` takes the columns of a dataset", id="of a query"
    ),
    pytest.param(lambda: select().from_("D", schema={}), "`schema` takes a Schema, got {}", id="no schema"),  # type: ignore[arg-type]  # wrong
]


@pytest.mark.parametrize(("made", "start"), REFUSED)
def test_what_means_nothing_for_the_columns_is_refused(made: Callable[[], Query], start: str) -> None:
    """The message names the column's type, and the engine is not asked."""
    with pytest.raises(ArgumentError) as caught:
        str(made())

    assert str(caught.value).startswith(start)


TEXTS = [
    pytest.param(select_("id").where(col("half") == 0.1), "where half = 0.10000000149011612", id="float32"),
    pytest.param(select_("id").where(col("id") < 2.5), "where id <= 2", id="fraction"),
    pytest.param(select_("id").where(col("small") < 1000), "", id="always"),
    pytest.param(select_("id").where(col("small") == 1000), "where false", id="never"),
    pytest.param(select_("id").where(col("maybe") != 2**63 - 1), f"where maybe != {2**63 - 1}", id="largest"),
    pytest.param(select_("id").where(col("maybe") != 0.5), "where maybe is not null", id="not null"),
    pytest.param(select_("id").where(col("small").in_([1, 1000, 0.5])), "where small in (1)", id="members"),
    pytest.param(select_("id").where(col("indexed") == ""), "where indexed between '' and ''", id="empty text"),
    pytest.param(select_("id").where(col("indexed") == "a"), "where indexed = 'a'", id="text"),
    pytest.param(select_("id").where(col("label") == "cat"), "where label = 'cat'", id="class"),
    pytest.param(select_("id").where(col("flag")), "where flag", id="flag"),
    pytest.param(
        select_("id").where(col("meta")["k"] > "x"),
        "where meta['k'] < -1.7976931348623157e+308 and meta['k'] > 'x'",
        id="json",
    ),
]


@pytest.mark.parametrize(("query", "tail"), TEXTS)
def test_a_condition_is_written_for_the_type(query: Query, tail: str) -> None:
    """Literals are those of the column's type."""
    assert f"select id from D {tail}".strip() == str(query)


SLICES = [
    ("[2:]", "[2:4]"),
    ("[-3:]", "[1:4]"),
    ("[:-1]", "[:3]"),
    ("[1:100]", "[1:4]"),
    ("[-3:-1]", "[1:3]"),
    ("[::2]", "[:4:2]"),
    ("[-1]", "[3]"),
    ("[-4]", "[0]"),
    ("[:]", "[:]"),
    ("[1:3]", "[1:3]"),
]


@pytest.mark.parametrize(("written", "text"), SLICES)
def test_slices_of_a_known_length_are_python_s(written: str, text: str) -> None:
    """The text has exact ends, and the elements are those of Python's slice."""
    values = np.arange(12, dtype="f4").reshape(3, 4)
    data = deeplake.create(f"mem://{next(names)}")
    data.add_column("e", T.Embedding(4))
    data.append({"e": values})
    data.commit()
    query = select(x=eval(f"col('e'){written}", {"col": col}, None))  # noqa: S307 - our own table
    known = columns_of(data)

    element = text if ":" in text else f"[{text[1:-1]}:{int(text[1:-1]) + 1}]"
    taken = f"e{text}" if element == text else f"prod(e{element})"
    assert f"select {taken} as x" == compile_query(query.statement, None, known)
    expected = [eval(f"row{written}", {"row": row}) for row in values]  # noqa: S307 - the same
    assert [row["x"] for row in run(data, compile_query(query.statement, None, known))] == [
        row.tolist() for row in expected
    ]


def indexed_data() -> Any:
    """Return 3,000 rows with indexes that are built at once."""
    data = deeplake.create(f"mem://{next(names)}")
    data.indexing_mode = deeplake.IndexingMode.Always
    for name, kind in {"id": T.Int64(), "v": T.Int64(T.Inverted), "t": T.Text(T.BM25), "e": T.Embedding(16)}.items():
        data.add_column(name, kind)
    generator = np.random.default_rng(3)
    values = generator.integers(-5, 6, 3000)
    data.append(
        {
            "id": list(range(3000)),
            "v": values.tolist(),
            "t": [f"w{value} common" for value in values],
            "e": generator.normal(size=(3000, 16)).astype("f4"),
        }
    )
    data.commit()
    return data


@pytest.fixture(scope="module")
def indexed() -> Any:
    """Return rows with built indexes."""
    return indexed_data()


SEARCHES: dict[str, Callable[[Query, Any], Query]] = {
    "score": lambda query, vector: query.similarity("e", vector).order_by("score"),
    "no score": lambda query, vector: query.similarity("e", vector, as_=None),
    "two keys": lambda query, vector: query.similarity("e", vector).order_by("score", desc("v")),
    "filtered": lambda query, vector: query.similarity("e", vector).where(col("score") > -1).order_by("score"),
    "renamed below": lambda query, vector: (
        select("id").from_(query.similarity("e", vector, as_="near")).order_by(desc("near"))
    ),
}


@pytest.mark.parametrize("kind", ["score", "no score", "filtered", "renamed below"])
def test_an_offset_takes_no_rows_from_a_search_without_a_schema(indexed: Any, kind: str) -> None:
    """The engine's own OFFSET with an index returns fewer rows than LIMIT; the query returns all of them, and they are numpy's."""
    embeddings = indexed["e"][:]
    for vector in np.random.default_rng(6).normal(size=(5, 16)).astype("f4"):
        scores = embeddings.astype("f8") @ vector / np.linalg.norm(embeddings, axis=1)
        query = SEARCHES[kind](select("id"), vector).limit(20).offset(4)
        text = ",".join(map(str, vector.tolist()))
        naive = f"select id order by cosine_similarity(e, ARRAY[{text}]) desc limit 20 offset 4"

        assert np.argsort(-scores, kind="stable")[4:24].tolist() == [row["id"] for row in run(indexed, str(query))]
        assert len(run(indexed, naive)) < 20


def test_an_offset_takes_no_rows_from_mmr(indexed: Any) -> None:
    """Relevance and diversity rank in their flat form, and what is left out is left out of that."""
    vector = np.random.default_rng(6).normal(size=16).astype("f4")
    ranked = select("id").similarity("e", vector, metric="mmr", as_=None)
    first = [row["id"] for row in run(indexed, str(ranked.limit(9)))]

    for known in ({}, columns_of(indexed)):
        text = compile_query(ranked.limit(6).offset(3).statement, None, known)

        assert [row["id"] for row in run(indexed, text)] == first[3:]


def test_an_order_of_an_indexed_column_with_limit(indexed: Any) -> None:
    """The engine alone fails on it."""
    known = columns_of(indexed)
    values = indexed["v"][:].tolist()
    query = select("id").order_by("v").limit(7).offset(2)

    with pytest.raises(RuntimeError, match="Can't eval null array"):
        run(indexed, "select id order by v limit 7 offset 2")
    expected = sorted(range(3000), key=lambda number: values[number])[2:9]
    assert expected == [row["id"] for row in run(indexed, compile_query(query.statement, None, known))]


def test_conditions_over_changed_rows(indexed: Any) -> None:
    """An index points to the rows of the dataset; over a sub-query the engine alone gives other rows, or fails."""
    known = columns_of(indexed)
    values = indexed["v"][:].tolist()
    below = select().where(col("id") > 1000).order_by(asc("id")).limit(1500)
    query = select("id").from_(below).where(col("v") == 3)

    expected = [number for number in range(1001, 2501) if values[number] == 3]
    assert expected == [row["id"] for row in run(indexed, compile_query(query.statement, None, known))]
    naive = "select id from (select * from (select * where id > 1000) limit 1500) where v = 3"
    try:
        found = [row["id"] for row in run(indexed, naive)]
    except (RuntimeError, IndexError):
        found = []
    assert expected != found


def test_all_columns_of_a_known_dataset_can_be_distinct_and_combined() -> None:
    """`*` stands for the columns of the schema."""
    data = deeplake.create(f"mem://{next(names)}")
    data.add_column("a", T.Int64())
    data.add_column("t", T.Text())
    data.append({"a": [1, 2, 1, 2**53, 2**53 + 1], "t": ["x", "y", "x", "z", "z"]})
    data.commit()
    known = columns_of(data)

    found = run(data, compile_query(select().distinct().statement, None, known))
    assert {(1, "x"), (2, "y"), (2**53, "z"), (2**53 + 1, "z")} == {(row["a"], row["t"]) for row in found}
    both = select().where(col("a") == 1).union(select().where(col("a") <= 2))
    assert {(1, "x"), (2, "y")} == {
        (row["a"], row["t"]) for row in run(data, compile_query(both.statement, None, known))
    }
    rest = select().except_(select().where(col("a") == 1)).order_by("a")
    assert [row["a"] for row in run(data, compile_query(rest.statement, None, known))] == [2, 2**53, 2**53 + 1]


def test_a_text_kept_as_it_was_written_gets_its_dataset_too() -> None:
    """A query that no chain of clauses says takes its rows from where it is sent, with and without a schema."""
    data = deeplake.create(f"mem://{next(names)}")
    data.add_column("a", T.Int64())
    data.append({"a": [3, 1, 2]})
    data.commit()
    query = parse("select top 2 a where a > 1")

    assert query == parse(str(query))
    for known in ({}, columns_of(data)):
        assert [row["a"] for row in run(data, compile_query(query.statement, None, known))] == [3, 2]
        assert compile_query(query.order_by("a").statement, "D", known).count("from D") == 1


def test_a_condition_on_what_groups_and_sets_hold_is_that_of_their_type() -> None:
    """The smallest, the largest and the first value have the type of their column, and the columns of a set that in which its queries meet."""
    data = deeplake.create(f"mem://{next(names)}")
    data.add_column("k", T.Text())
    data.add_column("u", T.UInt8())
    data.add_column("n", T.Int64())
    data.append({"k": ["x", "y", "x", "y"], "u": [200, 5, 3, 1], "n": [300, 256, 5, 2**53 + 1]})
    data.commit()
    known = columns_of(data)
    groups = select("k", low=fn.min("u"), high=fn.max("u"), first=fn.first("u")).group_by("k").order_by("k")
    for name, values in {"low": [3, 1], "high": [200, 5], "first": [200, 5]}.items():
        found = run(data, compile_query(groups.where(col(name).in_([-1, 256, values[1]])).statement, None, known))

        assert [(row["k"], row[name]) for row in found] == [("y", values[1])]
    for left, right in [("u", "n"), ("n", "u")]:
        both = select(v=col(left)).union_all(select(v=col(right))).where(col("v").in_([300, 256, 2**53 + 1, 0]))
        found = run(data, compile_query(both.order_by("v").statement, None, known))

        assert [row["v"] for row in found] == [256, 300, 2**53 + 1]


def test_explain_says_where_a_level_makes_a_key_exact() -> None:
    """The parts of one number have another reason than the keys of an order."""
    levels = []
    level = select_("id").order_by("id", "small").explain()
    while level.below:
        levels.append(level.why)
        (level,) = level.below
    parts = "the engine compares sort keys as float32"

    assert [why.startswith(parts) for why in levels] == [True, True, False, False]
    assert levels[2].startswith("the engine sorts by one key only")
    assert not levels[3]
