"""Scanner of tokens and literals, character by character: the reference for the regular expressions of the lexer."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # Returns where a token that starts at a place ends, or None.
    End = Callable[[str, int], int | None]

BLANKS = " \t\n"
DIGITS = string.digits
WORD = string.ascii_letters + DIGITS + "_"
SMALLEST = str(-(2**63))
SYMBOLS = ("==", "!=", "<>", "<=", ">=", "||", *"-+*/(){},.;<>=^%:?[]|")


def skip(text: str, at: int, characters: str) -> int:
    """Return the first place from *at* on without one of the characters."""
    while at < len(text) and text[at] in characters:
        at += 1
    return at


def line(text: str, at: int) -> int:
    """Return the end of a line."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def comment(text: str, at: int) -> int | None:
    """End a comment at the first newline after which neither a blank nor a newline follows; of blanks, the rest of a line and the type of two words it reads the longest."""
    if text[at : at + 2] != "--":
        return None
    at += 2
    while at < len(text):
        blanks = skip(text, at, BLANKS)
        if text[at] == "\n" and blanks == at + 1:
            return blanks
        at = max(blanks, line(text, at), two_words(text, at) or 0)
    return at


def quoted(text: str, at: int) -> int | None:
    """End a string at a quote with no other right after it."""
    if text[at : at + 1] != "'":
        return None
    at += 1
    while (at := text.find("'", at)) >= 0:
        if text[at + 1 : at + 2] != "'":
            return at + 1
        at += 2
    return None


def name_in_quotes(text: str, at: int) -> int | None:
    """End a name between double quotes, which may be empty, in its line."""
    end = text.find('"', at + 1, line(text, at))
    return end + 1 if text[at : at + 1] == '"' and end > at else None


def filled_name(text: str, at: int) -> int | None:
    """End a name between double quotes that is not empty."""
    end = name_in_quotes(text, at)
    return end if end and end > at + 2 else None


def exponent(text: str, at: int) -> int:
    """Return the end of an exponent, or its place where there is none."""
    if text[at : at + 1] not in {"e", "E"}:
        return at
    digits = at + 1 + (text[at + 1 : at + 2] in {"+", "-"})
    end = skip(text, digits, DIGITS)
    return end if end > digits else at


def number(text: str, at: int) -> int | None:
    """End a number with a point, an exponent or both."""
    whole = skip(text, at, DIGITS)
    if text[whole : whole + 1] == ".":
        end = skip(text, whole + 1, DIGITS)
        return exponent(text, end) if end - at > 1 else None
    end = exponent(text, whole)
    return end if at < whole < end else None


def integer(text: str, at: int) -> int | None:
    """End an integer; only the smallest has its sign."""
    if text.startswith(SMALLEST, at):
        return at + len(SMALLEST)
    end = skip(text, at, DIGITS)
    return end if end > at else None


def name(text: str, at: int) -> int | None:
    """End a name."""
    return skip(text, at, WORD) if text[at] in string.ascii_letters else None


def word(text: str, at: int, expected: str) -> int | None:
    """End a word in upper or lower case."""
    return at + len(expected) if text[at : at + len(expected)].lower() == expected else None


def bracketed(text: str, at: int) -> int | None:
    """End brackets around characters of numbers."""
    end = skip(text, at + 1, "-+.,eE" + DIGITS + BLANKS)
    return end + 1 if text[at : at + 1] == "[" and end > at + 1 and text[end : end + 1] == "]" else None


def vector(text: str, at: int) -> int | None:
    """End an array of numbers."""
    after = word(text, at, "array")
    return after and bracketed(text, skip(text, after, BLANKS))


def two_words(text: str, at: int) -> int | None:
    """End the type of two words."""
    after = word(text, at, "character")
    second = after and skip(text, after, BLANKS)
    return second and (word(text, second, "varying") if second != after else None)


def symbol(text: str, at: int) -> int | None:
    """End a symbol."""
    return next((at + len(known) for known in SYMBOLS if text.startswith(known, at)), None)


