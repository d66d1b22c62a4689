"""`tql check --engine` and the setting `engine`: findings about what another version of the engine changed."""

from __future__ import annotations

import io
import json
import re
import sys
from typing import TYPE_CHECKING

import pytest

from tql_client.cli.lsp import documents
from tql_client.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REMAINDER = "select id where id % 2 = 1"


@pytest.fixture(name="run")
def _run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, list[str], str]]:
    """Return a function that runs `tql` in an empty folder, and returns the exit code, the codes of the findings and the messages."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str, stdin: str = "") -> tuple[int, list[str], str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = main(words)
        printed = capsys.readouterr()
        return code, re.findall(r"TQL\d{3}", printed.out), printed.err

    return call


@pytest.mark.parametrize(
    ("engine", "found"),
    [("4.5", ["TQL380"]), ("4.7.0", ["TQL380"]), ("4.7", ["TQL380"]), ("rest", ["TQL380"]), ("4.7.1", []), ("4.9", [])],
)
def test_the_option(run: Callable[..., tuple[int, list[str], str]], engine: str, found: list[str]) -> None:
    """It names a version, or the hosted service; two numbers are the first release."""
    assert run("check", REMAINDER) == (0, [], "")
    assert run("check", "--engine", engine, REMAINDER) == (len(found), found, "")


def test_the_setting(run: Callable[..., tuple[int, list[str], str]], tmp_path: Path) -> None:
    """Each file has the engine of its project; the option replaces it."""
    for folder, engine in (("old", '"4.7.0"'), ("new", '"4.7.4"')):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.tql").write_text(REMAINDER)
        (tmp_path / folder / "pyproject.toml").write_text(f"[tool.tql]\nengine = {engine}\n")

    assert run("check", ".") == (1, ["TQL380"], "")
    assert run("check", "--engine", "4.7.0", ".")[1] == ["TQL380", "TQL380"]
    assert run("check", "--engine", "4.7.4", ".") == (0, [], "")
    assert run("fix", "old/a.tql")[1] == []
    assert (tmp_path / "old/a.tql").read_text() == REMAINDER


def test_findings_for_programs(run: Callable[..., tuple[int, list[str], str]], tmp_path: Path) -> None:
    """JSON lines have them, and queries in Python files."""
    (tmp_path / "app.py").write_text(f'import deeplake\n\nds = deeplake.open("d")\nds.query("{REMAINDER}")\n')

    assert run("check", "--jsonl", "--engine", "rest", "-", stdin=json.dumps(REMAINDER))[1][:1] == ["TQL380"]
    assert run("check", "--jsonl", "-", stdin=json.dumps(REMAINDER)) == (0, [], "")
    assert run("check", "--engine", "4.6.5", "app.py")[1] == ["TQL380"]
    assert run("check", "app.py")[1] == []


def test_a_comment_ignores_a_rule_of_another_engine(run: Callable[..., tuple[int, list[str], str]]) -> None:
    """It is not reported as one that ignores nothing, on an engine without the rule."""
    text = f"{REMAINDER} -- tql: ignore[TQL380]"

    assert run("check", text) == (0, [], "")
    assert run("check", "--engine", "4.7.0", text) == (0, [], "")


@pytest.mark.parametrize("name", ["4", "v3", "newest"])
def test_a_name_that_is_no_version(run: Callable[..., tuple[int, list[str], str]], name: str, tmp_path: Path) -> None:
    """The message names the option, or the file of the setting."""
    code, _, error = run("check", "--engine", name, REMAINDER)
    assert code == 2
    assert f'`--engine` takes "rest" or a version of the engine, such as "4.7.0", got {name!r}' in error

    (tmp_path / "pyproject.toml").write_text(f'[tool.tql]\nengine = "{name}"\n')
    (tmp_path / "a.tql").write_text(REMAINDER)
    code, _, error = run("check", "a.tql")
    assert code == 2
    assert "pyproject.toml: engine in [tool.tql]` takes" in error


def test_an_editor_checks_for_the_engine_of_the_project() -> None:
    """A document and the cells of a notebook have the findings that `tql check` has."""
    cell = f"%%tql\n{REMAINDER}"

    assert [one.code for one in documents.read(REMAINDER, None, "4.7.0", is_python=False).findings] == ["TQL380"]
    assert not documents.read(REMAINDER, None, is_python=False).findings
    assert [one.code for one in documents.read_cells([cell], None, "4.7.0")[0].findings] == ["TQL380"]
