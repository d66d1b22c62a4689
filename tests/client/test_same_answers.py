"""Every query of the corpus returns the same result in this process and over HTTP in both forms: names, types, order and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.differential.measured import AT_RANDOM, CASES, repeatable, text_of
from tql_client import connect, serve
from tql_grammar.errors import TqlError
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The queries that the engine accepts; those that crash it have another verdict.
QUERIES = [
    text_of(case)
    for case in CASES
    if case["engine"] == "ok" and AT_RANDOM not in case["query"] and "from" in case["query"]
]
PARTS = 4
TOKEN = "canary-of-congruence"  # noqa: S105 - the token of a server of this test


@pytest.fixture
def clients(measured: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Return a client of the engine in this process, and one of a local server."""
    names = [f"mem://{name}" for name in measured]
    served = {name: name for name in [*names, "mem://u@main"]}
    with (
        serve(served, token=TOKEN) as server,
        connect("mem://t", allow_sources=True) as embedded,
        connect(server.url, token=TOKEN) as http,
    ):
        yield embedded, http


def answered(client: Any, query: str, *, as_list: bool) -> Any:
    """Return the names and values of a result as text, with types and NaN; or the class of the error."""
    try:
        result = client.query(query, as_list=as_list, on_findings="ignore")
    except TqlError as error:
        return type(error).__name__
    if not len(result):
        return "no rows"
    tree = read(query).tree
    if tree is not None and not repeatable(tree):
        return result.names
    return repr((result.names, result.columns))


COMPARED: list[int] = []


@pytest.mark.parametrize("part", range(PARTS))
def test_three_ways(part: int, clients: tuple[Any, Any], record_property: Callable[[str, object], None]) -> None:
    """The comparison is by text, which distinguishes 1, 1.0 and True."""
    embedded, http = clients
    different = []
    queries = QUERIES[part::PARTS]
    for query in queries:
        expected = answered(embedded, query, as_list=True)
        if {answered(http, query, as_list=True), answered(http, query, as_list=False)} != {expected}:
            different.append(query)
    record_property("figure", f"{len(queries)} queries three ways, {len(different)} differences")

    assert different == []
