"""Every ArgumentError of the builder and the compiler is in the table of refusals, with an example that raises it."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tql import ArgumentError
from tql.compiler import cache
from tql.refusals import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql.refusals.refusal import Refusal

ROOT = Path(__file__).parents[2]
GRAMMAR = ROOT / "grammar" / "tql_grammar"
SOURCES = [*(ROOT / "tql").rglob("*.py"), *(GRAMMAR / "rewrite").rglob("*.py"), GRAMMAR / "schema.py"]


class Site(NamedTuple):
    """A call that makes an ArgumentError."""

    path: str
    first: int
    last: int

    def holds(self, path: str, line: int) -> bool:
        """Tell whether a line is part of the call."""
        return self.path == path and self.first <= line <= self.last


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that make an ArgumentError."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ArgumentError":
            yield node


def sites() -> Iterator[Site]:
    """Yield the calls in the source of the builder, the compiler and the rules that rewrite expressions."""
    for path in SOURCES:
        for node in calls(ast.parse(path.read_text("utf-8"))):
            yield Site(str(path), node.lineno, node.end_lineno or node.lineno)


def documentation() -> Any:
    """Return the script of the page, which raises the refusals too."""
    spec = importlib.util.spec_from_file_location("refusals_page", ROOT / "docs" / "refusals_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SITES = tuple(sites())
PAGE = documentation()


def raised(refusal: Refusal) -> tuple[Site, ArgumentError]:
    """Return the error of a refusal, and the call that makes it."""
    cache.forget()
    places: list[tuple[str, int]] = []

    def see(frame: Any, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is ArgumentError.__init__.__code__:
            places.append((frame.f_back.f_code.co_filename, frame.f_back.f_lineno))

    sys.setprofile(see)
    try:
        error = PAGE.raised(refusal)
    finally:
        sys.setprofile(None)
    path, line = places[-1]
    (site,) = (site for site in SITES if site.holds(path, line))
    return site, error


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[Site, ArgumentError]]:
    """The error of each refusal by its name."""
    return {refusal.name: raised(refusal) for refusal in REFUSALS}


def test_each_name_is_one_reason(found: dict[str, tuple[Site, ArgumentError]]) -> None:
    """No two examples raise the same error, but for the value that it shows."""
    reasons: dict[object, list[str]] = {}
    for name, (site, error) in found.items():
        told = {"kind of a join", "empty vector"}
        own = name if name in told else ""
        reasons.setdefault((site, error.rule, error.hint, error.why, own), []).append(name)

    assert len(found) == len(REFUSALS)
    assert [names for names in reasons.values() if len(names) > 1] == []


def test_each_argument_error_has_an_example(found: dict[str, tuple[Site, ArgumentError]]) -> None:
    """A new `ArgumentError` needs a row in `tql/refusals`, from which the documentation is written."""
    covered = {site for site, _ in found.values()}

    assert [
        f"{site.path}:{site.first}" for site in SITES if site not in covered and not site.path.endswith("schema.py")
    ] == []


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_a_refusal_says_what_is_wrong(refusal: Refusal, found: dict[str, tuple[Site, ArgumentError]]) -> None:
    """Its error names the method or argument, and the page has its sentence."""
    _, error = found[refusal.name]

    assert error.subject
    assert str(error).startswith(f"`{error.subject}` {error.rule}")
    assert f"**{refusal.name}**" in PAGE.PAGE.read_text("utf-8")
