"""Paths through a scope of a Python file: names with their values, and the conditions that hold."""

from __future__ import annotations

import ast
import functools
from itertools import chain
from typing import TYPE_CHECKING

from tql_grammar.python.values import Items, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# The most values that one name or expression has; beyond that it is unknown.
MOST_VALUES = 16
# The most paths that are followed at a time; beyond that, names whose values differ are unknown.
MOST_PATHS = 12
# The paths into a loop that are followed at a time, below the number that is joined.
MOST_AT_ONCE = 6
# The most rounds that are followed of a loop over a list of the file, on all paths together, and of all loops of a file.
MOST_ROUNDS, MOST_ROUNDS_OF_FILE = 100, 2_000
UNKNOWN: tuple[Value, ...] = (Unknown(),)


class Path:
    """One path through a scope of a file: the values of its names, and the conditions that hold on it."""

    def __init__(self, outer: Mapping[str, tuple[Value, ...]], own: dict[str, tuple[Value, ...]] | None = None) -> None:
        """
        Begin a path.

        Args:
            outer: the names of the scopes outside.
            own: the names that the path assigns.
        """
        self.outer = outer
        self.own = own or {}
        self.holds: dict[str, bool] = {}

    def get(self, name: str) -> tuple[Value, ...]:
        """Return the values of a name, or () if it is not assigned."""
        return self.own.get(name) or self.outer.get(name, ())

    @property
    def names(self) -> dict[str, tuple[Value, ...]]:
        """All names with their values."""
        return {**self.outer, **self.own}

    def copy(self) -> Path:
        """Return a path that goes on from here by itself."""
        path = Path(self.outer, dict(self.own))
        path.holds = dict(self.holds)
        return path

    def bind(self, name: str, values: tuple[Value, ...]) -> None:
        """Assign values to a name; its attributes, and conditions with the name, are not known any longer."""
        for names in (self.own, self.outer):
            if f"{name}." in names:
                self.own.update({other: UNKNOWN for other in names if other.startswith(f"{name}.")})
        self.own[name] = values
        root = name.partition(".")[0]
        if root != name:
            self.own[f"{root}."] = ()
        if self.holds:
            self.holds = {test: known for test, known in self.holds.items() if f"{root!r}" not in test}

    def branch(self, test: ast.expr, *, holds: bool) -> Path | None:
        """Return this path where a condition holds or does not, or None if it is known to be the other way."""
        written = _dumped_test(test)
        if self.holds.get(written, holds) != holds:
            return None
        path = self.copy()
        path.holds[written] = holds
        return path


@functools.lru_cache(maxsize=256)
def _dumped_test(test: ast.expr) -> str:
    """Return a condition as text that is the same for equal conditions."""
    return ast.dump(test)


def dotted(node: ast.expr) -> str:
    """Return the path of names of an expression such as ``self.text``, or "" for any other."""
    if isinstance(node, ast.Name):
        return node.id
    before = dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{before}.{node.attr}" if isinstance(node, ast.Attribute) and before else ""


def _distinct(paths: Sequence[Path]) -> Iterator[tuple[str, list[Value]]]:
    """Yield each name that some paths of a scope assign, with its values on all of them."""
    for name in dict.fromkeys(name for path in paths for name in path.own):
        values: list[Value] = []
        for value in chain.from_iterable(path.get(name) for path in paths):
            if value not in values:
                values.append(value)
        yield name, values


def items_of(values: Sequence[Value], most: int) -> tuple[Value, ...]:
    """Return the items of the lists that an expression may be, or () if they are not all known, or too many."""
    items = [
        item for value in values for item in (value.items if isinstance(value, Items) else (Unknown(several=True),))
    ]
    is_known = not any(isinstance(item, Unknown) and item.several for item in items)
    return tuple(items) if is_known and len(items) <= most else ()


def union(paths: Sequence[Path]) -> Path:
    """Return a path on which each name has the values of all paths of a scope."""
    if len(paths) <= 1:
        return paths[0].copy() if paths else Path({})
    names = {name: tuple(values) if len(values) <= MOST_VALUES else UNKNOWN for name, values in _distinct(paths)}
    return Path(paths[0].outer, names)


def certain(paths: Sequence[Path]) -> Path:
    """Return a path on which each name has its value if it is the same on all paths of a scope."""
    names = {name: tuple(values) if len(values) <= 1 else UNKNOWN for name, values in _distinct(paths)}
    return Path(paths[0].outer, names)


def limited(paths: list[Path]) -> list[Path]:
    """Return some paths, or the one that has what is the same on all of them if there are too many."""
    return paths if len(paths) <= MOST_PATHS else [certain(paths)]
