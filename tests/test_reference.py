"""Every public name has an entry in the reference, with an example that the tests of the documentation run."""

from __future__ import annotations

import argparse
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import tql
import tql_client
from tql import fn
from tql_client import datasets, errors, langchain, llamaindex, pytest_plugin
from tql_client.cli.main import parser
from tql_client.results.result import Meta
from tql_client.server.local import Server
from tql_grammar.record import Record
from tql_grammar.schema import Column

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
HEADING = re.compile(r"^#{1,4} (.*)$", re.MULTILINE)
EXAMPLE = re.compile(r"^```(python|console)$", re.MULTILINE)
# The classes whose methods have an entry of their own each.
CLASSES = (tql.Query, tql.Expr, tql.Schema, tql.Diagnostic, tql_client.Client, tql_client.Result, Server)
# The special methods with an entry: the operators of an expression. Those of other classes are in the entry of their class.
OPERATORS = frozenset(
    re.findall(r"def (__\w+__)", (REFERENCE.parents[1] / "tql/expressions/expr.py").read_text("utf-8"))
)
HIDDEN = frozenset({"__init__", "__setattr__", "__reduce__", "__repr__", "__str__"})
BASES = {*Record.__mro__, *Exception.__mro__}


def members(kind: type) -> Iterator[str]:
    """Yield the names of the public methods and properties of a class, and the operators of an expression."""
    for parent in kind.__mro__:
        if parent in BASES:
            continue
        for name, value in vars(parent).items():
            shown = callable(value) or isinstance(value, (property, cached_property, classmethod, staticmethod))
            operator = kind is tql.Expr and name in OPERATORS - HIDDEN
            if shown and (operator or not name.startswith("_")):
                yield f"{kind.__name__}.{name}"


def public_names() -> set[str]:
    """Return every public name, as the reference spells it."""
    found = {*tql.__all__, "format", *tql_client.__all__, "Meta", Meta.__name__, Column.__name__, Server.__name__}
    found |= {f"fn.{name}" for name in dir(fn)}
    found |= {name for kind in CLASSES for name in members(kind)}
    found |= {
        name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, tql.TqlError)
    }
    found |= {f"{module.__name__}.{name}" for module in (langchain, llamaindex) for name in module.__all__}
    found |= {*datasets.__all__, *pytest_plugin.__all__, "%tql", "%%tql"}
    found |= {f"tql {name}" for name in commands()}
    return found - {"errors", "pytest_addoption", "Expr.__hash__"}


def commands() -> list[str]:
    """Return the names of the commands of `tql`."""
    actions = parser()._actions  # noqa: SLF001 - argparse has no public list of subcommands
    return [name for action in actions if isinstance(action, argparse._SubParsersAction) for name in action.choices]  # noqa: SLF001 - the same


def entries() -> dict[str, str]:
    """Return the section of each name that a heading of the reference has."""
    found: dict[str, str] = {}
    for page in REFERENCE.glob("*.md"):
        text = page.read_text("utf-8")
        headings = list(HEADING.finditer(re.sub(r"^```.*?^```$", _blank, text, flags=re.DOTALL | re.MULTILINE)))
        for heading, following in zip(headings, [*headings[1:], None], strict=True):
            section = text[heading.end() : None if following is None else following.start()]
            for name in re.findall(r"`([^`]+)`", heading[1]) or [heading[1]]:
                found[name] = section
    return found


def _blank(block: re.Match[str]) -> str:
    """Return a block of the same length without text, in which a comment is no heading."""
    return re.sub(r"[^\n]", " ", block[0])


def test_each_public_name_has_an_example() -> None:
    """Write its entry in docs/reference: a heading with the name, and a program; ``python docs/snippets.py`` adds the output."""
    known = entries()
    missing = sorted(name for name in public_names() if not EXAMPLE.search(known.get(name, "")))

    assert missing == []


def test_an_entry_is_about_a_name_that_exists() -> None:
    """A heading with a name of a class, of `fn` or of the command line names something that exists."""
    names = public_names()
    spelled = {
        name
        for name in entries()
        if re.match(r"(Query|Expr|Schema|Client|Result|fn|tql) ?\.?\w", name) and ("." in name or " " in name)
    }

    assert {name for name in spelled if "tql_client" not in name} - names - {
        "Schema.columns",
        "Schema.replace",
        "Result.meta",
    } == set()
