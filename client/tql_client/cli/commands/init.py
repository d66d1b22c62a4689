"""Command that begins a project: init."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tql_client.cli.commands.command import CLEAN, Command, option
from tql_client.cli.settings import FILE, table

if TYPE_CHECKING:
    import argparse

# The number of columns of the first query.
FIRST = 4
SETTINGS = """[tool.tql]
# select = ["TQL"]        # the rules to report, by code or family
# ignore = ["TQL5"]       # the rules to ignore
{schema}"""
SCHEMA = 'schema = "schema.json"  # the columns, written by `tql schema`\n'
NO_SCHEMA = '# schema = "schema.json"  # the columns, written by `tql schema ./data > schema.json`\n'
QUERY = """-- The first query of this project: `tql check queries` checks it.
select {columns}
limit 10
"""


def _init(options: argparse.Namespace) -> int:
    """Write the settings, the schema and a query; files that exist stay as they are."""
    folder = Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    names = _write_schema(folder, options.data) if options.data else ()
    columns = ", ".join(names) or "*"
    written = [
        _write_settings(folder / FILE, SETTINGS.format(schema=SCHEMA if options.data else NO_SCHEMA)),
        _write(folder / "queries" / "first.tql", QUERY.format(columns=columns)),
    ]
    sys.stdout.writelines(f"{line}\n" for line in written)
    run = f"tql run {options.data} queries/first.tql" if options.data else "tql run ./data queries/first.tql"
    sys.stdout.write(f"next: tql check queries, then {run}\n")
    return CLEAN


def _write_schema(folder: Path, data: str) -> tuple[str, ...]:
    """Write schema.json, and return the names of the first columns that a query can have as they are."""
    from tql_client.cli.sampled import schema_of
    from tql_grammar import ast
    from tql_grammar.printing.printer import to_tql

    schema = schema_of(data)
    sys.stdout.write(_write(folder / "schema.json", schema.to_json() + "\n") + "\n")
    return tuple(to_tql(ast.Column(name)) for name in [*json.loads(schema.to_json())][:FIRST])


def _write_settings(path: Path, settings: str) -> str:
    """Write the table to a new pyproject.toml, or at the end of one without it, and return what happened."""
    if not path.exists():
        return _write(path, settings)
    if table(path) is not None:
        return f"{path} has a [tool.tql] already: unchanged"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}{'' if text.endswith(chr(10)) else chr(10)}\n{settings}", encoding="utf-8")
    return f"{path}: [tool.tql] added"


def _write(path: Path, text: str) -> str:
    """Write a file unless it exists, and return what happened."""
    if path.exists():
        return f"{path} exists already: unchanged"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return f"{path}: written"


COMMAND = Command(
    "init",
    _init,
    "Write the settings and a first query of a project; files that exist stay unchanged.",
    (
        option("folder", nargs="?", default=".", help="folder of the project (default: the working directory)"),
        option(
            "--data", metavar="PATH", help="path of a dataset: also write its columns, so that `tql check` knows them"
        ),
    ),
    ("tql init", "tql init --data ./data", "tql init project"),
)
