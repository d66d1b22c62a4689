"""The parser's table is the same wherever it comes from: made now, kept before, made by several at once, or not kept at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import lark
import pytest

# What a process knows of its table: the contents, the types of the names, as those decide the speed, and what it finds.
ASKED = """
import json
from tql import check
from tql_grammar.syntax.driver import parse_table
table, actions = parse_table()
names = [name for rule in table.reductions for name in (rule.origin, rule.name)] + [name for row in table.rows for name in row]
texts = ["select a where b = 1", "select a from", "select a limit 1 limit 2", "select (a", "select a where b in (1, 'c'"]
print(json.dumps({
    "rows": table.rows,
    "rules": [(rule.length, rule.origin, rule.name, rule.kept) for rule in table.reductions],
    "ends": [table.start, table.accept],
    "types": sorted({type(name).__name__ for name in names}),
    "found": [[(found.code, found.message, found.hint) for found in check(text)] for text in texts],
}))
"""
BROKEN = [
    b"",
    b"\x00",
    b"[]",
    b"{",
    b'{"rows": 1}',
    b'{"rows": [], "rules": [[1]], "start": 0, "accept": 0}',
    b"\xff" * 9,
]


# A process that may write no file of more than 1,000 bytes, as on a disk that is full.
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"


def started(cache: Path, before: str = "", **variables: str) -> subprocess.Popen[str]:
    """Start a process whose cache folder is *cache*, unless its variables say otherwise; it runs *before* first."""
    environment = {name: value for name, value in os.environ.items() if name != "LOCALAPPDATA"}
    return subprocess.Popen(
        [sys.executable, "-c", before + ASKED],
        env=environment | {"XDG_CACHE_HOME": str(cache)} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen[str]) -> Any:
    """Return the report of a process about its table, its only output."""
    said, complaints = process.communicate()
    assert complaints == ""
    return json.loads(said)


def kept(cache: Path) -> list[Path]:
    """Return the files that are in a cache folder."""
    return sorted(path for path in cache.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Return a cache directory in which a process saved its table, and the report of the process."""
    cache = tmp_path_factory.mktemp("cache")
    return cache, told(started(cache))


def test_a_table_is_the_same_made_and_kept(filled: tuple[Path, Any]) -> None:
    """A process that computes the table and a process that loads it have the same table, to the type of each name."""
    cache, made = filled
    (file,) = kept(cache)
    before = (file.stat().st_ino, file.stat().st_mtime_ns)
    assert told(started(cache)) == made
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == before, "it was made again"
    assert made["types"] == ["str"]
    assert [len(found) > 0 for found in made["found"]] == [False, True, True, True, True]


def test_a_home_that_cannot_be_written_does_without(filled: tuple[Path, Any], tmp_path: Path) -> None:
    """Where no folder can be made, each process makes the table for itself, and finds the same as fast."""
    home = tmp_path / "home"
    home.write_text("a file, not a folder")
    said = told(started(home))
    assert [said["found"], said["types"]] == [filled[1]["found"], ["str"]]
    assert home.read_text() == "a file, not a folder"


def test_nobody_knows_the_home(filled: tuple[Path, Any], tmp_path: Path) -> None:
    """A user without a home, as in a container that runs under any number, does without."""
    said = told(started(tmp_path, XDG_CACHE_HOME="", HOME="~"))
    assert said["found"] == filled[1]["found"]


def test_a_full_disk_keeps_nothing(filled: tuple[Path, Any], tmp_path: Path) -> None:
    """Where a table cannot be written whole, no part of it stays; each process does without."""
    assert told(started(tmp_path, FULL))["found"] == filled[1]["found"]
    assert kept(tmp_path) == []


def test_another_lark_makes_its_own_table(filled: tuple[Path, Any], tmp_path: Path) -> None:
    """A table computed by one version of lark is not used with another version."""
    cache = shutil.copytree(filled[0], tmp_path / "cache")
    other = shutil.copytree(Path(lark.__file__).parent, tmp_path / "lark") / "__init__.py"
    other.write_text(other.read_text("utf-8").replace(lark.__version__, "0.0.1"), "utf-8")
    assert told(started(cache, PYTHONPATH=str(tmp_path)))["found"] == filled[1]["found"]
    assert len(kept(cache)) == 2


def test_many_at_once_keep_one_table(filled: tuple[Path, Any], tmp_path: Path) -> None:
    """Processes that start together find the same, and leave one whole table and no scraps."""
    all_said = [told(process) for process in [started(tmp_path) for _ in range(6)]]
    assert [said["found"] for said in all_said] == [filled[1]["found"]] * 6
    assert len(kept(tmp_path)) == 1
    assert told(started(tmp_path))["rows"] in [said["rows"] for said in all_said]


def test_a_broken_table_is_made_again(filled: tuple[Path, Any], tmp_path: Path) -> None:
    """A truncated or foreign file is not used as a table, and is replaced."""
    (whole,) = kept(filled[0])
    place = tmp_path / whole.relative_to(filled[0])
    place.parent.mkdir(parents=True)
    text = whole.read_bytes()
    for broken in [*BROKEN, text[:-1], text[: len(text) // 2]]:
        place.write_bytes(broken)
        assert told(started(tmp_path))["found"] == filled[1]["found"]
        assert set(json.loads(place.read_bytes())) == {"rows", "rules", "start", "accept"}
