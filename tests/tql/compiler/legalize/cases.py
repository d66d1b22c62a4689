"""
The case of every fact of the engine: a text as people write it, what the engine does with it, and the rows that the builder's query means.

They need no pytest, so that other engines are measured with them.
"""

from __future__ import annotations

import functools
import math
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import deeplake
import numpy as np

import tql
from tests.engine import ENGINE_TYPES, TYPES
from tql.compiler.compile import compile_query
from tql.compiler.legalize.facts import FACTS
from tql_grammar.engines import NEWEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tql.compiler.legalize.facts.fact import Fact
    from tql_grammar.engines import Engine as Version
    from tql_grammar.schema import Column

Row = dict[str, Any]
NAN = math.nan
INDEXES = {"inverted": TYPES.Inverted, "bm25": TYPES.BM25, "exact": TYPES.Exact}
SIMPLE = {**ENGINE_TYPES, "bool": TYPES.Bool(), "text": TYPES.Text(), "json": TYPES.Dict()}
INDEXED: dict[str, Any] = {"text": TYPES.Text, "int8": TYPES.Int8, "int64": TYPES.Int64, "float64": TYPES.Float64}
KINDS: dict[str, Callable[[Column], Any]] = {
    "embedding": lambda column: TYPES.Embedding(column.shape[0]),
    "class label": lambda column: TYPES.ClassLabel(column.dtype),
    "sequence": lambda column: TYPES.Sequence(SIMPLE[column.dtype]),
}


class Engine(Enum):
    """What the engine does with a naive text, where that is no list of rows and no error."""

    CRASHES = "its process ends"
    NEVER_ENDS = "it does not end"
    VARIES = "it returns other rows from run to run, fails or ends its process"


class Error(NamedTuple):
    """The engine's error for a naive text."""

    message: str


class Near(float):
    """A number that equals others within a tolerance."""

    def __new__(cls, value: float, tolerance: float = 1e-6) -> Self:
        """Return a number with a tolerance."""
        made = super().__new__(cls, value)
        made.tolerance = tolerance
        return made

    tolerance: float

    def __eq__(self, other: object) -> bool:
        """Return whether another number is near."""
        return isinstance(other, (int, float)) and math.isclose(self, other, rel_tol=0, abs_tol=self.tolerance)

    __hash__ = float.__hash__


class Case(NamedTuple):
    """
    The case of a fact.

    Attributes:
        columns: the values of each column; the ids are the numbers of the rows.
        naive: the text that a person would write.
        engine: what the engine does with it.
        meaning: the rows by what the query means; a row with one column is its value.
        hint: what the builder says to do instead, where it refuses the query.
        is_built: whether indexes are built.
    """

    columns: dict[str, list[Any]]
    naive: str
    engine: list[Any] | Error | Engine
    meaning: Callable[[list[Row]], Any] | None
    hint: str = ""
    is_built: bool = True

    @property
    def rows(self) -> list[Row]:
        """The rows of the dataset."""
        values = {"id": range(len(next(iter(self.columns.values())))), **self.columns}
        return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def where(test: Callable[[Row], bool]) -> Callable[[list[Row]], list[Any]]:
    """Return the ids of the rows that meet a condition."""
    return lambda rows: [row["id"] for row in rows if test(row)]


def each(value: Callable[[Row], Any]) -> Callable[[list[Row]], list[Any]]:
    """Return a value of each row."""
    return lambda rows: [value(row) for row in rows]


def by(key: Callable[[Row], Any]) -> Callable[[list[Row]], list[Any]]:
    """Return the ids of the rows in an order."""
    return lambda rows: [row["id"] for row in sorted(rows, key=key)]


def per(key: str, value: Callable[[list[Row]], Any]) -> Callable[[list[Row]], list[Any]]:
    """Return each key with a value of its group, in the order of the first rows."""

    def groups(rows: list[Row]) -> list[Any]:
        found: dict[Any, list[Row]] = {}
        for row in rows:
            found.setdefault("NaN" if row[key] != row[key] else row[key], []).append(row)
        return [(members[0][key], value(members)) for members in found.values()]

    return groups


def ids(members: list[Row]) -> int:
    """Return the sum of ids."""
    return sum(row["id"] for row in members)


def pairs(key: str) -> Callable[[list[Row]], set[Any]]:
    """Return the pairs of ids whose keys are equal, in no order; null and NaN equal nothing."""
    return lambda rows: {
        (one["id"], two["id"]) for one in rows for two in rows if one[key] is not None and one[key] == two[key]
    }


def cosine(one: list[float], two: list[float]) -> float:
    """Return the cosine of two vectors."""
    return float(np.dot(one, two) / np.linalg.norm(one) / np.linalg.norm(two))


SECONDS = [1_700_000_001, 1_700_000_000, 1_700_000_003, 1_700_000_002]
VECTORS = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
RANDOM = np.random.default_rng(3).normal(size=(3000, 16)).astype("f4").tolist()
EMBEDDINGS = [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]
MATRICES = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
NOTES = [{"k": 1, "s": "x", "n": 1, "l": [1, 2]}, {"s": "y", "n": 2, "l": [0]}]
TWICE = 'from "mem://a" as a join "mem://a" as b on '
NOT_NULL = "is_not_null()"
ON_KEYS = "Can't convert array to scalar in ORDER/SAMPLE/GROUP"

