"""The language server through a client over stdio."""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from tql import Schema, check, complete, fix
from tql_client.cli.lsp import documents
from tql_client.cli.lsp.converted import diagnostic
from tql_client.cli.lsp.positions import Lines
from tql_client.cli.lsp.runs import NO_DATASET
from tql_client.cli.lsp.server import RUN
from tql_client.datasets import write
from tql_grammar.python.documents import documents as checked
from tql_grammar.python.source import check_python

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

SCHEMA = Schema(id="int64", text="text", e="embedding[3]")
PATIENCE = 60
COMMAND = (sys.executable, "-m", "tql_client", "lsp")
# `make editor` draws more.
EDITS = int(os.environ.get("TQL_EDITS", "150"))


class Editor:
    """An editor with one document."""

    def __init__(self, encoding: str) -> None:
        """Begin without a document."""
        self.client = LanguageClient("editor", "1")
        self.encoding = encoding
        self.version = 0
        self.uri = ""
        self.text = ""
        self.published: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()
        self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self._publish(params))  # noqa: PLW0108 - it is given attributes
        self.client.feature(lsp.WINDOW_LOG_MESSAGE)(lambda _params: None)
        self.shown: list[str] = []
        self.client.feature(lsp.WINDOW_SHOW_MESSAGE)(lambda params: self.shown.append(params.message))

    def _publish(self, params: lsp.PublishDiagnosticsParams) -> None:
        """Keep diagnostics."""
        self.published.put_nowait(params)

    async def start(self, folder: Path, command: Sequence[str] = COMMAND) -> None:
        """Start the server, or another one, in a folder."""
        await self.client.start_io(*command, cwd=str(folder))
        general = lsp.GeneralClientCapabilities(position_encodings=[self.encoding])
        item = lsp.ClientCompletionItemOptions(snippet_support=True)
        document = lsp.TextDocumentClientCapabilities(completion=lsp.CompletionClientCapabilities(completion_item=item))
        notebook = lsp.NotebookDocumentClientCapabilities(lsp.NotebookDocumentSyncClientCapabilities())
        capabilities = lsp.ClientCapabilities(general=general, text_document=document, notebook_document=notebook)
        params = lsp.InitializeParams(capabilities=capabilities, root_uri=folder.as_uri())
        answer = await asyncio.wait_for(self.client.initialize_async(params), PATIENCE)
        assert answer.capabilities.position_encoding == self.encoding or command is not COMMAND
        self.capabilities = answer.capabilities
        self.client.initialized(lsp.InitializedParams())

    async def stop(self) -> None:
        """Stop the server."""
        await asyncio.wait_for(self.client.shutdown_async(None), PATIENCE)
        self.client.exit(None)
        await self.client.stop()  # type: ignore[no-untyped-call]  # pygls has no types for it

    async def open(self, path: Path, text: str) -> list[lsp.Diagnostic]:
        """Open a document, and return its diagnostics."""
        self.uri, self.version, self.text = path.as_uri(), 1, text
        language = "python" if path.suffix == ".py" else "tql"
        item = lsp.TextDocumentItem(self.uri, language, self.version, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return await self.diagnostics()

    def change(self, text: str) -> None:
        """Change the document."""
        self.version, self.text = self.version + 1, text
        identifier = lsp.VersionedTextDocumentIdentifier(self.version, self.uri)
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(identifier, [change]))

    async def diagnostics(self) -> list[lsp.Diagnostic]:
        """Return the diagnostics of the version of the document."""
        while True:
            found = await asyncio.wait_for(self.published.get(), PATIENCE)
            if found.version == self.version:
                return list(found.diagnostics)

    @property
    def document(self) -> lsp.TextDocumentIdentifier:
        """The document."""
        return lsp.TextDocumentIdentifier(self.uri)

    def lines(self) -> Lines:
        """Return the lines of the document."""
        return Lines(self.text, self.encoding)

    def position(self, offset: int) -> lsp.Position:
        """Return the position of an offset."""
        return self.lines().position(offset)

    def written(self, edits: list[lsp.TextEdit]) -> str:
        """Return the text after edits."""
        lines, text = self.lines(), self.text
        for edit in sorted(edits, key=lambda one: lines.offset(one.range.start), reverse=True):
            text = text[: lines.offset(edit.range.start)] + edit.new_text + text[lines.offset(edit.range.end) :]
        return text

    async def actions(self) -> list[lsp.CodeAction]:
        """Return the actions of the whole document."""
        params = lsp.CodeActionParams(self.document, self.lines().whole(), lsp.CodeActionContext([]))
        return list(await self.client.text_document_code_action_async(params) or ())  # type: ignore[arg-type]  # no commands


