"""The inputs of commands: texts from files and the standard input, the columns of datasets, a project's settings, a token."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, BinaryIO

from tql_grammar.errors import TqlError
from tql_grammar.schema import Schema

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from tql_client.cli.settings import Settings


def settings() -> Settings:
    """Return what the project says of its checks."""
    from pathlib import Path

    from tql_client.cli.settings import read_settings

    return read_settings(Path.cwd())


def schemas(path: str | None) -> Schema | dict[str, Schema] | None:
    """Return the columns that a file of JSON tells: of one dataset, or of several by their urls."""
    import json

    if not path:
        return None
    content = text(path)
    try:
        found = json.loads(content)
    except ValueError as error:
        message = f"{path}: not JSON ({error}); `tql schema URL` writes such a file"
        raise TqlError(message) from None
    several = (
        isinstance(found, dict)
        and found
        and all(isinstance(part, dict) and "type" not in part for part in found.values())
    )
    if not several:
        return Schema.from_json(content)
    return {url: Schema.from_json(json.dumps(columns)) for url, columns in found.items()}


def texts(paths: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Yield the name and the text of each file; ``-`` is the standard input."""
    for path in paths:
        yield ("<stdin>", _decoded(sys.stdin.buffer.read(), "<stdin>")) if path == "-" else (path, text(path))


def query(given: str) -> str:
    """Return a query that was given as a text, as the name of a file, or as ``-`` for the standard input."""
    from pathlib import Path

    if given == "-":
        return sys.stdin.read()
    return text(given) if given.endswith(".tql") or Path(given[:255]).is_file() else given


def text(path: str) -> str:
    """Return the text of a file."""
    with _opened(path) as file:
        return _decoded(file.read(), path)


def lines(paths: list[str]) -> Iterable[bytes]:
    """Yield the lines of files, or of the standard input."""
    if paths == ["-"]:
        yield from sys.stdin.buffer
        return
    for path in paths:
        with _opened(path) as file:
            yield from file


def token(options: argparse.Namespace) -> str | None:
    """Return the token from a file, if one is named: an option's value could be seen by others."""
    return text(options.token_file) if options.token_file else None


def _opened(path: str) -> BinaryIO:
    """Return a file, which the caller closes."""
    return open(path, "rb")  # noqa: PTH123 - pathlib would show its path otherwise than it was given


def _decoded(content: bytes, path: str) -> str:
    """Return the text of a file; its last newline belongs to the file."""
    try:
        return content.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 text ({error.reason} at byte {error.start})"
        raise TqlError(message) from None
