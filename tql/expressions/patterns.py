r"""
LIKE patterns of conditions on text.

The engine's LIKE matches the whole text with an RE2 pattern in which ``*`` and ``%`` mean ``.*`` and ``?`` means ``.``; none of them matches a newline, and no pattern matches an empty text.
So a pattern uses ``[\s\S]{0,}`` for any run of characters and escapes special characters, and ``or s = ''`` is added if it should match the empty text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tql.messages import shown
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.patterns import differs

if TYPE_CHECKING:
    from collections.abc import Callable

ANY_RUN = r"[\s\S]{0,}"
ANY_CHARACTER = r"[\s\S]"
ESCAPES = {"*": r"\x2a", "?": r"\x3f", "%": r"\x25"} | {special: "\\" + special for special in r"\^$.|+()[]{}"}
LONGEST_PATTERN = 500_000
WILDCARDS = {"%": ANY_RUN, "_": ANY_CHARACTER}
# ILIKE converts the pattern to lower case, which turns ``\S`` into ``\s``.
LOWER_WILDCARDS = {"%": r"[\x00-\x{10ffff}]{0,}", "_": r"[\x00-\x{10ffff}]"}

# A token of a regular expression: an escape, a class, the start of a group, a repetition, or any other character.
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
    """Return the pattern that matches exactly *text*."""
    return "".join(ESCAPES.get(character, character) for character in text)


def _either_case(character: str) -> str:
    """Return the pattern that matches both cases of a character, since ILIKE ignores the case of ASCII letters only."""
    cases = dict.fromkeys((character, character.lower(), character.upper()))
    single = [case for case in cases if len(case) == 1]
    return escape(character) if character.isascii() or len(single) == 1 else f"[{''.join(single)}]"


class Pattern(NamedTuple):
    """
    A pattern of the engine's LIKE.

    Attributes:
        text: the right operand of LIKE.
        empty: whether the condition includes the empty text, which LIKE never matches.
        fold: whether the operator is ILIKE.
    """

    text: str
    empty: bool
    fold: bool = False


def pattern(kind: str, text: str) -> Pattern:
    """
    Return the pattern of a condition on text, given the name of the method and its argument.

    Raises:
        ArgumentError: the engine does not support the regular expression *text*, or the pattern is too long.
    """
    found = _KINDS[kind](text)
    if len(found.text.encode()) > LONGEST_PATTERN:
        rule, why = f"takes patterns of at most {LONGEST_PATTERN} bytes", "the engine matches nothing with longer ones"
        raise ArgumentError("like", rule, shown(found.text), why=why)
    return found


def condition(operand: ast.Expression, found: Pattern) -> ast.Expression:
    """Return LIKE with a pattern, or with ``= ''`` added if the pattern includes the empty text."""
    if not found.text:
        return ast.Comparison("=", operand, ast.String(""))
    return like_or_empty(operand, ast.String(found.text), empty=found.empty, fold=found.fold)


def like_or_empty(operand: ast.Expression, written: ast.String, *, empty: bool, fold: bool) -> ast.Expression:
    """Return LIKE with a pattern, or equality with the empty text, which LIKE does not match, if *empty*."""
    like = ast.Like(operand, written, case_insensitive=fold)
    return ast.Or((like, ast.Comparison("=", operand, ast.String("")))) if empty else like


def _like(text: str, *, fold: bool = False) -> Pattern:
    """Return the pattern of SQL's LIKE: ``%`` is any run of characters, ``_`` any one character, newlines included."""
    literal, wildcards = (_either_case, LOWER_WILDCARDS) if fold else (escape, WILDCARDS)
    written = "".join(wildcards.get(character) or literal(character) for character in text)
    return Pattern(written, not text.strip("%"), fold)


def _matches(regex: str) -> Pattern:
    r"""
    Return the pattern of a regular expression in RE2's syntax.

    One that looks like a pattern of SQL begins with ``\A``, which changes nothing in a match of the whole text.

    Raises:
        ArgumentError: RE2 does not support a construct (look-around, back-references), or the engine's LIKE does not (inline flags).
    """
    empty = _matches_empty(regex)
    written = "".join(_translate(regex, token) for token in _TOKEN.finditer(regex))
    return Pattern(rf"\A{written}" if differs(written) else written, empty)


def _matches_empty(regex: str) -> bool:
    """Return whether a regular expression matches the empty text; Python's compiler also rejects invalid ones here."""
    try:
        return re.fullmatch(regex, "") is not None
    except (re.error, RecursionError, OverflowError) as error:
        raise ArgumentError("matches", "takes a regular expression", shown(regex), why=str(error)) from None


def _translate(regex: str, token: re.Match[str]) -> str:
    """Return a token of a regular expression without the characters that the engine's LIKE replaces."""
    text = token.group()
    if token["escape"]:
        return _translate_escape(regex, text)
    if token["class"]:
        return text[0] + re.sub(r"\\?[*?%]", lambda found: ESCAPES[found.group()[-1]], text[1:])
    if token["group"]:
        return "("
    if token["special"]:
        why = "the engine's LIKE supports no look-around, inline flags or conditions"
        raise _untranslatable(regex, f"`{text}..`", why)
    if token["repeat"]:
        return _translate_repeat(regex, text)
    return ESCAPES["%"] if text == "%" else text


def _translate_escape(regex: str, text: str) -> str:
    """Return an escape; ``*``, ``?`` and ``%`` become character codes, since LIKE replaces them even after a backslash."""
    if text[1] in "123456789":
        raise _untranslatable(regex, f"`{text}`", "RE2 supports no back-references")
    if text == r"\Z":
        return r"\z"
    return ESCAPES[text[1]] if text[1] in "*?%" else text


def _translate_repeat(regex: str, text: str) -> str:
    """Return a repetition without ``*`` and ``?``; greedy and lazy ones are equivalent in a full match."""
    bare = text[:-1] if len(text) > 1 and text[-1] in "?+" else text
    if bare != text and text[-1] == "+":
        raise _untranslatable(regex, f"`{text}`", "RE2 supports no possessive repetitions")
    if any(int(count) > _LARGEST_REPEAT for count in re.findall(r"\d+", bare)):
        raise _untranslatable(regex, f"`{text}`", f"RE2 repeats at most {_LARGEST_REPEAT} times")
    return _REPEATS.get(bare, bare)


def _untranslatable(regex: str, construct: str, why: str) -> ArgumentError:
    """Return the error for a construct that the engine does not support."""
    return ArgumentError("matches", f"takes a regular expression of RE2 without {construct}", shown(regex), why=why)


_KINDS: dict[str, Callable[[str], Pattern]] = {
    "like": _like,
    "ilike": lambda text: _like(text, fold=True),
    "startswith": lambda text: Pattern(escape(text) + ANY_RUN, not text),
    "endswith": lambda text: Pattern(ANY_RUN + escape(text), not text),
    "contains": lambda text: Pattern(ANY_RUN + escape(text) + ANY_RUN, not text),
    "matches": _matches,
}
