"""Text of names, literals and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from tql_grammar.errors import ArgumentError
from tql_grammar.syntax.keywords import is_bare_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql_grammar.ast import Node

    # Text, a node without parentheses, or an operand and the least precedence that it needs to be without parentheses.
    Part = str | Node | tuple[Node, int]

FORBIDDEN_IN_NAMES = {'"': "a double quote", "\n": "a newline", "\0": "a NUL"}


class Mark(str):
    """The ``?`` of a parameter, with the parameter's name."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str) -> Self:
        """Create the mark of a parameter."""
        mark = super().__new__(cls, "?")
        mark.name = name
        return mark


class Slot(str):
    """The place of a value in the parts of a query text, with the value's number."""

    __slots__ = ("number",)
    number: int

    def __new__(cls, number: int) -> Self:
        """Create the slot of a value."""
        slot = super().__new__(cls)
        slot.number = number
        return slot


def name(text: str) -> str:
    """Return a name, in double quotes where it needs them."""
    if is_bare_name(text):
        return text
    for character, title in FORBIDDEN_IN_NAMES.items():
        if character in text:
            subject, rule = "name", f"takes no {title.partition(' ')[2]}: TQL cannot write one"
            raise ArgumentError(subject, rule, repr(text[:60]))
    if not text:
        subject, rule = "name", "takes at least one character"
        raise ArgumentError(subject, rule, repr(text))
    return f'"{text}"'


def string(text: str) -> str:
    """Return a text in single quotes."""
    if "\0" in text:
        subject, rule = "text", "takes no NUL: the engine would stop reading the query there"
        raise ArgumentError(subject, rule, repr(text[:60]))
    return "'" + text.replace("'", "''") + "'"


def qualified(table: str | None, text: str) -> str:
    """Return a name, qualified by the table's name if there is one."""
    return text if table is None else f"{name(table)}.{text}"


def alias(text: str | None, columns: Iterable[str] = ()) -> str:
    """Return `` as name``, or nothing."""
    if text is None:
        return ""
    listed = ", ".join(map(name, columns))
    return f" as {name(text)}({listed})" if listed else f" as {name(text)}"


def listed(items: Iterable[Part]) -> list[Part]:
    """Return items with commas between them."""
    parts: list[Part] = []
    for item in items:
        parts += [", ", item] if parts else [item]
    return parts


def merged(chunks: Iterable[str]) -> list[str]:
    """Return chunks with adjacent plain text joined; each `Mark` and `Slot` stays a chunk."""
    found: list[str] = []
    for chunk in chunks:
        if found and type(chunk) is str and type(found[-1]) is str:
            found[-1] += chunk
        else:
            found.append(chunk)
    return found
