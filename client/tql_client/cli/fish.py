"""Completion script of the shell fish, from the parser of the command line."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def script(parser: argparse.ArgumentParser) -> str:
    """Return the script."""
    return "\n".join(["# completion of tql for fish; `tql completion fish` writes it", *_lines(parser)])


def _lines(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield one line for each command, option and choice."""
    yield "complete -c tql -n __fish_use_subcommand -f"
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of its arguments
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - argparse has no public list of its arguments
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001 - argparse has no public list of its arguments
            for name, command in action.choices.items():
                yield f"complete -c tql -n __fish_use_subcommand -a {name} -d {shlex.quote(helps.get(name, ''))}"
                for argument in command._actions:  # noqa: SLF001 - argparse has no public list of its arguments
                    yield from _argument(f"__fish_seen_subcommand_from {name}", argument)
        else:
            yield from _argument("__fish_use_subcommand", action)


def _argument(condition: str, action: argparse.Action) -> Iterator[str]:
    """Yield the line of one option, or of the choices of a positional argument."""
    choices = " ".join(map(str, action.choices or ()))
    words = f" -a {shlex.quote(choices)}" if choices else ""
    if not action.option_strings:
        if choices:
            yield f"complete -c tql -n {shlex.quote(condition)} -f{words}"
        return
    flags = "".join(
        f" -l {flag.removeprefix('--')}" if flag.startswith("--") else f" -s {flag.removeprefix('-')}"
        for flag in action.option_strings
    )
    takes = "" if action.nargs == 0 else " -x" if choices else " -r"
    text = (action.help or "").replace("%(default)s", str(action.default)).replace("%(default)g", str(action.default))
    yield f"complete -c tql -n {shlex.quote(condition)}{flags}{takes}{words} -d {shlex.quote(text)}"
