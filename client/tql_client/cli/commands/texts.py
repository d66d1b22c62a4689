"""Commands for single queries, which read no data: format, explain, rules and grammar."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tql_client.cli.commands import inputs
from tql_client.cli.commands.command import (
    CLEAN,
    COLOR,
    FAILED,
    FILES,
    FINDINGS,
    INPUTS,
    QUIET,
    SCHEMA,
    Command,
    option,
)
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    import argparse

    from tql_client.cli.files import Input
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.explain.levels import QueryLevel
    from tql_grammar.schema import Schema


def _format(options: argparse.Namespace) -> int:
    """Format queries."""
    from tql_client.cli.files import inputs as read
    from tql_client.cli.summary import is_query

    codes, changed, files = [CLEAN], list[str](), list[str]()
    for source in read(options.files, (".tql",), options.include, options.stdin_filename):
        files.append(source.name)
        try:
            if _is_changed(source, options):
                changed.append(source.name)
        except TqlError as error:
            where = "" if str(error).startswith(source.name) else f"{source.name}: "
            sys.stderr.write(f"tql: {where}{error}\n")
            codes.append(FAILED)
    if not (options.quiet or is_query(files)):
        _report(options, len(changed), len(files))
    return max(*codes, FINDINGS if (options.check or options.diff) and changed else CLEAN)


def _report(options: argparse.Namespace, changed: int, files: int) -> None:
    """Write the number of files that are formatted, or would be."""
    from tql_client.cli.summary import count

    sys.stdout.flush()
    verb = "would format" if options.check or options.diff else "formatted"
    sys.stderr.write(f"{verb} {count(changed, 'file')} of {files}\n")


def _is_changed(source: Input, options: argparse.Namespace) -> bool:
    """
    Format one input, and return whether it changes.

    Raises:
        TqlError: the input is not one query.
    """
    from tql_client.cli.apply_changes import apply_changes
    from tql_client.cli.files import decode
    from tql_grammar.printing.formatter import format_text
    from tql_grammar.python.documents import READERS

    suffix = next((suffix for suffix in READERS if source.path.endswith(suffix)), None)
    if suffix is not None:
        message = f"{source.name}: `tql format` formats files with one query each, since a string in a {suffix} file has escapes and indentation of its own; `tql check` reads it"
        raise TqlError(message)
    text = decode(source.content, source.name)
    return apply_changes(source, text, format_text(text, options.width), options)


def _explain(options: argparse.Namespace) -> int:
    """Print the nested SELECTs of a query, and those of its fixed form."""
    from tql import fix
    from tql_client.cli import reporters
    from tql_client.cli.colours import painter

    _require_query(options.query or "")
    name, text = inputs.query(options.query)
    text = text.strip()
    schemas = inputs.schemas(options.schema or inputs.settings().schema)
    findings = _errors(text, schemas)
    fixed = fix(text, schemas) if findings else text
    sys.stderr.write(reporters.as_text([(name, text, findings)], painter(sys.stderr, options.color)))
    levels = _levels(text, fixed)
    if not levels:
        return FINDINGS
    sys.stdout.writelines(f"{title}:\n\n{level}\n\n" if title else f"{level}\n" for title, level in levels)
    sys.stdout.write("" if fixed == text else f"{fixed}\n")
    if options.svg:
        _draw(options.svg, levels[-1][1])
    return FINDINGS if findings else CLEAN


def _require_query(argument: str) -> None:
    """
    Raise for a file whose queries are inside of another text.

    Raises:
        TqlError: the argument is a Python file, a notebook or Markdown.
    """
    from tql_grammar.python.documents import READERS

    suffix = next((suffix for suffix in READERS if argument.endswith(suffix)), None)
    if suffix is not None and len(argument.split()) == 1:
        message = f"{argument}: `tql explain` takes a query, or a .tql file with one; `tql check` reads the queries in a {suffix} file"
        raise TqlError(message)


def _errors(text: str, schemas: Schema | dict[str, Schema] | None) -> list[Diagnostic]:
    """Return the errors in a query."""
    from tql import check

    return [finding for finding in check(text, schemas) if finding.severity == "error"]


def _levels(text: str, fixed: str) -> list[tuple[str, QueryLevel]]:
    """Return the levels of a query and of its fixed form, with titles if they differ; an empty list if the fixed form is not a query."""
    from tql_grammar.explain.levels import explained
    from tql_grammar.syntax.parser import read

    after = read(fixed).tree
    if after is None:
        return []
    if fixed == text:
        return [("", explained(after))]
    before = read(text).tree
    written = [] if before is None else [("as written", explained(before))]
    return [*written, ("fixed", explained(after))]


def _draw(path: str, level: QueryLevel) -> None:
    """Write the SVG picture of a level."""
    from pathlib import Path

    from tql_grammar.explain.boxes import svg

    Path(path).write_text(svg(level), encoding="utf-8")


def _rules(options: argparse.Namespace) -> int:
    """List the rules or those of a family, or explain those with the given codes."""
    from tql_client.cli import reporters

    sys.stdout.write(reporters.rules(options.codes, options.output_format))
    return CLEAN


def _grammar(options: argparse.Namespace) -> int:
    """Print the grammar."""
    from tql_grammar.syntax import standalone

    sys.stdout.write(_diagrams() if options.format == "railroad" else standalone.FORMATS[options.format]())
    return CLEAN


def _diagrams() -> str:
    """Return the page of railroad diagrams."""
    from tql_client.extras import missing
    from tql_grammar.syntax import diagrams

    try:
        return diagrams.page()
    except ImportError:
        raise missing("railroad diagrams require the `cli` extra", "cli") from None


COMMANDS = (
    Command(
        "format",
        _format,
        "Format queries, without changing tokens or comments.",
        (
            FILES,
            option("--width", type=int, default=88, help="maximum length of a line (default: %(default)s)"),
            option("--check", action="store_true", help="do not write; exit with 1 if a file would change"),
            option(
                "--diff",
                action="store_true",
                help="do not write; print the changes as a diff, and exit as --check does",
            ),
            *INPUTS,
            QUIET,
            COLOR,
        ),
        ("tql format query.tql", "tql format --check queries", "tql format 'select id,text from D'"),
    ),
    Command(
        "explain",
        _explain,
        "Show the nested SELECTs of a query, and why each one is needed.",
        (
            option("query", nargs="?", help="the query, or a file with it; - or nothing reads stdin"),
            SCHEMA,
            option("--svg", metavar="FILE", help="also write a picture to a file"),
            COLOR,
        ),
        (
            "tql explain 'select id from D order by a, b desc'",
            "tql explain query.tql --svg query.svg",
        ),
    ),
    Command(
        "rules",
        _rules,
        "List the rules of `tql check`, or explain those with the given codes.",
        (
            option("codes", nargs="*", metavar="CODE", help="code of a rule, for example TQL301, or of a family: TQL3"),
            option(
                "--output-format",
                choices=["text", "json"],
                default="text",
                help="format of the rules (default: %(default)s)",
            ),
        ),
        ("tql rules", "tql rules TQL301 TQL210", "tql rules TQL3", "tql rules --output-format json"),
    ),
    Command(
        "grammar",
        _grammar,
        "Print the grammar of TQL: for lark, as EBNF, or as a page of railroad diagrams in HTML.",
        (option("--format", choices=["lark", "ebnf", "railroad"], default="lark", help="notation; default: lark"),),
        ("tql grammar > plain.lark", "tql grammar --format ebnf", "tql grammar --format railroad > grammar.html"),
    ),
)
