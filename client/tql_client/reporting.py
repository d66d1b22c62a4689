"""Know how findings and rules are written: for people, as JSON, and one JSON object a line."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tql_grammar.diagnostic import Diagnostic

    Findings = Sequence[tuple[str, str, Sequence[Diagnostic]]]

FIELDS = ("code", "severity", "message", "line", "column", "start", "end", "hint", "fix")


def as_text(found: Findings) -> str:
    """Return findings for people: place, reason, the line with carets, hint."""
    return "".join(
        _paragraph(path, text, diagnostic) for path, text, diagnostics in found for diagnostic in diagnostics
    )


def _paragraph(path: str, text: str, diagnostic: Diagnostic) -> str:
    """Return one finding."""
    lines = [
        f"{path}:{diagnostic.line}:{diagnostic.column}: {diagnostic.severity} {diagnostic.code}: {diagnostic.message}"
    ]
    lines.extend("    " + line for line in diagnostic.picture(text).splitlines())
    if diagnostic.hint:
        lines.append(f"    hint: {diagnostic.hint}")
    return "\n".join(lines) + "\n"


def as_json(found: Findings) -> str:
    """Return findings as one JSON list."""
    return (
        json.dumps(
            [{"file": path, **_object(diagnostic)} for path, _, diagnostics in found for diagnostic in diagnostics],
            indent=2,
        )
        + "\n"
    )


def _object(diagnostic: Diagnostic) -> dict[str, object]:
    """Return a finding as a JSON object."""
    return {field: getattr(diagnostic, field) for field in FIELDS}


REPORTS: dict[str, Callable[[Findings], str]] = {"text": as_text, "json": as_json}


def check_lines(lines: Iterable[bytes]) -> int:
    """Read one JSON string a line, write one JSON object a line: ok, parses, engine_position, diagnostics; return the exit code."""
    write, worst = sys.stdout.write, 0
    for number, line in enumerate(lines, 1):
        if line.strip():
            answer = _checked(_string(line, number))
            worst = max(worst, not answer["ok"])
            write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    return worst


def _string(line: bytes, number: int) -> str:
    """Return the JSON string of a line."""
    try:
        text = json.loads(line)
    except ValueError as error:
        message = f"line {number} of the input is not JSON ({error})"
        raise TqlError(message) from None
    if not isinstance(text, str):
        message = f"line {number} of the input is not a JSON string"
        raise TqlError(message)
    return text


def _checked(text: str) -> dict[str, object]:
    """Return what is known of one text."""
    from tql_grammar.checks import check_reading
    from tql_grammar.parser import read

    reading = read(text)
    diagnostics = check_reading(reading)
    return {
        "ok": not any(diagnostic.severity == "error" for diagnostic in diagnostics),
        "parses": reading.parses,
        "engine_position": reading.engine_position,
        "diagnostics": [_object(diagnostic) for diagnostic in diagnostics],
    }


def rules(codes: Sequence[str]) -> str:
    """Return the table of the rules, or the explanation of some."""
    from tql_grammar.checks import RULES

    known = {rule.code: rule for rule in RULES}
    unknown = [code for code in codes if code.upper() not in known]
    if unknown:
        message = f"there is no rule {unknown[0]}; `tql rules` lists them"
        raise TqlError(message)
    if not codes:
        return "".join(f"{code}  {rule.severity:7}  {rule.title}\n" for code, rule in sorted(known.items()))
    return "\n".join(
        f"{rule.code} {rule.title} ({rule.severity})\n\n{rule.explanation}\n\nThe smallest query that shows it:\n    {rule.example}\n"
        for rule in (known[code.upper()] for code in codes)
    )
