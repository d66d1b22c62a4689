"""
Magics of IPython: after ``%load_ext tql_client.magic``, ``%tql ./data`` connects, and ``%%tql`` runs a cell of TQL.

A cell is checked before it is sent, errors are printed with carets, and the result is the value of the cell; ``%%tql name`` also assigns it to a variable.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tql_client.connection import connect
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from tql_client.client import Client
    from tql_client.results.result import Result

VARIABLE = "tql_client"
NOT_CONNECTED = "no connection: run %tql PATH or %tql URL first"


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - IPython's shell
    """Register ``%tql`` and ``%%tql``."""

    def magic(line: str, cell: str | None = None) -> Client | Result | None:
        try:
            return _connect(shell, line) if cell is None else _run_cell(shell, line.strip(), cell)
        except TqlError as error:
            sys.stderr.write(f"{error}\n")
            return None

    shell.register_magic_function(magic, magic_kind="line_cell", magic_name="tql")


def _connect(shell: Any, line: str) -> Client:  # noqa: ANN401 - IPython's shell
    """Connect to a path or URL, optionally followed by the name of its dataset, and assign the client to the variable `tql_client`."""
    url, _, dataset = line.strip().partition(" ")
    client = connect(url, dataset.strip() or None)
    shell.push({VARIABLE: client})
    return client


def _run_cell(shell: Any, name: str, cell: str) -> Result:  # noqa: ANN401 - IPython's shell
    """Send a cell, and return its result."""
    client = shell.user_ns.get(VARIABLE)
    if client is None:
        raise TqlError(NOT_CONNECTED)
    result: Result = client.query(cell.strip())
    if name:
        shell.push({name: result})
    return result
