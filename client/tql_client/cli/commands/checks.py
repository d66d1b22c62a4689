"""Commands that check queries: check and fix."""

from __future__ import annotations

import argparse
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tql_client.cli.commands import inputs
from tql_client.cli.commands.command import (
    CHECKED,
    CLEAN,
    COLOR,
    CONFIGURATION,
    FAILED,
    FINDINGS,
    INPUTS,
    QUIET,
    Command,
    option,
)
from tql_client.errors import ConfigError
from tql_grammar.engines import engine_of
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tql_client.cli.configuration import Configuration, Schemas
    from tql_client.cli.files import Input
    from tql_grammar.diagnostic import Diagnostic

# Seconds between two looks at the files that `--watch` watches.
PAUSE = 0.3


class Run(NamedTuple):
    """
    One run of check or fix, as it goes on.

    Attributes:
        options: the options.
        configuration: the settings and schemas.
        files: the names of the inputs that were read.
        findings: the findings of each document, with its name and text.
        unreadable: the errors of files that cannot be read as their suffix says.
        changed: the names of the inputs that the fixes change.
        hidden: the findings that only ``--info`` reports.
    """

    options: argparse.Namespace
    configuration: Configuration
    files: list[str]
    findings: list[tuple[str, str, Sequence[Diagnostic]]]
    unreadable: list[TqlError]
    changed: list[str]
    hidden: list[Diagnostic]

    def exit_code(self) -> int:
        """Return the exit code: 2 for a file that cannot be read, 1 for an error that is left, or for a change that ``--check`` or ``--diff`` only shows."""
        from tql_client.cli.reporters import has_errors

        if self.unreadable:
            return FAILED
        would_change = bool(self.changed) and (self.options.check or self.options.diff)
        has_error = has_errors(self.findings) and not self.options.exit_zero
        return FINDINGS if would_change or has_error else CLEAN


def begin(options: argparse.Namespace) -> Run:
    """Return a run without findings."""
    from tql_client.cli.configuration import Configuration

    complete = argparse.Namespace(**{"check": False, "diff": False, "info": False} | vars(options))
    return Run(complete, Configuration(options), [], [], [], [], [])


def _check(options: argparse.Namespace) -> int:
    """Report errors and traps in queries."""
    if options.jsonl:
        return _check_lines(options)
    if options.explain_python:
        return _explain_python(options)
    return _watch(options) if options.watch else _check_once(options)


def _check_lines(options: argparse.Namespace) -> int:
    """Check JSON lines, and report in JSON lines."""
    from tql_client.cli import reporters

    lines, settings = inputs.lines(options.files), inputs.settings()
    engine = engine_of(options.engine or settings.engine, "--engine")
    return reporters.check_lines(
        lines, inputs.schemas(options.schema or settings.schema), info=options.info, engine=engine
    )


def _check_once(options: argparse.Namespace) -> int:
    """Check the inputs, and report."""
    from tql_client.cli import reporters, summary
    from tql_client.cli.colours import painter

    run, paint = begin(options), painter(sys.stdout, options.color)
    documents = _fixed(run) if options.fix else _checked(run)
    if options.statistics:
        run.findings.extend(documents)
        sys.stdout.write(summary.statistics(run.findings, options.output_format))
    else:
        reporters.report(_kept(run, documents), options.output_format, paint)
    sys.stderr.writelines(f"tql: {error}; this file is not checked\n" for error in run.unreadable)
    if options.output_format == "text" and not (options.quiet or run.unreadable):
        sys.stdout.write(summary.summary(run.findings, run.files, paint, len(run.hidden)))
    sys.stderr.write("" if options.quiet else _notes(run))
    return run.exit_code()


