"""Rules about text comparisons and LIKE patterns."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.edits import exchanged
from tql_grammar.lint.reads import BRACKETS, PATTERN, UNFOLDED, cases, unfolded
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.patterns import QUOTED, SPECIAL, is_intended
from tql_grammar.printing.printer import to_tql
from tql_grammar.rewrite.comparison import MIRRORED
from tql_grammar.typing.inference import infer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.edits import Fix


ORDERS = frozenset({"<", "<=", ">", ">="})
CODE_POINT = re.compile(r"(?<!\\)((?:\\\\)*)\\x\{([0-9A-Fa-f]{1,8})\}")
END = re.compile(r"(?<!\\)((?:\\\\)*)\\z")
# The characters that the engine replaces although the pattern quotes them.
ESCAPE, ESCAPED = re.compile(r"\\[\s\S]"), re.compile(r"(?<!\\)(?:\\\\)*\\([*%?])")
IN_CLASS = re.compile(r"\[[^\[\]*%?]*([*%?])")
CODES = {"*": r"\x2a", "%": r"\x25", "?": r"\x3f"}


def _order(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of text with < <= > >=."""
    for scope, node in subject.parts(ast.Comparison):
        if not isinstance(node, ast.Comparison) or node.operator not in ORDERS:
            continue
        for one, other in node.sides:
            column = infer(one, scope)
            text = isinstance(other, ast.String) and isinstance(one, ast.Column)
            if text and (column is None or column.is_text):
                yield subject.finding(
                    node,
                    "the engine does not order texts: this comparison is false for every row",
                    "write x BETWEEN '' AND 'b' for x <= 'b', and NOT (x BETWEEN '' AND 'b') for x > 'b'",
                    _by_between(node, subject.text),
                )
                break


def _by_between(node: ast.Comparison, text: str) -> Fix | None:
    """Return the fix that writes the comparison of a text column with a string literal by BETWEEN."""
    left = isinstance(node.right, ast.String)
    operator = node.operator if left else MIRRORED[node.operator]
    one, other = (node.left, node.right) if left else (node.right, node.left)
    column, bound = (text[part.span.start : part.span.end] if part.span is not None else "" for part in (one, other))
    at_most, between = f"{column} between '' and {bound}", ast.Between(one, ast.String(""), other)
    below, both = f"({at_most} and {column} != {bound})", ast.And((between, ast.Comparison("!=", one, other)))
    new: dict[str, tuple[str, ast.Expression]] = {
        "<": (below, both),
        "<=": (f"({at_most})", between),
        ">": (f"(not ({at_most}))", ast.Not(between)),
        ">=": (f"(not {below})", ast.Not(both)),
    }
    return exchanged(node, *new[operator])


def _patterns(subject: Subject) -> Iterator[tuple[ast.String, str]]:
    """Yield the patterns of LIKE and ILIKE, and their values."""
    for _, node in subject.parts(ast.Like):
        if isinstance(node.pattern, ast.String):
            yield node.pattern, node.pattern.value


def _wildcard(subject: Subject) -> Iterator[Finding]:
    """Yield patterns of which a character has another meaning than in SQL, and patterns that are not valid regular expressions."""
    for node, pattern in _patterns(subject):
        found = _unlike_sql(pattern)
        if found is not None:
            yield subject.finding(node, *found)


def _unlike_sql(pattern: str) -> tuple[str, str] | None:
    """Return the message and the hint about a pattern, or None if there is nothing to say."""
    if "_" in QUOTED.sub("", pattern) and ("%" in pattern or not is_intended(pattern)):
        return (
            "`_` is not a wildcard: LIKE takes a regular expression, in which it matches only itself",
            r"write ? for any single character, and \_ for the character itself",
        )
    if not _compiles(pattern):
        return (
            "LIKE takes a regular expression, and this one is invalid: LIKE matches no row, and NOT LIKE matches every row",
            "write a backslash before special characters such as ( ) [ ] + .",
        )
    replaced = ESCAPED.search(pattern) or IN_CLASS.search(ESCAPE.sub("", pattern))
    if replaced is None:
        return None
    sign, wildcard = replaced[1], "." if replaced[1] == "?" else ".*"
    message = f"LIKE replaces `{sign}` by `{wildcard}` also after a backslash and in brackets, so the pattern does not match the character itself"
    return message, f"write {CODES[sign]} for the character itself"


def _compiles(pattern: str) -> bool:
    """Tell whether a pattern is a valid regular expression; one that is too deep or too large for Python counts as valid."""
    try:
        re.compile(_regular(pattern))
    except re.error:
        return False
    except (RecursionError, OverflowError):
        return True
    return True


