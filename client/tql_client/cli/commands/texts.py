"""Commands for query texts, which read no data: check, fix, format, explain and rules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tql_client.cli.commands import inputs
from tql_client.cli.commands.command import CLEAN, FAILED, FILES, FINDINGS, SCHEMA, Command, option
from tql_grammar.errors import QueryError, TqlError

if TYPE_CHECKING:
    import argparse

    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.explain.levels import QueryLevel
    from tql_grammar.schema import Schema


def _check(options: argparse.Namespace) -> int:
    """Report errors and traps in queries."""
    from tql_client.cli import reporters

    settings = inputs.settings()
    schemas = inputs.schemas(options.schema or settings.schema)
    if options.jsonl:
        return reporters.check_lines(inputs.lines(options.files), schemas, info=options.info)
    findings = (
        (path, text, settings.select_findings(path, _diagnostics(text, schemas, path, info=options.info)))
        for path, text in inputs.texts(options.files)
    )
    return FINDINGS if reporters.report(findings, options.output_format) else CLEAN


def _diagnostics(
    text: str, schemas: Schema | dict[str, Schema] | None, path: str = "", *, info: bool = False
) -> list[Diagnostic]:
    """Return the findings in one query, or in the queries of a Python file."""
    from tql import check

    if not path.endswith(".py"):
        return check(text, schemas, info=info)
    from tql_grammar.python.source import check_python

    try:
        return check_python(text, lambda part: check(part, schemas, info=info))
    except SyntaxError as error:
        message = f"{path}: not Python ({error.msg} at line {error.lineno})"
        raise TqlError(message) from None


def _fix(options: argparse.Namespace) -> int:
    """Apply the fixes that are certain, and report the other findings."""
    from tql import fix
    from tql_client.cli import reporters
    from tql_client.cli.apply_changes import apply_changes

    settings = inputs.settings()
    schemas, remaining, exit_code = inputs.schemas(options.schema or settings.schema), [], CLEAN
    for path, text in inputs.texts(options.files):
        changed = text if path.endswith(".py") else fix(text, schemas)
        if apply_changes(path, text, changed, options):
            exit_code = FINDINGS
        remaining.append((path, changed, settings.select_findings(path, _diagnostics(changed, schemas, path))))
    sys.stderr.write(reporters.as_text(remaining, sys.stderr))
    if options.check:
        return exit_code
    return FINDINGS if reporters.has_errors(remaining) else CLEAN


def _format(options: argparse.Namespace) -> int:
    """Format queries."""
    from tql_client.cli.apply_changes import apply_changes
    from tql_grammar.printing.formatter import format_text

    exit_code = CLEAN
    for path, text in inputs.texts(options.files):
        try:
            changed = apply_changes(path, text, format_text(text, options.width), options)
        except QueryError as error:
            sys.stderr.write(f"tql: {path}: {error}\n")
            exit_code = FAILED
        else:
            exit_code = max(exit_code, FINDINGS if options.check and changed else CLEAN)
    return exit_code


def _explain(options: argparse.Namespace) -> int:
    """Print the nested SELECTs of a query, and those of its fixed form."""
    from tql import fix
    from tql_client.cli import reporters

    text = inputs.query(options.query).strip()
    schemas = inputs.schemas(options.schema or inputs.settings().schema)
    findings = _errors(text, schemas)
    fixed = fix(text, schemas) if findings else text
    sys.stderr.write(reporters.as_text([("query", text, findings)], sys.stderr))
    levels = _levels(text, fixed)
    if not levels:
        return FINDINGS
    sys.stdout.writelines(f"{title}:\n\n{level}\n\n" if title else f"{level}\n" for title, level in levels)
    sys.stdout.write("" if fixed == text else f"{fixed}\n")
    if options.svg:
        _draw(options.svg, levels[-1][1])
    return FINDINGS if findings else CLEAN


def _errors(text: str, schemas: Schema | dict[str, Schema] | None) -> list[Diagnostic]:
    """Return the errors in a query."""
    return [finding for finding in _diagnostics(text, schemas) if finding.severity == "error"]


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
    """List the rules, or explain those with the given codes."""
    from tql_client.cli import reporters

    sys.stdout.write(reporters.rules(options.codes))
    return CLEAN


def _grammar(options: argparse.Namespace) -> int:
    """Print the grammar."""
    from tql_grammar.syntax import standalone

    sys.stdout.write(standalone.FORMATS[options.format]())
    return CLEAN


COMMANDS = (
    Command(
        "check",
        _check,
        "Report errors in queries, and traps where the engine does not do what a query says.",
        (
            FILES,
            option(
                "--output-format",
                choices=["text", "json", "github", "sarif"],
                default="text",
                help="format of the findings (default: %(default)s)",
            ),
            SCHEMA,
            option("--info", action="store_true", help="also report findings that depend on the rows; needs --schema"),
            option(
                "--jsonl", action="store_true", help="read one JSON string per line, and write one JSON object per line"
            ),
        ),
        (
            "tql check query.tql app.py",
            "echo 'select id from D order by a, b' | tql check -",
            "tql check --schema schema.json --output-format sarif queries/*.tql",
        ),
    ),
    Command(
        "fix",
        _fix,
        "Apply the fixes that are certain, and report the other findings.",
        (
            FILES,
            option("--diff", action="store_true", help="do not write; print the changes as a diff"),
            option("--check", action="store_true", help="do not write; exit with 1 if a file would change"),
            SCHEMA,
        ),
        ("tql fix --diff query.tql", "tql fix queries/*.tql"),
    ),
    Command(
        "format",
        _format,
        "Format queries, without changing tokens or comments.",
        (
            FILES,
            option("--width", type=int, default=88, help="maximum length of a line (default: %(default)s)"),
            option("--check", action="store_true", help="do not write; exit with 1 if a file would change"),
            option("--diff", action="store_true", help="do not write; print the changes as a diff"),
        ),
        ("tql format query.tql", "tql format --check queries/*.tql"),
    ),
    Command(
        "explain",
        _explain,
        "Show the nested SELECTs of a query, and why each one is needed.",
        (
            option("query", help="the query, or a file with it; - reads stdin"),
            SCHEMA,
            option("--svg", metavar="FILE", help="also write a picture to a file"),
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
        (option("codes", nargs="*", metavar="CODE", help="code of a rule, for example TQL301"),),
        ("tql rules", "tql rules TQL301 TQL210"),
    ),
    Command(
        "grammar",
        _grammar,
        "Print the grammar of TQL: for lark, or as EBNF, which tools draw as railroad diagrams.",
        (option("--format", choices=["lark", "ebnf"], default="lark", help="notation; default: lark"),),
        ("tql grammar > plain.lark", "tql grammar --format ebnf"),
    ),
)
