"""Findings about query texts, and their display: place, carets, message and hint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Self

from tql_grammar.positions import line_start, locate
from tql_grammar.record import Record

if TYPE_CHECKING:
    from rich.text import Text

Severity = Literal["error", "warning", "info"]


def documentation(code: str) -> str:
    """Return the address of a rule's documentation, relative to the root of the project."""
    return f"docs/rules/{code.lower()}.md"


class Edit(NamedTuple):
    """A replacement of the characters ``[start, end)`` of a text."""

    start: int
    end: int
    text: str


class Diagnostic(Record):
    """
    One finding about a query text.

    Attributes:
        code: ``TQL`` and three digits; the first digit is the family (0 text, 1 syntax, 2 rejected by the engine, 3 silently different, 4 crash or hang, 5 search advice).
        severity: "error", "warning" or "info".
        message: the mistake and its effect in the engine.
        line: 1-based.
        column: 1-based, in characters.
        start: 0-based character offset.
        end: 0-based character offset, exclusive.
        hint: the remedy, or None.
        fix: the whole corrected query, or None if no fix is certain. In a query with many findings only the first ones have a fix; `tql.fix` applies all.
        edits: the replacements that make the fix of the query, for editors: each has the start and the end of its characters, 0-based, and the text that replaces them. They do not overlap.
    """

    code: str
    severity: Severity
    message: str
    line: int
    column: int
    start: int
    end: int
    hint: str | None = None
    fix: str | None = None
    edits: tuple[Edit, ...] = ()

    @classmethod
    def at(  # noqa: PLR0913, PLR0917 - each is one independent field
        cls, text: str, start: int, end: int, code: str, severity: Severity, message: str, hint: str | None = None
    ) -> Self:
        """Return the finding about the characters ``[start, end)`` of *text*, with their line and column."""
        line, column = locate(text, start)
        return cls(code, severity, message, line, column, start, end, hint)

    @property
    def documentation(self) -> str:
        """The address of the rule's documentation, relative to the root of the project."""
        return documentation(self.code)

    def _repr_html_(self) -> str:
        """Return HTML for notebooks; text of the query is escaped."""
        from html import escape

        hint = "" if self.hint is None else f"<br><i>hint: {escape(self.hint)}</i>"
        place = f"line {self.line}, column {self.column}"
        return f"<p><b>{escape(self.severity)} {escape(self.code)}</b> {place}: {escape(self.message)}{hint}</p>"

    def __rich__(self) -> Text:
        """Return the finding as text for rich; text of the query is not read as markup."""
        from rich.text import Text

        colour = {"error": "bold red", "warning": "bold yellow"}.get(self.severity, "bold blue")
        place = f" line {self.line}, column {self.column}: {self.message}"
        hint = "" if self.hint is None else f"\nhint: {self.hint}"
        return Text.assemble((f"{self.severity} {self.code}", colour), place, (hint, "italic"))

    def picture(self, text: str) -> str:
        """Return the line of *text* with the finding, shortened to a readable width, and carets below it."""
        return picture(text, self.start, self.end)


def picture(text: str, start: int, end: int, width: int = 100) -> str:
    """
    Return the line of *text* that holds *start*, with carets below ``[start, end)``.

    A long line is shortened to *width* characters around the place. Carets stop at the end of the line. Control characters are shown as symbols such as ``␍``, one cell each.
    """
    begin = line_start(text, start)
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    left = max(begin, min(start - width // 2, line_end - width))
    right = min(line_end, left + width)
    before, after = "…" if left > begin else "", "…" if right < line_end else ""
    carets = "^" * max(1, min(end, right) - start)
    return f"{before}{_visible(text[left:right])}{after}\n{' ' * (len(before) + start - left)}{carets}"


def _visible(text: str) -> str:
    """Return *text* with each control character replaced by its symbol."""
    return "".join(chr(0x2400 + ord(character)) if ord(character) < ord(" ") else character for character in text)
