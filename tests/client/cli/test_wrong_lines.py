"""Wrong command lines: each is one message with what is wrong and what to do, exit code 2, and no traceback."""

from __future__ import annotations

import io
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from tql_client.cli.main import main
from tql_client.datasets import write

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "a.tql": b"select id\n",
    "app.py": b"x = 1\n",
    "old.py": b"import deeplake\nprint 'select'\n",
    "bad.ipynb": b"{",
    "latin.tql": b"select \xff",
    "bad.json": b"{",
    "bad.toml": b"[[",
    "columns.json": b'{"id": "int64"}',
    "key.toml": b"[tool.tql]\nslect = []\n",
    "all.toml": b"[tool.tql]\nselect = ['ALL']\n",
    "code.toml": b"[tool.tql]\nignore = ['TQL999']\n",
}
# Each command line, and the beginning of its message.
LINES = {
    "chek": "no command 'chek'; did you mean check?\nhint: `tql --help` shows",
    "lint a.tql": "no command 'lint'; did you mean check?",
    "repl ./data": "no command 'repl'; did you mean shell?",
    "zzz": "no command 'zzz'; the commands are check, fix, format,",
    "'select id'": "no command before the query 'select id'; tql check 'select ..' checks it",
    "--verson": "no option --verson; did you mean --version?",
    "check --outpt json .": "no option --outpt; did you mean --output-format?\nhint: `tql check --help` shows",
    "check --output-format yaml .": "--output-format must be one of text, json, github, sarif, got 'yaml'",
    "check --output-format jsn .": "--output-format must be one of text, json, github, sarif, got 'jsn'; did you mean json?",
    "check --schema": "--schema: expected one argument",
    "check --schema none.json .": "none.json: No such file or directory",
    "check --schema bad.json .": "bad.json: not JSON",
    "check --select TQL9 .": "--select: no rule TQL9; `tql rules` lists all rules",
    "check --ignore TQL301,X .": "--ignore: no rule X;",
    "check --config none.toml .": "none.toml: No such file or directory",
    "check --config bad.toml .": "bad.toml: not TOML",
    "check --config key.toml .": "key.toml: unknown setting 'slect' in [tool.tql]; available: select, ignore, extend-select, per-file-ignores, schema, dataset; did you mean 'select'?",
    "check --config code.toml .": "code.toml: `ignore` in [tool.tql]: no rule TQL999; `tql rules` lists all rules",
    "check --isolated --config key.toml .": "--isolated reads no configuration, and --config names one",
    "run 'select id' ./data": "the dataset comes before the query: tql run ./data 'select ..'",
    "explain a.tql a.tql": "unexpected argument 'a.tql'; `tql explain` takes one file or query",
    "check --watch": "--watch needs a file or a folder: tql check --watch queries",
    "check --watch 'select id'": "--watch needs a file or a folder",
    "codegen columns.json --check": "--check needs the file to compare: tql codegen .. -o models.py --check",
    "check none.tql": "none.tql: No such file or directory",
    "check 'queries/*.tql'": "queries/*.tql: No such file or directory",
    "check select id": "select: No such file or directory\nhint: put the query in quotes: tql check 'select ..'",
    "check old.py": "old.py: not Python (Missing parentheses in call to 'print'",
    "check bad.ipynb": "bad.ipynb: not a notebook of format 4; this file is not checked",
    "check latin.tql": "latin.tql: not UTF-8 (invalid start byte at byte 7); this file is not checked",
    "check --explain-python a.tql": "a.tql: --explain-python reads files whose names end with .py",
    "check --jsonl a.tql": "line 1 of the input is not JSON",
    "check --fix -": "`tql check --fix` writes files; for a query in the arguments or on stdin use `tql fix`",
    "check --fmt .": "no option --fmt\nhint: `tql check --help` shows",
    "check --fxi .": "no option --fxi; did you mean --fix?",
    "check -o json .": "no option -o; did you mean --output-format?",
    "run ./data -o a.json 'select id'": "no option -o; did you mean --output?",
    "check --select ALL .": "--select: no rule ALL; `tql rules` lists all rules, and TQL means all of them",
    "check --config all.toml .": 'all.toml: `select` in [tool.tql] must be a list of codes or prefixes, for example ["TQL301", "TQL5"]; "TQL" means all',
    "fix --dif a.tql": "no option --dif; did you mean --diff?",
    "fix none.tql": "none.tql: No such file or directory",
    "format app.py": "app.py: `tql format` formats files with one query each, since a string in a .py file has escapes",
    "format --width x a.tql": "--width takes an integer, got 'x'",
    "format 'select id frm t'": "query: TQL100 at line 1, column 15: `t` is not allowed here;",
    "explain none.tql": "none.tql: No such file or directory",
    "explain a.tql b.tql": "unexpected argument 'b.tql'; put a query with blanks in quotes",
    "rules distinct": "no rule DISTINCT: `tql rules` lists all rules, among them TQL302 DISTINCT",
    "rules TQL9": "no rule TQL9: `tql rules` lists all rules",
    "grammar --format bnf": "--format must be one of lark, ebnf, railroad, got 'bnf'; did you mean ebnf?",
    "run": "no dataset: tql run ./data 'select ..' reads one on this machine, tql run --url URL",
    "run 'select id'": "no dataset: tql run ./data 'select ..' reads one",
    "run ./data": "no query: tql run ./data 'select ..', or a query on stdin",
    "run ./nowhere 'select id'": "404: there is no dataset at `./nowhere`\nhint: check the path",
    "run ./data 'select idd'": "TQL215 at line 1, column 8: no column `idd`",
    "run ./data select id": "unexpected argument 'id': tql run takes a dataset and one query; put a query with blanks in quotes",
    "run ./data --url x 'select id'": "unexpected argument './data': tql run takes --url or --data, and one query",
    "run ./data --format xml 'select id'": "--format must be one of table, json, jsonl, csv, markdown, parquet, got 'xml'",
    "run ./data --timeout abc 'select id'": "--timeout takes a number, got 'abc'",
    "run ./data --token secret 'select id'": "no option --token; did you mean --token-file?",
    "run app.activeloop.ai 'select id'": "404: there is no dataset at `app.activeloop.ai`\nhint: a URL begins with https://, as in tql run --url https://",
    "serve books": "'books' is not of the form NAME=PATH, for example hub://org/dataset=./data",
    "serve d=./nowhere": "404: there is no dataset at `./nowhere`",
    "serve d=./data --port x": "--port takes an integer, got 'x'",
    "schema ./nowhere": "404: there is no dataset at `./nowhere`",
    "shell": "missing DATASET\nhint: `tql shell --help` shows",
    "shell ./nowhere": "404: there is no dataset at `./nowhere`",
    "codegen ./nowhere": "404: there is no dataset at `./nowhere`",
    "completion powershell": "shell must be one of bash, zsh, tcsh, fish, got 'powershell'",
    "demo --question 99": "no question '99': pass a number from 1 to 24 or a question of --list",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files, and a dataset."""
    path = tmp_path_factory.mktemp("wrong")
    for name, content in FILES.items():
        (path / name).write_bytes(content)
    write({"id": [1, 2]}, str(path / "data"))
    return path


@pytest.mark.parametrize(("line", "message"), LINES.items())
def test_a_wrong_line(
    line: str, message: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message begins as the table says, and only it is written."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    try:
        code: object = main(shlex.split(line))
    except SystemExit as exit_:
        code = exit_.code

    printed = capsys.readouterr()
    assert code == 2
    assert printed.err.startswith(f"tql: {message}")
    assert printed.out == ""
    assert "Traceback" not in printed.err


def test_the_table_is_long_enough() -> None:
    """The table has 40 lines and more."""
    assert len(LINES) >= 40
