"""Texts of any depth and length, for the limits of the parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

HEAD = 'select id from "mem://t" where '


def _nested(opening: str, core: str, closing: str) -> Callable[[int], str]:
    """Return the function that nests *core* in *n* pairs."""
    return lambda n: opening * n + core + closing * n


def _chained(operator: str) -> Callable[[int], str]:
    """Return the function that builds a chain of *n* conditions."""
    return lambda n: HEAD + operator.join(f"id <> {100 + i}" for i in range(n))


def _where(make: Callable[[int], str]) -> Callable[[int], str]:
    """Return the function that puts a text built by *make* after WHERE."""
    return lambda n: HEAD + make(n)


SIZED: dict[str, Callable[[int], str]] = {
    "AND": _chained(" and "),
    "OR": _chained(" or "),
    "parens": _where(_nested("(", "id = 1", ")")),
    "NOT": _where(_nested("not ", "b", "")),
    "unary minus": _where(_nested("- ", "id = 1", "")),
    "plus": _where(lambda n: "id" + "+0" * n + " = 1"),
    "nested select": _nested("select * from (", 'select id from "mem://u"', ")"),
    "nested abs": _where(lambda n: "abs(" * n + "id" + ")" * n + " = 1"),
    "nested ARRAY": lambda n: "select " + "ARRAY[" * n + "1" + "]" * n + ' as a from "mem://u" limit 1',
    "ARRAY elems": lambda n: "select ARRAY[" + ",".join(f"{i}.5" for i in range(n)) + '] as a from "mem://u" limit 1',
    "IN list": lambda n: f"{HEAD}id in ({','.join(map(str, range(n)))})",
    "string literal": lambda n: f"{HEAD}text = '{'x' * n}'",
    "select cols": lambda n: "select " + ",".join(f"id+{i} as c{i}" for i in range(n)) + ' from "mem://u" limit 1',
    "union": lambda n: " union ".join(['(select id from "mem://u" where id = 1)'] * n),
    "alias len": lambda n: f'select id as {"a" * n} from "mem://u" limit 1',
    "order keys": lambda n: 'select id from "mem://u" order by ' + ",".join(["id"] * n),
    "spaces": lambda n: f'select id {" " * n} from "mem://u" limit 1',
}

# Constructs that can enclose an expression, as often as the engine's parser allows.
ROUND = [
    ("(", ")"),
    ("not ", ""),
    ("- ", ""),
    ("abs(", ")"),
    ("a + (", ")"),
    ("a and (", ") or b"),
    ("a or b and ", " = c"),
    ("id in (1, ", ")"),
    ("id not in (", " as x, 2)"),
    ("e[(", ")]"),
    ("ARRAY[1, ", "]"),
    ("a between b and ", ""),
    ("case when a then ", " end"),
    ("case a when b then c else ", " end"),
    ("cast(", " as int)"),
    ("max_weight(", ": 1)"),
    ("max_weight(a: 1, b: ", ")"),
    ("(select a from b where ", ")"),
    ("exists (select distinct ", " from b)"),
    ("id in (select a group by ", ")"),
    ("(select a from (select b, ", " from c) order by d)"),
    ("(select a from b join c on ", ")"),
    ("(select a from b, c union select ", ")"),
]


def deep(rng: random.Random) -> str:
    """Return a text with many nested constructs, often deeper than the engine's parser allows."""
    kinds = rng.sample(ROUND, rng.randint(1, 3))
    chosen = [rng.choice(kinds) for _ in range(rng.randint(20, 1100))]
    inside = "".join(opening for opening, _ in chosen) + "id" + "".join(closing for _, closing in reversed(chosen))
    return rng.choice([HEAD, "select ", "select a from b order by ", "with q as (select 1) select a, b c, "]) + inside
