"""Case of an exact order: the first rows of 1,000,000 by a time in seconds, compared with the engine's own order, in which close times tie."""

from __future__ import annotations

from functools import cache
from typing import Any

import deeplake
import numpy as np

from tests.benchmarks.case import Case, slow
from tql import Schema, select
from tql.compiler.compile import compile_query

ROWS = 1_000_000
# Each pair takes seconds.
PAIRS = 3
PLAIN = "select id order by ts limit 10"
TIMES = 1_700_000_000 + np.random.default_rng(0).permutation(ROWS)


@cache
def data() -> Any:
    """Return the rows, in memory."""
    made = deeplake.create("mem://benchmark-of-orders")
    made.add_column("id", deeplake.types.Int64())
    made.add_column("ts", deeplake.types.Int64())
    made.append({"id": np.arange(ROWS), "ts": TIMES})
    made.commit()
    return made


def exact() -> str:
    """Return the text of the builder for the columns of the rows."""
    return compile_query(select("id").order_by("ts").limit(10).statement, None, {None: Schema.from_dataset(data())})


def found(text: str) -> list[int]:
    """Return the ids of the rows of a query."""
    return [int(value) for value in data().query(text)["id"][:]]


def ordered() -> tuple[float, float, float]:
    """Return the seconds of both texts, and the median of their ratios."""
    text = exact()
    return slow(lambda: found(text), lambda: found(PLAIN), PAIRS)


def agrees() -> bool:
    """Return whether the exact order has the first rows, and the engine's own does not: then the builder needs no form for it."""
    first = [int(row) for row in np.argsort(TIMES)[:10]]
    return found(exact()) == first != found(PLAIN)


CASES = (Case("order_by(ts).limit(10) of 1,000,000 rows, exact", "the engine's inexact order", 6.0, ordered, agrees),)
