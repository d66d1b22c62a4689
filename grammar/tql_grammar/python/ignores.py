"""Comments of a Python file that ignore rules: ``# tql: ignore[TQL301]`` in the lines of a statement, or above it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.lint.comments import COMMENT, codes
from tql_grammar.lint.ignores import of_comment
from tql_grammar.python.tstrings import without_t_strings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tql_grammar.diagnostic import Diagnostic


class Comment(NamedTuple):
    """
    A comment that ignores rules.

    Attributes:
        match: the comment, in its file.
        codes: the codes of the rules.
        first: the first line to which it applies.
        last: the last line to which it applies.
    """

    match: re.Match[str]
    codes: frozenset[str]
    first: int
    last: int

    def ignores(self, finding: Diagnostic) -> bool:
        """Return whether a finding of one of the rules begins in the lines."""
        return finding.code in self.codes and self.first <= finding.line <= self.last

    def about(self, found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
        """Yield the findings about the comment, given those of the file."""
        used = {finding.code for finding in found if self.ignores(finding)}
        return of_comment(self.match, lambda: used, "statement", "#")


def without_ignored(source: str, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return the findings in a Python file without those that its comments ignore, and with those about these comments."""
    comments = list(_comments(source)) if COMMENT.search(source) else []
    kept = [finding for finding in found if not any(comment.ignores(finding) for comment in comments)]
    return kept + [finding for comment in comments for finding in comment.about(found)]


def _comments(source: str) -> Iterator[Comment]:
    """Yield the comments that ignore rules."""
    text = without_t_strings(source).text
    ranges = sorted(_ranges(ast.parse(text)), key=lambda lines: lines[1] - lines[0])
    offsets = [0, *(match.end() for match in re.finditer("\n", text))]
    for line, column, end in _written(text):
        start = offsets[line - 1]
        is_alone = not source[start : start + column].strip()
        lines = _lines(ranges, line, is_alone=is_alone)
        for match in COMMENT.finditer(source, start + column, start + end):
            yield Comment(match, frozenset(code for code, _ in codes(match)), *lines)


def _written(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield the line of each comment of a file, and the columns of its beginning and end."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield *token.start, token.end[1]
    except (tokenize.TokenError, SyntaxError):  # the parser reports it
        return


def _lines(ranges: Sequence[tuple[int, int]], line: int, *, is_alone: bool) -> tuple[int, int]:
    """Return the lines of the statement with a comment, or of the next one for a comment between statements."""
    around = next(((first, last) for first, last in ranges if first <= line <= last), None)
    if around is None and is_alone:
        below = [(first, last) for first, last in ranges if first > line]
        return min(below, default=(line, line))
    return around or (line, line)


def _ranges(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line of each statement; of one with a body those of its head."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body: list[ast.stmt] = getattr(node, "body", [])
            cases: list[ast.match_case] = getattr(node, "cases", [])
            inside = body[0].lineno if body else cases[0].pattern.lineno if cases else 0
            yield node.lineno, max(node.lineno, inside - 1) if inside else node.end_lineno or node.lineno
