"""The language server: its features, over the documents that an editor has open."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from tql import complete, describe, signature
from tql import format as format_text
from tql_client.cli.lsp import converted, documents
from tql_client.cli.lsp.definitions import definition
from tql_client.cli.lsp.positions import Lines
from tql_client.cli.lsp.project import Project
from tql_client.cli.lsp.runs import Runs
from tql_client.cli.lsp.tokens import TYPES, semantic_tokens, symbols
from tql_client.version import __version__
from tql_grammar.diagnostic import Edit
from tql_grammar.errors import ParseError
from tql_grammar.explain.levels import explained
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from tql_client.cli.lsp.documents import Document, Region, Schemas

EXPLAIN, RUN = "tql.explain", "tql.run"
FIX_ALL, RUN_HERE = "source.fixAll.tql", "source.run.tql"
# The cells of any notebook whose language is Python; a cell with ``%%tql`` is one of them.
NOTEBOOKS = lsp.NotebookDocumentFilterWithCells([lsp.NotebookCellLanguage("python")], "*")
TRIGGERS = [".", "(", "'", '"', "[", " ", ","]


class TqlServer(LanguageServer):
    """The server of one editor, with its documents as they were read last."""

    def __init__(self) -> None:
        """Begin without documents; a change has the whole text, so that every line ending is that of the editor."""
        super().__init__(
            "tql",
            __version__,
            text_document_sync_kind=lsp.TextDocumentSyncKind.Full,
            notebook_document_sync=lsp.NotebookDocumentSyncOptions([NOTEBOOKS]),
        )
        self.project = Project()
        self.documents: dict[str, Document] = {}
        self.runs = Runs()

    def lines(self, text: str) -> Lines:
        """Return the lines of a text in the units that the client asked for."""
        encoding = self.workspace.position_encoding
        return Lines(text, getattr(encoding, "value", None) or str(encoding))

    def document(self, uri: str) -> tuple[Document, Lines] | None:
        """Return a document, and its lines; None for one that is not open, or whose last text was never read."""
        found = self.documents.get(uri)
        return None if found is None else (found, self.lines(found.text))

    def schemas(self, uri: str) -> Schemas:
        """Return the schemas for a document."""
        return self.project.schemas(path_of(uri))

    def engine(self, uri: str) -> str | None:
        """Return the engine for a document; None for the newest one."""
        return self.project.settings(path_of(uri)).engine

    def at(self, uri: str, position: lsp.Position) -> tuple[Region, int, Lines] | None:
        """Return the query at a position, the offset in it, and the lines of the document."""
        known = self.document(uri)
        if known is None:
            return None
        document, lines = known
        found = document.region(lines.offset(position))
        return None if found is None else (*found, lines)

    def check(self, uri: str) -> None:
        """Read a document and publish its findings; a Python file that is not Python keeps those before."""
        source = self.workspace.get_text_document(uri)
        is_python = source.language_id == "python" or uri.endswith(".py")
        try:
            document = documents.read(source.source, self.schemas(uri), self.engine(uri), is_python=is_python)
        except SyntaxError:
            return
        self._publish(uri, document, source.version)

    def check_notebook(self, uri: str) -> None:
        """Read the code cells of a notebook, and publish the findings of each."""
        notebook = self.workspace.get_notebook_document(notebook_uri=uri)
        cells = [] if notebook is None else [one for one in notebook.cells if one.kind is lsp.NotebookCellKind.Code]
        sources = [self.workspace.get_text_document(cell.document) for cell in cells]
        read = documents.read_cells([source.source for source in sources], self.schemas(uri), self.engine(uri))
        for source, document in zip(sources, read, strict=True):
            self._publish(source.uri, document, source.version)

    def forget(self, uri: str) -> None:
        """Forget a document, and its findings."""
        self.documents.pop(uri, None)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    def _publish(self, uri: str, document: Document, version: int | None) -> None:
        """Keep a document, and publish its findings."""
        self.documents[uri] = document
        path = path_of(uri)
        chosen = self.project.settings(path).select_findings(_name(path, self.workspace.root_path), document.findings)
        lines = self.lines(document.text)
        found = [converted.diagnostic(finding, lines) for finding in chosen]
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found, version))
        for error in self.project.errors:
            self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Error, f"tql: {error}"))
        self.project.errors.clear()


def path_of(uri: str) -> Path:
    """Return the path of a document; one of an editor's new document is only a name."""
    parts = urlsplit(uri)
    return Path(url2pathname(parts.path) if parts.scheme == "file" else unquote(parts.path))


def _name(path: Path, root: str | None) -> str:
    """Return the path of a file in its workspace, as `tql check` has it there."""
    return str(path.relative_to(root)) if root and path.is_relative_to(root) else str(path)


