r"""
LIKE patterns of conditions on text.

The engine's LIKE is a full match by RE2 in which ``*`` and ``%`` stand for ``.*`` and ``?`` for ``.``; none of the three matches a newline, and an empty text matches nothing.
So "any run" is written ``[\s\S]{0,}``, every special character is escaped, and a pattern that the empty text matches gets ``or s = ''``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tql.messages import shown
from tql_grammar import ast
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

ANY_RUN = r"[\s\S]{0,}"
ANY_CHARACTER = r"[\s\S]"
ESCAPES = {"*": r"\x2a", "?": r"\x3f", "%": r"\x25"} | {special: "\\" + special for special in r"\^$.|+()[]{}"}
LONGEST_PATTERN = 500_000
WILDCARDS = {"%": ANY_RUN, "_": ANY_CHARACTER}
# ILIKE turns the pattern into lower case, in which ``\S`` is ``\s``.
LOWER_WILDCARDS = {"%": r"[\x00-\x{10ffff}]{0,}", "_": r"[\x00-\x{10ffff}]"}

# One token of a regular expression, as far as LIKE needs to know: an escape, a class, the start of a group, a repetition, or any one character.
_TOKEN = re.compile(
    r"""(?P<escape>\\(?:x\{[^}]*\}|x[0-9A-Fa-f]{2}|[pP]\{[^}]*\}|[\s\S]))
    |(?P<class>\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\])
    |(?P<special>\(\?(?!P?<\w+>|:))
    |(?P<group>\((?:\?(?:P?<\w+>|:))?)
    |(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})[?+]?)
    |(?P<plain>[\s\S])""",
    re.VERBOSE,
)
_REPEATS = {"*": "{0,}", "?": "{0,1}", "+": "+"}
_LARGEST_REPEAT = 1000


def escape(text: str) -> str:
    """Return the pattern that only *text* matches."""
    return "".join(ESCAPES.get(character, character) for character in text)


def _either_case(character: str) -> str:
    """Return the pattern for both cases of a character; ILIKE itself folds ASCII only."""
    cases = dict.fromkeys((character, character.lower(), character.upper()))
    single = [case for case in cases if len(case) == 1]
    return escape(character) if character.isascii() or len(single) == 1 else f"[{''.join(single)}]"


class Pattern(NamedTuple):
    """
    A pattern of the engine's LIKE.

    Attributes:
        text: what LIKE takes.
        empty: whether it also matches the empty text, which LIKE does not find.
        fold: whether it is for ILIKE.
    """

    text: str
    empty: bool
    fold: bool = False


def pattern(kind: str, text: str) -> Pattern:
    """
    Return the pattern of a condition on text, by its method and its argument alone.

    Raises:
        ArgumentError: no pattern has the meaning of *text*, or it is longer than the engine can match.
    """
    found = _KINDS[kind](text)
    if len(found.text.encode()) > LONGEST_PATTERN:
        rule = f"takes patterns of at most {LONGEST_PATTERN} bytes: the engine matches nothing with longer ones"
        raise ArgumentError("like", rule, shown(found.text))
    return found


def condition(operand: ast.Expression, found: Pattern) -> ast.Expression:
    """Return LIKE with a pattern, also for the empty text where the pattern matches that."""
    if not found.text:
        return ast.Comparison("=", operand, ast.String(""))
    return test(operand, ast.String(found.text), empty=found.empty, fold=found.fold)


def test(operand: ast.Expression, written: ast.String, *, empty: bool, fold: bool) -> ast.Expression:
    """Return LIKE with what it takes, also for the empty text where *empty* says so."""
    like = ast.Like(operand, written, case_insensitive=fold)
    return ast.Or((like, ast.Comparison("=", operand, ast.String("")))) if empty else like


def _like(text: str, *, fold: bool = False) -> Pattern:
    """Return the pattern of SQL's LIKE: ``%`` any run of characters, ``_`` any one character, newlines included, all else literal."""
    literal, wildcards = (_either_case, LOWER_WILDCARDS) if fold else (escape, WILDCARDS)
    written = "".join(wildcards.get(character) or literal(character) for character in text)
    return Pattern(written, not text.strip("%"), fold)


def _matches(regex: str) -> Pattern:
    """
    Return the pattern of a regular expression in RE2's syntax, which matches the whole text.

    Raises:
        ArgumentError: RE2 has no such construct (look-around, back-references), or the engine's LIKE cannot write it (inline flags).
    """
    empty = _matches_empty(regex)
    return Pattern("".join(_translate(regex, token) for token in _TOKEN.finditer(regex)), empty)


def _matches_empty(regex: str) -> bool:
    """Tell whether the empty text matches; Python's own compiler also finds what is no regular expression at all."""
    try:
        return re.fullmatch(regex, "") is not None
    except (re.error, RecursionError, OverflowError) as error:
        rule = f"takes a regular expression ({error})"
        raise ArgumentError("matches", rule, shown(regex)) from None


def _translate(regex: str, token: re.Match[str]) -> str:
    """Return one token of a regular expression in a form that the engine's LIKE leaves alone."""
    text = token.group()
    if token["escape"]:
        return _translate_escape(regex, text)
    if token["class"]:
        return text[0] + re.sub(r"\\?[*?%]", lambda found: ESCAPES[found.group()[-1]], text[1:])
    if token["group"]:
        return "("
    if token["special"]:
        raise _untranslatable(
            regex, f"`{text}..`", "look-around, inline flags and conditions have no text in the engine's LIKE"
        )
    if token["repeat"]:
        return _translate_repeat(regex, text)
    return ESCAPES["%"] if text == "%" else text


def _translate_escape(regex: str, text: str) -> str:
    """Return an escape; a literal ``*``, ``?`` or ``%`` by its code, since LIKE replaces them even after a backslash."""
    if text[1] in "123456789":
        raise _untranslatable(regex, f"`{text}`", "back-references do not exist in RE2")
    if text == r"\Z":
        return r"\z"
    return ESCAPES[text[1]] if text[1] in "*?%" else text


def _translate_repeat(regex: str, text: str) -> str:
    """Return a repetition without ``*`` and ``?``; greedy or lazy makes no difference to a full match."""
    bare = text[:-1] if len(text) > 1 and text[-1] in "?+" else text
    if bare != text and text[-1] == "+":
        raise _untranslatable(regex, f"`{text}`", "possessive repetitions do not exist in RE2")
    if any(int(count) > _LARGEST_REPEAT for count in re.findall(r"\d+", bare)):
        raise _untranslatable(regex, f"`{text}`", f"RE2 repeats at most {_LARGEST_REPEAT} times")
    return _REPEATS.get(bare, bare)


def _untranslatable(regex: str, what: str, why: str) -> ArgumentError:
    """Return the error for a construct without a text."""
    return ArgumentError("matches", f"takes a regular expression of RE2 without {what}: {why}", shown(regex))


_KINDS: dict[str, Callable[[str], Pattern]] = {
    "like": _like,
    "ilike": lambda text: _like(text, fold=True),
    "startswith": lambda text: Pattern(escape(text) + ANY_RUN, not text),
    "endswith": lambda text: Pattern(ANY_RUN + escape(text), not text),
    "contains": lambda text: Pattern(ANY_RUN + escape(text) + ANY_RUN, not text),
    "matches": _matches,
}
