"""The command ``tql``: data on the standard output, everything else on the standard error; exit 0 clean, 1 findings, 2 could not run, 130 interrupted."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from tql_client.cli.commands import datasets, texts
from tql_client.cli.commands.command import CLEAN, FAILED, INTERRUPTED, PIPE_CLOSED, Command, option
from tql_client.extras import missing
from tql_client.version import __version__
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EXAMPLES = """examples:
  tql demo                                       the main job, on real data, on this machine
  tql check query.tql                            what the engine would make of a text
  echo 'select id from D order by a, b' | tql check -
  tql schema ./data > schema.json                what the check may know of the columns
  tql check --schema schema.json query.tql       names and types too
  tql fix --diff query.tql                       the fixes that are certain
  tql format query.tql                           lay a text out
  tql explain query.tql                          its levels, and why they are there
  tql serve hub://org/dataset=./data             the service's protocol, on this machine
  tql run --data ./data 'select id limit 3'      run a text
  tql rules TQL301                               explain a rule
`tql COMMAND --help` has examples for each.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still to be written goes nowhere
        return PIPE_CLOSED
    except TqlError as error:
        sys.stderr.write(f"tql: {error}\n")
        return FAILED
    except OSError as error:
        sys.stderr.write(f"tql: {error.filename or 'input'}: {error.strerror or error}\n{_hint(error)}")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _hint(error: OSError) -> str:
    """Return what to do about a file that is not there, where its name reads as a text."""
    if not isinstance(error, FileNotFoundError) or len(str(error.filename).split()) == 1:
        return ""
    return "hint: this takes files; hand a text over by the standard input: echo 'select ..' | tql check -\n"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="tql",
        description="Compose, check and send queries in TQL.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"tql {__version__}")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        _add(commands, command)
    return made


def _add(commands: argparse._SubParsersAction[argparse.ArgumentParser], command: Command) -> None:
    """Add a command with its options and examples."""
    examples = "".join(f"  {line}\n" for line in command.examples)
    added = commands.add_parser(
        command.name,
        help=command.help,
        description=command.help,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for flags, settings in command.options:
        added.add_argument(*flags, **settings)
    added.set_defaults(run=command.run)


def _completion(options: argparse.Namespace) -> int:
    """Print what makes a shell complete the command."""
    try:
        import shtab
    except ImportError:
        raise missing("completion needs shtab", "cli") from None
    sys.stdout.write(str(shtab.complete(parser(), options.shell)) + "\n")
    return CLEAN


_COMPLETION = Command(
    "completion",
    _completion,
    "Print what makes a shell complete the command.",
    (option("shell", choices=["bash", "zsh", "tcsh"]),),
    ("tql completion bash > ~/.local/share/bash-completion/completions/tql",),
)


def _ordered(commands: Iterable[Command]) -> tuple[Command, ...]:
    """Return the commands as the help lists them."""
    order = ("check", "fix", "format", "explain", "rules", "run", "serve", "schema", "demo", "completion")
    return tuple(sorted(commands, key=lambda command: order.index(command.name)))


COMMANDS = _ordered([*texts.COMMANDS, *datasets.COMMANDS, _COMPLETION])

if __name__ == "__main__":
    sys.exit(main())