def make_server() -> TqlServer:
    """Return a server with all features."""
    server = TqlServer()
    for name, feature, options in FEATURES:
        server.feature(name, options)(feature)
    server.command(EXPLAIN)(explain)
    server.command(RUN)(run)
    return server


def _opened(ls: TqlServer, params: lsp.DidOpenTextDocumentParams) -> None:
    """Check a document that was opened."""
    ls.check(params.text_document.uri)


def _changed(ls: TqlServer, params: lsp.DidChangeTextDocumentParams) -> None:
    """Check a document that was changed."""
    ls.check(params.text_document.uri)


def _closed(ls: TqlServer, params: lsp.DidCloseTextDocumentParams) -> None:
    """Forget a document, and its findings."""
    ls.forget(params.text_document.uri)


def _notebook_opened(ls: TqlServer, params: lsp.DidOpenNotebookDocumentParams) -> None:
    """Check a notebook that was opened."""
    ls.check_notebook(params.notebook_document.uri)


def _notebook_changed(ls: TqlServer, params: lsp.DidChangeNotebookDocumentParams) -> None:
    """Check a notebook whose cells were changed, and forget those that were removed."""
    structure = params.change.cells.structure if params.change.cells else None
    for cell in (structure.did_close if structure else None) or ():
        ls.forget(cell.uri)
    ls.check_notebook(params.notebook_document.uri)


def _notebook_closed(ls: TqlServer, params: lsp.DidCloseNotebookDocumentParams) -> None:
    """Forget the cells of a notebook."""
    for cell in params.cell_text_documents:
        ls.forget(cell.uri)


def _files_changed(ls: TqlServer, _params: lsp.DidChangeWatchedFilesParams) -> None:
    """Check all documents again, since settings or a schema changed."""
    ls.project.clear()
    for uri in [*ls.workspace.text_documents]:
        if ls.workspace.get_notebook_document(cell_uri=uri) is None:
            ls.check(uri)
    for uri in [*ls.workspace.notebook_documents]:
        ls.check_notebook(uri)


def _complete(ls: TqlServer, params: lsp.CompletionParams) -> lsp.CompletionList:
    """Return the proposals at a position."""
    found = ls.at(params.text_document.uri, params.position)
    if found is None:
        return lsp.CompletionList(is_incomplete=False, items=[])
    region, offset, lines = found
    text_document = ls.client_capabilities.text_document
    item = text_document.completion.completion_item if text_document and text_document.completion else None
    proposals = complete(region.text, offset, ls.schemas(params.text_document.uri))
    items = [
        converted.completion_item(proposal, number, region, lines, snippets=bool(item and item.snippet_support))
        for number, proposal in enumerate(proposals)
    ]
    return lsp.CompletionList(is_incomplete=False, items=items)


def _hover(ls: TqlServer, params: lsp.HoverParams) -> lsp.Hover | None:
    """Return the description of the word at a position."""
    found = ls.at(params.text_document.uri, params.position)
    if found is None:
        return None
    region, offset, lines = found
    described = describe(region.text, offset, ls.schemas(params.text_document.uri))
    if described is None:
        return None
    place = lines.range(*region.outside(described.start, described.end))
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, str(described)), place)


