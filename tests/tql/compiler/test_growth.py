"""The work of compiling deep expressions: it grows as their depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.grammar.growth import calls
from tql import Expr, Query, Schema, col, fn, select

if TYPE_CHECKING:
    from collections.abc import Callable

# Expressions by what encloses their operand each time.
ENCLOSED: dict[str, Callable[[Expr], Expr]] = {
    "negatives": lambda inside: -inside,
    "absolute values": fn.abs,
}
CLAUSES: dict[str, Callable[[Expr], Query]] = {
    "select": lambda value: select(x=value),
    "where": lambda value: select("a").where(value > 1),
    "order_by": lambda value: select("a").order_by(value),
}
# Nullable numbers are not among them: the forms of their negatives and functions are written once more for each one around them.
TYPES = ("", "int8")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("enclosed", ENCLOSED)
@pytest.mark.parametrize("clause", CLAUSES)
def test_work_grows_as_the_depth(enclosed: str, clause: str, kind: str) -> None:
    """Four times the depth takes about four times as many calls; with a quadratic pass it took five to ten times as many."""
    schema = Schema(a=kind) if kind else None
    texts = []

    def compiled(depth: str) -> None:
        value = col("a")
        for _ in range(int(depth)):
            value = ENCLOSED[enclosed](value)
        texts.append(str(CLAUSES[clause](value).from_("D", schema=schema)))

    compiled("2")
    short, long = calls(compiled, "30"), calls(compiled, "120")

    assert len(texts) == len(("2", "30", "120"))
    assert long < 4.5 * short, (short, long)
