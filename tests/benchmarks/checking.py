"""Cases for `check`, compared with sqlglot, an SQL parser in Python, and with the engine's parser in C++."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tests.benchmarks.case import Case, growth, growth_of_memory, peer
from tests.benchmarks.composing import ours
from tql import check
from tql_grammar.lint import cache
from tql_grammar.lint.check import check_parsed
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = itertools.count(10**8)
SHAPES = itertools.count(10**6)
# A query of each family; {0} is a new number each time, and a part of most literals.
FAMILIES = {
    "functions": "select id, abs(a - {0}) as x from d where sqrt(b * {0}.5) > {0} and data(a, {0}) = 'w{0}' or id > {0}",
    "between": "select id from d where yr between {0} and 20{0} and name between 'a{0}' and 'b{0}' or id between 1 and {0}",
    "like": "select id from d where text like '%word{0}%' and not (name ilike 'Ab{0}?') or url like 'http://x\\.org/{0}%'",
    "contains": "select id from d where id > {0} and contains(text, 'abc{0}') or contains(tags, 'x{0}') and yr between 5 and {0}",
    "bm25": "select id, bm25_similarity(text, 'some words {0}') as score from d order by bm25_similarity(text, 'some words {0}') desc limit 10",
    "hybrid": "select id from (select id, words * 0.3{0} + sim * 0.7{0} as s from (select id, l2_norm(e - array[0.{0}, 0.5, 1.5]) as sim, k as words from d where contains(text, 'w{0}'))) order by s desc limit {0}",
    "JSON keys": "select id, meta['key{0}'] as k from d where meta['kind'] = 'v{0}' and meta['n']['m{0}'] > {0} and meta['list'][3] != {0}",
    "IN": "select id from d where a in ({0}, 2, 3) and b not in ('x{0}', 'y') and c in ({0}.5)",
    "nested": "select * from (select id, a + {0} as x from d where b = 'w{0}') where x > {0} and x < 20{0} limit {0}",
    "group": "select grp[0] as g, sum(a * {0}) as s from d where a > {0} and kind = 'k{0}' group by grp",
    "join": 'select a.id as x, b.name as y from "d" as a join "u" as b on a.id = b.uid where a.val > {0} and b.kind = \'k{0}\' limit {0}',
    "vector": "select id from d where kind = 'k{0}' order by cosine_similarity(e, array[0.{0}, 0.5, -0.25, 0.125]) desc limit {0}",
}


def short(number: int, name: str = "a") -> str:
    """Return a query of about 150 characters."""
    return f"select id, text from \"hub://org/dataset\" where {name} > {number} and b = 'some text' and (c < 2.5 or d in (1, 2, 3)) and e is not null order by id desc limit 10"


def _first() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return `check` of a query of a new shape, and sqlglot's parser."""
    sqlglot = peer("sqlglot")
    return (
        lambda: check(short(next(NUMBERS), f"n{next(SHAPES)}")),
        lambda: sqlglot.parse_one(short(next(NUMBERS)).replace('"hub://org/dataset"', "t")),
    )


def _again() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return `check` of a query of a known shape, and sqlglot's parser."""
    _, theirs = _first()
    return lambda: check(short(next(NUMBERS))), theirs


def _with_vector() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return `check` of the documented query on a new column, and the engine's parser."""
    import deeplake

    text = ours()
    return lambda: check(text.replace("embedding", f"n{next(SHAPES)}")), lambda: deeplake.prepare_query(text)


def _with_vector_again() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return `check` of the documented query with another limit and vector, and the engine's parser."""
    import deeplake

    text = ours()
    check(text)
    return lambda: check(text.replace("ARRAY[", f"ARRAY[0.{next(NUMBERS)},", 1)), lambda: deeplake.prepare_query(text)


def of_families() -> list[str]:
    """Return a query of each family, with new literals."""
    return [text.format(next(NUMBERS)) for text in FAMILIES.values()]


def _families_again() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return `check` of a query of each family, and sqlglot's parser."""
    sqlglot = peer("sqlglot")
    return lambda: [check(text) for text in of_families()], lambda: [sqlglot.parse_one(text) for text in of_families()]


def families_change_nothing() -> bool:
    """Return whether the families have no findings, and one shape each for all literals."""
    cache.clear()
    texts = [text for _ in range(3) for text in of_families()]
    return (
        not any(map(check, texts))
        and cache.size() == len(FAMILIES)
        and not any(check_parsed(read(text)) for text in texts)
    )


def shapes_change_nothing() -> bool:
    """Return whether queries of known shapes have the same findings as without the cache."""
    texts = [short(number) for number in (1, 2, 0, -1)] + [ours(), ours().replace("ARRAY[", "ARRAY[0.5,", 1)]
    return all(check(text) == check_parsed(read(text)) for text in texts * 2)


def _levels(count: int) -> Callable[[], object]:
    """Return `check` of a new query with some levels."""
    begin, end = "select * from (" * (count - 1), ")" * (count - 1)
    return lambda: check(f"{begin}select n{next(SHAPES)} from d{end}")


CASES = (
    Case("check of 150 characters, first time", "sqlglot.parse_one", 1.2, _first),
    Case("check of 150 characters, shape seen before", "sqlglot.parse_one", 0.15, _again, shapes_change_nothing),
    Case(
        "check of 12 families of queries, shapes seen before",
        "sqlglot.parse_one",
        0.15,
        _families_again,
        families_change_nothing,
    ),
    Case("check of a 1,536-number query, first time", "deeplake.prepare_query", 1.0, _with_vector),
    Case("check of a 1,536-number query, shape seen before", "deeplake.prepare_query", 0.3, _with_vector_again),
    Case("140 for 1 levels, a level", "itself", 1.5, lambda: growth(_levels, 1, 140)),
    Case("memory of 140 for 1 levels, a level", "itself", 1.5, lambda: growth_of_memory(_levels, 1, 140)),
)
