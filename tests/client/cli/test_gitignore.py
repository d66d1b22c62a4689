"""Patterns of .gitignore, compared with git."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from tql_client.cli.gitignore import Ignored, read

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ["a", "b", "*", "**", "?", "a*", "*.tql", "[ab]", "[!a]", "[^b]x", "ab", "\\*", "[a-b]", "*b*"]
NAMES = ["a", "b", "ab", "bx", "a.tql", "x", "b.tql", "*"]


def pattern(draw: random.Random) -> str:
    """Return a line of a .gitignore."""
    text = "/".join(draw.choices(PARTS, k=draw.randint(1, 3)))
    return f"{draw.choice(['', '', '', '!'])}{draw.choice(['', '', '/'])}{text}{draw.choice(['', '', '/'])}"


def searched(folder: Path) -> set[str]:
    """Return the paths that are not ignored, as the search of a folder goes: into folders that are not ignored."""
    ignored, found, stack = Ignored(str(folder)), set(), [folder]
    while stack:
        for path in stack.pop().iterdir():
            if path.name in {".git", ".gitignore"} or ignored(str(path), is_folder=path.is_dir()):
                continue
            if path.is_dir():
                stack.append(path)
            else:
                found.add(str(path.relative_to(folder)))
    return found


def write_files(folder: Path, draw: random.Random) -> None:
    """Write four files into a folder, but for those that are folders."""
    for name in draw.sample(NAMES, 4):
        if not (folder / name).exists():
            (folder / name).write_text("")


def write_tree(root: Path, draw: random.Random) -> None:
    """Write random files, folders and patterns."""
    folders = {"", *("/".join(draw.choices(NAMES, k=draw.randint(1, 2))) for _ in range(6))}
    for folder in sorted(folders):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for inside in sorted(path for path in root.rglob("*") if path.is_dir() and ".git" not in path.parts):
        write_files(inside, draw)
    for folder in ("", *sorted(folders)[:2]):
        lines = [pattern(draw) for _ in range(draw.randint(1, 4))]
        (root / folder / ".gitignore").write_text("\n".join(["# a comment", "", *lines]) + "\n")


@pytest.mark.parametrize("seed", range(20))
def test_patterns_are_those_of_git(seed: int, tmp_path: Path) -> None:
    """The files that are searched are those that git lists."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)  # noqa: S607 - the git of the PATH
    write_tree(tmp_path, random.Random(seed))  # noqa: S311 - no secret
    read.cache_clear()
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],  # noqa: S607 - the same
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    names = {name for name in listed.stdout.split("\0") if name and not name.endswith(".gitignore")}
    assert searched(tmp_path) == names
