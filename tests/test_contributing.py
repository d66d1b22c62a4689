"""CONTRIBUTING: each path, name, command and test that it mentions exists, and its map has every folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
CODE = re.compile(r"`([^`\n]+)`")
# A path, and the names in parentheses behind it.
WITH_NAMES = re.compile(r"`([\w/]+/\w+\.py)` \(((?:`\w+`(?:, )?)+)")
# A package and the table of its folders.
MAP = re.compile(r"^`([\w/]+)`, tests in `([\w/]+)`:\n\n((?:\|.*\n)+)", re.MULTILINE)
TESTS = "".join(path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TOPS = tuple(f"{path.name}/" for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("."))
PATHS = sorted({code for code in CODE.findall(TEXT) if code.startswith(TOPS) and " " not in code})
COMMANDS = sorted({code for code in CODE.findall(TEXT) if code.startswith(("python ", "make "))})


def needed(command: str) -> str:
    """Return the file of a command, or the target of make."""
    program, first, *others = command.split()
    if program == "make":
        return f"\n{first}:"
    return f"{others[0].replace('.', '/')}" if first == "-m" else first


@pytest.mark.parametrize("path", PATHS)
def test_a_path_exists(path: str) -> None:
    """A file or folder of the project."""
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("path", "names"), WITH_NAMES.findall(TEXT))
def test_a_file_has_the_names(path: str, names: str) -> None:
    """The names in parentheses behind a file are its own."""
    source = (ROOT / path).read_text("utf-8")

    assert [
        name for name in CODE.findall(names) if not re.search(rf"^(class |def )?{name}\b", source, re.MULTILINE)
    ] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_exists(command: str) -> None:
    """A script, a module that can be run, or a target of make."""
    found = needed(command)
    if command.startswith("make "):
        assert found in MAKEFILE
    else:
        assert any((ROOT / name).is_file() for name in (found, f"{found}.py", f"{found}/__main__.py"))


@pytest.mark.parametrize("name", sorted({code for code in CODE.findall(TEXT) if re.fullmatch(r"test_\w+", code)}))
def test_a_test_exists(name: str) -> None:
    """A function of the tests."""
    assert f"def {name}(" in TESTS


@pytest.mark.parametrize(("package", "tests", "table"), MAP.findall(TEXT))
def test_the_map_of_a_package(package: str, tests: str, table: str) -> None:
    """Each row has files and folders of the package, and each folder with code has a row."""
    rows = [row.split("|")[1] for row in table.splitlines()[2:]]
    listed = {code for row in rows for code in CODE.findall(row)}
    folders = {f"{path.parent.relative_to(ROOT / package).parts[0]}/" for path in (ROOT / package).glob("*/*.py")}

    assert (ROOT / tests).is_dir()
    assert {name for name in listed if not (ROOT / package / name).exists()} == set()
    assert folders <= listed


def test_every_package_has_a_map() -> None:
    """The three packages have one."""
    assert [package for package, *_ in MAP.findall(TEXT)] == ["tql", "grammar/tql_grammar", "client/tql_client"]
