"""Changes of files by the command: in place, or only as a difference."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def apply_changes(path: str, text: str, laid_out: str, options: argparse.Namespace) -> bool:
    """Put *laid_out* in the place of a text, as the options say, and tell whether that changes it."""
    changed = laid_out != text
    if options.diff:
        sys.stdout.write(_difference(path, text, laid_out))
    elif options.check:
        if changed:
            sys.stderr.write(f"{path} would change\n")
    elif path == "<stdin>":
        sys.stdout.write(laid_out + "\n")
    elif changed:
        Path(path).write_text(laid_out + "\n", encoding="utf-8", newline="")
    return changed


def _difference(path: str, before: str, after: str) -> str:
    """Return the difference of two texts as patch reads it."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path, path, lineterm="")
    return "".join(line + "\n" for line in lines)
