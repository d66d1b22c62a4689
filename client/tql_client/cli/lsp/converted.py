"""Findings, fixes and proposals in the types of the Language Server Protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from tql_grammar.diagnostic import documentation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql_client.cli.lsp.documents import Fixed, Region
    from tql_client.cli.lsp.positions import Lines
    from tql_grammar.completion.proposal import Proposal
    from tql_grammar.completion.signatures import Signature
    from tql_grammar.diagnostic import Diagnostic, Edit

SOURCE = "tql"
SEVERITIES = {
    "error": lsp.DiagnosticSeverity.Error,
    "warning": lsp.DiagnosticSeverity.Warning,
    "info": lsp.DiagnosticSeverity.Information,
}
KINDS = {
    "column": lsp.CompletionItemKind.Field,
    "alias": lsp.CompletionItemKind.Variable,
    "class": lsp.CompletionItemKind.EnumMember,
    "key": lsp.CompletionItemKind.Property,
    "dataset": lsp.CompletionItemKind.Module,
    "function": lsp.CompletionItemKind.Function,
    "keyword": lsp.CompletionItemKind.Keyword,
    "snippet": lsp.CompletionItemKind.Snippet,
}


def diagnostic(finding: Diagnostic, lines: Lines) -> lsp.Diagnostic:
    """Return a finding, with the address of its rule."""
    hint = "" if finding.hint is None else f"\nhint: {finding.hint}"
    return lsp.Diagnostic(
        range=lines.range(finding.start, finding.end),
        message=f"{finding.message}{hint}",
        severity=SEVERITIES[finding.severity],
        code=finding.code,
        code_description=lsp.CodeDescription(documentation(finding.code)),
        source=SOURCE,
    )


def text_edits(edits: Iterable[Edit], lines: Lines) -> list[lsp.TextEdit]:
    """Return edits of a document."""
    return [lsp.TextEdit(lines.range(edit.start, edit.end), edit.text) for edit in edits]


def quick_fix(fixed: Fixed, uri: str, lines: Lines) -> lsp.CodeAction:
    """Return a fix as a code action."""
    finding = diagnostic(fixed.finding, lines)
    title = f"{fixed.finding.code}: {fixed.finding.hint or 'fix'}"
    edit = lsp.WorkspaceEdit(changes={uri: text_edits(fixed.edits, lines)})
    return lsp.CodeAction(title, lsp.CodeActionKind.QuickFix, [finding], edit=edit, is_preferred=True)


def completion_item(
    proposal: Proposal, number: int, region: Region, lines: Lines, *, snippets: bool
) -> lsp.CompletionItem:
    """Return a proposal; its number among all decides about its place in the list."""
    is_snippet = proposal.kind == "snippet" and snippets
    text = proposal.text if is_snippet or proposal.kind != "snippet" else proposal.replace(start=0, end=0).applied("")
    start, end = region.outside(proposal.start, proposal.end)
    detail = f"{proposal.code} {proposal.detail}".strip()
    return lsp.CompletionItem(
        label=proposal.label,
        kind=KINDS[proposal.kind],
        detail=detail,
        sort_text=f"{number:05}",
        filter_text=proposal.text if proposal.kind in {"snippet", "class", "key", "dataset"} else None,
        text_edit=lsp.TextEdit(lines.range(start, end), text),
        insert_text_format=lsp.InsertTextFormat.Snippet if is_snippet else lsp.InsertTextFormat.PlainText,
    )


def signature_help(found: Signature) -> lsp.SignatureHelp:
    """Return the signature of a function."""
    parameters = [lsp.ParameterInformation(one.name, one.meaning) for one in found.parameters]
    markdown = lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text)
    active = min(found.active, max(len(parameters) - 1, 0))
    return lsp.SignatureHelp([lsp.SignatureInformation(found.label, markdown, parameters)], 0, active)
