"""`tql run`, `tql explain` and completion, as used in shells: formats, pipes, narrow terminals, closed pipes, interrupts, and help with examples."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import deeplake
import numpy as np
import pyarrow.parquet as pq
import pytest

from tql_client.cli.main import COMMANDS, main
from tql_client.datasets import write

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "tql_client"]
ODD = ['a,"b"', "é\nline", " ", "|x|", "=1+1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a small dataset with difficult texts."""
    path = str(tmp_path_factory.mktemp("run") / "d")
    made = deeplake.create(path)
    made.add_column("id", deeplake.types.Int64())
    made.add_column("text", deeplake.types.Text())
    made.add_column("e", deeplake.types.Embedding(2))
    made.append({"id": list(range(5)), "text": ODD, "e": np.arange(10, dtype=np.float32).reshape(5, 2) / 8})
    made.commit()
    return path


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a dataset with a million rows."""
    path = str(tmp_path_factory.mktemp("million") / "d")
    made = deeplake.create(path)
    made.add_column("id", deeplake.types.Int64())
    made.add_column("x", deeplake.types.Float64())
    made.append({"id": np.arange(10**6), "x": np.arange(10**6) / 7})
    made.commit()
    return path


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command in a child process."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, **options)


ROWS = [{"id": number, "text": text, "e": [number / 4, number / 4 + 0.125]} for number, text in enumerate(ODD)]


def test_json(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON and JSON lines have every value."""
    for form, read in (("json", json.loads), ("jsonl", lambda text: list(map(json.loads, text.splitlines())))):
        assert main(["run", "--data", data, "--format", form, "select *"]) == 0
        assert read(capsys.readouterr().out) == ROWS


def test_csv(data: str, tmp_path: Path) -> None:
    """A CSV reader reads the values back."""
    file = tmp_path / "rows.csv"
    assert main(["run", "--data", data, "--format", "csv", "--output", str(file), "select *"]) == 0
    with file.open(encoding="utf-8", newline="") as lines:
        found = list(csv.DictReader(lines))

    assert [{"id": int(row["id"]), "text": row["text"], "e": json.loads(row["e"])} for row in found] == ROWS


def test_parquet(data: str, tmp_path: Path) -> None:
    """Parquet is written to a file and to a pipe."""
    file = tmp_path / "rows.parquet"
    assert main(["run", "--data", data, "--format", "parquet", "--output", str(file), "select *"]) == 0
    assert pq.read_table(file).to_pylist() == ROWS
    piped = subprocess.run(
        [*COMMAND, "run", "--data", data, "--format", "parquet", "select id"], capture_output=True, check=True
    )
    assert pq.read_table(io.BytesIO(piped.stdout)).to_pylist() == [{"id": number} for number in range(5)]


@pytest.mark.parametrize(
    ("name", "begin"), [("a.csv", b"id\n0\n"), ("A.CSV", b"id\n0\n"), ("a.parquet", b"PAR1"), ("a.json", b"[\n"), ("a.md", b"| id |\n"), ("a.txt", b'{"id": 0}\n')]
)  # fmt: skip
def test_the_suffix_of_a_file_is_its_format(name: str, begin: bytes, data: str, tmp_path: Path) -> None:
    """Without --format; text is JSONL."""
    assert main(["run", "--data", data, "--output", str(tmp_path / name), "select id"]) == 0
    assert (tmp_path / name).read_bytes().startswith(begin)
    assert main(["run", "--data", data, "--output", str(tmp_path / name), "--format", "jsonl", "select id"]) == 0
    assert (tmp_path / name).read_bytes().startswith(b'{"id": 0}\n')