def _notes(run: Run) -> str:
    """Return the lines about options that have no effect on these inputs."""
    from tql_client.cli import summary

    about = []
    if run.options.info and not run.configuration.has_schema:
        about.append(
            "--info reports what depends on the columns, and needs --schema: `tql schema PATH` writes the file"
        )
    unchanged = summary.unchanged(name for name, _, _ in run.findings) if run.options.fix else ""
    if unchanged:
        about.append(unchanged.removeprefix("; "))
    return "".join(f"tql: {line}\n" for line in about)


def _kept(
    run: Run, documents: Iterator[tuple[str, str, Sequence[Diagnostic]]]
) -> Iterator[tuple[str, str, Sequence[Diagnostic]]]:
    """Yield documents, and keep those with findings, without their texts."""
    for name, text, found in documents:
        if found:
            run.findings.append((name, "", found))
        yield name, text, found


def _inputs(run: Run) -> Iterator[Input]:
    """Yield the inputs of a run."""
    from tql_client.cli.files import inputs as read
    from tql_grammar.python.documents import READERS

    options = run.options
    for source in read(options.files, (".tql", *READERS), options.include, options.stdin_filename):
        run.files.append(source.name)
        yield source


def _checked(run: Run) -> Iterator[tuple[str, str, Sequence[Diagnostic]]]:
    """Yield the documents of the inputs with the findings that are selected."""
    for source in _inputs(run):
        yield from _documents(run, source)


def _documents(run: Run, source: Input) -> Iterator[tuple[str, str, Sequence[Diagnostic]]]:
    """Yield the documents of one input; an input that cannot be read as its suffix says is added to those that are unreadable."""
    from tql_grammar.python.documents import documents

    settings = run.configuration.settings(source.path)
    check = partial(
        _findings,
        schemas=run.configuration.schemas(source.path),
        info=run.options.info or bool(settings.extend_select) or run.configuration.has_schema,
        engine=run.configuration.engine(source.path),
    )
    try:
        found = documents(source.name, source.content, check)
    except TqlError as error:
        run.unreadable.append(error)
        return
    for document in found:
        chosen = settings.select_findings(source.path, document.findings)
        yield document.name, document.text, _reported(run, chosen, settings.extend_select)


def _reported(run: Run, chosen: Sequence[Diagnostic], extended: tuple[str, ...]) -> list[Diagnostic]:
    """Return the findings that are reported: those of the severity info if the options ask for them; the others are counted."""
    shown = [one for one in chosen if run.options.info or one.severity != "info" or one.code.startswith(extended)]
    run.hidden.extend(one for one in chosen if one not in shown)
    return shown


def _findings(text: str, schemas: Schemas, *, info: bool, engine: str | None) -> list[Diagnostic]:
    """Return the findings in one query, and those about its comments."""
    from tql import check
    from tql_grammar.lint.ignores import ignore_findings

    found = check(text, schemas, info=info, engine=engine)
    about = ignore_findings(
        text, lambda other: check(other, schemas, info=True, engine=engine), with_schema=schemas is not None
    )
    return sorted([*found, *about], key=lambda finding: (finding.start, finding.code))


def _explain_python(options: argparse.Namespace) -> int:
    """Say of each string in Python files that may be a query why it is read as TQL or is not."""
    from tql_client.cli.files import inputs as read
    from tql_grammar.python.documents import explained

    for source in read(options.files, (".py",), options.include, options.stdin_filename):
        lines = explained(source.name, source.content).splitlines(keepends=True)
        sys.stdout.writelines(f"{source.name}:{line}" for line in lines)
    return CLEAN


def _fix(options: argparse.Namespace) -> int:
    """Apply the fixes that are certain, and report the other findings."""
    from tql_client.cli import reporters, summary
    from tql_client.cli.colours import painter

    run, paint = begin(options), painter(sys.stderr, options.color)
    for document in _fixed(run):
        run.findings.append(document)
        sys.stderr.write(reporters.as_text([document], paint))
    sys.stderr.writelines(f"tql: {error}; this file is not checked\n" for error in run.unreadable)
    if not options.quiet and not summary.is_query(run.files):
        sys.stdout.flush()
        verb = "would fix" if options.check or options.diff else "fixed"
        number = f"{summary.count(len(run.changed), 'file')} of {len(run.files)}"
        sys.stderr.write(f"{verb} {number}{summary.unchanged(run.files)}\n")
    return run.exit_code()


