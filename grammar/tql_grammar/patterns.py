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


def is_intended(pattern: str) -> bool:
    """Tell whether a pattern has a form that only an intended regular expression has."""
    return bool(INTENDED.search(pattern)) or any(_is_one_letter(match[1]) for match in LETTERS.finditer(pattern))


def differs(pattern: str) -> bool:
    """Tell whether a pattern has a character that is special in a regular expression or a wildcard in SQL, and no form of an intended regular expression."""
    return ("_" in pattern or SPECIAL.search(pattern) is not None) and not is_intended(pattern)


def _is_one_letter(letters: str) -> bool:
    """Tell whether letters are cases of one letter."""
    return any(len({change(letter) for letter in letters}) == 1 for change in (str.lower, str.upper))