@pytest.fixture(params=["utf-8", "utf-16", "utf-32"])
async def editor(request: Any, tmp_path: Path) -> AsyncIterator[Editor]:
    """Return an editor with a server in a folder with settings and a schema."""
    SCHEMA.save(tmp_path / "schema.json")
    (tmp_path / "pyproject.toml").write_text('[tool.tql]\nschema = "schema.json"\n')
    made = Editor(request.param)
    await made.start(tmp_path)
    yield made
    await made.stop()


def changes(action: lsp.CodeAction) -> list[lsp.TextEdit]:
    """Return the edits of an action."""
    assert action.edit is not None
    assert action.edit.changes is not None
    ((_, edits),) = action.edit.changes.items()
    return list(edits)


def places(found: list[lsp.Diagnostic], lines: Lines) -> list[tuple[object, int, int]]:
    """Return the code and the offsets of diagnostics."""
    return [(one.code, lines.offset(one.range.start), lines.offset(one.range.end)) for one in found]


async def test_a_query(editor: Editor, tmp_path: Path) -> None:
    """Open, change, fix, describe, complete, format: a text with an astral character before the places."""
    text = "select id from t where text = '😀é' and not id in (1, 2)"
    found = await editor.open(tmp_path / "query.tql", text)
    assert editor.capabilities.rename_provider is None  # names are those of the dataset

    expected = check(text, SCHEMA)
    assert expected
    assert places(found, editor.lines()) == [(one.code, one.start, one.end) for one in expected]
    assert found[0].code_description is not None
    assert found[0].code_description.href == expected[0].documentation

    actions = await editor.actions()
    assert [action.kind for action in actions] == [lsp.CodeActionKind.QuickFix, "source.fixAll.tql"]
    assert [editor.written(changes(action)) for action in actions] == [expected[0].fix, fix(text, SCHEMA)]

    editor.change("select id from t where text = '😀' and te")
    await editor.diagnostics()
    end = editor.position(len(editor.text))
    completed = await editor.client.text_document_completion_async(lsp.CompletionParams(editor.document, end))
    assert isinstance(completed, lsp.CompletionList)
    assert [item.label for item in completed.items] == ["text"]
    edit = completed.items[0].text_edit
    assert isinstance(edit, lsp.TextEdit)
    assert editor.written([edit]).endswith("and text")

    hover = await editor.client.text_document_hover_async(lsp.HoverParams(editor.document, editor.position(8)))
    assert hover is not None
    assert isinstance(hover.contents, lsp.MarkupContent)
    assert "id: int64" in hover.contents.value

    editor.change("select   cosine_similarity(e, ARRAY[1, 2, 3]) as score from (select e from t)")
    await editor.diagnostics()
    inside = editor.position(editor.text.index("ARRAY"))
    helped = await editor.client.text_document_signature_help_async(lsp.SignatureHelpParams(editor.document, inside))
    assert helped is not None
    assert helped.active_parameter == 1
    options = lsp.FormattingOptions(4, insert_spaces=True)
    edits = await editor.client.text_document_formatting_async(lsp.DocumentFormattingParams(editor.document, options))
    assert edits
    assert "select   " not in editor.written(list(edits))
    symbols = await editor.client.text_document_document_symbol_async(lsp.DocumentSymbolParams(editor.document))
    assert symbols
    assert isinstance(symbols[0], lsp.DocumentSymbol)
    assert [child.name for child in symbols[0].children or ()] == ["score", "select e"]
    tokens = await editor.client.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(editor.document))
    assert tokens is not None
    assert list(tokens.data[:5]) == [0, 0, 6, 0, 0]
    levels = await editor.client.workspace_execute_command_async(lsp.ExecuteCommandParams("tql.explain", [editor.uri]))
    assert "select" in str(levels).lower()


