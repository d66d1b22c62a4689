"""A command: its name, function, options, and the examples of its help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

CLEAN, FINDINGS, FAILED, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141


class Option(NamedTuple):
    """One argument of a command, as argparse takes it."""

    flags: tuple[str, ...]
    settings: dict[str, Any]


def option(*flags: str, **settings: Any) -> Option:  # noqa: ANN401 - argparse's own
    """Return an argument: its flags, or its name, and what argparse takes with it."""
    return Option(flags, settings)


class Command(NamedTuple):
    """
    One command.

    Attributes:
        name: as it is typed.
        run: does it, and returns the exit code.
        help: what it does, in one sentence.
        options: its arguments.
        examples: commands as they are typed, for its help.
    """

    name: str
    run: Callable[[argparse.Namespace], int]
    help: str
    options: tuple[Option, ...]
    examples: tuple[str, ...]


SCHEMA = option(
    "--schema",
    metavar="FILE",
    help="the columns of the dataset, as `tql schema` writes them, or of several by their urls",
)
TOKEN_FILE = option(
    "--token-file",
    metavar="FILE",
    help="read the token from a file; without it ACTIVELOOP_TOKEN counts, for the service's own hosts",
)
FILES = option("files", nargs="+", metavar="FILE", help="files with one text each; - is the standard input")