CASES: dict[str, Case] = {
    # --- order, limit and sample
    "several keys": Case(
        {"a": [1, 0, 1, 0], "b": [1, 2, 3, 4]},
        "select id order by a, b desc",
        [1, 3, 0, 2],
        by(lambda row: (row["a"], -row["b"])),
    ),
    "ties": Case(
        {"a": [1, 0, 1, 0], "b": [1, 1, 1, 1]},
        "select id from (select * order by b) order by a desc",
        [2, 0, 3, 1],
        by(lambda row: (-row["a"], row["b"])),
    ),
    "integer keys": Case({"t": SECONDS}, "select id order by t", [0, 1, 2, 3], by(lambda row: row["t"])),
    "large integer keys": Case(
        {"t": [2**60 + 5, 2**60, 2**60 + 9]}, "select id order by t", [0, 1, 2], by(lambda row: row["t"])
    ),
    "large unsigned keys": Case(
        {"u": [2**63 + 10240, 2**63 + 2048, 2**63 + 4096]}, "select id order by u", [0, 1, 2], by(lambda row: row["u"])
    ),
    "computed keys": Case(
        {"a": [1, 1, 1, 1], "b": SECONDS}, "select id order by a * b", [0, 1, 2, 3], by(lambda row: row["a"] * row["b"])
    ),
    "decimal keys": Case(
        {"x": [1234567.89, 1234567.85]}, "select id order by x", [0, 1], by(lambda row: row["x"])
    ),
    "NaN in a key": Case(
        {"x": [2.0, NAN, 1.0, 3.0, NAN, 0.0]},
        "select id order by x",
        [2, 0, 1, 4, 5, 3],
        by(lambda row: (math.isnan(row["x"]), 0 if math.isnan(row["x"]) else row["x"])),
    ),
    "NaN in a computed key": Case(
        {"a": [2.0, 0.0, 1.0, 0.0, 3.0, 0.0], "b": [1.0, 0.0, 1.0, 0.0, 1.0, 1.0]},
        "select id order by a / b",
        [2, 0, 1, 3, 5, 4],
        by(lambda row: (row["b"] == 0, 0 if row["b"] == 0 else row["a"] / row["b"])),
    ),
    "null in a key": Case(
        {"n": [3, None, 1, None, 2]},
        "select id order by n",
        Error(ON_KEYS),
        by(lambda row: (row["n"] is None, row["n"] or 0)),
    ),
    "condition on null as a key": Case(
        {"n": [1, None, 0]},
        "select id order by n > 0",
        Error(ON_KEYS),
        by(lambda row: row["n"] is not None and row["n"] > 0),
    ),
    "array as a key": Case(
        {"e": [[1, 2, 3], [0, 5, 6]]}, "select id order by e", Error(ON_KEYS), None, "reduce it, as with col(..)[0]"
    ),
    "alias as a key": Case(
        {"id": [5, 1, 4, 2]},
        "select id, id > 3 as late order by late",
        Error('Tensor "late" does not exist'),
        lambda rows: sorted(((row["id"], row["id"] > 3) for row in rows), key=lambda row: row[1]),
    ),
    "alias of a column's name": Case(
        {"a": [2, 0, 1]},
        "select id, 0 - a as a order by a",
        [(1, 0), (2, -1), (0, -2)],
        lambda rows: sorted(((row["id"], -row["a"]) for row in rows), key=lambda row: row[1]),
        'col("a", of="source") or col("a", of="output")',
    ),
    "an alias and `*`": Case(
        {"a": [2, 0, 1]},
        "select *, id + 1 as a",
        [(0, 1), (1, 2), (2, 3)],
        each(lambda row: (row["id"], row["a"], row["id"] + 1)),
        "give it another name",
    ),
    "row_number()": Case(
        {"id": [0, 1, 2, 3, 4]},
        "select id, row_number() as n where id > 2",
        [(3, 0), (4, 1)],
        lambda rows: [(row["id"], number) for number, row in enumerate(rows) if row["id"] > 2],
    ),
    "row_number() as a key": Case(
        {"id": [5, 1, 4, 2]},
        "select id, row_number() as n where id > 2 order by row_number() desc",
        [(4, 0), (5, 1)],
        lambda rows: [(row["id"], number) for number, row in reversed([*enumerate(rows)]) if row["id"] > 2],
        "compute it in an inner query",
    ),
    "weight 0": Case(
        {"w": [0, 1, 3, 0]},
        "select id sample by w replace false",
        Engine.VARIES,
        lambda rows: {row["id"] for row in rows if row["w"]},
    ),
    "order of a sample": Case(
        {"a": list(range(20))},
        "select id order by a sample by a + 1 replace false",
        Engine.VARIES,
        by(lambda row: row["a"]),
    ),
    "weights of zero": Case(
        {"w": [0.0, 1.0, 0.0]}, "select id sample by w replace false", Engine.VARIES, where(lambda row: row["w"] > 0)
    ),
    "no weight above zero": Case(
        {"id": [0, 1]}, "select id sample by 0.0 replace true", Engine.NEVER_ENDS, lambda _: [], "a column's name or an expression"
    ),
    # --- conditions
    "fractions in IN": Case(
        {"id": [1, 2, 3]}, "select id where id in (2.9, 3)", [2, 3], where(lambda row: row["id"] in {2.9, 3})
    ),
    "large members of IN": Case(
        {"u": [0, 1, 2]}, "select id where u in (256, 2)", [0, 2], where(lambda row: row["u"] in {256, 2})
    ),
    "negative members of IN": Case(
        {"u": [0, 1, 2]},
        "select id where u in (-1, 1)",
        Error("Can't apply unary minus on unsigned number"),
        where(lambda row: row["u"] in {-1, 1}),
    ),
    "large members of NOT IN": Case(
        {"u": [0, 1, 2]}, "select id where u not in (256)", [1, 2], where(lambda row: row["u"] != 256)
    ),
    "NOT before IN": Case(
        {"id": [0, 1, 2]},
        "select id where not id in (1)",
        Error("Expected tensor name, but got"),
        where(lambda row: row["id"] != 1),
    ),
    "query in IN": Case(
        {"id": [0, 1, 2]},
        "select id where id in (select id where id < 2)",
        [],
        where(lambda row: row["id"] < 2),
        "run it first",
    ),
    "bounds of BETWEEN": Case(
        {"u": [0, 1, 200]},
        "select id where u between 1 and 300",
        [1],
        where(lambda row: 1 <= row["u"] <= 300),
    ),
    "fractions and an index": Case(
        {"v": [0, 1, 2]}, "select id where v < 1.5", [0], where(lambda row: row["v"] < 1.5)
    ),
    "float32 and a literal": Case(
        {"x": [0.1, 0.5]}, "select id where x = 0.1", [], where(lambda row: row["x"] == 0.1)
    ),
    "large uint64": Case(
        {"u": [2**53, 2**53 + 1]},
        f"select id where u = {2**53 + 1}",
        [0, 1],
        where(lambda row: row["u"] == 2**53 + 1),
    ),
    "array in a comparison": Case(
        {"e": [[0.0, 1.0], [1.0, 0.0]]},
        "select id where e > 0.5",
        [1],
        where(lambda row: any(element > 0.5 for element in row["e"])),
        "use fn.any(..) or fn.all(..)",
    ),
    "text as a condition": Case(
        {"t": ["a", ""]}, "select id where t", [], where(lambda row: bool(row["t"])), "compare it"
    ),
    "long chains": Case(
        {"id": [0, 4999, 5000, 7000]},
        "select id where " + " and ".join(f"id != {number}" for number in range(5000)),
        Engine.CRASHES,
        where(lambda row: row["id"] not in range(5000)),
    ),
    # --- texts
    "order of texts": Case(
        {"t": ["a", "b", "c", ""]}, "select id where t < 'b'", [], where(lambda row: row["t"] < "b")
    ),
    "order of two columns of texts": Case(
        {"t": ["a", "b"], "s": ["b", "a"]},
        "select id where t < s",
        [],
        where(lambda row: row["t"] < row["s"]),
        "compare the rows in Python",
    ),
    "characters of a pattern": Case(
        {"t": ["a.b", "aXb", "aX_", "a._"]},
        "select id where t like 'a._'",
        [2, 3],
        where(lambda row: row["t"].startswith("a.") and len(row["t"]) == 3),
    ),
    "lines": Case(
        {"t": ["a\nb", "ab"]}, "select id where t like 'a%'", [1], where(lambda row: row["t"].startswith("a"))
    ),
    "empty text and LIKE": Case({"t": ["", "ab"]}, "select id where t like '%'", [1], where(lambda _: True)),
    "empty text and NOT LIKE": Case(
        {"t": ["", "ab", "x"]},
        "select id where t not like 'a%'",
        [2],
        where(lambda row: not row["t"].startswith("a")),
    ),
    "case of letters outside ASCII": Case(
        {"t": ["École", "école", "x"]},
        "select id where t ilike 'É%'",
        [0],
        where(lambda row: row["t"].lower().startswith("é")),
    ),
    # --- missing values
    "comparison with null": Case(
        {"n": [1, None]},
        "select id where n = null",
        Error("NULL is not supported"),
        where(lambda row: row["n"] is None),
    ),
    "empty text and null": Case(
        {"t": ["", None, "a"]}, "select id where t = ''", [0, 1], where(lambda row: row["t"] == "")
    ),
    "null and !=": Case(
        {"t": ["", None, "a"]},
        "select id where t != 'a'",
        [0, 1],
        where(lambda row: row["t"] is not None and row["t"] != "a"),
    ),
    "null text and a column": Case(
        {"t": ["a", None, "b"], "s": ["a", "", "c"]},
        "select id where t = s",
        [0, 1],
        where(lambda row: row["t"] == row["s"]),
    ),
    "null text that differs from a column": Case(
        {"t": ["a", None, "b"], "s": ["a", "b", "b"]},
        "select id where t != s",
        [1],
        where(lambda row: row["t"] is not None and row["t"] != row["s"]),
    ),
    "IS NULL of texts": Case(
        {"t": ["", "a"]}, "select id where t is null", [0], where(lambda row: row["t"] is None)
    ),
    "null on the right": Case(
        {"id": [3, 0, 5, 1], "n": [3, None, 2, None]},
        "select id where id = n",
        Engine.VARIES,
        where(lambda row: row["id"] == row["n"]),
    ),
    "null and OR": Case(
        {"n": [3, None, 1]},
        "select n = 1 or n = 3 as x",
        Engine.CRASHES,
        each(lambda row: row["n"] in {1, 3}),
    ),
    "null and OR in a key": Case(
        {"n": [3, None, 1]},
        "select id order by n = 1 or n = 3",
        Engine.CRASHES,
        by(lambda row: row["n"] in {1, 3}),
    ),
    "null and OR in an aggregate": Case(
        {"k": [0, 0, 0], "n": [3, None, 1]},
        "select sum((n = 1 or n = 3) * 1) as s group by k",
        Engine.CRASHES,
        lambda rows: [sum(row["n"] in {1, 3} for row in rows)],
    ),
    "null and BETWEEN": Case(
        {"n": [3, None, 1]},
        "select id where n between 1 and 5",
        Engine.CRASHES,
        where(lambda row: row["n"] is not None and 1 <= row["n"] <= 5),
    ),
    "null in arithmetic": Case(
        {"n": [1, None, 3]},
        "select id + n as x",
        Engine.VARIES,
        each(lambda row: None if row["n"] is None else row["id"] + row["n"]),
    ),
    "negative of null": Case(
        {"n": [1, None, 3]}, "select -n as x", Engine.VARIES, each(lambda row: None if row["n"] is None else -row["n"])
    ),
    "condition on the negative of null": Case(
        {"n": [5, None, 7]},
        "select id where -n < 0",
        Engine.CRASHES,
        where(lambda row: row["n"] is not None and -row["n"] < 0),
    ),
    "function of null": Case(
        {"n": [1, None, 3]},
        "select abs(n) as x",
        Engine.VARIES,
        each(lambda row: None if row["n"] is None else abs(row["n"])),
    ),
    "division by null": Case(
        {"n": [1, None, 3]},
        "select 6 / n as x",
        Engine.VARIES,
        each(lambda row: None if row["n"] is None else 6 / row["n"]),
    ),
    "two nulls": Case(
        {"n": [1, None, 3, 5], "m": [2, 4, 6, None]},
        "select n + m as x",
        [3, None, 9, 5],
        each(lambda row: None if None in row.values() else row["n"] + row["m"]),
    ),
    "nulls of two types": Case(
        {"n": [1, None, 3, 5], "m": [2, 4, 6, None]},
        "select x from ((select n as x, 1 as z) union all (select m as x, 2 as z))",
        Engine.VARIES,
        each(lambda row: None if None in row.values() else row["n"] + row["m"]),
        NOT_NULL,
    ),
    "computed nulls in a set operation": Case(
        {"n": [None, 1, 2]},
        "select x from ((select n + 1 as x where n > 0) union all (select n + 1 as x))",
        Engine.VARIES,
        each(lambda row: None if row["n"] is None else row["n"] + 1),
        NOT_NULL,
    ),
    "null as a weight": Case(
        {"n": [1, None, 3]},
        "select id sample by max_weight(n > 2: 1) replace false limit 1",
        Engine.CRASHES,
        where(lambda row: row["n"] is not None and row["n"] > 2),
    ),
    # --- indexes and searches
    "index and !=": Case({"v": [0, 1, 2]}, "select id where v != 0", [], where(lambda row: row["v"] != 0)),
    "index and another column": Case(
        {"v": [0, 1, 5]}, "select id where v != id", [], where(lambda row: row["v"] != row["id"])
    ),
    "index and a fraction": Case(
        {"v": [2, 1, 5]}, "select id where v = 2.5", [0], where(lambda row: row["v"] == 2.5)
    ),
    "index and NaN": Case(
        {"x": [0.5, 1.0, NAN]}, "select id where x = 0.5", [0, 2], where(lambda row: row["x"] == 0.5)
    ),
    "index, NaN and a range": Case(
        {"x": [NAN, 1.0, 0.5, 0.0, 0.5]},
        "select id where x > 0.2",
        [],
        where(lambda row: row["x"] > 0.2),
        is_built=False,
    ),
    "index, NaN and IN": Case(
        {"x": [0.5, 1.0, NAN]}, "select id where x in (0.5, 2.0)", [0, 2], where(lambda row: row["x"] in {0.5, 2.0})
    ),
    "index and IN": Case(
        {"v": [0, 60, 260]},
        "select id where v in (60, 0, 260)",
        [1, 2],
        where(lambda row: row["v"] in {60, 0, 260}),
        is_built=False,
    ),
    "index of other rows": Case(
        {"v": [number % 5 for number in range(50)]},
        "select id from (select * where id > 20) where v = 3",
        Engine.VARIES,
        where(lambda row: row["id"] > 20 and row["v"] == 3),
    ),
    "index and the empty text": Case(
        {"t": ["", "a"]}, "select id where t = ''", [], where(lambda row: row["t"] == "")
    ),
    "contains and an index": Case(
        {"t": ["some words", "awesome"]}, "select id where contains(t, 'some')", [0], where(lambda row: "some" in row["t"])
    ),
    "CONTAINS of a number": Case(
        {"u": [3, 1]}, "select id where not contains(u, 3)", [0, 1], where(lambda row: row["u"] != 3), "compare numbers with =="
    ),
    "CONTAINS of a number in texts": Case(
        {"t": ["3", "1"]},
        "select id where not contains(t, 3)",
        [0, 1],
        where(lambda row: "3" not in row["t"]),
        "write texts as",
    ),
    "ANY of texts": Case(
        {"t": ["3", ""]}, "select id where not any(t)", [0, 1], where(lambda row: not row["t"]), "use a column of numbers"
    ),
    "array that a join lacks": Case(
        {"e": EMBEDDINGS, "r": [0, 9]},
        'select x, l2_norm(e) as n from (select a.id as x, b.e as e from "mem://a" as a left join "mem://a" as b on a.r = b.id) order by x',
        [(0, Near(30**0.5)), (1, 0.0)],
        None,
        "leave those rows out",
    ),
    "fn.contains and an index": Case(
        {"t": ["some words", "awesome"]},
        "select id where contains(t, '')",
        Engine.CRASHES,
        where(lambda row: "" in row["t"]),
        "use col(..).contains(..)",
    ),
    "indexed key with a limit": Case(
        {"a": [3, 1, 2]}, "select id order by a limit 2", Error("Can't eval null array"), lambda rows: by(lambda row: row["a"])(rows)[:2]
    ),
    "indexed text with a limit": Case(
        {"t": ["c", "a", "b"]},
        "select id order by t limit 2",
        Error("Can't eval null array"),
        lambda rows: by(lambda row: row["t"])(rows)[:2],
    ),
    "renamed indexed key with a limit": Case(
        {"a": [3, 1, 2]},
        "select w from (select a as w) order by w limit 2",
        Error("Can't eval null array"),
        lambda rows: sorted(row["a"] for row in rows)[:2],
    ),
    "direction of a search": Case(
        {"e": VECTORS},
        "select id, cosine_similarity(e, ARRAY[0, 1]) as score order by cosine_similarity(e, ARRAY[0, 1]) limit 1",
        [(1, 0.0)],
        lambda rows: [max(((row["id"], cosine(row["e"], [0, 1])) for row in rows), key=lambda row: row[1])],
    ),
    "offset of a search": Case(
        {"e": VECTORS},
        "select id order by cosine_similarity(e, ARRAY[0, 1]) desc limit 2 offset 1",
        [2],
        lambda rows: by(lambda row: -cosine(row["e"], [0, 1]))(rows)[1:3],
    ),
    "ranking by an index": Case(
        {"e": RANDOM},
        f"select id order by cosine_similarity(e, ARRAY{[1] * 16}) desc limit 9",
        Engine.VARIES,
        lambda rows: by(lambda row: -cosine(row["e"], [1] * 16))(rows)[:9],
    ),
    "l1 and linf with a limit": Case(
        {"e": VECTORS},
        "select id order by l1_norm(e - ARRAY[1, 1]) limit 2",
        Error("Function 'L1_NORM' requires 2 arguments"),
        lambda rows: by(lambda row: sum(abs(element - 1) for element in row["e"]))(rows)[:2],
    ),
    "hamming distance": Case(
        {"e": VECTORS},
        "select id, hamming_distance(e, ARRAY[1, 1]) as score",
        [(0, [1]), (1, [1]), (2, [0])],
        each(lambda row: (row["id"], sum(element != 1 for element in row["e"]))),
    ),
    "name of a score of words": Case(
        {"t": ["apple pie", "pie", "apple apple"]},
        "select id, bm25_similarity(t, 'apple') as words order by bm25_similarity(t, 'apple') desc limit 2",
        Error('Tensor "score" does not exist'),
        lambda _: [(2, Near(0.63, 0.01)), (0, Near(0.43, 0.01))],
    ),
    "offset of words": Case(
        {"t": ["apple pie", "pie", "apple apple"]},
        "select id order by bm25_similarity(t, 'apple') desc limit 1 offset 1",
        [],
        lambda rows: by(lambda row: -row["t"].count("apple"))(rows)[1:2],
    ),
    "words without a limit": Case(
        {"t": ["apple pie", "pie", "apple apple"]},
        "select id order by bm25_similarity(t, 'apple') desc",
        Error("BM25_SIMILARITY cannot be used without index"),
        None,
        ".limit(10)",
    ),
    # --- arithmetic
    "narrow integers": Case({"u": [200], "w": [100]}, "select u + w as x", [44], each(lambda row: row["u"] + row["w"])),
    "narrow quotients": Case(
        {"u": [200], "w": [3]}, "select u / w as x", [66.6875], each(lambda row: row["u"] / row["w"])
    ),
    "negative of unsigned integers": Case(
        {"u": [200], "w": [0]}, "select -u as x", [56], each(lambda row: -row["u"])
    ),
    "difference of unsigned integers": Case(
        {"u": [1], "w": [2]}, "select u - w as x", [2**64 - 1], each(lambda row: row["u"] - row["w"])
    ),
    "sum of a row": Case({"a": [[200, 100]]}, "select sum(a) as x", [44], each(lambda row: sum(row["a"]))),
    "root of integers": Case(
        {"id": [4, 9]}, "select sqrt(id) as x", Engine.VARIES, each(lambda row: math.sqrt(row["id"]))
    ),
    "dot product of two columns": Case(
        {"a": [[20, 10]]}, "select dot(a, a) as x", [244], each(lambda row: int(np.dot(row["a"], row["a"])))
    ),
    "cosine of two columns": Case(
        {"a": [[200, 100]], "b": [[2, 1]]},
        "select cosine_similarity(a, b) as x",
        [Near(0.488, 0.001)],
        each(lambda row: Near(cosine(row["a"], row["b"]))),
    ),
    "random number as an output": Case(
        {"u": [0] * 3}, "select random() as x", Engine.VARIES, each(lambda _row: Near(2.0**30, 2.0**30))
    ),
    # --- arrays and JSON
    "index from the end": Case(
        {"e": EMBEDDINGS}, "select e[-1] as x", Error("Indexes should be 1D array"), each(lambda row: row["e"][-1])
    ),
    "index beyond the end": Case({"e": EMBEDDINGS}, "select e[9] as x", [[], []], None, "from -4 to 3"),
    "index into rows of one shape": Case(
        {"a": [[9, 1, 2], [3, 9, 4]]}, "select a[1] as x", [[1, 2], [9, 4]], each(lambda row: row["a"][1])
    ),
    "last element of rows of one shape": Case(
        {"a": [[0, 1], [10, 11]]}, "select a[9223372036854775807] as x", [[], []], each(lambda row: row["a"][-1])
    ),
    "element as a key": Case(
        {"a": [[3, 1, 0], [1, 11, 0]]}, "select id order by a[0]", Error(ON_KEYS), by(lambda row: row["a"][0])
    ),
    "element of matrices": Case(
        {"b": MATRICES}, "select b[0, 1] as x", [[[2], [4]], [[6], [8]]], each(lambda row: row["b"][0][1])
    ),
    "sum of a column of matrices": Case(
        {"b": MATRICES}, "select sum(b[:, 0]) as x", [10, 26], each(lambda row: sum(line[0] for line in row["b"]))
    ),
    "column of matrices": Case(
        {"b": [[[1, 9], [1, 1]], [[9, 1], [1, 1]]]},
        "select id where any(b[:, 0] = 9)",
        [0, 1],
        where(lambda row: any(line[0] == 9 for line in row["b"])),
    ),
    "slice without an end": Case(
        {"a": [[1, 2, 3], [4, 5, 6]]},
        "select (a + 1)[1:] as x",
        [3, 6],
        each(lambda row: [element + 1 for element in row["a"]][1:]),
    ),
    "IN over an array": Case(
        {"a": [[1, 2], [9], [3, 9], [4]]},
        "select id where any(a in (9, 1))",
        [1],
        where(lambda row: 9 in row["a"] or 1 in row["a"]),
    ),
    "condition on the row with one on elements": Case(
        {"a": [[0, 0], [0, 5], [7, 7]]},
        "select id where any(a > 0 and id < 2)",
        Engine.VARIES,
        where(lambda row: any(element > 0 for element in row["a"]) and row["id"] < 2),
        "put the condition on the row outside",
    ),
    "array as a condition": Case(
        {"a": [[1, 5], [9, 0], [3]]},
        "select id where a * 2 > 9",
        [1],
        where(lambda row: any(element * 2 > 9 for element in row["a"])),
        "use fn.any",
    ),
    "row of one element": Case(
        {"a": [[1], [2, 3]]},
        "select a * 2 as x",
        [2, [4, 6]],
        each(lambda row: [element * 2 for element in row["a"]]),
        "compute in Python",
    ),
    "slice of rows of several lengths": Case(
        {"a": [[1, 2, 3], [4, 5], [6]]},
        "select a[1:3] as x",
        Engine.VARIES,
        each(lambda row: row["a"][1:3]),
        "slice from 0",
    ),
    "slice without elements": Case(
        {"e": EMBEDDINGS}, "select e[0:4:0] as x", Engine.CRASHES, None, "reverse or skip elements in Python"
    ),
    "two subscripts": Case(
        {"b": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]},
        "select b[0][1] as x",
        [[[3, 4]], [[7, 8]]],
        each(lambda row: row["b"][0][1]),
    ),
    "index between slices": Case(
        {"c": [[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]]},
        "select c[:, 0, :] as x",
        [[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]],
        each(lambda row: [block[0] for block in row["c"]]),
        "slice in Python",
    ),
    "vector of another length": Case(
        {"e": EMBEDDINGS}, "select id where l2_norm(e - ARRAY[1, 1, 1]) < 9", [], None, "embed the query with the model"
    ),
    "SHAPE in WHERE and a key": Case(
        {"a": [[7, 1], [1], [2, 2, 2], [0]], "u": [2, 0, 3, 9]},
        "select id where shape(a)[0] <= u order by sum(a)",
        Engine.CRASHES,
        lambda rows: [row["id"] for row in sorted(rows, key=lambda row: sum(row["a"])) if len(row["a"]) <= row["u"]],
    ),
    "SHAPE as a key": Case(
        {"a": [[7, 1], [1, 0, 3], [2], [0]], "u": [1, 1, 1, 1]},
        "select id where any(a > 1) and u > 0 order by shape(a)[0]",
        Engine.CRASHES,
        lambda rows: [row["id"] for row in sorted(rows, key=lambda row: len(row["a"])) if max(row["a"]) > 1],
    ),
    "SHAPE in WHERE and a search": Case(
        {"e": [[1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]], "u": [4, 4, 3]},
        "select id where shape(e)[0] <= u order by cosine_similarity(e, ARRAY[1, 1, 1, 1])",
        Engine.CRASHES,
        lambda rows: [row["id"] for row in sorted(rows, key=lambda row: cosine(row["e"], [1, 1, 1, 1])) if row["u"] > 3],
    ),
    "SHAPE in WHERE and weights": Case(
        {"a": [[7, 1], [1], [2, 2, 2], [0]], "u": [2, 0, 3, 9]},
        "select id where shape(a)[0] <= u sample by sum(a) replace false",
        Engine.CRASHES,
        lambda rows: {row["id"] for row in rows if len(row["a"]) <= row["u"] and sum(row["a"])},
    ),
    "Hamming distance of an empty array": Case(
        {"a": [[], [1, 2], [3, 0]]},
        "select id, hamming_distance(a, ARRAY[1, 2]) as x",
        Engine.CRASHES,
        None,
        "from_(select().where(fn.shape(..)[0] == 2))",
    ),
    "Hamming distance of an array in WHERE": Case(
        {"a": [[], [1, 2], [3, 0]]},
        "select id where shape(a)[0] = 2 and hamming_distance(a, ARRAY[1, 2])[0] < 9",
        Engine.CRASHES,
        where(lambda row: len(row["a"]) == 2),
        "from_(select().where(fn.shape(..)[0] == 2))",
    ),
    "Hamming distance of another length": Case(
        {"a": [[1, 2], [3]]},
        "select id, hamming_distance(a, ARRAY[1, 2])[0] as x where shape(a)[0] > 0",
        [(0, 0), (1, 1)],
        None,
        "from_(select().where(fn.shape(..)[0] == 2))",
    ),
    "cosine of matrices": Case(
        {"b": [[[0.0, 1.0], [1.0, 0.0]]]},
        "select cosine_similarity(b, ARRAY[1, 1]) as x",
        [[Near(0.5), Near(0.5)]],
        each(lambda row: [cosine(line, [1, 1]) for line in row["b"]]),
        "use a column of embeddings",
    ),
    "keys of JSON": Case(
        {"m": NOTES}, "select id where any(keys(m) = 'k')", [], where(lambda row: "k" in row["m"])
    ),
    "elements of a list in JSON": Case(
        {"m": NOTES},
        "select id where any(m['l'] > 1)",
        [],
        where(lambda row: any(element > 1 for element in row["m"]["l"])),
        "fn.any(col(..) == value)",
    ),
    "types in JSON": Case(
        {"m": [{"n": 1}, {"n": None}, {}, {"n": 9}, {"n": "x"}, {"n": [1]}]},
        "select id where m['n'] < 5",
        [0, 1, 4, 5],
        where(lambda row: isinstance(row["m"].get("n"), int) and row["m"]["n"] < 5),
    ),
    "JSON texts and numbers": Case(
        {"m": [{"s": "c"}, {"s": "a"}, {"s": 3}, {}, {"s": None}]},
        "select id where m['s'] > 'b'",
        [0, 2],
        where(lambda row: isinstance(row["m"].get("s"), str) and row["m"]["s"] > "b"),
    ),
    "JSON null and !=": Case(
        {"m": [{"n": 1}, {"n": None}, {"n": 2}]},
        "select id where m['n'] != 1",
        [1, 2],
        where(lambda row: row["m"]["n"] is not None and row["m"]["n"] != 1),
    ),
    "JSON on the right": Case(
        {"m": [{"n": 0}, {"n": 2}, {"n": 1}]},
        "select id where id < m['n']",
        [0, 1],
        where(lambda row: row["id"] < row["m"]["n"]),
    ),
    "JSON and small integers": Case(
        {"m": [{"n": 1}, {"n": 2}, {"n": 3}, {}], "v": [1, 3, 9, 9]},
        "select id where m['n'] = v",
        [],
        where(lambda row: row["m"].get("n") == row["v"]),
    ),
    "JSON and a nullable number": Case(
        {"m": [{"n": 1}, {"n": 2}, {"n": 3}, {}], "v": [1, 3, None, 0]},
        "select id where m['n'] != v",
        Engine.CRASHES,
        where(lambda row: None not in {row["v"], row["m"].get("n")} and row["m"]["n"] != row["v"]),
    ),
    "order of two values of JSON": Case(
        {"m": [{"n": 1, "k": 1}, {"n": 2, "k": 3}, {"n": 4, "k": 3}]},
        "select id where m['n'] >= m['k']",
        [2],
        where(lambda row: row["m"]["n"] >= row["m"]["k"]),
        "say that they are numbers",
    ),
    "alias of a text in JSON": Case(
        {"m": NOTES},
        "select * from (select id, m['s'] as s) where s = 'x'",
        [],
        lambda rows: [(row["id"], row["m"]["s"]) for row in rows if row["m"]["s"] == "x"],
    ),
    "text of JSON from a subquery": Case(
        {"m": NOTES},
        "select id from (select id, m['s'] as s) where s = 'x'",
        [],
        where(lambda row: row["m"]["s"] == "x"),
        "put the condition in the query that selects it",
    ),
    "text of JSON in IN": Case(
        {"m": NOTES},
        "select id from (select id, m['s'] as s) where s in ('x')",
        Error("Dtype str is not numeric"),
        where(lambda row: row["m"]["s"] == "x"),
        "put the condition in the query that selects it",
    ),
    "element of JSON from a subquery": Case(
        {"m": NOTES},
        "select id from (select id, m['l'] as l) where l[0] = 1",
        Engine.CRASHES,
        where(lambda row: row["m"]["l"][0] == 1),
        "put the condition in the query that selects it",
    ),
    "arithmetic with JSON": Case(
        {"m": [{"n": 1}, {}, {"n": 3}]},
        "select m['n'] * 2 as x",
        Error("Dtype is unknown"),
        each(lambda row: row["m"]["n"] * 2 if "n" in row["m"] else None),
        "leave those rows out",
    ),
    "numbers of two types in JSON": Case(
        {"m": [{"n": 3}, {"n": 1.5}, {"n": -2}]},
        "select sum(z * 1) as s, sum(o) as c from (select m['n'] as z, 1 as o) group by 1",
        [(4609434218613702657, 3)],
        lambda rows: [(sum(row["m"]["n"] for row in rows), 3)],
    ),
    "pattern over JSON": Case(
        {"m": [{"s": "xy"}, {}, {"s": "a"}, {"s": "x"}]},
        "select id where m['s'] is not null and m['s'] like 'x*'",
        Error("Key not found"),
        where(lambda row: row["m"].get("s", "").startswith("x")),
    ),
    "keys of JSON in a condition": Case(
        {"m": [{"s": {"a": 1}}, {}, {"s": {"b": 1}}, {"s": {"a": 1, "b": 2}}]},
        "select id where m['s'] is not null and contains(keys(m['s']), 'a')",
        Engine.CRASHES,
        where(lambda row: "a" in row["m"].get("s", {})),
    ),
    "keys of JSON as an output": Case(
        {"m": [{"s": {"a": 1}}, {}, {"s": {"b": 1}}]},
        "select keys(m['s']) as k",
        Engine.CRASHES,
        each(lambda row: sorted(row["m"].get("s", {}))),
        "leave those rows out: .where(col('m')['s'].is_not_null())",
    ),
    "last of a list in JSON": Case(
        {"m": [{"l": [1, 2]}, {"l": [2, 1]}, {}]},
        "select id where m['l'][9223372036854775807] = 2",
        [],
        where(lambda row: row["m"].get("l", [])[-1:] == [2]),
        "write one after the other",
    ),
    "conditions on JSON as outputs": Case(
        {"m": NOTES},
        "select m['n'] = 1 or id = 1 as x",
        Engine.CRASHES,
        each(lambda row: row["m"]["n"] == 1 or row["id"] == 1),
        "put the condition in where(..)",
    ),
    "JSON and a column as an output": Case(
        {"m": NOTES},
        "select m['n'] = id as x",
        Engine.CRASHES,
        each(lambda row: row["m"]["n"] == row["id"]),
        "put the condition in where(..)",
    ),
    "groups of JSON": Case(
        {"m": [{"k": 1}, {"l": 2}]},
        "select shape(id)[0] as n group by m",
        [2],
        lambda rows: [sum(row["m"] == one for row in rows) for one in ({"k": 1}, {"l": 2})],
        "reduce it",
    ),
    # --- groups
    "keys of groups": Case(
        {"k": [1, 0, 1]}, "select k, sum(id) as s group by k", [([1, 1], 2), ([0], 1)], per("k", ids)
    ),
    "sum of a group": Case(
        {"k": [1, 1], "u": [200, 100]},
        "select sum(u) as s group by k",
        [44],
        lambda rows: [sum(row["u"] for row in rows)],
    ),
    "count": Case(
        {"k": [1, 0, 1]}, "select k[0] as k, sum(1) as n group by k", [(1, 1), (0, 1)], per("k", len)
    ),
    "large keys of groups": Case(
        {"t": [*SECONDS[:2], SECONDS[0]]},
        "select t[0] as t, sum(id) as s group by t",
        [(1_700_000_001, 3)],
        per("t", ids),
    ),
    "large integer keys of groups": Case(
        {"t": [2**60, 2**60 + 1, 2**60]},
        "select t[0] as t, sum(id) as s group by t",
        [(2**60, 3)],
        per("t", ids),
    ),
    "decimal keys of groups": Case(
        {"x": [1234567.89, 1234567.85, 1234567.89]},
        "select x[0] as x, sum(id) as s group by x",
        [(1234567.89, 3)],
        per("x", ids),
    ),
    "NaN in a group's key": Case(
        {"x": [NAN, 1.0, 0.0, 1.0]}, "select x[0] as x, sum(id) as s group by x", [("NaN", 6)], per("x", ids)
    ),
    "null in a group's key": Case(
        {"k": [0, 0, 0, 0], "n": [1, None, 1, None]},
        "select n[0] as n, sum(id) as s group by n",
        Error(ON_KEYS),
        per("n", ids),
    ),
    "condition on null in a group's key": Case(
        {"k": [0, 0, 0], "n": [1, None, 0]},
        "select (n > 0)[0] as x, sum(id) as s group by n > 0",
        Error(ON_KEYS),
        lambda _: [(True, 0), (False, 3)],
    ),
    "sum of a condition on null": Case(
        {"k": [0, 0, 0], "n": [1, None, 0]},
        "select sum((n > 0) * 1) as s group by k",
        Error("Can't eval dynamic shape array"),
        lambda rows: [sum(row["n"] is not None and row["n"] > 0 for row in rows)],
    ),
    "sum of nulls": Case(
        {"k": [1, 1, 0], "n": [1, None, 2]},
        "select k[0] as k, sum(n) as s group by k",
        Error("Can't eval dynamic shape array"),
        per("k", lambda members: sum(row["n"] or 0 for row in members)),
    ),
    "mean of nulls": Case(
        {"k": [1, 1, 0], "n": [1, None, 2]},
        "select k[0] as k, avg(n) as s group by k",
        Error("Can't eval dynamic shape array"),
        per("k", lambda members: float(np.mean([row["n"] for row in members if row["n"] is not None]))),
    ),
    "smallest of nulls": Case(
        {"k": [1, 1, 0], "n": [1, None, 2]},
        "select k[0] as k, amin(n) as s group by k",
        Error("Can't eval dynamic shape array"),
        per("k", lambda members: min(row["n"] for row in members if row["n"] is not None)),
    ),
    "smallest of NaN": Case(
        {"k": [1, 1, 0, 0], "x": [1.0, NAN, NAN, 2.0]},
        "select k[0] as k, amin(x) as s group by k",
        [(1, 1.0), (0, "NaN")],
        per("k", lambda members: "NaN" if any(math.isnan(row["x"]) for row in members) else min(row["x"] for row in members)),
    ),
    "smallest of texts": Case(
        {"k": [1, 0, 1], "t": ["b", "c", "a"]},
        "select k[0] as k, amin(t) as s group by k",
        Error("Can't eval dynamic shape array"),
        lambda rows: sorted(per("k", lambda members: min(row["t"] for row in members))(rows), reverse=True),
    ),
    "condition on groups": Case(
        {"k": [1, 0, 1]},
        "select k[0] as k group by k having sum(id) > 1",
        [1, 0],
        lambda rows: [key for key, total in per("k", ids)(rows) if total > 1],
    ),
    "limit of groups": Case(
        {"k": [1, 1, 0]},
        "select k[0] as k group by k limit 2",
        [1],
        lambda rows: [*dict.fromkeys(row["k"] for row in rows)][:2],
    ),
    "arithmetic with aggregates": Case(
        {"k": [1, 0], "v": [1, 2], "w": [5, 6]},
        "select k[0] as k, sum(v) - sum(w) as x where k > 9 group by k",
        Engine.NEVER_ENDS,
        lambda _: [],
    ),
    "single values of groups": Case(
        {"k": [1, 0, 1]}, "select k[0] as k, id group by k", [(1, [0, 2]), (0, [1])], None, "reduce it, as with fn.first"
    ),
    "groups of `*`": Case(
        {"k": [1, 0, 1]}, "select * group by k", [([0, 2], [1, 1]), ([1], [0])], None, "select the keys"
    ),
    "groups of groups": Case(
        {"k": [1, 0, 1]},
        "select k[0] as k, amax(s) as m from (select k[0] as k, sum(id) as s group by k) group by k",
        Error("Can't create groupped column on a sequenced source"),
        None,
        "run the inner query first",
    ),
    "aggregates of rows": Case(
        {"id": [0, 1, 2]},
        "select id where id = amax(id)",
        [0, 1, 2],
        lambda rows: [max(row["id"] for row in rows)],
        "run the aggregate first",
    ),
    "duplicates": Case(
        {"k": [1, 0, 1]}, "select distinct k", [1, 0, 1], lambda rows: [*dict.fromkeys(row["k"] for row in rows)]
    ),
    "members of groups": Case(
        {"id": [0, 1, 2]}, "select id ungroup by split", [], each(lambda row: row["id"]), "from_(grouped).ungroup_by()"
    ),
    "sequences": Case(
        {"k": ["x", "y", "x"], "q": [["a"], ["b"], ["c"]]},
        "select k[0] as k, amax(id) as m group by k",
        Error("Can't create groupped column on a sequenced source"),
        per("k", lambda members: max(row["id"] for row in members)),
    ),
    # --- set operations and joins
    "UNION": Case(
        {"k": [1, 0, 1]},
        "(select k) union (select k)",
        [1, 0, 1, 1, 0, 1],
        lambda rows: [*dict.fromkeys(row["k"] for row in rows)],
    ),
    "UNION ALL": Case(
        {"id": [0, 1, 2]},
        "select id from ((select * where id < 2) union all (select * where id < 1))",
        [0, 1],
        lambda rows: where(lambda row: row["id"] < 2)(rows) + where(lambda row: row["id"] < 1)(rows),
    ),
    "limit after UNION": Case(
        {"id": [0, 1, 2]},
        "(select id where id < 2) union all (select id) limit 3",
        [0, 1, 0, 1, 2],
        lambda rows: [*where(lambda row: row["id"] < 2)(rows), *(row["id"] for row in rows)][:3],
    ),
    "INTERSECT": Case(
        {"k": [1, 0, 1]},
        "(select k) intersect (select k where k > 0)",
        Error("Can't compute intersection of two independent datasets"),
        lambda rows: [*{row["k"] for row in rows} & {row["k"] for row in rows if row["k"] > 0}],
    ),
    "EXCEPT": Case(
        {"k": [1, 0, 1]},
        "(select k) except (select k where k > 0)",
        Error("Can't compute difference of two independent datasets"),
        lambda rows: [*{row["k"] for row in rows} - {row["k"] for row in rows if row["k"] > 0}],
    ),
    "chains of set operations": Case(
        {"k": [1, 2, 3]},
        "select k from ((select * where k < 3) intersect (select * where k > 2) intersect (select *))",
        Error("Can't compute intersection of two independent datasets"),
        lambda rows: [row["k"] for row in rows if row["k"] < 3 and row["k"] > 2],
    ),
    "sets of sorted rows": Case(
        {"k": list(range(20))},
        "select k from ((select * order by k desc limit 5) intersect (select * where k > 10))",
        [19],
        lambda rows: sorted((row["k"] for row in rows), reverse=True)[:5],
    ),
    "sets of nulls of two types": Case(
        {"n": [1, None, 3]},
        "(select id as x) union all (select n as x)",
        Engine.VARIES,
        lambda rows: [*(row["id"] for row in rows), *(row["n"] for row in rows)],
        NOT_NULL,
    ),
    "class labels in sets": Case(
        {"c": [0, 1]},
        "(select c) union all (select c)",
        [0, 1, [0], [1]],
        lambda rows: [row["c"] for row in (*rows, *rows)],
    ),
    "keys of a join": Case(
        {"t": SECONDS[:2]},
        f"select a.id as x, b.id as y {TWICE} a.t = b.t",
        [(0, 0), (0, 1), (1, 0), (1, 1)],
        pairs("t"),
    ),
    "decimal keys of a join": Case(
        {"x": [1234567.85, 1234567.89]},
        f"select a.id as x, b.id as y {TWICE} a.x = b.x",
        [(0, 0), (0, 1), (1, 0), (1, 1)],
        pairs("x"),
    ),
    "keys of a left join": Case(
        {"t": SECONDS[:2]},
        f"select a.id as x, b.id as y {TWICE.replace('join', 'left join')} a.t = b.t",
        [(0, 0), (0, 1), (1, 0), (1, 1)],
        pairs("t"),
    ),
    "NaN in the key of a join": Case(
        {"x": [NAN, 1.0]}, f"select a.id as x, b.id as y {TWICE} a.x = b.x", Engine.NEVER_ENDS, pairs("x")
    ),
    "null in the key of a join": Case(
        {"t": [None, "a", ""]},
        f"select a.id as x, b.id as y {TWICE} a.t = b.t",
        [(0, 0), (0, 2), (2, 0), (2, 2), (1, 1)],
        pairs("t"),
    ),
    "null number in the key of a join": Case(
        {"n": [1, None, 0]},
        f"select a.id as x, b.id as y {TWICE} a.n = b.id",
        Error(ON_KEYS),
        lambda rows: {(row["id"], row["n"]) for row in rows if row["n"] is not None},
    ),
    "left and right joins": Case(
        {"r": [1, 5, 2], "t": ["x", "y", "z"]},
        'select a.id as x, b.t as t from "mem://a" as a left join (select id, t from "mem://a" where id > 0) as b on a.r = b.id',
        Engine.VARIES,
        lambda rows: {(row["id"], rows[row["r"]]["t"] if 0 < row["r"] < 3 else None) for row in rows},
    ),
    "empty source of a join": Case(
        {"r": [1, 5, 2], "t": ["x", "y", "z"]},
        'select a.id as x, b.t as t from "mem://a" as a left join (select id, t from "mem://a" where id > 9) as b on a.r = b.id',
        [],
        lambda rows: {(row["id"], None) for row in rows},
    ),
    "cut source of a join": Case(
        {"r": [1, 5, 2], "t": ["x", "y", "z"]},
        'select a.id as x, b.t as t from "mem://a" as a left join (select id, t from "mem://a" order by id desc limit 1) as b on a.r = b.id',
        Engine.VARIES,
        lambda rows: {(row["id"], rows[2]["t"] if row["r"] == 2 else None) for row in rows},
    ),
    "conditions on what has no match": Case(
        {"r": [1, 5, 2], "t": ["x", "y", "z"]},
        'select a.id as x from "mem://a" as a left join "mem://a" as b on a.r = b.id where b.t != \'y\'',
        [2, 1],
        where(lambda row: row["r"] < 3 and row["r"] != 1),
    ),
    "IS NULL and what has no match": Case(
        {"r": [0, 5, 2], "t": ["", "y", "z"]},
        'select a.id as x from "mem://a" as a left join "mem://a" as b on a.r = b.id where b.t is null',
        [0, 1],
        where(lambda row: row["r"] > 2),
    ),
    "conditions on both sides of a join": Case(
        {"r": [1, 2, 0], "t": ["", "", ""]},
        f"select a.id as x {TWICE} a.r = b.id where a.id > b.id",
        [],
        where(lambda row: row["id"] > row["r"]),
    ),
    "`*` of a join": Case(
        {"r": [1, 2, 0], "t": ["", "", ""]},
        f"select * {TWICE} a.r = b.id",
        Error("Tensor 'id' appears in multiple input datasets"),
        None,
        'select(id=col("id", of="a"), other=col("id", of="b"))',
    ),
    "join of int64 and uint64": Case(
        {"r": [2**53 + 1], "u": [2**53]},
        f"select a.id as x {TWICE} a.r = b.u",
        [0],
        lambda _: [],
        "store both keys with one type",
    ),
    "alias of the only source": Case(
        {"k": [2, 1]},
        'select u.id as id from "mem://a" as u order by u.k',
        Error("Dataset alias u in expression u.id is not found"),
        by(lambda row: row["k"]),
    ),
}  # fmt: skip