def test_an_unknown_suffix_is_refused(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written under a name that says otherwise; `--format` decides, and a name without a suffix is JSONL."""
    file = tmp_path / "o.xlsx"
    query = ["run", data, "select id limit 1", "--output"]

    assert main([*query, str(file)]) == 2
    assert "no format has the suffix .xlsx; the suffixes are .csv, .parquet" in capsys.readouterr().err
    assert not file.exists()
    assert main([*query, str(file), "--format", "csv"]) == 0
    assert main([*query, str(tmp_path / "rows")]) == 0
    assert (tmp_path / "rows").read_bytes() == b'{"id": 0}\n'


def test_from_in_the_query_of_one_dataset(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The hint says what the command needs: no FROM."""
    assert main(["run", data, "SELECT * FROM orders LIMIT 3"]) == 2
    found = capsys.readouterr().err
    assert "leave FROM out to read the dataset of the command" in found
    assert "serve(" not in found


def test_the_schema_of_a_dataset_without_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is empty, and a warning says so."""
    deeplake.create(str(tmp_path / "empty"))

    assert main(["schema", str(tmp_path / "empty")]) == 0
    written = capsys.readouterr()
    assert written.out == "{}\n"
    assert "has no columns: it has none before the first commit" in written.err


def test_a_column_that_parquet_cannot_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names it, and the way out."""
    path = write({"id": [1, 2], "meta": [{}, {}]}, str(tmp_path / "d"))
    output = tmp_path / "rows.parquet"

    assert main(["run", "--output", str(output), path, "select *"]) == 2
    assert "parquet has no type for the column `meta`" in capsys.readouterr().err
    assert not output.exists()
    assert main(["run", "--output", str(output), path, "select id"]) == 0


def test_markdown(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Values are escaped in Markdown cells."""
    main(["run", "--data", data, "--format", "markdown", "select id, text"])
    lines = capsys.readouterr().out.splitlines()

    assert lines[:2] == ["| id | text |", "| --- | --- |"]
    assert len(lines) == 7
    assert lines[5] == r"| 3 | \|x\| |"


def on_terminal(*arguments: str, columns: int = 80, **environment: str) -> str:
    """Return the output of a command on a terminal of some width."""
    ours, its = pty.openpty()
    variables = {**os.environ, "COLUMNS": str(columns), **environment}
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=its, stderr=its, stdin=subprocess.DEVNULL, env=variables
    ) as program:
        os.close(its)
        parts = []
        try:
            while part := os.read(ours, 100_000):
                parts.append(part)
        except OSError:
            pass
        assert program.wait() == 0
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_terminal_gets_a_table(data: str) -> None:
    """A terminal gets a table of its width, with and without NO_COLOR; a pipe gets JSON lines."""
    wide = on_terminal("run", "--data", data, "select id, e")
    assert wide.splitlines()[0].split() == ["id", "e"]
    assert "(5 rows)" in wide
    narrow = on_terminal("run", "--data", data, "select id, text, e", columns=40, NO_COLOR="1")
    assert max(map(len, narrow.splitlines())) <= 40
    assert "\x1b" not in narrow
    piped = run("run", "--data", data, "select id limit 1").stdout
    assert piped == '{"id": 0}\n'


def test_where_a_query_comes_from(data: str, tmp_path: Path) -> None:
    """The query comes from the argument, a file, or stdin."""
    file = tmp_path / "q.tql"
    file.write_text("select id limit 2\n")
    said = {run("run", "--data", data, *source, input=text).stdout for source, text in (
        (["select id limit 2"], None), ([str(file)], None), (["-"], "select id limit 2\n"),
    )}  # fmt: skip
    assert said == {'{"id": 0}\n{"id": 1}\n'}


ERRORS = [
    (["run", "select 1"], "tql run ./data"),
    (["run", "--data", "/nowhere", "select id"], "no dataset at `/nowhere`"),
    (["run", "--data", "DATA", "select nope"], "TQL215"),
    (["run", "--data", "DATA", "select id order by id, text"], "TQL301"),
    (["run", "--data", "DATA", "nowhere.tql"], "nowhere.tql"),
    (["run", "--data", "DATA", "--output", "/nowhere/x", "select id"], "/nowhere/x"),
    (["run", "--url", "http://127.0.0.1:1/q", 'select id from "d"'], "no server listens"),
    (["run", "--url", "https://x.test", "--token-file", "/nowhere", "select id"], "/nowhere"),
    (["explain", "nowhere.tql"], "nowhere.tql"),
    (["check", "select", "id"], "hint: put the query in quotes"),
    (["schema", "/nowhere"], "no dataset"),
]


@pytest.mark.parametrize(("arguments", "shown"), ERRORS)
def test_errors_are_one_sentence(arguments: list[str], shown: str, data: str) -> None:
    """The exit code is 2, the message is on stderr, and there is no traceback."""
    found = run(*[data if word == "DATA" else word for word in arguments])

    assert found.returncode == 2
    assert shown in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


def test_warnings_are_on_stderr(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A query that means something else to the engine than it seems to is run, and its warnings are no rows."""
    assert main(["run", data, "select id order by id limit 1"]) == 0

    written = capsys.readouterr()
    assert "warning TQL512" in written.err
    assert [*json.loads(written.out)] == ["id"]


def test_other_datasets_are_read_on_request(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the option that allows them."""
    other = write({"n": [7]}, str(tmp_path / "other"))
    query = f'select n from "{other}"'
    assert main(["run", data, query]) == 2
    assert "hint: --allow-sources reads other datasets too" in capsys.readouterr().err

    assert main(["run", data, query, "--allow-sources"]) == 0
    assert json.loads(capsys.readouterr().out) == {"n": 7}


def test_no_token_on_the_command_line() -> None:
    """Other users can read command lines, so no option takes a token."""
    found = run("run", "--token", "secret", "select 1")
    assert found.returncode == 2
    assert "--token-file" in run("run", "--help").stdout


def test_a_closed_pipe(million: str) -> None:
    """`| head -1` ends the command at once, without a message."""
    line = f"{shlex.join([*COMMAND, 'run', '--data', million, '--format', 'csv', 'select *'])} | head -1"
    started = time.monotonic()
    found = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)

    assert found.stdout == "id,x\n"
    assert found.stderr == ""
    assert time.monotonic() - started < 30


MEASURED = """
import sys
from pathlib import Path
from tql_client.cli.main import main
def highest():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
main(["run", "--data", sys.argv[1], "--format", "csv", "--output", sys.argv[2], "select * limit 60000"])
before = highest()
code = main(["run", "--data", sys.argv[1], "--format", "csv", "--output", sys.argv[2], "select *"])
print(code, highest() - before)
"""


def test_a_million_rows_to_csv(million: str, tmp_path: Path) -> None:
    """All rows are written, with the memory of one page."""
    file = tmp_path / "rows.csv"
    said = subprocess.run(
        [sys.executable, "-c", MEASURED, million, str(file)], capture_output=True, text=True, check=True
    ).stdout
    code, growth = map(int, said.split())
    with file.open(encoding="utf-8", newline="") as lines:
        count = sum(
            int(row["id"]) == number and float(row["x"]) == number / 7
            for number, row in enumerate(csv.DictReader(lines))
        )

    assert code == 0
    assert count == 10**6
    assert growth < 100_000  # KiB


def test_interrupt(million: str) -> None:
    """Ctrl-C ends the command at once with 130."""
    with subprocess.Popen(
        [*COMMAND, "run", "--data", million, "--format", "jsonl", "select *"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        started = time.monotonic()
        program.send_signal(signal.SIGINT)
        program.stdout.read()
        assert b"Traceback" not in program.stderr.read()
        assert program.wait() == 130
        assert time.monotonic() - started < 5


# --- help and completion ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_has_examples_that_are_commands(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Each example in the help is a valid command line."""

    def helped(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--help"])
        assert not ended.value.code
        return capsys.readouterr().out

    text = helped(command.name)
    assert "examples:" in text
    for example in command.examples:
        assert example in text
        words = shlex.split(example.split(" > ")[0].rpartition("| ")[2])
        assert words[0] == "tql"
        assert helped(*words[1:])


def test_version() -> None:
    """`--version` prints the versions of the package and of the engine, and whether the engine was measured."""
    assert re.fullmatch(
        r"tql \d+\.\d+\.\d+\ndeeplake \d+\.\d+\.\d+ \((measured|not measured|not supported)\)\n",
        run("--version").stdout,
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion(shell: str) -> None:
    """Each shell has a script; bash completes commands and options with it."""
    script = run("completion", shell).stdout
    assert "explain" in script
    if shell == "bash":
        asked = f"{script}\nCOMP_WORDS=(tql ex); COMP_CWORD=1; COMP_LINE='tql ex'; COMP_POINT=6\n_shtab_tql tql ex tql; echo \"${{COMPREPLY[@]}}\""
        found = subprocess.run(["/bin/bash", "-c", asked], capture_output=True, text=True, check=False)
        assert "explain" in found.stdout.split()


# --- explain ---------------------------------------------------------------------------------------------------------


def test_explain_draws_levels_and_reasons(tmp_path: Path) -> None:
    """`explain` shows the query as written and fixed, with reasons, and writes an SVG picture."""
    picture = tmp_path / "q.svg"
    found = run("explain", "select id from D where t = '<&\"' order by a, b desc limit 3", "--svg", str(picture))

    assert found.returncode == 1
    assert "TQL301" in found.stderr
    assert "as written:" in found.stdout
    assert "why: the engine sorts by one key only:" in found.stdout
    assert found.stdout.rstrip().splitlines()[-1].startswith("select")
    drawn = ET.parse(picture).getroot()  # noqa: S314 - XML of this test
    texts = [element.text or "" for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert any("'<&\"'" in text for text in texts)
    boxes = list(drawn.iter("{http://www.w3.org/2000/svg}rect"))
    assert len(boxes) >= 3
    width, height = float(drawn.attrib["width"]), float(drawn.attrib["height"])
    assert all(float(box.attrib["x"]) + float(box.attrib["width"]) <= width for box in boxes)
    assert all(float(box.attrib["y"]) + float(box.attrib["height"]) <= height for box in boxes)


def test_explain_of_what_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    """A correct query shows only its levels, with long vectors abbreviated."""
    vector = ",".join(["0.5"] * 100)
    assert (
        main(
            [
                "explain",
                f"select * from (select id, cosine_similarity(e, ARRAY[{vector}]) as s from D) order by s desc limit 3",
            ]
        )
        == 0
    )
    printed = capsys.readouterr()
    assert "ARRAY[<100 float32>]" in printed.out
    assert printed.err == ""


def test_explain_of_what_is_no_tql(capsys: pytest.CaptureFixture[str]) -> None:
    """A text that is not TQL shows the position and the reason."""
    assert main(["explain", "select from where"]) == 1
    printed = capsys.readouterr()
    assert "TQL1" in printed.err
    assert printed.out == ""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a temporary working directory."""
    monkeypatch.chdir(tmp_path)


FULL_DISK = """
import resource, sys
from tql_client.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
sys.exit(main(["run", "--data", sys.argv[1], "--format", sys.argv[3], "--output", sys.argv[2], "select *"]))
"""


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_full_disk_leaves_the_old_file(form: str, data: str, tmp_path: Path) -> None:
    """`--output` writes whole files or none: a limit of the size of files is a full disk."""
    file = tmp_path / "rows"
    file.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, data, str(file), form], capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert str(file) in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["rows"]
    assert file.read_text() == "old"
