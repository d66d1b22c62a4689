"""Patterns of .gitignore files, as git reads them."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = ".gitignore"


class Pattern(NamedTuple):
    """
    One pattern.

    Attributes:
        matches: the regular expression of paths, relative to the folder of the file.
        only_folders: whether the pattern is for folders, by its last slash.
        negated: whether what it matches is not ignored.
    """

    matches: re.Pattern[str]
    only_folders: bool
    negated: bool


class Ignored:
    """The ignored paths of a working tree, by the .gitignore of each folder and ``.git/info/exclude``."""

    def __init__(self, folder: str) -> None:
        """Find the root of the working tree above a folder; without one, the folder itself is the root."""
        self.folder = os.path.realpath(folder)
        self.root = _root(self.folder)

    def __call__(self, path: str, *, is_folder: bool) -> bool:
        """Return whether a path is ignored; the folders above it are not."""
        path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))  # noqa: PTH118, PTH119, PTH120 - paths are strings here
        verdict = False
        for folder, patterns in self._files(os.path.dirname(path)):  # noqa: PTH120 - paths are strings here
            inside = os.path.relpath(path, folder).replace(os.sep, "/")
            for pattern in patterns:
                if (is_folder or not pattern.only_folders) and pattern.matches.fullmatch(inside):
                    verdict = not pattern.negated
        return verdict

    def _files(self, folder: str) -> Iterator[tuple[str, tuple[Pattern, ...]]]:
        """Yield the folder and the patterns of each file that counts in a folder, those of the root first."""
        yield self.root, read(os.path.join(self.root, ".git", "info", "exclude"))  # noqa: PTH118 - paths are strings here
        inside = os.path.relpath(folder, self.root)
        at = self.root
        yield at, read(os.path.join(at, FILE))  # noqa: PTH118 - paths are strings here
        for name in Path(inside).parts:
            at = os.path.join(at, name)  # noqa: PTH118 - paths are strings here
            yield at, read(os.path.join(at, FILE))  # noqa: PTH118 - paths are strings here


def _root(folder: str) -> str:
    """Return the root of the working tree that a folder is in, or the folder."""
    at = folder
    while not os.path.exists(os.path.join(at, ".git")):  # noqa: PTH110, PTH118 - paths are strings here
        above = os.path.dirname(at)  # noqa: PTH120 - paths are strings here
        if above == at:
            return folder
        at = above
    return at


@lru_cache(maxsize=4096)
def read(path: str) -> tuple[Pattern, ...]:
    """Return the patterns of a file; none of one that does not exist."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123 - paths are strings here
            return tuple(found for found in map(_pattern, file.read().splitlines()) if found is not None)
    except OSError:
        return ()


def _pattern(line: str) -> Pattern | None:
    """Return the pattern of a line, or None for a comment and an empty line."""
    line = re.sub(r"(?<!\\) +$", "", line)
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    line = line.removeprefix("!")
    only_folders = line.endswith("/")
    line = line.rstrip("/") if only_folders else line
    if not line:
        return None
    anchored = "/" in line
    prefix = "" if anchored else "(?:.*/)?"
    return Pattern(re.compile(prefix + expression(line.removeprefix("/")), re.DOTALL), only_folders, negated)


# The parts of a pattern: a run of two stars as a part of the path, a star, a question mark, a class, an escape, any other character.
PART = re.compile(
    r"(?P<all>(?<![^/])\*\*(?:/|\Z))|(?P<star>\*+)|(?P<one>\?)|\[(?P<class>[!^]?\]?[^\]]*)\]|\\(?P<escaped>.)|(?P<other>.)",
    re.DOTALL,
)


def expression(glob: str) -> str:
    """Return a pattern as a regular expression."""
    return "".join(_part(match) for match in PART.finditer(glob))


def _part(match: re.Match[str]) -> str:
    """Return one part of a pattern as a regular expression."""
    kind = match.lastgroup or ""
    text = match[kind]
    if kind == "all":
        return "(?:[^/]+/)*" if text.endswith("/") else ".+"
    if kind == "class":
        negated = text[:1] in {"!", "^"}
        members = text[1:] if negated else text
        escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", members)
        return f"(?!/)[{'^' if negated else ''}{escaped}]"
    return {"star": "[^/]*", "one": "[^/]"}.get(kind, re.escape(text))
