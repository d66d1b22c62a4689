"""Know the command ``tql``: data on the standard output, everything else on the standard error; exit 0 clean, 1 findings, 2 could not run."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from tql_grammar.errors import QueryError, TqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tql_grammar.diagnostic import Diagnostic

CLEAN, FINDINGS, FAILED = 0, 1, 2
EXAMPLES = """examples:
  tql demo                                       the main job, on real data, on this machine
  tql check query.tql                            what the engine would make of a text
  echo 'select id from D order by a, b' | tql check -
  tql format query.tql                           lay a text out
  tql serve hub://org/dataset=./data             the service's protocol, on this machine
  tql run --url ./data 'select id limit 3'       run a text, rows as JSON lines
  tql rules TQL301                               explain a rule
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except TqlError as error:
        _say(f"tql: {error}")
        return FAILED
    except OSError as error:
        _say(f"tql: {error.filename or 'input'}: {error.strerror or error}")
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    return code


def _say(text: str) -> None:
    """Write a line to the standard error."""
    sys.stderr.write(text + "\n")


def _parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="tql",
        description="Compose, check and send queries in TQL.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text, options in _COMMANDS:
        command = commands.add_parser(name, help=text, description=text)
        for flags, settings in options:
            command.add_argument(*flags, **settings)
        command.set_defaults(run=run)
    return parser


# --- check -----------------------------------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> int:
    """Say what the engine would make of texts."""
    from tql_client import reporting

    if options.jsonl:
        return reporting.check_lines(sys.stdin.buffer if options.files == ["-"] else _lines(options.files))
    found = [(path, text, _diagnostics(text)) for path, text in _texts(options.files)]
    sys.stdout.write(reporting.REPORTS[options.output_format](found))
    return (
        FINDINGS
        if any(diagnostic.severity == "error" for _, _, diagnostics in found for diagnostic in diagnostics)
        else CLEAN
    )


def _diagnostics(text: str) -> list[Diagnostic]:
    """Return the findings of one text."""
    from tql import check

    return check(text)


