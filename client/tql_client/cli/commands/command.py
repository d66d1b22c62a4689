"""Data class of a command: its name, function, options and help; and the options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

CLEAN, FINDINGS, FAILED, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141


class Option(NamedTuple):
    """One argument of a command: its flags, and the keyword arguments of `add_argument`."""

    flags: tuple[str, ...]
    settings: dict[str, Any]


def option(*flags: str, **settings: Any) -> Option:  # noqa: ANN401 - keyword arguments of argparse
    """Return an argument of a command; the parameters are those of `add_argument`."""
    return Option(flags, settings)


class Command(NamedTuple):
    """
    One command.

    Attributes:
        name: the name.
        run: runs the command, and returns the exit code.
        help: one sentence for the help.
        options: the arguments.
        examples: command lines for the help.
    """

    name: str
    run: Callable[[argparse.Namespace], int]
    help: str
    options: tuple[Option, ...]
    examples: tuple[str, ...]


SCHEMA = option(
    "--schema",
    metavar="FILE",
    help="JSON file with the columns of the dataset, written by `tql schema`, or with the columns of several datasets by url",
)
ENGINE = option(
    "--engine",
    metavar="VERSION",
    help="also report what means something else on this version of the engine, such as 4.7.0; rest is the hosted service (default: the newest version)",
)
ALLOW_SOURCES = option(
    "--allow-sources", action="store_true", help="let queries read other datasets too, which the engine opens"
)
TOKEN_FILE = option(
    "--token-file",
    metavar="FILE",
    help="read the token from a file; by default ACTIVELOOP_TOKEN is sent, to the hosted service only",
)
FILES = option(
    "files",
    nargs="*",
    metavar="FILE",
    help="files with one query each, folders of these, or a query; - or nothing reads stdin",
)
CHECKED = option(
    "files",
    nargs="*",
    metavar="FILE",
    help="files with one query each, Python files, notebooks, Markdown, folders of these, or a query; - or nothing reads stdin",
)
COLOR = option(
    "--color",
    choices=("auto", "always", "never"),
    default="auto",
    help="colours: auto uses them on a terminal, unless NO_COLOR is set (default: %(default)s)",
)
QUIET = option("-q", "--quiet", action="store_true", help="print no summary")
INPUTS = (
    option(
        "--include",
        action="append",
        default=[],
        metavar="GLOB",
        help="the files to read in folders, in place of those by suffix; may be repeated",
    ),
    option("--stdin-filename", default="", metavar="FILE", help="the name of the file that stdin has"),
)
CONFIGURATION = (
    SCHEMA,
    ENGINE,
    option("--select", action="append", metavar="CODES", help="report only these rules or families: TQL301,TQL2"),
    option("--ignore", action="append", metavar="CODES", help="do not report these rules or families"),
    option(
        "--extend-select",
        action="append",
        metavar="CODES",
        help="report these rules too, also those that depend on the rows",
    ),
    option(
        "--config", metavar="FILE", help="read [tool.tql] of this file instead of each file's nearest pyproject.toml"
    ),
    option("--isolated", action="store_true", help="read no configuration"),
)
