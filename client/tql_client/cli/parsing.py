"""Parser of command lines whose errors have the most similar command, option or choice."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, NoReturn

from tql_client.cli.commands.command import FAILED
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

INVALID = re.compile(r"argument (\S+): invalid choice: '?(.*?)'? \(choose from (.*)\)", re.DOTALL)


class Parser(argparse.ArgumentParser):
    """A parser of a command line, or of the arguments of one command."""

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Return the parsed arguments; an unknown option is an error of its command, with the most similar one."""
        options, unknown = self.parse_known_args(words)
        if unknown:
            command: Parser = options.parser
            command.reject(unknown)
        return options

    def reject(self, words: Sequence[str]) -> NoReturn:
        """Exit with the error about words that are no arguments of this command."""
        flags = [word for word in words if word.startswith("-")]
        if not flags:
            self.error(f"unexpected argument {words[0]!r}; put a query with blanks in quotes")
        flag = flags[0].partition("=")[0]
        self.error(f"no option {flag}{_suggestion(flag, self._option_string_actions)}")

    def error(self, message: str) -> NoReturn:
        """Exit with an error: the message, and the command that shows the help."""
        invalid = INVALID.match(message)
        if invalid:
            message = _invalid_choice(*invalid.groups())
        self.exit(FAILED, f"tql: {message}\nhint: `{self.prog} --help` shows the arguments and examples\n")


def _invalid_choice(argument: str, word: str, choices: str) -> str:
    """Return the message about a word that is not one of the choices of an argument."""
    names = re.findall(r"[\w-]+", choices)
    if argument == "COMMAND":
        known = f"; the commands are {', '.join(names)}"
        return f"no command {word!r}{_suggestion(word, names) or known}"
    return f"{argument} must be one of {', '.join(names)}, got {word!r}{_suggestion(word, names)}"


def _suggestion(word: str, names: Sequence[str] | dict[str, argparse.Action]) -> str:
    """Return the end of a message: the most similar name, or nothing."""
    similar = nearest(word, names)
    return f"; did you mean {similar}?" if similar else ""
