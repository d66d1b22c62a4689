"""Coverage of the random queries that `tests.tql.net` compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tql.drawn import drawn
from tests.tql.net import pasted
from tql import ArgumentError
from tql.expressions.metrics import METRICS
from tql.views.query_source import METHODS

if TYPE_CHECKING:
    from tql import Query

WORDS = [f".{method}(" if method != "select" else "select(" for method in METHODS]
WORDS += [f"'{metric}'" for metric in METRICS if metric != "cosine"]
WORDS += [
    "how='left'",
    "how='right'",
    "exact=True",
    "as_=",
    "schema=Schema(",
    "percent=",
    "param(",
    "asc(",
    "desc(",
]


@pytest.fixture(scope="module")
def queries() -> list[Query]:
    """Return random queries."""
    return list(drawn(1500))


def has_text(query: Query) -> bool:
    """Return whether a query can be compiled."""
    try:
        return bool(str(query))
    except ArgumentError:
        return False


def test_every_clause_is_compiled(queries: list[Query]) -> None:
    """Each method, metric and kind of join is in a query that can be compiled, and so are more than half of all queries."""
    texts = [repr(query) for query in queries if has_text(query)]

    assert [word for word in WORDS if not any(word in text for text in texts)] == []
    assert len(texts) > len(queries) / 2


def test_most_queries_can_be_pasted(queries: list[Query]) -> None:
    """The repr of a query creates an equal one, except for long vectors."""
    sources, skipped = pasted(queries)

    assert len(sources) > len(queries) * 0.8
    assert skipped < len(queries) * 0.1
