"""The commands about data: run, serve, schema and demo."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tql_client.cli.commands import inputs
from tql_client.cli.commands.command import CLEAN, TOKEN_FILE, Command, option
from tql_client.cli.formats import FORMATS, write
from tql_client.client import connect
from tql_client.engine.embedded import open_dataset
from tql_client.server.local import serve
from tql_grammar.errors import TqlError
from tql_grammar.schema import Schema

if TYPE_CHECKING:
    import argparse


def _run(options: argparse.Namespace) -> int:
    """Run a text, and print its rows."""
    place = options.url or options.data
    if not place:
        message = "`run` takes --data PATH for a dataset on this machine, or --url URL for a service"
        raise TqlError(message)
    text = inputs.query(options.query)
    form = options.format or ("table" if sys.stdout.isatty() and not options.output else "jsonl")
    with connect(place, options.dataset, token=inputs.token(options), timeout=options.timeout) as client:
        write(client, text, form, options.output)
    return CLEAN


def _serve(options: argparse.Namespace) -> int:
    """Answer the service's protocol on this machine until interrupted."""
    datasets = dict(_named(item) for item in options.datasets)
    if options.access_log:
        import logging

        logging.basicConfig(format="%(message)s")
        logging.getLogger("tql_client.server").setLevel(logging.INFO)
    with serve(datasets, inputs.token(options), options.host, options.port) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        sys.stderr.write("answering; Ctrl-C stops\n")
        server.wait()
    return CLEAN


def _named(item: str) -> tuple[str, str]:
    """Return name and path of ``NAME=PATH``."""
    name, found, path = item.partition("=")
    if not found or not name or not path:
        message = f"`serve` takes NAME=PATH, got {item!r}; for instance hub://org/dataset=./data"
        raise TqlError(message)
    return name, path


def _schema(options: argparse.Namespace) -> int:
    """Write the columns of a dataset as JSON."""
    sys.stdout.write(Schema.from_dataset(open_dataset(options.url)).to_json() + "\n")
    return CLEAN


def _demo(options: argparse.Namespace) -> int:
    """Run the main job on real data."""
    from tql_client.cli import demo

    if options.list:
        sys.stdout.write("".join(f"{number}. {text}\n" for number, text in enumerate(demo.questions_in_words(), 1)))
        return CLEAN
    demo.run(options.question, as_json=options.json)
    return CLEAN


COMMANDS = (
    Command(
        "run",
        _run,
        "Run a text, and print its rows.",
        (
            option("query", help="the text, or a file that holds it; - is the standard input"),
            option("--url", help="the url of a service, or the path of a dataset"),
            option("--data", metavar="PATH", help="the path of a dataset, which the engine opens in this process"),
            option("--dataset", help="where a text without FROM takes its rows"),
            option("--format", choices=FORMATS, help="a table on a terminal, else jsonl, unless given"),
            option("--output", metavar="FILE", help="write to a file; parquet needs it"),
            option("--timeout", type=float, default=60.0, help="seconds for the whole call"),
            TOKEN_FILE,
        ),
        (
            "tql run --data ./data 'select id, text limit 3'",
            "tql run --data ./data --format csv query.tql > rows.csv",
            "tql run --url https://app.activeloop.ai/api/query/v1 --token-file token query.tql",
        ),
    ),
    Command(
        "serve",
        _serve,
        "Answer the service's protocol on this machine.",
        (
            option("datasets", nargs="+", metavar="NAME=PATH", help="a dataset's name in queries, and its path"),
            option("--host", default="127.0.0.1", help="an address of this machine"),
            option("--port", type=int, default=0, help="0 takes a free one"),
            option("--access-log", action="store_true", help="a line of JSON for each request, on stderr"),
            TOKEN_FILE,
        ),
        ("tql serve hub://org/dataset=./data", "tql serve d=./data --port 8080 --token-file token --access-log"),
    ),
    Command(
        "schema",
        _schema,
        "Write the columns of a dataset as JSON, for check and fix.",
        (option("url", help="the path or url of a dataset, opened by the engine in this process"),),
        ("tql schema ./data > schema.json",),
    ),
    Command(
        "demo",
        _demo,
        "Find the docstring of Python's standard library that answers a question.",
        (
            option("--question", default="2", metavar="N|TEXT", help="one of --list, by number or words"),
            option("--list", action="store_true", help="list the questions"),
            option("--json", action="store_true", help="the answer as JSON"),
        ),
        ("tql demo", "tql demo --list", "tql demo --question 7"),
    ),
)
