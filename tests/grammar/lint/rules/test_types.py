"""Queries with a known schema whose rows the engine returns otherwise than written, and those that look alike and are right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine import TYPES, dataset, run
from tests.grammar.lint.located import located
from tests.oracle import CRASH, Runner
from tql import Schema, check

KINDS = {
    "id": "int64", "g": "int16", "flag": "bool", "i8": "int8", "u8": "uint8", "i32": "int32", "x": "int64", "k": "inverted",
    "v": TYPES.Array("int32", shape=[3]), "one": TYPES.Array("int32", shape=[1]), "two": TYPES.Array("int32", shape=[2]),
    "e": TYPES.Embedding(3), "mat": TYPES.Array("int32", shape=[2, 2]), "arr": "array", "big": TYPES.Array("int32", 1),
    "s": "text", "ts": "int64",
}  # fmt: skip
VECTORS = [[4, 1, 2], [1, 4, 3], [2, 3, 4], [3, 3, 3], [4, 4, 4], [5, 2, 3], [-1, 0, 2]]
LISTS = [[1], [4], [1, 4], [], [3, 3], [4, 1, 2], [5]]
ROWS: list[dict[str, Any]] = [
    {
        "id": row, "g": row % 2, "flag": True, "i8": [100, -100][row % 4 == 0], "u8": 200, "i32": 2**31 - 1, "x": 5 - row, "k": row - 3,
        "v": vector, "one": vector[:1], "two": vector[:2], "e": vector, "mat": [vector[:2], vector[1:]], "arr": LISTS[row],
        "big": [2**31 - 1, 1], "s": ["", "a"][row % 2],
        "ts": 1_700_000_000_000 + row * 3 % 7,
    }
    for row, vector in enumerate(VECTORS)
]  # fmt: skip
# The parts of a number as keys, each of which a float32 stores, the least significant innermost.
MILLISECONDS = "order by last % 4194304 desc) order by (last - last % 4194304) % 17592186044416 desc) order by last - last % 17592186044416"
# The code of a finding, the text that has it, and the text of the intended rows, which has none.
WRONG = [
    ("TQL538", "select sum(i8) as s group by g", "select sum(i8 * 1) as s group by g"),
    ("TQL538", "select sum(u8) + 1 as s group by g", "select sum(u8 * 1) + 1 as s group by g"),
    ("TQL538", "select sum(i32) as s group by g", "select sum(i32 * 1) as s group by g"),
    ("TQL538", "select prod(u8) as s group by g", "select prod(u8 * 1) as s group by g"),
    ("TQL538", "select id where sum(big) > 0", "select id where sum(big * 1) > 0"),
    ("TQL320", "select sum(flag) as s group by g", "select sum(flag * 1) as s group by g"),
    ("TQL320", "select sum(x > 2) as s group by g", "select sum((x > 2) * 1) as s group by g"),
    ("TQL320", "select sqrt(amax(u8)) as s group by g", "select sqrt(amax(u8) * 1.0) as s group by g"),
    *(
        (
            "TQL512",
            f"select * from (select i8[0] as g, {key} as last group by x % 7) order by last desc limit 1",
            f"select * from (select * from (select * from (select i8[0] as g, {key} as last group by x % 7) {MILLISECONDS} desc limit 1",
        )
        for key in ("amax(ts)", "ts[0]", "sum(ts)", "prod(ts)")
    ),
    ("TQL368", "select id, v[0] as a", "select id, (v * 1)[0] as a"),
    ("TQL540", "select id where s is not null", "select id"),
    ("TQL368", "select e[1] + 2 as a", "select (e * 1)[1] + 2 as a"),
    (
        "TQL368",
        "select id, a from (select id, mat[0, 1] as a) where id > 2",
        "select id, a from (select id, (mat * 1)[0, 1] as a) where id > 2",
    ),
    ("TQL369", "select id where any(arr) = 3", "select id where any(arr = 3)"),
    ("TQL369", "select id where any(arr) = 1", "select id where any(arr = 1)"),
    ("TQL369", "select id where 3 > all(arr)", "select id where all(arr < 3)"),
    ("TQL369", "select id where 1 = any(v)", "select id where any(v = 1)"),
    ("TQL370", "select id where arr in (1, 4)", "select id where any(arr = 1) or any(arr = 4)"),
    ("TQL370", "select id where v not in (1, 4)", "select id where not (any(v = 1) or any(v = 4))"),
    ("TQL370", "select id where e in (1, 4)", "select id where any(e = 1) or any(e = 4)"),
    ("TQL370", "select id where v[0] in (4, 5)", "select id where v[0] = 4 or v[0] = 5"),
    ("TQL314", "select id where v[0] = v[1]", "select id where (v * 1)[0] = (v * 1)[1]"),
    ("TQL314", "select id where v[1] < v[2]", "select id where (v * 1)[1] < (v * 1)[2]"),
    ("TQL314", "select id where e[1] + e[2] = 6", "select id where (e * 1)[1] + (e * 1)[2] = 6"),
    ("TQL314", "select id where mat[0, 1] < mat[1, 1]", "select id where (mat * 1)[0, 1] < (mat * 1)[1, 1]"),
    ("TQL314", "select id where two[0] < two[1]", "select id where (two * 1)[0] < (two * 1)[1]"),
    ("TQL316", "select id where x between 0.5 and 3", "select id where x between 1 and 3"),
    ("TQL316", "select id where x between -2 and -0.5", "select id where x between -2 and -1"),
    ("TQL316", "select id where k >= 2.5", "select id where k >= 3"),
    ("TQL316", "select id where k > -2.5", "select id where k >= -2"),
    ("TQL526", "select amax(i8) - amin(i8) as s group by g", "select amax(i8) * 1 - amin(i8) as s group by g"),
]
# Texts without a finding, each with the values of its first column.
RIGHT: list[tuple[str, list[Any]]] = [
    ("select amax(i8) as s group by g", [100, 100]),
    ("select avg(u8) as s group by g", [200.0, 200.0]),
    ("select sum(x) as s group by g", [8, 6]),
    ("select sum(shape(v)) as s group by g", [4, 3]),
    ("select * from (select amax(i8) as m group by g) order by m desc limit 1", [100]),
    ("select * from (select shape(x)[0] as n group by g) order by n desc limit 1", [4]),
    *(
        (f"select id where {text}", rows)
        for text, rows in (
            ("v[0] = 4", [0, 4]),
            ("v[2] != 3", [0, 2, 4, 6]),
            ("3 < e[1]", [1, 4]),
            ("mat[0, 1] = 4", [1, 4]),
            ("one[0] > 3", [0, 4, 5]),
            ("two[1] = 4", [1, 4]),
            ("not v[0] = 4", [1, 2, 3, 5, 6]),
            ("v[1] * 2 = 8 or v[0] = 5", [1, 4, 5]),
            ("v[0] = x", [6]),
            ("v[0] = (v * 1)[1]", [3, 4]),
            ("arr[0] = 4", [1, 5]),
            ("one in (1, 4)", [0, 1, 4]),
            ("any(arr = 3)", [4]),
            ("any(arr = 3) = 1", [4]),
            ("any(arr)", [0, 1, 2, 4, 5, 6]),
            ("x between 1 and 2.5", [3, 4]),
            ("x between -0.5 and 3", [2, 3, 4, 5]),
            ("k > 2.5", [6]),
            ("k <= 2.5", [0, 1, 2, 3, 4, 5]),
            ("k < -2.5", [0]),
            ("k >= -2.5", [1, 2, 3, 4, 5, 6]),
        )
    ),
    ("select id from (select * where s != '') where s = 'a'", [1, 3, 5]),
    ("select v[0] as a where id > 2", [3, 4, 5, -1]),
    ("select v[0] as a from (select * where id > 2)", [3, 4, 5, -1]),
    ("select prod(v[0:1]) as a", [4, 1, 2, 3, 4, 5, -1]),
    ("select id where prod(mat[0:1, 1:2]) = 4", [1, 4]),
]


@pytest.fixture(scope="module")
def made() -> Any:
    """Return a dataset of these rows."""
    return dataset("types", KINDS, ROWS)


@pytest.fixture(scope="module")
def schema(made: Any) -> Schema:
    """Return its schema."""
    return Schema.from_dataset(made)


@pytest.mark.parametrize(("code", "wrong", "right"), WRONG)
def test_a_query_with_other_rows(code: str, wrong: str, right: str, made: Any, schema: Schema) -> None:
    """It has the one finding, the intended query has none, and their rows differ."""
    assert [found.code for found in check(wrong, schema)] == [code]
    assert check(right, schema) == []
    assert run(made, wrong) != run(made, right)


@pytest.mark.parametrize(("text", "values"), RIGHT)
def test_a_query_that_is_right(text: str, values: list[Any], made: Any, schema: Schema) -> None:
    """It has no finding, and the rows that it says."""
    assert check(text, schema) == []
    assert [next(iter(row.values())) for row in run(made, text)] == values


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("select id from F order by l2_norm(e - ARRAY[1, 0, 0, 0]) limit 3", True),
        ("select * from (select id, l2_norm(e - ARRAY[1, 0, 0, 0]) as d from F) order by d limit 3", True),
        ("select * from (select id, e from F where id > 3) order by l2_norm(e - ARRAY[1, 0, 0, 0]) limit 3", True),
        ("select id from F order by l2_norm(e - ARRAY[1, 0, 0, 0]) + 0 limit 3", False),
        ("select id from F order by l2_norm(ARRAY[1, 0, 0, 0] - e) limit 3", False),
        ("select * from (select id from F order by l2_norm(e - ARRAY[1, 0, 0, 0])) limit 3", False),
    ],
)
def test_an_index_sorts_by_the_cosine(text: str, found: bool, schemas: dict[str, Schema]) -> None:  # noqa: FBT001 - a column of the table
    """Where the engine uses the index, its rows are not the closest, and the severity info says so."""
    child = Runner()
    try:
        rows = child.ask(located(text))["rows"]["id"]
        closest = child.ask(located("select id from F order by l2_norm(e * 1 - ARRAY[1, 0, 0, 0]) limit 3"))["rows"][
            "id"
        ]
    finally:
        child.close()
    assert (rows != closest) is found
    assert [one.code for one in check(located(text), schemas, info=True)] == ["TQL541"] * found


@pytest.mark.parametrize(
    "text",
    [
        "select id from D where arr[0] between 1 and 3",
        "select id from D where emb[0:2] between 0.1 and 0.9",
        "select arr[0] between 1 and 3 as k from D",
        "select sum(id) as s from D where mat[0] between 1 and 3 group by u8",
    ],
)
def test_between_on_an_element_ends_the_engine(text: str, schemas: dict[str, Schema]) -> None:
    """The process ends, and the check says so."""
    child = Runner()
    try:
        assert child.ask(located(text)) == CRASH
    finally:
        child.close()
    assert [found.code for found in check(located(text), schemas) if found.severity == "error"] == ["TQL421"]


@pytest.mark.parametrize(
    "text", ["select id from D where js['k'] between 1 and 3", "select grp[0] between 1 and 3 as k from D group by u8"]
)
def test_between_on_other_subscripts_runs(text: str, schemas: dict[str, Schema]) -> None:
    """Values of JSON and of groups have no finding, and the engine returns rows."""
    child = Runner()
    try:
        assert "rows" in child.ask(located(text))
    finally:
        child.close()
    assert check(located(text), schemas) == []
