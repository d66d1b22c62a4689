"""
Queries of the builder about what is known to differ between versions: remainders, Hamming distances, keys of 64 bits and LIKE.

Each has the rows that it means, in Python.
"""

from __future__ import annotations

import functools
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.engine import TYPES, dataset, run
from tests.engines.features import HAMMING, INT64_KEYS, LIKE, REMAINDER
from tql import Expr, Query, Schema, col, desc, fn, select
from tql.compiler.compile import compile_query
from tql_client.engine.versions import present_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tql_grammar.engines import Engine

Row = dict[str, Any]
WORDS = ["ab", "a_b", "aéb", "a%b", "a\nb", "日本", "😀b", "A_B", "a.b", "", "b", "aXXb", "É", "it's", "a\\b"]
PATTERNS = ["a_b", "a%", "%b", "%é%", "__", "_", "a.b", "%", "", "a\\_b", "日_", "%\\%%", "A%"]
DIVISORS = [2, 3, 7, 10, 64, -3]
LARGE = [2**53 + step for step in (3, 1, 2, 0)] + [-(2**53) - 1, 2**62 + 1, 2**62, -(2**62) - 1, 0, 5, 2**53 + 1]
SECONDS = [1_700_000_000 + step for step in (5, 1, 64, 0, 2, 3, 1, 128)]


class Probe(NamedTuple):
    """
    One query.

    Attributes:
        data: the name of its dataset.
        query: the query.
        meaning: its rows; a set where they come in no order.
    """

    data: str
    query: Query
    meaning: Callable[[list[Row]], Any]


def _rows(columns: Mapping[str, Sequence[Any]]) -> list[Row]:
    """Return rows with the number of each as its id."""
    values: dict[str, Sequence[Any]] = {"id": range(len(next(iter(columns.values())))), **columns}
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


NUMBERS: dict[str, list[Any]] = {"a": list(range(-12, 13)), "f": [value / 2 for value in range(-12, 13)]}
BYTES = [[number * 37 % 256, number * 91 % 256, 255 - number] for number in range(12)]
DATA: dict[str, tuple[dict[str, Any], list[Row]]] = {
    "numbers": ({"id": "int64", "a": "int64", "f": "float64"}, _rows(NUMBERS)),
    "bytes": ({"id": "int64", "v": TYPES.Array("uint8", shape=[3])}, _rows({"v": BYTES})),
    "large": ({"id": "int64", "k": "int64"}, _rows({"k": LARGE})),
    "seconds": ({"id": "int64", "k": "int64"}, _rows({"k": SECONDS})),
    "words": ({"id": "int64", "s": "text"}, _rows({"s": WORDS})),
    "indexed": ({"id": "int64", "s": TYPES.Text(TYPES.Inverted)}, _rows({"s": WORDS})),
}


def _each(value: Callable[[Row], Any]) -> Callable[[list[Row]], list[Any]]:
    """Return a value of each row."""
    return lambda rows: [value(row) for row in rows]


def _where(test: Callable[[Row], bool]) -> Callable[[list[Row]], list[Any]]:
    """Return the ids of the rows that meet a condition."""
    return lambda rows: [row["id"] for row in rows if test(row)]


def _by(key: Callable[[Row], Any], most: int | None = None) -> Callable[[list[Row]], list[Any]]:
    """Return the ids of the first rows in an order."""
    return lambda rows: [row["id"] for row in sorted(rows, key=key)][:most]


def _remainders(divisor: int) -> list[Probe]:
    """Return queries with the remainder of a divisor, which has the sign of the dividend."""

    def of(row: Row) -> int:
        return int(math.fmod(row["a"], divisor))

    return [
        Probe("numbers", select(x=col("a") % divisor), _each(of)),
        Probe("numbers", select("id").where(col("a") % divisor == 1), _where(lambda row: of(row) == 1)),
        Probe(
            "numbers",
            select("id").where(col("id") % divisor == 1),
            _where(lambda row: math.fmod(row["id"], divisor) == 1),
        ),
        Probe("numbers", select("id").order_by(col("a") % divisor), _by(of)),
        Probe("numbers", select(x=col("f") % divisor), _each(lambda row: math.fmod(row["f"], divisor))),
    ]


def _bits(left: list[int], right: list[int]) -> int:
    """Return the number of different bits."""
    return sum((one ^ two).bit_count() for one, two in zip(left, right, strict=True))


