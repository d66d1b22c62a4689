"""Nulls inside of JSON: the frames have null where the engine returns an empty object among other values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pyarrow as pa
from hypothesis import given

from tql import col, select
from tql_client import connect
from tql_client.datasets import write
from tql_client.protocol.wire import Answer
from tql_client.results.nulls import with_nulls
from tql_client.results.result import Meta, Result

if TYPE_CHECKING:
    from pathlib import Path

SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.just({}), st.text(max_size=2), st.integers(0, 3), st.booleans()
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=8,
)
TEXT = st.none() | st.text(max_size=2)
ROW = st.fixed_dictionaries({"t": TEXT, "l": st.none() | st.lists(TEXT, max_size=3)})
Place = tuple[str, ...]


def kinds(value: Any, path: Place, found: dict[Place, set[type]]) -> None:
    """Note the types of the values at each path, an empty object not among them."""
    if value not in ({}, None):
        found.setdefault(path, set()).add(type(value))
    for key, part in value.items() if isinstance(value, dict) else ():
        kinds(part, (*path, key), found)
    for part in value if isinstance(value, list) else ():
        kinds(part, (*path, "[]"), found)


def expected(value: Any, path: Place, found: dict[Place, set[type]]) -> Any:
    """Return a value with its nulls, in plain Python: a path that has one type of values is followed."""
    others = found.get(path, set())
    if value == {} and others and dict not in others:
        return None
    if others == {dict} and value:
        return {key: expected(part, (*path, key), found) for key, part in value.items()}
    if others == {list} and value:
        return [expected(part, (*path, "[]"), found) for part in value]
    return value


@given(st.lists(JSON, max_size=6))
def test_nulls_are_those_of_plain_python(values: list[Any]) -> None:
    """At each path, an empty object is null if the other values are no objects; nothing else changes."""
    found: dict[Place, set[type]] = {}
    before = repr(values)
    for value in values:
        kinds(value, (), found)

    assert repr(with_nulls(values)) == repr([expected(value, (), found) for value in values])
    assert repr(values) == before


@given(st.lists(ROW, max_size=6))
def test_arrow_has_the_values_that_were_written(rows: list[dict[str, Any]]) -> None:
    """A key of texts, and one of lists of texts, has its nulls back, if it has any text."""

    def returned(value: Any) -> Any:
        """Return a value as the engine does."""
        if isinstance(value, dict):
            return {key: returned(part) for key, part in value.items()}
        return [returned(part) for part in value] if isinstance(value, list) else {} if value is None else value

    texts = [{"t": "x", "l": ["y"]}, *rows]
    answer = Answer(("v",), {"v": [returned(row) for row in texts]})

    assert Result(answer, Meta("q")).to_arrow().to_pydict()["v"] == texts


def test_nulls_of_the_engine(tmp_path: Path) -> None:
    """The rows have an empty object, and a table of Arrow, polars and Parquet have null."""
    metas: list[dict[str, Any]] = [
        {"a": {"x": "t", "l": ["p", None], "n": None}},
        {"a": {"x": None, "l": None, "n": None}},
        {"a": {"x": "u", "l": ["q"], "n": None}},
    ]
    path = write({"id": [0, 1, 2], "meta": metas}, str(tmp_path / "d"))
    with connect(path) as client:
        result = client.query(select("id", "meta", inner=col("meta")["a"]).order_by("id"))
    nulls = [
        {"l": ["p", None], "n": {}, "x": "t"},
        {"l": None, "n": {}, "x": None},
        {"l": ["q"], "n": {}, "x": "u"},
    ]

    assert result.rows[1]["meta"] == {"a": {"x": {}, "l": {}, "n": {}}}
    for table in (result.to_arrow(), result.to_polars().to_arrow()):
        assert table["inner"].to_pylist() == nulls
        assert table["meta"].to_pylist() == [{"a": row} for row in nulls]
    assert pa.types.is_struct(result.to_arrow()["inner"].type)
