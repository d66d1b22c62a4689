"""
The cell magic ``%%tql`` of notebooks: ``%load_ext tql_client.magic``, then ``%tql ./data`` to connect, and cells of TQL.

A cell is checked, its findings are shown with their carets, and its result is the value of the cell; ``%%tql name`` keeps it under a name too.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tql_client.client import connect
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from tql_client.client import Client
    from tql_client.results.result import Result

KEPT = "tql_client"
FIRST = "no connection yet: write %tql PATH or %tql URL first"


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - IPython's shell
    """Add ``%tql`` and ``%%tql``."""

    def magic(line: str, cell: str | None = None) -> Client | Result | None:
        try:
            return _connected(shell, line) if cell is None else _asked(shell, line.strip(), cell)
        except TqlError as error:
            sys.stderr.write(f"{error}\n")
            return None

    shell.register_magic_function(magic, magic_kind="line_cell", magic_name="tql")


def _connected(shell: Any, line: str) -> Client:  # noqa: ANN401 - IPython's shell
    """Connect to a path or url, with a name for its dataset perhaps, and keep the client as `tql_client`."""
    place, _, dataset = line.strip().partition(" ")
    client = connect(place, dataset.strip() or None)
    shell.push({KEPT: client})
    return client


def _asked(shell: Any, name: str, cell: str) -> Result:  # noqa: ANN401 - IPython's shell
    """Send a cell, and return its result."""
    client = shell.user_ns.get(KEPT)
    if client is None:
        raise TqlError(FIRST)
    result: Result = client.query(cell.strip())
    if name:
        shell.push({name: result})
    return result