async def test_a_python_file(editor: Editor, tmp_path: Path) -> None:
    """Findings, fixes, hover and completion inside of a string; a file that is not Python for now keeps its last findings."""
    text = 'import deeplake\nds = deeplake.open("x")\n# é😀\nds.query("select id from t where not id in (1, 2)")\n'
    found = await editor.open(tmp_path / "app.py", text)

    expected = check_python(text, lambda query: check(query, SCHEMA))
    assert expected
    assert places(found, editor.lines()) == [(one.code, one.start, one.end) for one in expected]
    quick, *_ = await editor.actions()
    assert "where id not in (1, 2)" in editor.written(changes(quick))
    at = editor.position(text.index("id from"))
    hover = await editor.client.text_document_hover_async(lsp.HoverParams(editor.document, at))
    assert hover is not None
    completed = await editor.client.text_document_completion_async(lsp.CompletionParams(editor.document, at))
    assert isinstance(completed, lsp.CompletionList)
    assert completed.items

    editor.change(text + "x = (")
    editor.change(text + "x = 1\n")
    assert len(await editor.diagnostics()) == len(expected)


async def test_definitions(editor: Editor, tmp_path: Path) -> None:
    """Of the alias of a source, and of a column that a subquery computes; a dataset's column has none."""
    text = "select a.n as one from (select id * 2 as n from t) as a join u as b on a.n = b.id"
    await editor.open(tmp_path / "query.tql", text)
    for word, expected in (
        (text.index("a.n = "), "(select id * 2 as n from t) as a"),
        (text.index("n as one"), "id * 2 as n"),
        (text.index("id *"), None),
    ):
        params = lsp.DefinitionParams(editor.document, editor.position(word))
        found = await editor.client.text_document_definition_async(params)
        if expected is None:
            assert found is None
        else:
            assert isinstance(found, lsp.Location)
            lines = editor.lines()
            assert text[lines.offset(found.range.start) : lines.offset(found.range.end)] == expected


async def test_a_string_of_several_literals(editor: Editor, tmp_path: Path) -> None:
    """A fix is offered inside of one literal, with no escapes; a fixed file has no finding."""
    head = 'import deeplake\nds = deeplake.open("x")\n'
    one = head + 'ds.query("select id from t " "where not id in (1, 2)")\n'
    await editor.open(tmp_path / "app.py", one)
    (quick, every) = await editor.actions()
    for action in (quick, every):
        assert check_python(editor.written(changes(action)), lambda query: check(query, SCHEMA)) == []
    await editor.open(tmp_path / "other.py", head + 'ds.query("select id from t where not id " "in (1, 2)")\n')
    (only,) = await editor.actions()  # fix all, whose edit is smaller and inside of one literal
    assert only.kind == "source.fixAll.tql"
    assert check_python(editor.written(changes(only)), lambda query: check(query, SCHEMA)) == []


async def test_texts_of_all_kinds(editor: Editor, tmp_path: Path) -> None:
    """The diagnostics equal those of `check`, whatever line endings, tabs and characters a text has; the server lives."""
    drawn = random.Random(28)  # noqa: S311 - a test
    parts = ["select ", "id", " from t", " where ", "text = '😀'", "\r\n", "\t", "\n", "é", "(", ")", "--", "\u2028", "not id in (1)", " limit ", "3", '"']  # fmt: skip
    text = "select id from t"
    await editor.open(tmp_path / "query.tql", text)
    for _ in range(EDITS):
        at = drawn.randrange(len(text) + 1)
        cut = drawn.choice([0, 0, 1, 5])
        text = (text[:at] + drawn.choice(parts) + text[at + cut :])[-200:]
        editor.change(text)
        found = await editor.diagnostics()
        lines = editor.lines()
        expected = check(text.removesuffix("\n"), SCHEMA)
        assert [one.code for one in found] == [one.code for one in expected]
        assert [one.range for one in found] == [lines.range(one.start, one.end) for one in expected]


