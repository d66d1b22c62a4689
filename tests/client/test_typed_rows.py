"""Rows as instances of classes: the values, the errors, and the time that it takes."""

from __future__ import annotations

import dataclasses
import pickle
import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NotRequired, TypedDict, assert_type

import msgspec
import numpy as np
import numpy.typing as npt
import pydantic
import pytest

from tql import ArgumentError, select
from tql.tables import Number, Table, Text, Vector
from tql_client import Result, connect
from tql_client.datasets import write
from tql_client.errors import RowTypeError
from tql_client.protocol.wire import Answer
from tql_client.results.result import Meta

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VALUES: dict[str, list[Any]] = {
    "id": [1, 2],
    "title": ["a", None],
    "score": [0.5, 2.0],
    "e": [[1.0, 2.0], [3.0, 4.0]],
    "meta": [{"year": 1}, {}],
    "amount": ["a", 2],
}


def result(values: dict[str, list[Any]] | None = None, *, by_rows: bool = False) -> Result:
    """Return a result of values, by columns or by rows."""
    columns = VALUES if values is None else values
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return Result(Answer(tuple(columns), rows if by_rows else columns), Meta("select"))


@dataclasses.dataclass
class Hit:
    """A row."""

    id: int
    title: str | None
    e: npt.NDArray[np.float32]
    kind: Literal["x", "y"] = "x"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Keywords:
    """A row."""

    score: float
    id: int
    meta: dict[str, Any]


class Pair(NamedTuple):
    """A row."""

    id: int
    e: list[float]
    other: int = 3


class Keys(TypedDict):
    """A row."""

    id: float
    title: str | None
    more: NotRequired[int]


class Model(pydantic.BaseModel):
    """A row."""

    number: int = pydantic.Field(alias="id")
    score: float


class Struct(msgspec.Struct, frozen=True):
    """A row."""

    number: int = msgspec.field(name="id")
    score: float
    kind: str = "x"


class StructOfArrays(msgspec.Struct, kw_only=True, rename="lower"):
    """A row."""

    Title: str | None = None
    E: npt.NDArray[np.float32] | None
    meta: dict[str, Any]


@pytest.mark.parametrize("by_rows", [False, True])
def test_rows_are_instances(by_rows: bool) -> None:  # noqa: FBT001 - a parameter
    """Each kind of class is made of the values of `rows`; columns without a field are left out."""
    given = result(by_rows=by_rows)
    hits = given.as_(Hit)

    assert_type(hits, list[Hit])
    assert [(hit.id, hit.title, hit.kind) for hit in hits] == [(1, "a", "x"), (2, None, "x")]
    assert all(hit.e.dtype == np.float32 for hit in hits)
    assert hits[1].e.tolist() == [3.0, 4.0]
    assert given.as_(Keywords) == [Keywords(id=1, score=0.5, meta={"year": 1}), Keywords(id=2, score=2.0, meta={})]
    assert given.as_(Pair) == [Pair(1, [1.0, 2.0]), Pair(2, [3.0, 4.0])]
    assert given.as_(Keys) == [{"id": 1, "title": "a"}, {"id": 2, "title": None}]
    assert given.as_(Model) == [Model(id=1, score=0.5), Model(id=2, score=2.0)]
    assert given.as_(Struct) == [Struct(1, 0.5), Struct(2, 2.0)]
    structs = given.as_(StructOfArrays)
    assert [(one.Title, one.meta) for one in structs] == [("a", {"year": 1}), (None, {})]
    assert [one.E.tolist() for one in structs if one.E is not None] == [[1.0, 2.0], [3.0, 4.0]]
    assert result({"id": [], "e": []}).as_(Pair) == []


class Wrong(TypedDict):
    """A row."""

    amount: str


class WrongList(NamedTuple):
    """A row."""

    e: list[int]


class Missing(NamedTuple):
    """A row."""

    idd: int


class WrongArray(NamedTuple):
    """A row."""

    title: npt.NDArray[np.float32]


class WrongModel(pydantic.BaseModel):
    """A row."""

    amount: str


class WrongStruct(msgspec.Struct):
    """A row."""

    amount: str


class WrongStructs(msgspec.Struct):
    """A row."""

    number: list[int] = msgspec.field(name="e")