TOKENS: dict[str, End] = {
    "COMMENT": comment,
    "VECTOR": vector,
    "CHARACTER_VARYING": two_words,
    "NAME": name,
    "QUOTED": filled_name,
    "STRING": quoted,
    "FLOAT": number,
    "INTEGER": integer,
    "SYMBOL": symbol,
    "UNKNOWN": lambda _text, at: at + 1,
}


def tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield kind, start and end of each token."""
    at = skip(text, 0, BLANKS)
    while at < len(text):
        kind, end = next((kind, end) for kind, read in TOKENS.items() if (end := read(text, at)))
        yield kind, at, end
        at = skip(text, end, BLANKS)


def comments(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of comments in a text of nothing else that has meaning."""
    at = 0
    while at < len(text):
        end = comment(text, at)
        if end:
            yield at, end
        at = end or at + 1


def is_plain(element: str) -> bool:
    """Tell whether an element is a number that Python's `float` reads as the engine does."""
    written = element.strip(BLANKS)
    digits = written.removeprefix("-")
    if written.startswith(SMALLEST) or not digits:
        return False
    is_integer = digits[0] in "123456789" and skip(digits, 0, DIGITS) == len(digits) <= 18
    return written == "0" or is_integer or number(digits, 0) == len(digits)


def are_plain(written: str) -> bool:
    """Tell whether all elements of a list are plain."""
    return written[:1] == "[" and written[-1:] == "]" and all(is_plain(part) for part in written[1:-1].split(","))


def usual(text: str, at: int) -> int | None:
    """End a float, or an integer of at most 19 digits that is not octal, with nothing after it that could be a part of it."""
    start = at + (text[at : at + 1] == "-")
    end, whole = number(text, start), skip(text, start, DIGITS)
    if end is None:
        end = whole
        if text[start:whole] != "0" and (not 1 <= whole - start <= 19 or text[start] == "0"):
            return None
    return end if text[end : end + 1] not in {*WORD, "."} else None


def value(text: str, at: int) -> int | None:
    """End a string or a usual number."""
    return quoted(text, at) or usual(text, at)


def members(text: str, at: int) -> int | None:
    """End IN with a list of values."""
    after = word(text, at, "in")
    at = after + (text[after : after + 1] == " ") if after else at
    if not after or text[at : at + 1] != "(":
        return None
    end = value(text, at + 1)
    while end and text[end : end + 1] == ",":
        end = value(text, end + 1 + (text[end + 1 : end + 2] == " "))
    return end + 1 if end and text[end : end + 1] == ")" else None


def uncacheable(text: str, at: int) -> int | None:
    """End the start of a comment, or of a number that is not usual."""
    digit = at + (text[at] == ".")
    if text.startswith("--", at):
        return at + 2
    return digit + 1 if text[digit : digit + 1] in set(DIGITS) and _begins(text, at, WORD + ".") else None


def _begins(text: str, at: int, characters: str) -> bool:
    """Tell whether none of the characters is right before a place."""
    return at == 0 or text[at - 1] not in characters


LITERALS: dict[str, End] = {
    "name": name_in_quotes,
    "text": quoted,
    "vector": lambda text, at: (
        (after := word(text, at, "array")) and bracketed(text, after) if _begins(text, at, WORD) else None
    ),
    "members": lambda text, at: members(text, at) if _begins(text, at, WORD) else None,
    "bracket": lambda text, at: at + 1 if text[at] in "[]" else None,
    "number": lambda text, at: usual(text, at) if _begins(text, at, WORD + ".") else None,
    "uncacheable": uncacheable,
}


def literals(text: str, kinds: dict[str, End] = LITERALS) -> Iterator[tuple[str, int, int]]:
    """Yield kind, start and end of each literal, wherever it is in a text."""
    at = 0
    while at < len(text):
        found = next(((kind, end) for kind, read in kinds.items() if (end := read(text, at))), None)
        if found:
            yield found[0], at, found[1]
        at = found[1] if found else at + 1
