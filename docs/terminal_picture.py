"""
Picture of the command line for the README: ``python docs/terminal_picture.py`` after a change of its output; a test compares the text.

The commands run in a terminal of their own, so the picture has their colours.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).parent / "_static" / "terminal.svg"
COLUMNS = 96
FILES = {
    "nearest.tql": 'select id, title from "hub://org/books"\nwhere year > 2015 & price < 9\norder by year, title\n'
}
COMMANDS = (
    "cat nearest.tql",
    "tql check nearest.tql",
    "tql explain 'select id from (select * order by title) order by year'",
)


def output() -> str:
    """Return the commands and what they write to a terminal."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            (Path(folder) / name).write_text(text, "utf-8")
        return "\n".join(f"\x1b[32m$\x1b[0m {command}\n{_written(command, folder)}" for command in COMMANDS)


def _written(command: str, folder: str) -> str:
    """Return what a command writes to a terminal."""
    run = f'"{sys.executable}" -m tql_client'
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S602 - the commands above
        command.replace("tql ", f"{run} ", 1) if command.startswith("tql ") else command,
        shell=True,
        cwd=folder,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"},
    ):
        os.close(theirs)
        text = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return text.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    """Return the next bytes of a terminal; none at its end, which Linux reports as an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def plain(text: str) -> str:
    """Return a text of a terminal without its colours."""
    return Text.from_ansi(text).plain


def picture(text: str) -> str:
    """Return the picture of a terminal with a text."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi(text))
        return console.export_svg(title="tql check, tql explain", unique_id="tql")


if __name__ == "__main__":
    PICTURE.write_text(picture(output()), "utf-8")
