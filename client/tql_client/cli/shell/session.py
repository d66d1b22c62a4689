"""Session of the shell: what an entry does, a query or a command that begins with a dot."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

from tql_client.cli import formats, reporters
from tql_client.cli.colours import plain
from tql_client.cli.files import text as read_file
from tql_client.cli.hints import with_options
from tql_grammar.errors import ParseError, TqlError
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from tql_client.cli.colours import Paint
    from tql_client.client import Client
    from tql_client.results.result import Result
    from tql_grammar.schema import Schema

# The parts of a text in which a semicolon ends nothing: texts, names, comments.
QUOTED = re.compile(r"'(?:[^']|'')*(?:'|\Z)|\"[^\"]*(?:\"|\Z)|--[^\n]*")
_SEMICOLON = "\nhint: end each query with a semicolon: a line that begins with SELECT does not end the query before it"
HELP = """a query ends with a semicolon, and may have several lines; a line that begins with a dot is a command:
.schema           the columns of the dataset, and their types
.explain [QUERY]  the nested SELECTs of a query, or of the last one, and why each is needed
.format [QUERY]   a query, or the last one, formatted
.mode [FORMAT]    the format of the rows: table, json, jsonl, csv or markdown
.read FILE        run the query in a file
.help             this help
.quit             end the shell, as Ctrl-D does
"""

# Words that other shells take for commands, without the dot; no query begins with one.
WORDS = {f"{word}{end}": f".{word}" for word in ("exit", "quit", "help") for end in ("", ";")}


def is_complete(text: str) -> bool:
    """Return whether an entry is complete: a command, a query that ends with a semicolon outside of quotes and comments, or nothing."""
    stripped = text.strip()
    return not stripped or stripped.startswith(".") or stripped in WORDS or _blanked(stripped).rstrip().endswith(";")


def query_of(text: str) -> str:
    """Return the query of an entry, without the semicolon at its end."""
    blanked = _blanked(text).rstrip()
    return (text[: len(blanked) - 1] if blanked.endswith(";") else text).strip()


def _begins_query(error: TqlError, text: str) -> bool:
    """Return whether an error is at a SELECT, which begins another query where the one before it has no semicolon."""
    return isinstance(error, ParseError) and text[error.diagnostic.start :][:6].lower() == "select"


def _blanked(text: str) -> str:
    """Return a text with blanks in place of quoted texts and comments."""
    return QUOTED.sub(lambda match: (" " if match[0].startswith("--") else "x") * len(match[0]), text)


class Session:
    """
    The state of a shell.

    Attributes:
        schema: the columns of the dataset, or None if they are not known.
        failed: whether a query or a command failed.
    """

    def __init__(self, client: Client, schema: Schema | None, output: TextIO, paint: Paint = plain) -> None:
        """Begin without a query."""
        self._client, self.schema, self._output, self._paint = client, schema, output, paint
        self._last, self._form = "", "table"
        self.failed = False

    def enter(self, entry: str) -> bool:
        """Run an entry, and return whether the shell goes on."""
        text = WORDS.get(entry.strip(), entry.strip())
        if not text:
            return True
        word, _, rest = text.partition(" ")
        if word in {".quit", ".exit"}:
            return False
        try:
            self._write(self._command(word, rest.strip()) if word.startswith(".") else self._rows(query_of(text)))
        except TqlError as error:
            self._fail(f"{with_options(str(error))}{_SEMICOLON if _begins_query(error, text) else ''}")
        except OSError as error:
            self._fail(f"{error.filename or word}: {error.strerror or error}")
        except KeyboardInterrupt:
            self._fail("interrupted")
        return True

    def _fail(self, message: str) -> None:
        """Write an error."""
        self.failed = True
        self._write(f"{self._paint('error:', 'error')} {message}")

    def _command(self, word: str, rest: str) -> str:
        """Return the output of a command."""
        run = COMMANDS.get(word)
        if run is None:
            similar = nearest(word, COMMANDS)
            message = (
                f"no command {word}{f'; did you mean {similar}?' if similar else ''}\nhint: .help lists the commands"
            )
            raise TqlError(message)
        return run(self, rest)

    def _rows(self, query: str) -> str:
        """Return the rows of a query, below the warnings about it."""
        from tql import check

        self._last = query
        warnings = [finding for finding in check(query, self.schema) if finding.severity != "error"]
        found = reporters.as_text([("query", query, warnings)], self._paint)
        result = self._client.query(query)
        return found + (_table(result) if self._form == "table" else formats.written(result, self._form))

    def _argument(self, rest: str) -> str:
        """
        Return the query of a command: its argument, or else the last one.

        Raises:
            TqlError: there is none.
        """
        if not rest and not self._last:
            message = "no query yet: write one after the command"
            raise TqlError(message)
        return query_of(rest) if rest else self._last

    def show_schema(self, _rest: str) -> str:
        """
        Return the columns of the dataset.

        Raises:
            TqlError: they are not known.
        """
        if self.schema is None:
            message = (
                "the columns are not known: the dataset has no rows, or the endpoint no default dataset (--dataset)"
            )
            raise TqlError(message)
        columns = json.loads(self.schema.to_json())
        width = max(map(len, columns), default=0)
        return "\n".join(f"{name:{width}}  {_described(column)}" for name, column in columns.items())

    def explain(self, rest: str) -> str:
        """Return the nested SELECTs of a query."""
        from tql_grammar.explain.levels import explained
        from tql_grammar.syntax.parser import parse

        return str(explained(parse(self._argument(rest))))

    def format(self, rest: str) -> str:
        """
        Return a query, formatted.

        Raises:
            TqlError: the argument is a format of rows.
        """
        from tql_grammar.printing.formatter import format_text

        if rest in formats.TEXTS:
            message = f"`.format` formats a query, and {rest} is a format of rows\nhint: write .mode {rest}"
            raise TqlError(message)
        return format_text(self._argument(rest))

    def mode(self, rest: str) -> str:
        """
        Set the format of the rows, and return it.

        Raises:
            TqlError: there is no such format.
        """
        if rest and rest not in formats.TEXTS:
            similar = nearest(rest, formats.TEXTS)
            asked = f"; did you mean {similar}?" if similar else ""
            message = f"no format {rest}{asked}\nhint: write one of {', '.join(formats.TEXTS)}"
            raise TqlError(message)
        self._form = rest or self._form
        return f"format of the rows: {self._form}"

    def read(self, rest: str) -> str:
        """
        Return the rows of the query in a file.

        Raises:
            TqlError: there is no name of a file.
        """
        if not rest:
            message = "no file: write its name, .read query.tql"
            raise TqlError(message)
        return self._rows(query_of(read_file(rest)))

    def help(self, _rest: str) -> str:
        """Return the help."""
        return HELP.rstrip()

    def _write(self, text: str) -> None:
        """Write a text and a newline."""
        self._output.write(text + "\n")
        self._output.flush()


COMMANDS: dict[str, Callable[[Session, str], str]] = {
    ".schema": Session.show_schema,
    ".explain": Session.explain,
    ".format": Session.format,
    ".mode": Session.mode,
    ".read": Session.read,
    ".help": Session.help,
    ".quit": Session.help,
}


def _described(column: str | dict[str, Any]) -> str:
    """Return the type of a column, with the names of its classes in parentheses."""
    if isinstance(column, str):
        return column
    more = (", ".join(value) if isinstance(value, list) else value for name, value in column.items() if name != "type")
    return f"{column['type']} ({'; '.join(more)})"


def _table(result: Result) -> str:
    """Return the first rows of a result as a table, truncated to the width of the terminal."""
    from tql_client.results.table import MAX_ROWS, as_text

    count, shown = len(result), result.rows[:MAX_ROWS]
    more = f", {len(shown)} shown; `tql run` writes all" if len(shown) < count else ""
    table = as_text(result.names, shown, shutil.get_terminal_size().columns)
    return f"{table}\n({count} row{'' if count == 1 else 's'}{more})"
