"""Limits of size: the complexity of every function by radon, and the lines of every module."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from radon.complexity import cc_visit_ast

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
MOST_BRANCHES, MOST_LINES = 10, 400
PACKAGES = ("tql", "client", "grammar")
TESTS = "tests"


def modules(*folders: str) -> list[Path]:
    """Return the modules in some folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def complexities(text: str, *, no_assert: bool = False) -> Iterator[tuple[str, int]]:
    """Yield the name and the complexity of each function of a module, including methods and nested functions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            (block,) = cc_visit_ast(node, no_assert=no_assert)
            yield f"{node.lineno} {node.name}", block.complexity


def complex_functions(path: Path) -> list[str]:
    """Return the functions of a module that are above the limit; in tests, assertions do not count as branches."""
    text = path.read_text(encoding="utf-8")
    found = complexities(text, no_assert=path.is_relative_to(ROOT / TESTS))
    return [f"{path.relative_to(ROOT)}:{name} {number}" for name, number in found if number > MOST_BRANCHES]


@pytest.mark.parametrize("folder", [*PACKAGES, TESTS])
def test_the_complexity_of_functions(folder: str) -> None:
    """No function of a folder is above the limit."""
    paths = modules(folder)

    assert paths
    assert [function for path in paths for function in complex_functions(path)] == []


def test_the_complexity_of_the_build_hook() -> None:
    """The build hook belongs to no package, and has the same limit."""
    assert complex_functions(ROOT / "hatch_build.py") == []


def test_the_lines_of_modules() -> None:
    """No module of the packages is above the limit."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*PACKAGES)}

    assert lengths
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


@pytest.mark.parametrize(
    "head", ["def f(x):\n    if x:\n", "class A:\n    def f(self, x):\n", "def f(x):\n    def g():\n"]
)
def test_branches_are_counted_wherever_they_are(head: str) -> None:
    """Branches are counted in functions, methods and nested functions."""
    text = head + "        if x: pass\n" * MOST_BRANCHES

    assert max(number for _, number in complexities(text)) > MOST_BRANCHES
