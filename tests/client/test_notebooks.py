"""Pygments lexer, the cell magic in a real IPython, HTML in notebooks, and output of rich."""

from __future__ import annotations

import io
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
from pygments import lex
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Keyword, Name, Number, String
from rich.console import Console

from tests.differential.measured import CASES, text_of
from tql import check, col, select
from tql_client.datasets import write
from tql_grammar.printing.highlighting import TqlLexer
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_pygments_finds_it() -> None:
    """Pygments finds the lexer by name and by file name, through the entry point."""
    assert isinstance(get_lexer_by_name("tql"), TqlLexer)
    assert isinstance(get_lexer_for_filename("a.tql"), TqlLexer)


def test_no_errors_over_the_corpus() -> None:
    """The tokens of each text of the corpus are valid, and join to the text."""
    count = 0
    for case in CASES:
        text = text_of(case)
        if len(text) > 10_000 or any(finding.code < "TQL1" for finding in read(text).diagnostics):
            continue
        found = list(TqlLexer(ensurenl=False, stripnl=False).get_tokens(text))
        assert not [word for kind, word in found if kind is Error], text
        assert "".join(word for _, word in found) == text
        count += 1
    assert count > 1500


def test_kinds() -> None:
    """Keywords, functions, names, literals and comments have token types; the part that the engine ignores is an error."""
    text = "select \"a b\", sum(x) as s where t = 'x' and n > 1.5 -- c\norder by cosine_similarity(e, ARRAY[1,2]) & z"
    found = {word: kind for kind, word in lex(text, TqlLexer()) if word.strip()}
    expected = {
        "select": Keyword, '"a b"': Name.Variable, "sum": Name.Function, "x": Name, "'x'": String.Single, "1.5": Number.Float, "-- c\n": Comment.Single,
        "ARRAY[1,2]": Number.Float, "&": Error, "and": Keyword,
    }  # fmt: skip
    assert {word: found[word] for word in expected} == expected


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return an IPython shell in the environment of the tests."""
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setattr(HistoryManager, "enabled", False)  # otherwise a thread writes to the history file of the user
    made: Any = InteractiveShell.instance()
    made.run_line_magic("load_ext", "tql_client.magic")
    yield made
    InteractiveShell.clear_instance()


def test_the_magic(shell: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cell without a connection prints how to connect; then cells are checked, run and assigned."""
    assert shell.run_cell_magic("tql", "", "select id") is None
    assert "%tql PATH" in capsys.readouterr().err
    path = write({"id": [1, 2, 3]}, str(tmp_path / "d"))
    shell.run_line_magic("tql", path)
    result = shell.run_cell_magic("tql", "rows", "select id\nwhere id > 1\n")
    assert result.rows == [{"id": 2}, {"id": 3}]
    assert shell.user_ns["rows"] is result
    assert shell.run_cell_magic("tql", "", "select id where id > 1 & id < 3") is None
    said = capsys.readouterr().err
    assert "TQL001" in said or "`&`" in said
    assert "^" in said
    assert "Traceback" not in said


@pytest.fixture
def connected(shell: Any, tmp_path: Path) -> Any:
    """Return the shell, connected to four rows."""
    columns: dict[str, list[Any]] = {
        "id": [1, 2, 3, 4],
        "name": ["it's", "b", "c'", "d"],
        "e": [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.0]],
    }
    shell.run_line_magic("tql", write(columns, str(tmp_path / "d")))
    return shell


def test_arguments_of_a_cell(connected: Any) -> None:
    """The result is shown and assigned, or assigned only, or is a frame."""
    cell = "select id where id > 2"
    assert connected.run_cell_magic("tql", "", cell).rows == [{"id": 3}, {"id": 4}]
    assert connected.run_cell_magic("tql", "found <<", cell) is None
    assert connected.user_ns["found"].rows == [{"id": 3}, {"id": 4}]
    for library, kind in (("pandas", pd.DataFrame), ("polars", pl.DataFrame), ("arrow", pa.Table)):
        shown = connected.run_cell_magic("tql", f"frame --to {library}", cell)
        assert isinstance(shown, kind)
        assert connected.user_ns["frame"] is shown


def test_variables_in_a_cell(connected: Any) -> None:
    """A name in braces is the value of the variable, whatever the value is."""
    connected.push({"name": "it's", "ids": [4, 2], "vector": np.array([0, 1], np.float32), "n": 1})
    for cell, ids in (
        ("select id where name = {name}", [1]),
        ("select id where id in ({ids})", [2, 4]),
        ("select id order by cosine_similarity(e, {vector}) desc limit {n}", [2]),
        ("select id where name = '{{name}}'", []),
    ):
        assert connected.run_cell_magic("tql", "", cell)["id"] == ids


