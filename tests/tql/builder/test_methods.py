"""Every method of a query and of an expression: its TQL, and its rows compared with plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.engine import TYPES, dataset, run
from tql import Expr, Query, all_of, any_of, asc, col, desc, fn, not_, param, parse, raw, select

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tql.meaning import Row

KINDS: dict[str, Any] = {
    "id": "int64",
    "k": "int64",
    "x": "float64",
    "t": "text",
    "words": TYPES.Text(TYPES.BM25),
    "nul": "nullable",
    "flag": "bool",
    "e": TYPES.Array("float32", shape=[3]),
    "m": TYPES.Array("int64", shape=[2, 3]),
    "r": "array",
    "meta": "json",
    "w": "float64",
}
TEXTS = ["alpha", "", "a%b", "Alpha beta", "beta", "gamma\nalpha", "é"]
ROWS: list[Row] = [
    {
        "id": number,
        "k": number % 3,
        "x": number / 2 - 1,
        "t": TEXTS[number],
        "words": ["cat", "dog cat", "cat cat dog", "bird", "dog", "bird cat", "fish"][number],
        "nul": None if number % 2 else number,
        "flag": number > 3,
        "e": np.array([number, 1, -number], "f4"),
        "m": np.arange(6).reshape(2, 3) * number,
        "r": np.arange(number, dtype="i8"),
        "meta": {"year": 2000 + number, "tag": "xy"[number % 2]},
        "w": 1.0 if number in {2, 5} else 0.0,
    }
    for number in range(7)
]
V = np.array([1.0, 0.5, 0.0], "f4")
ID, X, T = col("id"), col("x"), col("t")


@pytest.fixture(scope="module", name="data")
def _data() -> Any:
    """Return the rows as a dataset."""
    return dataset("methods", KINDS, ROWS)


# --- expressions ------------------------------------------------------------------------------------------------------

CONDITIONS: dict[str, list[tuple[Expr, str, Callable[[Row], Any]]]] = {
    "__eq__": [(X == 0.5, "x + 0 = 0.5", lambda row: row["x"] == 0.5)],
    "__ne__": [(T != "beta", "t != 'beta'", lambda row: row["t"] != "beta")],
    "__lt__": [(T < "b", "t between '' and 'b' and t != 'b'", lambda row: row["t"] < "b")],
    "__le__": [(X <= 1, "x <= 1", lambda row: row["x"] <= 1)],
    "__gt__": [(T > "a%b", "not (t between '' and 'a%b')", lambda row: row["t"] > "a%b")],
    "__ge__": [(X >= 0.5, "x + 0 >= 0.5", lambda row: row["x"] >= 0.5)],
    "between": [(ID.between(2, 4), "id >= 2 and id <= 4", lambda row: 2 <= row["id"] <= 4)],
    "in_": [(ID.in_([1, 5, 99]), "id in (1, 5, 99)", lambda row: row["id"] in {1, 5, 99})],
    "not_in": [(T.not_in(["beta", "é"]), "t not in ('beta', 'é')", lambda row: row["t"] not in {"beta", "é"})],
    "is_null": [(col("nul").is_null(), "nul is null", lambda row: row["nul"] is None)],
    "is_not_null": [(col("nul").is_not_null(), "nul is not null", lambda row: row["nul"] is not None)],
    "like": [(T.like("a%_b"), r"t like 'a[\s\S]{0,}[\s\S]b'", lambda row: row["t"] == "a%b")],
    "ilike": [
        (T.ilike("alpha%"), r"t ilike 'alpha[\x00-\x{10ffff}]{0,}'", lambda row: row["t"].lower().startswith("alpha"))
    ],
    "startswith": [(T.startswith("a%"), r"t like 'a\x25[\s\S]{0,}'", lambda row: row["t"].startswith("a%"))],
    "endswith": [(T.endswith("alpha"), r"t like '[\s\S]{0,}alpha'", lambda row: row["t"].endswith("alpha"))],
    "contains": [
        (T.contains("%"), r"t like '[\s\S]{0,}\x25[\s\S]{0,}'", lambda row: "%" in row["t"]),
        (col("r").contains(4), "contains(r, 4)", lambda row: 4 in row["r"]),
    ],
    "matches": [(T.matches("[ab]\\w+"), r"t like '[ab]\w+'", lambda row: row["t"] in {"alpha", "beta"})],
    "__and__": [((X > 0) & col("flag"), "x > 0 and flag", lambda row: row["x"] > 0 and row["flag"])],
    "__or__": [((X > 1) | (ID == 0), "x > 1 or id = 0", lambda row: row["x"] > 1 or row["id"] == 0)],
    "__invert__": [(~(X > 0), "not x > 0", lambda row: not row["x"] > 0)],
    "all_of": [(all_of([X > 0, None, ID < 5]), "x > 0 and id < 5", lambda row: row["x"] > 0 and row["id"] < 5)],
    "any_of": [(any_of([X < 0, ID == 6]), "x < 0 or id = 6", lambda row: row["x"] < 0 or row["id"] == 6)],
    "not_": [(not_(ID.in_([1, 2])), "not (id in (1, 2))", lambda row: row["id"] not in {1, 2})],
    "raw": [(raw("shape(r)[0] > 3"), "shape(r)[0] > 3", lambda row: len(row["r"]) > 3)],
}
VALUES: dict[str, list[tuple[Expr, str, Callable[[Row], Any]]]] = {
    "__add__": [(ID + 1, "id + 1", lambda row: row["id"] + 1)],
    "__radd__": [(1 + ID, "1 + id", lambda row: row["id"] + 1)],
    "__sub__": [(col("e") - V, "e - ARRAY[1.0,0.5,0.0]", lambda row: row["e"] - V)],
    "__rsub__": [(7 - ID, "7 - id", lambda row: 7 - row["id"])],
    "__mul__": [(ID * col("k"), "id * 1 * k", lambda row: row["id"] * row["k"])],
    "__rmul__": [(2 * X, "2 * x", lambda row: row["x"] * 2)],
    "__truediv__": [(ID / 4, "id / 4", lambda row: row["id"] / 4)],
    "__rtruediv__": [(3 / (ID + 1), "3 / (id + 1)", lambda row: 3 / (row["id"] + 1))],
    "__mod__": [((ID - 3) % 2, "(id - 3) % 2", lambda row: np.fmod(row["id"] - 3, 2))],
    "__rmod__": [(7 % (ID + 1), "7 % (id + 1)", lambda row: 7 % (row["id"] + 1))],
    "__neg__": [(-X, "x * -1", lambda row: -row["x"])],
    "__getitem__": [
        (col("e")[0], "(e - (e - e))[0]", lambda row: row["e"][0]),
        (col("e")[0:2], "e[0:2]", lambda row: row["e"][0:2]),
        (col("m")[1, 2], "(m - (m - m))[1, 2]", lambda row: row["m"][1, 2]),
        (col("meta")["year"], "meta['year']", lambda row: row["meta"]["year"]),
    ],
    "shape": [(col("m").shape, "shape(m)", lambda _row: [2, 3])],
    "as_": [((ID + 1).as_("x"), "id + 1 as x", lambda row: row["id"] + 1)],
}
# Methods that refuse, or are no part of a text: their tests stand elsewhere.
NO_TEXT = {"same", "node", "__rand__", "__ror__", "__bool__", "__contains__", "__iter__"}
PYTHON = {
    "__init__",
    "__setattr__",
    "__reduce__",
    "__repr__",
    "__str__",
    "__hash__",
    "__annotations__",
    "__slots__",
    "__module__",
    "__doc__",
}
ALIKE = {"all_of", "any_of", "not_", "raw"}


def test_every_method_of_an_expression_has_a_case() -> None:
    """A new method needs its TQL and its rows here."""
    methods = {
        name
        for name, found in vars(Expr).items()
        if (callable(found) or isinstance(found, property)) and name not in PYTHON | NO_TEXT
    }

    assert methods == {*CONDITIONS, *VALUES} - ALIKE


@pytest.mark.parametrize(
    ("condition", "text", "holds"),
    [pytest.param(*case, id=f"{name} {case[1]}") for name, cases in CONDITIONS.items() for case in cases],
)
def test_a_condition(
    data: Any,
    condition: Expr,
    text: str,
    holds: Callable[[Row], Any],
) -> None:
    """The documented text, and the rows for which it holds in Python."""
    query = select("id").where(condition)

    assert str(query) == f"select id where {text}"
    assert [row["id"] for row in run(data, str(query))] == [row["id"] for row in ROWS if holds(row)]


@pytest.mark.parametrize(
    ("value", "text", "meaning"),
    [pytest.param(*case, id=f"{name} {case[1]}") for name, cases in VALUES.items() for case in cases],
)
def test_a_value(data: Any, value: Expr, text: str, meaning: Callable[[Row], Any]) -> None:
    """The documented text, and each row's value as in Python."""
    query = select(x=value)

    assert str(query) == f"select {text if ' as x' in text else text + ' as x'}"
    for row, found in zip(ROWS, run(data, str(query)), strict=True):
        np.testing.assert_allclose(found["x"], meaning(row), rtol=1e-6)


