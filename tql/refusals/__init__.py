"""The refusals of the builder, by families; only documentation and tests import them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.refusals import clauses, columns, engines, expressions, searches, sources, tables, templates, values

if TYPE_CHECKING:
    from tql.refusals.refusal import Refusal

FAMILIES: dict[str, tuple[Refusal, ...]] = {
    "Clauses and groups": clauses.REFUSALS,
    "Sources, joins and set operations": sources.REFUSALS,
    "Searches": searches.REFUSALS,
    "Expressions": expressions.REFUSALS,
    "Types of columns": columns.REFUSALS,
    "Values and parameters": values.REFUSALS,
    "Tables and types of rows": tables.REFUSALS,
    "Templates": templates.REFUSALS,
    "Older engines": engines.REFUSALS,
}
REFUSALS: tuple[Refusal, ...] = tuple(refusal for refusals in FAMILIES.values() for refusal in refusals)
