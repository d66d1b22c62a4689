"""Holes of a template: the text with ``{name}`` for each, in place of which a name of the same length is parsed."""

from __future__ import annotations

import itertools
import re
import string
from typing import TYPE_CHECKING, Any, NamedTuple

from tql.messages import shown
from tql_grammar.diagnostic import Diagnostic
from tql_grammar.errors import ArgumentError, ParseError
from tql_grammar.positions import locate
from tql_grammar.quoted_holes import QUOTED, WHY_QUOTED
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

CODE = "TQL100"
BRACES = re.compile(r"\{\{|\}\}|\{(?P<hole>[^{}]*)\}|[{}]")
# A text between holes, or the name of a hole and its value.
Part = str | tuple[str, object]
DIGITS = string.digits + string.ascii_lowercase


class Hole(NamedTuple):
    """
    A hole of a template.

    Attributes:
        name: the name, or the expression of a t-string.
        value: its value.
        start: the place of its ``{`` in the text.
        end: the place after its ``}``.
        token: the name that stands for it in the parsed text, as long as the hole, so that places agree.
    """

    name: str
    value: object
    start: int
    end: int
    token: str = ""

    @property
    def subject(self) -> str:
        """The hole as errors name it."""
        return f"{{{self.name}}}"


def read_template(template: object, values: Mapping[str, object]) -> tuple[str, list[Hole]]:
    """Return the text of a template, in which each hole is ``{name}``, and the holes."""
    parts = _named(template, values) if isinstance(template, str) else _interpolated(template, values)
    text, holes = "", []
    for part in parts:
        if isinstance(part, str):
            text += part
        else:
            name, value = part
            holes.append(Hole(name, value, len(text), len(text) + len(name) + 2))
            text += f"{{{name}}}"
    return text, holes


def _named(template: str, values: Mapping[str, object]) -> Iterable[Part]:
    """Return the parts of a text with named holes: texts, and names with values; each value is used."""
    parts: list[Part] = []
    end = 0
    for found in BRACES.finditer(template):
        parts.append(template[end : found.start()])
        end = found.end()
        hole = found["hole"]
        if hole is None and len(found[0]) == 1:
            raise _error(template, found.start(), end, "a brace without its other half", "write {{ or }} for a brace")
        parts.append(found[0][0] if hole is None else (hole, _value(template, found, values)))
    unused = set(values) - {part[0] for part in parts if not isinstance(part, str)}
    if unused:
        first = min(unused)
        raise ArgumentError(
            "query",
            "takes the values of the holes",
            repr(first),
            f"write {{{first}}} into the text, or leave the value out",
        )
    return [*parts, template[end:]]


def _value(template: str, found: re.Match[str], values: Mapping[str, object]) -> object:
    """Return the value of a named hole."""
    label = found["hole"]
    if not label.isidentifier():
        why = "a hole is a name in braces; format specifications and conversions would make text of the value"
        raise _error(template, *found.span(), why, "compute the value before, and pass it by its name: {name}")
    if label not in values:
        near = nearest(label, list(values))
        hint = f"did you mean {{{near}}}?" if near else f"pass it: query(.., {label}=..)"
        raise _error(template, *found.span(), f"no value for the hole {{{label}}}", hint)
    return values[label]


def _interpolated(template: Any, values: Mapping[str, object]) -> Iterable[Part]:  # noqa: ANN401 - a template of Python 3.14
    """Return the parts of a t-string: texts, and expressions with values."""
    strings, holes = getattr(template, "strings", None), getattr(template, "interpolations", None)
    if strings is None or holes is None:
        hint = 'query("select id where name = {name}", name=name), or query(t"select id where name = {name}")'
        raise ArgumentError("query", "takes a text or a t-string", shown(template), hint)
    if values:
        raise ArgumentError(
            "query", "takes no values with a t-string", repr(min(values)), "write the value into its holes"
        )
    parts: list[Part] = []
    for text, hole in itertools.zip_longest(strings, holes):
        parts.append(text)
        if hole is not None:
            label = " ".join(str(hole.expression).split()) or "value"
            _require_plain(parts, label, hole)
            parts.append((label, hole.value))
    return parts


def _require_plain(parts: list[Part], label: str, hole: Any) -> None:  # noqa: ANN401 - an interpolation of Python 3.14
    """Raise ParseError for a hole with a format specification or a conversion."""
    if hole.format_spec or hole.conversion:
        before = "".join(part if isinstance(part, str) else f"{{{part[0]}}}" for part in parts)
        written = f"{before}{{{label}}}"
        why = "format specifications and conversions would make text of the value"
        raise _error(written, len(before), len(written), why, f"write {{{label}}}")


def refuse_quoted(text: str, holes: list[Hole]) -> None:
    """Raise ParseError for a hole in a string, in a name in double quotes, or in a comment."""
    for found in QUOTED.finditer(text):
        for hole in holes:
            if found.start() < hole.start < found.end():
                why, hint = WHY_QUOTED[found.lastgroup or "string"]
                raise _error(text, hole.start, hole.end, f"{hole.subject}: {why}", hint)


def refuse_joined(text: str, holes: list[Hole]) -> None:
    """Raise ParseError for a hole that touches a name, a number, or another hole: its value would be a part of a word."""
    starts = {hole.start for hole in holes}
    for hole in holes:
        around = text[hole.end : hole.end + 1] + text[max(0, hole.start - 1) : hole.start]
        if hole.end in starts or any(character == "_" or character.isalnum() for character in around):
            why = f"{hole.subject}: a value would be a part of the word that it touches"
            hint = "put a blank between them, or make the whole name before and pass it: from {source}"
            raise _error(text, hole.start, hole.end, why, hint)


def refuse_unread(text: str, holes: list[Hole], names: Collection[str]) -> None:
    """Raise ParseError for a hole that no name of the parsed text stands for: the engine ignores this part of the text."""
    for hole in holes:
        if hole.token not in names:
            why = f"{hole.subject}: the engine ignores this part of the text"
            raise _error(text, hole.start, hole.end, why, "remove the hole, or the part")


def with_tokens(text: str, holes: list[Hole]) -> list[Hole]:
    """Return the holes with names that the text does not have, each as long as its hole."""
    taken = text.lower()
    endings = ("".join(pair) for pair in itertools.product(DIGITS, repeat=2))
    free = (ending for ending in endings if f"z{ending}" not in taken)
    found = []
    for hole in holes:
        ending = next(free, None)
        if ending is None:
            raise ArgumentError(
                "query", f"takes at most {len(DIGITS) ** 2} holes", str(len(holes)), "pass a list: in ({values})"
            )
        found.append(hole._replace(token="z" + ending + "q" * (hole.end - hole.start - len("z00"))))
    return found


def _error(text: str, start: int, end: int, message: str, hint: str) -> ParseError:
    """Return the error of a place in a template, with a caret."""
    line, column = locate(text, start)
    return ParseError(text, Diagnostic(CODE, "error", message, line, column, start, end, hint))
