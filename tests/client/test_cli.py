"""Command line: data on stdout, exit codes 0, 1 and 2, no traceback."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from tql_client.cli import demo
from tql_client.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        ("select id limit 3", 0, ""),
        ("select id where id > 15 & id < 17", 1, "TQL001"),
        ("select id order by module, id", 1, "TQL301"),
        ("select f(x) as score order by score", 1, "TQL210"),
        ("select", 1, "TQL100"),
    ],
)
def test_check(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, shown: str) -> None:
    """`tql check` prints the findings in a file with carets, and exits with 1."""
    file = tmp_path / "query.tql"
    file.write_text(text + "\n", encoding="utf-8")

    assert main(["check", str(file)]) == code
    printed = capsys.readouterr()
    assert shown in printed.out
    assert bool(shown) == ("^" in printed.out)
    assert not printed.err


def test_check_cannot_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """For a missing file the message names the file, and the exit code is 2."""
    code = main(["check", str(tmp_path / "none.tql")])

    assert code == 2
    assert "none.tql" in capsys.readouterr().err


def test_check_reads_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder is searched for queries, Python, notebooks and Markdown; a file that cannot be parsed does not end the run, and the exit code is 2."""
    query = "select id order by a, b"
    cell = {"cell_type": "code", "source": [f"%%tql\n{query}"]}
    files = {
        "a.tql": query,
        "b/old.py": "import deeplake\nprint 'select'",
        "b/new.py": f"import deeplake\ndeeplake.query('{query}')",
        "c.ipynb": json.dumps({"cells": [cell]}),
        "d.md": f"```tql\n{query}\n```",
        ".hidden/e.tql": query,
        "env/pyvenv.cfg": "",
        "env/f.tql": query,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    code = main(["check", "--output-format", "json", str(tmp_path)])

    printed = capsys.readouterr()
    found = [
        (finding["file"].removeprefix(str(tmp_path)), finding.get("cell"), finding["line"])
        for finding in json.loads(printed.out)
    ]
    assert (code, found) == (2, [("/a.tql", None, 1), ("/c.ipynb", 1, 2), ("/d.md", None, 2), ("/b/new.py", None, 2)])
    assert "old.py: not Python" in printed.err


@pytest.mark.parametrize("output", ["github", "sarif"])
def test_a_cell_is_in_the_file_of_its_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str) -> None:
    """Formats of other tools name the file, which they can open."""
    file = tmp_path / "c.ipynb"
    file.write_text(json.dumps({"cells": [{"cell_type": "code", "source": "%%tql\nselect"}]}), encoding="utf-8")

    assert main(["check", "--output-format", output, str(file)]) == 1
    printed = capsys.readouterr().out
    assert "c.ipynb" in printed
    assert "cell 1: " in printed
    assert "c.ipynb:cell" not in printed
    assert "c.ipynb%3Acell" not in printed


def test_explain_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--explain-python` says of each string why it is read."""
    file = tmp_path / "a.py"
    file.write_text("import deeplake\ndeeplake.query('select id')\nx = 'select a'\n", encoding="utf-8")

    assert main(["check", "--explain-python", str(file)]) == 0
    read, not_read = capsys.readouterr().out.splitlines()
    assert read.startswith(f"{file}:2:17: read")
    assert not_read.startswith(f"{file}:3:6: not read")


def test_check_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`--jsonl` reads one JSON string per line, and writes one object per line."""
    lines = [json.dumps(text) for text in ("select id", "select", "select id order by a, b")]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(lines).encode())))

    assert main(["check", "--jsonl", "-"]) == 1
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["ok"] for answer in answers] == [True, False, False]
    assert [answer["parses"] for answer in answers] == [True, False, True]
    assert [answer["engine_position"] for answer in answers] == [None, 0, None]


def test_format(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`tql format -` reads stdin, and writes stdout."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"select  id\nlimit 3")))

    assert main(["format", "-"]) == 0
    assert capsys.readouterr().out == "select id limit 3\n"


def test_run(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`tql run` writes rows as JSON lines to a pipe."""
    assert main(["run", "--url", str(path), "select id limit 2"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [{"id": 0}, {"id": 1}]


def test_demo_lists_its_questions(capsys: pytest.CaptureFixture[str]) -> None:
    """`tql demo --list` numbers the questions."""
    assert main(["demo", "--list"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "2. split a path into directory and file name"


def test_demo_names_the_nearest_questions(capsys: pytest.CaptureFixture[str]) -> None:
    """For an unknown question the message has the three most similar ones."""
    code = main(["demo", "--question", "split a path"])

    assert code == 2
    printed = capsys.readouterr().err
    assert "split a path into directory and file name" in printed
    assert sum(question in printed for question in demo.questions_in_words()) == 3


def test_demo_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """`tql demo --json` prints the rows of every query of the demo."""
    assert main(["demo", "--json", "--question", "split a path into directory and file name"]) == 0
    report = json.loads(capsys.readouterr().out)
    best = report["rows"][0]
    assert (best["module"], best["name"]) == ("os.path", "split")
    assert report["rows"] == report["as_list=False"]
    assert {row["module"] for row in report["os.path"]} == {"os.path"}
    assert (report["trap"]["rows"], report["trap"]["rows_meant"]) == (3, 1)


def test_rules_of_a_family(capsys: pytest.CaptureFixture[str]) -> None:
    """A prefix lists a family, and JSON has every field with the address of the documentation."""
    assert main(["rules", "TQL0"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert main(["rules", "tql0", "--output-format", "json"]) == 0
    rules = json.loads(capsys.readouterr().out)

    assert [line.split()[0] for line in listed] == [rule["code"] for rule in rules]
    assert all(rule["example"] and rule["meant"] for rule in rules)
    assert rules[0]["documentation"] == "docs/rules/tql001.md"
    assert main(["rules", "TQL9"]) == 2


def test_rules(capsys: pytest.CaptureFixture[str]) -> None:
    """`tql rules CODE` prints the example of the rule."""
    assert main(["rules", "TQL301"]) == 0
    assert "order by" in capsys.readouterr().out


def test_format_names_the_file_that_it_cannot_lay_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """If one file cannot be formatted, the others are, and the exit code is 2."""
    bad, good = tmp_path / "bad.tql", tmp_path / "good.tql"
    bad.write_bytes(b"select id\r\nfrom t\n")
    good.write_text("select  id,name   from t\n")

    assert main(["format", str(bad), str(good)]) == 2
    assert capsys.readouterr().err.startswith(f"tql: {bad}: TQL002 at line 1")
    assert good.read_text() == "select id, name from t\n"
    assert bad.read_bytes() == b"select id\r\nfrom t\n"
    assert main(["format", "--check", str(good)]) == 0
