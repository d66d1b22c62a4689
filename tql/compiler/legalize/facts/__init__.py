"""The facts of the engine that the builder works around, or refuses, by families; only documentation and tests import them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.compiler.legalize.facts import arithmetic, arrays, conditions, groups, indexes, nulls, order, sources, texts

if TYPE_CHECKING:
    from tql.compiler.legalize.facts.fact import Fact

FAMILIES: dict[str, tuple[Fact, ...]] = {
    "Order, limit and sample": order.FACTS,
    "Conditions": conditions.FACTS,
    "Texts": texts.FACTS,
    "Missing values": nulls.FACTS,
    "Indexes and searches": indexes.FACTS,
    "Arithmetic": arithmetic.FACTS,
    "Arrays and JSON": arrays.FACTS,
    "Groups": groups.FACTS,
    "Set operations and joins": sources.FACTS,
}
FACTS: tuple[Fact, ...] = tuple(fact for facts in FAMILIES.values() for fact in facts)
