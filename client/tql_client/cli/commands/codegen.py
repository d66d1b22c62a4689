"""Command that writes the columns of a dataset as a Python module: codegen."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tql.codegen import is_class, module
from tql_client.cli.commands import inputs
from tql_client.cli.commands.command import CLEAN, FINDINGS, TOKEN_FILE, Command, option
from tql_client.connection import HTTP, connect
from tql_client.engine.embedded import open_dataset
from tql_client.errors import ConfigError
from tql_grammar.schema import Schema

if TYPE_CHECKING:
    import argparse

ROWS = ("dataclass", "typeddict", "pydantic", "msgspec")


def _codegen(options: argparse.Namespace) -> int:
    """Write the module, or compare it with the file."""
    name = options.name or _class_name(options.source)
    text = module(_schema(options), name, options.from_, options.rows)
    if options.check:
        return _compare(options.output, text)
    if options.output:
        Path(options.output).write_text(text, encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(text)
    return CLEAN


def _compare(output: str | None, text: str) -> int:
    """Return whether the file has the module."""
    if not output:
        message = "--check needs the file to compare: tql codegen .. -o models.py --check"
        raise ConfigError(message)
    path = Path(output)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return CLEAN
    state = "differs from the columns" if path.is_file() else "does not exist"
    sys.stderr.write(f"tql: {output} {state}: run the same command without --check to write it\n")
    return FINDINGS


def _schema(options: argparse.Namespace) -> Schema:
    """Return the columns: of a JSON file, of the first rows of an endpoint, or of a dataset that the engine opens."""
    if options.source.endswith(".json"):
        return Schema.load(options.source)
    if options.source.lower().startswith(HTTP):
        with connect(options.source, options.dataset, token=inputs.token(options)) as client:
            return client.reflect()
    return Schema.from_dataset(open_dataset(options.source))


def _class_name(source: str) -> str:
    """Return the name of the class: the last part of the path without the word schema, in capitals at the beginnings of words; Docs for none."""
    stem = re.sub(r"\.json$", "", source).rstrip("/").rpartition("/")[2]
    name = "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", stem) if word.lower() != "schema")
    return name if is_class(name) else f"Docs{name}"


COMMAND = Command(
    "codegen",
    _codegen,
    "Write the columns of a dataset as a Python module of typed columns.",
    (
        option(
            "source", help="path or url of a dataset, schema.json, or url of an endpoint, whose first rows are read"
        ),
        option("-o", "--output", metavar="FILE", help="write to a file instead of stdout"),
        option("--rows", choices=ROWS, help="add a class of the rows"),
        option("--name", help="name of the class; by default from the path"),
        option(
            "--from",
            dest="from_",
            metavar="URL",
            help="url of the dataset for from_(..); by default the class has no source",
        ),
        option("--dataset", help="the dataset of an endpoint"),
        option("--check", action="store_true", help="write nothing; exit 1 if the file differs"),
        TOKEN_FILE,
    ),
    (
        "tql codegen ./data -o models.py",
        "tql codegen schema.json --rows pydantic -o models.py",
        "tql codegen ./data -o models.py --check",
    ),
)
