"""The cheapest form of each aggregate: bit for bit the value of the form that every column can have."""

from __future__ import annotations

from typing import Any

import deeplake
import numpy as np
import pytest

from tql import Schema, col, fn, select
from tql.compiler.compile import compile_query

T: Any = deeplake.types
KEPT: list[Any] = []
COLUMNS = {
    "g": T.Int32(),
    "s": T.Int8(),
    "t": T.Text(),
    "k": T.Int64(T.Inverted),
    "i": T.Int64(),
    "p": T.Float64(),
    "q": T.Float64(T.Inverted),
    "z": T.Nullable(T.Int64()),
    "b": T.Bool(),
}
KEYS = ("g", "s", "t", "1", "g, g % 1024")
CONDITIONS = ("", "where s > 0 ", "where i > 0 ", "where k > 0 ", "where s > 5 ")
# Each form of every column, and the cheapest one; ones are summed below.
SUMS = (
    ("sum(p * 1)", "sum(p)"),
    ("sum(q * 1)", "sum(q)"),
    ("sum(i * 1)", "sum(i)"),
    ("sum(k * 1)", "sum(k)"),
    ("avg(p * 1.0)", "avg(p)"),
)
LENGTHS = tuple(f"shape({name})[0] * 1" for name in "gskipqb")


def made(number: int) -> Any:
    """Return rows of one to three commits: any integers, floats of 60 magnitudes, NaN and -0.0; indexes built or not."""
    random = np.random.default_rng(number)
    data = deeplake.create(f"mem://cheapest_{number}_{len(KEPT)}")
    KEPT.append(data)
    data.indexing_mode = deeplake.IndexingMode.Always if number % 2 else deeplake.IndexingMode.Off
    for name, kind in COLUMNS.items():
        data.add_column(name, kind)
    for _ in range(random.integers(1, 4)):
        count = int(random.integers(1, 300))
        floats = random.standard_normal(count) * 10.0 ** random.integers(-30, 30, count)
        if number % 3 == 0:
            floats[random.integers(0, count)] = np.nan
        if number % 5 == 0:
            floats[:] = -0.0
        whole = {name: random.integers(-(2**63), 2**63 - 1, count) for name in "ki"}
        nullable = [None if value % 3 == 0 else int(value) for value in whole["i"]]
        small = random.integers(0, 3, count)
        data.append(
            {
                **whole,
                "g": random.integers(-3, 3, count) * int(random.choice([1, 2**24 + 1])),
                "s": small,
                "t": [f"x{value}" for value in small],
                "p": floats,
                "q": random.standard_normal(count),
                "z": nullable,
                "b": small > 1,
            }
        )
        data.commit()
    return data


# Each grouped select, and selects around it that compute, compare and sort.
AROUND = ("{}", "select n + 1 as n from ({}) where n > -7", "select n / 7 as n from ({}) order by n % 1000")


def values(data: Any, text: str) -> list[tuple[str, bytes]]:
    """Return the type and the bits of the values of one output, of a text and of those around it."""
    found = [np.asarray(data.query(around.format(text))["n"][:]) for around in AROUND]
    return [(str(part.dtype), part.tobytes()) for part in found]


@pytest.mark.parametrize("number", range(4))
def test_each_form_has_the_same_bits(number: int) -> None:
    """For every key, condition and column."""
    data = made(number)
    for by in KEYS:
        for where in CONDITIONS:
            ones = f"select sum(zn) as n from (select g, s, t, 1 as zn {where}) group by {by}"
            wanted = values(data, ones)
            for cheap in LENGTHS:
                assert values(data, f"select {cheap} as n {where}group by {by}") == wanted, (cheap, by, where)
            for general, cheap in SUMS:
                one, two = (values(data, f"select {form} as n {where}group by {by}") for form in (general, cheap))
                assert one == two, (cheap, by, where)


def text_of(query: Any, data: Any) -> str:
    """Return the text of a query on a dataset."""
    return compile_query(query.statement, None, {None: Schema.from_dataset(data)})


def test_which_form_is_taken() -> None:
    """A column of a dataset that is never null has the cheapest one; a nullable one, a computed one and the rows of a subquery do not."""
    data = made(1)
    by_small = select("s", n=fn.count(), i=fn.sum("i"), m=fn.mean("p"), a=fn.mean("i")).group_by("s")
    assert (
        text_of(by_small, data)
        == "select s[0] as s, shape(s)[0] * 1 as n, sum(i) as i, avg(p) as m, avg(i * 1.0) as a group by s"
    )
    assert "sum(s * 1)" in text_of(select("g", n=fn.sum("s")).group_by("g"), data)
    assert "shape" not in str(by_small)
    nested = select("s", n=fn.count()).from_(select("s", "i").order_by("i").limit(5)).group_by("s")
    assert "sum(zn)" in text_of(nested, data)
    only_nullable = Schema(z="nullable int64", t="text")
    text = compile_query(select("t", n=fn.count()).group_by("t").statement, None, {None: only_nullable})
    assert "sum(zn)" in text
    # A condition excludes nulls, but the column is nullable: SHAPE of it crashes the engine.
    filtered = select("z", n=fn.count(), s=fn.sum("z")).where(col("z").is_not_null()).group_by("z")
    assert "shape(z)" not in text_of(filtered, data)
    assert "sum(z)" not in text_of(filtered, data)
