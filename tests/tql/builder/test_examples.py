"""Examples in the docstrings of the builder: each one generates the TQL that the docstring shows."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

import tql
from tql import Expr, Query

FUNCTIONS = ("select", "col", "asc", "desc", "not_", "all_of", "any_of", "param", "raw")
# Their results are not TQL.
WITHOUT_TQL = {"check", "diff", "explain", "replace", "node", "same"}
DOCUMENTED: dict[str, Any] = {
    **{f"tql.{name}": getattr(tql, name) for name in FUNCTIONS},
    **{
        f"{kind.__name__}.{name}": inspect.getattr_static(kind, name)
        for kind in (Query, Expr)
        for name in dir(kind)
        if not name.startswith("_") and name not in {*WITHOUT_TQL, "statement"}
    },
}
EXAMPLE = re.compile(r"``(?P<code>[^`]+)``\s+generates\s+``(?P<text>[^`]+)``")


def examples(documented: Any) -> list[tuple[str, str]]:
    """Return the code and the TQL of each example of a docstring; ``..`` in the TQL matches any part."""
    return [(found["code"], found["text"]) for found in EXAMPLE.finditer(inspect.getdoc(documented) or "")]


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_an_example_generates_its_tql(name: str) -> None:
    """Every public method and function has at least one."""
    found = examples(DOCUMENTED[name])

    assert found
    for code, text in found:
        generated = str(eval(code, vars(tql).copy()))  # noqa: S307 - a docstring of this library
        pattern = ".*".join(map(re.escape, text.split("..")))
        assert re.fullmatch(pattern, generated), f"{code} generates {generated}"
