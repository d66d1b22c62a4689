"""Know the command ``tql``: data on the standard output, everything else on the standard error; exit 0 clean, 1 findings, 2 could not run."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from tql_grammar.errors import QueryError, TqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tql_client.settings import Settings
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.schema import Schema

CLEAN, FINDINGS, FAILED = 0, 1, 2
EXAMPLES = """examples:
  tql demo                                       the main job, on real data, on this machine
  tql check query.tql                            what the engine would make of a text
  echo 'select id from D order by a, b' | tql check -
  tql schema ./data > schema.json                what the check may know of the columns
  tql check --schema schema.json query.tql       names and types too
  tql fix --diff query.tql                       the fixes that are certain
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

    settings = _settings()
    schemas = _schemas(options.schema or settings.schema)
    if options.jsonl:
        return reporting.check_lines(
            sys.stdin.buffer if options.files == ["-"] else _lines(options.files), schemas, info=options.info
        )
    found = (
        (path, text, settings.kept(path, _diagnostics(text, schemas, path, info=options.info)))
        for path, text in _texts(options.files)
    )
    return FINDINGS if reporting.report(found, options.output_format) else CLEAN


def _settings() -> Settings:
    """Return what the project says of its checks."""
    from pathlib import Path

    from tql_client.settings import read_settings

    return read_settings(Path.cwd())


def _schemas(path: str | None) -> Schema | dict[str, Schema] | None:
    """Return the columns that a file of JSON tells: of one dataset, or of several by their urls."""
    import json

    from tql_grammar.schema import Schema

    if not path:
        return None
    text = _text(path)
    try:
        found = json.loads(text)
    except ValueError as error:
        message = f"{path}: not JSON ({error}); `tql schema URL` writes such a file"
        raise TqlError(message) from None
    several = (
        isinstance(found, dict)
        and found
        and all(isinstance(part, dict) and "type" not in part for part in found.values())
    )
    if not several:
        return Schema.from_json(text)
    return {url: Schema.from_json(json.dumps(columns)) for url, columns in found.items()}


def _diagnostics(
    text: str, schemas: Schema | dict[str, Schema] | None, path: str = "", *, info: bool = False
) -> list[Diagnostic]:
    """Return the findings of one text, or of the TQL in a Python file."""
    from tql import check

    if not path.endswith(".py"):
        return check(text, schemas, info=info)
    from tql_grammar.python_source import check_python

    try:
        return check_python(text, lambda part: check(part, schemas, info=info))
    except SyntaxError as error:
        message = f"{path}: not Python ({error.msg} at line {error.lineno})"
        raise TqlError(message) from None


def _texts(paths: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Yield the name and the text of each file; ``-`` is the standard input."""
    for path in paths:
        if path == "-":
            yield "<stdin>", _decoded(sys.stdin.buffer.read(), "<stdin>")
        else:
            yield path, _text(path)


def _opened(path: str) -> BinaryIO:
    """Return a file; pathlib would show its path otherwise than it was given."""
    return open(path, "rb")  # noqa: PTH123 - as said; the caller closes it


def _text(path: str) -> str:
    """Return the text of a file."""
    with _opened(path) as file:
        return _decoded(file.read(), path)


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
        with _opened(path) as file:
            yield from file


# --- format ----------------------------------------------------------------------------------------------------------


def _format(options: argparse.Namespace) -> int:
    """Lay texts out, in place, or show or tell the difference."""
    from tql_client import layout
    from tql_grammar.formatter import format_text

    worst = CLEAN
    for path, text in _texts(options.files):
        try:
            changed = layout.apply(path, text, format_text(text, options.width), options)
        except QueryError as error:
            _say(f"tql: {path}: {error}")
            worst = FAILED
        else:
            worst = max(worst, FINDINGS if options.check and changed else CLEAN)
    return worst


def _fix(options: argparse.Namespace) -> int:
    """Write the fixes that are certain, in place, or show the difference; what has none is told."""
    from tql import fix
    from tql_client import layout, reporting

    settings = _settings()
    schemas, left = _schemas(options.schema or settings.schema), []
    for path, text in _texts(options.files):
        changed = text if path.endswith(".py") else fix(text, schemas)
        layout.apply(path, text, changed, options)
        left.append((path, changed, settings.kept(path, _diagnostics(changed, schemas, path))))
    sys.stderr.write(reporting.as_text(left, sys.stderr))
    return FINDINGS if reporting.has_errors(left) else CLEAN


def _schema(options: argparse.Namespace) -> int:
    """Write the columns of a dataset as JSON."""
    from tql_client.embedded import open_dataset
    from tql_grammar.schema import Schema

    sys.stdout.write(Schema.from_dataset(open_dataset(options.url)).to_json() + "\n")
    return CLEAN


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
    return _text(options.token_file)


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
_SCHEMA = (
    ("--schema",),
    {"metavar": "FILE", "help": "the columns of the dataset, as `tql schema` writes them, or of several by their urls"},
)
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
                {
                    "choices": ["text", "json", "github", "sarif"],
                    "default": "text",
                    "help": "how findings are written",
                },
            ),
            _SCHEMA,
            (("--info",), {"action": "store_true", "help": "also say what depends on the rows, by the schema"}),
            (("--jsonl",), {"action": "store_true", "help": "one JSON string a line in, one JSON object a line out"}),
        ),
    ),
    (
        "fix",
        _fix,
        "Write the fixes that are certain, keeping everything around them, and tell what is left.",
        (
            _FILES,
            (("--diff",), {"action": "store_true", "help": "write nothing; show what would change"}),
            (("--check",), {"action": "store_true", "help": "write nothing; tell which files would change"}),
            _SCHEMA,
        ),
    ),
    (
        "schema",
        _schema,
        "Write the columns of a dataset as JSON, for check and fix.",
        ((("url",), {"help": "the path or url of a dataset, opened by the engine in this process"}),),
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
