"""Inputs of commands: one query, lines, schemas, the settings of the project, and the token."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tql_client.cli.files import FROM_STDIN, QUERY, STDIN, open_file, read_schema_file, text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from tql_client.cli.settings import Settings
    from tql_grammar.schema import Schema


def settings() -> Settings:
    """Return the settings of the project in the working directory."""
    from pathlib import Path

    from tql_client.cli.settings import read_settings

    return read_settings(Path.cwd())


def schemas(path: str | None) -> Schema | dict[str, Schema] | None:
    """Return the schema in a JSON file, or the schemas of several datasets by url."""
    return read_schema_file(path) if path else None


def query(argument: str | None) -> tuple[str, str]:
    """Return the name and the text of a query: of an argument that is the query or a file, or of stdin for ``-`` and without one."""
    from pathlib import Path

    if argument is None or argument == STDIN:
        return FROM_STDIN, sys.stdin.read()
    if argument.endswith(".tql") or Path(argument[:255]).is_file():
        return argument, text(argument)
    return QUERY, argument


def lines(paths: list[str]) -> Iterable[bytes]:
    """Yield the lines of files; ``-``, or nothing, reads stdin."""
    if paths in ([], [STDIN]):
        yield from sys.stdin.buffer
        return
    for path in paths:
        with open_file(path) as file:
            yield from file


def token(options: argparse.Namespace) -> str | None:
    """Return the token in the file of ``--token-file``; other users can read command lines, so no option takes the token itself."""
    return text(options.token_file) if options.token_file else None
