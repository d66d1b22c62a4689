"""What a check costs, beside a parser of SQL in Python and the engine's own in C++."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tests.benchmarks.case import Case, peer
from tests.benchmarks.composing import growth, ours
from tql import check

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = itertools.count(10**8)
SHAPES = itertools.count(10**6)


def short(number: int, name: str = "a") -> str:
    """Return a query of about 150 characters."""
    return f"select id, text from \"hub://org/dataset\" where {name} > {number} and b = 'some text' and (c < 2.5 or d in (1, 2, 3)) and e is not null order by id desc limit 10"


def _first() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the check of a text of a shape that was not seen before, and sqlglot's parser."""
    sqlglot = peer("sqlglot")
    return (
        lambda: check(short(next(NUMBERS), f"n{next(SHAPES)}")),
        lambda: sqlglot.parse_one(short(next(NUMBERS)).replace('"hub://org/dataset"', "t")),
    )


def _again() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the check of a text of a shape that was seen before, and sqlglot's parser."""
    _, theirs = _first()
    return lambda: check(short(next(NUMBERS))), theirs


def _with_vector() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the check of the documented query, and the engine's parser."""
    import deeplake

    text = ours()
    return lambda: check(text.replace("limit 5", f"limit {next(NUMBERS)}")), lambda: deeplake.prepare_query(text)


def _levels(count: int) -> Callable[[], object]:
    """Return the check of a text of some levels."""
    text = "select * from (" * (count - 1) + "select id from d" + ")" * (count - 1)
    return lambda: check(text)


CASES = (
    Case("check of 150 characters, first time", "sqlglot.parse_one", 1.2, _first),
    Case("check of 150 characters, shape seen before", "sqlglot.parse_one", 0.15, _again),
    Case("check of a 1,536-number query, first time", "deeplake.prepare_query", 1.0, _with_vector),
    Case("140 for 1 levels, a level", "itself", 1.5, lambda: growth(_levels, 1, 140)),
)