@pytest.mark.parametrize(
    ("line", "cell", "said"),
    [
        (
            "",
            "select id where id = {numbr}",
            "no variable `numbr`, which the cell has in braces: did you mean {number}?",
        ),
        ("", "select id where name = '{number}'", "remove the quotes"),
        ("", "select id where id = {number:d}", "format specifications"),
        ("", "select id where id = {", "a brace without its other half"),
        ("", "select id where id = {number} & id = 3", "`&` is not part of TQL"),
        ("two names", "select id", "takes the name of one variable, got `two names`"),
        ("no-name <<", "select id", "takes the name of one variable, got `no-name <<`"),
        ("", "select idd", "did you mean 'id'?"),
    ],
)
def test_wrong_cells(connected: Any, capsys: pytest.CaptureFixture[str], line: str, cell: str, said: str) -> None:
    """A mistake is a message on stderr; nothing is assigned."""
    connected.push({"number": 3})
    before = set(connected.user_ns)
    capsys.readouterr()
    assert connected.run_cell_magic("tql", line, cell) is None
    written = capsys.readouterr().err
    assert said in written
    assert "Traceback" not in written
    assert set(connected.user_ns) == before


def test_wrong_options_of_a_cell(connected: Any) -> None:
    """IPython prints its own errors for the arguments, without a traceback."""
    with pytest.raises(UsageError, match="invalid choice: 'excel'"):
        connected.run_cell_magic("tql", "--to excel", "select id")
    with pytest.raises(UsageError, match="required: url"):
        connected.run_line_magic("tql", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("%%tql\nselect na", {"name"}),
        ("%%tql rows <<\nselect id\nwhere cosine_sim", {"cosine_similarity("}),
        ("%%tql\nselect id whe", {"where"}),
        ("%%tq", {"%%tql"}),
        ("prin", {"print"}),
    ],
)
def test_completion(connected: Any, text: str, words: set[str]) -> None:
    """The tab key completes columns, functions and keywords in a cell of TQL, and Python elsewhere."""
    with provisionalcompleter():
        found = [(one.text, text[one.start : one.end]) for one in connected.Completer.completions(text, len(text))]
    assert {word for word, _ in found} >= words
    if "\n" in text:
        assert {part for _, part in found} == {text.rsplit(maxsplit=1)[-1]}


def test_help(shell: Any) -> None:
    """`%tql?` and `%%tql?` show the arguments and what they do."""
    cell, line = (shell.magics_manager.magics[kind]["tql"].__doc__ for kind in ("cell", "line"))
    assert "--to" in cell
    assert "{year}" in cell
    assert "%tql url [dataset]" in line


class Tags(HTMLParser):
    """Collects the tags of a document."""

    def __init__(self) -> None:
        """Start without tags."""
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Collect a tag."""
        assert not attrs
        self.tags.append(tag)


def test_html_of_findings_and_queries() -> None:
    """Query texts and values are escaped in HTML."""
    text = "select id where t = '<script>' order by \"<b>\", x"
    (finding,) = check(text)
    tags = Tags()
    tags.feed(finding._repr_html_())
    assert set(tags.tags) <= {"p", "b", "i", "br"}
    assert "<script>" not in select("id").where(col("t") == "<script>")._repr_html_()


def test_terminals_of_rich() -> None:
    """Rich shows a query as coloured TQL, or as method calls if it has none, and a finding as a line; markup in texts is escaped."""
    written = io.StringIO()
    console = Console(file=written, width=200, force_terminal=True, color_system="truecolor")
    plain = io.StringIO()
    query = select("id").where(col("t") == "[red]x").similarity("e", [0.5] * 100)

    console.print(query)
    Console(file=plain, width=200).print(query, select().distinct(), *check("select id from d where t > '[red]'"))

    assert "\x1b[" in written.getvalue()
    assert "t = '[red]x'" in plain.getvalue()
    assert "ARRAY[<100 float32>]" in plain.getvalue()
    assert "select().distinct()" in plain.getvalue()
    assert "error TQL" in plain.getvalue()


def test_pygments_is_not_imported_for_queries() -> None:
    """Importing the builder and the client imports neither Pygments, nor IPython, nor rich."""
    code = "import sys, tql, tql_client; assert not {'pygments', 'IPython', 'rich'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
