"""Keys that have no warning are exact in the engine, and each type that float32 cannot hold has one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine import TYPES, dataset
from tql import Schema, check

L, M = 4194304, 17592186044416
KINDS = {
    "id": TYPES.Int64(), "u": TYPES.UInt64(), "i": TYPES.Int32(), "s": TYPES.Int16(), "f": TYPES.Float64(),
    "g": TYPES.Float32(), "b": TYPES.Bool(), "t": TYPES.Text(),
}  # fmt: skip
SCHEMA = Schema(id="int64", u="uint64", i="int32", s="int16", f="float64", g="float32", b="bool", t="text")


def residual(value: str) -> str:
    """Return a number rounded to float32."""
    return f"({value} - l1_norm({value}) * (1.0 - ({value} < 0) * 2.0))"


RESIDUAL = residual("f")
# Each key with its value in Python.
EXACT: dict[str, Any] = {
    f"id % {L}": lambda row: row["id"] % L,
    f"(id - id % {L}) % {M}": lambda row: (row["id"] - row["id"] % L) % M,
    f"id - id % {M}": lambda row: row["id"] - row["id"] % M,
    f"u % {L}": lambda row: row["u"] % L,
    f"u - u % {M}": lambda row: row["u"] - row["u"] % M,
    "i % 16777216": lambda row: row["i"] % 16777216,
    "i - i % 16777216": lambda row: row["i"] - row["i"] % 16777216,
    "s": lambda row: row["s"],
    "s * 10": lambda row: row["s"] * 10,
    "g": lambda row: float(np.float32(row["g"])),
    "b": lambda row: row["b"],
    "b * 1": lambda row: row["b"],
    "t": lambda row: row["t"],
}
WIDE = ["id", "u", "i", "f", "id + 1", "-id", "abs(id)", "id % 4294967296", "id - id % 10", "f * 2", "i * 2"]


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    """
    Return rows of large neighbours: seconds and milliseconds since 1970, 53 and 62 bits, prices.

    The engine computes with a uint64 as a float64, so beyond 2**53 no key separates its values.
    """
    starts = [1_700_000_000, 1_700_000_000_000, 2**53, 2**62, 2**24, 0]
    numbers = [start + step for start in starts for step in range(40)]
    return [
        {"id": number, "u": number % 2**52, "i": number % 2**31, "s": number % 2**15, "f": number % 10**9 / 100, "g": number % 1000 / 8,
         "b": number % 2 == 0, "t": str(number)}
        for number in numbers
    ]  # fmt: skip


@pytest.fixture(scope="module")
def made(rows: list[dict[str, Any]]) -> Any:
    """Return a dataset of these rows."""
    return dataset("precision", KINDS, rows)


@pytest.mark.parametrize("key", EXACT)
def test_a_key_without_a_warning_is_exact(key: str, made: Any, rows: list[dict[str, Any]]) -> None:
    """There are as many groups as there are values, and the order is that of the values."""
    value = EXACT[key]

    assert not check(f'select id from "mem://precision" order by {key}', SCHEMA)
    assert len(made.query(f"select id[0] as x group by {key}")) == len({value(row) for row in rows})
    by_id = {row["id"]: value(row) for row in rows}
    ordered = [by_id[int(number)] for number in made.query(f"select id order by {key}")["id"][:]]
    assert ordered == sorted(ordered)


@pytest.mark.parametrize("key", WIDE)
@pytest.mark.parametrize("clause", ["order by", "group by"])
def test_a_wide_key_has_a_warning(key: str, clause: str) -> None:
    """One warning, of the rule for keys, and no error."""
    output = "id[0] as id" if clause == "group by" else "id"
    found = check(f'select {output} from "mem://precision" {clause} {key}', SCHEMA)

    assert [(finding.code, finding.severity) for finding in found] == [("TQL512", "warning")]


def test_a_float_is_exact_with_its_residuals(made: Any, rows: list[dict[str, Any]]) -> None:
    """A float64 and its residuals have no warning as keys of one group, or of nested orders, and are exact together."""
    keys = [residual(RESIDUAL), RESIDUAL, "f"]
    grouped = f"select id[0] as x group by {', '.join(keys)}"
    nested = f"select f from (select * from (select * order by {keys[0]}) order by {keys[1]}) order by {keys[2]}"

    assert not check(grouped, SCHEMA)
    assert not check(nested, SCHEMA)
    assert len(made.query(grouped)) == len({row["f"] for row in rows})
    assert made.query(nested)["f"][:].tolist() == sorted(row["f"] for row in rows)


def test_a_coarse_key_beside_its_residual_has_none() -> None:
    """A float64 has no warning where its residual is the key inside of the order, or another key of the group."""
    assert not check(f"select * from (select * order by {RESIDUAL}) order by f", SCHEMA)
    assert not check(f"select id[0] as x group by {RESIDUAL}, f", SCHEMA)


@pytest.mark.parametrize(
    ("keys", "warned"),
    [
        ("i, i % 1024", 0),
        ("i % 1024, i", 0),
        ("i, i % 128", 1),
        ("i % 1024", 0),
        ("id, id % 17592186044416, id % 4194304", 0),
        ("id, id % 4194304", 1),
        ("id, id % 17592186044416", 2),
        ("id % 17592186044416, id % 4194304", 1),
        ("id, id % 17592186044416, id % 1024", 2),
    ],
)
def test_integers_and_their_remainders_are_exact_keys_of_groups(keys: str, warned: int) -> None:
    """An integer has no warning where its remainders differ for integers that are equal as float32; in ORDER BY it has one."""
    assert [finding.code for finding in check(f"select id[0] as x group by {keys}", SCHEMA)] == ["TQL512"] * warned
    assert [finding.code for finding in check("select * from (select * order by i % 1024) order by i", SCHEMA)] == [
        "TQL512"
    ]


JOIN = (
    'select x, y from (select a.id as x, b.id as y, a.id as k1, b.id as k2 from "D" as a join "D" as b on a.id = b.id)'
)


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ('select a.id as x from "D" as a join "D" as b on a.id = b.id', True),
        ('select a.id as x from "D" as a join "D" as b using (id)', True),
        ('select a.id as x from "D" as a join "D" as b on a.s = b.f', True),
        ('select a.id as x from "D" as a join "D" as b on a.s = b.id', False),
        ('select a.id as x from "D" as a join "D" as b on a.t = b.t', False),
        (f"{JOIN} where k1 = k2", False),
        (f"{JOIN} where x > 3 and k2 = k1", False),
        (JOIN, True),
    ],
)
def test_joins(text: str, warned: bool) -> None:  # noqa: FBT001 - a case of the test
    """A join is warned of where two values can be the same float32, and nothing around it compares them once more."""
    assert [finding.code for finding in check(text, SCHEMA) if finding.code == "TQL515"] == ["TQL515"] * warned
