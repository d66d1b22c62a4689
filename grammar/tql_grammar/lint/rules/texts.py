"""Rules about comparisons of texts and patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.edits import exchanged
from tql_grammar.lint.reads import PATTERN
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.rewrite.comparison import MIRRORED
from tql_grammar.typing.inference import infer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.edits import Edit


ORDERS = frozenset({"<", "<=", ">", ">="})
# What people write into a pattern as itself, and what nobody writes unless a regular expression is meant.
SPECIAL = re.compile(r"[.+()\[\]{}|^$]")
REGULAR = re.compile(r"\.[*+?{]|\[.*\]|\(.*\)|\|")


def _order(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of order with a text."""
    for scope, node in subject.parts(ast.Comparison):
        if not isinstance(node, ast.Comparison) or node.operator not in ORDERS:
            continue
        for one, other in node.sides:
            column = infer(one, scope)
            text = isinstance(other, ast.String) and isinstance(one, ast.Column)
            if text and (column is None or column.is_text):
                yield subject.finding(
                    node,
                    "the engine finds no text smaller or larger than another: this is false for every row",
                    "write x BETWEEN '' AND 'b' for x <= 'b', and NOT (x BETWEEN '' AND 'b') for x > 'b'",
                    exchanged(node, _by_between(node, subject.text)),
                )
                break


def _by_between(node: ast.Comparison, text: str) -> str:
    """Return a comparison of a text column with a text by BETWEEN."""
    left = isinstance(node.right, ast.String)
    operator = node.operator if left else MIRRORED[node.operator]
    spans = (part.span for part in ((node.left, node.right) if left else (node.right, node.left)))
    column, bound = (text[span.start : span.end] if span is not None else "" for span in spans)
    at_most = f"{column} between '' and {bound}"
    below = f"({at_most} and {column} != {bound})"
    return {"<": below, "<=": f"({at_most})", ">": f"(not ({at_most}))", ">=": f"(not {below})"}[operator]


def _wildcard(subject: Subject) -> Iterator[Finding]:
    """Yield patterns with ``_``, which is no wildcard."""
    for _, node in subject.parts(ast.Like):
        if isinstance(node, ast.Like) and isinstance(node.pattern, ast.String):
            pattern = node.pattern.value
            if "_" in pattern and "%" in pattern:
                yield subject.finding(
                    node.pattern,
                    "`_` stands for itself in LIKE, which is a regular expression",
                    "write ? for any one character",
                )
            elif not _compiles(pattern):
                yield subject.finding(
                    node.pattern,
                    "it is no regular expression, which LIKE takes: no row matches, and with NOT LIKE all do",
                    "write a backslash before ( ) [ ] + . and so on",
                )


def _compiles(pattern: str) -> bool:
    """Tell whether a pattern is a regular expression."""
    return _regular(pattern) is not None


def _regular(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern with ``*``, ``%`` and ``?`` replaced as the engine replaces them, or None where that is no regular expression."""
    try:
        return re.compile(re.sub(r"[*%]", ".*", pattern).replace("?", "."))
    except re.error:
        return None


def _literally(subject: Subject) -> Iterator[Finding]:
    """Yield patterns with characters that mean something in regular expressions, where nothing else says that one is meant."""
    for _, node in subject.parts(ast.Like):
        if isinstance(node, ast.Like) and isinstance(node.pattern, ast.String) and _compiles(node.pattern.value):
            special = SPECIAL.search(node.pattern.value)
            if special and "\\" not in node.pattern.value and not REGULAR.search(node.pattern.value):
                found = special.group()
                message = f"LIKE is a regular expression, in which `{found}` does not stand for itself"
                yield subject.finding(node.pattern, message, f"write `\\{found}` where the character is meant")


def _not_like(subject: Subject) -> Iterator[Finding]:
    """Yield NOT LIKE of a pattern that the empty text does not match; where it does, no row is what is meant."""
    for _, node in subject.parts(ast.Like):
        if isinstance(node, ast.Like) and node.negated and not _matches_nothing(node.pattern):
            message = "rows with the empty text are left out: LIKE and NOT LIKE are both false for it"
            yield subject.finding(node, message, "write not (x like ..)", _outer_not(subject.text, node))


def _matches_nothing(pattern: ast.Expression) -> bool:
    """Tell whether a pattern matches the empty text."""
    if not isinstance(pattern, ast.String):
        return False
    found = _regular(pattern.value)
    return found is not None and found.fullmatch("") is not None


def _outer_not(text: str, node: ast.Like) -> tuple[Edit, ...]:
    """Return the edit that puts NOT before LIKE over a column."""
    column, pattern = node.operand.span, node.pattern.span
    if not isinstance(node.operand, ast.Column) or column is None or pattern is None:
        return ()
    return exchanged(node, f"(not {text[column.start : column.end]} like {text[pattern.start : pattern.end]})")


RULES = (
    Rule(
        code="TQL305",
        title="text compared with < or >",
        severity="error",
        explanation="`text < 'x'` is false for every row, and so are <=, > and >=. BETWEEN compares texts by their bytes.",
        example="select id from D where text > 'doc 5'",
        find=_order,
        meant="select id from D where not (text between '' and 'doc 5')",
    ),
    Rule(
        code="TQL313",
        title="pattern that means something else",
        severity="error",
        explanation="LIKE is a full match of a regular expression in which * and % are .*, and ? is one character: _ stands for itself, and a pattern that is no regular expression matches nothing.",
        example="select id from D where text like 'd_c%'",
        find=_wildcard,
        meant="select id from D where text like 'd?c%'",
        reads=(PATTERN,),
    ),
    Rule(
        code="TQL513",
        title="pattern with a character that does not stand for itself",
        severity="warning",
        explanation="LIKE is a regular expression: . is any one character, + repeats the one before it, ^ and $ match nothing of the text. With a backslash before it each stands for itself.",
        example="select id from N where s like 'a.b'",
        find=_literally,
        meant="select id from N where s like 'a\\.b'",
        reads=(PATTERN,),
    ),
    Rule(
        code="TQL514",
        title="NOT LIKE beside empty texts",
        severity="warning",
        explanation="For an empty text both LIKE and NOT LIKE are false, whatever the pattern.",
        example="select id from N where s not like 'x%'",
        find=_not_like,
        meant="select id from N where not (s like 'x%')",
        reads=(PATTERN,),
    ),
)
