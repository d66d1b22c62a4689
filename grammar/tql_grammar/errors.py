"""
Errors of a query before it is sent.

::

    TqlError
     +- QueryError
     |   +- ParseError                 the text is not TQL, or the engine would not read all of it as written
     |   +- CheckError                 the engine would reject the query, crash, or silently do something else
     |   +- ArgumentError(ValueError)  a method of the builder got an invalid argument
     +- MissingExtra(ImportError)      an optional library is not installed

The errors of the client, in `tql_client.errors`, derive from `TqlError` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.diagnostic import picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tql_grammar.diagnostic import Diagnostic


class TqlError(Exception):
    """
    The base of every error of this library.

    Attributes:
        index: the index of the query in a batch of the client, for an error that the batch raises; otherwise None.
    """

    index: int | None = None


class MissingExtra(TqlError, ImportError):  # noqa: N818 - the name is the contract's, and says what happened
    """An optional library, such as one of the package's extras, is missing; the message has the command that installs it."""


class QueryError(TqlError):
    """A query, or a part of one, is invalid."""


def _sentence(text: str, diagnostic: Diagnostic) -> str:
    """Return a diagnostic as an error message: place, message, the line with carets, and hint."""
    lines = [
        f"{diagnostic.code} at line {diagnostic.line}, column {diagnostic.column}: {diagnostic.message}",
        picture(text, diagnostic.start, diagnostic.end),
    ]
    if diagnostic.hint:
        lines.append(f"hint: {diagnostic.hint}")
    return "\n".join(lines)


class ParseError(QueryError):
    """
    The text is not TQL (``TQL1xx``), or the engine would not read all of it as written (``TQL0xx``).

    Attributes:
        text: the whole text.
        diagnostic: the finding.
        line: 1-based.
        column: 1-based, in characters.
        position: 0-based character offset.
        engine_position: the N of the ``Pos N`` that the engine reports, or None if it accepts the text.
        unexpected: the unexpected token as written, or "" at the end of the text.
        expected: descriptions of the tokens that are allowed there, such as "a name".
        hint: the remedy, or None.
    """

    def __init__(
        self,
        text: str,
        diagnostic: Diagnostic,
        unexpected: str = "",
        expected: Sequence[str] = (),
        engine_position: int | None = None,
    ) -> None:
        """Compose the message from the finding, and keep the details of the token."""
        super().__init__(_sentence(text, diagnostic))
        self.text = text
        self.diagnostic = diagnostic
        self.line = diagnostic.line
        self.column = diagnostic.column
        self.position = diagnostic.start
        self.engine_position = engine_position
        self.unexpected = unexpected
        self.expected = tuple(expected)
        self.hint = diagnostic.hint

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the arguments of the constructor."""
        return type(self), (self.text, self.diagnostic, self.unexpected, self.expected, self.engine_position)


class CheckError(QueryError):
    """
    The engine would reject the query, crash on it, or silently do something else.

    Attributes:
        text: the whole text.
        diagnostics: every finding, in the order of the text.
    """

    def __init__(self, text: str, diagnostics: Sequence[Diagnostic]) -> None:
        """Compose the message from the findings."""
        super().__init__("\n\n".join(_sentence(text, diagnostic) for diagnostic in diagnostics))
        self.text = text
        self.diagnostics = tuple(diagnostics)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the arguments of the constructor."""
        return type(self), (self.text, self.diagnostics)


class ArgumentError(QueryError, ValueError):
    """
    A method got an invalid argument: ``` `limit` takes a number of rows >= 0, got -1```.

    Attributes:
        subject: the method or argument.
        rule: the phrase that says which values it accepts.
        got: a short repr of the invalid value, or "" if *rule* names it.
        hint: the remedy, or None.
        why: the reason for the rule, or None.
    """

    def __init__(self, subject: str, rule: str, got: str, hint: str | None = None, *, why: str | None = None) -> None:
        """Compose the message: subject, rule, got unless it is empty, why after a colon, hint on a line of its own."""
        parts = (f", got {got}" if got else "", f": {why}" if why else "", f"\nhint: {hint}" if hint else "")
        super().__init__(f"`{subject}` {rule}{''.join(parts)}")
        self.subject = subject
        self.rule = rule
        self.got = got
        self.hint = hint
        self.why = why

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the arguments of the constructor."""
        return _argument_error, (self.subject, self.rule, self.got, self.hint, self.why)


def _argument_error(subject: str, rule: str, got: str, hint: str | None, why: str | None) -> ArgumentError:
    """Return the error of these parts, for pickle, which passes arguments by position."""
    return ArgumentError(subject, rule, got, hint, why=why)
