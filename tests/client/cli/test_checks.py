"""`tql check`, `fix` and `format`: inputs, selection, fixes, summaries and exit codes."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tql_client.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BAD, GOOD, FIXABLE = "select id order by a, b", "select id limit 3", "select id where not id in (1, 2)"


class Done(NamedTuple):
    """What a command line did."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Return a function that runs `tql` in an empty folder, with a text on stdin."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = main(words)
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    return call


def write(files: dict[str, str], folder: Path) -> None:
    """Write files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def places(done: Done) -> list[str]:
    """Return the file and the code of each finding."""
    return [f"{match[1]} {match[2]}" for match in re.finditer(r"^(\S+?):\d+:\d+: \w+ (TQL\d+)", done.out, re.MULTILINE)]


def test_inputs(run: Callable[..., Done]) -> None:
    """A query in the arguments, stdin without arguments, and `-` are checked alike."""
    for done in (run("check", BAD), run("check", stdin=BAD), run("check", "-", stdin=f"{BAD}\n")):
        assert done.code == 1
        assert "TQL301" in done.out
        assert "Found 1 error; `tql fix` fixes 1" in done.out
    assert run("check", GOOD) == (0, "All checks passed\n", "")
    assert run("fix", FIXABLE) == (0, "select id where id not in (1, 2)\n", "")
    assert run("format", stdin="select  id\nlimit 3") == (0, "select id limit 3\n", "")
    assert run("format", "select  id") == (0, "select id\n", "")


def test_folders(run: Callable[..., Done], tmp_path: Path) -> None:
    """A folder is searched; `.gitignore`, hidden folders and `--include` choose the files; names are relative."""
    write(
        {"a.tql": BAD, "b/c.tql": BAD, "b/skip.tql": BAD, "b/.gitignore": "skip*\n", ".h/d.tql": BAD, "e.sql": BAD},
        tmp_path,
    )

    assert places(run("check", ".")) == ["a.tql TQL301", "b/c.tql TQL301"]
    assert places(run("check", "--include", "*.sql", ".")) == ["e.sql TQL301"]
    assert places(run("check", "--include", "b/*.tql", ".")) == ["b/c.tql TQL301"]
    assert places(run("check", "b/skip.tql")) == ["b/skip.tql TQL301"]


def test_selection(run: Callable[..., Done], tmp_path: Path) -> None:
    """Options choose rules, in place of the configuration, which `--isolated` and `--config` replace."""
    write(
        {
            "a.tql": BAD,
            "pyproject.toml": '[tool.tql]\nignore = ["TQL301"]\n',
            "o.toml": "[tool.tql]\nselect = ['TQL5']\n",
        },
        tmp_path,
    )

    assert run("check", "a.tql") == (0, "All checks passed: 1 file\n", "")
    assert places(run("check", "--isolated", "a.tql")) == ["a.tql TQL301"]
    assert places(run("check", "--ignore", "TQL5", "a.tql")) == ["a.tql TQL301"]
    assert places(run("check", "--select", "TQL2,TQL3", "--ignore", "TQL302", "a.tql")) == ["a.tql TQL301"]
    assert places(run("check", "--config", "o.toml", "a.tql")) == []
    assert places(run("check", "--config", "o.toml", "--extend-select", "TQL3", "a.tql")) == ["a.tql TQL301"]


def test_select_replaces_extend_select(run: Callable[..., Done], tmp_path: Path) -> None:
    """The option chooses the rules alone; together with it, `--extend-select` adds to them."""
    write({"a.tql": BAD, "pyproject.toml": '[tool.tql]\nselect = ["TQL5"]\nextend-select = ["TQL3"]\n'}, tmp_path)

    assert places(run("check", "a.tql")) == ["a.tql TQL301"]
    assert places(run("check", "--select", "TQL5", "a.tql")) == []
    assert places(run("check", "--select", "TQL5", "--extend-select", "TQL3", "a.tql")) == ["a.tql TQL301"]


def test_extend_select_reports_what_depends_on_the_rows(run: Callable[..., Done], tmp_path: Path) -> None:
    """A finding of severity info is reported with `--info`, or if its rule is added."""
    write({"s.json": '{"id": "int64", "x": "float64"}', "a.tql": "select id order by x"}, tmp_path)
    base = ("check", "--schema", "s.json", "a.tql")
    certain, every = places(run(*base)), places(run(*base, "--info"))
    (info,) = set(every) - set(certain)

    assert sorted(places(run(*base, "--extend-select", info.split()[1]))) == sorted([*certain, info])


def test_the_nearest_configuration(run: Callable[..., Done], tmp_path: Path) -> None:
    """Each file has the settings of the nearest pyproject.toml with a [tool.tql]; patterns are relative to it."""
    write(
        {
            "pyproject.toml": '[tool.tql.per-file-ignores]\n"old/*" = ["TQL301"]\n',
            "new/a.tql": BAD,
            "old/a.tql": BAD,
            "part/pyproject.toml": "[project]\nname = 'part'\n",
            "part/a.tql": BAD,
            "other/pyproject.toml": "[tool.tql]\nignore = ['TQL3']\n",
            "other/a.tql": BAD,
        },
        tmp_path,
    )

    assert places(run("check", ".")) == ["new/a.tql TQL301", "part/a.tql TQL301"]
    os.chdir("old")
    assert places(run("check", "a.tql")) == []


def test_exit_codes_and_summaries(run: Callable[..., Done], tmp_path: Path) -> None:
    """`--exit-zero`, `--quiet` and `--statistics`; a file that cannot be read is an error with each."""
    write({"a.tql": BAD, "b.tql": BAD, "c.tql": GOOD, "d.tql": "select"}, tmp_path)

    done = run("check", ".")
    assert (done.code, done.out.splitlines()[-1]) == (1, "Found 3 errors in 3 of 4 files; `tql check --fix` fixes 2")
    assert run("check", "--exit-zero", ".").code == 0
    assert "Found" not in run("check", "--quiet", ".").out
    assert run("check", "--quiet", "c.tql") == (0, "", "")
    counted = run("check", "--statistics", "--quiet", ".").out
    assert counted == "2  TQL301  second ORDER BY key\n1  TQL100  unexpected token\n"
    assert json.loads(run("check", "--statistics", "--output-format", "json", ".").out)[0]["count"] == 2
    assert run("check", "--exit-zero", "none.tql").code == 2


def test_stdin_filename(run: Callable[..., Done], tmp_path: Path) -> None:
    """The name decides what stdin holds and which settings it has."""
    write({"pkg/pyproject.toml": "[tool.tql]\nignore = ['TQL3']\n"}, tmp_path)
    python = f"import deeplake\nds.query('{BAD}')\n"

    assert places(run("check", "--stdin-filename", "app.py", stdin=python)) == ["app.py TQL301"]
    assert run("check", "--stdin-filename", "pkg/app.py", stdin=python).code == 0


def test_fixes(run: Callable[..., Done], tmp_path: Path) -> None:
    """`fix --check` exits with 1 and writes nothing; `check --fix` and `fix` write; `check --fix` refuses stdin."""
    write({"a.tql": FIXABLE + "\n", "b.tql": GOOD}, tmp_path)

    done = run("fix", "--check", ".")
    assert (done.code, done.err.splitlines()) == (1, ["a.tql would change", "would fix 1 file of 2"])
    assert run("fix", "--diff", "--quiet", "a.tql").out.splitlines()[-1] == "+select id where id not in (1, 2)"
    assert (tmp_path / "a.tql").read_text() == FIXABLE + "\n"
    assert run("check", "--fix", ".") == (0, "All checks passed: 2 files\n", "")
    assert (tmp_path / "a.tql").read_text() == "select id where id not in (1, 2)\n"
    assert run("fix", "--check", ".").code == 0
    assert run("check", "--fix", stdin=FIXABLE).err.startswith("tql: `tql check --fix` writes files; for a query")


def test_colours(run: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--color always` colours findings, diffs and the summary; `never` and a pipe do not."""
    write({"a.tql": FIXABLE}, tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[31m-select" in run("fix", "--diff", "--color", "always", "a.tql").out
    assert "\x1b[32m+select" in run("format", "--diff", "--color", "always", "select  id").out
    assert "\x1b[32mAll checks passed\x1b[0m" in run("check", "--color", "always", GOOD).out
    assert "\x1b[31m" in run("check", "--color", "always", BAD).out
    assert "\x1b" not in "".join(run("fix", "--diff", "--color", "never", "a.tql")[1:])
    assert "\x1b" not in run("check", BAD).out


def test_comments_that_ignore(run: Callable[..., Done], tmp_path: Path) -> None:
    """A comment without a code is an error, and one for a rule that finds nothing a warning, also in Python."""
    assert places(run("check", f"{BAD} -- tql: ignore[TQL301]")) == []
    assert places(run("check", f"{BAD} -- tql: ignore")) == ["query TQL301", "query TQL011"]
    assert places(run("check", f"{BAD} -- tql: ignore[]")) == ["query TQL301", "query TQL011"]
    done = run("check", f"{BAD} -- tql: ignore[TQL301, TQL302]")
    assert (done.code, places(done)) == (0, ["query TQL530"])
    assert "                                         ^^^^^^" in done.out
    assert places(run("check", "select id where x = 'tql: ignore'")) == []
    assert places(run("check", f"{GOOD} -- tql: ignore[TQL215]")) == []  # only a schema can say
    write(
        {"s.json": '{"id": "int64"}', "a.py": f"import deeplake\nds.query('''{GOOD} -- tql: ignore[TQL301]''')\n"},
        tmp_path,
    )
    assert places(run("check", "--schema", "s.json", f"{GOOD} -- tql: ignore[TQL215]")) == ["query TQL530"]
    assert places(run("check", "a.py")) == ["a.py TQL530"]


@pytest.mark.parametrize("comment", ["-- tql:ignore[TQL301]", "-- TQL: Ignore [ tql301 ]", "--tql : ignore[302,301]"])
def test_a_comment_has_any_case_and_blanks(run: Callable[..., Done], comment: str) -> None:
    """Blanks and case do not matter, and a number is the code of a rule."""
    expected = ["query TQL530"] if "302" in comment else []
    assert places(run("check", f"{BAD} {comment}")) == expected


PYTHON = [
    ('ds.query("{bad}")  # tql: ignore[TQL301]\n', []),
    ('ds.query("{bad}")  # tql:ignore[301]\n', []),
    ('ds.query("""\n{bad}\n""")  # tql: ignore[TQL301]\n', []),
    ('ds.query(  # tql: ignore[TQL301]\n    "{bad}",\n)\n', []),
    ('# tql: ignore[TQL301]\nds.query("{bad}")\n', []),
    ('# tql: ignore[TQL301]\n\nif x:\n    ds.query("{bad}")\n', ["TQL530", "TQL301"]),
    ('if ds.query("{bad}"):  # tql: ignore[TQL301]\n    ds.query("{bad}")\n', ["TQL301"]),
    ('text = "{bad}"  # tql: ignore[TQL301]\nds.query(text)\n', []),
    ('ds.query(f"select id limit {n}")  # tql: ignore[TQL510]\n', []),
    ('ds.query("{bad}")  # tql: ignore\n', ["TQL301", "TQL011"]),
    ('ds.query("{bad}")  # tql: ignore[TQL302, TQL301]\n', ["TQL530"]),
    ('ds.query("{bad}")  # tql: ignore[TQL999]\n', ["TQL301", "TQL530"]),
    ('ds.query("{bad}")\nx = "# tql: ignore[TQL301]"\n', ["TQL301"]),
    ('ds.query("{bad}")\nx = 1  # tql: ignore[TQL301]\n', ["TQL301", "TQL530"]),
    ('@ds.query("{bad}")  # tql: ignore[TQL301]\ndef f():\n    ds.query("{bad}")\n', ["TQL301"]),
    ('match x:\n    case 1:\n        ds.query("{bad}")  # tql: ignore[TQL301]\n', []),
]


@pytest.mark.parametrize(("source", "codes"), PYTHON)
def test_comments_of_python_that_ignore(
    run: Callable[..., Done], tmp_path: Path, source: str, codes: list[str]
) -> None:
    """A comment of Python applies to the lines of its statement, or of the next one if it is alone in its line."""
    write({"a.py": source.replace("{bad}", BAD)}, tmp_path)
    assert places(run("check", "a.py")) == [f"a.py {code}" for code in codes]


def test_files_that_format_does_not_read(run: Callable[..., Done], tmp_path: Path) -> None:
    """Python is refused with the reason, and a folder has its `.tql` files only."""
    write({"a.tql": "select  id\n", "app.py": "x = 1\n"}, tmp_path)

    assert run("format", "--check", ".") == (1, "", "a.tql would change\nwould format 1 file of 1\n")
    done = run("format", "app.py")
    assert done.code == 2
    assert done.err.startswith("tql: app.py: `tql format` formats files with one query each, since a string in a .py")


def test_explain_names_the_file(run: Callable[..., Done], tmp_path: Path) -> None:
    """Findings have the name of the file, of stdin, or `query`."""
    write({"a.tql": BAD}, tmp_path)

    assert run("explain", "a.tql").err.startswith("a.tql:1:")
    assert run("explain", stdin=BAD).err.startswith("<stdin>:1:")
    assert run("explain", BAD).err.startswith("query:1:")


@pytest.mark.parametrize("name", ["app.py", "book.ipynb", "README.md"])
def test_explain_takes_one_query(run: Callable[..., Done], tmp_path: Path, name: str) -> None:
    """A file with queries inside of another text is refused, also where it does not exist."""
    write({"app.py": f'ds.query("{GOOD}")\n'}, tmp_path)

    done = run("explain", name)

    assert done.code == 2
    assert done.err.startswith(f"tql: {name}: `tql explain` takes a query, or a .tql file with one; `tql check` reads")


def test_watch(tmp_path: Path) -> None:
    """`--watch` checks again after a change, until it is interrupted."""
    file = tmp_path / "a.tql"
    file.write_text(GOOD)
    command = [sys.executable, "-u", "-m", "tql_client", "check", "--watch", "a.tql"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        first = watching.stdout.readline()
        time.sleep(0.5)
        file.write_text(BAD)
        found = [watching.stdout.readline() for _ in range(2)]
        watching.terminate()

    assert first == "All checks passed: 1 file\n"
    assert "TQL301" in found[1]


def test_bare_tql_shows_where_to_begin(run: Callable[..., Done]) -> None:
    """Without arguments the help leads to the first commands."""
    done = run()

    assert done.code == 0
    assert "begin here:\n  tql demo" in done.out


def test_init(run: Callable[..., Done], tmp_path: Path) -> None:
    """`tql init` writes what is not there, in a form that the other commands read."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'", encoding="utf-8")
    done = run("init")

    assert done.out.startswith("pyproject.toml: [tool.tql] added\nqueries/first.tql: written\n")
    assert run("check", ".").out == "All checks passed: 1 file\n"
    assert "unchanged" in run("init").out
    assert (tmp_path / "pyproject.toml").read_text().count("[tool.tql]") == 1


def test_completion_of_fish(run: Callable[..., Done]) -> None:
    """The script has each command and option, with its choices, in words that a shell reads."""
    done = run("completion", "fish")

    assert done.code == 0
    assert "complete -c tql -n __fish_use_subcommand -a check -d 'Report errors" in done.out
    assert "-n '__fish_seen_subcommand_from check' -l output-format -x -a 'text json github sarif'" in done.out
    assert not re.search(r"%\(", done.out)


ERROR = "select distinct id"  # an error without a fix
INSIDE = "; queries inside Python, notebooks and Markdown are not rewritten\n"


@pytest.mark.parametrize("option", ["--check", "--diff"])
@pytest.mark.parametrize(
    ("text", "code"), [(GOOD, 0), (FIXABLE, 1), (ERROR, 1), ("select id where not id in (1, 2) and", 1)]
)
def test_exit_codes_of_fixes_that_are_not_written(
    run: Callable[..., Done], tmp_path: Path, option: str, text: str, code: int
) -> None:
    """Both options exit with 1 for a file that would change, and for one in which an error is left."""
    write({"a.tql": text}, tmp_path)

    assert run("fix", option, "a.tql").code == code
    assert (tmp_path / "a.tql").read_text() == text


def test_exit_codes_of_fixes_that_are_written(run: Callable[..., Done], tmp_path: Path) -> None:
    """The exit code is 0 after the last error is fixed, 1 for an error that is left, and 2 for a file that cannot be read."""
    write({"a.tql": FIXABLE, "b.tql": ERROR}, tmp_path)
    (tmp_path / "c.tql").write_bytes(b"\xff")

    assert [run("fix", name).code for name in ("a.tql", "b.tql", "c.tql")] == [0, 1, 2]
    assert run("fix", "--exit-zero", "b.tql").code == 0
    assert [run("fix", option, "c.tql").code for option in ("--check", "--diff")] == [2, 2]


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_exit_codes_of_format(run: Callable[..., Done], tmp_path: Path, option: str) -> None:
    """Both options exit with 1 for a file that would change."""
    write({"a.tql": "select  id\n", "b.tql": "select id\n"}, tmp_path)

    assert [run("format", option, name).code for name in ("a.tql", "b.tql")] == [1, 0]


def test_a_folder_without_queries(run: Callable[..., Done], tmp_path: Path) -> None:
    """A warning says that nothing was read; the exit code is 0, as that of ruff."""
    (tmp_path / "empty").mkdir()
    write({"src/a.py": ""}, tmp_path)
    warning = "tql: warning: no queries in {}: no file of {} that .gitignore leaves\n"

    assert run("check", "empty") == (0, "", warning.format("empty", ".tql, .py, .ipynb, .md"))
    assert run("check", "empty", "src").out == "All checks passed: 1 file\n"
    assert run("check", "--include", "*.sql", "src").err == warning.format("src", "*.sql")
    done = run("format", "--check", "src")
    assert done == (0, "", warning.format("src", ".tql") + "would format 0 files of 0\n")


def test_fixes_leave_queries_inside_of_other_files(run: Callable[..., Done], tmp_path: Path) -> None:
    """The summary says that Python and Markdown are not rewritten."""
    source = f'ds.query("{FIXABLE}")\n'
    write({"a.py": source, "a.md": f"```tql\n{FIXABLE}\n```\n", "a.tql": FIXABLE}, tmp_path)

    assert run("fix", "a.py").err.endswith(f"fixed 0 files of 1{INSIDE}")
    assert run("fix", "--diff", "a.md").err.endswith(f"would fix 0 files of 1{INSIDE}")
    assert run("fix", "a.tql").err == "fixed 1 file of 1\n"
    assert run("check", "--fix", "a.py").err == f"tql:{INSIDE[1:]}"
    assert (tmp_path / "a.py").read_text() == source


def test_info_needs_a_schema(run: Callable[..., Done], tmp_path: Path) -> None:
    """Without a schema a message says what is missing."""
    write({"s.json": '{"id": "int64"}'}, tmp_path)

    assert run("check", "--info", GOOD).err.startswith(
        "tql: --info reports what depends on the columns, and needs --schema"
    )
    assert run("check", "--info", "--schema", "s.json", GOOD).err == ""
    assert run("check", GOOD).err == ""


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("schema.json", "Docs"),
        ("table.json", "DocsTable"),
        ("books_schema.json", "Books"),
        ("my books.json", "MyBooks"),
    ],
)
def test_the_class_of_a_schema_file(run: Callable[..., Done], tmp_path: Path, file: str, name: str) -> None:
    """The name of the class is that of the file, and none that the module imports."""
    write({file: '{"id": "int64"}'}, tmp_path)
    done = run("codegen", file)

    assert done.code == 0
    assert f"class {name}(Table, schema=SCHEMA):" in done.out
    exec(compile(done.out, file, "exec"), {"__name__": "made"})  # noqa: S102 - the module that was written


def test_a_long_hint_is_written_once_in_a_file(run: Callable[..., Done], tmp_path: Path) -> None:
    """The second finding with the same hint refers to the first; another file, and JSON, have the whole hint."""
    source = f'ds.query("{BAD}")\n' * 3
    write({"a.py": source, "b.py": source}, tmp_path)
    hints = [line.strip() for line in run("check", "a.py", "b.py").out.splitlines() if "hint:" in line]
    listed = json.loads(run("check", "--output-format", "json", "a.py").out)

    assert hints[:3] == [f"hint: {listed[0]['hint']}", "hint: as above", "hint: as above"]
    assert hints[3:] == hints[:3]
    assert len({finding["hint"] for finding in listed}) == 1
    assert len(listed) == 3


def test_a_hint_is_written_again_below_another_one(run: Callable[..., Done], tmp_path: Path) -> None:
    """`as above` means the hint that is written directly before it."""
    write({"a.py": f'ds.query("{BAD}")\nds.query("select id where id > 1 & b")\nds.query("{BAD}")\n'}, tmp_path)

    hints = [line.strip() for line in run("check", "a.py").out.splitlines() if "hint:" in line]

    assert hints == [hints[0], "hint: join conditions with AND", hints[0]]


BOOK = """{
 "cells": [
  {
   "cell_type": "markdown",
   "metadata": {"source": ["x"]},
   "source": ["# T"]
  },
  {
   "cell_type": "code",
   "metadata": {},
   "outputs": [{"text": ["{\\"source\\": ["]}],
   "source": [
    "%%tql\\n",
    "select \\"id\\"\\n",
    "order by a, b"
   ]
  }
 ]
}
"""


def test_a_finding_in_a_notebook_has_the_line_of_the_file(run: Callable[..., Done], tmp_path: Path) -> None:
    """Formats of other tools have the line of the JSON, and name the line of the cell in the message; without the file it is line 1."""
    write({"a.ipynb": BOOK, "b.ipynb": json.dumps(json.loads(BOOK))}, tmp_path)
    result = json.loads(run("check", "--output-format", "sarif", "a.ipynb").out)["runs"][0]["results"][0]

    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 15}
    assert result["message"]["text"].startswith("cell 2: line 3: the engine sorts by the first key only")
    assert run("check", "--output-format", "github", "a.ipynb").out.startswith(
        "::error file=a.ipynb,line=15,title=TQL301::cell 2: line 3: the engine"
    )
    assert "b.ipynb,line=1,title" in run("check", "--output-format", "github", "b.ipynb").out
    options = ("check", "--output-format", "github", "--stdin-filename", "c.ipynb", "-")
    assert "c.ipynb,line=1,title" in run(*options, stdin=BOOK).out
