"""The commands about texts: check, fix, format, explain and rules."""

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
    """Say what the engine would make of texts."""
    from tql_client.cli import reporters

    settings = inputs.settings()
    schemas = inputs.schemas(options.schema or settings.schema)
    if options.jsonl:
        return reporters.check_lines(inputs.lines(options.files), schemas, info=options.info)
    found = (
        (path, text, settings.kept(path, _diagnostics(text, schemas, path, info=options.info)))
        for path, text in inputs.texts(options.files)
    )
    return FINDINGS if reporters.report(found, options.output_format) else CLEAN


def _diagnostics(
    text: str, schemas: Schema | dict[str, Schema] | None, path: str = "", *, info: bool = False
) -> list[Diagnostic]:
    """Return the findings of one text, or of the TQL in a Python file."""
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
    """Write the fixes that are certain, in place, or show the difference; what has none is told."""
    from tql import fix
    from tql_client.cli import reporters
    from tql_client.cli.apply_changes import apply_changes

    settings = inputs.settings()
    schemas, left, worst = inputs.schemas(options.schema or settings.schema), [], CLEAN
    for path, text in inputs.texts(options.files):
        changed = text if path.endswith(".py") else fix(text, schemas)
        if apply_changes(path, text, changed, options):
            worst = FINDINGS
        left.append((path, changed, settings.kept(path, _diagnostics(changed, schemas, path))))
    sys.stderr.write(reporters.as_text(left, sys.stderr))
    if options.check:
        return worst
    return FINDINGS if reporters.has_errors(left) else CLEAN


def _format(options: argparse.Namespace) -> int:
    """Lay texts out, in place, or show or tell the difference."""
    from tql_client.cli.apply_changes import apply_changes
    from tql_grammar.printing.formatter import format_text

    worst = CLEAN
    for path, text in inputs.texts(options.files):
        try:
            changed = apply_changes(path, text, format_text(text, options.width), options)
        except QueryError as error:
            sys.stderr.write(f"tql: {path}: {error}\n")
            worst = FAILED
        else:
            worst = max(worst, FINDINGS if options.check and changed else CLEAN)
    return worst


def _explain(options: argparse.Namespace) -> int:
    """Draw the levels of a text, and those of the text in which the engine does what it says."""
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
    """Return the errors in a text."""
    return [finding for finding in _diagnostics(text, schemas) if finding.severity == "error"]


def _levels(text: str, fixed: str) -> list[tuple[str, QueryLevel]]:
    """Return the levels of a text and of its fixed text, each with a title where there are both; none where the fixed text is no query."""
    from tql_grammar.explain.levels import explained
    from tql_grammar.syntax.parser import read

    after = read(fixed).tree
    if after is None:
        return []
    if fixed == text:
        return [("", explained(after))]
    before = read(text).tree
    written = [] if before is None else [("as it is written", explained(before))]
    return [*written, ("as it has to be, to do what it says", explained(after))]


def _draw(path: str, level: QueryLevel) -> None:
    """Write the picture of a level."""
    from pathlib import Path

    from tql_grammar.explain.boxes import svg

    Path(path).write_text(svg(level), encoding="utf-8")


def _rules(options: argparse.Namespace) -> int:
    """List the rules, or explain some."""
    from tql_client.cli import reporters

    sys.stdout.write(reporters.rules(options.codes))
    return CLEAN


COMMANDS = (
    Command(
        "check",
        _check,
        "Say what the engine would make of a text.",
        (
            FILES,
            option(
                "--output-format",
                choices=["text", "json", "github", "sarif"],
                default="text",
                help="how findings are written",
            ),
            SCHEMA,
            option("--info", action="store_true", help="also say what depends on the rows, by the schema"),
            option("--jsonl", action="store_true", help="one JSON string a line in, one JSON object a line out"),
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
        "Write the fixes that are certain, keeping everything around them, and tell what is left.",
        (
            FILES,
            option("--diff", action="store_true", help="write nothing; show what would change"),
            option("--check", action="store_true", help="write nothing; exit 1 if a file would change"),
            SCHEMA,
        ),
        ("tql fix --diff query.tql", "tql fix queries/*.tql"),
    ),
    Command(
        "format",
        _format,
        "Lay texts out, keeping every comment and every token.",
        (
            FILES,
            option("--width", type=int, default=88, help="characters in a line"),
            option("--check", action="store_true", help="write nothing; exit 1 if a file would change"),
            option("--diff", action="store_true", help="write nothing; show what would change"),
        ),
        ("tql format query.tql", "tql format --check queries/*.tql"),
    ),
    Command(
        "explain",
        _explain,
        "Draw the levels of a text: each SELECT, what is nested in it, and why.",
        (
            option("query", help="the text, or a file that holds it; - is the standard input"),
            SCHEMA,
            option("--svg", metavar="FILE", help="also write a picture"),
        ),
        (
            "tql explain 'select id from D order by a, b desc'",
            "tql explain query.tql --svg query.svg",
        ),
    ),
    Command(
        "rules",
        _rules,
        "List the rules of the check, or explain some.",
        (option("codes", nargs="*", metavar="CODE", help="such as TQL301"),),
        ("tql rules", "tql rules TQL301 TQL210"),
    ),
)