# --- queries ----------------------------------------------------------------------------------------------------------


def ids(*numbers: int) -> list[Row]:
    """Return rows of ids."""
    return [{"id": number} for number in numbers]


COSINE = "cosine_similarity(e, ARRAY[1.0,0.5,0.0])"
# What a float32 does not hold of the float64 score of a hybrid search, and what a float32 does not hold of that.
SECOND = "score - l1_norm(score)"
THIRD = f"{SECOND} - l1_norm({SECOND}) * (1.0 - ({SECOND} < 0) * 2.0)"
scores = [float(row["e"] @ V / np.linalg.norm(row["e"]) / np.linalg.norm(V)) for row in ROWS]
best = sorted(range(7), key=lambda number: -scores[number])
QUERIES: dict[str, list[tuple[Query, str, list[Row]]]] = {
    "select": [
        (
            select("id", y=col("meta")["year"]).limit(2),
            "select id, meta['year'] as y limit 2",
            [{"id": 0, "y": 2000}, {"id": 1, "y": 2001}],
        )
    ],
    "from_": [
        (
            select("id").from_(select("id").where(X > 1), "s").where(col("id", of="s") > 5),
            "select id from (select id where x > 1) as s where id + 0 > 5",
            ids(6),
        )
    ],
    "where": [(select("id").where(X > 0).where(ID < 5), "select id where x > 0 and id < 5", ids(3, 4))],
    "order_by": [
        (
            select("id").order_by(desc("k"), asc("x")),
            "select id from (select * order by x desc) order by k desc",
            ids(2, 5, 1, 4, 0, 3, 6),
        )
    ],
    "limit": [(select("id").limit(2), "select id limit 2", ids(0, 1))],
    "offset": [(select("id").offset(5), "select id offset 5", ids(5, 6))],
    "similarity": [
        (
            select("id").similarity("e", V).order_by("score").limit(3),
            f"select * from (select id, {COSINE} as score) order by score desc limit 3",
            [{"id": number, "score": pytest.approx(scores[number], abs=1e-6)} for number in best[:3]],
        ),
        (
            select("id").similarity("e", V, exact=True).order_by("score").limit(3),
            f"select * from (select * from (select id, {COSINE} as score) order by score desc) limit 3",
            [{"id": number, "score": pytest.approx(scores[number], abs=1e-6)} for number in best[:3]],
        ),
        (
            select("id").similarity("e", V, as_=None, exact=True).limit(3),
            f"select id order by {COSINE} + 0 desc limit 3",
            ids(*best[:3]),
        ),
    ],
    "bm25": [
        (
            select("id").bm25("words", "fish", as_=None).limit(3),
            "select id order by bm25_similarity(words, 'fish') desc limit 3",
            ids(6),
        )
    ],
    "hybrid": [
        (
            select("id").hybrid(vector=("e", V), text=("words", "fish"), candidates=1).order_by("score").limit(2),
            (
                "select id, score from (select * from (select * from (select * from (select id[0] as id, sum(zw * 1) as score from ("
                f"(select id, 1.0 / (61 + row_number()) as zw from (select id order by {COSINE} desc limit 1)) union all "
                "(select id, 1.0 / (61 + row_number()) as zw from (select id order by bm25_similarity(words, 'fish') desc limit 1))"
                ") group by id) order by id desc) "
                f"order by {THIRD} asc) order by {SECOND} asc) order by score desc limit 2"
            ),
            [{"id": number, "score": pytest.approx(1 / 61)} for number in sorted({best[0], 6})],
        ),
        (
            select("id").hybrid(vector=("e", V), text=("words", "fish"), candidates=1, exact=True),
            (
                "select id, score from (select id[0] as id, sum(zw * 1) as score from ("
                f"(select id, 1.0 / (61 + row_number()) as zw from (select id order by {COSINE} + 0 desc limit 1)) union all "
                "(select id, 1.0 / (61 + row_number()) as zw from (select id order by bm25_similarity(words, 'fish') desc limit 1))"
                ") group by id)"
            ),
            [{"id": number, "score": pytest.approx(1 / 61)} for number in dict.fromkeys((best[0], 6))],
        ),
    ],
    "group_by": [
        (
            select("k", n=fn.count()).group_by("k"),
            "select k[0] as k, sum(zn) as n from (select k, 1 as zn) group by k",
            [{"k": 0, "n": 3}, {"k": 1, "n": 2}, {"k": 2, "n": 2}],
        )
    ],
    "ungroup_by": [
        (
            select("k", "id").from_(select("k", "id").group_by("k")).ungroup_by(),
            "select k, id from (select k[0] as k, id from (select k, id) group by k) ungroup by split",
            [{"k": row["k"], "id": row["id"]} for row in sorted(ROWS, key=lambda row: row["k"])],
        )
    ],
    "sample_by": [
        (
            select("id").sample_by("w", replace=False, limit=2).order_by("id"),
            "select id from (select * where w > 0 sample by w replace false limit 2) order by id",
            ids(2, 5),
        )
    ],
    "distinct": [
        (
            select("k").distinct().order_by("k"),
            "select * from (select k[0] as k from (select k) group by k) order by k",
            [{"k": 0}, {"k": 1}, {"k": 2}],
        )
    ],
    "join": [
        (
            select(one=col("id", of="a"), two=col("id", of="b"))
            .from_(select("id", "k"), "a")
            .join(select("id").where(X > 1), col("id", of="a") == col("id", of="b"), alias="b"),
            (
                "select zj1 as one, zj2 as two from (select zj1, zj2 from ("
                "select a.zj1 as zj1, b.zj2 as zj2, a.zkey as zkey1, b.zkey as zkey2 from "
                "(select * from (select id as zj1, id as zkey from (select id, k)) where zkey = zkey) as a join "
                "(select * from (select id as zj2, id as zkey from (select id where x > 1)) where zkey = zkey) as b "
                "on a.zkey = b.zkey) where zkey1 = zkey2)"
            ),
            [{"one": 5, "two": 5}, {"one": 6, "two": 6}],
        )
    ],
    "union": [
        (
            select("k").where(ID < 2).union(select("k").where(ID < 3)).order_by("k"),
            (
                "select * from (select k[0] as k from ((select k, 1 as zleg from (select k where id < 2)) union all "
                "(select k, 2 as zleg from (select k where id < 3))) group by k) order by k"
            ),
            [{"k": 0}, {"k": 1}, {"k": 2}],
        )
    ],
    "union_all": [
        (
            select("id").where(ID < 1).union_all(select("id").where(ID > 5)),
            (
                "select id from ((select id, 1 as zleg from (select id where id < 1)) union all "
                "(select id, 2 as zleg from (select id where id > 5)))"
            ),
            ids(0, 6),
        )
    ],
    "intersect": [
        (
            select("id").where(ID > 2).intersect(select("id").where(ID < 5)),
            (
                "select id from (select id[0] as id, amin(zleg) as zlow, amax(zleg) as zhigh from ((select id, 1 as zleg from "
                "(select id where id > 2)) union all (select id, 2 as zleg from (select id where id < 5))) group by id) where zlow != zhigh"
            ),
            ids(3, 4),
        )
    ],
    "except_": [
        (
            select("id").where(ID > 2).except_(select("id").where(ID < 5)),
            (
                "select id from (select id[0] as id, amin(zleg) as zlow, amax(zleg) as zhigh from ((select id, 1 as zleg from "
                "(select id where id > 2)) union all (select id, 2 as zleg from (select id where id < 5))) group by id) where zhigh = 1"
            ),
            ids(5, 6),
        )
    ],
    "bind": [(select("id").where(col("id") > param("low")).bind(low=4), "select id where id > 4", ids(5, 6))],
    "when": [
        (
            select("id").when(0, lambda query: query.limit(1)).when("yes", lambda query: query.offset(5)),
            "select id offset 5",
            ids(5, 6),
        )
    ],
    "pipe": [(select("id").pipe(lambda query: query.limit(1)), "select id limit 1", ids(0))],
    "replace": [(select("id").limit(3).replace(row_limit=1), "select id limit 1", ids(0))],
    "parse": [(parse("select id where id > 3").limit(2), "select id where id > 3 limit 2", ids(4, 5))],
}
# What gives no rows.
TOLD = {"check", "diff", "explain", "to_tql", "to_prepared"}


def test_every_method_of_a_query_has_a_case() -> None:
    """A new method needs its TQL and its rows here."""
    assert set(dir(select())) - TOLD == set(QUERIES) - {"parse"}


@pytest.mark.parametrize(
    ("query", "text", "rows"),
    [
        pytest.param(*case, id=f"{name} {number}")
        for name, cases in QUERIES.items()
        for number, case in enumerate(cases)
    ],
)
def test_a_query(data: Any, query: Query, text: str, rows: list[Row]) -> None:
    """The documented TQL, and the expected rows."""
    assert str(query) == text
    assert run(data, str(query)) == rows
