"""Tables: their columns are those of `col`, and they carry a source and a schema."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, assert_type

import pytest

from tql import ArgumentError, Expr, Query, Schema, all_of, col, desc, fn, select
from tql.tables import (
    Array,
    Bool,
    Condition,
    Json,
    JsonValue,
    Label,
    Number,
    Table,
    Text,
    Vector,
    aliased,
    named,
    type_of,
)
from tql_grammar.schema import Column as SchemaColumn

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = Schema(
    {"id": "int64", "year": "nullable int32", "title": "text bm25", "embedding": "embedding[3]", "page count": "uint8"}
)


class Docs(Table, source="hub://org/docs", schema=SCHEMA):
    """The columns of a dataset."""

    id: Number[int]
    year: Number[int | None]
    title: Text
    embedding: Vector
    pages: Number[int] = named("page count")


class Loose(Table):
    """Columns without a schema."""

    year: Number[int]
    flag: Bool
    meta: Json
    tags: Array[int]
    label: Label


def same(column: Any, expression: Expr) -> bool:
    """Return whether a column of a table is an expression."""
    return isinstance(column, Expr) and column.same(expression)


def test_a_column_is_what_col_gives() -> None:
    """At run time a column is an expression, and a query of a table equals that of names."""
    year: object = Docs.year
    assert type(year) is Expr
    assert same(Docs.pages, col("page count"))
    assert same(Docs.__class_getitem__("page count"), col("page count"))
    typed = select(Docs.title).where(Docs.year >= 2020).similarity(Docs.embedding, [1, 2, 3]).order_by(desc(Docs.year))
    named_query = select("title").where(col("year") >= 2020).similarity("embedding", [1, 2, 3]).order_by(desc("year"))

    assert typed == named_query
    assert typed.from_(Docs) == named_query.from_("hub://org/docs", schema=SCHEMA)
    assert Docs.__schema__ == SCHEMA
    assert Loose.__schema__ is None


def test_checkers_know_the_types() -> None:
    """Columns, conditions and queries have types, and the builder takes them."""
    assert_type(Docs.year, Number[int | None])
    assert_type(Docs.title, Text)
    assert_type(Docs.year >= 2020, Condition)
    assert_type((Docs.title == "a") & ~Loose.flag, Condition)
    assert_type(Docs.embedding[0], Number[float])
    assert_type(Loose.meta["year"], JsonValue)
    assert_type(Loose.tags[0:2], Array[int])
    query = select(Docs.title, year=Docs.year + 1).where(Docs.year.in_([1, 2]), all_of([Loose.flag, None]))
    assert_type(query.similarity(Docs.embedding, [1, 2, 3]).order_by(Docs.year, desc(Loose.meta["year"])), Query)
    assert_type(query.bm25(Docs.title, "words", as_=None).limit(3, per=Docs.title).sample_by(Docs.year), Query)
    assert_type(select(Docs.title, n=fn.sum(Docs.year)).where(Loose.label == "cat").group_by(Docs.title), Query)


def test_an_alias_names_the_source_of_columns() -> None:
    """`aliased` returns a table for joins, whose repr can be pasted back."""
    a, b = aliased(Docs, "a"), aliased(Docs, "b")
    query = select(a.id, other=b.pages).from_(a).join(b, a.id == b.pages)

    assert same(a.id, col("id", of="a"))
    assert same(b.__class_getitem__("page count"), col("page count", of="b"))
    assert same(Docs.id, col("id"))
    names: dict[str, Any] = {"select": select, "col": col, "Schema": Schema}
    assert eval(repr(query), names) == query  # noqa: S307 - our own repr
    assert query.statement.joined is not None
    assert query.statement.joined.source.alias == "b"


def test_a_subclass_has_the_columns_of_its_base() -> None:
    """Columns, source and schema are inherited; a class may add a column, or replace the source."""

    class More(Docs, source="hub://org/more"):
        alias_of_year: Number[int | None] = named("year")

    assert select(More.id, y=More.alias_of_year).from_(More) == select("id", y=col("year")).from_(
        "hub://org/more", schema=SCHEMA
    )


def test_a_join_takes_a_schema() -> None:
    """A schema of the joined source is part of the query, and of its repr."""
    on = col("id", of="a") == col("id", of="b")
    query = select(id=col("id", of="a")).from_("x", "a", SCHEMA).join("y", on, alias="b", schema=Schema(id="int64"))

    assert ".join('y', col('id', of='a') == col('id', of='b'), alias='b', schema=Schema({'id': 'int64'}))" in repr(
        query
    )


class Hit(NamedTuple):
    """A row."""

    id: int
    title: str
    score: float


class Pages(TypedDict):
    """A row."""

    title: str


@dataclasses.dataclass
class Named:
    """A row."""

    id: int
    later: int = dataclasses.field(init=False, default=0)


def test_the_fields_of_a_row_are_selected() -> None:
    """`select_as` selects the columns of the fields; a computed field is given, or left to a search."""
    found = select("id", "title").from_(Docs)

    assert Docs.select_as(Hit, score=None) == found
    assert Docs.select_as(Hit, score=Docs.year + 1) == found.select(score=col("year") + 1)
    assert Docs.select_as(Pages) == select("title").from_(Docs)
    assert Docs.select_as(Named) == select("id").from_(Docs)


def _declare(annotation: Any, **options: Any) -> Callable[[], object]:
    """Return a function that declares a table with one column ``id``."""

    def declare() -> object:
        return type("Wrong", (Table,), {"__annotations__": {"id": annotation}, **options.pop("values", {})}, **options)

    return declare


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a type that is none": (_declare("int"), "`Wrong.id` takes the type of a column"),
    "a missing column": (_declare("Text", schema=Schema(idd="text")), "did you mean 'idd'"),
    "another type": (
        _declare(Text, schema=Schema(id="int8")),
        "takes the type Number[int], got Text: the column is int8",
    ),
    "a value": (_declare("Text", values={"id": "x"}), "takes no value other than named"),
    "a private name": (
        lambda: type("Wrong", (Table,), {"__annotations__": {"_id": "Text"}}),
        'other: .. = named("_id")',
    ),
    "a name of Table": (lambda: type("Wrong", (Table,), {"__annotations__": {"select_as": "Text"}}), "named("),
    "a name that TQL cannot have": (lambda: named('a"b'), "double quote"),
    "an unknown column": (lambda: Docs.__class_getitem__("yaer"), "did you mean 'year'"),
    "a field without a column": (lambda: Docs.select_as(Hit), "has no column 'score'"),
    "a computed column without a field": (lambda: Docs.select_as(Pages, titel=None), "did you mean 'title'"),
    "a type of rows that is none": (lambda: Docs.select_as(int), "takes a dataclass, TypedDict"),
    "a table without a source": (lambda: select().from_(Loose), "takes a table with a source, got Loose"),
    "a source that is no name": (lambda: type("Wrong", (Table,), {}, source='a"b'), "double quote"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_says_what_to_do(case: str) -> None:
    """A wrong table, and a wrong use of one, is refused."""
    call, message = REFUSED[case]

    with pytest.raises(ArgumentError) as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("described", "meant"),
    [
        ("int8", "Number[int]"),
        ("nullable float32", "Number[float | None]"),
        ("text exact", "Text"),
        ("nullable text", "Text[str | None]"),
        ("bool", "Bool"),
        ("class label int32", "Label"),
        ("nullable class label int32", "Label[int | None]"),
        ("json", "Json"),
        ("bytes", "Bytes"),
        ("embedding[3]", "Vector"),
        ("embedding[2, 3]", "Matrix[float]"),
        ("float64[?]", "Vector"),
        ("int16[?]", "Array[int]"),
        ("bool[2]", "Array[bool]"),
        ("sequence text[?]", "Array[str]"),
        ("sequence json[?]", "Column[Any]"),
        ("image uint8[?, ?, 3]", "Image"),
        ("other bytes", "Column[Any]"),
        ("inferred int64", "Number[int]"),
        ("inferred unknown", "Any"),
    ],
)
def test_the_type_of_each_column(described: str, meant: str) -> None:
    """Each column of a schema has a type, and a table may declare it, or a base of it."""
    column = SchemaColumn.parse(described)

    assert type_of(column) == meant
    _declare(meant, schema=Schema(id=column))()
    _declare("Column[Any]", schema=Schema(id=column))()
