"""README: its examples run and print the shown output."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.grammar.lint.real_world import table
from tests.test_docs import script
from tql import check

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str, containing: str) -> str:
    """Return the fenced block of a language that holds a text."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return next(text for text in found if containing in text)


def test_the_first_command_is_a_clone() -> None:
    """Before a release the package is on no index: the README shows the index form once, and no message or guide has it."""
    assert block("console", "").startswith("$ git clone ")
    assert re.findall(r".*deeplake-tql\[.*", README) == [
        'After a release on an index, `pip install "deeplake-tql[embedded,cli]"` works without a clone.'
    ]
    files = [path for folder in ("client", "tql", "grammar", "docs") for path in (ROOT / folder).rglob("*")]
    texts = [path for path in files if path.suffix in {".md", ".py", ".pyi"}]
    assert [path.name for path in texts if "deeplake-tql[" in path.read_text("utf-8")] == ["extras.py"]


def test_the_supported_versions_are_those_of_the_classifiers() -> None:
    """The first 40 lines name the Python versions, the operating systems and the architectures."""
    first = "\n".join(README.splitlines()[:40])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    versions = [text.rpartition(" ")[2] for text in project["classifiers"] if "Python :: 3." in text]

    assert f"CPython {versions[0]} to {versions[-1]}" in first
    assert project["requires-python"].startswith(f">={versions[0]}")
    for name in ("Linux", "macOS", "Windows", "x86_64", "aarch64", "arm64"):
        assert name in first


def test_the_example_runs_as_pasted(tmp_path: Path) -> None:
    """The comments below the prints are the output."""
    code = block("python", "mem://people")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )

    assert [line.removeprefix("# ") for line in code.splitlines() if line.startswith("# ")] == done.stdout.splitlines()


def test_the_check_prints_what_is_shown() -> None:
    """`tql check` prints the shown finding, line and carets."""
    text = re.search(r"echo '(.*)' \| tql check -", README)
    assert text is not None
    done = subprocess.run(
        [sys.executable, "-m", "tql_client", "check", "-"], input=text[1], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stdout == block("text", "<stdin>")


def test_the_readme_is_short() -> None:
    """The README has at most 900 words; the guides have the rest."""
    assert len(README.split()) <= 900


def test_the_picture_has_what_the_commands_print() -> None:
    """Run ``python docs/terminal_picture.py`` after a change of the output of `tql check` or `tql explain`."""
    picture = script("terminal_picture")
    shown = [text.replace("\xa0", " ").strip() for text in ET.parse(picture.PICTURE).getroot().itertext()]  # noqa: S314 - our own picture
    written = "".join(picture.plain(picture.output()).split())

    assert "".join("".join(part for part in shown if part).split()).endswith(written)


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ("order by year, title", "TQL301"),
        ("where id > 15 & id < 17", "TQL001"),
        ("select distinct kind", "TQL302"),
        ("name = 'O'Hara'", "TQL126"),
    ],
)
def test_the_check_finds_what_the_table_says(clause: str, code: str) -> None:
    """`check` reports each hand-written clause of the table "Why"."""
    assert f"| `{clause}`" in README
    text = f"{clause} from d" if clause.startswith("select") else f"select id from d where {clause}"
    text = text.replace("where order", "order").replace("where where", "where")
    assert code in {finding.code for finding in check(text)}


def test_the_table_of_published_queries_is_the_measured_one() -> None:
    """Run ``python -m tests.grammar.lint.real_world`` after a change of the rules."""
    assert table() in (ROOT / "docs" / "check.md").read_text("utf-8")