def _texts(paths: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Yield the name and the text of each file; ``-`` is the standard input."""
    for path in paths:
        if path == "-":
            yield "<stdin>", _decoded(sys.stdin.buffer.read(), "<stdin>")
        else:
            with open(path, "rb") as file:  # noqa: PTH123 - the path is shown as it was given
                yield path, _decoded(file.read(), path)


def _decoded(content: bytes, path: str) -> str:
    """Return the text of a file; its last newline belongs to the file."""
    try:
        return content.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 text ({error.reason} at byte {error.start})"
        raise TqlError(message) from None


def _lines(paths: Iterable[str]) -> Iterable[bytes]:
    """Yield the lines of files."""
    for path in paths:
        with open(path, "rb") as file:  # noqa: PTH123 - the path is shown as it was given
            yield from file


# --- format ----------------------------------------------------------------------------------------------------------


def _format(options: argparse.Namespace) -> int:
    """Lay texts out, in place, or show or tell the difference."""
    from tql_client import layout

    worst = CLEAN
    for path, text in _texts(options.files):
        try:
            changed = layout.apply(path, text, options)
        except QueryError as error:
            _say(f"tql: {path}: {error}")
            worst = FAILED
        else:
            worst = max(worst, FINDINGS if options.check and changed else CLEAN)
    return worst


# --- run, serve, demo, rules -----------------------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> int:
    """Run a text, and print its rows as JSON lines."""
    import json

    from tql_client.client import connect

    text = sys.stdin.read() if options.query == "-" else options.query
    with connect(options.url, options.dataset, token=_token(options), timeout=options.timeout) as client:
        for row in client.query(text):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    return CLEAN


def _token(options: argparse.Namespace) -> str | None:
    """Return the token from a file, if one is named: an option's value could be seen by others."""
    if not options.token_file:
        return None
    with open(options.token_file, encoding="utf-8") as file:  # noqa: PTH123 - the path is shown as it was given
        return file.read()


def _serve(options: argparse.Namespace) -> int:
    """Answer the service's protocol on this machine until interrupted."""
    from tql_client.server import serve

    datasets = dict(_named(item) for item in options.datasets)
    with serve(datasets, _token(options), options.host, options.port) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        _say("answering; Ctrl-C stops")
        server.wait()
    return CLEAN


def _named(item: str) -> tuple[str, str]:
    """Return name and path of ``NAME=PATH``."""
    name, found, path = item.partition("=")
    if not found or not name or not path:
        message = f"`serve` takes NAME=PATH, got {item!r}; for instance hub://org/dataset=./data"
        raise TqlError(message)
    return name, path


def _demo(options: argparse.Namespace) -> int:
    """Run the main job on real data."""
    from tql_client import demo

    if options.list:
        sys.stdout.write("".join(f"{number}. {text}\n" for number, text in enumerate(demo.questions_in_words(), 1)))
        return CLEAN
    demo.run(options.question, as_json=options.json)
    return CLEAN


def _rules(options: argparse.Namespace) -> int:
    """List the rules, or explain some."""
    from tql_client import reporting

    sys.stdout.write(reporting.rules(options.codes))
    return CLEAN


_FILES = (("files",), {"nargs": "+", "metavar": "FILE", "help": "files with one text each; - is the standard input"})
_TOKEN_FILE = (
    ("--token-file",),
    {
        "metavar": "FILE",
        "help": "read the token from a file; without it ACTIVELOOP_TOKEN counts, for the service's own hosts",
    },
)

_COMMANDS: tuple[
    tuple[str, Callable[[argparse.Namespace], int], str, Sequence[tuple[tuple[str, ...], dict[str, Any]]]], ...
] = (
    (
        "check",
        _check,
        "Say what the engine would make of a text.",
        (
            _FILES,
            (
                ("--output-format",),
                {"choices": ["text", "json"], "default": "text", "help": "how findings are written"},
            ),
            (("--jsonl",), {"action": "store_true", "help": "one JSON string a line in, one JSON object a line out"}),
        ),
    ),
    (
        "format",
        _format,
        "Lay texts out, keeping every comment and every token.",
        (
            _FILES,
            (("--width",), {"type": int, "default": 88, "help": "characters in a line"}),
            (("--check",), {"action": "store_true", "help": "write nothing; exit 1 if a file would change"}),
            (("--diff",), {"action": "store_true", "help": "write nothing; show what would change"}),
        ),
    ),
    (
        "run",
        _run,
        "Run a text, and print its rows as JSON lines.",
        (
            (("query",), {"help": "the text; - is the standard input"}),
            (("--url",), {"required": True, "help": "a service's url, or the path of a dataset"}),
            (("--dataset",), {"help": "where a text without FROM takes its rows"}),
            (("--timeout",), {"type": float, "default": 60.0, "help": "seconds for the whole call"}),
            _TOKEN_FILE,
        ),
    ),
    (
        "serve",
        _serve,
        "Answer the service's protocol on this machine.",
        (
            (
                ("datasets",),
                {"nargs": "+", "metavar": "NAME=PATH", "help": "a dataset's name in queries, and its path"},
            ),
            (("--host",), {"default": "127.0.0.1", "help": "an address of this machine"}),
            (("--port",), {"type": int, "default": 0, "help": "0 takes a free one"}),
            _TOKEN_FILE,
        ),
    ),
    (
        "demo",
        _demo,
        "Find the docstring of Python's standard library that answers a question.",
        (
            (("--question",), {"default": "2", "metavar": "N|TEXT", "help": "one of --list, by number or words"}),
            (("--list",), {"action": "store_true", "help": "list the questions"}),
            (("--json",), {"action": "store_true", "help": "the answer as JSON"}),
        ),
    ),
    (
        "rules",
        _rules,
        "List the rules of the check, or explain some.",
        ((("codes",), {"nargs": "*", "metavar": "CODE", "help": "such as TQL301"}),),
    ),
)

if __name__ == "__main__":
    sys.exit(main())
