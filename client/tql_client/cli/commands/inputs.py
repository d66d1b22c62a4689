"""Inputs of commands: queries from files and stdin, schemas, the settings of the project, and the token."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, BinaryIO

from tql_grammar.errors import TqlError
from tql_grammar.schema import read_schemas

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from pathlib import Path

    from tql_client.cli.settings import Settings
    from tql_grammar.schema import Schema

# The files that are read in a folder, and the folders in it that are not.
SUFFIXES = (".tql", ".py", ".ipynb", ".md")
NOT_SOURCES = frozenset({"node_modules", "__pycache__", "site-packages"})


def settings() -> Settings:
    """Return the settings of the project in the working directory."""
    from pathlib import Path

    from tql_client.cli.settings import read_settings

    return read_settings(Path.cwd())


def schemas(path: str | None) -> Schema | dict[str, Schema] | None:
    """Return the schema in a JSON file, or the schemas of several datasets by url."""
    return read_schemas(path) if path else None


def texts(paths: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Yield the name and the text of each file; ``-`` reads stdin."""
    for path in paths:
        yield ("<stdin>", _decode(sys.stdin.buffer.read(), "<stdin>")) if path == "-" else (path, text(path))


def contents(paths: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    """Yield the name and the bytes of each file, and of the files with queries in each folder; ``-`` reads stdin."""
    from pathlib import Path

    for path in paths:
        if path == "-":
            yield "<stdin>", sys.stdin.buffer.read()
            continue
        for file in _files(Path(path)) if Path(path).is_dir() else [path]:
            with _open(file) as stream:
                yield file, stream.read()


def _files(folder: Path) -> Iterable[str]:
    """Yield the files with queries in a folder, without hidden folders and environments."""
    import os

    for parent, folders, names in os.walk(folder):
        if "pyvenv.cfg" in names:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in NOT_SOURCES)
        yield from (os.path.join(parent, name) for name in sorted(names) if name.endswith(SUFFIXES))  # noqa: PTH118 - the path as the user wrote it


def query(argument: str) -> str:
    """Return a query from an argument: the query itself, the name of a file, or ``-`` for stdin."""
    from pathlib import Path

    if argument == "-":
        return sys.stdin.read()
    return text(argument) if argument.endswith(".tql") or Path(argument[:255]).is_file() else argument


def text(path: str) -> str:
    """Return the text of a file."""
    with _open(path) as file:
        return _decode(file.read(), path)


def lines(paths: list[str]) -> Iterable[bytes]:
    """Yield the lines of files; ``-`` alone reads stdin."""
    if paths == ["-"]:
        yield from sys.stdin.buffer
        return
    for path in paths:
        with _open(path) as file:
            yield from file


def token(options: argparse.Namespace) -> str | None:
    """Return the token in the file of ``--token-file``; other users can read command lines, so no option takes the token itself."""
    return text(options.token_file) if options.token_file else None


def _open(path: str) -> BinaryIO:
    """Open a file for reading bytes."""
    return open(path, "rb")  # noqa: PTH123 - pathlib would normalize the path in error messages


def _decode(content: bytes, path: str) -> str:
    """Decode the content of a file, without its last newline."""
    try:
        return content.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 ({error.reason} at byte {error.start})"
        raise TqlError(message) from None
