"""The command playground: the page of `tql serve --ui` on the demo's data."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tql_client.cli.commands.command import CLEAN, Command, option
from tql_client.server.local import Server

if TYPE_CHECKING:
    import argparse

# It sorts by two keys, of which the engine uses the first: the page shows the finding, and its fix.
EXAMPLE = """select id, module, name, text, embedding
from "{name}"
where module = 'os.path'
order by module, name
limit 20"""


def _playground(options: argparse.Namespace) -> int:
    """Serve the page on the demo's data until interrupted."""
    from tql_client.cli import demo

    demo.require_libraries()
    with tempfile.TemporaryDirectory(prefix="tql-playground-") as folder:
        path = str(Path(folder) / "pydocs")
        with demo.progress_bar() as progress:
            demo.write_dataset(path, demo.read_data(), progress)
        example = EXAMPLE.format(name=demo.NAME)
        with Server({demo.NAME: path}, port=options.port, ui=True, example=example) as server:
            announce(server)
            server.wait()
    return CLEAN


def announce(server: Server) -> None:
    """Print the address of the page; one that has a token is opened with the token in the fragment of its address."""
    sys.stdout.write(f"{server.page}\n")
    sys.stdout.flush()
    sys.stderr.write("open this address in a browser on this machine; Ctrl-C stops the server\n")


COMMAND = Command(
    "playground",
    _playground,
    "Write and run queries in the browser, on the data of the demo.",
    (option("--port", type=int, default=0, help="port; 0 selects a free one (default: %(default)s)"),),
    ("tql playground", "tql playground --port 8080"),
)
