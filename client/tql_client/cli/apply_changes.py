"""Writing of changed files: in place, to stdout, or as a diff."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def apply_changes(path: str, text: str, new_text: str, options: argparse.Namespace) -> bool:
    """
    Write the new text of a file, and return whether it differs from the old one.

    With ``--diff`` a diff is written to stdout; with ``--check`` a changed file is only reported; the new text of stdin goes to stdout.
    """
    changed = new_text != text
    if options.diff:
        sys.stdout.write(_diff(path, text, new_text))
    elif options.check:
        if changed:
            sys.stderr.write(f"{path} would change\n")
    elif path == "<stdin>":
        sys.stdout.write(new_text + "\n")
    elif changed:
        Path(path).write_text(new_text + "\n", encoding="utf-8", newline="")
    return changed


def _diff(path: str, before: str, after: str) -> str:
    """Return the unified diff of two texts."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path, path, lineterm="")
    return "".join(line + "\n" for line in lines)
