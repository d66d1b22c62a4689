"""Values of Python expressions, as far as they follow from the file alone: texts, constants, lists, dictionaries, and the origin of everything else."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.python.text import REPEATED, Character

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable, Iterator

# The placeholders of `%` and `.format`; those of one literal character come first.
PERCENT = re.compile(r"(?P<literal>%%)|%(?:\((?P<name>[^)]*)\))?(?P<form>[-+ #0]*[0-9.*]*[A-Za-z])")
BRACES = re.compile(r"(?P<literal>\{\{|\}\})|\{(?P<name>[^{}:!]*)(?P<form>[^{}]*)\}")
PLAIN_FORMS = frozenset({"", "s", "d", "i", ":d", ":s", "!s"})
WORD = re.compile(r"\S+")
JSON_STRING = re.compile(r'"(?:[^"\\]|\\[\s\S])*"')
JSON_CHARACTER = re.compile(r"\\u[0-9A-Fa-f]{4}|\\[\s\S]|[\s\S]")
JSON_KEY_END = re.compile(r"\s*:\s*")
# Stands for an interpolated value where a pattern reads the characters of a text.
HOLE = "\0"


class Text(NamedTuple):
    """A string."""

    characters: tuple[Character, ...]

    @property
    def written(self) -> str:
        """The text, with a NUL for each interpolated value."""
        return written(self.characters)


class Constant(NamedTuple):
    """A number, a truth value or None, as `str` writes it."""

    written: str


class Items(NamedTuple):
    """A list or a tuple."""

    items: tuple[Value, ...]


class Entries(NamedTuple):
    """A dictionary, with the keys that are known."""

    entries: dict[str, Value]


class Origin(NamedTuple):
    """An object from another module: the path of names and calls that leads to it, for example ``deeplake.open()``."""

    path: str


class Unknown(NamedTuple):
    """A value that does not follow from the file; as an item of a list with *several*, any number of items."""

    several: bool = False


class Function(NamedTuple):
    """A function of the file; *bound* is the number of its first parameters that a call does not give, as ``self``."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    bound: int = 0


Value = Text | Constant | Items | Entries | Origin | Function | Unknown
Span = tuple[int, int]


def written(characters: Iterable[Character]) -> str:
    """Return the text of some characters, with a NUL for each interpolated value."""
    return "".join(HOLE if character.value is None else character.value for character in characters)


def interpolated(value: Value, place: Span, given: Span | None = None) -> tuple[Character, ...]:
    """Return the characters of a value that a text contains at a place; *given* is the place of the expression, if it differs."""
    if isinstance(value, Text):
        return value.characters
    if isinstance(value, Constant):
        return tuple(Character(character, *place) for character in value.written)
    return (Character(None, *place, given),)


def join(separator: Text, items: Items, place: Span) -> Text:
    """Return ``separator.join(items)``; any number of items is one interpolated value, with its separators."""
    found: list[Character] = []
    for number, item in enumerate(items.items):
        several = isinstance(item, Unknown) and item.several
        found += separator.characters if number and not several else ()
        found += interpolated(item, place)
    return Text(tuple(found))


def formatted(text: Text, form: re.Pattern[str], value: Callable[[str], tuple[Value, Span]]) -> Text:
    """Return a text with each placeholder of a form replaced; *value* returns the value, and the place of its expression, by name or number."""
    found: list[Character] = []
    end = number = 0
    for match in form.finditer(text.written):
        first, last = text.characters[match.start()], text.characters[match.end() - 1]
        found += text.characters[end : match.start()]
        end = match.end()
        if match["literal"]:
            found.append(Character(match["literal"][0], first.start, last.end))
            continue
        name = match["name"] or str(number)
        number += not match["name"]
        given, place = value(name)
        is_plain = match["form"] in PLAIN_FORMS
        found += interpolated(given if is_plain else Unknown(), (first.start, last.end), place)
    return Text((*found, *text.characters[end:]))


def item(value: Value, number: int, count: int) -> Value:
    """Return one item of a list that is assigned to several targets."""
    return value.items[number] if isinstance(value, Items) and len(value.items) == count else Unknown()


def extended(value: Value, place: Span) -> Value:
    """Return a text or a list to which earlier rounds of a loop have added something."""
    if isinstance(value, Text):
        return Text((*value.characters, Character(None, *place, REPEATED)))
    return Items((*value.items, Unknown(several=True))) if isinstance(value, Items) else Unknown()


def replaced(text: Text, old: str, new: Text) -> Text:
    """Return ``text.replace(old, new)``."""
    found: list[Character] = []
    end = 0
    for match in re.finditer(re.escape(old), text.written) if old else ():
        found += [*text.characters[end : match.start()], *new.characters]
        end = match.end()
    return Text((*found, *text.characters[end:]))


def stripped(text: Text, *, left: bool = True, right: bool = True) -> Text:
    """Return a text without the blanks at its ends."""
    whole = text.written
    start = len(whole) - len(whole.lstrip()) if left else 0
    return Text(text.characters[start : len(whole.rstrip()) if right else None])


def with_each_character(text: Text, change: Callable[[str], str]) -> Text:
    """Return a text with each character changed by a function such as `str.upper`."""
    changed = (
        [character]
        if character.value is None
        else [character._replace(value=value) for value in change(character.value)]
        for character in text.characters
    )
    return Text(tuple(character for group in changed for character in group))


def words(text: Text) -> Items:
    """Return ``text.split()``."""
    return Items(tuple(Text(text.characters[slice(*match.span())]) for match in WORD.finditer(text.written)))


def dedented(text: Text) -> Text:
    """Return ``textwrap.dedent(text)``."""
    lines = list(_lines(text.characters))
    margins = [len(line) - len(line.lstrip(" \t")) for line in map(written, lines) if line.strip(" \t\n")]
    margin = min(margins, default=0)
    blank = (line[-1:] if not written(line).strip(" \t\n") and HOLE not in written(line) else None for line in lines)
    return Text(
        tuple(
            character
            for line, kept in zip(lines, blank, strict=True)
            for character in (line[margin:] if kept is None else _newline(kept))
        )
    )


def _newline(characters: tuple[Character, ...]) -> tuple[Character, ...]:
    """Return the newline of a line of blanks, or nothing for the last line."""
    return characters if written(characters) == "\n" else ()


def _lines(characters: tuple[Character, ...]) -> Iterator[tuple[Character, ...]]:
    """Yield the lines of a text, with their newlines."""
    start = 0
    for index, character in enumerate(characters):
        if character.value == "\n":
            yield characters[start : index + 1]
            start = index + 1
    yield characters[start:]


def json_members(text: Text) -> Iterator[tuple[str, Text]]:
    """Yield the keys of JSON objects whose values are strings, with these strings."""
    whole = text.written
    at = 0
    while (key := JSON_STRING.search(whole, at)) is not None:
        at = key.end()
        colon = JSON_KEY_END.match(whole, at)
        value = JSON_STRING.match(whole, colon.end()) if colon else None
        if value is not None:
            at = value.end()
            yield key.group()[1:-1], _unescaped(Text(text.characters[value.start() + 1 : value.end() - 1]))


def _unescaped(text: Text) -> Text:
    """Return the characters of a JSON string."""
    found = []
    for match in JSON_CHARACTER.finditer(text.written):
        first, last = text.characters[match.start()], text.characters[match.end() - 1]
        try:
            value = first.value if len(match.group()) == 1 else json.loads(f'"{match.group()}"')
        except ValueError:
            value = match.group()[-1]
        found.append(first._replace(value=value, end=last.end))
    return Text(tuple(found))