def _signature(ls: TqlServer, params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
    """Return the signature of the function that is called around a position."""
    found = ls.at(params.text_document.uri, params.position)
    called = None if found is None else signature(found[0].text, found[1])
    return None if called is None else converted.signature_help(called)


def _actions(ls: TqlServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """Return the fixes of the findings in a range, and the action that makes all safe fixes."""
    uri = params.text_document.uri
    known = ls.document(uri)
    if known is None:
        return []
    schemas = ls.schemas(uri)
    found = [*_fixes(known, params.range, schemas, uri), *_fix_all(known, schemas, uri), *_run_here(ls, params)]
    only = params.context.only
    return [one for one in found if only is None or any(_within(one.kind, kind) for kind in only)]


def _fixes(known: tuple[Document, Lines], place: lsp.Range, schemas: Schemas, uri: str) -> list[lsp.CodeAction]:
    """Return the fixes of the findings in a range."""
    document, lines = known
    start, end = lines.offset(place.start), lines.offset(place.end)
    near = [one for one in documents.fixes(document, schemas) if one.finding.start <= end and start <= one.finding.end]
    return [converted.quick_fix(one, uri, lines) for one in near]


def _fix_all(known: tuple[Document, Lines], schemas: Schemas, uri: str) -> list[lsp.CodeAction]:
    """Return the action that makes all safe fixes, if there are any."""
    document, lines = known
    edits = converted.text_edits(documents.fix_all(document, schemas), lines)
    edit = lsp.WorkspaceEdit(changes={uri: edits})
    return [lsp.CodeAction("tql: fix all", FIX_ALL, edit=edit)] if edits else []


def _run_here(ls: TqlServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """Return the action that runs the query at a position, if the project has a dataset."""
    uri, start = params.text_document.uri, params.range.start
    dataset = ls.project.settings(path_of(uri)).dataset
    if not dataset or ls.at(uri, start) is None:
        return []
    title = f"tql: run on {Path(dataset).name}"
    command = lsp.Command(title, RUN, arguments=[uri, start.line, start.character])
    return [lsp.CodeAction(title, RUN_HERE, command=command)]


def _within(kind: lsp.CodeActionKind | str | None, wanted: lsp.CodeActionKind | str) -> bool:
    """Tell whether a kind of actions is a wanted one, or below it."""
    found, asked = (str(getattr(one, "value", one)) for one in (kind, wanted))
    return found == asked or found.startswith(f"{asked}.")


def _format(ls: TqlServer, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
    """Return the edit that formats a query; none for a Python file, and for a text that is no query."""
    known = ls.document(params.text_document.uri)
    if known is None or known[0].is_python:
        return []
    document, lines = known
    text = document.regions[0].text
    try:
        formatted = format_text(text)
    except ParseError:
        return []
    return [] if formatted == text else converted.text_edits([Edit(0, len(text), formatted)], lines)


def _symbols(ls: TqlServer, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
    """Return the SELECTs of a query."""
    known = ls.document(params.text_document.uri)
    return [] if known is None or known[0].is_python else symbols(known[0].regions[0].text, known[1])


def _tokens(ls: TqlServer, params: lsp.SemanticTokensParams) -> lsp.SemanticTokens:
    """Return the tokens of a query."""
    known = ls.document(params.text_document.uri)
    plain = known is None or known[0].is_python
    return lsp.SemanticTokens([] if plain or known is None else semantic_tokens(known[0].regions[0].text, known[1]))


def _definition(ls: TqlServer, params: lsp.DefinitionParams) -> lsp.Location | None:
    """Return the place that defines the name at a position."""
    found = ls.at(params.text_document.uri, params.position)
    place = None if found is None else definition(found[0].text, found[1])
    if found is None or place is None:
        return None
    region, _, lines = found
    return lsp.Location(params.text_document.uri, lines.range(*region.outside(*place)))


def explain(ls: TqlServer, uri: str) -> str:
    """Return the levels of the query of a document."""
    known = ls.document(uri)
    tree = None if known is None or known[0].is_python else read(known[0].regions[0].text).tree
    return "" if tree is None else str(explained(tree))


async def run(ls: TqlServer, uri: str, line: int = 0, character: int = 0) -> str:
    """Run the query at a position on the dataset of the project, show its first rows as a message, and return them."""
    found = ls.at(uri, lsp.Position(line, character))
    if found is None:
        return "no query here"
    dataset = ls.project.settings(path_of(uri)).dataset
    shown = await asyncio.to_thread(ls.runs.run, found[0].text, dataset)
    ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, shown))
    return shown


def _shut_down(ls: TqlServer, _params: None) -> None:
    """End the engine's processes."""
    ls.runs.close()


LEGEND = lsp.SemanticTokensLegend([kind.value for kind in TYPES], [])
FEATURES = (
    (lsp.TEXT_DOCUMENT_DID_OPEN, _opened, None),
    (lsp.TEXT_DOCUMENT_DID_CHANGE, _changed, None),
    (lsp.TEXT_DOCUMENT_DID_CLOSE, _closed, None),
    (lsp.NOTEBOOK_DOCUMENT_DID_OPEN, _notebook_opened, None),
    (lsp.NOTEBOOK_DOCUMENT_DID_CHANGE, _notebook_changed, None),
    (lsp.NOTEBOOK_DOCUMENT_DID_CLOSE, _notebook_closed, None),
    (lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, _files_changed, None),
    (lsp.SHUTDOWN, _shut_down, None),
    (lsp.TEXT_DOCUMENT_COMPLETION, _complete, lsp.CompletionOptions(trigger_characters=TRIGGERS)),
    (lsp.TEXT_DOCUMENT_HOVER, _hover, None),
    (lsp.TEXT_DOCUMENT_DEFINITION, _definition, None),
    (lsp.TEXT_DOCUMENT_SIGNATURE_HELP, _signature, lsp.SignatureHelpOptions(["(", ","])),
    (
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        _actions,
        lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix, FIX_ALL, RUN_HERE]),
    ),
    (lsp.TEXT_DOCUMENT_FORMATTING, _format, None),
    (lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, _symbols, None),
    (lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, _tokens, LEGEND),
)