def _regular(pattern: str) -> str:
    """Return the regular expression into which the engine turns a pattern with ``*``, ``%`` and ``?``, as Python writes it."""
    written = END.sub(r"\1\\Z", re.sub(r"[*%]", ".*", pattern).replace("?", "."))
    return CODE_POINT.sub(_code_point, written)


def _code_point(match: re.Match[str]) -> str:
    r"""Return a character by its number, which the engine takes as ``\x{10ffff}`` and Python as ``\U0010ffff``."""
    number = int(match[2], 16)
    return f"{match[1]}\\U{number:08x}" if number <= sys.maxunicode else match[0]


def _literally(subject: Subject) -> Iterator[Finding]:
    """Yield patterns with a special character of regular expressions, where nothing else suggests that a regular expression is intended."""
    for node, pattern in _patterns(subject):
        special = SPECIAL.search(pattern)
        if special and _compiles(pattern) and not is_intended(pattern):
            found = special.group()
            message = f"LIKE takes a regular expression, in which `{found}` is a special character"
            yield subject.finding(node, message, f"write `\\{found}` to match the character itself")


def _star(subject: Subject) -> Iterator[Finding]:
    """Yield patterns with the engine's own wildcards, where nothing else suggests that a regular expression is intended."""
    for node, pattern in _patterns(subject):
        sign = next((sign for sign in pattern if sign in "*?"), None)
        if sign and not is_intended(pattern):
            meaning = "any run of characters" if sign == "*" else "any single character"
            yield subject.finding(
                node, f"`{sign}` is a wildcard: {meaning}", f"write {CODES[sign]} for the character itself"
            )


def _not_like(subject: Subject) -> Iterator[Finding]:
    """Yield LIKE and NOT LIKE that are false for an empty text, against their pattern, in a query that does not compare the column with the empty string."""
    likes = [node for _, node in subject.parts(ast.Like)]
    compared = _compared_with_empty(subject) if likes else []
    for node in likes:
        matches = _matches_empty(node.pattern)
        if node.negated and not matches:
            message = "NOT LIKE leaves out rows with an empty text: LIKE and NOT LIKE are both false for it"
            yield subject.finding(node, message, "write not (x like ..)", _outer_not(subject.text, node))
        elif matches and not node.negated and node.operand not in compared:
            message = "the pattern matches the empty string, but LIKE is false for an empty text"
            yield subject.finding(
                node, message, f"write {subject.written(node)} or {subject.written(node.operand)} = ''"
            )


def _compared_with_empty(subject: Subject) -> list[ast.Expression]:
    """Return the operands that the query compares with the empty string."""
    tests = [pair for _, test in subject.parts(ast.Comparison) for pair in test.sides]
    return [side for side, other in tests if other == ast.String("")]


def _matches_empty(pattern: ast.Expression) -> bool:
    """Tell whether a pattern matches the empty string."""
    if not isinstance(pattern, ast.String):
        return False
    try:
        return re.fullmatch(_regular(pattern.value), "") is not None
    except (re.error, RecursionError, OverflowError):
        return False


def _outer_not(text: str, node: ast.Like) -> Fix | None:
    """Return the fix that puts NOT before LIKE over a column."""
    column, pattern = node.operand.span, node.pattern.span
    if not isinstance(node.operand, ast.Column) or column is None or pattern is None:
        return None
    written = f"(not {text[column.start : column.end]} like {text[pattern.start : pattern.end]})"
    return exchanged(node, written, ast.Not(node.replace(negated=False)))


def _unfolded(subject: Subject) -> Iterator[Finding]:
    """Yield patterns of ILIKE with a letter that is not ASCII, outside of brackets."""
    for _, node in subject.parts(ast.Like):
        pattern = node.pattern.value if isinstance(node.pattern, ast.String) else ""
        letters = unfolded(pattern)
        if node.case_insensitive and letters:
            both = _in_both_cases(pattern)
            written = to_tql(ast.String(both))
            message = (
                f"ILIKE ignores the case of ASCII letters only: `{letters[0]}` does not match `{cases(letters[0])[-1]}`"
            )
            fix = exchanged(node.pattern, written, ast.String(both))
            yield subject.finding(node.pattern, message, f"write both letters: ilike {written}", fix)


