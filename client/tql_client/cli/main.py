"""Entry point of the command ``tql``: data goes to stdout, messages to stderr; the exit code is 0 without findings, 1 with findings, 2 for an error, 130 for Ctrl-C."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from tql_client.cli.commands import checks, codegen, datasets, editors, init, playground, shell, texts
from tql_client.cli.commands.command import CLEAN, FAILED, INTERRUPTED, PIPE_CLOSED, Command, option
from tql_client.cli.hints import with_options
from tql_client.cli.parsing import Parser
from tql_client.extras import missing
from tql_client.version import __version__
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EXAMPLES = """begin here:
  tql demo                                       search real data with a local server
  tql check 'select id from D order by a, b'     report errors and traps in a query
  tql init                                       write the settings and the first query of a project
  tql run ./data 'select id limit 3'             run a query on a dataset
  tql shell ./data                               type queries, with completion

then:
  tql check .                                    check the queries of a folder, in .tql, Python, notebooks, Markdown
  tql schema ./data > schema.json                write the columns of a dataset
  tql check --schema schema.json query.tql       also check column names and types
  tql fix --diff query.tql                       show the fixes that are certain
  tql format query.tql                           format a query
  tql explain query.tql                          show its nested SELECTs
  tql serve hub://org/dataset=./data             run a local server
  tql playground                                 write and run queries in the browser
  tql rules TQL301                               explain a rule
`tql COMMAND --help` shows the options and examples of a command.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in ([], ["help"]):
        parser().print_help()
        return CLEAN
    options = parser().parse(words)
    try:
        code: int = options.run(options)
        if not sys.stdout.closed:  # the language server closes it
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # discard the output that is still buffered
        return PIPE_CLOSED
    except TqlError as error:
        sys.stderr.write(f"tql: {with_options(str(error))}\n")
        return FAILED
    except OSError as error:
        sys.stderr.write(f"tql: {error.filename or 'input'}: {error.strerror or error}\n{_hint(error)}")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _hint(error: OSError) -> str:
    """Return the hint for a missing file whose name is a word of a query."""
    begins = isinstance(error, FileNotFoundError) and str(error.filename).lower() in {"select", "with", "from"}
    return "hint: put the query in quotes: tql check 'select ..'\n" if begins else ""


class _Versions(argparse.Action):
    """Prints the versions of this package and of the engine; they are looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_rest: object) -> None:
        """Print the versions, and exit."""
        from tql_client.engine.versions import installed

        sys.stdout.write(f"tql {__version__}\n{installed()}\n")
        parser.exit()


def parser() -> Parser:
    """Return the parser of the command line."""
    command_line = Parser(
        prog="tql",
        description="Compose, check and send queries in TQL.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command_line.add_argument(
        "--version", action=_Versions, nargs=0, help="show the versions of tql and of the engine, and exit"
    )
    commands = command_line.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        _add(commands, command)
    return command_line


def _add(commands: argparse._SubParsersAction[Parser], command: Command) -> None:
    """Add the subparser of a command."""
    examples = "".join(f"  {line}\n" for line in command.examples)
    subparser = commands.add_parser(
        command.name,
        help=command.help,
        description=command.help,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for flags, settings in command.options:
        subparser.add_argument(*flags, **settings)
    subparser.set_defaults(run=command.run, parser=subparser)


def _completion(options: argparse.Namespace) -> int:
    """Print the completion script of a shell."""
    if options.shell == "fish":
        from tql_client.cli.fish import script

        sys.stdout.write(script(parser()) + "\n")
        return CLEAN
    try:
        import shtab
    except ImportError:
        raise missing("shell completion needs shtab", "cli") from None
    sys.stdout.write(str(shtab.complete(parser(), options.shell)) + "\n")
    return CLEAN


_COMPLETION = Command(
    "completion",
    _completion,
    "Print the completion script of a shell.",
    (option("shell", choices=["bash", "zsh", "tcsh", "fish"]),),
    (
        "tql completion bash > ~/.local/share/bash-completion/completions/tql",
        "tql completion fish > ~/.config/fish/completions/tql.fish",
    ),
)


def _ordered(commands: Iterable[Command]) -> tuple[Command, ...]:
    """Return the commands in the order of the help."""
    order = (
        "check",
        "fix",
        "format",
        "explain",
        "rules",
        "grammar",
        "init",
        "run",
        "shell",
        "serve",
        "playground",
        "schema",
        "lsp",
        "codegen",
        "demo",
        "completion",
    )
    return tuple(sorted(commands, key=lambda command: order.index(command.name)))


COMMANDS = _ordered(
    [
        *checks.COMMANDS,
        *texts.COMMANDS,
        *datasets.COMMANDS,
        *editors.COMMANDS,
        codegen.COMMAND,
        init.COMMAND,
        playground.COMMAND,
        shell.COMMAND,
        _COMPLETION,
    ]
)

if __name__ == "__main__":
    sys.exit(main())
