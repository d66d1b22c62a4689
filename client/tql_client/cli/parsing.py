"""Parser of command lines whose errors have the most similar command, option or choice."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tql_client.cli.commands.command import FAILED
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

INVALID = re.compile(r"argument (\S+): invalid choice: '?(.*?)'? \(choose from (.*)\)", re.DOTALL)
OF_ARGUMENT = re.compile(r"argument (\S+): (.*)", re.DOTALL)
REQUIRED = re.compile(r"the following arguments are required: (.*)")
NOT_A_NUMBER = re.compile(r"invalid (int|float) value: (.*)", re.DOTALL)
NUMBERS = {"int": "an integer", "float": "a number"}
# Options that write files: only a word as similar as their names without the dashes leads to them.
WRITES = frozenset({"--fix", "--output", "--svg"})
# Short options of other tools, and what the option that does it begins with.
SHORT = {"-o": "--output"}
# What users of ruff, sqlfluff, psql and duckdb type, and the command that does it.
HABITS = {
    **dict.fromkeys(("lint", "validate", "test", "analyze", "verify"), "check"),
    **dict.fromkeys(("fmt", "pretty"), "format"),
    **dict.fromkeys(("query", "exec", "execute", "select"), "run"),
    **dict.fromkeys(("repl", "sql", "connect", "cli", "console", "open"), "shell"),
    **dict.fromkeys(("server", "start"), "serve"),
    **dict.fromkeys(("new", "create"), "init"),
    **dict.fromkeys(("rule", "docs"), "rules"),
    **dict.fromkeys(("describe", "columns"), "schema"),
}


class Parser(argparse.ArgumentParser):
    """A parser of a command line, or of the arguments of one command."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - keyword arguments of argparse
        """Create a parser; an abbreviated option is unknown, since ``--token`` would be ``--token-file``."""
        super().__init__(**settings, allow_abbrev=False)

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Return the parsed arguments; files and queries may come after options, and an unknown option is an error of its command."""
        if words[0].startswith("-") and words[0].partition("=")[0] not in self._option_string_actions:
            self.reject(words)
        options, unknown = self.parse_known_args(words)
        if unknown:
            command: Parser = options.parser
            command.take(options, unknown)
        return options

    def take(self, options: argparse.Namespace, words: Sequence[str]) -> None:
        """Add words to the positional arguments of this command; exit with an error if it takes no more, or if one is an option."""
        lists = [action.dest for action in self._actions if action.nargs == "*" and not action.option_strings]
        if not lists or any(word.startswith("-") and word != "-" for word in words):
            self.reject(words)
        getattr(options, lists[0]).extend(words)

    def reject(self, words: Sequence[str]) -> NoReturn:
        """Exit with the error about words that are no arguments of this command."""
        flags = [word for word in words if word.startswith("-") and word != "-"]
        if not flags:
            one = (
                f"`{self.prog}` takes one file or query"
                if Path(words[0]).exists()
                else "put a query with blanks in quotes"
            )
            self.error(f"unexpected argument {words[0]!r}; {one}")
        flag = flags[0].partition("=")[0]
        self.error(f"no option {flag}{_of_option(flag, self._option_string_actions)}")

    def error(self, message: str) -> NoReturn:
        """Exit with an error: the message, and the command that shows the help."""
        self.exit(FAILED, f"tql: {_sentence(message)}\nhint: `{self.prog} --help` shows the arguments and examples\n")


def _sentence(message: str) -> str:
    """Return a message of argparse as a sentence with a suggestion."""
    required, invalid, other = REQUIRED.match(message), INVALID.match(message), OF_ARGUMENT.match(message)
    if required:
        return f"missing {required[1]}"
    if invalid:
        return _invalid_choice(*invalid.groups())
    if other is None:
        return message
    number = NOT_A_NUMBER.match(other[2])
    return f"{other[1]} takes {NUMBERS[number[1]]}, got {number[2]}" if number else f"{other[1]}: {other[2]}"


def _invalid_choice(argument: str, word: str, choices: str) -> str:
    """Return the message about a word that is not one of the choices of an argument."""
    names = re.findall(r"[\w-]+", choices)
    if argument != "COMMAND":
        return f"{argument} must be one of {', '.join(names)}, got {word!r}{_suggestion(word, names)}"
    if len(word.split()) > 1:
        return (
            f"no command before the query {word!r}; tql check 'select ..' checks it, tql run ./data 'select ..' runs it"
        )
    known = HABITS.get(word.lower())
    suggestion = f"; did you mean {known}?" if known else _suggestion(word, names)
    commands = f"; the commands are {', '.join(names)}"
    return f"no command {word!r}{suggestion or commands}"


def _of_option(flag: str, known: Iterable[str]) -> str:
    """Return the end of the message about an unknown option."""
    begins = SHORT.get(flag)
    meant = next((name for name in known if begins and name.startswith(begins)), None)
    if meant:
        return f"; did you mean {meant}?"
    similar = nearest(flag, known)
    is_far = similar in WRITES and nearest(flag.strip("-"), [similar.strip("-")]) is None
    return f"; did you mean {similar}?" if similar and not is_far else ""


def _suggestion(word: str, names: Iterable[str]) -> str:
    """Return the end of a message: the most similar name, or nothing."""
    similar = nearest(word, names)
    return f"; did you mean {similar}?" if similar else ""
