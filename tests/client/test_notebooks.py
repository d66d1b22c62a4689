"""Pygments lexer, the cell magic in a real IPython, HTML in notebooks, and output of rich."""

from __future__ import annotations

import io
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
from pygments import lex
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Keyword, Name, Number, String
from rich.console import Console

from tests.differential.test_engine import CASES, text_of
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
