"""Commands that read data: run, serve, schema and demo."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tql import check
from tql_client.cli.colours import painter
from tql_client.cli.commands import inputs
from tql_client.cli.commands.command import ALLOW_SOURCES, CLEAN, TOKEN_FILE, Command, option
from tql_client.cli.formats import FORMATS, format_of, write
from tql_client.cli.reporters import as_text
from tql_client.connection import HTTP, connect
from tql_client.server.local import SECONDS, serve
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    import argparse

    from tql_grammar.schema import Schema


def _run(options: argparse.Namespace) -> int:
    """Run a query, and print its rows."""
    url, argument = _target(options)
    _, text = inputs.query(argument)
    if not text.strip():
        message = f"no query: tql run {url} 'select ..', or a query on stdin"
        raise TqlError(message)
    by_default = "table" if sys.stdout.isatty() and not options.output else "jsonl"
    form = options.format or format_of(options.output) or by_default
    with connect(
        url,
        options.dataset,
        token=inputs.token(options),
        timeout=options.timeout,
        allow_sources=options.allow_sources,
    ) as client:
        _warn(text, None if url.lower().startswith(HTTP) else client.reflect())
        write(client, text, form, options.output)
    return CLEAN


def _warn(query: str, schema: Schema | None) -> None:
    """Print the warnings about a query to stderr; its errors are raised when it is sent."""
    warnings = [finding for finding in check(query, schema) if finding.severity == "warning"]
    sys.stderr.write(as_text([("query", query, warnings)], painter(sys.stderr)))


def _require_order(words: list[str]) -> None:
    """Refuse a query before its dataset."""
    if len(words) > 1 and _is_text(words[0]) and not _is_text(words[1]):
        message = f"the dataset comes before the query: tql run {words[1]} 'select ..'"
        raise TqlError(message)


def _target(options: argparse.Namespace) -> tuple[str, str | None]:
    """
    Return the dataset or the endpoint of a command line, and its query; None reads stdin.

    Raises:
        TqlError: there is no dataset, or more than one, or no query.
    """
    url, words = options.url or options.data, list(options.words)
    _require_few(words, has_url=bool(url))
    if not url:
        if not words or (len(words) == 1 and _is_text(words[0])):
            message = "no dataset: tql run ./data 'select ..' reads one on this machine, tql run --url URL 'select ..' an endpoint"
            raise TqlError(message)
        _require_order(words)
        url, *words = words
    if not words and sys.stdin.isatty():
        message = f"no query: tql run {url} 'select ..', or tql shell {url} to type several"
        raise TqlError(message)
    return url, words[0] if words else None


def _require_few(words: list[str], *, has_url: bool) -> None:
    """
    Raise for words after the query.

    Raises:
        TqlError: there is one.
    """
    most = 1 if has_url else 2
    if len(words) > most:
        known = "--url or --data, and" if has_url else "a dataset and"
        message = f"unexpected argument {words[0 if has_url else most]!r}: tql run takes {known} one query; put a query with blanks in quotes"
        raise TqlError(message)


def _is_text(word: str) -> bool:
    """Return whether a word is a query or a file with one, rather than a dataset."""
    return len(word.split()) > 1 or word.endswith(".tql") or word == "-"


def _serve(options: argparse.Namespace) -> int:
    """Run a local server until interrupted."""
    datasets = dict(_split(item) for item in options.datasets)
    if options.access_log:
        import logging

        logging.basicConfig(format="%(message)s")
        logging.getLogger("tql_client.server").setLevel(logging.INFO)
    token, more = inputs.token(options), {"workers": options.workers, "timeout": options.timeout, "ui": options.ui}
    with serve(datasets, token, options.host, options.port, **more) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        page = f"the page is {server.page}\n" if server.page else ""
        sys.stderr.write(f"{page}the server is running; Ctrl-C stops it\n")
        server.wait()
    return CLEAN


def _split(item: str) -> tuple[str, str]:
    """Return the name and the path in ``NAME=PATH``."""
    name, equals, path = item.partition("=")
    if not equals or not name or not path:
        message = f"{item!r} is not of the form NAME=PATH, for example hub://org/dataset=./data"
        raise TqlError(message)
    return name, path


def _schema(options: argparse.Namespace) -> int:
    """Write the columns of a dataset as JSON."""
    from tql_client.cli.sampled import schema_of

    schema = schema_of(options.url)
    sys.stdout.write(schema.to_json() + "\n")
    if not schema:
        message = f"tql: warning: {options.url} has no columns: it has none before the first commit\n"
        sys.stderr.write(message)
    return CLEAN


def _demo(options: argparse.Namespace) -> int:
    """Run the demo."""
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
        "Run a query, and print its rows.",
        (
            option(
                "words",
                nargs="*",
                metavar="DATASET QUERY",
                help="path or url of a dataset, or url of an endpoint, unless --url or --data has it; and the query, or a file with it: - or nothing reads stdin",
            ),
            option("--url", help="url of an endpoint, or path of a dataset"),
            option("--data", metavar="PATH", help="path of a dataset, opened by the engine in this process"),
            option("--dataset", help="the dataset that a query without FROM reads"),
            option(
                "--format",
                choices=FORMATS,
                help="output format; by default that of the suffix of FILE, table on a terminal, else jsonl",
            ),
            option("--output", metavar="FILE", help="write to a file instead of stdout"),
            option("--timeout", type=float, default=60.0, help="seconds for the whole call (default: %(default)g)"),
            ALLOW_SOURCES,
            TOKEN_FILE,
        ),
        (
            "tql run ./data 'select id, text limit 3'",
            "tql run ./data query.tql --format csv > rows.csv",
            "tql run --url https://app.activeloop.ai/api/query/v1 --token-file token query.tql",
        ),
    ),
    Command(
        "serve",
        _serve,
        "Run a local server of the hosted service's protocol.",
        (
            option("datasets", nargs="+", metavar="NAME=PATH", help="name of a dataset in queries, and its path"),
            option("--host", default="127.0.0.1", help="loopback address (default: %(default)s)"),
            option("--port", type=int, default=0, help="port; 0 selects a free one (default: %(default)s)"),
            option(
                "--workers",
                type=int,
                metavar="N",
                help="number of processes that run the engine; by default one more than the processors, 0 for none but the server's own",
            ),
            option(
                "--timeout", type=float, default=SECONDS, help="seconds that a query may run (default: %(default)g)"
            ),
            option("--ui", action="store_true", help="also serve a page in which a browser writes and runs queries"),
            option("--access-log", action="store_true", help="log one line of JSON for each request to stderr"),
            option(
                "--token-file",
                metavar="FILE",
                help="require the token in a file from clients; by default no token is required",
            ),
        ),
        (
            "tql serve hub://org/dataset=./data",
            "tql serve d=./data --port 8080 --token-file token --access-log",
            "tql serve d=./data --workers 4 --timeout 60",
            "tql serve d=./data --ui",
        ),
    ),
    Command(
        "schema",
        _schema,
        "Write the columns of a dataset as JSON, for `--schema`; JSON columns with the keys of their first values.",
        (option("url", help="path or url of a dataset, opened by the engine in this process"),),
        ("tql schema ./data > schema.json",),
    ),
    Command(
        "demo",
        _demo,
        "Find the docstring of Python's standard library that answers a question.",
        (
            option(
                "--question",
                default="2",
                metavar="N|TEXT",
                help="number or text of a question of --list (default: %(default)s)",
            ),
            option("--list", action="store_true", help="list the questions"),
            option("--json", action="store_true", help="print the rows as JSON"),
        ),
        ("tql demo", "tql demo --list", "tql demo --question 7"),
    ),
)