def engine_type(column: Column) -> Any:
    """Return the engine's type of a column."""
    if column.kind in KINDS:
        return KINDS[column.kind](column)
    if column.shape:
        lengths = [length for length in column.shape if length is not None]
        ragged = len(lengths) < len(column.shape)
        return TYPES.Array(column.dtype, len(column.shape)) if ragged else TYPES.Array(column.dtype, lengths)
    if column.indexes:
        return INDEXED[column.dtype](INDEXES[column.indexes[0]])
    return TYPES.Nullable(SIMPLE[column.dtype]) if column.nullable else SIMPLE[column.dtype]


@functools.cache
def made(fact: Fact) -> Any:
    """Return the dataset of the case of a fact."""
    case = CASES[fact.name]
    data = deeplake.create(f"mem://{source(fact)}")
    if case.is_built:
        data.indexing_mode = deeplake.IndexingMode.Always
    for name, column in fact.schema.columns:
        data.add_column(name, engine_type(column))
    data.append({name: _values(column, [row[name] for row in case.rows]) for name, column in fact.schema.columns})
    data.commit()
    return data


def _values(column: Column, values: list[Any]) -> Any:
    """Return the values of a column as the engine takes them: before 4.6, integers beyond 2**63 in arrays only."""
    is_large = column.dtype == "uint64" and not column.shape and not column.nullable
    return np.array(values, "uint64") if is_large else values


