"""
Integers as keys of groups: an integer and its remainders group equal ones, and only those, as the parts of ORDER BY do.

The values lie where rounding to float32 changes: around every power of two, at the halves of its steps, and at distances of the remainders' divisors.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import deeplake
import numpy as np
import pytest

from tests.engine import TYPES
from tql import Schema, col, fn, select
from tql.compiler.compile import compile_query

L, M, H = 2**22, 2**44, 2**24
# Each type: its bits, whether it is signed, and the parts by which ORDER BY sorts.
WIDE = f"v % {L}, (v - v % {L}) % {M}, v - v % {M}"
HALVES = f"v % {H}, v - v % {H}"
TYPE = {"int32": (32, True, HALVES), "uint32": (32, False, HALVES), "int64": (64, True, WIDE)}
KEYS = {"int32": "v, v % 1024", "uint32": "v, v % 1024", "int64": f"v, v % {M}, v % {L}"}
NAMES = {"int32": "Int32", "uint32": "UInt32", "int64": "Int64"}
KEPT: list[Any] = []


def near(kind: str, random: np.random.Generator) -> list[int]:
    """Return numbers whose float32 is that of others, each some times, and any numbers."""
    bits, signed, _ = TYPE[kind]
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    found = [low, low + 1, high, high - 1, 0, 1]
    for power in range(8, bits):
        step = max(1, 2 ** (power - 23))
        apart = (0, 1, step // 2, step // 2 + 1, step - 1, step, step + 1, 2 * step, 128, 256, 1024, 2**20, L, H)
        for centre in (2**power, 2**power + int(random.integers(0, 2**20)) * step):
            found += [sign * (centre + way * part) for sign in (1, -1) for way in (1, -1) for part in apart]
    found += random.integers(low, high, 1000, dtype=np.int64).tolist()
    found = [value for value in found if low <= value <= high]
    return [*found, *found[::3]]


def stored(kind: str, values: list[Any], random: np.random.Generator, *, index: bool, nullable: bool = False) -> Any:
    """Return a dataset of two commits, the second one after the index was built, without some rows that were deleted."""
    data = deeplake.create(f"mem://group_keys_{len(KEPT)}")
    KEPT.append(data)
    data.indexing_mode = deeplake.IndexingMode.Always if index else deeplake.IndexingMode.Off
    of: Any = getattr(TYPES, NAMES[kind])
    plain = of(TYPES.Inverted) if index else of()
    data.add_column("v", TYPES.Nullable(of()) if nullable else plain)
    data.add_column("id", TYPES.Int64())
    half = len(values) // 2
    for start, end in ((0, half), (half, len(values))):
        data.append({"v": values[start:end], "id": list(range(start, end))})
        data.commit()
    for row in sorted(random.choice(len(values), 20, replace=False).tolist(), reverse=True):
        data.delete(row)
        del values[row]
    data.commit()
    return data


def counted(data: Any, text: str, name: str = "v") -> Counter[Any]:
    """Return the keys of the groups with their numbers of rows, each as often as it is there."""
    found = data.query(text)
    groups = zip(list(found[name][:]), list(found["n"][:]), strict=True)
    return Counter([(None if key is None else int(key), int(count)) for key, count in groups])


@pytest.mark.parametrize("index", [False, True], ids=["plain", "index"])
@pytest.mark.parametrize("kind", TYPE)
def test_groups_are_exact(kind: str, index: bool) -> None:  # noqa: FBT001 - a parameter
    """Each value has one group with all of its rows, for a column and for a computed key, and the parts of ORDER BY have the same groups."""
    random = np.random.default_rng(len(kind) + index)
    values = near(kind, random)
    random.shuffle(values)
    data = stored(kind, values, random, index=index)
    wanted = Counter(list(Counter(values).items()))

    text = compile_query(select("v", n=fn.count()).group_by("v").statement, None, {None: Schema.from_dataset(data)})
    assert text.endswith(f"group by {KEYS[kind]}")
    assert counted(data, text) == wanted
    assert counted(data, f"select v[0] as v, shape(id)[0] as n group by {TYPE[kind][2]}") == wanted
    assert counted(data, text.replace(" group by", " where id >= 0 group by")) == wanted
    computed = select(w=col("v") * 1, n=fn.count()).group_by("w")
    text = compile_query(computed.statement, None, {None: Schema.from_dataset(data)})
    assert counted(data, text, "w") == wanted


def test_nullable_integers() -> None:
    """Null has a group of its own, apart from 0."""
    random = np.random.default_rng(5)
    numbers: list[Any] = near("int64", random)
    values = [None if place % 7 == 0 else value for place, value in enumerate(numbers)]
    random.shuffle(values)
    data = stored("int64", values, random, index=False, nullable=True)

    query = select("v", n=fn.count()).group_by("v")
    text = compile_query(query.statement, None, {None: Schema.from_dataset(data)})
    assert counted(data, text) == Counter(list(Counter(values).items()))


def test_groups_come_in_the_order_of_their_first_rows() -> None:
    """The number is the first key, so small integers are in the order in which they come."""
    random = np.random.default_rng(6)
    values = random.integers(-5000, 5000, 900).tolist()
    data = stored("int32", values, random, index=False)

    found = data.query("select v[0] as v group by v, v % 1024")["v"][:].tolist()
    assert found == list(dict.fromkeys(values))