def _fixed(run: Run) -> Iterator[tuple[str, str, Sequence[Diagnostic]]]:
    """Fix the inputs with one query each, and yield the documents with the findings that are left."""
    from tql import fix
    from tql_client.cli.apply_changes import apply_changes
    from tql_grammar.python.documents import READERS, decode

    for source in _inputs(run):
        if source.path.endswith(tuple(READERS)):
            yield from _documents(run, source)
            continue
        if not (source.is_file or "fix" not in run.options):
            message = "`tql check --fix` writes files; for a query in the arguments or on stdin use `tql fix`, which prints it"
            raise TqlError(message)
        try:
            text = decode(source.name, source.content).removesuffix("\n")
        except TqlError as error:
            run.unreadable.append(error)
            continue
        fixed = fix(text, run.configuration.schemas(source.path))
        if apply_changes(source, text, fixed, run.options):
            run.changed.append(source.name)
        yield from _documents(run, source._replace(content=fixed.encode()))


def _watch(options: argparse.Namespace) -> int:
    """Check the inputs again after each change of a file, until interrupted."""
    if not any(map(os.path.exists, options.files)):
        message = "--watch needs a file or a folder: tql check --watch queries"
        raise ConfigError(message)
    before = _state(options)
    while True:
        if sys.stdout.isatty():
            sys.stdout.write("\x1b[2J\x1b[H")
        _check_once(options)
        sys.stdout.flush()
        while (now := _state(options)) == before:
            time.sleep(PAUSE)
        before = now
        sys.stdout.write("\n")


def _state(options: argparse.Namespace) -> dict[str, int]:
    """Return the times at which the watched files were written, by path."""
    from tql_client.cli.files import paths
    from tql_client.cli.settings import FILE
    from tql_grammar.python.documents import READERS

    found: dict[str, int] = {}
    for path in (*paths(options.files, (".tql", *READERS), options.include), options.schema or "", FILE):
        if os.path.isfile(path):  # noqa: PTH113 - paths are strings here
            found[path] = os.stat(path).st_mtime_ns  # noqa: PTH116 - paths are strings here
    return found


_DIFF = option(
    "--diff", action="store_true", help="do not write; print the changes as a diff, and exit as --check does"
)

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
            *CONFIGURATION,
            *INPUTS,
            option("--fix", action="store_true", help="first apply the fixes that are certain, as `tql fix` does"),
            option("--info", action="store_true", help="also report findings that depend on the rows; needs --schema"),
            option("--statistics", action="store_true", help="print the number of findings of each rule"),
            option("--exit-zero", action="store_true", help="exit with 0 if there are findings"),
            option("--watch", action="store_true", help="check again after each change of a file, until Ctrl-C"),
            QUIET,
            COLOR,
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
            "tql check queries src notebook.ipynb README.md",
            "tql check 'select id from D order by a, b'",
            "tql check --select TQL3,TQL4 --statistics queries",
            "tql check --schema schema.json --output-format sarif queries",
            "tql check --watch queries",
        ),
    ),
    Command(
        "fix",
        _fix,
        "Apply the fixes that are certain, and report the other findings.",
        (
            CHECKED,
            _DIFF,
            option(
                "--check", action="store_true", help="do not write; exit with 1 if a file would change, or has an error"
            ),
            *CONFIGURATION,
            *INPUTS,
            option("--exit-zero", action="store_true", help="exit with 0 if there are findings"),
            QUIET,
            COLOR,
        ),
        ("tql fix --diff query.tql", "tql fix queries", "tql fix 'select id from D where not id in (1, 2)'"),
    ),
)
