"""``tql check``, ``tql fix`` and ``tql schema``: files, output formats, settings and ignored rules."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deeplake
import jsonschema
import pytest

from tql import Schema
from tql_client.cli.main import main
from tql_grammar.lint.check import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

TRAP = "select id from D order by grp, id"


@pytest.fixture(name="write")
def _write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return the function that writes a file in the working directory, and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> str:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
        return name

    return write


def test_a_schema_is_written_and_used(
    write: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``tql check`` uses the columns that ``tql schema`` writes for names and types."""
    data = deeplake.create(str(tmp_path / "ds"))
    data.add_column("id", "int64")
    data.add_column("text", "text")
    data.commit()
    assert main(["schema", str(tmp_path / "ds")]) == 0
    columns = capsys.readouterr().out
    text = write("q.tql", 'select ID from "hub://org/ds" where text > 3\n')

    assert json.loads(columns) == {"id": "int64", "text": "text"}
    assert main(["check", text]) == 0
    assert main(["check", "--schema", write("one.json", columns), text]) == 1
    several = write("many.json", json.dumps({"hub://org/ds": json.loads(columns), "hub://org/other": {"x": "int8"}}))
    capsys.readouterr()
    assert main(["check", "--schema", several, text]) == 1
    printed = capsys.readouterr().out
    assert "TQL215" in printed
    assert "did you mean" in printed
    assert "TQL217" in printed
    lines = write("lines.jsonl", json.dumps('select ID from "hub://org/ds"') + "\n")
    assert main(["check", "--jsonl", "--schema", several, lines]) == 1
    assert "TQL215" in capsys.readouterr().out


