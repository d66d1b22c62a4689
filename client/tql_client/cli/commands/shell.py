"""Command that reads queries one after the other: shell."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tql_client.cli.commands import inputs
from tql_client.cli.commands.command import ALLOW_SOURCES, CLEAN, COLOR, FINDINGS, TOKEN_FILE, Command, option
from tql_client.connection import HTTP, connect
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from tql_client.client import Client
    from tql_grammar.schema import Schema


def _shell(options: argparse.Namespace) -> int:
    """Run the queries and commands of stdin until its end, or until ``.quit``."""
    from tql_client.cli.colours import painter
    from tql_client.cli.shell.session import Session

    is_endpoint = options.dataset_or_url.lower().startswith(HTTP)
    with connect(
        options.dataset_or_url,
        options.dataset,
        token=inputs.token(options),
        timeout=options.timeout,
        isolated=not is_endpoint,
        allow_sources=options.allow_sources,
    ) as client:
        schema = _schema(options, client, is_endpoint=is_endpoint)
        session = Session(client, schema, sys.stdout, painter(sys.stdout, options.color))
        if sys.stdin.isatty():
            sys.stdout.write(f"{options.dataset_or_url}: a query ends with ; and .help lists the commands\n")
        for entry in _entries(schema, client):
            if not session.enter(entry):
                break
    return FINDINGS if session.failed and not sys.stdin.isatty() else CLEAN


def _entries(schema: Schema | None, client: Client) -> Iterator[str]:
    """Return the entries that are typed, by prompt_toolkit if it is installed, or those of a pipe."""
    from tql_client.cli.sampled import sampled
    from tql_client.cli.shell import lines

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return lines.entries()
    try:
        from tql_client.cli.shell.prompt import entries
    except ImportError:
        return lines.entries()
    return entries(None if schema is None else sampled(schema, client))


def _schema(options: argparse.Namespace, client: Client, *, is_endpoint: bool) -> Schema | None:
    """
    Return the columns: of the file of ``--schema``, of the dataset, or of the first rows of an endpoint; None if they are not known.

    Raises:
        TqlError: the dataset cannot be opened.
    """
    from tql_client.engine.embedded import open_dataset
    from tql_grammar.schema import Schema

    if options.schema:
        return _one(options.schema)
    if not is_endpoint:
        return Schema.from_dataset(open_dataset(options.dataset_or_url))
    try:
        return client.reflect()
    except TqlError:
        return None


def _one(path: str) -> Schema:
    """
    Return the schema in a file.

    Raises:
        TqlError: the file has those of several datasets.
    """
    from tql_client.cli.files import read_schema_file

    found = read_schema_file(path)
    if isinstance(found, dict):
        message = f"{path}: the shell takes the schema of one dataset, got those of {', '.join(found)}"
        raise TqlError(message)
    return found


COMMAND = Command(
    "shell",
    _shell,
    "Type queries and see their rows: with history, completion and several lines.",
    (
        option("dataset_or_url", metavar="DATASET", help="path or url of a dataset, or url of an endpoint"),
        option("--dataset", help="the dataset that a query without FROM reads"),
        option(
            "--schema", metavar="FILE", help="JSON file with the columns to complete; by default those of the dataset"
        ),
        option("--timeout", type=float, default=60.0, help="seconds that a query may run (default: %(default)g)"),
        ALLOW_SOURCES,
        TOKEN_FILE,
        COLOR,
    ),
    ("tql shell ./data", "echo '.schema' | tql shell ./data"),
)
