"""The known name that a misspelt one is nearest to."""

from __future__ import annotations

import pytest

from tql_grammar.schema import Schema, did_you_mean
from tql_grammar.suggestions import nearest

CASES = [
    ("modul", ["id", "module"], "module"),
    ("ID", ["idx", "id"], "id"),
    ("TEXTS", ["id", "text"], "text"),
    ("Id", ["ID", "id"], "ID"),
    ("nothing", ["id", "text"], None),
    ("id", [], None),
]


@pytest.mark.parametrize(("name", "names", "expected"), CASES)
def test_the_nearest_name(name: str, names: list[str], expected: str | None) -> None:
    """Letters of either case are the same, and a name that is far from all has no nearest."""
    assert nearest(name, names) == expected


def test_a_hint_speaks_of_what_it_lists() -> None:
    """Columns, unless another kind of names is given; a name that is itself the word stays."""
    assert did_you_mean("idd", Schema(id="int64")) == "did you mean 'id'? the columns are id"
    assert did_you_mean("row", ["columns"], "classes") == "the classes are columns"
