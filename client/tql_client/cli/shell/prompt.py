"""Reader of entries by prompt_toolkit: history, several lines, completion and colours."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.lexers import PygmentsLexer

from tql import complete
from tql_client.cli.shell.lines import FIRST, NEXT
from tql_client.cli.shell.session import COMMANDS, is_complete
from tql_grammar.completion.proposal import plain
from tql_grammar.printing.highlighting import TqlLexer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document
    from prompt_toolkit.key_binding import KeyPressEvent

    from tql_grammar.completion.proposal import Proposal
    from tql_grammar.schema import Schema


class TqlCompleter(Completer):
    """Completion of queries by `tql.complete`, and of the commands."""

    def __init__(self, schema: Schema | None) -> None:
        """Complete with the columns of a schema."""
        self._schema = schema

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Yield the proposals at the cursor; those that `check` has a rule against are left out."""
        del complete_event
        before = document.text_before_cursor
        if before.startswith("."):
            yield from _commands(before)
            return
        for proposal in complete(document.text, document.cursor_position, self._schema):
            if not proposal.code:
                yield _completion(proposal, document.cursor_position)


def _commands(before: str) -> Iterator[Completion]:
    """Yield the commands that begin with a text."""
    for command in COMMANDS:
        if command.startswith(before):
            yield Completion(command, start_position=-len(before))


def _completion(proposal: Proposal, cursor: int) -> Completion:
    """Return a proposal as a completion of prompt_toolkit."""
    text = plain(proposal.text) if proposal.kind == "snippet" else proposal.text
    return Completion(text, proposal.start - cursor, display=proposal.label, display_meta=proposal.detail)


def _bindings() -> KeyBindings:
    """Return the keys: Enter ends a complete entry, and begins a new line in another one."""
    keys = KeyBindings()

    @keys.add("enter")
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_complete(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return keys


def history_path() -> Path:
    """Return the path of the file with the history, below XDG_STATE_HOME."""
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "tql" / "history"


def _history() -> History:
    """Return the history in its file, or in memory where the file cannot be written."""
    path = history_path()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        return FileHistory(path)
    return InMemoryHistory()


def entries(schema: Schema | None, **more: Any) -> Iterator[str]:  # noqa: ANN401 - input and output of prompt_toolkit
    """
    Yield the entries that are typed; Ctrl-C discards one, and Ctrl-D ends them.

    Args:
        schema: the columns to complete.
        more: parameters of `PromptSession`.
    """
    session: PromptSession[str] = PromptSession(
        FIRST,
        multiline=True,
        completer=TqlCompleter(schema),
        complete_while_typing=False,
        lexer=PygmentsLexer(TqlLexer),
        history=_history(),
        key_bindings=_bindings(),
        prompt_continuation=NEXT,
        **more,
    )
    while True:
        try:
            yield session.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