def test_a_schema_that_is_none(write: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    """For a schema file that is not JSON, the command prints one line, and exits with 2."""
    assert main(["check", "--schema", write("s.json", "{"), write("q.tql", TRAP)]) == 2
    assert "s.json: not JSON" in capsys.readouterr().err


def test_fix_in_place(write: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file has the fixed text with its comments; findings without a fix are printed, and the exit code is 1."""
    write("a.tql", "-- why\nselect id from D where not id in (1, 2) -- kept\n")
    write("b.tql", "select distinct id from D\n")

    assert main(["fix", "--diff", "a.tql"]) == 1
    assert "+select id from D where id not in (1, 2) -- kept" in capsys.readouterr().out
    assert "not id in" in (tmp_path / "a.tql").read_text("utf-8")
    assert main(["fix", "a.tql", "b.tql"]) == 1
    assert (tmp_path / "a.tql").read_text("utf-8") == "-- why\nselect id from D where id not in (1, 2) -- kept\n"
    assert (tmp_path / "b.tql").read_text("utf-8") == "select distinct id from D\n"
    assert "b.tql:1:1: error TQL302" in capsys.readouterr().err


def test_fix_tells_which_files_would_change(
    write: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --check nothing is written; the exit code is 1 if a fix is available or an error is left, and 0 otherwise."""
    write("a.tql", "select id from D where not id in (1, 2)\n")
    write("b.tql", "select distinct id from D\n")

    assert main(["fix", "--check", "a.tql", "b.tql"]) == 1
    assert "a.tql would change" in capsys.readouterr().err
    assert (tmp_path / "a.tql").read_text("utf-8") == "select id from D where not id in (1, 2)\n"
    assert main(["fix", "--check", "b.tql"]) == 1


def test_fix_leaves_python_alone(write: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings in a Python file are printed, and the file is not changed."""
    source = 'ds.query("select id from D where not id in (1)")\n'

    assert main(["fix", write("x.py", source)]) == 1
    assert (tmp_path / "x.py").read_text("utf-8") == source
    assert "x.py:1:34: error TQL211" in capsys.readouterr().err


def test_the_commands_of_a_workflow(write: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each finding is one line; characters that would end a workflow command are escaped."""
    main(["check", "--output-format", "github", write("a,b:%.tql", TRAP)])
    (line,) = capsys.readouterr().out.splitlines()

    assert line.startswith("::error file=a%2Cb%3A%25.tql,line=1,col=32,title=TQL301::the engine sorts by the first key")
    assert "\n" not in line


def test_sarif(write: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    """The output is one document with a rule for each code, and the positions of the findings."""
    names = [write("a b.tql", TRAP), write("c.py", f'ds.query("{TRAP}")\n'), write("d.tql", "select id from D\n")]
    main(["check", "--output-format", "sarif", *names])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)

    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["TQL301"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [place["artifactLocation"]["uri"] for place in places] == ["a%20b.tql", "c.py"]
    assert [(place["region"]["startColumn"], place["region"]["charLength"]) for place in places] == [(32, 2), (42, 2)]
    assert all(
        run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"]
    )


def test_sarif_fits_its_schema(write: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    """Findings of all severities, in query and Python files, with any characters in names and messages, match the schema of OASIS."""
    schema = json.loads((Path(__file__).parent.parent / "corpus" / "sarif-2.1.0.json").read_text("utf-8"))
    everything = [
        write(f"all/{number}.tql", rule.example.replace("id", '"i é%#d"')) for number, rule in enumerate(RULES)
    ]
    names = [*everything, write("b c.py", 'ds.query(f"select id from {D} order by a, b")\n'), write("empty.tql", "")]
    columns = write("columns.json", Schema({"f": "float32", "big": "int64"}).to_json())
    main(["check", "--info", "--schema", columns, "--output-format", "sarif", *names])
    document = json.loads(capsys.readouterr().out)

    assert {result["level"] for result in document["runs"][0]["results"]} == {"error", "warning", "note"}
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)
    for result in document["runs"][0]["results"]:
        result["level"] = "bad"
    assert not jsonschema.Draft4Validator(schema).is_valid(document)


SETTINGS = [
    ("", 1),
    ("[tool.tql]\nignore = ['TQL301']\n", 0),
    ("[tool.tql]\nignore = ['TQL3']\n", 0),
    ("[tool.tql]\nselect = ['TQL2']\n", 0),
    ("[tool.tql]\nselect = ['TQL30']\n", 1),
    ("[tool.tql.per-file-ignores]\n'old/*' = ['TQL301']\n", 0),
    ("[tool.tql.per-file-ignores]\n'new/*' = ['TQL301']\n", 1),
    ("[tool.other]\nignore = ['TQL301']\n", 1),
    ("[tool.tql]\nignores = ['TQL301']\n", 2),
    ("[tool.tql]\nignore = 'TQL301'\n", 2),
    ("[tool.tql\n", 2),
]


@pytest.mark.parametrize(("settings", "code"), SETTINGS)
def test_settings_of_a_project(write: Callable[..., str], settings: str, code: int) -> None:
    """``[tool.tql]`` selects and ignores codes, also per file; an unknown setting is an error."""
    write("pyproject.toml", settings)

    assert main(["check", write("old/q.tql", TRAP)]) == code


IGNORED = [
    (f"{TRAP} -- tql: ignore[TQL301]", 0),
    (f"-- tql: ignore[TQL302, TQL301]\n{TRAP}", 0),
    (f"{TRAP} -- tql: ignore[TQL302]", 1),
    (f"{TRAP} -- ignore[TQL301]", 1),
    ("select id from D where t = '-- tql: ignore[TQL301]' order by grp, id", 1),
]


@pytest.mark.parametrize(("text", "code"), IGNORED)
def test_a_comment_leaves_findings_out(write: Callable[..., str], text: str, code: int) -> None:
    """``-- tql: ignore[TQL301]`` is effective in a comment, but not in a string."""
    assert main(["check", write("q.tql", text)]) == code


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_on_a_terminal_only(write: Callable[..., str], variables: dict[str, str], *, coloured: bool) -> None:
    """Terminals get colours unless NO_COLOR is set; pipes get none."""
    command = [sys.executable, "-m", "tql_client", "check", write("q.tql", TRAP)]
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | variables
    ours, theirs = pty.openpty()
    done = subprocess.run(command, stdout=theirs, env=environment, check=False)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    piped = subprocess.run(command, capture_output=True, env=environment, check=False)

    assert done.returncode == piped.returncode == 1
    assert ("\x1b[31m" in shown) is coloured
    assert b"\x1b" not in piped.stdout


def test_many_files(write: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    """Findings are written file by file."""
    names = [write(f"q{number}.tql", TRAP) for number in range(300)]

    assert main(["check", *names]) == 1
    assert capsys.readouterr().out.count("TQL301") == 300


def test_a_python_file_that_is_none(write: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    """For a file that is not valid Python, the command prints one line."""
    assert main(["check", write("x.py", "ds.query(")]) == 2
    assert "x.py: not Python" in capsys.readouterr().err
