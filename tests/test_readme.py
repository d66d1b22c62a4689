"""What the README shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checks.real_world import table

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def block(language: str, containing: str) -> str:
    """Return the fenced block of a language that holds a text."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return next(text for text in found if containing in text)


@pytest.mark.parametrize("containing", ["mem://people", "explain()", "mem://numbers"])
def test_an_example_runs_as_pasted(tmp_path: Path, containing: str) -> None:
    """Each comment below a print is what is printed."""
    code = block("python", containing)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )

    assert [line.removeprefix("# ") for line in code.splitlines() if line.startswith("# ")] == done.stdout.splitlines()


def test_the_check_prints_what_is_shown() -> None:
    """The finding, the line and the carets."""
    text = re.search(r"echo '(.*)' \| tql check -", README)
    assert text is not None
    done = subprocess.run(
        [sys.executable, "-m", "tql_client", "check", "-"], input=text[1], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stdout == block("text", "<stdin>")


def test_the_table_of_published_queries_is_the_measured_one() -> None:
    """Run ``python -m tests.checks.real_world`` after a change of the rules."""
    assert table() in README
