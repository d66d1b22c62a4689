"""Patterns of LIKE: the forms by which one is an intended regular expression, and not a pattern of SQL."""

from __future__ import annotations

import re

# The special characters of regular expressions, and the parts of a pattern whose characters are literal.
SPECIAL = re.compile(r"[.+()\[\]{}|^$]")
QUOTED = re.compile(r"\\[\s\S]|\[[^\[\]]*\]")
# An escape, a repetition, a class with a range or of one sign, and alternatives in parentheses.
INTENDED = re.compile(
    r"\\|\.[*+?{]|[\])][+{]|\{\d+,\d*\}|\[(?:\^|[^\[\]]*[^\[\]-]-[^\[\]-]|[\W_]\])|\([^()|]*\|[^()]*\)"
)
# A class of the cases of a letter, as the builder writes it for ILIKE.
LETTERS = re.compile(r"\[([^\W\d_]{2,3})\]")
# A part of a pattern, and the repetition after it.
PART = re.compile(
    r"""(?P<part>\\x\{[^}]*\}|\\[pP]\{[^}]*\}|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|[\s\S])(?P<run>[*%+]|\{\d+,?\d*\})?"""
)
# Parts that match one of many characters, and repetitions that are as good for bytes as for characters.
MANY = re.compile(r"[.?]|\\[DSWPpC].*|\[(?:\^|.*\\[DSWPp]).*", re.DOTALL)
WITHOUT_END = frozenset({"*", "%", "+", "{0,}", "{1,}"})
CODE = re.compile(r"\\x\{[0-9A-Fa-f]{3,}\}|\\x\{[89A-Fa-f][0-9A-Fa-f]\}")


def is_intended(pattern: str) -> bool:
    """Tell whether a pattern has a form that only an intended regular expression has."""
    return bool(INTENDED.search(pattern)) or any(_is_one_letter(match[1]) for match in LETTERS.finditer(pattern))


def differs(pattern: str) -> bool:
    """Tell whether a pattern has a character that is special in a regular expression or a wildcard in SQL, and no form of an intended regular expression."""
    return ("_" in pattern or SPECIAL.search(pattern) is not None) and not is_intended(pattern)


def of_bytes(pattern: str) -> str:
    """Return the first part of a pattern that matches other texts where LIKE reads bytes, or ""."""
    found = ((match["part"], match["run"] or "") for match in PART.finditer(pattern))
    return next((part + run for part, run in found if _is_of_bytes(part, run)), "")


def _is_of_bytes(part: str, run: str) -> bool:
    """Tell whether a part matches one byte of a letter: it matches one of many characters, repeats a letter outside of ASCII, or has one in a class."""
    if not part.isascii() or CODE.search(part):
        return part[0] in "[\\" or run[:1] in {"+", "{"}
    return MANY.fullmatch(part) is not None and run not in WITHOUT_END


def _is_one_letter(letters: str) -> bool:
    """Tell whether letters are cases of one letter."""
    return any(len({change(letter) for letter in letters}) == 1 for change in (str.lower, str.upper))
