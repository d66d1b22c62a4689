"""Names by scope: those that are proposed are those that the engine finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.oracle import Runner
from tql import Schema, complete

if TYPE_CHECKING:
    from collections.abc import Iterator

T, U = '"mem://t"', '"mem://u"'
# Queries with the place of a column, and the names that are tried there: columns of a source, of another source, aliases, and computed columns.
CASES = {
    f"select id from {T} where | = 1 limit 3": ("id", "i32", "uid", "nope"),
    f"select | from {T} limit 3": ("id", "text", "uid", "name"),
    f"select | from {U} limit 3": ("uid", "name", "text"),
    f"select id as x from {T} where | = 1": ("id", "x"),
    f"select id as x from {T} order by | limit 3": ("i32", "x", "uid"),
    f"select * from (select id as x from {T}) where | = 1": ("x", "id", "text"),
    f"select * from (select id as x from {T}) order by | limit 3": ("x", "id"),
    f"select | from (select id as x, text from {T}) limit 3": ("x", "text", "id", "grp"),
    f"select * from (select *, id as x from {T}) where | = 1": ("x", "id", "grp", "uid"),
    f"select * from (select id from (select id, grp as g from {T})) where | = 1": ("id", "g", "grp"),
    f"select a.| as one, b.uid as two from {T} as a join {U} as b on a.id = b.id": ("id", "i32", "uid", "name"),
    f"select b.| as one, a.i32 as two from {T} as a join {U} as b on a.id = b.id": ("uid", "name", "i32", "text"),
    f"select a.i32 as one, b.uid as two from {T} as a join {U} as b on a.| = b.id": ("id", "uid", "name"),
    f"select a.i32 as one, b.uid as two from {T} as a join {U} as b on a.id = b.|": ("id", "uid", "grp"),
    f"select a.i32 as one, b.uid as two from {T} as a join (select id as k, uid from {U}) as b on a.id = b.|": ("k", "id", "name"),
    f"select |.id as one, b.uid as two from {T} as a join {U} as b on a.id = b.id": ("a", "b", "c"),
    f"select grp[0] as g, sum(|) as s from {T} group by grp": ("id", "uid", "g"),
    f"select id from {T} where cosine_similarity(|, ARRAY[1, 2, 3, 4]) > 0": ("emb", "name", "nope"),
    f"select id from {T} sample by | limit 3": ("id", "uid"),
    f"(select id from {T}) union all (select | from {U})": ("id", "name_", "text"),
}  # fmt: skip
PAIRS = [(query, name) for query, names in CASES.items() for name in names]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Return the engine in a child process."""
    made = Runner()
    yield made
    made.close()


def test_there_are_enough_cases() -> None:
    """At least 60."""
    assert len(PAIRS) >= 60


@pytest.mark.parametrize(("query", "name"), PAIRS)
def test_a_name_is_proposed_where_the_engine_finds_it(
    runner: Runner, schemas: dict[str, Schema], query: str, name: str
) -> None:
    """The engine runs a query with a name that is proposed without a code, and fails with one that is not proposed."""
    found = {
        proposal.label: proposal
        for proposal in complete(query.replace("|", "", 1), query.index("|"), schemas)
        if proposal.kind in {"column", "alias"}
    }
    said = runner.ask(query.replace("|", name, 1))
    runs = isinstance(said, dict)

    assert name in found or not runs, said
    assert runs or name not in found or found[name].code, said