def _in_both_cases(pattern: str) -> str:
    """Return a pattern in which each letter that is not ASCII, outside of brackets, is a class of its two cases."""
    end, parts = 0, []
    for found in (*BRACKETS.finditer(pattern), None):
        start = len(pattern) if found is None else found.start()
        parts += [f"[{cases(one)}]" if unfolded(one) else one for one in pattern[end:start]]
        if found is not None:
            parts.append(found[0])
            end = found.end()
    return "".join(parts)


# The parts of patterns that match a newline too; ILIKE turns \\S into \\s.
RUN, ONE = r"[\s\S]{0,}", r"[\s\S]"
LOWER_RUN, LOWER_ONE = r"[\x00-\x{10ffff}]{0,}", r"[\x00-\x{10ffff}]"
WILDCARD = re.compile(r"[*%?]")


def _one_line(subject: Subject) -> Iterator[Finding]:
    """Yield patterns with a wildcard, none of which matches a newline."""
    for _, node in subject.parts(ast.Like):
        pattern = node.pattern.value if isinstance(node.pattern, ast.String) else ""
        found = WILDCARD.search(pattern)
        if found is not None:
            run, one = (LOWER_RUN, LOWER_ONE) if node.case_insensitive else (RUN, ONE)
            characters = [one if sign == "?" else run if sign in "*%" else sign for sign in pattern]
            right = to_tql(ast.String("".join(characters)))
            message = f"`{found[0]}` matches no newline: texts of several lines are left out"
            yield subject.finding(node.pattern, message, f"if a text may have a newline, write {right}")


RULES = (
    Rule(
        code="TQL535",
        title="ILIKE with a letter that is not ASCII",
        severity="warning",
        explanation="ILIKE ignores the case of ASCII letters only: the text `Öl` does not match 'öl%'. A class of both letters does.",
        example="select id from N where nt ilike 'öl%'",
        find=_unfolded,
        meant="select id from N where nt ilike '[öÖ]l%'",
        reads=(UNFOLDED,),
    ),
    Rule(
        code="TQL536",
        title="wildcard of LIKE and texts of several lines",
        severity="info",
        explanation="In a pattern of LIKE and ILIKE, * % and ? match no newline: `like 'a%'` leaves out a text that begins with a and has a second line. `[\\s\\S]{0,}` matches any characters, `[\\s\\S]` one; in ILIKE write `[\\x00-\\x{10ffff}]`. Reported only with the severity info.",
        example="select id from N where line like 'a%'",
        find=_one_line,
        meant="select id from N where line like 'a[\\s\\S]{0,}'",
    ),
    Rule(
        code="TQL525",
        title="* or ? in a LIKE pattern",
        severity="info",
        explanation="* and ? are wildcards of LIKE in TQL: any run of characters, as % is, and any single character. In SQL they match only themselves. Reported only with the severity info.",
        example="select id from D where text like 'doc ?'",
        find=_star,
        meant="select id from D where text like 'doc \\x3f'",
    ),
    Rule(
        code="TQL305",
        title="text compared with < or >",
        severity="error",
        explanation="`text < 'x'` is false for every row, and so are <=, > and >=. BETWEEN does compare texts, by their bytes.",
        example="select id from D where text > 'doc 5'",
        find=_order,
        meant="select id from D where not (text between '' and 'doc 5')",
    ),
    Rule(
        code="TQL313",
        title="LIKE pattern with another meaning than in SQL",
        severity="error",
        explanation="LIKE matches the whole text against a regular expression in which * and % mean .*, and ? means any single character. _ matches only itself, and an invalid regular expression matches nothing. * % and ? are wildcards after a backslash and in brackets too; \\x2a, \\x25 and \\x3f are the characters.",
        example="select id from D where text like 'd_c%'",
        find=_wildcard,
        meant="select id from D where text like 'd?c%'",
        reads=(PATTERN,),
    ),
    Rule(
        code="TQL513",
        title="LIKE pattern with a special character",
        severity="warning",
        explanation="LIKE takes a regular expression: . matches any character, + repeats the character before it, ^ and $ match no character. With a backslash before it, each matches itself. A pattern with an escape, a repetition such as .+ or [a-z]{2}, a range or alternatives in parentheses counts as intended.",
        example="select id from N where s like 'a.b'",
        find=_literally,
        meant="select id from N where s like 'a\\.b'",
        reads=(PATTERN,),
    ),
    Rule(
        code="TQL514",
        title="LIKE, NOT LIKE and empty texts",
        severity="warning",
        explanation="For an empty text, LIKE and NOT LIKE are both false, whatever the pattern.",
        example="select id from N where s not like 'x%'",
        find=_not_like,
        meant="select id from N where not (s like 'x%')",
        reads=(PATTERN,),
    ),
)