def source(fact: Fact) -> str:
    """Return the name of the dataset of a case."""
    return f"fact-{FACTS.index(fact)}"


def over(fact: Fact, text: str) -> str:
    """Return a text that reads the dataset of its case by name."""
    return text.replace("mem://a", f"mem://{source(fact)}")


def plain(rows: Iterable[Any]) -> list[Any]:
    """Return rows as tuples, one with a single column as its value."""
    cells = ([_plain(value) for value in (row.values() if isinstance(row, dict) else row)] for row in rows)
    return [row[0] if len(row) == 1 else tuple(row) for row in cells]


def _plain(value: Any) -> Any:
    """Return a value that equals itself."""
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def built(fact: Fact, engine: Version = NEWEST) -> str:
    """Return the text of a fact's query for the columns of its dataset, and for an engine."""
    query = eval(fact.query, vars(tql).copy())  # noqa: S307 - our own table
    return compile_query(query.statement, None, {None: fact.schema, "mem://a": fact.schema}, engine=engine)


BY_NAME = {fact.name: fact for fact in FACTS}


def is_meant(found: list[Any], case: Case) -> bool:
    """Return whether rows are those that the query of a case means."""
    assert case.meaning is not None
    meant = case.meaning(case.rows)
    rows = [*map(_plain_row, meant)]
    return found == rows or (isinstance(meant, set) and len(found) == len(meant) and set(found) == meant)


def _plain_row(row: Any) -> Any:
    """Return a row of a meaning as `plain` does."""
    return tuple(map(_plain, row)) if isinstance(row, tuple) else _plain(row)


def naive_rows(name: str) -> list[Any]:
    """Return the rows of the naive text of a fact, whatever it does to the process."""
    fact, case = BY_NAME[name], CASES[name]
    view = made(fact).query(over(fact, case.naive))
    columns = [view[column.name][:] for column in view.schema.columns] if len(view) else []
    rows = [
        [value.tolist() if hasattr(value, "tolist") else value for value in row] for row in zip(*columns, strict=True)
    ]
    return plain(rows)