def _hamming(vector: list[int]) -> list[Probe]:
    """Return queries with the Hamming distance to a vector."""

    def of(row: Row) -> int:
        return _bits(row["v"], vector)

    nearest = select("id").similarity("v", vector, metric="hamming").limit(4)
    return [
        Probe("bytes", select(x=fn.hamming_distance("v", vector)[0]), _each(of)),
        Probe("bytes", select("id").where(fn.hamming_distance("v", vector)[0] < 10), _where(lambda row: of(row) < 10)),
        Probe(
            "bytes", nearest.order_by("score"), lambda rows: [(row["id"], of(row)) for row in sorted(rows, key=of)][:4]
        ),
    ]


def _keys(data: str) -> list[Probe]:
    """Return sorts and groups by integers that a float32 does not store."""

    def counts(rows: list[Row]) -> set[Any]:
        keys = [row["k"] for row in rows]
        return {(key, keys.count(key)) for key in keys}

    return [
        Probe(data, select("id").order_by("k"), _by(lambda row: row["k"])),
        Probe(data, select("id").order_by("k", "id"), _by(lambda row: row["k"])),
        Probe(data, select("id").order_by(desc("k"), "id"), _by(lambda row: (-row["k"], row["id"]))),
        Probe(data, select("id").order_by("k").limit(3), _by(lambda row: row["k"], 3)),
        Probe(data, select("k", n=fn.count()).group_by("k"), counts),
        Probe(data, select("k").distinct(), lambda rows: {row["k"] for row in rows}),
    ]


def _pattern(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern of SQL."""
    meant = {"%": r"[\s\S]*", "_": r"[\s\S]"}
    return re.compile("".join(meant.get(part, re.escape(part)) for part in pattern))


def _like(data: str) -> list[Probe]:
    """Return queries with patterns and with parts of texts."""
    found = []
    for pattern in PATTERNS:
        condition, is_met = col("s").like(pattern), functools.partial(_matches, _pattern(pattern))
        found += [_condition(data, condition, is_met), _condition(data, ~condition, functools.partial(_not, is_met))]
    for part in ("a", "é", "_", "%", "\n", "日"):
        found += [
            _condition(data, col("s").contains(part), functools.partial(_has, str.__contains__, part)),
            _condition(data, col("s").startswith(part), functools.partial(_has, str.startswith, part)),
            _condition(data, col("s").endswith(part), functools.partial(_has, str.endswith, part)),
        ]
    return found


def _condition(data: str, condition: Expr, is_met: Callable[[Row], bool]) -> Probe:
    """Return the query of a condition."""
    return Probe(data, select("id").where(condition), _where(is_met))


def _not(is_met: Callable[[Row], bool], row: Row) -> bool:
    """Return whether a row does not meet a condition."""
    return not is_met(row)


def _has(test: Callable[[str, str], bool], part: str, row: Row) -> bool:
    """Return whether the text of a row has a part."""
    return test(row["s"], part)


def _matches(pattern: re.Pattern[str], row: Row) -> bool:
    """Return whether the text of a row matches."""
    return pattern.fullmatch(row["s"]) is not None


def _all() -> dict[str, list[Probe]]:
    """Return the queries by what they are about."""
    return {
        REMAINDER: [probe for divisor in DIVISORS for probe in _remainders(divisor)],
        HAMMING: [probe for vector in ([0, 0, 0], [255, 1, 7], [37, 91, 254]) for probe in _hamming(vector)],
        INT64_KEYS: [probe for data in ("large", "seconds") for probe in _keys(data)],
        LIKE: [probe for data in ("words", "indexed") for probe in _like(data)],
    }


PROBES = _all()


@functools.cache
def _made(name: str) -> Any:
    """Return a dataset."""
    return dataset(f"probe-{name}", *DATA[name])


def right(topic: str, number: int, engine: Engine | None = None) -> tuple[bool, Any]:
    """Return whether the engine has the rows that a query means, compiled for it or for another one, and its rows."""
    probe = PROBES[topic][number]
    made = _made(probe.data)
    schemas: dict[str | None, Schema] = {None: Schema.from_dataset(made)}
    text = compile_query(probe.query.statement, None, schemas, engine=engine or present_engine())
    rows = [tuple(row.values()) for row in run(made, text)]
    found = [row[0] if len(row) == 1 else row for row in rows]
    meant = probe.meaning(DATA[probe.data][1])
    same = found == meant or (isinstance(meant, set) and len(found) == len(meant) and set(found) == meant)
    return same, found
