"""Writing of changed files: in place, to stdout, or as a diff."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tql_client.cli.colours import painter

if TYPE_CHECKING:
    import argparse

    from tql_client.cli.colours import Paint
    from tql_client.cli.files import Input


def apply_changes(source: Input, text: str, new_text: str, options: argparse.Namespace) -> bool:
    """
    Write the new text of an input, and return whether it differs from the old one.

    With ``--diff`` a diff is written to stdout; with ``--check`` a changed file is only reported.
    The new text of stdin, and that of a query in the arguments, goes to stdout.
    """
    changed = new_text != text
    if options.diff:
        sys.stdout.write(_diff(source.name, text, new_text, painter(sys.stdout, options.color)))
    elif options.check:
        if changed:
            sys.stderr.write(f"{source.name} would change\n")
    elif not source.is_file:
        sys.stdout.write(new_text + "\n")
    elif changed:
        Path(source.name).write_text(new_text + "\n", encoding="utf-8", newline="")
    return changed


def _diff(path: str, before: str, after: str, paint: Paint) -> str:
    """Return the unified diff of two texts."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path, path, lineterm="")
    return "".join(f"{_line(line, paint)}\n" for line in lines)


def _line(line: str, paint: Paint) -> str:
    """Return a line of a diff in its colour."""
    if line.startswith(("---", "+++")):
        return paint(line, "bold")
    return paint(line, line[0]) if line[:1] in {"-", "+", "@"} else line
