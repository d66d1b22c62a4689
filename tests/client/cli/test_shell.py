"""`tql shell`: entries of a pipe and of a terminal, commands, and completion."""

from __future__ import annotations

import io
import os
import pty
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import deeplake
import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input.defaults import create_pipe_input
from prompt_toolkit.output import DummyOutput

from tql import Schema
from tql_client import connect
from tql_client.cli.main import main
from tql_client.cli.sampled import sampled, schema_of
from tql_client.cli.shell.prompt import TqlCompleter, entries, history_path
from tql_client.cli.shell.session import is_complete, query_of
from tql_client.datasets import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a dataset."""
    path = str(tmp_path_factory.mktemp("shell") / "data")
    return write({"id": [1, 2, 3], "title": ["a", "b", "c"], "price": [0.5, 12.25, 3.0]}, path)


def test_a_pipe(data: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Queries end with a semicolon, commands with their line; errors go on, and make the exit code 1."""
    lines = (
        ".schema\nselect id, price\nwhere id > 1; -- two\n.explain\n.format select  id\n.shema\nselect idd;\n\n"
        ".read none.tql\n.explain select\n.help\n.quit\nselect id;"
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))

    assert main(["shell", data]) == 1
    found = capsys.readouterr().out
    assert found.startswith(
        "id     int64\ntitle  text\nprice  float64\n"
        "id  price\n--  -----\n 2  12.25\n 3   3.0\n(2 rows)\n"
        "select id, price\nwhere id > 1\n"
        "select id\n"
        "error: no command .shema; did you mean .schema?\nhint: .help lists the commands\n"
        "error: TQL215 at line 1, column 8: no column `idd`"
    )
    assert "error: none.tql: No such file or directory\nerror: TQL100" in found
    assert found.endswith(".quit             end the shell, as Ctrl-D does\n")


def test_words_of_other_shells(data: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`help`, `quit` and `exit` need no dot."""
    for word in ("quit", "exit", "quit;"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"help\n{word}\nselect id;"))

        assert main(["shell", data]) == 0
        assert capsys.readouterr().out.startswith("a query ends with a semicolon")


def test_the_last_query_needs_no_semicolon(
    data: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The end of a pipe ends a query."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("select id\nlimit 1"))

    assert main(["shell", data]) == 0
    assert capsys.readouterr().out == "id\n--\n 1\n(1 row)\n"


def test_the_format_of_the_rows(data: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`.mode` sets it, for the queries that follow; `.format json` leads to it."""
    lines = ".mode csv\nselect id, title limit 1;\n.mode jsonl\nselect id limit 1;\n.mode\n.mode jsn\n.format json\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))

    assert main(["shell", data]) == 1
    assert capsys.readouterr().out == (
        "format of the rows: csv\nid,title\n1,a\n"
        'format of the rows: jsonl\n{"id": 1}\n'
        "format of the rows: jsonl\n"
        "error: no format jsn; did you mean json?\nhint: write one of table, json, jsonl, csv, markdown\n"
        "error: `.format` formats a query, and json is a format of rows\nhint: write .mode json\n"
    )


@pytest.mark.parametrize(
    ("text", "is_hinted"),
    [
        ("select id limit 1\n\nselect id\n", True),
        ("select id limit 1 select id", True),
        ("select id\nunion all\nselect idd", False),
        ("select id limit limit", False),
    ],
)
def test_two_queries_without_a_semicolon(
    data: str, text: str, *, is_hinted: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says that a semicolon ends a query."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    assert main(["shell", data]) == 1
    assert ("end each query with a semicolon" in capsys.readouterr().out) == is_hinted


@pytest.mark.parametrize(
    ("text", "complete", "query"),
    [
        ("select id;", True, "select id"),
        ("select id", False, "select id"),
        ("select ';", False, "select ';"),
        ("select 'a;'", False, "select 'a;'"),
        ("select 'it''s;';", True, "select 'it''s;'"),
        ('select "a;";', True, 'select "a;"'),
        ("select id -- a;", False, "select id -- a;"),
        ("select id; -- a", True, "select id"),
        ("select id -- it's\n;", True, "select id -- it's"),
        (".schema", True, ".schema"),
        ("exit", True, "exit"),
        ("", True, ""),
    ],
)
def test_where_an_entry_ends(text: str, complete: bool, query: str) -> None:  # noqa: FBT001 - a table
    """A semicolon in quotes or in a comment ends nothing."""
    assert is_complete(text) is complete
    assert query_of(text) == query


def test_completion() -> None:
    """Columns of the schema, keywords and commands are completed; what `check` refuses is not."""
    completer = TqlCompleter(Schema(id="int64", title="text"))

    def found(text: str) -> dict[str, int]:
        return {one.text: one.start_position for one in completer.get_completions(Document(text), None)}  # type: ignore[arg-type]  # the event is not read

    assert found(".s") == {".schema": -2}
    assert found("select ti")["title"] == -2
    assert found("select id whe")["where"] == -3


def test_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter begins a new line until the query is complete; Ctrl-C discards an entry, and Ctrl-D ends; the history is in a file of its user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with create_pipe_input() as keys:
        keys.send_text("select id\rlimit 1;\rselect\x03.help\r\x04")

        assert list(entries(None, input=keys, output=DummyOutput())) == ["select id\nlimit 1;", ".help"]
    assert "+select id\n+limit 1;" in history_path().read_text()
    assert history_path().stat().st_mode & 0o077 == 0


def test_a_terminal(data: str, tmp_path: Path) -> None:
    """On a terminal the shell greets, answers and ends by Ctrl-D."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "tql_client", "shell", data]
    environment = {**os.environ, "TERM": "xterm", "XDG_STATE_HOME": str(tmp_path), "PROMPT_TOOLKIT_NO_CPR": "1"}
    written = b""

    def wait_for(text: bytes, start: int = 0) -> None:
        nonlocal written
        ends = time.monotonic() + 30
        while text not in written[start:] and time.monotonic() < ends:
            if select.select([controller], [], [], 0.5)[0]:
                written += os.read(controller, 65536)

    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment) as shell:
        wait_for(b"tql>")
        os.write(controller, b"select id limit 2;\r")
        wait_for(b"(2 rows)\r\n")
        after = len(written)
        wait_for(b"tql>", after)
        os.write(controller, b"\x04")
        code = shell.wait(timeout=30)
    os.close(controller)
    os.close(terminal)
    assert code == 0
    assert b"a query ends with ; and .help lists the commands" in written
    assert b"(2 rows)" in written


def test_keys_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`tql schema` and completion know the keys of the first values of JSON columns; a dataset without rows has none."""
    path = write({"id": [1, 2], "meta": [{"lang": "en"}, {"it's": 1}]}, str(tmp_path / "d"))
    assert main(["schema", path]) == 0
    found = Schema.from_json(capsys.readouterr().out)
    assert found["meta"].keys == ("lang", "it's")
    with connect(path, isolated=True) as client:
        assert sampled(Schema(id="int64", meta="json"), client) == found
        assert sampled(Schema(id="int64", other="json"), client) == Schema(id="int64", other="json")
    document = Document("select meta['")
    assert [one.text for one in TqlCompleter(found).get_completions(document, CompleteEvent())] == ["'lang'", "'it''s'"]
    empty = str(tmp_path / "empty")
    made = deeplake.create(empty)
    made.add_column("meta", deeplake.types.Dict())
    made.commit()
    assert schema_of(empty) == Schema(meta="json")