async def test_a_schema_is_read_again(editor: Editor, tmp_path: Path) -> None:
    """When its file changed."""
    text = "select other from t"
    assert [one.code for one in await editor.open(tmp_path / "query.tql", text)] == ["TQL215"]
    Schema(other="int64", more="text").save(tmp_path / "schema.json")
    event = lsp.FileEvent((tmp_path / "schema.json").as_uri(), lsp.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
    assert await editor.diagnostics() == []


VECTOR = ", ".join(str(number / 7) for number in range(1536))
TEXTS = {
    "40 lines": "select id, text\nfrom t\nwhere id > 3\n" + "and id < 100\n" * 37,
    "1,536 numbers": f"select cosine_similarity(e, ARRAY[{VECTOR}]) as s from t",
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_processor_time_of_a_change(name: str, record_property: Callable[[str, object], None]) -> None:
    """The median of 21 texts is a figure, with the findings of `tql check` and some proposals for each."""
    checked_in, completed_in = [], []
    for number in range(21):
        text = f"{TEXTS[name]} limit {number}"
        begin = time.process_time()
        document = documents.read(text, SCHEMA, is_python=False)
        lines = Lines(text, "utf-16")
        shown = [diagnostic(finding, lines) for finding in document.findings]
        between = time.process_time()
        proposals = complete(text, 8, SCHEMA)
        checked_in.append(between - begin)
        completed_in.append(time.process_time() - between)
        assert (len(shown), bool(proposals)) == (len(check(text, SCHEMA)), True)
    checked, completed = (statistics.median(taken) * 1000 for taken in (checked_in, completed_in))
    record_property(
        "figure", f"a change of {name}: {checked:.1f} ms of a processor, and {completed:.1f} for completion"
    )


async def test_it_is_fast(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Start, a change to its diagnostics, and completion, of 40 lines and of a text with a vector of 1,536 numbers."""
    made, begin = Editor("utf-16"), time.perf_counter()
    await made.start(tmp_path)
    started = time.perf_counter() - begin
    await made.open(tmp_path / "query.tql", TEXTS["40 lines"])
    figures = {}
    for name, text in TEXTS.items():
        changed, completed = [], []
        for number in range(40):
            begin = time.perf_counter()
            made.change(f"{text} limit {number}")
            await made.diagnostics()
            changed.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            await made.client.text_document_completion_async(lsp.CompletionParams(made.document, lsp.Position(0, 8)))
            completed.append(time.perf_counter() - begin)
        figures[name] = [f"{sorted(taken)[37] * 1000:.1f}" for taken in (changed, completed)]
    await made.stop()
    record_property(
        "figure", f"language server: start {started:.2f} s; p95 in ms of diagnostics and completion: {figures}"
    )
    assert figures


async def test_a_query_runs(editor: Editor, tmp_path: Path) -> None:
    """The action at a query runs it on the dataset of the project: its rows come as a message, and errors with their place."""
    query = "select id, text where id > 1"
    found = await editor.open(tmp_path / "query.tql", query)
    assert found == []
    assert not [one for one in await editor.actions() if one.command]
    assert await ran(editor, 0, 9) == NO_DATASET

    write({"id": [1, 2, 3], "text": ["a", "é", "c"], "e": [[0.5] * 3] * 3}, str(tmp_path / "d"))
    (tmp_path / "pyproject.toml").write_text('[tool.tql]\nschema = "schema.json"\ndataset = "d"\n')
    editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([]))
    await editor.diagnostics()
    (action,) = [one for one in await editor.actions() if one.command]
    assert action.title == "tql: run on d"
    rows = "id  text\n--  ----\n 2  é\n 3  c\n(2 rows)"
    assert await ran(editor, 0, 9) == rows
    assert editor.shown[-1] == rows

    editor.change("select id where id > 1 & id < 3")
    await editor.diagnostics()
    assert "join conditions with AND" in await ran(editor, 0, 9)


async def test_a_query_in_python_runs(editor: Editor, tmp_path: Path) -> None:
    """The query at the position, of those of a Python file."""
    write({"id": [1, 2, 3], "text": ["a", "b", "c"], "e": [[0.5] * 3] * 3}, str(tmp_path / "d"))
    (tmp_path / "pyproject.toml").write_text('[tool.tql]\ndataset = "d"\n')
    source = 'import deeplake\n\nds = deeplake.open("d")\nds.query("select id limit 1")\nds.query("select text where id = 3")\n'
    await editor.open(tmp_path / "app.py", source)
    assert await ran(editor, 3, 12) == "id\n--\n 1\n(1 row)"
    assert await ran(editor, 4, 12) == "text\n----\nc\n(1 row)"
    assert await ran(editor, 0, 0) == "no query here"


async def ran(editor: Editor, line: int, character: int) -> str:
    """Return the rows or the message that the command shows for the query at a position."""
    params = lsp.ExecuteCommandParams(RUN, [editor.uri, line, character])
    return str(await asyncio.wait_for(editor.client.workspace_execute_command_async(params), PATIENCE))


HEAD = 'import deeplake\n%matplotlib inline\nds = deeplake.open("x")\nds?\n'
CELLS = (
    HEAD,
    "%%tql rows\nselect '\U0001f600' as a, nope from t\nwhere not id in (1, 2)",
    "%%bash\nselect nope",
    'print(1)\nds.query("select id from t where not id in (1, 2)")',
    "%time ds.query('select \U0001f600nope from t')",
)


async def test_a_notebook(editor: Editor, tmp_path: Path) -> None:
    """The findings in the cells are those of `tql check` for the file; each cell has completion, hover and fixes; cells come and go."""
    book = (tmp_path / "book.ipynb").as_uri()
    uris = [f"{book}#W{number}" for number in range(len(CELLS))]
    cells = [lsp.NotebookCell(lsp.NotebookCellKind.Code, uri) for uri in uris]
    items = [lsp.TextDocumentItem(uri, "python", 1, text) for uri, text in zip(uris, CELLS, strict=True)]
    opened = lsp.DidOpenNotebookDocumentParams(lsp.NotebookDocument(book, "jupyter-notebook", 1, cells), items)
    editor.client.notebook_document_did_open(opened)
    found = await findings_of(editor, len(CELLS))

    source = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in CELLS]
    file = json.dumps({"cells": source, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()
    expected = checked("book.ipynb", file, lambda query: check(query, SCHEMA))
    assert [len(document.findings) for document in expected] == [0, 2, 0, 1, 0]
    for uri, document in zip(uris, expected, strict=True):
        lines = Lines(document.text, editor.encoding)
        assert places(found[uri], lines) == [(one.code, one.start, one.end) for one in document.findings]

    editor.uri, editor.text = uris[1], CELLS[1]
    at = editor.position(CELLS[1].index("id in"))
    hover = await editor.client.text_document_hover_async(lsp.HoverParams(editor.document, at))
    assert hover is not None
    completed = await editor.client.text_document_completion_async(lsp.CompletionParams(editor.document, at))
    assert isinstance(completed, lsp.CompletionList)
    assert "id" in [item.label for item in completed.items]
    options = lsp.FormattingOptions(4, insert_spaces=True)
    assert not await editor.client.text_document_formatting_async(
        lsp.DocumentFormattingParams(editor.document, options)
    )
    fixed = editor.written(changes((await editor.actions())[0]))
    assert fixed.endswith("where id not in (1, 2)")

    text = lsp.NotebookDocumentCellContentChanges(
        lsp.VersionedTextDocumentIdentifier(2, uris[1]), [lsp.TextDocumentContentChangeWholeDocument(fixed)]
    )
    removed = lsp.NotebookDocumentCellChangeStructure(
        lsp.NotebookCellArrayChange(3, 1), did_close=[lsp.TextDocumentIdentifier(uris[3])]
    )
    change = lsp.NotebookDocumentChangeEvent(cells=lsp.NotebookDocumentCellChanges(removed, text_content=[text]))
    versioned = lsp.VersionedNotebookDocumentIdentifier(2, book)
    editor.client.notebook_document_did_change(lsp.DidChangeNotebookDocumentParams(versioned, change))
    found = await findings_of(editor, len(CELLS))
    assert {uri: [one.code for one in diagnostics] for uri, diagnostics in found.items() if diagnostics} == {
        uris[1]: ["TQL215"]
    }

    Schema(nope="int64", id="int64").save(tmp_path / "schema.json")
    editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([]))
    assert not any((await findings_of(editor, len(CELLS) - 1)).values())
    left = [lsp.TextDocumentIdentifier(uri) for uri in uris if uri != uris[3]]
    closed = lsp.DidCloseNotebookDocumentParams(lsp.NotebookDocumentIdentifier(book), left)
    editor.client.notebook_document_did_close(closed)
    assert not any((await findings_of(editor, len(left))).values())
    assert await editor.client.text_document_hover_async(lsp.HoverParams(editor.document, at)) is None


async def findings_of(editor: Editor, count: int) -> dict[str, list[lsp.Diagnostic]]:
    """Return the next diagnostics of a number of documents."""
    found = [await asyncio.wait_for(editor.published.get(), PATIENCE) for _ in range(count)]
    assert len({one.uri for one in found}) == count
    return {one.uri: list(one.diagnostics) for one in found}
