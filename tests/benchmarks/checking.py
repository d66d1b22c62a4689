"""What a check costs, beside a parser of SQL in Python and the engine's own in C++."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tests.benchmarks.case import Case, growth, growth_of_memory, peer
from tests.benchmarks.composing import ours
from tql import check
from tql_grammar.checks import check_reading
from tql_grammar.parser import read

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
    """Return the check of the documented query over a column that was not seen before, and the engine's parser."""
    import deeplake

    text = ours()
    return lambda: check(text.replace("embedding", f"n{next(SHAPES)}")), lambda: deeplake.prepare_query(text)


def _with_vector_again() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the check of the documented query with another limit and vector, and the engine's parser."""
    import deeplake

    text = ours()
    check(text)
    return lambda: check(text.replace("ARRAY[", f"ARRAY[0.{next(NUMBERS)},", 1)), lambda: deeplake.prepare_query(text)


def shapes_change_nothing() -> bool:
    """Tell whether texts of a shape that was seen before have the verdict of texts that are read whole."""
    texts = [short(number) for number in (1, 2, 0, -1)] + [ours(), ours().replace("ARRAY[", "ARRAY[0.5,", 1)]
    return all(check(text) == check_reading(read(text)) for text in texts * 2)


def _levels(count: int) -> Callable[[], object]:
    """Return the check of a text of some levels that was not seen before."""
    begin, end = "select * from (" * (count - 1), ")" * (count - 1)
    return lambda: check(f"{begin}select n{next(SHAPES)} from d{end}")


CASES = (
    Case("check of 150 characters, first time", "sqlglot.parse_one", 1.2, _first),
    Case("check of 150 characters, shape seen before", "sqlglot.parse_one", 0.15, _again, shapes_change_nothing),
    Case("check of a 1,536-number query, first time", "deeplake.prepare_query", 1.0, _with_vector),
    Case("check of a 1,536-number query, shape seen before", "deeplake.prepare_query", 0.3, _with_vector_again),
    Case("140 for 1 levels, a level", "itself", 1.5, lambda: growth(_levels, 1, 140)),
    Case("memory of 140 for 1 levels, a level", "itself", 1.5, lambda: growth_of_memory(_levels, 1, 140)),
)
