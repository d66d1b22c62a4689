"""Reporters of findings (text, JSON, GitHub, SARIF, JSON lines) and of the rules."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

from tql_client.cli.colours import plain
from tql_client.cli.notebooks import CELL, line_in_file
from tql_client.version import __version__
from tql_grammar.completion.explanations import explanations
from tql_grammar.diagnostic import documentation
from tql_grammar.engines import NEWEST
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tql_client.cli.colours import Paint
    from tql_grammar.completion.explanations import Explanation
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.engines import Engine
    from tql_grammar.schema import Schema

    Document = tuple[str, str, Sequence[Diagnostic]]
    Findings = Sequence[Document]

# The most rules that the error about an unknown code names.
MOST_NAMED = 3
# The most characters of a hint that is repeated.
LONG = 60
FIELDS = ("code", "severity", "message", "line", "column", "start", "end", "hint", "fix")


def report(findings: Iterable[Document], output_format: str, paint: Paint = plain) -> None:
    """Write findings to stdout, file by file if the format allows it."""
    if output_format in ONE_DOCUMENT:
        sys.stdout.write(REPORTS[output_format](list(findings)))
        return
    for document in findings:
        sys.stdout.write(as_text([document], paint) if output_format == "text" else REPORTS[output_format]([document]))


def as_text(findings: Findings, paint: Paint = plain) -> str:
    """Return findings as text: place, message, the line with carets, and hint; a long hint is not written again directly below itself."""
    return "".join("".join(_paragraphs(*document, paint)) for document in findings)


def _paragraphs(path: str, text: str, diagnostics: Iterable[Diagnostic], paint: Paint) -> Iterator[str]:
    """Yield the text of each finding in a document."""
    above = ""
    for diagnostic in diagnostics:
        hint = diagnostic.hint or ""
        is_repeated = len(hint) > LONG and hint == above
        yield _paragraph(path, text, diagnostic, "as above" if is_repeated else hint, paint)
        above = hint or above


def _paragraph(path: str, text: str, diagnostic: Diagnostic, hint: str, paint: Paint) -> str:
    """Return the text of one finding."""
    place = paint(f"{path}:{diagnostic.line}:{diagnostic.column}:", "bold")
    label = paint(f"{diagnostic.severity} {diagnostic.code}:", diagnostic.severity)
    lines = [f"{place} {label} {diagnostic.message}"]
    line, carets = diagnostic.picture(text).split("\n", 1)
    lines += [f"    {line}", f"    {paint(carets, diagnostic.severity)}"]
    if hint:
        lines.append(f"    {paint('hint:', 'hint')} {hint}")
    return "\n".join(lines) + "\n"


def as_json(findings: Findings) -> str:
    """Return findings as one JSON list."""
    return (
        json.dumps(
            [
                {**_place(path), **_object(diagnostic)}
                for path, _, diagnostics in findings
                for diagnostic in diagnostics
            ],
            indent=2,
        )
        + "\n"
    )


def _place(name: str) -> dict[str, object]:
    """Return the file of a document, and the number of its cell in a notebook."""
    file, cell, number = name.partition(CELL)
    return {"file": file, "cell": int(number)} if cell else {"file": file}


def _object(diagnostic: Diagnostic) -> dict[str, object]:
    """Return a finding as a JSON object."""
    edits = [edit._asdict() for edit in diagnostic.edits]
    fields = {field: getattr(diagnostic, field) for field in FIELDS}
    return {**fields, "edits": edits, "documentation": diagnostic.documentation}


def as_github(findings: Findings) -> str:
    """Return findings as workflow commands of GitHub, which annotate the lines of a pull request."""
    return "".join(_annotation(path, diagnostic) for path, _, diagnostics in findings for diagnostic in diagnostics)


def _annotation(path: str, diagnostic: Diagnostic) -> str:
    """Return one finding as a workflow command."""
    file, region = path.partition(CELL)[0], _region(path, diagnostic)
    place = f"line={region['startLine']}" + (f",col={region['startColumn']}" if "startColumn" in region else "")
    start = f"::{GITHUB[diagnostic.severity]} file={_escape(file, ':,')},{place},title={diagnostic.code}"
    return f"{start}::{_escape(_message(path, diagnostic))}\n"


def _region(path: str, diagnostic: Diagnostic) -> dict[str, int]:
    """Return the place of a finding in its file; in a notebook only the line, which is one of its JSON."""
    if CELL in path:
        return {"startLine": line_in_file(path, diagnostic.line)}
    return {
        "startLine": diagnostic.line,
        "startColumn": diagnostic.column,
        "charOffset": diagnostic.start,
        "charLength": diagnostic.end - diagnostic.start,
    }


def _message(path: str, diagnostic: Diagnostic) -> str:
    """Return the message of a finding; in a notebook with its cell and the line in the cell."""
    _, cell, number = path.partition(CELL)
    return f"cell {number}: line {diagnostic.line}: {diagnostic.message}" if cell else diagnostic.message


def _escape(text: str, marks: str = "") -> str:
    """Return a text escaped for a workflow command."""
    for mark in ("%", "\r", "\n", *marks):
        text = text.replace(mark, f"%{ord(mark):02X}")
    return text


def as_sarif(findings: Findings) -> str:
    """Return findings as SARIF 2.1.0."""
    used = sorted({diagnostic.code for _, _, diagnostics in findings for diagnostic in diagnostics})
    known = explanations()
    rules_ = [
        {
            "id": code,
            "shortDescription": {"text": known[code].title},
            "fullDescription": {"text": known[code].why},
            "help": {"text": f"{documentation(code)}, or `tql rules {code}`"},
        }
        for code in used
    ]
    results = [_result(path, diagnostic, used) for path, _, diagnostics in findings for diagnostic in diagnostics]
    driver = {"name": "tql", "semanticVersion": __version__, "rules": rules_}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SARIF, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _result(path: str, diagnostic: Diagnostic, codes: list[str]) -> dict[str, object]:
    """Return one finding as a SARIF result."""
    uri = quote(path.partition(CELL)[0])
    place = {"artifactLocation": {"uri": uri}, "region": _region(path, diagnostic)}
    message = _message(path, diagnostic)
    text = message if diagnostic.hint is None else f"{message}\nhint: {diagnostic.hint}"
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": SARIF_LEVELS[diagnostic.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }


SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
SARIF_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
GITHUB = {"error": "error", "warning": "warning", "info": "notice"}
# Formats with one document for all files.
ONE_DOCUMENT = frozenset({"json", "sarif"})
REPORTS: dict[str, Callable[[Findings], str]] = {
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}


def check_lines(
    lines: Iterable[bytes],
    schema: Schema | dict[str, Schema] | None,
    *,
    info: bool = False,
    engine: Engine = NEWEST,
) -> int:
    """Check one JSON string per line, write one JSON object per line (ok, parses, engine_position, diagnostics), and return the exit code."""
    write, exit_code = sys.stdout.write, 0
    for number, line in enumerate(lines, 1):
        if line.strip():
            answer = _check(_string(line, number), schema, info=info, engine=engine)
            exit_code = max(exit_code, not answer["ok"])
            write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    return exit_code


def _string(line: bytes, number: int) -> str:
    """Return the JSON string of a line."""
    try:
        text = json.loads(line)
    except ValueError as error:
        message = f"line {number} of the input is not JSON ({error}): --jsonl reads one JSON string per line"
        raise TqlError(message) from None
    if not isinstance(text, str):
        message = f"line {number} of the input is not a JSON string: --jsonl reads one JSON string per line"
        raise TqlError(message)
    return text


def _check(text: str, schema: Schema | dict[str, Schema] | None, *, info: bool, engine: Engine) -> dict[str, object]:
    """Return the JSON object for one query: ok, parses, engine_position and diagnostics."""
    from tql.findings import schemas_of
    from tql_grammar.lint.check import check_parsed
    from tql_grammar.syntax.parser import read

    reading = read(text)
    diagnostics = check_parsed(reading, schemas_of(reading.tree, schema), info=info, engine=engine)
    return {
        "ok": not any(diagnostic.severity == "error" for diagnostic in diagnostics),
        "parses": reading.parses,
        "engine_position": reading.engine_position,
        "diagnostics": [_object(diagnostic) for diagnostic in diagnostics],
    }


def has_errors(findings: Findings) -> bool:
    """Return whether any finding is an error."""
    return any(diagnostic.severity == "error" for _, _, diagnostics in findings for diagnostic in diagnostics)


def rules(codes: Sequence[str], output_format: str = "text") -> str:
    """
    Return the rules with the given codes.

    Args:
        codes: codes explain rules, and prefixes such as ``TQL3`` list a family; none lists all rules.
        output_format: "text" or "json".

    Raises:
        TqlError: no rule has a code or prefix.
    """
    known = dict(sorted(explanations().items()))
    wanted = [f"TQL{code}" if code.isdigit() else code.upper() for code in codes]
    chosen = _chosen(known, wanted)
    if output_format == "json":
        return _rules_as_json(chosen)
    if wanted and known.keys() >= set(wanted):
        return "\n".join(_explain(code, known[code]) for code in wanted)
    return "".join(f"{code}  {rule.severity:7}  {rule.title}\n" for code, rule in chosen.items())


def _chosen(known: Mapping[str, Explanation], prefixes: Sequence[str]) -> dict[str, Explanation]:
    """
    Return the rules whose codes begin with one of some prefixes, or all rules if there are none.

    Raises:
        TqlError: no code begins with a prefix.
    """
    for prefix in prefixes:
        if not any(code.startswith(prefix) for code in known):
            named = [f"{code} {rule.title}" for code, rule in known.items() if prefix in rule.title.upper()]
            about = f", among them {', '.join(named[:MOST_NAMED])}" if named else ""
            message = f"no rule {prefix}: `tql rules` lists all rules{about}"
            raise TqlError(message)
    return {code: rule for code, rule in known.items() if code.startswith(tuple(prefixes) or "TQL")}


def _rules_as_json(rules: Mapping[str, Explanation]) -> str:
    """Return rules as a JSON list of objects."""
    listed = [{"code": code, **rule._asdict(), "documentation": documentation(code)} for code, rule in rules.items()]
    return json.dumps(listed, indent=2, ensure_ascii=False) + "\n"


def _explain(code: str, rule: Explanation) -> str:
    """Return the explanation of a rule as text."""
    text = f"{code} {rule.title} ({rule.severity})\n\n{rule.why}\n\nExample:\n    {rule.example}\n"
    corrected = f"\nCorrected:\n    {rule.meant}\n" if rule.meant else ""
    return f"{text}{corrected}\nDocumentation:\n    {documentation(code)}\n"
