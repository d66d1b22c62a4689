"""The command for editors: lsp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_client.cli.commands.command import CLEAN, Command
from tql_client.extras import missing

if TYPE_CHECKING:
    import argparse


def _lsp(_options: argparse.Namespace) -> int:
    """Run the language server on stdin and stdout."""
    try:
        from tql_client.cli.lsp.server import make_server
    except ImportError:
        raise missing("the language server needs pygls", "lsp") from None
    make_server().start_io()
    return CLEAN


COMMANDS = (
    Command(
        "lsp",
        _lsp,
        "Run the language server, which an editor starts and speaks to by stdin and stdout.",
        (),
        ("tql lsp",),
    ),
)
