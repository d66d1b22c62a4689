"""The last lines of a report: the number of findings and files, and the number of findings of each rule."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from tql_client.cli.files import FROM_STDIN, QUERY
from tql_client.cli.notebooks import CELL
from tql_grammar.completion.explanations import explanations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tql_client.cli.colours import Paint
    from tql_grammar.diagnostic import Diagnostic

    Findings = Sequence[tuple[str, str, Sequence[Diagnostic]]]


def summary(findings: Findings, files: Sequence[str], paint: Paint, hidden: int) -> str:
    """
    Return the summary; nothing without files.

    Args:
        findings: the findings of each document.
        files: the names of the inputs that were read.
        paint: colours a text.
        hidden: the number of findings that only ``--info`` reports.
    """
    if not files:
        return ""
    every = [diagnostic for _, _, diagnostics in findings for diagnostic in diagnostics]
    if not every:
        number = "" if is_query(files) else f": {count(len(files), 'file')}"
        return f"{paint('All checks passed', 'hint')}{number}{_more(hidden)}\n"
    with_findings = len({name.partition(CELL)[0] for name, _, diagnostics in findings if diagnostics})
    where = f" in {with_findings} of {count(len(files), 'file')}" if len(files) > 1 else ""
    advice = "tql fix" if is_query(files) else "tql check --fix"
    return f"Found {_severities(every, paint)}{where}{_fixable(every, advice)}{_more(hidden)}\n"


def _more(hidden: int) -> str:
    """Return the number of findings that only ``--info`` reports; nothing without any."""
    return f"; --info reports {hidden} more" if hidden else ""


def _fixable(every: Sequence[Diagnostic], advice: str) -> str:
    """Return the command that makes the fixes, and their number; nothing without fixes."""
    fixes = sum(diagnostic.fix is not None for diagnostic in every)
    return f"; `{advice}` fixes {fixes}" if fixes else ""


def _severities(every: Sequence[Diagnostic], paint: Paint) -> str:
    """Return the number of findings of each severity."""
    severities = Counter[str](diagnostic.severity for diagnostic in every)
    names = (name for name in ("error", "warning", "info") if severities[name])
    return " and ".join(paint(count(severities[name], name), name) for name in names)


def is_query(files: Sequence[str]) -> bool:
    """Return whether the inputs are queries of the arguments and stdin, and no files."""
    return bool(files) and all(name in {QUERY, FROM_STDIN} for name in files)


def unchanged(names: Iterable[str]) -> str:
    """Return the end of a summary of fixes, which says that documents with queries inside of other texts stay as they are."""
    from tql_grammar.python.documents import READERS

    inside = any(name.partition(CELL)[0].endswith(tuple(READERS)) for name in names)
    return "; queries inside Python, notebooks and Markdown are not rewritten" if inside else ""


def count(number: int, noun: str) -> str:
    """Return a number and a noun."""
    return f"{number} {noun}{'' if number == 1 or noun == 'info' else 's'}"


def statistics(findings: Iterable[tuple[str, str, Sequence[Diagnostic]]], output_format: str) -> str:
    """Return the number of findings of each rule, the most frequent one first, as text or as JSON."""
    counts = Counter(diagnostic.code for _, _, diagnostics in findings for diagnostic in diagnostics)
    known = explanations()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if output_format == "json":
        listed = [{"code": code, "count": number, "title": known[code].title} for code, number in ordered]
        return json.dumps(listed, indent=2) + "\n"
    width = max((len(str(number)) for _, number in ordered), default=0)
    return "".join(f"{number:{width}}  {code}  {known[code].title}\n" for code, number in ordered)
