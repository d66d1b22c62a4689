"""Requests of the page to the engine that are not queries."""

from __future__ import annotations

from typing import NamedTuple

SCHEMAS, PLAN = "schemas", "plan"


class Inspection(NamedTuple):
    """
    A request to the engine that is not a query.

    Attributes:
        kind: `SCHEMAS` for the columns of all datasets, `PLAN` for the plan of a query.
        text: the query text.
    """

    kind: str
    text: str = ""
