"""Plain reader of entries, line by line: of a pipe, or of a terminal without prompt_toolkit."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tql_client.cli.shell.session import is_complete

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, NEXT = "tql> ", "...> "


def entries() -> Iterator[str]:
    """Yield the entries of stdin, each as soon as it is complete; the last one may have no semicolon."""
    read = _typed if sys.stdin.isatty() else _piped
    lines: list[str] = []
    while (line := read(NEXT if lines else FIRST)) is not None:
        lines.append(line)
        if is_complete("\n".join(lines)):
            yield "\n".join(lines)
            lines.clear()
    if lines:
        yield "\n".join(lines)


def _piped(_prompt: str) -> str | None:
    """Return the next line of stdin, or None at its end."""
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None


def _typed(prompt: str) -> str | None:
    """Return the next line of the terminal, or None for Ctrl-D."""
    import contextlib

    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - `input` then has a history
    try:
        return input(prompt)
    except EOFError:
        return None