class Flag(NamedTuple):
    """A row."""

    id: bool


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (Wrong, "Wrong: row 1, column 'amount': wanted str, got 2 (int)"),
        (WrongList, "WrongList: row 0, column 'e': wanted list[int], got [1.0, 2.0] (list)"),
        (Missing, "Missing: column 'idd': wanted int, got no such column; the result has id, title"),
        (WrongArray, "row 0, column 'title'"),
        (WrongModel, "WrongModel: row 1, column 'amount': wanted str, got 2 (int): Input should be a valid string"),
        (WrongStruct, "WrongStruct: row 1, column 'amount': wanted str, got 2 (int): Expected `str`, got `int`"),
        (WrongStructs, "WrongStructs: row 0, column 'e': wanted list[int], got [1.0, 2.0] (list): Expected `int`"),
        (Flag, "Flag: row 0, column 'id': wanted bool, got 1 (int)"),
    ],
)
def test_a_mismatch_names_row_column_and_types(row: type, message: str) -> None:
    """The error has the place and both types, in its text and as attributes, also after pickling."""
    with pytest.raises(RowTypeError) as error:
        result().as_(row)

    assert message in str(error.value)
    copy = pickle.loads(pickle.dumps(error.value))  # noqa: S301 - our own error
    assert (str(copy), copy.row, copy.column) == (str(error.value), error.value.row, error.value.column)
    assert isinstance(error.value, TypeError)


def test_a_class_of_another_kind_is_refused() -> None:
    """Only types with fields are types of rows."""
    with pytest.raises(ArgumentError, match="takes a dataclass, TypedDict or NamedTuple"):
        result().as_(int)


class Docs(Table):
    """A dataset."""

    id: Number[int]
    text: Text
    embedding: Vector


class Found(NamedTuple):
    """A row."""

    id: int
    text: str
    score: float


def test_a_client_returns_rows_of_a_class(tmp_path: Path) -> None:
    """`query(.., into=)` returns a list of the class; `select_as` selects its fields."""
    path = write({"id": [1, 2], "text": ["a", "b"], "embedding": [[1.0, 0.0], [0.0, 1.0]]}, str(tmp_path / "d"))
    with connect(path) as client:
        query = Docs.select_as(Found, score=None).similarity(Docs.embedding, [0.0, 1.0]).order_by("score")
        found = client.query(query, into=Found)

        assert_type(found, list[Found])
        assert_type(client.query(query), Result)
        assert found == [Found(2, "b", 1.0), Found(1, "a", 0.0)]
        assert client.query(select("id"), into=Keys2) == [{"id": 1}, {"id": 2}]


class Texts(NamedTuple):
    """A row."""

    id: int
    text: str


class TextsOrNone(TypedDict):
    """A row."""

    text: str | None


class TextModel(pydantic.BaseModel):
    """A row."""

    text: str


class TextStruct(msgspec.Struct):
    """A row."""

    text: str


def test_a_field_of_texts_takes_the_empty_text(tmp_path: Path) -> None:
    """The engine gives None for the empty text, also for a column that is never null."""
    path = write({"id": [1, 2, 3], "text": ["", "a", ""]}, str(tmp_path / "d"))
    with connect(path) as client:
        found = client.query(select("id", "text"))

        assert [row["text"] for row in found.rows] == [None, "a", None]
        assert found.as_(Texts) == [Texts(1, ""), Texts(2, "a"), Texts(3, "")]
        assert found.as_(TextsOrNone) == [{"text": None}, {"text": "a"}, {"text": None}]
        assert [row.text for row in found.as_(TextModel)] == ["", "a", ""]
        assert [row.text for row in found.as_(TextStruct)] == ["", "a", ""]


class Keys2(TypedDict):
    """A row."""

    id: int


@dataclasses.dataclass
class Plain:
    """A row."""

    id: int
    title: str
    score: float
    flag: bool
    note: str | None


def _seconds(call: Callable[[], object]) -> float:
    """Return the shortest time of five calls."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


def test_the_time_of_dataclasses(record_property: Callable[[str, object], None]) -> None:
    """20,000 rows of five columns, by columns as the engine in this process and large answers have them."""
    size = 20_000
    values: dict[str, list[Any]] = {
        "id": [*range(size)],
        "title": [str(number) for number in range(size)],
        "score": [number / 2 for number in range(size)],
        "flag": [number % 2 == 0 for number in range(size)],
        "note": [None if number % 3 else "x" for number in range(size)],
    }
    rows = _seconds(lambda: result(values).rows)
    typed = _seconds(lambda: result(values).as_(Plain))

    record_property("figure", f"20,000 rows into dataclasses: {typed / rows:.2f} times the time of rows, of 2")
    assert [vars(row) for row in result(values).as_(Plain)] == result(values).rows
