"""Files with queries: Python as Python decodes it, notebooks by cell and line, and blocks of Markdown."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from tql_grammar.errors import TqlError
from tql_grammar.lint.check import check
from tql_grammar.python.documents import documents, explained

PYTHON = "import deeplake\nds = deeplake.open('x')\n"
QUERY = "select id order by a, b"


def places(path: str, content: str | bytes) -> list[tuple[str, str, int, str]]:
    """Return the document, the code, the line and the text of each finding."""
    encoded = content.encode() if isinstance(content, str) else content
    found = []
    for document in documents(path, encoded, check):
        for finding in document.findings:
            written = document.text[finding.start : finding.end]
            line = document.text.split("\n")[finding.line - 1]
            assert line[finding.column - 1 :].startswith(written.split("\n")[0])
            found.append((document.name, finding.code, finding.line, written))
    return found


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"{PYTHON}ds.query('{QUERY}')", 3),
        (b"\xef\xbb\xbf" + f"{PYTHON}ds.query('{QUERY}')".encode(), 3),
        (f"# coding: latin-1\n{PYTHON}ds.query('é'); ds.query('{QUERY}')".encode("latin-1"), 4),
        (f"{PYTHON}ds.query('''select id\n order by a, b''')".replace("\n", "\r\n").encode(), 4),
        (f"{PYTHON}\rds.query('{QUERY}')".replace("\n", "\r").encode(), 4),
    ],
)
def test_python_is_decoded_as_python_does(content: str | bytes, line: int) -> None:
    """A byte order mark, a coding line and any kind of line end are read as Python reads them."""
    assert ("a.py", "TQL301", line, "b") in places("a.py", content)


def test_a_query_text_with_a_byte_order_mark_has_a_fix() -> None:
    """The mark has a rule of its own, and its fix removes it."""
    (document,) = documents("a.tql", b"\xef\xbb\xbfselect id from D", check)

    (finding,) = document.findings
    assert (finding.code, finding.fix) == ("TQL009", "select id from D")


def notebook(*cells: str) -> str:
    """Return a notebook of code cells, the first of which is text."""
    return json.dumps(
        {
            "nbformat": 4,
            "cells": [
                {"cell_type": "markdown", "source": [QUERY]},
                *({"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells),
            ],
        }
    )


@pytest.mark.parametrize(
    ("cells", "cell", "line"),
    [
        ([f"{PYTHON}ds.query('{QUERY}')"], 2, 3),
        ([PYTHON, f"# a\n\nds.query('{QUERY}')"], 3, 3),
        ([f"%pip install x\n{PYTHON}!ls\nds.query('{QUERY}')\nds?"], 2, 5),
        ([f"{PYTHON}%ls\nds?\nds.query('{QUERY}')"], 2, 5),
        ([PYTHON, "not Python (", f"ds.query('{QUERY}')"], 4, 1),
        ([f"%%time\n{PYTHON}ds.query('{QUERY}')"], 2, 4),
        ([f"%%tql\n\n{QUERY}"], 2, 3),
        ([PYTHON + f"q = '{QUERY}'", "ds.query(q)"], 2, 3),
    ],
)
def test_notebooks(cells: list[str], cell: int, line: int) -> None:
    """Cells share their names, a finding has its cell and the line in it, and a cell that is not Python is left out."""
    assert places("a.ipynb", notebook(*cells)) == [(f"a.ipynb:cell {cell}", "TQL301", line, "b")]


@pytest.mark.parametrize(
    ("query", "findings"),
    [
        ("select id where year > {year}", []),
        ("select id\nwhere year > {year} order by a, b", [("TQL301", 3, "b")]),
        ("select id where kind in ({kinds}) order by a, b", [("TQL301", 2, "b")]),
        ("select id were year > {year}", [("TQL100", 2, "year")]),
        ("select id where title = '{title}'", [("TQL100", 2, "{title}")]),
        ("select id where title = '{{}}' order by a, b", [("TQL301", 2, "b")]),
        ("select id where year > {year", [("TQL100", 2, "{")]),
    ],
)
def test_a_cell_with_names_in_braces_is_a_template(query: str, findings: list[tuple[str, int, str]]) -> None:
    """A name in braces is the value of a variable: what holds for every value is found, and quotes around it are an error."""
    expected = [("a.ipynb:cell 2", *finding) for finding in findings]

    assert places("a.ipynb", notebook(f"%%tql rows\n{query}")) == expected


def test_other_cells_are_not_read() -> None:
    """Cells of other languages have no findings."""
    assert places("a.ipynb", notebook(f"%%bash\n{QUERY}", f"%%sql\n{QUERY}")) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"# T\n\n```tql\n{QUERY}\n```\n", 4),
        (f"```sql tql\n{QUERY}\n```\n", 2),
        (f"<!-- tql -->\n\n```sql\n{QUERY}\n```\n", 4),
        ('~~~sql\nselect id\nfrom "hub://o/d" order by a, b\n~~~\n', 3),
        (f"- a\n  ```tql\n  {QUERY}\n  ```\n", 3),
        (f"```python\n{PYTHON}```\nand\n```py\n\nds.query('{QUERY}')\n```\n", 8),
        (f"````tql\n{QUERY}\n-- ```\n````\n", 2),
    ],
)
def test_markdown(text: str, line: int) -> None:
    """Blocks of TQL, of Python, and of SQL that is marked are read, at the lines of the file."""
    assert places("a.md", text) == [("a.md", "TQL301", line, "b")]


def test_other_blocks_are_not_read() -> None:
    """SQL that is not marked, other languages and prose are left alone."""
    assert (
        places("a.md", f"{QUERY}\n\n```sql\n{QUERY}\n```\n\n```\n{QUERY}\n```\n\n```python\nds.query('{QUERY}'\n```\n")
        == []
    )


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("a.py", b"import deeplake\nprint 'select'", "a.py: not Python"),
        ("a.py", b"# coding: nonsense\n", "a.py: not Python"),
        ("a.py", b"import deeplake\n\xff", "a.py: not"),
        ("a.ipynb", b"{}", "a.ipynb: not a notebook"),
        ("a.ipynb", b"[", "a.ipynb: not a notebook"),
        ("a.tql", b"\xff", "a.tql: not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read(path: str, content: bytes, message: str) -> None:
    """The error names the file and the reason."""
    with pytest.raises(TqlError, match=message):
        documents(path, content, check)


def test_explain_reads_python_only() -> None:
    """Another file is refused, and a Python file has its lines."""
    assert explained("a.py", f"{PYTHON}ds.query('{QUERY}')".encode()).startswith("3:11: read")
    with pytest.raises(TqlError, match=r"\.py"):
        explained("a.tql", b"select id")


def test_a_block_of_several_lines() -> None:
    """A finding that spans lines of an indented block has both ends in the file."""
    text = dedent("""\
        1. first
           ```tql
           select distinct a
           from t
           ```
        """)

    assert places("a.md", text) == [("a.md", "TQL302", 3, "select distinct a\n   from t")]
