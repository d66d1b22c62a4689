"""Commands for query texts, which read no data: check, fix, format, explain and rules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tql_client.cli.commands import inputs
from tql_client.cli.commands.command import CHECKED, CLEAN, FAILED, FILES, FINDINGS, SCHEMA, Command, option
from tql_grammar.errors import QueryError, TqlError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.explain.levels import QueryLevel
    from tql_grammar.python.documents import Document
    from tql_grammar.schema import Schema


def _check(options: argparse.Namespace) -> int:
    """Report errors and traps in queries."""
    from tql import check
    from tql_client.cli import reporters

    settings = inputs.settings()
    schemas = inputs.schemas(options.schema or settings.schema)
    if options.jsonl:
        return reporters.check_lines(inputs.lines(options.files), schemas, info=options.info)
    if options.explain_python:
        return _explain_python(options.files)
    unreadable: list[TqlError] = []
    documents = _documents(options.files, lambda text: check(text, schemas, info=options.info), unreadable)
    findings = ((name, text, settings.select_findings(file, found)) for file, (name, text, found) in documents)
    exit_code = FINDINGS if reporters.report(findings, options.output_format) else CLEAN
    sys.stderr.writelines(f"tql: {error}; this file is not checked\n" for error in unreadable)
    return FAILED if unreadable else exit_code


def _documents(
    files: Iterable[str], check: Callable[[str], list[Diagnostic]], unreadable: list[TqlError]
) -> Iterator[tuple[str, Document]]:
    """Yield the documents of files with their paths; a file that cannot be read as its suffix says is added to *unreadable*."""
    from tql_grammar.python.documents import documents

    for path, content in inputs.contents(files):
        try:
            found = documents(path, content, check)
        except TqlError as error:
            unreadable.append(error)
        else:
            yield from ((path, document) for document in found)


def _explain_python(files: Iterable[str]) -> int:
    """Say of each string in Python files that may be a query why it is read as TQL or is not."""
    from tql_grammar.python.documents import explained

    for path, content in inputs.contents(files):
        sys.stdout.writelines(f"{path}:{line}" for line in explained(path, content).splitlines(keepends=True))
    return CLEAN


def _fix(options: argparse.Namespace) -> int:
    """Apply the fixes that are certain, and report the other findings."""
    from tql import check, fix
    from tql_client.cli import reporters
    from tql_client.cli.apply_changes import apply_changes
    from tql_grammar.python.documents import READERS

    settings = inputs.settings()
    schemas, remaining, exit_code = inputs.schemas(options.schema or settings.schema), [], CLEAN
    unreadable: list[TqlError] = []
    for path, (name, text, found) in _documents(options.files, lambda text: check(text, schemas), unreadable):
        changed = text if path.endswith(tuple(READERS)) else fix(text, schemas)
        if apply_changes(path, text, changed, options):
            exit_code = FINDINGS
        left = found if changed == text else check(changed, schemas)
        remaining.append((name, changed, settings.select_findings(path, left)))
    sys.stderr.write(reporters.as_text(remaining, sys.stderr))
    sys.stderr.writelines(f"tql: {error}; this file is not checked\n" for error in unreadable)
    if unreadable:
        return FAILED
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
        "check",
        _check,
        "Report errors in queries, and traps where the engine does not do what a query says.",
        (
            CHECKED,
            option(
                "--output-format",
                choices=["text", "json", "github", "sarif"],
                default="text",
                help="format of the findings (default: %(default)s)",
            ),
            SCHEMA,
            option("--info", action="store_true", help="also report findings that depend on the rows; needs --schema"),
            option(
                "--explain-python",
                action="store_true",
                help="say of each string in Python files that may be a query why it is read as TQL or is not",
            ),
            option(
                "--jsonl", action="store_true", help="read one JSON string per line, and write one JSON object per line"
            ),
        ),
        (
            "tql check query.tql app.py notebook.ipynb README.md src/",
            "tql check --explain-python app.py",
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
